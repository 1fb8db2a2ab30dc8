"""What happens to a caller (events), what is to be done (commands), where he is (State): values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealerline.domain.ivr.model import Title


class IllegalEvent(ValueError):
    """An event that cannot happen in the stage the caller is in. Nothing has changed."""


# --- events ---


@dataclass(frozen=True, slots=True)
class Started:
    """The call enters the flow."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The switch was restarted: the caller stands where ``state`` says, and whatever was playing is no more."""


@dataclass(frozen=True, slots=True)
class PlayDone:
    token: int


@dataclass(frozen=True, slots=True)
class Key:
    """One key, 0-9, * or #."""

    digit: str


@dataclass(frozen=True, slots=True)
class Timeout:
    """No key came within the time of Collect."""

    token: int


@dataclass(frozen=True, slots=True)
class HoursAre:
    """The answer to AskHours: open, closed or holiday."""

    status: str


@dataclass(frozen=True, slots=True)
class QueueAnswered:
    """An agent talks to the caller."""


@dataclass(frozen=True, slots=True)
class QueueReturned:
    """The agent was lost; the caller waits again in front."""


@dataclass(frozen=True, slots=True)
class QueueTimeout:
    """Waited as long as allowed."""


@dataclass(frozen=True, slots=True)
class QueueEmpty:
    """Nobody of the queue is signed in."""


@dataclass(frozen=True, slots=True)
class QueueCallback:
    """A rule of the queue says that he is to be called back."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A rule of the queue says that he is to leave a message."""


@dataclass(frozen=True, slots=True)
class RecordDone:
    """``seconds`` of message; ``ok`` False: it could not be recorded (full disk, ...)."""

    seconds: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ForwardDone:
    """``result``: ended (they talked), busy, no_answer or failed."""

    result: str


@dataclass(frozen=True, slots=True)
class NumberIs:
    """The answer to AskNumber: the number he rings from, or "" when it is hidden or cannot be rung back."""

    number: str


@dataclass(frozen=True, slots=True)
class Promised:
    """The answer to Promise. ``prompts``: when he will be rung, in words, or why he cannot be."""

    ok: bool
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """The answer to Identify. ``result``: found, several, not_found or unanswered (by nobody, or too late)."""

    result: str


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up."""


Event = (
    Started
    | Resumed
    | PlayDone
    | Key
    | Timeout
    | HoursAre
    | QueueAnswered
    | QueueReturned
    | QueueTimeout
    | QueueEmpty
    | QueueCallback
    | QueueMessage
    | RecordDone
    | ForwardDone
    | NumberIs
    | Promised
    | Identified
    | CallerGone
)

# --- commands ---


@dataclass(frozen=True, slots=True)
class Play:
    """Play these prompts one after the other, then PlayDone(token)."""

    prompts: tuple[str, ...]
    language: str
    interruptible: bool
    token: int


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stop whatever of that token still sounds (a key was pressed)."""

    token: int


@dataclass(frozen=True, slots=True)
class Collect:
    """Wait ``timeout`` seconds (0: the installation's own time) for a key, then Timeout(token)."""

    timeout: float
    token: int


@dataclass(frozen=True, slots=True)
class SetLanguage:
    language: str


@dataclass(frozen=True, slots=True)
class AskHours:
    """Answer with HoursAre. ``line``: as written in the flow (see docs/reference/flows.md), "" for the one rung."""

    line: str


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """``max_wait``: seconds, 0: the queue's own. ``wait_when_empty``: do not send QueueEmpty. ``leave``: keys that
    leave.
    """

    queue: str
    max_wait: float
    priority: int
    leave: tuple[str, ...]
    wait_when_empty: bool


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """``reason``: key, timeout or closed (nobody signed in)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """Beep and record a message; # ends it. Answer with RecordDone."""

    kind: str
    max_seconds: float
    silence_seconds: float
    node: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Ring an outside number and connect the caller. Answer with ForwardDone."""

    number: str
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class AskNumber:
    """Answer with NumberIs."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Keep the caller's place in ``queue`` and ring ``number`` when it comes up. Answer with Promised."""

    queue: str
    number: str
    priority: int


@dataclass(frozen=True, slots=True)
class Identify:
    """Answer with Identified: whom ``digits`` mean, exactly one person; "": whether he is known by his number."""

    digits: str


@dataclass(frozen=True, slots=True)
class RingDuty:
    """Ring whoever is on duty for ``line`` ("" for the one rung), so many seconds each. Answer with ForwardDone."""

    line: str
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class EnterLine:
    """Go on with the flow that ``line`` would run now; begin it with ``begin(..., visits=state.visits)``."""

    line: str


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Chose:
    """The caller chose a way in a menu: for the call's path in words."""

    node: str
    key: str
    title: Title


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for the journal: ``kind`` is one of dealerline.domain.facts.KINDS."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


Command = (
    Play
    | StopPlay
    | Collect
    | SetLanguage
    | AskHours
    | EnterQueue
    | LeaveQueue
    | Record
    | Forward
    | AskNumber
    | Promise
    | Identify
    | RingDuty
    | EnterLine
    | Hangup
    | Chose
    | Note
)

# --- state ---

STAGES = (
    "new",
    "playing",
    "collecting",
    "hours",
    "queued",
    "talking",
    "recording",
    "closing",
    "forwarding",
    "asking",
    "promising",
    "identifying",
    "ended",
)


@dataclass(frozen=True, slots=True)
class State:
    """Where a caller is. ``stage`` is one of STAGES; ``chosen`` holds (menu, key); ``typed`` keys not yet used.

    ``queue``: the queue node he came to last. ``part`` and ``number``: of a call-back, what he is asked (confirm,
    enter, or nothing more: failed) and the number so far; where he is asked who he is, enter and the digits so far.
    """

    stage: str = "new"
    node: str = ""
    language: str = ""
    timezone: str = "Asia/Shanghai"
    tries: int = 0
    visits: int = 0
    token: int = 0
    typed: str = ""
    back: tuple[str, ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()
    asked: bool = False  # for his language, in the flow he comes from
    queue: str = ""
    part: str = ""
    number: str = ""

    def dump(self) -> str:
        """As JSON, below 1,000 characters."""
        return json.dumps(
            [
                self.stage,
                self.node,
                self.language,
                self.timezone,
                self.tries,
                self.visits,
                self.token,
                self.typed,
                list(self.back),
                [f"{node}:{key}" for node, key in self.chosen],
                int(self.asked),
                self.queue,
                self.part,
                self.number,
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @staticmethod
    def load(text: str) -> State:
        """What ``dump`` wrote. Raises ValueError on anything else."""
        try:
            stage, node, language, zone, tries, visits, token, typed, back, chosen, asked, *more = json.loads(text)
            queue, part, number = more or ("", "", "")  # written by an older switch
            pairs = tuple((str(c).rpartition(":")[0], str(c).rpartition(":")[2]) for c in chosen)
            counts = int(tries), int(visits), int(token)
            told = {"typed": typed, "back": tuple(back), "chosen": pairs, "asked": bool(asked)}
            loaded = State(stage, node, language, zone, *counts, **told, queue=queue, part=part, number=number)
        except (ValueError, TypeError) as error:
            raise ValueError("not a saved flow position") from error
        if loaded.stage not in STAGES:
            raise ValueError(f"unknown stage {loaded.stage!r}")
        return loaded
