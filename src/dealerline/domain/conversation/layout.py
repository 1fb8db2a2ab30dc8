"""From the wanted hearing to bridges, music and ears, and the order in which to change one into the other.

The rules of the file:

- A room is one bridge. Where hearing is not mutual there is an *ear*: a tap on one party that hears what he says and
  what he hears, put into the bridge of those who are to hear it. So a side room hears the main room, and a lead the
  agent he watches; nothing can come back through an ear, but that a booth's ear may speak to the one it is on.
- A lead's booth keeps its ear while he listens and whispers: the change between the two is one mute.
- ``plan`` never lets anybody hear, on the way, what neither the old nor the new matrix allows: first voices are
  silenced and ears cut, then people leave, then they come, then they are let speak and ears are put on.
- A guest is with the music until the very step that takes him into a room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dealerline.domain.conversation.model import MAIN, MUSIC, Conversation, place

PREFERRED = {"agent": 0, "outside": 1, "lead": 2, "customer": 3}  # on whom an ear is put, when there is a choice


@dataclass(frozen=True, slots=True)
class Ear:
    """A tap on party ``on``; ``whisper``: what is said in its room speaks to him."""

    on: str
    whisper: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """``rooms``: bridge -> parties in it; ``ears``: bridge -> the ear in it; ``muted``: nobody hears them."""

    rooms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    music: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    ears: Mapping[str, Ear] = field(default_factory=dict)

    def room_of(self, party: str) -> str:
        """The bridge this party is in, or nothing."""
        return next((room for room, parties in self.rooms.items() if party in parties), "")

    def without(self, party: str) -> Layout:
        """The same after that party's channel ended by itself: the ears on it ended with it."""
        return Layout(
            {room: parties - {party} for room, parties in self.rooms.items()},
            self.music - {party},
            self.muted - {party},
            {room: ear for room, ear in self.ears.items() if ear.on != party},
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One order. ``verb``: make, drop (a room), silence, unsilence, leave, music, unmusic, join, ear, cut."""

    verb: str
    room: str = ""
    parties: tuple[str, ...] = ()
    ear: Ear | None = None


def wanted(conversation: Conversation, current: Layout) -> Layout:
    """The layout that makes this conversation's matrix true. What can stay as it is in ``current``, stays."""
    rooms: dict[str, set[str]] = {MAIN: set()}
    music: set[str] = set()
    for party in conversation:
        where = place(conversation, party)
        if where == MUSIC:
            music.add(party.id)
        else:
            rooms.setdefault(where, set()).add(party.id)
    muted = {p.id for p in conversation if "muted" in p.flags or p.mode == "listen"}
    ears: dict[str, Ear] = {}
    for room in rooms:  # once it is known who is with the music
        if room.startswith("booth-"):
            lead = conversation.parties[room.removeprefix("booth-")]
            if lead.watches in conversation.parties and lead.watches not in music:  # on hold he is heard by nobody
                ears[room] = Ear(lead.watches, whisper=conversation.parties[lead.watches].role == "agent")
        elif room != MAIN and rooms[MAIN]:
            before = current.ears.get(room)
            kept = before.on if before is not None and before.on in rooms[MAIN] else ""
            ears[room] = Ear(kept or min(rooms[MAIN], key=lambda p: _preference(conversation, p)))
    return Layout({r: frozenset(p) for r, p in rooms.items()}, frozenset(music), frozenset(muted), ears)


def _preference(conversation: Conversation, party: str) -> tuple[int, int]:
    return PREFERRED[conversation.parties[party].role], list(conversation.parties).index(party)


def plan(current: Layout, target: Layout) -> list[Command]:
    """The commands that change one into the other, in a safe order (see the rules above)."""
    everybody = {p for parties in target.rooms.values() for p in parties} | target.music
    was = {p: current.room_of(p) for p in everybody}
    goes = {p: target.room_of(p) for p in everybody}
    movers = [p for p in sorted(everybody) if goes[p] and goes[p] != was[p]]
    receiving = {goes[p] for p in movers}
    commands = [Command("make", room) for room in target.rooms if room not in current.rooms]
    commands += [Command("silence", parties=(p,)) for p in sorted(target.muted - current.muted)]
    commands += [Command("cut", room) for room, ear in current.ears.items() if target.ears.get(room) != ear]
    for p in sorted(target.music - current.music):
        if was[p]:
            commands.append(Command("leave", was[p], (p,)))
        commands.append(Command("music", parties=(p,)))
    # Two who change rooms must not meet on the way.
    commands += [Command("leave", was[p], (p,)) for p in movers if was[p] in receiving]
    commands += [Command("unmusic", parties=(p,)) for p in movers if p in current.music]
    for room in sorted(receiving):
        commands.append(Command("join", room, tuple(p for p in movers if goes[p] == room)))
    commands += [Command("unsilence", parties=(p,)) for p in sorted((current.muted - target.muted) & everybody)]
    commands += [Command("ear", room, ear=ear) for room, ear in target.ears.items() if current.ears.get(room) != ear]
    commands += [Command("drop", room) for room in current.rooms if room not in target.rooms]
    return commands
