"""The configuration as the switch sees it: one frozen snapshot, replaced whole when something changed.

Written as JSON (these field names) by the scribe whenever the database's configuration changes, to
``run/directory.json``, so that the switch starts and decides without the database.
Names are ``{"zh": ..., "en": ...}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealerline.domain.routing import Need as Need
from dealerline.domain.routing import Overflow as Overflow

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Store:
    id: int
    code: str
    name: Text
    region: int
    timezone: str = "Asia/Shanghai"
    music: str = ""  # Asterisk music class; "" is the default one
    retention_days: int = 365
    alarm_over_break: bool = False  # the board's: somebody is over his break


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours. ``weekly``: (weekday 0 = Monday, from minute, to minute) in the store's time zone.

    ``days``: ISO date -> (kind, intervals in minutes); kind is "open" (make-up working day or special day, with its own
    intervals) or "holiday" (closed unless intervals are given).
    """

    id: int
    weekly: tuple[tuple[int, int, int], ...]
    days: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A business line of a store (sales, repair, rescue, ...) and the numbers that reach it."""

    id: int
    store: int
    kind: str
    name: Text
    numbers: tuple[str, ...]
    hours: int
    open_flow: int
    closed_flow: int
    holiday_flow: int
    language: str = "zh"
    carrier: int = 0  # for calls going out
    caller_id: str = ""
    priority: int = 0  # steps added to that of the queue in which its callers wait


@dataclass(frozen=True, slots=True)
class Duty:
    """Who carries a store's phone: from ``begins`` to ``ends`` (epoch seconds), rung one after the other."""

    store: int
    begins: float
    ends: float
    numbers: tuple[str, ...]  # E.164, the first in turn first
    people: tuple[int, ...] = ()  # whose numbers they are, 0: nobody's
    kind: str = ""  # of lines of this kind only; "": of every line


@dataclass(frozen=True, slots=True)
class Queue:
    id: int
    store: int
    code: str
    name: Text
    agents: tuple[int, ...]
    ring_seconds: int = 20
    wrap_seconds: int = 30
    announce_seconds: int = 30
    max_wait_seconds: int = 600
    service_seconds: int = 20  # service level: answered within this
    music: str = ""
    priority: int = 0
    strategy: str = "longest_idle"  # longest_idle|least_busy|round_robin|best_skill|ring_all|ordered
    needs: tuple[Need, ...] = ()
    order: tuple[tuple[int, int], ...] = ()  # strategy ordered: (person, place), the smaller first
    age_seconds: float = 0  # so much waiting counts as much as one step of priority; 0: never
    sticky_seconds: float = 0  # how long a caller waits for the person he knows before others are asked; 0: not at all
    sticky: str = "last"  # last|owner: whom a caller is kept for
    overflow: tuple[Overflow, ...] = ()
    alarm_waiting: int = 0  # the board's limits: more callers than that; 0: none
    alarm_oldest: float = 0  # somebody waits longer, in seconds
    alarm_level: float = 0  # service level of today below so many per cent
    alarm_nobody: bool = False  # nobody is signed in


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in at a desk. ``masked``: sees customers' numbers masked."""

    id: int
    store: int
    name: str
    extension: str
    roles: tuple[str, ...]
    stores: tuple[int, ...]  # whose live state he may see
    masked: bool = False
    phone: int = 0  # his desk phone's id, or 0
    mobile: str = ""  # his own outside phone, E.164, or ""
    language: str = ""  # in which he is spoken to, zh or en; "": the line's
    skills: tuple[tuple[int, int], ...] = ()  # (skill, level 1 to 5)
    capacity: tuple[tuple[str, int], ...] = ()  # (kind of work, how many at a time); calls: one


@dataclass(frozen=True, slots=True)
class DeskPhone:
    id: int
    store: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """A SIP trunk, by registration (``register``) or by address (``match``)."""

    id: int
    name: str
    host: str
    port: int = 5060
    transport: str = "udp"
    username: str = ""
    password: str = ""
    register: bool = False
    match: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    prefix: str = ""  # put before a number dialled out


@dataclass(frozen=True, slots=True)
class FlowVersion:
    id: int
    version: int
    name: str
    document: dict[str, Any]  # what dealerline.domain.ivr.build takes


@dataclass(frozen=True, slots=True)
class PromptAudio:
    """Where a prompt's sound is: an absolute path without its ending, as Asterisk's ``sound:`` wants it."""

    key: str
    language: str
    store: int  # 0: for every store; a store's own wins
    path: str


@dataclass(frozen=True, slots=True)
class BusyReason:
    code: str
    name: Text
    minutes: int = 0  # 0: no limit
    needs_consent: bool = False  # a lead of his stores has to grant it first


@dataclass(frozen=True, slots=True)
class Wall:
    """A screen on a wall that may look at the board of these stores, as long as its serial number is this one."""

    id: int
    name: str
    serial: int
    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may sign in, and what his pages may be told. ``hears``: (permission, the stores he has it in), of
    what tells that a record was changed.
    """

    id: int
    name: str
    store: int
    desk: bool = False  # may be an agent
    board: bool = False  # may look at the live board
    hears: tuple[tuple[str, tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the switch decides from. ``version`` grows with each change."""

    version: int = 0
    demo: bool = False
    stores: tuple[Store, ...] = ()
    hours: tuple[Hours, ...] = ()
    lines: tuple[Line, ...] = ()
    queues: tuple[Queue, ...] = ()
    people: tuple[Person, ...] = ()
    viewers: tuple[Viewer, ...] = ()  # all who may sign in; of ``people`` without a row here nothing is known but that
    phones: tuple[DeskPhone, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    flows: tuple[FlowVersion, ...] = ()
    prompts: tuple[PromptAudio, ...] = ()
    reasons: tuple[BusyReason, ...] = ()
    walls: tuple[Wall, ...] = ()
    skills: tuple[tuple[int, Text], ...] = ()  # (id, name)
    duties: tuple[Duty, ...] = ()  # of this week and the next
    levels: tuple[tuple[str, int], ...] = ()  # customer's level -> priority that is added
    announcements: dict[str, Any] = field(default_factory=dict)
    agent_lost_seconds: int = 20  # how long a talking agent's browser may be gone before the caller is queued in front
    ring_seconds_transfer: int = 20  # how long whoever is brought into a call is rung
    return_seconds: int = 20  # how long who transferred in vain is rung again
    rating_stores: tuple[int, ...] = ()  # whose callers are asked for a mark after the call
    callback_tries: int = 3  # how often a promised call-back is dialled before people have to see to it
    callback_minutes: float = 10  # between two tries
    callback_within: float = 60  # minutes in which one has to be kept where no wait could be told
    idle_minutes: int = 30  # so long untouched, with no call, and a ready agent's page says that he is away; 0: never
    digit_seconds: float = 5  # how long a caller has for a key where his flow says nothing
    calls_per_desk: int = 3  # how many calls one person may have at a time, one of which he talks on
    supervision_visible: bool = True  # whether agents see that a lead is at their call
    conference_tones: str = "none"  # none|entry|both: of what a tone tells in a conversation of three or more
    conference_tones_for: str = "staff"  # staff|everybody: who hears it
