"""The ears of the hearing tests: what they take for a leak, for a voice that is missing, and for a silence."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from simulator.parties import Party
from tests.telephony.ears import HUMS, Ears, Window
from tests.telephony.tones import RATE, Samples
from tests.telephony.wavs import write

BEGAN = 100.0


def sound(*voices: str, db: float = 0.0, quiet: tuple[float, float] = (0, 0)) -> Samples:
    """Six seconds of these voices; the last one louder or softer by ``db``; nothing at all for a while."""
    time = np.arange(6 * RATE) / RATE
    louder = [*(0.0 for _ in voices[1:]), db]
    made = sum((0.2 * 10 ** (d / 20) * np.sin(2 * np.pi * HUMS[v] * time) for v, d in zip(voices, louder, strict=True)),
               np.zeros(len(time)))
    made[int(quiet[0] * RATE):int(quiet[1] * RATE)] = 0
    return cast(Samples, made)


@pytest.mark.parametrize(("heard", "wanted", "fault"), [
    (sound("a", "b", "c"), "abc", ""),
    (sound("a", "d", db=-48), "a", "must not"),
    (sound("a", "d", db=-53), "a", ""),
    (sound("a"), "ab", "not at all"),
    (sound("a", quiet=(2.2, 2.45)), "a", ""),
    (sound("a", quiet=(2.2, 2.55)), "a", "of silence"),
    (sound("a", "b", quiet=(2.40, 2.42)), "ab", ""),
], ids=["right", "leak", "hardly", "missing", "short silence", "silence", "lost packet"])
def test_faults_are_found_and_nothing_else(tmp_path: Path, heard: Samples, wanted: Collection[str], fault: str) -> None:
    write(tmp_path / "ear.wav", heard)
    customer = Party("ear", "caller", "", "", (), "ear")
    world: Any = SimpleNamespace(heard=lambda party: tmp_path / f"{party.id}.wav")
    clock: Any = SimpleNamespace(began=lambda party: BEGAN)
    ears = Ears(world, clock)
    for n in range(5):
        start = BEGAN + n + 0.2
        ears.windows.append(Window(str(n), start, start + 0.7, {"customer": customer}, {"customer": set(wanted)}))
    faults = ears.faults()
    assert bool(faults) == bool(fault) and all(fault in found for found in faults), faults
