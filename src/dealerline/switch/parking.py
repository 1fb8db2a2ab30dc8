"""Several calls of one person: one he is on, the others parked with music, and his way from one to another.

Rules of the file. ``seat.call`` is the call he is on, ``seat.parked`` are the others; every one of them is in the phase
``parked``, which is the customer alone with the music. A person's phone has one channel, and it goes with him from call
to call: it belongs to one call at every moment. So a parked call needs its person and not his phone. When the call he
is on ends, the one he parked last is in its place, parked still, with his phone in it, silent: whether he takes it is
for him to say. He is free for nobody before the last has ended; then comes after-call work, once, for all of them.
Whoever cannot take his parked calls for ``agent_lost_seconds`` loses them as he would lose the one he is on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import presence
from dealerline.domain.conversation import Party
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine


class Parking:
    """Who has more than one call."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    # going from call to call
    # ------------------------------------------------------------------------------------------------
    def may_leave(self, seat: Seat) -> None:
        """Raises Refused unless the call he is on, if any, can be parked now."""
        call = seat.call
        if call is not None and call.leg is not None and call.leg.holds:
            raise Refused("phone_holds")
        if call is None or call.phase is Phase.PARKED:
            return
        leg = call.leg
        if call.phase not in SPEAKING or leg is None or leg.person != seat.person or call.next_leg is not None:
            raise Refused("in_call")
        if leg.channel not in call.talk.parties or call.channel not in call.talk.parties:
            raise Refused("not_now")
        if self.engine.bringing.attempts(call):
            raise Refused("attempt_running")
        if any(p.id not in (leg.channel, call.channel) and not p.in_booth for p in call.talk):
            raise Refused("not_alone")

    def may_add(self, seat: Seat) -> None:
        """Raises Refused unless he may have one call more."""
        self.may_leave(seat)
        if seat.call is not None and len(seat.parked) + 1 >= self.core.lookup.snapshot.calls_per_desk:
            raise Refused("too_many_calls")

    def leave(self, seat: Seat) -> AgentLeg | None:
        """Park the call he is on. Returns his phone, which waits in no call for the next one, if it is there. The one
        who asks has looked whether it may be, and puts another call in its place.
        """
        call = seat.call
        assert call is not None
        phone = self._phone(seat, call)
        if call.phase is Phase.PARKED:
            self.engine.talk.drop(call, call.next_leg)
            call.next_leg = None
            if phone is None:
                self.engine.talk.drop(call, call.leg)
        elif call.leg is not None:
            self._park(call, call.leg)
        call.leg = None
        seat.parked.append(call)
        seat.call = None
        self.core.touch(call)
        self.engine.remember(call)
        return phone

    def _phone(self, seat: Seat, call: Call) -> AgentLeg | None:
        """His phone, if it is on this call and will do; in a call that nobody talks on, one of an old page will not."""
        leg = call.leg
        if leg is None or not leg.answered or leg.channel not in self.core.by_channel:
            return None
        old = call.phase is Phase.PARKED and seat.device == "browser" and leg.tab != seat.tab
        return None if old else leg

    def _park(self, call: Call, leg: AgentLeg) -> None:
        for lead in [each for each in call.others.values() if each.role == "lead"]:
            self.engine.supervising.call_parked(call, lead)
        if not call.held_since:
            call.held_since, call.held_by = self.core.now, leg.person
            self.core.fact("hold.started", call, person=leg.person, agent=leg.person)
        self.engine.talk.end_mute(call, leg)
        self.engine.recorder.stop(call)
        self.core.go(call, Phase.PARKED)
        self.engine.hearing.lets_go(call, leg.channel)
        self.engine.hearing.leaves(call, leg.channel)
        self.engine.hearing.verb(call, "unhold", call.channel)  # with the music he is all the same
        call.aside = leg

    def carry(self, phone: AgentLeg, call: Call) -> AgentLeg:
        """The same phone on another call. It hears nothing there until somebody joins it."""
        phone.quiet()
        now = self.core.now
        leg = AgentLeg(phone.channel, phone.person, phone.endpoint, now, now, auto=True, answered=now, tab=phone.tab)
        leg.joined, leg.holds = now, phone.holds
        call.leg = leg
        self.core.by_channel[leg.channel] = (call, "agent")
        # The next switch must not take it for one that rings for the call it was made for.
        self.core.do(self.core.media.remember, leg.channel, {"DL_CALL": call.id})
        return leg

    def take(self, seat: Seat, call: Call) -> None:
        """Talk on a parked call; the one he is on is parked, a number that still rings is given up. Raises Refused."""
        if call.ended or call.phase is not Phase.PARKED or call.next_leg is not None:
            raise Refused("not_now")
        if not self.core.media_here:
            raise Refused("media_away")
        if seat.call is not None and seat.call.phase is Phase.DIALLING:
            self.engine.end(seat.call, "agent", "cancelled")
        self.may_leave(seat)
        if seat.call is None or (self._phone(seat, seat.call) is None and not self.engine.agents.reachable(seat)):
            raise Refused("no_phone")
        phone = self.leave(seat)
        seat.parked.remove(call)
        seat.call = call
        self.engine.agents.event(seat, presence.Turns(call.id))
        if phone is None:
            self.engine.talk.ring_again(call, seat)
        else:
            self._talk(call, self.carry(phone, call))

    def arrived(self, call: Call, leg: AgentLeg) -> None:
        """His phone was rung for a parked call that he takes, and answered."""
        leg.quiet()
        call.next_leg = None
        self.engine.talk.drop(call, call.leg)
        call.leg = leg
        self._talk(call, leg)

    def _talk(self, call: Call, leg: AgentLeg) -> None:
        self.engine.talk.end_hold(call)
        self.core.go(call, Phase.TALKING)
        if call.aside is not None:
            leg.label, leg.joined = call.aside.label, call.aside.joined
            call.aside = None
        self.engine.talk.label(call, leg)
        leg.joined = leg.joined or call.talk_started
        self.engine.hearing.join(call, Party(leg.channel, "agent"))
        self.engine.recorder.start(call, leg)
        self.engine.supervising.talk_began(call, leg.person)
        self.engine.remember(call)

    # one of them is over
    # -----------------------------------------------------------------------------------------------------
    def gives_on(self, call: Call, leg: AgentLeg | None, reason: str) -> bool:
        """The call is over for him: his phone, if it lives, goes to the parked call that takes its place."""
        seat = self.core.seats.get(leg.person) if leg is not None else None
        if leg is None or seat is None or seat.call is not call or not seat.parked:
            return False
        lives = leg.answered and leg.channel in self.core.by_channel and reason not in ("lost", "agent_lost")
        if not lives or (seat.device == "browser" and leg.tab != seat.tab):
            return False
        self.engine.hearing.lets_go(call, leg.channel)
        self.engine.desklines.lets_go(leg)
        self.carry(leg, seat.parked[-1])
        return True

    def falls_back(self, seat: Seat) -> None:
        """He has left the call he was on, and is in none: the one he parked last, or the after-call work of those that
        have ended.
        """
        if seat.parked:
            seat.call = seat.parked.pop()
            self.core.touch(seat.call)
            self.engine.remember(seat.call)
            self.engine.agents.event(seat, presence.Turns(seat.call.id))
            self.watch(seat)
        elif seat.done:
            seat.call = seat.done.pop()
            self.engine.agents.wrap(seat, seat.wrap_seconds, "call_ended")
        else:
            self.engine.agents.event(seat, presence.Ended(None))

    def put_by(self, seat: Seat, call: Call, seconds: float) -> None:
        """One of his calls has ended while he has others: its record stays on his desk, and its after-call work comes
        with that of the last.
        """
        self.engine.agents.handled(call)
        if seconds > 0:
            seat.leaves(call)
            seat.done.append(call)
            seat.wrap_seconds = max(seat.wrap_seconds, seconds)
            self.core.touch(call)
        else:
            self.core.forget(seat, call)
        if seat.call is None:
            self.falls_back(seat)

    # whoever cannot take his calls
    # -------------------------------------------------------------------------------------------
    def _helpless(self, seat: Seat) -> bool:
        on = seat.call
        if not seat.parked and (on is None or on.phase is not Phase.PARKED):
            return False
        speaks = on is not None and on.phase is not Phase.PARKED
        return seat.desk is None or not (speaks or self.engine.agents.reachable(seat))

    def watch(self, seat: Seat) -> None:
        """His page or phone came or went, or a call of his did: does a clock run for those who wait for him?"""
        if not self._helpless(seat):
            if seat.parked_timer is not None:
                seat.parked_timer.cancel()
                seat.parked_timer = None
        elif seat.parked_timer is None:
            seconds = self.core.lookup.snapshot.agent_lost_seconds
            seat.parked_timer = self.core.later(seconds, self._stayed_helpless, seat)

    def _stayed_helpless(self, seat: Seat) -> None:
        seat.parked_timer = None
        if not self._helpless(seat):
            return
        self.all_lost(seat)
        if seat.call is not None and seat.call.phase is Phase.PARKED:
            self._lost(seat.call)

    def all_lost(self, seat: Seat) -> None:
        """He is gone from the calls he parked, and from their after-call work."""
        for call in list(seat.parked):
            self._lost(call)
        for call in list(seat.done):
            self.core.forget(seat, call)

    def _lost(self, call: Call) -> None:
        self.core.fact("agent.lost", call, person=call.person, agent=call.person, what="page")
        self.engine.talk.lost_for_good(call)

    def page_back(self, seat: Seat, moved: bool) -> None:
        """A page of his is there. What the old one still carries of a call that nobody talks on is hung up."""
        if moved and seat.call is not None and seat.call.phase is Phase.PARKED:
            self.engine.talk.drop(seat.call, seat.call.leg)
            seat.call.leg = None
        for call in seat.calls:
            self.core.touch(call)
        self.watch(seat)

    # after a restart
    # ---------------------------------------------------------------------------------------------------------
    def found(self, call: Call) -> None:
        """A call that was parked, or whose person is found on another one."""
        if call.phase is not Phase.PARKED:
            call.phase = Phase.PARKED
            if not call.held_since:
                call.held_since, call.held_by = self.core.now, call.person
                self.core.fact("hold.started", call, person=call.person, agent=call.person)
        seat = self.engine.agents.seat(call.person)
        self.engine.agents.wrap_over(seat, "resumed")
        if not seat.has(call):
            seat.parked.append(call)
            seat.parked.sort(key=lambda each: each.held_since)
        if seat.presence.state in ("offline", "ready", "busy", "away"):
            since = call.talk_started or self.core.now
            self.engine.agents.event(seat, presence.Resume("talking", call.id, since))
        seat.lost = seat.desk is None
        self.engine.hearing.sync(call)

    def all_found(self) -> None:
        """Every call is taken up: whoever is on none is on the one he parked last."""
        for seat in self.core.seats.values():
            if seat.parked and (seat.call is None or seat.call.ended):
                with_phone = next((call for call in seat.parked if call.leg is not None), seat.parked[-1])
                seat.parked.remove(with_phone)
                seat.parked.append(with_phone)
                self.falls_back(seat)
            self.watch(seat)
            for call in seat.calls:  # of a call that goes on without him he has a copy
                live = self.core.calls.get(call.id)
                if call.ended and call.origin is None and live is not call:
                    call.origin = live
            if seat.done and seat.presence.state not in ("talking", "wrap"):
                self._only_done(seat)

    def _only_done(self, seat: Seat) -> None:
        """All of his calls have ended, the last one while nobody watched: the after-call work that was put by."""
        call = seat.call = seat.done.pop()
        seconds, seat.wrap_seconds = max(seat.wrap_seconds, 1.0), 0.0
        call.wrap_until = until = self.core.now + seconds
        self.core.fact("wrap.started", call, person=seat.person, agent=seat.person, until=round(until, 3))
        self.engine.agents.event(seat, presence.Resume("wrap", call.id, self.core.now, until))
        seat.wrap_timer = self.core.later(seconds, self.engine.agents.wrap_over, seat, "timeout")
        self.core.touch(call)

    def not_answered(self, call: Call) -> None:
        """His phone was rung for a parked call that he wanted to take, and did not answer."""
        self.engine.notice(call.person, texts.OUTCOMES["agent_no_answer"], "warning")
        self.core.touch(call)
