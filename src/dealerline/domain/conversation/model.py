"""Who hears whom: parties, the rooms they are in, and the hearing matrix that follows.

The rules of the file:

- A party is in one place: a room, a lead's booth, or with the music. Where is derived (``place``), never stored.
- In a room all hear all. A side room hears the main room, unless its members do not want to; the main room hears
  nothing of it, nor do other side rooms.
- A lead who listens or whispers sits in a booth: he hears what the party he watches says and hears, and nobody hears
  him but, while he whispers, that party, if it is an agent. A lead who barges in is in that party's room like
  anybody else.
- Whoever is held, or waits for somebody who is away for a moment, hears music and is heard by nobody. So does a
  customer, or anybody else from outside, who would be alone in his room and hear nobody: silence is for nobody.
- The matrix is derived. What the media engine must do is a difference of two layouts: see ``layout.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

MAIN = "main"
MUSIC = "music"
ROLES = frozenset({"customer", "agent", "outside", "lead"})
STAFF = frozenset({"agent", "lead"})
GUESTS = frozenset({"customer", "outside"})  # those who must never be left in silence
BOOTH_MODES = frozenset({"listen", "whisper"})
AWAY = frozenset({"held", "waiting"})
LIMIT = 32  # parties in one conversation


class IllegalVerb(ValueError):
    """That cannot be done. Nothing has changed. ``code`` says why, for the page (a key of the switch's texts)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Party:
    """``id``: the channel; ``role``: one of ROLES; ``room``: MAIN or the name of a side room; ``flags``: of ``held``,
    ``waiting``, ``muted``. Leads have a ``mode`` (listen, whisper, barge) and the party they watch.
    """

    id: str
    role: str
    room: str = MAIN
    flags: frozenset[str] = frozenset()
    mode: str = ""
    watches: str = ""

    @property
    def away(self) -> bool:
        """Whether somebody sent him to the music."""
        return bool(self.flags & AWAY)

    @property
    def in_booth(self) -> bool:
        return self.role == "lead" and self.mode in BOOTH_MODES


@dataclass(frozen=True, slots=True)
class Conversation:
    """The parties by id, in the order in which they came. ``host``: who may lock, remove and mute others. ``deaf``:
    side rooms that do not hear the main one. ``company``: a desk phone has put its call on hold.
    """

    parties: dict[str, Party] = field(default_factory=dict)
    host: str = ""
    locked: bool = False
    deaf: frozenset[str] = frozenset()
    company: bool = False

    def __iter__(self) -> Iterator[Party]:
        return iter(self.parties.values())

    def roles(self, *roles: str) -> list[Party]:
        """The parties of these roles, in the order in which they came."""
        return [p for p in self if p.role in roles]

    @property
    def side_rooms(self) -> list[str]:
        """The side rooms somebody is in, in order of name."""
        return sorted({p.room for p in self if p.room != MAIN})


def booth(lead: str) -> str:
    """The name of the place where this lead listens."""
    return f"booth-{lead}"


def _room(conversation: Conversation, party: Party) -> str:
    """The room somebody talks in: a lead who barges in is where the one he watches is."""
    if party.role == "lead":
        watched = conversation.parties.get(party.watches)
        return watched.room if watched is not None else MAIN
    return party.room


def talkers(conversation: Conversation, room: str) -> list[Party]:
    """Who is in that room to talk: not with the music, not in a booth."""
    return [p for p in conversation if not p.away and not p.in_booth and _room(conversation, p) == room]


def standing(conversation: Conversation) -> dict[str, str]:
    """party -> the room it belongs to, also while it hears music; without leads who only watch."""
    return {p.id: _room(conversation, p) for p in conversation if not p.in_booth}


def place(conversation: Conversation, party: Party) -> str:
    """The room this party is in, its booth, or MUSIC."""
    if party.away:
        return MUSIC
    if party.in_booth:
        return booth(party.id)
    room = _room(conversation, party)
    alone = party.role in GUESTS and len(talkers(conversation, room)) == 1
    silent = room == MAIN or room in conversation.deaf or not talkers(conversation, MAIN)
    return MUSIC if alone and silent else room


def heard(conversation: Conversation, speaker: Party, listener: Party) -> bool:
    """Whether the listener hears the speaker."""
    here, there = place(conversation, speaker), place(conversation, listener)
    if speaker.id == listener.id or "muted" in speaker.flags or MUSIC in (here, there):
        return False
    if speaker.in_booth:
        return speaker.mode == "whisper" and speaker.watches == listener.id and listener.role == "agent"
    if listener.in_booth:
        watched = conversation.parties.get(listener.watches)
        return watched is not None and (speaker.id == watched.id or heard(conversation, speaker, watched))
    return here == there or (here == MAIN and there != MAIN and there not in conversation.deaf)


def matrix(conversation: Conversation) -> dict[tuple[str, str], bool]:
    """(speaker, listener) -> heard, for every pair of different parties."""
    return {
        (speaker.id, listener.id): heard(conversation, speaker, listener)
        for speaker in conversation
        for listener in conversation
        if speaker.id != listener.id
    }


def audience(conversation: Conversation, party: Party) -> str:
    """Whose copy of the recording this voice belongs to just now: ``customer`` when it is his own or he hears it,
    else ``inside``; empty when nobody could hear it (with the music, or listening).
    """
    if place(conversation, party) == MUSIC or party.mode == "listen":
        return ""
    if party.role == "customer":
        return "customer"
    plain = replace(party, flags=party.flags - {"muted"})  # a mute is silence within a track, not its end
    return "customer" if any(heard(conversation, plain, c) for c in conversation.roles("customer")) else "inside"
