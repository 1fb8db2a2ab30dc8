"""Conversations: from answer to end, with hold, mute, keys, an agent who is lost and comes back.

Rules of the file. Who hears whom is ``hearing``'s; here is when and why. The agent who has the call is ``call.leg``;
everybody else is in ``call.others`` and comes and goes by ``bringing`` and ``supervising``. A customer who is held, or
whose agent went away, hears music, never silence. When no sound comes from his browser any more (``pages``), or his
channel is gone without a hang-up, the agent is lost; he has ``agent_lost_seconds`` to come back before the customer
goes to the front of the queue. In a conversation of several the others go on without him.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dealerline.domain import ivr, presence
from dealerline.domain.conversation import MUSIC, Party, place
from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

SETTLE = 0.8  # how long after a browser's channel ended its socket must live for the end to have been meant
REJOIN_SECONDS = 12  # how long a page that is back may take to answer by itself
NORMAL = 16


class Talking:
    """The talk part of a call."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    # begin
    # --------------------------------------------------------------------------------------------------------------
    def agent_arrived(self, call: Call, channel: str) -> None:
        """The agent's phone was answered."""
        self.engine.queueing.answers(call, channel)
        leg = call.leg if call.leg is not None and call.leg.channel == channel else call.next_leg
        if leg is None or leg.channel != channel:
            self.core.do(self.core.media.hang_up, channel)
            return
        leg.answered = self.core.now
        if leg is call.next_leg and call.phase is Phase.PARKED:
            self.engine.parking.arrived(call, leg)
        elif leg is call.next_leg:
            self._swap(call, leg)
        elif call.phase is Phase.OFFERED:
            self.engine.queueing.answered(call, leg)
            if call.stands:
                self.engine.callbacks.taken(call, leg)
                return
            self.begin(call, leg)
            if call.flow is not None:
                self.engine.flows.step(call, ivr.QueueAnswered())
        elif call.phase is Phase.DIALLING:
            self.engine.outside.agent_ready(call, leg)
        elif call.phase is Phase.TEST:
            self.engine.outside.test_answered(call, leg)
        else:
            self.core.do(self.core.media.hang_up, channel)
        self.engine.remember(call)

    def begin(self, call: Call, leg: AgentLeg) -> None:
        """Customer and agent talk. ``leg`` is answered and is ``call.leg``."""
        self.core.go(call, Phase.TALKING)
        call.talk_started = self.core.now
        call.answered = call.answered or self.core.now
        self.label(call, leg)
        self.has_it(call, leg)
        parties = Party(call.channel, "customer"), Party(leg.channel, "agent")
        self.engine.hearing.begin(call, *parties)
        self.engine.recorder.start(call, leg)
        self.engine.callbacks.talks(call)
        self.engine.supervising.talk_began(call, leg.person)
        if leg.holds:  # he pressed it while it rang at the other side
            self.engine.deskphones.single(call, leg)

    def label(self, call: Call, leg: AgentLeg) -> None:
        """Give a leg the name by which pages and facts know it."""
        if not leg.label:
            call.labels += 1
            leg.label = f"p{call.labels}"

    def has_it(self, call: Call, leg: AgentLeg) -> None:
        """This agent talks from now on: the fact, and his state."""
        leg.joined = self.core.now
        call.person, call.returned = leg.person, None
        self.engine.rejoining.back(call, leg.person)
        self.core.fact("talk.started", call, person=leg.person, agent=leg.person, channel=leg.channel, party=leg.label)
        seat = self.core.seats.get(leg.person)
        if seat is not None:
            talks = seat.presence.state == "talking"  # on another call of his until now
            self.engine.agents.event(seat, presence.Turns(call.id) if talks else presence.Answer())

    # verbs
    # --------------------------------------------------------------------------------------------------------------
    def hold(self, call: Call, by: AgentLeg, party: str = "") -> None:
        """The customer (or ``party``, a channel) hears music, and nobody hears him. Raises Refused."""
        if call.phase not in SPEAKING:
            raise Refused("not_now")
        who = party or call.channel
        if not self.engine.hearing.verb(call, "hold", who, by=by.channel):
            raise Refused("not_now")
        if who != call.channel:
            self.core.fact("party.held", call, person=by.person, party=call.label_of(who), agent=by.person)
            return
        self.core.go(call, Phase.HELD)
        call.held_since, call.held_by = self.core.now, by.person
        self.core.fact("hold.started", call, person=by.person, agent=by.person)

    def unhold(self, call: Call, by: AgentLeg | None, party: str = "") -> None:
        """Together again. Raises Refused."""
        if call.phase not in SPEAKING:
            raise Refused("not_now")
        who = party or call.channel
        if not self.engine.hearing.verb(call, "unhold", who, by=by.channel if by is not None else ""):
            raise Refused("not_now")
        if who != call.channel:
            person = by.person if by is not None else 0
            self.core.fact("party.unheld", call, person=person, party=call.label_of(who), agent=person)
            return
        self.end_hold(call)
        self.core.go(call, Phase.TALKING)

    def end_hold(self, call: Call) -> None:
        """The fact that the customer is not on hold any more, if he was."""
        if call.held_since:
            self.core.fact(
                "hold.ended",
                call,
                person=call.held_by,
                agent=call.held_by,
                seconds=round(self.core.now - call.held_since, 3),
            )
            call.held_since = 0.0

    def mute(self, call: Call, by: AgentLeg, on: bool, party: str = "") -> None:
        """Nobody hears him (or ``party``, a channel, for the host), while on. Raises Refused."""
        if call.phase not in SPEAKING:
            raise Refused("not_now")
        who = party or by.channel
        if not self.engine.hearing.verb(call, "mute" if on else "unmute", who, by=by.channel):
            return
        leg = call.leg_on(who)
        if leg is not None and on:
            leg.silenced = who != by.channel
        # Whoever ends it, it ends as what it began as.
        if leg is not None and not leg.silenced:
            self.core.fact("mute.started" if on else "mute.ended", call, person=by.person, agent=leg.person)
        else:
            kind, label = "party.muted" if on else "party.unmuted", call.label_of(who)
            self.core.fact(kind, call, person=by.person, party=label, agent=by.person)
        if leg is not None and not on:
            leg.silenced = False
        self.engine.remember(call)

    def keys(self, call: Call, digits: str) -> None:
        """Tones to the other side: to the customer, and to whoever is there from outside. Raises Refused."""
        if not digits or len(digits) > 32 or any(d not in "0123456789*#" for d in digits):
            raise Refused("bad_digits")
        if call.phase not in SPEAKING or not call.channel:
            raise Refused("not_now")
        outside = [leg.channel for leg in call.speakers if leg.role == "outside"]
        if call.phase is Phase.HELD and not outside:
            raise Refused("not_now")
        for channel in outside if call.phase is Phase.HELD else [call.channel, *outside]:
            self.core.do(self.core.media.keys, channel, digits)
        self.core.fact("key.sent", call, person=call.person, agent=call.person, count=len(digits))

    def end_mute(self, call: Call, leg: AgentLeg | None) -> None:
        """The fact that somebody who goes is not muted any more, if he was."""
        party = call.talk.parties.get(leg.channel) if leg is not None else None
        if leg is None or party is None or "muted" not in party.flags:
            return
        if leg.silenced:
            self.core.fact("party.unmuted", call, person=leg.person, party=leg.label, agent=leg.person)
        else:
            self.core.fact("mute.ended", call, person=leg.person, agent=leg.person)
        leg.silenced = False

    # end
    # ----------------------------------------------------------------------------------------------------------------
    def finish(self, call: Call, reason: str) -> Seat | None:
        """The talk is over for all, for whatever reason: facts, recording, legs. Returns the seat of who had it."""
        self.end_hold(call)
        if call.lost_timer is not None:
            call.lost_timer.cancel()
            call.lost_timer = None
        self.engine.leaving.all_leave(call, reason)
        self.engine.recorder.stop_all(call)
        if call.leg is not None and call.leg.person != call.person:
            # His channel had just ended, and others had the call already, while it was not clear whether he meant to.
            self.leave(call, call.leg, reason, hearing=False)
        leg = call.leg
        self.end_mute(call, leg)
        if call.person:
            part = call.aside or leg
            self.talk_ended(call, call.person, reason, part.joined if part is not None else call.talk_started)
        if not self.engine.parking.gives_on(call, leg, reason):
            self.drop(call, leg)
        self.drop(call, call.next_leg)
        call.leg = call.next_leg = call.aside = None
        self.engine.hearing.over(call)
        seat = self.core.seats.get(call.person)
        return seat if seat is not None and seat.has(call) else None

    def talk_ended(self, call: Call, person: int, reason: str, since: float) -> None:
        """The fact that somebody's talk is over."""
        seconds = round(self.core.now - (since or call.talk_started), 3)
        self.core.fact("talk.ended", call, person=person, agent=person, reason=reason, seconds=seconds)

    def leave(self, call: Call, leg: AgentLeg, reason: str, hearing: bool = True) -> None:
        """One agent goes while the call goes on: his facts, his channel, his after-call work. Who has the call then is
        for ``leaving.settle`` to say. Without ``hearing`` the whole conversation is about to end anyway.
        """
        self.end_mute(call, leg)
        if call.recording is not None and call.recording.channel == leg.channel:
            self.engine.recorder.stop(call)
        self.talk_ended(call, leg.person, reason, leg.joined)
        if call.hand is not None and call.hand[0] == leg.person:
            self.engine.supervising.lower(call, leg.person)
        carried = self.engine.parking.gives_on(call, leg, reason)
        if hearing:
            self.engine.hearing.leaves(call, leg.channel)
        if not carried:
            self.drop(call, leg)
        call.others.pop(leg.channel, None)
        self.not_again(call, leg.person)
        if call.leg is leg:
            call.leg = None
        seat = self.core.seats.get(leg.person)
        if seat is None or seat.call is not call:
            return
        seat.call = call.copy_for(leg.person)
        self.core.touch(seat.call)
        if seat.presence.state != "talking":
            self.core.part(seat)
        elif reason in ("lost", "agent_lost"):
            self.core.part(seat)
            if seat.parked:
                self.engine.parking.falls_back(seat)
            else:
                self.engine.parking.all_lost(seat)
                self.engine.agents.event(seat, presence.TalkLost(), "device_lost")
        else:
            self.engine.agents.wrap(seat, self.wrap_seconds(call), "left")

    def drop(self, call: Call, leg: AgentLeg | None) -> None:
        """Hang up a channel, unless it is gone already."""
        if leg is None:
            return
        leg.quiet()
        self.engine.pages.forget(leg)
        self.engine.desklines.lets_go(leg)
        if self.core.by_channel.pop(leg.channel, None) is not None:
            self.core.do(self.core.media.hang_up, leg.channel)
        self.engine.desklines.partner_gone(call, leg.channel)

    def not_again(self, call: Call, person: int) -> None:
        """Whoever is out of a call is not rung for it any more, though his page was just loaded anew."""
        if call.next_leg is not None and call.next_leg.person == person:
            self.drop(call, call.next_leg)
            call.next_leg = None

    def wrap_seconds(self, call: Call) -> float:
        """How long after-call work lasts for this call."""
        queue = self.core.lookup.queues.get(call.queue)
        return float(queue.wrap_seconds) if queue is not None else 30.0

    # a lost agent
    # -------------------------------------------------------------------------------------------------------
    def leg_gone(self, call: Call, channel: str, cause: int) -> None:
        """An agent's channel ended by itself."""
        if call.next_leg is not None and call.next_leg.channel == channel:
            self._rejoin_failed(call, call.next_leg)
            return
        leg = call.rung.get(channel) or call.leg
        if leg is None or leg.channel != channel:
            return
        if call.phase is Phase.OFFERED:
            self.engine.queueing.leg_gone(call, leg, cause)
        elif call.phase in SPEAKING:
            self.talk_leg_gone(call, leg, cause)
        elif call.phase is Phase.DIALLING:
            self.engine.outside.dial_leg_gone(call, leg, cause)
        elif call.phase is Phase.TEST:
            self.engine.end(call, "agent", "test_over")
        elif call.phase is Phase.PARKED:  # the call it was on has ended, and he has not taken this one yet
            leg.quiet()
            call.leg = None
            self.engine.parking.watch(self.engine.agents.seat(call.person))
            self.engine.remember(call)

    def talk_leg_gone(self, call: Call, leg: AgentLeg, cause: int) -> None:
        """The channel of an agent in conversation is gone: did he hang up, or did his page die?"""
        seat = self.core.seats.get(leg.person)
        if cause == NORMAL and (seat is None or seat.device != "browser"):
            self.engine.leaving.goes(call, leg, "hung_up")
        elif cause == NORMAL and seat is not None and seat.desk is not None and call.next_leg is None:
            # A browser hangs up by command; a bare end may be the page's last breath. Its socket tells which.
            self.end_mute(call, leg)
            self.engine.hearing.leaves(call, leg.channel)
            leg.settle = self.core.later(SETTLE, self._settled, call, leg, seat.tab)
        else:
            self.lost(call, leg, "channel")

    def _settled(self, call: Call, leg: AgentLeg, tab: str) -> None:
        leg.settle = None
        if call.ended or leg not in call.legs_all:
            return
        seat = self.core.seats.get(leg.person)
        if seat is not None and seat.desk is not None and seat.tab == tab:
            self.engine.leaving.goes(call, leg, "hung_up")
        else:
            self.lost(call, leg, "channel")

    def lost(self, call: Call, leg: AgentLeg, what: str) -> None:
        """An agent is gone from the call. With others there they go on; else music for the customer, and a time to come
        back.
        """
        if call.phase not in SPEAKING or leg not in call.legs_all:
            return
        if leg is not call.leg or len(call.speakers) > 1 or self.engine.bringing.brings(call, leg.person):
            self.core.fact("agent.lost", call, person=leg.person, agent=leg.person, what=what)
            self.engine.leaving.goes(call, leg, "lost")
            return
        self.end_mute(call, leg)
        self.engine.recorder.stop(call)
        self.engine.hearing.leaves(call, leg.channel)
        self.drop(call, leg)
        call.leg = None
        self.reconnecting(call, what)

    def reconnecting(self, call: Call, what: str) -> None:
        """The only agent is away: the customer, with the music already, is told, and a clock runs."""
        self.end_hold(call)
        if call.phase is not Phase.RECONNECTING:
            self.core.go(call, Phase.RECONNECTING)
        if call.channel in call.talk.parties:
            self.engine.hearing.verb(call, "unhold", call.channel)
        seat = self.core.seats.get(call.person)
        self.core.fact("agent.lost", call, person=call.person, agent=call.person, what=what)
        customer = call.talk.parties.get(call.channel)
        alone = customer is None or place(call.talk, customer) == MUSIC  # unless a lead has barged in
        if call.queue and alone:
            self.engine.queueing.say(call, ("agent_lost.wait",))
        seconds = self.core.lookup.snapshot.agent_lost_seconds
        call.lost_timer = self.core.later(seconds, self._stayed_lost, call)
        self.engine.remember(call)
        if seat is not None:
            self.engine.pages.device_back(seat)

    def _stayed_lost(self, call: Call) -> None:
        call.lost_timer = None
        if call.phase is not Phase.RECONNECTING:
            return
        self.engine.parking.all_lost(self.engine.agents.seat(call.person))
        self.lost_for_good(call)

    def lost_for_good(self, call: Call) -> None:
        """Its agent does not come back: the customer goes to the front of the queue."""
        if call.queue not in self.core.lookup.queues:
            self.engine.end(call, "centre", "agent_lost")
            return
        seat = self.finish(call, "agent_lost")
        if seat is not None:
            was_on = seat.call is call
            self.core.forget(seat, call)
            if was_on:
                self.engine.agents.event(seat, presence.TalkLost(), "device_lost")
        self.engine.queueing.back(call, self.core.lookup.queues[call.queue], "agent_lost")

    # rung once more
    # ---------------------------------------------------------------------------------------------------
    def ring_again(self, call: Call, seat: Seat) -> None:
        """Ring somebody's phone once more who is in this call already."""
        call.next_leg = self.engine.queueing.ring_own(call, seat, REJOIN_SECONDS, self._rejoin_failed)

    def _rejoin_failed(self, call: Call, leg: AgentLeg) -> None:
        if call.next_leg is not leg:
            return
        self.drop(call, leg)
        call.next_leg = None
        old = call.leg_of(leg.person)
        if call.phase is Phase.PARKED:
            self.engine.parking.not_answered(call)
        elif call.phase in SPEAKING and old is not None:
            old.tab = leg.tab  # the old phone still carries the talk: leave it so

    def _swap(self, call: Call, leg: AgentLeg) -> None:
        """The new page answered: into the conversation with it, out with the old."""
        leg.quiet()
        call.next_leg = None
        old = call.leg_of(leg.person)
        if call.phase not in (*SPEAKING, Phase.RECONNECTING) or (old is None and call.person != leg.person):
            self.drop(call, leg)
            return
        if call.lost_timer is not None:
            call.lost_timer.cancel()
            call.lost_timer = None
        if call.phase is Phase.RECONNECTING:
            self.core.go(call, Phase.TALKING)
        if old is None or old is call.leg:
            call.leg = leg
        self._take_place(call, leg, old)
        self.core.fact("agent.back", call, person=leg.person, agent=leg.person, channel=leg.channel)
        self.core.touch(call)

    def _take_place(self, call: Call, leg: AgentLeg, old: AgentLeg | None) -> None:
        """The same person on a new channel: what he was, where he was; not muted any more."""
        if old is not None:
            for name in ("label", "joined", "role", "name", "number", "mode", "watches", "attempt"):
                setattr(leg, name, getattr(old, name))
            self.end_mute(call, old)
        self.label(call, leg)
        leg.joined = leg.joined or call.talk_started
        if old is not None and old.channel in call.others:
            del call.others[old.channel]
            call.others[leg.channel] = leg
            self.core.by_channel[leg.channel] = (call, "member")
        if old is not None and old.channel in call.talk.parties:
            self.engine.hearing.moves(call, old.channel, leg.channel)
        else:
            self.engine.hearing.join(call, self.engine.hearing.party(call, leg))
        if call.leg is leg:
            self.engine.recorder.start(call, leg)
        self.drop(call, old)
