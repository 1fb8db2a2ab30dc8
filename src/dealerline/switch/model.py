"""What the engine remembers of a call, of its legs, and of a person at a desk.

Rules of the file. A call has one phase, and the table says which may follow which; an illegal change raises and changes
nothing. A person is on one call at most; those that he has besides are parked. Only the engine's own parts write here,
and nothing outside keeps a reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dealerline.domain import consent, presence
from dealerline.domain.conversation import MAIN, Conversation, Ear, Layout, transfer
from dealerline.switch.directory import Text
from dealerline.switch.ports import Desk, Known, Timer


class Phase(StrEnum):
    """Where a call is."""

    FLOW = "flow"  # hears prompts, keys, leaves a message
    QUEUED = "queued"  # waits with music
    OFFERED = "offered"  # waits with music while somebody's phone rings for it
    TALKING = "talking"
    HELD = "held"
    PARKED = "parked"  # its agent is on another call of his, music meanwhile
    RECONNECTING = "reconnecting"  # the agent's phone went away, music meanwhile
    TRANSFER = "transfer"  # nobody has it; somebody's phone rings for it, music meanwhile
    FORWARDING = "forwarding"  # an outside phone rings, or talks
    DIALLING = "dialling"  # going out: first the agent's phone, then the number
    TEST = "test"  # an agent hears himself
    ENDED = "ended"


_AWAY = frozenset(
    {Phase.RECONNECTING, Phase.TRANSFER, Phase.FORWARDING, Phase.QUEUED, Phase.FLOW, Phase.PARKED, Phase.ENDED}
)
PHASES: dict[Phase, frozenset[Phase]] = {
    Phase.FLOW: frozenset({Phase.QUEUED, Phase.FORWARDING, Phase.TRANSFER, Phase.ENDED}),
    Phase.QUEUED: frozenset({Phase.OFFERED, Phase.TRANSFER, Phase.FLOW, Phase.ENDED}),
    Phase.OFFERED: frozenset({Phase.TALKING, Phase.QUEUED, Phase.FLOW, Phase.ENDED}),
    Phase.TALKING: _AWAY | {Phase.HELD},
    Phase.HELD: _AWAY | {Phase.TALKING},
    Phase.PARKED: frozenset({Phase.TALKING, Phase.QUEUED, Phase.ENDED}),
    Phase.RECONNECTING: frozenset({Phase.TALKING, Phase.TRANSFER, Phase.QUEUED, Phase.ENDED}),
    Phase.TRANSFER: frozenset({Phase.TALKING, Phase.FORWARDING, Phase.QUEUED, Phase.FLOW, Phase.ENDED}),
    Phase.FORWARDING: frozenset({Phase.TALKING, Phase.FLOW, Phase.ENDED}),
    Phase.DIALLING: frozenset({Phase.TALKING, Phase.ENDED}),
    Phase.TEST: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}
TALKS = frozenset({Phase.TALKING, Phase.HELD, Phase.PARKED, Phase.RECONNECTING})  # an agent has it
SPEAKING = frozenset({Phase.TALKING, Phase.HELD})


class IllegalPhase(RuntimeError):
    """A call cannot go from its phase to that one."""


class Refused(Exception):
    """What a page asked for cannot be done; ``code`` is a key of ``texts.ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Attempt:
    """Somebody is being brought in: see ``domain.conversation.transfer``. ``by``: who asked for it."""

    state: transfer.State
    how: str  # transfer|consult|invite|return|lead|rejoin
    by: int
    kind: str  # person|number
    target: str
    name: str = ""
    reason: Text | None = None  # why it came back to him
    ringback: str = ""  # the tone that the one who asks hears


@dataclass(slots=True)
class Lines:
    """Two calls of one desk phone, as channels: see ``desklines``."""

    first: str  # with the customer
    second: str  # that it dialled to ask somebody
    partner: str  # whom: that party's channel
    held: set[str]  # those which the phone itself holds


