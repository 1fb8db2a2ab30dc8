"""Shift leads at the calls of their stores: listen, whisper, barge in, take over; force states; answer raised hands.

Rules of the file. A lead may do this to people of the stores whose state he may see, with one of the roles of ``MAY``,
and to nobody else; every act is a fact. His own phone is rung and answers by itself; from then on what he is, is his
mode: a verb of the conversation. The customer's call does not depend on him: he may be lost at any moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation as talk
from dealerline.domain import presence
from dealerline.domain.conversation import IllegalVerb
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, TALKS, AgentLeg, Call, Phase, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

MAY = frozenset({"shift_lead", "store_manager", "group_manager", "administrator"})
MODES = ("listen", "whisper", "barge")
ANSWER_SECONDS = 15
NOTE = 200


class Supervising:
    """All leads at work."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def right_over(self, lead: int, person: int) -> None:
        """Raises Refused unless ``lead`` may supervise that person."""
        one, other = self.core.lookup.people.get(lead), self.core.lookup.people.get(person)
        if one is None or other is None or not MAY & set(one.roles) or other.store not in one.stores:
            raise Refused("forbidden")

    # coming
    # -------------------------------------------------------------------------------------------------------------
    def supervise(self, lead: Seat, person: int, mode: str, follow: bool) -> Call:
        """Go to the call of that person, or change how. Raises Refused."""
        if mode not in MODES:
            raise Refused("bad_message")
        self.right_over(lead.person, person)
        seat = self.core.seats.get(person)
        call = seat.call if seat is not None else None
        there = lead.call
        if there is not None and not there.ended:
            leg = there.leg_of(lead.person)
            if leg is None or leg.role != "lead" or there is not call:
                raise Refused("in_call")
            lead.follows = person if follow else 0
            self.change(there, leg, mode)
            return there
        watched = call.leg_of(person) if call is not None else None
        talks = (
            watched is not None
            and watched.role == "agent"
            and call is not None
            and watched.channel in call.talk.parties
        )
        if call is None or watched is None or call.phase not in SPEAKING or not talks:
            raise Refused("no_talk")
        if person == lead.person:
            raise Refused("oneself")
        if not self.core.media_here:
            raise Refused("media_away")
        if not self.engine.agents.reachable(lead):
            raise Refused("no_phone")
        if not self.engine.agents.can(lead, presence.Supervise("")):
            raise Refused("bad_state")
        self._check_room(call)
        lead.follows = person if follow else 0
        self._ring(call, lead, watched.channel, mode)
        return call

    def _check_room(self, call: Call) -> None:
        try:
            talk.may_join(call.talk)
        except IllegalVerb as error:
            raise Refused(error.code) from error

    def _ring(self, call: Call, lead: Seat, watches: str, mode: str) -> None:
        now = self.core.now
        call.legs += 1
        endpoint = self.engine.agents.endpoint(lead)
        seconds = self.engine.confirming.seconds(lead, ANSWER_SECONDS)
        leg = AgentLeg(
            f"{call.id}-l{call.legs}",
            lead.person,
            endpoint,
            now,
            now + seconds,
            auto=True,
            tab=lead.tab,
            role="lead",
        )
        leg.name, leg.mode, leg.watches = self.core.lookup.people[lead.person].name, mode, watches
        self.engine.talk.label(call, leg)
        lead.call = call
        self.engine.agents.event(lead, presence.Supervise(call.id))
        call.others[leg.channel] = leg
        self.core.by_channel[leg.channel] = (call, "member")
        self.core.do(self.core.media.ring, self.engine.queueing.leg_for(call, leg, lead))
        leg.timer = self.core.later(seconds, self.engine.bringing.failed, call, leg, "no_answer")
        self.core.touch(call)

    def arrived(self, call: Call, leg: AgentLeg) -> None:
        """The lead's phone is there."""
        watched = call.leg_on(leg.watches)
        if call.phase not in SPEAKING or watched is None or watched.channel not in call.talk.parties:
            self.over(call, leg, "call_ended")
            return
        leg.joined = self.core.now
        self.core.fact(
            "supervision.started",
            call,
            person=leg.person,
            agent=leg.person,
            mode=leg.mode,
            watched=watched.person,
            visible=self.core.lookup.snapshot.supervision_visible,
        )
        self.engine.hearing.join(call, self.engine.hearing.party(call, leg))

    # changing
    # -----------------------------------------------------------------------------------------------------------
    def change(self, call: Call, leg: AgentLeg, mode: str) -> None:
        """Listen, whisper or barge in. Raises Refused."""
        if leg.channel not in call.talk.parties:
            raise Refused("not_now")
        if mode == leg.mode:
            return
        self.engine.hearing.verb(call, mode, leg.channel, by=leg.channel)
        leg.mode = mode
        self.core.fact("supervision.changed", call, person=leg.person, agent=leg.person, mode=mode)

    def take_over(self, call: Call, leg: AgentLeg) -> None:
        """The lead has the call, the agent he watched is out. Raises Refused."""
        watched = call.leg_on(leg.watches)
        if call.phase not in SPEAKING or watched is None or leg.role != "lead" or watched.role != "agent":
            raise Refused("not_now")
        seat = self.core.seats.get(leg.person)
        try:
            after = talk.take_over(call.talk, leg.channel)
        except IllegalVerb as error:
            raise Refused(error.code) from error
        self.engine.talk.end_mute(call, leg)
        call.talk = after
        if seat is not None:
            seat.follows = 0
        self.core.fact("supervision.ended", call, person=leg.person, agent=leg.person, reason="took_over")
        self.core.fact("taken_over", call, person=leg.person, agent=leg.person, watched=watched.person)
        leg.role, leg.mode, leg.watches = "agent", "", ""
        self.engine.talk.has_it(call, leg)
        self.engine.hearing.sync(call)
        self.engine.notice(watched.person, texts.told("taken_over", leg.name))
        self.engine.talk.leave(call, watched, "taken_over")
        self.engine.leaving.promote(call, leg)
        if call.phase is Phase.HELD:
            self.engine.talk.unhold(call, None)
        self.engine.deskphones.all_hold(call)

    # going
    # --------------------------------------------------------------------------------------------------------------
    def left(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """The lead leaves a call that goes on."""
        seat = self.core.seats.get(leg.person)
        if seat is not None:
            seat.follows = 0
        self.engine.talk.end_mute(call, leg)
        self.engine.hearing.leaves(call, leg.channel)
        self.over(call, leg, reason)

    def call_parked(self, call: Call, leg: AgentLeg) -> None:
        """The agent goes to another call of his; one who follows him is rung for that."""
        self.engine.talk.end_mute(call, leg)
        self.engine.hearing.leaves(call, leg.channel)
        self.over(call, leg, "parked")

    def failed(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """His phone did not answer."""
        self.engine.notice(leg.person, texts.OUTCOMES["agent_no_answer"])
        self.over(call, leg, reason)

    def over(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """He is out of it: his channel, his state."""
        self.engine.talk.end_mute(call, leg)
        if leg.joined:
            self.core.fact("supervision.ended", call, person=leg.person, agent=leg.person, reason=reason)
        self.engine.talk.drop(call, leg)
        self.engine.talk.not_again(call, leg.person)
        call.others.pop(leg.channel, None)
        self.core.touch(call)
        self.engine.remember(call)
        seat = self.core.seats.get(leg.person)
        if seat is None or seat.call is not call:
            return
        self.core.part(seat)
        if seat.presence.state == "supervising":
            self.engine.agents.event(seat, presence.Release(reason))

    def talk_began(self, call: Call, person: int) -> None:
        """Leads who follow this agent come along."""
        for lead in list(self.core.seats.values()):
            if lead.follows != person or lead.call is not None:
                continue
            ready = self.engine.agents.reachable(lead) and self.engine.agents.can(lead, presence.Supervise(""))
            watched = call.leg_of(person)
            if ready and watched is not None:
                self._ring(call, lead, watched.channel, "listen")

    # forcing
    # ------------------------------------------------------------------------------------------------------------
    def force(self, lead: Seat, person: int, what: str, reason: str) -> None:
        """Set somebody's state. Raises Refused."""
        self.right_over(lead.person, person)
        seat = self.core.seats.get(person)
        if seat is None or not (seat.signed_in or seat.desk is not None):
            raise Refused("target_away")
        if what not in ("ready", "busy", "offline"):
            raise Refused("bad_message")
        if what == "ready" and seat.presence.state == "wrap":
            self.engine.agents.wrap_over(seat, "forced")
        self.engine.agents.wish(seat, what, reason, lead.person)
        self._forced(lead, seat, what)

    def force_hangup(self, lead: Seat, person: int) -> None:
        """End that person's call for everybody. Raises Refused."""
        self.right_over(lead.person, person)
        seat = self.core.seats.get(person)
        call = seat.call if seat is not None else None
        if seat is None or call is None or call.ended or call.phase not in (*TALKS - {Phase.PARKED}, Phase.DIALLING):
            raise Refused("no_talk")
        self._forced(lead, seat, "hangup")
        self.engine.end(call, "centre", "forced")

    def _forced(self, lead: Seat, seat: Seat, what: str) -> None:
        self.core.fact("agent.forced", person=lead.person, agent=seat.person, by=lead.person, what=what)
        name = self.core.lookup.people[lead.person].name
        self.engine.notice(seat.person, texts.told(f"forced_{what}", name))

    # hands
    # -------------------------------------------------------------------------------------------------------------
    def raise_hand(self, call: Call, person: int, note: str) -> None:
        """Ask the leads of the store for help."""
        call.hand = (person, note.strip()[:NOTE], self.core.now)
        self.core.fact("hand.raised", call, person=person, agent=person)
        self.core.touch(call)
        self.core.hands_changed()

    def lower(self, call: Call, by: int) -> None:
        """Help came, or is not needed any more."""
        if call.hand is None:
            return
        person, call.hand = call.hand[0], None
        self.core.fact("hand.lowered", call, person=by, agent=person, by=by)
        self.core.touch(call)
        self.core.hands_changed()

    def hands(self, stores: frozenset[int]) -> list[dict[str, Any]]:
        """The raised hands of these stores, for their leads."""
        found = []
        for call in self.core.calls.values():
            person = self.core.lookup.people.get(call.hand[0]) if call.hand is not None else None
            if call.hand is not None and person is not None and person.store in stores:
                found.append(
                    {
                        "person": person.id,
                        "name": person.name,
                        "call": call.id,
                        "note": call.hand[1],
                        "since": call.hand[2],
                    }
                )
        return found
