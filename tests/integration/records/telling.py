"""Calls told as the switch tells them: fact by fact through the journal's own way in; and voices as tones."""

from __future__ import annotations

import io
import uuid
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from dealerline.apps.calls.logic import journal
from dealerline.apps.calls.models import Call
from dealerline.domain.facts import Fact, check

RATE = 8000
CUSTOMER = "13812345678"


class Told:
    """A call that began ten minutes ago, in a store; ``at`` in seconds after its arrival."""

    def __init__(self, store: Any, began: float | None = None) -> None:
        self.id, self.store = str(uuid.uuid4()), store.pk
        self.began = began if began is not None else round(timezone.now().timestamp()) - 600.0
        self.facts: list[Fact] = []
        self(
            "call.arrived",
            0,
            direction="in",
            from_number=CUSTOMER,
            to_number="02388880001",
            carrier=1,
            line=store.lines.first().pk,
            channel="c",
        )

    def __call__(self, kind: str, at: float, /, **data: Any) -> Told:
        fact = Fact(str(uuid.uuid4()), kind, self.began + at, self.id, len(self.facts) + 1, self.store, 0, data)
        check(fact)
        self.facts.append(fact)
        return self

    def track(self, number: int, at: float, party: str, agent: Any, room: str, audience: str, until: float) -> Told:
        """One voice's track from ``at`` to ``until`` (0: its end is not told)."""
        role = "customer" if party == "customer" else "agent" if agent else "outside"
        name = str(uuid.uuid5(uuid.UUID(self.id), str(number)))
        self("track.started", at, track=name, party=party, role=role, agent=agent.pk if agent else 0,
             path=f"raw/{self.id}-t{number}.wav", room=room, audience=audience)  # fmt: skip
        return self("track.stopped", until, track=name, seconds=until - at) if until else self

    def end(self, at: float, *agents: Any) -> Told:
        for agent in agents:
            self("talk.ended", at, agent=agent.pk, reason="hung_up")
        return self("call.ended", at, by="customer", cause="16")

    def take_in(self) -> Call:
        """Everything into the database; what was in before is no matter."""
        journal.take_in(self.facts, f"journal-{self.id}", 1)
        return Call.objects.get(pk=self.id)


def tone(hertz: float, seconds: float, loud: float = 9000) -> npt.NDArray[np.int16]:
    return (np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE) * loud).astype(np.int16)


def put(path: Path, samples: npt.NDArray[np.int16]) -> None:
    """A mono file as the recorder writes it."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def sound(data: bytes | Path) -> npt.NDArray[np.int16]:
    """The samples of a WAV, a column a channel."""
    with wave.open(io.BytesIO(data if isinstance(data, bytes) else data.read_bytes())) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return frames.reshape(-1, file.getnchannels())


def heard(samples: npt.NDArray[np.int16], since: float, until: float, hertz: float) -> bool:
    """Whether that tone is in the stretch, within 50 dB of its full loudness."""
    part = samples[round(since * RATE) : round(until * RATE)].astype(float)
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE)
    return bool(abs(np.dot(part, turn)) * 2 / max(1, len(part)) > 9000 * 10 ** (-50 / 20))