@dataclass(slots=True)
class AgentLeg:
    """One ringing or speaking phone on a call, other than the customer's: an agent's, a lead's, somebody's outside."""

    channel: str
    person: int  # 0 for somebody outside
    endpoint: str
    at: float
    ring_until: float
    auto: bool = False  # the page answers by itself
    answered: float = 0.0
    tab: str = ""  # the page that was rung
    ended_by_us: str = ""  # why we hang it up, so that its end is no surprise
    timer: Timer | None = None
    settle: Timer | None = None
    probe: Timer | None = None
    role: str = "agent"  # agent|outside|lead
    label: str = ""  # what pages and facts call this party
    name: str = ""
    number: str = ""
    attempt: Attempt | None = None  # until it is settled
    silenced: bool = False  # he is muted, and another did it
    holds: bool = False  # the phone itself has put the call on hold,
    hold_mutes: bool = False  # and so he is muted
    lines: Lines | None = None  # while the phone has two calls of its own, on one of which he talks
    asking: str = ""  # the prompt that asks who took a phone outside
    mode: str = ""  # a lead's
    watches: str = ""  # whose channel a lead watches
    joined: float = 0.0

    @property
    def spare(self) -> str:
        """The other channel of a desk phone that has two calls; else nothing."""
        if self.lines is None:
            return ""
        return self.lines.second if self.channel == self.lines.first else self.lines.first

    def quiet(self) -> None:
        """No timer of this leg will fire any more."""
        for timer in (self.timer, self.settle, self.probe):
            if timer is not None:
                timer.cancel()
        self.timer = self.settle = self.probe = None


@dataclass(slots=True)
class Recording:
    id: str
    channel: str
    person: int
    agent_path: str
    customer_path: str
    started: float


@dataclass(slots=True)
class Track:
    """One voice on its own: where it goes, since when, for whose ears."""

    id: str
    room: str
    audience: str
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
    front: bool = False  # he came back from somebody and stands before the others
    lent: tuple[int, ...] = ()  # queues whose people may take him besides his own
    spent: bool = False  # a rule has taken him elsewhere; none does again
    known: Known | None = None  # what the records know of him
    leg: AgentLeg | None = None  # of the agent who has the call
    rung: dict[str, AgentLeg] = field(default_factory=dict)  # phones that ring for him besides that of ``leg``
    next_leg: AgentLeg | None = None  # the same person's new phone, after a reload
    aside: AgentLeg | None = None  # what he was on it, while it is parked
    others: dict[str, AgentLeg] = field(default_factory=dict)  # everybody else, by channel
    person: int = 0  # who has, or had, the conversation
    talk: Conversation = field(default_factory=Conversation)
    layout: Layout = field(default_factory=Layout)  # what Asterisk was told
    bridges: dict[str, str] = field(default_factory=dict)  # of all rooms but the main one
    ears: dict[str, tuple[str, Ear]] = field(default_factory=dict)  # an ear's channel -> its room, and on whom it is
    ears_lost: int = 0  # ended by themselves, though they were wanted
    soft: set[str] = field(default_factory=set)  # side rooms in which the main one is heard softly
    mouths: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # channel -> to whom, what, the playback
    stood: dict[str, str] = field(default_factory=dict)  # who was in which room when that was looked at last
    left: set[int] = field(default_factory=set)  # agents who are out and may come back
    labels: int = 0
    origin: Call | None = None  # the live call, when this is the copy of one who has left it
    tracks: dict[str, Track] = field(default_factory=dict)  # channel -> the track that runs
    track_paths: dict[str, str] = field(default_factory=dict)  # channel -> its file
    by_tracks: bool = False  # each voice is recorded on its own
    paused: Timer | None = None  # the recording stands still until then
    returned: Attempt | None = None  # the transfer that came to nothing, while he waits in front of his queue
    hand: tuple[int, str, float] | None = None  # who asks for help, with what words, since when
    answered: float = 0.0
    talk_started: float = 0.0
    held_since: float = 0.0
    held_by: int = 0
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

    def bridge_of(self, room: str) -> str:
        """The name of a room's bridge."""
        return self.bridge if room == MAIN else self.bridges.get(room, "")

    def opens(self, room: str) -> str:
        """The name of a bridge that is to be made for a room. No name is used twice: for a while after a bridge was
        destroyed Asterisk has it still, refuses to make another of that name, and does not find the old one either.
        """
        if room != MAIN:
            self.legs += 1
            self.bridges[room] = f"{self.bridge}-{room}.{self.legs}"
        return self.bridge_of(room)

    def room_of(self, bridge: str) -> str:
        """The room such a bridge was made for; nothing for a bridge of another call."""
        if bridge == self.bridge:
            return MAIN
        prefix = f"{self.bridge}-"
        return bridge.removeprefix(prefix).rpartition(".")[0] if bridge.startswith(prefix) else ""

    @property
    def legs_all(self) -> list[AgentLeg]:
        """Everybody's but the customer's: the agent's who has it first."""
        return [*([self.leg] if self.leg is not None else []), *self.rung.values(), *self.others.values()]

    def leg_of(self, person: int) -> AgentLeg | None:
        """That person's phone on this call."""
        return next((leg for leg in self.legs_all if leg.person == person and person), None)

    def leg_on(self, channel: str) -> AgentLeg | None:
        """The leg with that channel."""
        return next((leg for leg in self.legs_all if leg.channel == channel), None)

    def labelled(self, label: str) -> str:
        """The channel of the party that pages call ``label``, or nothing."""
        if label == "customer":
            return self.channel
        return next((leg.channel for leg in self.legs_all if leg.label == label), "")

    def label_of(self, channel: str) -> str:
        """What pages call the party on that channel."""
        if channel == self.channel:
            return "customer"
        leg = self.leg_on(channel)
        return leg.label if leg is not None else ""

    @property
    def speakers(self) -> list[AgentLeg]:
        """The agents and people outside who are on it; not those who ring, nor leads who only watch."""
        return [leg for leg in self.legs_all if leg.channel in self.talk.parties and leg.role in ("agent", "outside")]

    def copy_for(self, person: int) -> Call:
        """What somebody keeps who leaves a call that goes on: ended for him, with the facts going on the live one."""
        left = Call(self.id, "", self.direction, self.from_number, self.to_number, self.arrived)
        for name in COPIED:
            setattr(left, name, getattr(self, name))
        left.phase, left.ended, left.person, left.origin = Phase.ENDED, True, person, self
        return left


