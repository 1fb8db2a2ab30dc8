"""What the engine remembers of a call, of its legs, and of a person at a desk.

Rules of the file. A call has one phase, and the table says which may follow which; an illegal change raises and changes
nothing. A person has at most one call. Only the engine's own parts write here, and nothing outside keeps a reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dealerline.domain import presence
from dealerline.switch.directory import Text
from dealerline.switch.ports import Desk, Timer


class Phase(StrEnum):
    """Where a call is."""

    FLOW = "flow"  # hears prompts, keys, leaves a message
    QUEUED = "queued"  # waits with music
    OFFERED = "offered"  # waits with music while somebody's phone rings for it
    TALKING = "talking"
    HELD = "held"
    RECONNECTING = "reconnecting"  # the agent's phone went away, music meanwhile
    FORWARDING = "forwarding"  # an outside phone rings, or talks
    DIALLING = "dialling"  # going out: first the agent's phone, then the number
    TEST = "test"  # an agent hears himself
    ENDED = "ended"


PHASES: dict[Phase, frozenset[Phase]] = {
    Phase.FLOW: frozenset({Phase.QUEUED, Phase.FORWARDING, Phase.ENDED}),
    Phase.QUEUED: frozenset({Phase.OFFERED, Phase.FLOW, Phase.ENDED}),
    Phase.OFFERED: frozenset({Phase.TALKING, Phase.QUEUED, Phase.FLOW, Phase.ENDED}),
    Phase.TALKING: frozenset({Phase.HELD, Phase.RECONNECTING, Phase.QUEUED, Phase.ENDED}),
    Phase.HELD: frozenset({Phase.TALKING, Phase.RECONNECTING, Phase.QUEUED, Phase.ENDED}),
    Phase.RECONNECTING: frozenset({Phase.TALKING, Phase.QUEUED, Phase.ENDED}),
    Phase.FORWARDING: frozenset({Phase.FLOW, Phase.ENDED}),
    Phase.DIALLING: frozenset({Phase.TALKING, Phase.ENDED}),
    Phase.TEST: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}


class IllegalPhase(RuntimeError):
    """A call cannot go from its phase to that one."""


class Refused(Exception):
    """What a page asked for cannot be done; ``code`` is a key of ``texts.ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class AgentLeg:
    """One ringing or speaking phone of a person, for one call."""

    channel: str
    person: int
    endpoint: str
    at: float
    ring_until: float
    auto: bool = False  # the page answers by itself
    answered: float = 0.0
    tab: str = ""  # the page that was rung
    ended_by_us: str = ""  # why we hang it up, so that its end is no surprise
    timer: Timer | None = None


@dataclass(slots=True)
class Recording:
    id: str
    channel: str
    person: int
    agent_path: str
    customer_path: str
    started: float


@dataclass(slots=True)
class FlowRun:
    """The flow a call is in: which, where (the domain's own state), and what it waits for."""

    flow: int
    version: int
    state: Any
    token: int = 0  # of that playback, for the domain
    playback: str = ""  # the playback whose end the flow waits for
    retried: bool = False  # a sound failed and the stand-in plays
    waiting: Timer | None = None  # for keys
    pending: Any = None  # the message to record once the beep is over
    record: str = ""  # the name of the running voice message
    record_kind: str = ""
    node: str = ""


@dataclass(slots=True)
class Call:
    """One call, from the first ring to the end. ``channel``: the customer's (or, going out, the far side's)."""

    id: str
    channel: str
    direction: str
    from_number: str
    to_number: str
    arrived: float
    phase: Phase = Phase.FLOW
    line: int = 0
    store: int = 0
    carrier: int = 0
    language: str = "zh"
    path: list[Text] = field(default_factory=list)
    seq: int = 0
    rev: int = 0
    up: bool = False  # the customer's channel is answered
    flow: FlowRun | None = None
    queue: int = 0
    queued: float = 0.0  # when it entered the queue first
    deadline: float = 0.0  # when it has waited long enough, epoch; 0: never
    wait_when_empty: bool = False
    queue_timer: Timer | None = None
    announce_timer: Timer | None = None
    announcing: str = ""  # playback that interrupts the music
    music: bool = False
    priority: int = 0
    leg: AgentLeg | None = None
    next_leg: AgentLeg | None = None  # the same person's new phone, after a reload
    person: int = 0  # who has, or had, the conversation
    answered: float = 0.0
    talk_started: float = 0.0
    held_since: float = 0.0
    muted: bool = False
    lost_timer: Timer | None = None
    bridged: bool = False
    recording: Recording | None = None
    recordings: int = 0
    recording_state: str = "off"
    forward: str = ""  # the channel of an outside phone
    forward_number: str = ""
    forward_up: bool = False
    plays: int = 0
    wrap_until: float = 0.0
    legs: int = 0
    settle: Timer | None = None
    probe: Timer | None = None
    remembered: str = ""
    ended: bool = False
    doubts: int = 0  # how often in a row the reconciler found something odd

    def go(self, phase: Phase) -> None:
        """Change the phase. Raises IllegalPhase when the table does not allow it."""
        if phase not in PHASES[self.phase]:
            raise IllegalPhase(f"{self.phase} -> {phase}")
        self.phase = phase

    @property
    def bridge(self) -> str:
        return f"dl-{self.id}"


@dataclass(slots=True)
class Seat:
    """A person who is, or was, signed in, with the page or phone he uses."""

    person: int
    presence: presence.Agent
    desk: Desk | None = None
    device: str = "browser"
    tab: str = ""
    registered: bool = False
    microphone: str = "unknown"
    online: bool = False  # Asterisk can reach the endpoint
    call: Call | None = None
    wrap_timer: Timer | None = None
    gone_timer: Timer | None = None
    reason_timer: Timer | None = None
    text: Text | None = None  # why the state is not his own wish
    lost: bool = False  # the desk socket is away

    @property
    def signed_in(self) -> bool:
        """Whether calls may come to him at some time: he said ready or busy, and did not go since."""
        return self.presence.state != "offline"
