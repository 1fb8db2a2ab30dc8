"""Where a lead is, and who may move it from where to where.

The rule of the file: ``TABLE`` says all of it. What has no row cannot happen; who is not in the row may not do it.
Either raises and changes nothing.

A lead *waits* from the moment somebody gets it until he reacts; it is in the *pool* when nobody saw to it, and there
whoever is quickest may claim it. Winning and losing end it; both can be taken back.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a lead is. What lies between first contact and signature are stages that each group defines itself."""

    WAITING = "waiting"  # somebody (or a store) got it and has not reacted yet
    ACTIVE = "active"
    POOL = "pool"  # neglected: nobody's, anybody of the store may claim it
    WON = "won"
    LOST = "lost"


OPEN = frozenset({State.WAITING, State.ACTIVE, State.POOL})
ENDS = frozenset({State.WON, State.LOST})


class Move(StrEnum):
    """What happens to a lead."""

    REACT = "react"  # a call, a visit, a drive or a quote
    STAGE = "stage"  # from one open stage to another
    TAKE = "take"  # handed to a store, nobody's yet: one of the store makes it his
    CLAIM = "claim"  # out of the pool
    HAND_OVER = "hand_over"
    REASSIGN = "reassign"  # with all others of somebody who left: what is followed up goes on without a new clock
    NEGLECT = "neglect"
    WIN = "win"
    LOSE = "lose"
    REOPEN = "reopen"


class Actor(StrEnum):
    """Who does it, as seen from the lead."""

    OWNER = "owner"
    HELPER = "helper"  # joined in
    COLLEAGUE = "colleague"  # may edit leads of that store
    LEAD = "lead"  # may assign leads of that store
    RULE = "rule"  # the clock


_NEAR = frozenset({Actor.OWNER, Actor.HELPER, Actor.LEAD})
_ABOVE = frozenset({Actor.OWNER, Actor.LEAD})
_STORE = frozenset({Actor.OWNER, Actor.HELPER, Actor.COLLEAGUE, Actor.LEAD})
_RULE = frozenset({Actor.RULE})
_LEADS = frozenset({Actor.LEAD})

TABLE: dict[tuple[State, Move], tuple[State, frozenset[Actor]]] = {
    (State.WAITING, Move.REACT): (State.ACTIVE, _NEAR | _RULE),  # the rule: a talk with him was heard
    (State.WAITING, Move.STAGE): (State.ACTIVE, _NEAR),
    (State.WAITING, Move.TAKE): (State.WAITING, _STORE),
    (State.WAITING, Move.HAND_OVER): (State.WAITING, _ABOVE),
    (State.WAITING, Move.REASSIGN): (State.WAITING, _LEADS),
    (State.WAITING, Move.NEGLECT): (State.POOL, _RULE),
    (State.WAITING, Move.WIN): (State.WON, _NEAR),
    (State.WAITING, Move.LOSE): (State.LOST, _NEAR),
    (State.ACTIVE, Move.REACT): (State.ACTIVE, _NEAR | _RULE),
    (State.ACTIVE, Move.STAGE): (State.ACTIVE, _NEAR),
    (State.ACTIVE, Move.HAND_OVER): (State.WAITING, _ABOVE),
    (State.ACTIVE, Move.REASSIGN): (State.ACTIVE, _LEADS),
    (State.ACTIVE, Move.NEGLECT): (State.POOL, _RULE),
    (State.ACTIVE, Move.WIN): (State.WON, _NEAR),
    (State.ACTIVE, Move.LOSE): (State.LOST, _NEAR),
    (State.POOL, Move.CLAIM): (State.WAITING, _STORE),
    (State.POOL, Move.HAND_OVER): (State.WAITING, _LEADS),
    (State.POOL, Move.LOSE): (State.LOST, _LEADS),
    (State.LOST, Move.REOPEN): (State.ACTIVE, _ABOVE),
    (State.WON, Move.REOPEN): (State.ACTIVE, _LEADS),
}


class IllegalMove(ValueError):
    """That cannot happen to a lead in its state. Nothing has changed."""


class NotHis(ValueError):
    """It can happen, but not by him. Nothing has changed."""


def after(state: State, move: Move, actor: Actor) -> State:
    """The state that follows. Raises IllegalMove or NotHis."""
    row = TABLE.get((state, move))
    if row is None:
        raise IllegalMove(f"{move} cannot happen to a lead that is {state}")
    if actor not in row[1]:
        raise NotHis(f"{move} of a lead that is {state} is not for: {actor}")
    return row[0]


def may(state: State, move: Move, actor: Actor) -> bool:
    """Whether ``after`` would not raise."""
    row = TABLE.get((state, move))
    return row is not None and actor in row[1]


def move_of(state: State, kind: str) -> Move:
    """What moving to a stage of that kind (open, won, lost) is, for a lead in that state. Raises IllegalMove."""
    if state in ENDS:
        if kind != "open":
            raise IllegalMove("a lead that has ended is opened again first")
        return Move.REOPEN
    return {"open": Move.STAGE, "won": Move.WIN, "lost": Move.LOSE}[kind]


def actor_of(*, owner: bool, helper: bool, assigns: bool, edits: bool) -> Actor | None:
    """Who somebody is to a lead: the most that he is. None: he may only look."""
    if assigns:
        return Actor.LEAD
    if owner and edits:
        return Actor.OWNER
    if helper and edits:
        return Actor.HELPER
    return Actor.COLLEAGUE if edits else None
