"""Bringing somebody else in: transfer, consultation and invitation as one table.

The rules of the file:

- ``TABLE`` says all: (state, event) -> (state, what is to be done). An event without a row raises and changes nothing.
- The customer is never dropped. Whatever fails goes one step back: to the one who transferred, to the front of the
  queue, to a shift lead once he has waited there in vain, to a voice message.
- A consultation is a customer on hold and a second person in the room; taking him in, putting the other on hold or
  leaving are verbs of ``verbs.py``. Here is only what becomes of the attempt.
"""

from __future__ import annotations

from enum import StrEnum

from dealerline.domain.conversation.model import IllegalVerb


class State(StrEnum):
    """Where the attempt is."""

    BLIND = "blind"  # the one who transferred is out; the target's phone rings, the customer hears music
    ASKING = "asking"  # the target's phone rings, the one who asks waits, the customer hears music
    CONSULTING = "consulting"  # the two talk, the customer hears music (or the other one does)
    INVITING = "inviting"  # the target's phone rings while the talk goes on
    RETURNING = "returning"  # the target did not take it: the first agent's phone rings again
    WAITING = "waiting"  # nor did he: the customer is in front of his queue
    LEADING = "leading"  # nor did anybody there: a shift lead's phone rings
    DONE = "done"


class Event(StrEnum):
    """What may happen to it."""

    ANSWERED = "answered"  # whose phone rings, answered
    FAILED = "failed"  # busy, silent, refused, unreachable, given up
    COMPLETE = "complete"
    CANCEL = "cancel"
    JOIN = "join"  # into a talk of three
    INITIATOR_GONE = "initiator_gone"
    TARGET_GONE = "target_gone"
    WAITED_OUT = "waited_out"  # he has waited as long as one waits there, or nobody is there to wait for


class Do(StrEnum):
    """What the switch has to do about it, in this order."""

    DROP_TARGET = "drop_target"
    RELEASE_INITIATOR = "release_initiator"
    RESUME_CUSTOMER = "resume_customer"
    TAKE_IN = "take_in"  # who answered comes into the room and has the call now
    ADD = "add"  # who answered comes into the room
    RING_INITIATOR = "ring_initiator"
    RING_LEAD = "ring_lead"
    TO_FRONT = "to_front"  # of his queue; where there is none, a lead
    TO_MESSAGE = "to_message"
    TELL = "tell"  # the one who asked is told why it came to nothing


S, E = State, Event
TABLE: dict[tuple[State, Event], tuple[State, tuple[Do, ...]]] = {
    (S.BLIND, E.ANSWERED): (S.DONE, (Do.TAKE_IN,)),
    (S.BLIND, E.FAILED): (S.RETURNING, (Do.DROP_TARGET, Do.RING_INITIATOR)),
    (S.BLIND, E.CANCEL): (S.RETURNING, (Do.DROP_TARGET, Do.RING_INITIATOR)),
    (S.ASKING, E.ANSWERED): (S.CONSULTING, (Do.ADD,)),
    (S.ASKING, E.FAILED): (S.DONE, (Do.DROP_TARGET, Do.RESUME_CUSTOMER, Do.TELL)),
    (S.ASKING, E.CANCEL): (S.DONE, (Do.DROP_TARGET, Do.RESUME_CUSTOMER)),
    (S.ASKING, E.COMPLETE): (S.BLIND, (Do.RELEASE_INITIATOR,)),
    (S.ASKING, E.JOIN): (S.INVITING, (Do.RESUME_CUSTOMER,)),
    (S.ASKING, E.INITIATOR_GONE): (S.BLIND, (Do.RELEASE_INITIATOR,)),
    (S.CONSULTING, E.COMPLETE): (S.DONE, (Do.RESUME_CUSTOMER, Do.RELEASE_INITIATOR)),
    (S.CONSULTING, E.CANCEL): (S.DONE, (Do.DROP_TARGET, Do.RESUME_CUSTOMER)),
    (S.CONSULTING, E.JOIN): (S.DONE, (Do.RESUME_CUSTOMER,)),
    (S.CONSULTING, E.INITIATOR_GONE): (S.DONE, (Do.RESUME_CUSTOMER, Do.RELEASE_INITIATOR)),
    (S.CONSULTING, E.TARGET_GONE): (S.DONE, (Do.RESUME_CUSTOMER, Do.TELL)),
    (S.INVITING, E.ANSWERED): (S.DONE, (Do.ADD,)),
    (S.INVITING, E.FAILED): (S.DONE, (Do.DROP_TARGET, Do.TELL)),
    (S.INVITING, E.CANCEL): (S.DONE, (Do.DROP_TARGET,)),
    (S.INVITING, E.COMPLETE): (S.BLIND, (Do.RELEASE_INITIATOR,)),
    (S.INVITING, E.INITIATOR_GONE): (S.BLIND, (Do.RELEASE_INITIATOR,)),
    (S.RETURNING, E.ANSWERED): (S.DONE, (Do.TAKE_IN,)),
    (S.RETURNING, E.FAILED): (S.WAITING, (Do.TO_FRONT,)),
    (S.WAITING, E.WAITED_OUT): (S.LEADING, (Do.RING_LEAD,)),
    (S.LEADING, E.ANSWERED): (S.DONE, (Do.TAKE_IN,)),
    (S.LEADING, E.FAILED): (S.DONE, (Do.TO_MESSAGE,)),
}


def step(state: State, event: Event) -> tuple[State, tuple[Do, ...]]:
    """The next state and what is to be done. Raises IllegalVerb when that cannot happen now."""
    row = TABLE.get((state, event))
    if row is None:
        raise IllegalVerb("not_now", f"{event} cannot happen while {state}")
    return row