COPIED = ("line", "store", "language", "queue", "queued", "answered", "talk_started", "path", "rev", "up")


def call_of_bridge(bridge: str) -> str:
    """The call whose room this bridge is."""
    return bridge.removeprefix("dl-")[:36]


@dataclass(slots=True)
class Seat:
    """A person who is, or was, signed in, with the page or phone he uses."""

    person: int
    presence: presence.Agent
    desk: Desk | None = None
    device: str = "browser"  # browser|phone|outside
    tab: str = ""
    registered: bool = False
    microphone: str = "unknown"
    online: bool = False  # Asterisk can reach the endpoint
    call: Call | None = None  # that he is on, or has after-call work for
    parked: list[Call] = field(default_factory=list)  # those he has besides, the last one last
    done: list[Call] = field(default_factory=list)  # ended, their after-call work comes with that of the last
    wrap_seconds: float = 0.0  # the longest after-call work of those
    parked_timer: Timer | None = None
    wrap_timer: Timer | None = None
    gone_timer: Timer | None = None
    text: Text | None = None  # why the state is not his own wish
    request: consent.Request | None = None  # a break that a lead has to consent to
    beat: float = 0.0  # so often, in seconds, his page promised to be heard; 0: it promised nothing
    heard: float = 0.0  # when it was heard last
    rejoin: Call | None = None  # a conversation he left that goes on
    follows: int = 0  # the agent a lead goes on watching from call to call
    lost: bool = False  # the desk socket is away
    worked: float = 0.0  # seconds of talk and after-call work on that day,
    worked_day: int = 0  # by the calendar of his store

    @property
    def signed_in(self) -> bool:
        """Whether calls may come to him at some time: he said ready or busy, and did not go since."""
        return self.presence.state != "offline"

    @property
    def calls(self) -> list[Call]:
        """Everything on his desk: the call he is on first."""
        return [*([self.call] if self.call is not None else []), *self.parked, *self.done]

    def has(self, call: Call) -> bool:
        """Whether this call is on his desk; a copy of it is another."""
        return any(each is call for each in self.calls)

    def leaves(self, call: Call) -> None:
        """It is on his desk no more."""
        if self.call is call:
            self.call = None
        self.parked = [each for each in self.parked if each is not call]
        self.done = [each for each in self.done if each is not call]
