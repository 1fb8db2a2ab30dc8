"""From the wanted hearing to bridges, music and ears, and the order in which to change one into the other.

The rules of the file:

- A room is one bridge. Where hearing is not mutual there are *ears*: taps on a party, put into the bridge of those who
  are to hear. A side room has an ear on the voice of everybody in the main room. A lead's booth has one, on the agent
  he watches, that gets what that one says and hears, and may speak to him alone: with a second ear in the booth he
  would be told the others' voices twice. Nothing else can come back through an ear.
- Where a desk phone has put its call on hold, whoever is alone in a room has *company*: Asterisk lets no phone transfer
  that is alone in its bridge.
- A lead's booth keeps its ear while he listens and whispers: the change between the two is one mute.
- ``plan`` never lets anybody hear, on the way, what neither the old nor the new matrix allows: first voices are
  silenced and ears cut, then people leave, then they come, then they are let speak and ears are put on.
- A guest is with the music until the very step that takes him into a room, and it begins before he leaves one, where
  it drowns what is said: between two orders the switch may be killed, and he would have silence until it is back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dealerline.domain.conversation.model import MAIN, MUSIC, Conversation, place


@dataclass(frozen=True, slots=True)
class Ear:
    """A tap on the voice of party ``on``. ``hears``: and on what he hears; ``whisper``: what is said in the room of the
    ear speaks to him; ``company``: it is only there, and nobody hears it.
    """

    on: str
    whisper: bool = False
    hears: bool = False
    company: bool = False


NONE: frozenset[Ear] = frozenset()


@dataclass(frozen=True, slots=True)
class Layout:
    """``rooms``: bridge -> parties in it; ``ears``: bridge -> the ears in it; ``muted``: nobody hears them."""

    rooms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    music: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    ears: Mapping[str, frozenset[Ear]] = field(default_factory=dict)

    def room_of(self, party: str) -> str:
        """The bridge this party is in, or nothing."""
        return next((room for room, parties in self.rooms.items() if party in parties), "")

    def without(self, party: str) -> Layout:
        """The same after that party's channel ended by itself: the ears on it ended with it."""
        return Layout(
            {room: parties - {party} for room, parties in self.rooms.items()},
            self.music - {party},
            self.muted - {party},
            {room: frozenset(ear for ear in ears if ear.on != party) for room, ears in self.ears.items()},
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One order. ``verb``: make, drop (a room), silence, unsilence, leave, music, unmusic, join, ear, cut."""

    verb: str
    room: str = ""
    parties: tuple[str, ...] = ()
    ear: Ear | None = None


def wanted(conversation: Conversation) -> Layout:
    """The layout that makes this conversation's matrix true."""
    rooms: dict[str, set[str]] = {MAIN: set()}
    music: set[str] = set()
    for party in conversation:
        where = place(conversation, party)
        if where == MUSIC:
            music.add(party.id)
        else:
            rooms.setdefault(where, set()).add(party.id)
    muted = {p.id for p in conversation if "muted" in p.flags or p.mode == "listen"}
    ears = {room: _ears(conversation, room, rooms, music) for room in rooms if room != MAIN}
    for room, inside in rooms.items() if conversation.company else ():
        ears[room] = ears.get(room, NONE) | {Ear(p, company=True) for p in inside if len(inside) == 1}
    return Layout({r: frozenset(p) for r, p in rooms.items()}, frozenset(music), frozenset(muted), ears)


def _ears(conversation: Conversation, room: str, rooms: Mapping[str, set[str]], music: set[str]) -> frozenset[Ear]:
    """Whose voices come into that room from elsewhere."""
    if room in conversation.deaf:
        return NONE
    if not room.startswith("booth-"):
        return frozenset(Ear(party) for party in rooms[MAIN])
    watched = conversation.parties.get(conversation.parties[room.removeprefix("booth-")].watches)
    if watched is None or watched.id in music:  # on hold he is heard by nobody, and hears nobody
        return NONE
    return frozenset({Ear(watched.id, whisper=watched.role == "agent", hears=True)})


def plan(current: Layout, target: Layout) -> list[Command]:
    """The commands that change one into the other, in a safe order (see the rules above)."""
    everybody = {p for parties in target.rooms.values() for p in parties} | target.music
    was = {p: current.room_of(p) for p in everybody}
    goes = {p: target.room_of(p) for p in everybody}
    movers = [p for p in sorted(everybody) if goes[p] and goes[p] != was[p]]
    receiving = {goes[p] for p in movers}
    waiting = sorted(target.music - current.music)
    commands = [Command("make", room) for room in target.rooms if room not in current.rooms]
    commands += [Command("music", parties=(p,)) for p in waiting]
    commands += [Command("silence", parties=(p,)) for p in sorted(target.muted - current.muted)]
    commands += [Command("cut", room, ear=ear) for room, ear in _new(current.ears, target.ears)]
    commands += [Command("leave", was[p], (p,)) for p in waiting if was[p]]
    # Two who change rooms must not meet on the way.
    commands += [Command("leave", was[p], (p,)) for p in movers if was[p] in receiving]
    commands += [Command("unmusic", parties=(p,)) for p in sorted(everybody - target.music) if p in current.music]
    for room in sorted(receiving):
        commands.append(Command("join", room, tuple(p for p in movers if goes[p] == room)))
    commands += [Command("unsilence", parties=(p,)) for p in sorted((current.muted - target.muted) & everybody)]
    commands += [Command("ear", room, ear=ear) for room, ear in _new(target.ears, current.ears)]
    commands += [Command("drop", room) for room in current.rooms if room not in target.rooms]
    return commands


def _new(here: Mapping[str, frozenset[Ear]], there: Mapping[str, frozenset[Ear]]) -> list[tuple[str, Ear]]:
    """(bridge, ear) of the ears that are here and not there."""
    found = [(room, ear) for room, ears in here.items() for ear in ears - there.get(room, NONE)]
    return sorted(found, key=lambda pair: (pair[0], pair[1].on))
