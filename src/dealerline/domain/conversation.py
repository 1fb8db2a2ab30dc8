"""Who hears whom: parties, what is done to them, and the hearing matrix that follows.

The rules of the file:

- A verb is a row of ``VERBS``: whom it may be done to and which flag it sets or clears. A flag is a row of ``FLAGS``:
  to which roles such a party still speaks, whom it still hears, and whether it hears music. Listening, whispering,
  side rooms are further rows, not code.
- The matrix is derived, never stored. ``changes`` says what must become different for one party after another.
- A verb that cannot be done raises IllegalVerb and changes nothing; done twice, it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

ALL = frozenset({"customer", "agent", "forward", "lead"})
NOBODY: frozenset[str] = frozenset()


class IllegalVerb(ValueError):
    """That cannot be done to that party. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Flag:
    """``speaks_to``: roles that still hear such a party; ``hears``: roles it still hears; ``music``: it hears music."""

    speaks_to: frozenset[str] = ALL
    hears: frozenset[str] = ALL
    music: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """``roles``: whom it may be done to; ``sets`` / ``clears``: a flag of FLAGS."""

    roles: frozenset[str]
    sets: str = ""
    clears: str = ""


FLAGS: dict[str, Flag] = {
    "held": Flag(speaks_to=NOBODY, hears=NOBODY, music=True),
    "muted": Flag(speaks_to=NOBODY),
    "waiting": Flag(speaks_to=NOBODY, hears=NOBODY, music=True),  # his agent is gone for a moment
}

VERBS: dict[str, Verb] = {
    "hold": Verb(frozenset({"customer", "forward"}), sets="held"),
    "unhold": Verb(frozenset({"customer", "forward"}), clears="held"),
    "mute": Verb(ALL, sets="muted"),
    "unmute": Verb(ALL, clears="muted"),
    "wait": Verb(frozenset({"customer", "forward"}), sets="waiting"),
    "unwait": Verb(frozenset({"customer", "forward"}), clears="waiting"),
}


@dataclass(frozen=True, slots=True)
class Party:
    """``id``: the channel; ``role``: one of ALL."""

    id: str
    role: str
    flags: frozenset[str] = NOBODY


@dataclass(frozen=True, slots=True)
class Conversation:
    """The parties by id, in the order in which they came."""

    parties: dict[str, Party] = field(default_factory=dict)


def join(conversation: Conversation, party: Party) -> Conversation:
    """``party`` comes in. Raises IllegalVerb for an unknown role, or an id that is there with another."""
    there = conversation.parties.get(party.id)
    if party.role not in ALL or (there and there.role != party.role):
        raise IllegalVerb(f"{party.role!r} cannot join as {party.id!r}")
    return conversation if there else Conversation({**conversation.parties, party.id: party})


def leave(conversation: Conversation, party: str) -> Conversation:
    """That party is gone; without effect if it was not there."""
    return Conversation({key: value for key, value in conversation.parties.items() if key != party})


def apply(conversation: Conversation, verb: str, party: str) -> Conversation:
    """The conversation after ``verb`` was done to ``party``. Raises IllegalVerb."""
    row, who = VERBS.get(verb), conversation.parties.get(party)
    if row is None or who is None or who.role not in row.roles:
        raise IllegalVerb(f"{verb!r} cannot be done to {who.role if who else 'somebody who is not there'!r}")
    flags = (who.flags | {row.sets} if row.sets else who.flags) - {row.clears}
    if flags == who.flags:
        return conversation
    return Conversation({**conversation.parties, party: replace(who, flags=flags)})


def speaks_to(party: Party) -> frozenset[str]:
    """The roles that hear this party."""
    return ALL.intersection(*(FLAGS[f].speaks_to for f in party.flags))


def hears(party: Party) -> frozenset[str]:
    """The roles this party hears."""
    return ALL.intersection(*(FLAGS[f].hears for f in party.flags))


def music(party: Party) -> bool:
    """Whether this party hears music."""
    return any(FLAGS[f].music for f in party.flags)


def matrix(conversation: Conversation) -> dict[tuple[str, str], bool]:
    """(speaker, listener) -> heard, for every pair of different parties."""
    parties = conversation.parties.values()
    return {
        (speaker.id, listener.id): listener.role in speaks_to(speaker) and speaker.role in hears(listener)
        for speaker in parties
        for listener in parties
        if speaker.id != listener.id
    }


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one party's channel must be like: heard by nobody or not, hearing nobody or not, with or without music."""

    party: str
    silent: bool
    deaf: bool
    music: bool


def hearing(conversation: Conversation) -> dict[str, Hearing]:
    """For each party what the media engine has to make true; enough while every flag is all or nothing."""
    return {
        p.id: Hearing(p.id, silent=not speaks_to(p), deaf=not hears(p), music=music(p))
        for p in conversation.parties.values()
    }


def changes(before: Conversation, after: Conversation) -> list[Hearing]:
    """The parties of ``after`` whose hearing differs from ``before`` (a newcomer's from a plain one).

    Ordered so that nobody is left in silence: those who are let in again first, then those who are sent to music.
    """
    was = hearing(before)
    plain = {p: Hearing(p, silent=False, deaf=False, music=False) for p in after.parties}
    changed = [now for key, now in hearing(after).items() if now != was.get(key, plain[key])]
    return sorted(changed, key=lambda h: h.music)
