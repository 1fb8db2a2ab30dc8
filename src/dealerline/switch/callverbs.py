"""What somebody on a call may ask for at his desk: the commands of ``docs/reference/desk-protocol.md`` about calls.

Rules of the file. Each command finds the call by the person's seat, and the person's part in it; it refuses in words
or is done at once. Two people who act on one call at the same moment are two commands, one after the other: the second
finds the call as the first left it, and is told when that makes no sense any more. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation as talk
from dealerline.domain.conversation.transfer import Event as On
from dealerline.domain.conversation.transfer import State as At
from dealerline.switch import texts
from dealerline.switch.hearing import LEVELS
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

Message = dict[str, Any]
ROOMS = tuple(f"s{n}" for n in range(1, 10))


class CallVerbs:
    """Commands about the call one is on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.core = engine.core
        self.commands: dict[str, Callable[[Seat, Message], Message]] = {
            "refuse": self._refuse,
            "answer": self._answer,
            "hold": self._hold,
            "unhold": self._unhold,
            "mute": lambda seat, m: self._mute(seat, m, True),
            "unmute": lambda seat, m: self._mute(seat, m, False),
            "keys": self._keys,
            "hangup": self._hangup,
            "bring": self._bring,
            "complete": self._complete,
            "cancel": lambda seat, m: self._decide(seat, m, On.CANCEL),
            "three_way": self._three_way,
            "swap": self._swap,
            "take": self._take,
            "remove": self._remove,
            "aside": self._aside,
            "back": self._back,
            "room_volume": self._room_volume,
            "lock": lambda seat, m: self._lock(seat, m, True),
            "unlock": lambda seat, m: self._lock(seat, m, False),
            "host": self._host,
            "record_pause": self._record_pause,
            "record_resume": self._record_resume,
            "rejoin": self._rejoin,
            "take_over": self._take_over,
            "raise_hand": self._raise_hand,
        }

    # finding
    # ------------------------------------------------------------------------------------------------------------
    @staticmethod
    def call(seat: Seat, message: Message) -> Call:
        """The call this is about. Raises Refused when it is not the person's."""
        found = next((call for call in seat.calls if call.id == message.get("call")), None)
        if found is None:
            raise Refused("no_call")
        return found

    def _mine(self, seat: Seat, message: Message) -> tuple[Call, AgentLeg]:
        """His call and his part in the conversation. Raises Refused."""
        call = self.call(seat, message)
        leg = call.leg_of(seat.person)
        if call.ended:
            raise Refused("no_call")
        if leg is None or leg.channel not in call.talk.parties:
            raise Refused("not_now")
        return call, leg

    def _acts(self, seat: Seat, message: Message, barging: bool = True) -> tuple[Call, AgentLeg]:
        """The same for what is done to others. A lead who only watches does nothing to them, and one who has barged in
        (unless ``barging``) does not dispose of a call that another has. Raises Refused.
        """
        call, leg = self._mine(seat, message)
        if leg.role == "lead" and not (barging and leg.mode == "barge"):
            raise Refused("only_watching")
        return call, leg

    @staticmethod
    def _party(call: Call, label: object) -> str:
        """The channel of a party; nothing for none. Raises Refused when there is no such party in the conversation."""
        if label in (None, ""):
            return ""
        channel = call.labelled(str(label))
        if channel not in call.talk.parties:
            raise Refused("not_now")
        return channel

    # being rung
    # ----------------------------------------------------------------------------------------------------------
    def _ringing(self, seat: Seat, message: Message) -> tuple[Call, AgentLeg | None]:
        call = self.call(seat, message)
        leg = call.leg_of(seat.person)
        if call.phase is not Phase.OFFERED and (leg is None or leg.answered or call.ended):
            raise Refused("not_now")
        return call, leg

    def _refuse(self, seat: Seat, message: Message) -> Message:
        call, leg = self._ringing(seat, message)
        if call.phase is Phase.OFFERED:
            self.engine.queueing.refuse(call, seat)
        elif leg is not None:
            self.engine.bringing.refuse(call, leg)
        return {}

    def _answer(self, seat: Seat, message: Message) -> Message:
        """A desk phone answers by itself; nothing can be done for it from here but to say whether it still rings."""
        self._ringing(seat, message)
        return {}

    # hold, mute, keys, hang up
    # ----------------------------------------------------------------------------------------
    def _hold(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        self.engine.talk.hold(call, leg, self._party(call, message.get("party")))
        return {}

    def _unhold(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        party = self._party(call, message.get("party"))
        if leg.holds and (party in ("", call.channel) or leg.lines is not None):
            raise Refused("phone_holds")
        self.engine.talk.unhold(call, leg, party)
        return {}

    def _mute(self, seat: Seat, message: Message, on: bool) -> Message:
        call, leg = self._mine(seat, message)
        self.engine.talk.mute(call, leg, on, self._party(call, message.get("party")))
        return {}

    def _keys(self, seat: Seat, message: Message) -> Message:
        call, _ = self._acts(seat, message)
        self.engine.talk.keys(call, str(message.get("digits", "")))
        return {}

    def _hangup(self, seat: Seat, message: Message) -> Message:
        call = self.call(seat, message)
        leg = call.leg_of(seat.person)
        if call.ended:
            raise Refused("no_call")
        if call.phase is Phase.OFFERED:
            self.engine.queueing.refuse(call, seat)
        elif leg is not None and leg.channel in call.others and not leg.answered:
            self.engine.bringing.refuse(call, leg)
        elif leg is not None and leg.role == "lead":  # it is not his to end, though its agent may be away just now
            self.engine.leaving.goes(call, leg, "hung_up")
        elif leg is None or call.phase not in SPEAKING | {Phase.FORWARDING}:
            self.engine.end(call, "agent", "cancelled" if call.phase is Phase.DIALLING else "hung_up")
        elif message.get("all") is True:
            if leg.channel != call.talk.host:
                raise Refused("not_host")
            self.engine.end(call, "agent", "hung_up")
        else:
            self.engine.leaving.goes(call, leg, "hung_up")
        return {}

    # bringing people in
    # ----------------------------------------------------------------------------------------------
    def _bring(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message, barging=message.get("how") == "invite")
        target = message.get("target")
        if not isinstance(target, dict):
            raise Refused("bad_message")
        return {"party": self.engine.bringing.bring(call, leg, str(message.get("how", "")), target)}

    def _decide(self, seat: Seat, message: Message, event: On) -> Message:
        call = self.call(seat, message)
        if call.ended and call.origin is not None:  # he is out already and takes his blind transfer back
            raise Refused("not_now")
        call, leg = self._acts(seat, message)
        self.engine.bringing.decide(call, leg, event, str(message.get("party") or ""))
        return {}

    def _complete(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message, barging=False)
        if self.engine.bringing.brings(call, leg.person):
            self.engine.bringing.decide(call, leg, On.COMPLETE)
        elif len(call.speakers) > 1:
            self.engine.leaving.goes(call, leg, "transferred")
        else:
            raise Refused("not_now")
        return {}

    def _three_way(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        if leg.holds:
            raise Refused("phone_holds")
        if self.engine.bringing.brings(call, leg.person):
            self.engine.bringing.decide(call, leg, On.JOIN)
            return {}
        held = [p.id for p in call.talk if "held" in p.flags]
        if not held:
            raise Refused("not_now")
        for party in held:
            self.engine.talk.unhold(call, leg, party)
        return {}

    def _swap(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message, barging=False)
        partner = next(
            (a for a in self.engine.bringing.attempts(call) if a.attempt and a.attempt.state is At.CONSULTING), None
        )
        if partner is None and seat.parked:
            self.engine.parking.take(seat, seat.parked[-1])
            return {}
        if partner is None or partner.channel not in call.talk.parties:
            raise Refused("not_now")
        if leg.holds:
            raise Refused("phone_holds")
        if call.phase is Phase.HELD:
            self.engine.talk.hold(call, leg, partner.channel)
            self.engine.talk.unhold(call, leg)
        else:
            self.engine.talk.hold(call, leg)
            if "held" in call.talk.parties[partner.channel].flags:
                self.engine.talk.unhold(call, leg, partner.channel)
        return {}

    def _take(self, seat: Seat, message: Message) -> Message:
        """Another of his calls."""
        self.engine.parking.take(seat, self.call(seat, message))
        return {}

    # the host
    # --------------------------------------------------------------------------------------------------------
    def _host_of(self, seat: Seat, message: Message) -> tuple[Call, AgentLeg]:
        call, leg = self._mine(seat, message)
        if call.talk.host != leg.channel:
            raise Refused("not_host")
        return call, leg

    def _remove(self, seat: Seat, message: Message) -> Message:
        call, leg = self._host_of(seat, message)
        label = str(message.get("party", ""))
        other = call.leg_on(call.labelled(label))
        if other is None or other is leg or label == "customer":
            raise Refused("not_now")
        if not other.answered:
            self.engine.bringing.decide(call, leg, On.CANCEL, label)
            return {}
        if other.person:
            self.engine.notice(other.person, texts.told("removed", self.core.lookup.people[seat.person].name))
        self.engine.leaving.goes(call, other, "removed")
        return {}

    def _lock(self, seat: Seat, message: Message, on: bool) -> Message:
        call, leg = self._mine(seat, message)
        if self.engine.hearing.verb(call, "lock" if on else "unlock", leg.channel, by=leg.channel):
            kind = "conference.locked" if on else "conference.unlocked"
            self.core.fact(kind, call, person=seat.person, agent=seat.person)
        return {}

    def _host(self, seat: Seat, message: Message) -> Message:
        call, leg = self._mine(seat, message)
        party = self._party(call, message.get("party"))
        if self.engine.hearing.verb(call, "host", party, by=leg.channel):
            self.core.fact("host.changed", call, person=seat.person, party=call.label_of(party), agent=seat.person)
        return {}

    # side rooms
    # ------------------------------------------------------------------------------------------------------
    def _aside(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        room = str(message.get("room") or "") or next((r for r in ROOMS if r not in call.talk.side_rooms), "")
        labels = message.get("parties")
        level = message.get("main") or ""
        if room not in ROOMS or not isinstance(labels, list) or not labels:
            raise Refused("bad_message")
        if level and (level not in LEVELS or room in call.talk.side_rooms):
            raise Refused("bad_message")
        parties = [self._party(call, label) for label in labels]
        # Agents first: a guest does not stay in a side room without one.
        parties.sort(key=lambda p: call.talk.parties[p].role != "agent" if p in call.talk.parties else True)
        self._move(call, leg, "aside", parties, room)
        if level and room in call.talk.side_rooms:
            self.engine.hearing.volume(call, leg, room, level, new=True)
        return {"room": room}

    def _room_volume(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        self.engine.hearing.volume(call, leg, str(message.get("room") or ""), str(message.get("level") or ""))
        return {}

    def _back(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        labels = message.get("parties") or []
        if not isinstance(labels, list):
            raise Refused("bad_message")
        own = call.talk.parties[leg.channel].room
        parties = [self._party(call, label) for label in labels]
        if not parties and own != talk.MAIN:
            parties = [p.id for p in call.talk if p.room == own]
        if not parties:
            raise Refused("not_now")
        parties.sort(key=lambda p: call.talk.parties[p].role == "agent" if p in call.talk.parties else True)
        self._move(call, leg, "back", parties)
        return {}

    def _move(self, call: Call, leg: AgentLeg, verb: str, parties: list[str], room: str = "") -> None:
        """All or none: a move that one of them may not make is not begun."""
        after = call.talk
        try:
            for party in parties:
                after = talk.apply(after, verb, party, by=leg.channel, room=room)
        except talk.IllegalVerb as error:
            raise Refused(error.code) from error
        before, call.talk = call.talk, after
        for moved in after:
            if before.parties[moved.id].room != moved.room:
                label = call.label_of(moved.id)
                self.core.fact("room.entered", call, person=leg.person, party=label, room=moved.room, agent=leg.person)
        self.engine.hearing.sync(call)

    # recording, lead, hand
    # -------------------------------------------------------------------------------------------
    def _record_pause(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        self.engine.recorder.pause(call, leg.person)
        self.engine.remember(call)
        return {}

    def _record_resume(self, seat: Seat, message: Message) -> Message:
        call, leg = self._acts(seat, message)
        self.engine.recorder.resume(call, leg.person)
        self.engine.remember(call)
        return {}

    def _rejoin(self, seat: Seat, message: Message) -> Message:
        self.engine.rejoining.rejoin(seat, str(message.get("call", "")))
        return {}

    def _take_over(self, seat: Seat, message: Message) -> Message:
        call, leg = self._mine(seat, message)
        self.engine.supervising.take_over(call, leg)
        return {}

    def _raise_hand(self, seat: Seat, message: Message) -> Message:
        call, leg = self._mine(seat, message)
        self.engine.supervising.raise_hand(call, leg.person, str(message.get("note") or ""))
        return {}
