"""A promise to a customer ("I'll ring you by six"), from the call in which it was made to its end.

The rules of the file:

- A promise is in one state; ``TABLE`` says what may happen in it. An event without a row raises and changes nothing.
- Being late is no state: a promise past its time is still owed, and counts as such (``shares.py``) until it has an end.
- It is kept by what reached the customer, or by the word of somebody who says how. It is released when the customer
  knows that nothing will come (told) or wants nothing any more (withdrawn); broken when nobody will keep it any more.
- Every end can be taken back (reopened), and every promise can be put off: the time first promised stays, and is what
  it is measured by.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """What has become of it."""

    OPEN = "open"
    REMINDED = "reminded"  # its owner has been told that it is nearly time
    KEPT = "kept"
    BROKEN = "broken"
    RELEASED = "released"


OWED = frozenset({State.OPEN, State.REMINDED})
ENDS = frozenset({State.KEPT, State.BROKEN, State.RELEASED})


class On(StrEnum):
    """What happens to one."""

    REMIND = "remind"  # it is nearly time
    MOVE = "move"  # put off, or hurried: the customer was told another time
    REACHED = "reached"  # a call of ours reached the customer after it was made: keeps a promise to ring back
    KEEP = "keep"  # somebody says that it is done, and how
    BREAK = "break"  # somebody says that it was not kept and will not be
    LAPSE = "lapse"  # nobody has said anything for too long after its time
    TELL_OFF = "tell_off"  # the customer was told that it will not come about
    WITHDRAW = "withdraw"  # the customer, or whoever made it by mistake, wants it no more
    REOPEN = "reopen"


class IllegalChange(ValueError):
    """An event that cannot happen to a promise in its state. Nothing has changed."""


def _owed(on: On, to: State) -> dict[tuple[State, On], State]:
    return {(state, on): to for state in (State.OPEN, State.REMINDED)}


TABLE: Mapping[tuple[State, On], State] = {
    (State.OPEN, On.REMIND): State.REMINDED,
    **_owed(On.MOVE, State.OPEN),
    **_owed(On.REACHED, State.KEPT),
    **_owed(On.KEEP, State.KEPT),
    **_owed(On.BREAK, State.BROKEN),
    **_owed(On.LAPSE, State.BROKEN),
    **_owed(On.TELL_OFF, State.RELEASED),
    **_owed(On.WITHDRAW, State.RELEASED),
    (State.BROKEN, On.KEEP): State.KEPT,  # somebody remembers, or does it after all: late
    **{(state, On.REOPEN): State.OPEN for state in (State.KEPT, State.BROKEN, State.RELEASED)},
}

NEEDS_NOTE = frozenset({On.KEEP, On.BREAK, On.TELL_OFF})
"""What somebody says of himself needs a word on how, or why."""


def step(state: State | str, on: On | str) -> State:
    """The state after ``on``. Raises IllegalChange."""
    found = TABLE.get((State(state), On(on)))
    if found is None:
        raise IllegalChange(f"{on} cannot happen to a promise that is {state}")
    return found


def may(state: State | str, on: On | str) -> bool:
    """Whether it can happen."""
    return (State(state), On(on)) in TABLE
