"""A promised call-back, from the confirmed number to its end: who is asked what when is the switch's, what follows is
here.

The rules of the file:

- A promise is in one state; ``TABLE`` says what may happen in it. An event without a row raises and changes nothing.
- The caller's place is his arrival and priority. They never change, so whatever happens (nobody took it, the line
  closed, the switch was restarted) he stands where he stood.
- He is rung only while the line is open: ``Rules.permitted`` says when that is next.
- Nobody is rung twice: he who rings himself has his promise set aside, and kept by that call if he speaks with anybody.
- Times are seconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from dealerline.domain import numbers

HOME_NUMBER = re.compile(r"1[3-9]\d{9}|0\d{9,11}")
WITHIN = (5, 10, 15, 20, 30, 60)
"""Minutes that can be told to a caller."""


class State(StrEnum):
    """Where a promise is."""

    PROMISED = "promised"  # the number is confirmed; he is still on the line
    RESTING = "resting"  # until the line opens, or until the next try
    WAITING = "waiting"  # his place is in the queue
    OFFERED = "offered"  # somebody's phone rings for it
    DIALLING = "dialling"  # somebody took it, and the number rings
    RETURNED = "returned"  # he rings himself
    KEPT = "kept"
    UNREACHED = "unreached"  # people have to see to it
    CANCELLED = "cancelled"


ENDS = frozenset({State.KEPT, State.UNREACHED, State.CANCELLED})


class On(StrEnum):
    """What happens to one."""

    LEFT = "left"  # the call in which it was given is over
    TIME = "time"  # the rest is over, or its hours have changed
    CLOSES = "closes"  # the line does
    OFFER = "offer"  # somebody's phone is rung
    UNTAKEN = "untaken"  # nobody took it there
    TAKEN = "taken"
    ANSWERED = "answered"  # by the customer
    FAILED = "failed"  # busy, no answer, ...: a try
    RINGS = "rings"  # he rings himself
    SPOKE = "spoke"  # he spoke with somebody, in another call than ours
    WENT = "went"  # his own call is over without that
    AGAIN = "again"  # in his own call he wants to be rung back once more
    RESTARTED = "restarted"  # the switch, or the media engine; nothing rings any more
    NO_QUEUE = "no_queue"  # his queue is gone
    CANCEL = "cancel"  # by one of ours


class IllegalCallback(ValueError):
    """An event that cannot happen to a promise in its state. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise. ``due``: by when he was told; ``call``: the call it is about now; ``own``: his own call's id."""

    id: str
    store: int
    line: int
    queue: int
    number: str
    asked_from: str
    language: str
    arrived: float
    priority: int
    promised: float
    due: float
    call: str = ""
    own: str = ""
    state: State = State.PROMISED
    until: float = 0.0  # the end of a rest
    not_before: float = 0.0  # the end of the pause after a try; the opening that he was told
    tries: int = 0
    reason: str = ""  # of the last try, or of the end
    path: tuple[dict[str, str], ...] = field(default=())

    @property
    def open(self) -> bool:
        return self.state not in ENDS


@dataclass(frozen=True, slots=True)
class Rules:
    """``permitted``: the first moment from the given one on at which he may be rung, or None."""

    tries: int
    pause: float  # seconds between two tries
    permitted: Callable[[float], float | None]


Act = Callable[[Promise, Any, float, Rules], Promise]


