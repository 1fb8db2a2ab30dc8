"""The rows a call is folded into: plain values, times in epoch seconds. See projector.py and parties.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealerline.domain.facts import Fact

Span = tuple[float, float]


@dataclass(slots=True)
class Leg:
    """One agent's part: offered, perhaps talked.

    how: he came by queue, out (he rang out himself), transfer, consult, invite, return (the one who had transferred is
    rung again), lead (nobody else took it) or take_over. left: why his talk ended; ``transferred`` and ``taken_over``
    win over what the talk's end says.
    """

    agent: int
    queue: int | None = None
    offered_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    result: str = ""
    hold_seconds: float = 0.0
    wrap_seconds: float = 0.0
    hold_since: float | None = None
    wrap_since: float | None = None
    how: str = ""
    left: str = ""


@dataclass(slots=True)
class Participant:
    """Somebody else who was there: a person outside, or a shift lead at somebody's call.

    voice_seconds: how long he could be heard (a lead who only listens: not at all).
    modes: a lead's, each with its time.
    """

    party: str
    role: str
    person: int = 0
    number: str = ""
    how: str = ""
    joined_at: float | None = None
    left_at: float | None = None
    left: str = ""
    hold_seconds: float = 0.0
    hold_since: float | None = None
    modes: list[tuple[float, str]] = field(default_factory=list)
    watched: int = 0
    visible: bool = True

    @property
    def voice_seconds(self) -> float:
        if self.joined_at is None:
            return 0.0
        end = self.left_at if self.left_at is not None else self.joined_at
        if self.role != "lead":
            return max(0.0, end - self.joined_at - self.hold_seconds)
        edges = [at for at, _ in self.modes[1:]] + [max(end, self.joined_at)]
        pairs = zip(self.modes, edges, strict=False)
        return sum(max(0.0, until - since) for (since, mode), until in pairs if mode in ("whisper", "barge"))


@dataclass(slots=True)
class Transfer:
    """One attempt to bring somebody in, or to hand the customer over.

    agent: who asked; result: empty while it goes on. done_at: when the customer was handed over by it.
    """

    agent: int
    how: str
    target_kind: str
    target: str
    party: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    result: str = ""
    done_at: float | None = None


@dataclass(slots=True)
class Track:
    """One voice, from a time on. ``audience``: customer (he hears it, or it is his own) or inside.

    ``bound``: the latest time at which it can still belong to this track, where its end was not told.
    """

    id: str
    party: str = ""
    role: str = ""
    agent: int | None = None
    room: str = ""
    audience: str = "inside"
    raw_path: str = ""
    started_at: float | None = None
    seconds: float = 0.0
    state: str = "recording"
    reason: str = ""
    bound: float | None = None


@dataclass(slots=True)
class Recording:
    """A talk's recording; ``state`` is recording, stopped or failed."""

    id: str
    agent: int | None = None
    started_at: float | None = None
    seconds: float = 0.0
    agent_path: str = ""
    customer_path: str = ""
    state: str = "recording"
    reason: str = ""


@dataclass(slots=True)
class Message:
    """A voice message; ``id`` is its fact's."""

    id: str
    left_at: float
    path: str
    seconds: float
    kind: str


@dataclass(slots=True)
class CallRows:
    """The rows of one call."""

    id: str
    direction: str = "in"
    from_number: str = ""
    to_number: str = ""
    carrier: int | None = None
    store: int | None = None
    line: int | None = None
    queue: int | None = None
    agent: int | None = None
    language: str = ""
    purpose: str = ""
    path: list[str] = field(default_factory=list)
    outcome: str = "live"
    ended_by: str = ""
    cause: str = ""
    arrived_at: float | None = None
    queued_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    waited_seconds: float = 0.0
    offers: int = 0
    told_wait: float | None = None
    told_at: float | None = None
    promised: bool = False
    rating: int | None = None
    rated: int | None = None
    seq: int = 0
    legs: list[Leg] = field(default_factory=list)
    recordings: dict[str, Recording] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    waiting_since: float | None = None
    unknown_number: bool = False
    forwarded: bool = False
    participants: list[Participant] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)  # party -> person, as far as told
    coming: dict[int, str] = field(default_factory=dict)  # person -> how he is being brought in
    handed: list[tuple[float, int]] = field(default_factory=list)  # when the call became whose, where that was told

    @property
    def talk_seconds(self) -> float:
        """How long anybody talked: agents who talk at the same time count once."""
        return covered([(leg.started_at, leg.ended_at or leg.started_at) for leg in self.legs
                        if leg.started_at is not None])

    @property
    def hold_seconds(self) -> float:
        return sum(leg.hold_seconds for leg in self.legs)

    @property
    def wrap_seconds(self) -> float:
        return sum(leg.wrap_seconds for leg in self.legs)


def covered(spans: list[Span]) -> float:
    """The length of what the spans cover together; overlaps count once."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def number(value: Any) -> int | None:
    """An id of a fact's data; 0, "" and what is no number are none."""
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None


def seconds(value: Any) -> float:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return 0.0


def agent_of(fact: Fact) -> int | None:
    """Who it is about: the data's agent, else the fact's person."""
    return number(fact.data.get("agent")) or number(fact.person)


def text(fact: Fact, name: str, at_most: int) -> str:
    """A word of the fact's data, no longer than its column."""
    value = fact.data.get(name)
    return "" if value is None else str(value)[:at_most]
