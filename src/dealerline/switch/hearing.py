"""Makes the hearing matrix real: what a conversation wants to sound like becomes orders to the media engine.

Rules of the file. ``call.talk`` is what is wanted, ``call.layout`` what Asterisk was told; nothing else orders bridges,
mutes or ears for a conversation. Every change of ``call.talk`` goes through here and is followed at once, in the order
that ``domain.conversation.layout`` gives. An ear is a channel of its own: it comes into its bridge when it arrives, and
one that ends although it is wanted is made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from dealerline.domain import conversation as talk
from dealerline.domain.conversation import Command, Conversation, IllegalVerb, Layout, Party
from dealerline.switch.core import Core
from dealerline.switch.model import AgentLeg, Call, Refused

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

SOFT = -4  # that is -12 dB
LEVELS = ("normal", "soft", "off")  # how loud a side room hears the main one
EARS_LOST_AT_MOST = 500  # in one call: more than that is a fault, and a loop must end


class Hearing:
    """The conversations of all calls, as they sound."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._do: dict[str, Callable[[Call, Command], None]] = {
            "make": self._make,
            "drop": self._drop,
            "silence": lambda call, c: self.core.do(self.core.media.mute, c.parties[0], True),
            "unsilence": lambda call, c: self.core.do(self.core.media.mute, c.parties[0], False),
            "leave": lambda call, c: self.core.do(self.core.media.leave, call.bridge_of(c.room), c.parties[0]),
            "join": lambda call, c: self.core.do(self.core.media.join, call.bridge_of(c.room), list(c.parties)),
            "music": lambda call, c: self._music(call, c.parties[0]),
            "unmusic": lambda call, c: self._unmusic(call, c.parties[0]),
            "ear": self._ear,
            "cut": self._cut,
        }

    # what is wanted
    # ------------------------------------------------------------------------------------------------------------
    def begin(self, call: Call, *parties: Party) -> None:
        """A conversation starts. Its customer has waited with music; the main room may be there already."""
        rooms = {talk.MAIN: frozenset[str]()} if call.bridged else {}
        call.layout = Layout(rooms, frozenset({call.channel}) if call.channel else frozenset())
        call.talk = Conversation()
        for party in parties:
            call.talk = talk.join(call.talk, party)
        self.sync(call)

    def join(self, call: Call, party: Party) -> None:
        """Somebody comes in. Raises Refused."""
        self._become(call, lambda: talk.join(call.talk, party))
        self._watching(call)

    def verb(
        self, call: Call, verb: str, party: str, *, by: str = "", room: str = "", watches: str = "", sync: bool = True
    ) -> bool:
        """Do a verb of the table. Whether it changed anything. Raises Refused."""
        return self._become(
            call, lambda: talk.apply(call.talk, verb, party, by=by, room=room, watches=watches), sync=sync
        )

    def _become(self, call: Call, change: Callable[[], Conversation], sync: bool = True) -> bool:
        before = call.talk
        try:
            call.talk = change()
        except IllegalVerb as error:
            raise Refused(error.code) from error
        if call.talk is before:
            return False
        if sync:
            self.sync(call)
        return True

    def moves(self, call: Call, old: str, new: str, same: bool = False) -> None:
        """The same party speaks on another channel from now on; the old one is in no room any more. ``same``: it is
        muted, if it was.
        """
        self._without(call, old)
        call.talk = talk.rename(call.talk, old, new, same=same)
        if old in call.stood:
            call.stood[new] = call.stood.pop(old)
        for leg in call.others.values():
            if leg.watches == old:
                leg.watches = new
        self.sync(call)

    def leaves(self, call: Call, channel: str) -> None:
        """That party is out: it hung up, or is about to be hung up by us."""
        self._without(call, channel)
        call.talk = talk.leave(call.talk, channel)
        self._watching(call)
        self.sync(call)

    def lets_go(self, call: Call, channel: str) -> None:
        """That channel lives on outside of this conversation, which it is about to leave: in no room, not muted."""
        if room := call.layout.room_of(channel):
            self.core.do(self.core.media.leave, call.bridge_of(room), channel)
        if channel in call.layout.music:
            self.core.do(self.core.media.stop_music, channel)
        if channel in call.layout.muted:
            self.core.do(self.core.media.mute, channel, False)
        call.layout = call.layout.without(channel)

    def _watching(self, call: Call) -> None:
        """Leads watch another when theirs has gone, and an agent again when one comes."""
        for leg in call.others.values():
            if leg.role == "lead" and leg.channel in call.talk.parties:
                leg.watches = call.talk.parties[leg.channel].watches

    def _without(self, call: Call, channel: str) -> None:
        """Forget a party's place; the ears on it end with it."""
        call.layout = call.layout.without(channel)
        self.engine.tones.without(call, channel)
        for room, ear in [(room, ear) for room, ear in call.ears.values() if ear.on == channel]:
            self._cut(call, Command("cut", room, ear=ear))

    def sync(self, call: Call) -> None:
        """Make it sound as it is wanted."""
        target = talk.wanted(call.talk)
        call.soft &= set(call.talk.side_rooms)
        self.engine.ringback.about_to_change(call, target)
        for command in talk.plan(call.layout, target):
            self._do[command.verb](call, command)
        call.layout = target
        self.engine.ringback.changed(call)
        self.engine.recorder.sync(call)
        self.engine.tones.follow(call)
        self.core.touch(call)
        self.engine.remember(call)

    def over(self, call: Call) -> None:
        """The conversation has ended, or goes back to waiting: ears and rooms but the main one go, who is in is left
        to whoever ends it.
        """
        self.engine.tones.over(call)
        self.engine.rejoining.over(call)
        for channel in call.ears:
            if self.core.by_channel.pop(channel, None) is not None:
                self.core.do(self.core.media.hang_up, channel)
        call.ears = {}
        for room in call.layout.rooms:
            if room != talk.MAIN:
                self.core.do(self.core.media.drop_bridge, call.bridge_of(room))
        call.bridges, call.soft = {}, set()
        if call.channel in call.layout.muted and call.channel in self.core.by_channel:
            self.core.do(self.core.media.mute, call.channel, False)  # whoever has him next shall hear him
        call.talk, call.layout = Conversation(), Layout()

    # orders
    # -----------------------------------------------------------------------------------------------------------
    def _make(self, call: Call, command: Command) -> None:
        if command.room == talk.MAIN:
            call.bridged = True
        self.core.do(self.core.media.make_bridge, call.opens(command.room))

    def _drop(self, call: Call, command: Command) -> None:
        self.core.do(self.core.media.drop_bridge, call.bridge_of(command.room))
        call.bridges.pop(command.room, None)

    def _music(self, call: Call, party: str) -> None:
        if party == call.channel:
            self.engine.queueing.music(call)
            return
        store = self.core.lookup.stores.get(call.store)
        self.core.do(self.core.media.music, party, store.music if store else "")

    def _unmusic(self, call: Call, party: str) -> None:
        if party == call.channel:
            self.engine.queueing.stop_music(call)
        else:
            self.core.do(self.core.media.stop_music, party)

    def _ear(self, call: Call, command: Command) -> None:
        assert command.ear is not None
        call.legs += 1
        channel = f"{call.id}-e{call.legs}"
        call.ears[channel] = (command.room, command.ear)
        self.core.by_channel[channel] = (call, "ear")
        self.core.do(self.core.media.ear, channel, command.ear, ("ear", call.id, command.room))

    def _cut(self, call: Call, command: Command) -> None:
        found = (ch for ch, (room, ear) in call.ears.items() if (room, ear) == (command.room, command.ear))
        channel = next(found, "")
        call.ears.pop(channel, None)
        if self.core.by_channel.pop(channel, None) is not None:
            self.core.do(self.core.media.hang_up, channel)

    # ears
    # -----------------------------------------------------------------------------------------------------------
    def ear_arrived(self, call: Call, channel: str) -> None:
        """The ear is there: into its bridge."""
        room, ear = call.ears.get(channel, ("", None))
        if not room:
            self.core.by_channel.pop(channel, None)
            self.core.do(self.core.media.hang_up, channel)
        else:
            if ear is not None and ear.company:
                self.core.do(self.core.media.mute, channel, True)
            elif room in call.soft:
                self.core.do(self.core.media.volume, channel, SOFT)
            self.core.do(self.core.media.join, call.bridge_of(room), [channel])

    def ear_gone(self, call: Call, channel: str) -> None:
        """An ear ended by itself: with the party it was on (whose own end follows or has come), or it could not be
        made. One that is still wanted is made anew.
        """
        if channel not in call.ears:
            return
        room, ear = call.ears.pop(channel)
        ears = {name: found - {ear} if name == room else found for name, found in call.layout.ears.items()}
        call.layout = Layout(call.layout.rooms, call.layout.music, call.layout.muted, ears)
        call.ears_lost += 1
        log.info("an ear in %s of call %s ended by itself", room, call.id)
        if call.ears_lost <= EARS_LOST_AT_MOST:
            self.core.later(0.2, self._ear_again, call)

    def _ear_again(self, call: Call) -> None:
        if not call.ended and call.talk.parties:
            self.sync(call)

    # how loud
    # -----------------------------------------------------------------------------------------------------------
    def volume(self, call: Call, leg: AgentLeg, room: str, level: str, new: bool = False) -> None:
        """How loud a side room hears the main one; in a ``new`` one whoever made it says so. Raises Refused."""
        if level not in LEVELS:
            raise Refused("bad_message")
        before = self.level(call, room)
        there = [ear for ear, (where, made) in call.ears.items() if where == room and not made.company]
        verb = "main_off" if level == "off" else "main_on"
        self.verb(call, verb, leg.channel, by="" if new else leg.channel, room=room)
        (call.soft.add if level == "soft" else call.soft.discard)(room)
        if level == before:
            return
        for ear in [ear for ear in there if ear in call.ears]:
            self.core.do(self.core.media.volume, ear, SOFT if level == "soft" else 0)
        self.core.fact("room.volume", call, person=leg.person, agent=leg.person, room=room, level=level)
        self.core.touch(call)
        self.engine.remember(call)

    @staticmethod
    def level(call: Call, room: str) -> str:
        """How loud that side room hears the main one."""
        return "off" if room in call.talk.deaf else ("soft" if room in call.soft else "normal")

    # for whoever asks
    # -----------------------------------------------------------------------------------------------------------
    def party(self, call: Call, leg: AgentLeg, mode: str = "") -> Party:
        """A leg as the domain knows it."""
        if leg.role == "lead":
            return Party(leg.channel, "lead", mode=mode or leg.mode or "listen", watches=leg.watches)
        return Party(leg.channel, leg.role)