def _lines_up(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    """Into the queue, or a rest until it is time."""
    opens = rules.permitted(max(now, p.not_before))
    if opens is None:
        return replace(p, state=State.UNREACHED, reason="never_open")
    if opens <= now:
        return replace(p, state=State.WAITING, until=0.0)
    return replace(p, state=State.RESTING, until=opens)


def _offered(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.OFFERED, call=given)


def _taken(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.DIALLING)


def _failed(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    """``given``: the result. Engaged because he is ringing us himself is no try."""
    if p.own:
        return replace(p, state=State.RETURNED)
    p = replace(p, tries=p.tries + 1, reason=given, not_before=now + rules.pause)
    if p.tries >= rules.tries:
        return replace(p, state=State.UNREACHED)
    return _lines_up(p, None, now, rules)


def _rings(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.RETURNED, own=given)


def _rings_besides(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, own=given)


def _went(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return _lines_up(replace(p, own="", not_before=0.0), None, now, rules)


def _went_besides(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, own="")


def _again(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    """``given``: the number and the time told now, and before when he is not to be rung. Place and tries stay."""
    number, due, not_before = given
    call = p.own or p.call
    return replace(p, state=State.PROMISED, number=number, due=due, not_before=not_before, call=call, own="")


def _kept(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.KEPT, reason=given or "")


def _gone_queue(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.UNREACHED, reason="no_queue")


def _cancelled(p: Promise, given: Any, now: float, rules: Rules) -> Promise:
    return replace(p, state=State.CANCELLED, reason=given or "")


@dataclass(frozen=True, slots=True)
class Change:
    """What an event does, and the states it may lead to."""

    act: Act
    to: tuple[State, ...]


_QUEUE = (State.WAITING, State.RESTING, State.UNREACHED)
_SIX = (State.PROMISED, State.RESTING, State.WAITING, State.OFFERED, State.DIALLING, State.RETURNED)

TABLE: dict[tuple[State, On], Change] = {
    (State.PROMISED, On.LEFT): Change(_lines_up, _QUEUE),
    (State.PROMISED, On.AGAIN): Change(_again, (State.PROMISED,)),
    (State.RESTING, On.TIME): Change(_lines_up, _QUEUE),
    (State.RESTING, On.RINGS): Change(_rings, (State.RETURNED,)),
    (State.RESTING, On.RESTARTED): Change(_lines_up, _QUEUE),
    (State.WAITING, On.TIME): Change(_lines_up, _QUEUE),
    (State.WAITING, On.CLOSES): Change(_lines_up, _QUEUE),
    (State.WAITING, On.OFFER): Change(_offered, (State.OFFERED,)),
    (State.WAITING, On.RINGS): Change(_rings, (State.RETURNED,)),
    (State.WAITING, On.NO_QUEUE): Change(_gone_queue, (State.UNREACHED,)),
    (State.WAITING, On.RESTARTED): Change(_lines_up, _QUEUE),
    (State.OFFERED, On.UNTAKEN): Change(_lines_up, _QUEUE),
    (State.OFFERED, On.TAKEN): Change(_taken, (State.DIALLING,)),
    (State.OFFERED, On.RINGS): Change(_rings, (State.RETURNED,)),
    (State.OFFERED, On.NO_QUEUE): Change(_gone_queue, (State.UNREACHED,)),
    (State.OFFERED, On.RESTARTED): Change(_lines_up, _QUEUE),
    (State.DIALLING, On.ANSWERED): Change(_kept, (State.KEPT,)),
    (State.DIALLING, On.FAILED): Change(_failed, (*_QUEUE, State.RETURNED)),
    (State.DIALLING, On.RINGS): Change(_rings_besides, (State.DIALLING,)),
    (State.DIALLING, On.WENT): Change(_went_besides, (State.DIALLING,)),
    (State.DIALLING, On.RESTARTED): Change(_lines_up, _QUEUE),
    (State.RETURNED, On.WENT): Change(_went, _QUEUE),
    (State.RETURNED, On.AGAIN): Change(_again, (State.PROMISED,)),
    (State.RETURNED, On.RINGS): Change(_rings, (State.RETURNED,)),
    **{(state, On.SPOKE): Change(_kept, (State.KEPT,)) for state in _SIX},
    **{(state, On.CANCEL): Change(_cancelled, (State.CANCELLED,)) for state in _SIX},
}


def step(promise: Promise, on: On, now: float, rules: Rules, given: Any = None) -> Promise:
    """The promise after ``on``. ``given``: what the event brings (see the acts). Raises IllegalCallback."""
    change = TABLE.get((promise.state, on))
    if change is None:
        raise IllegalCallback(f"{on} cannot happen to a call-back that is {promise.state}")
    return change.act(promise, given, now, rules)


# numbers, times and words -------------------------------------------------------------------------------------------


def accepted(raw: str) -> str:
    """A number that may be promised a call, as E.164; "" for any other. Only numbers of this country: who keys another
    would have us pay for it.
    """
    dialled = numbers.dialable(raw)
    return numbers.e164(dialled) if HOME_NUMBER.fullmatch(dialled) else ""


def digits(number: str) -> str:
    """A number as it is told: the way people here dial it."""
    return numbers.dialable(number)


def within(wait: float | None, slack: float = 0.0) -> int | None:
    """Minutes to tell for an expected wait (seconds): the next that can be said; None when it is not known or long."""
    if wait is None:
        return None
    return next((minutes for minutes in WITHIN if wait + slack <= minutes * 60), None)
