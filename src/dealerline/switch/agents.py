"""People at their desks: who is signed in, on what, in which state, and whether a call may be offered to them.

Rules of the file. A person's state changes only by ``event``, through the domain's table; every change is a fact, and
the router hears of it in the same step. Nobody is offered a call whose phone could not ring: a browser must have said
that its softphone is registered and its microphone works, and Asterisk must be able to reach the endpoint. A page
that goes away is given ``GRACE`` seconds to come back (a reload) before its person is signed out; meanwhile nothing
is offered to him. A page that is not heard of, or says that nobody is there, is ``watching``'s matter; breaks that a
lead has to consent to are ``consents``'.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dealerline.domain import consent, presence
from dealerline.switch.core import Core
from dealerline.switch.model import Call, Phase, Refused, Seat
from dealerline.switch.ports import Desk
from dealerline.switch.texts import CAUSES

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

GRACE = 8.0
WORK = ("talking", "wrap", "outbound")  # what counts as work for the strategy that rings whoever had least of it
TAKES_CALLS = frozenset({"ready", "away"})  # his phone has to be there
RING_GRACE = 1.5  # a page that goes away while it rings


class Agents:
    """All seats."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def seat(self, person: int) -> Seat:
        """The seat of a person, made when there is none."""
        found = self.core.seats.get(person)
        if found is None:
            found = self.core.seats[person] = Seat(person, presence.Agent(person))
        return found

    def endpoint(self, seat: Seat) -> str:
        """The SIP endpoint that rings for him."""
        known = self.core.lookup.people.get(seat.person)
        if seat.device == "phone" and known is not None and known.phone:
            return f"phone-{known.phone}"
        if seat.device == "outside" and known is not None:
            return self.engine.confirming.endpoint(known)
        return f"agent-{seat.person}"

    def reachable(self, seat: Seat) -> bool:
        """Whether his phone can ring just now."""
        if seat.device == "outside":  # of a telephone outside nobody can say so before it rings
            return bool(self.endpoint(seat))
        if self.endpoint(seat) not in self.core.online:
            return False
        return seat.device == "phone" or (seat.registered and seat.microphone == "ok")

    def usable(self, seat: Seat) -> bool:
        """Whether a call may be offered to him, if he is ready."""
        return (
            seat.desk is not None
            and seat.call is None
            and self.core.media_here
            and self.reachable(seat)
            and not self.engine.watching.late(seat)
            and seat.person in self.core.lookup.people
        )

    # states
    # -------------------------------------------------------------------------------------------------------------
    def event(self, seat: Seat, event: object, text: str = "") -> None:
        """Change a person's state by the domain's table. ``text``: a key of CAUSES when it is not his own wish."""
        old = seat.presence
        new = presence.step(old, event, self.core.now)
        seat.presence = new
        if (old.state, old.reason) != (new.state, new.reason):
            told = text or (new.cause if new.state == "offline" else new.reason)
            seat.text = CAUSES.get(told) if new.cause != "wish" else None
            extra: dict[str, Any] = {"reason": new.reason} if new.reason else {}
            self.core.fact(
                "agent.state",
                seat.call,
                person=seat.person,
                agent=seat.person,
                old=old.state,
                new=new.state,
                cause=new.cause,
                **extra,
            )
            if seat.request is not None and (why := consent.ended_by(new.state, new.reason)):
                self.engine.consents.over(seat, why)
        if old != new:
            self.core.touch_seat(seat)
        if old.state in WORK and new.state != old.state:
            self._worked(seat, self.core.now - old.since)
        self.sync(seat)

    def can(self, seat: Seat, event: object) -> bool:
        """Whether the table allows this event now."""
        return (seat.presence.state, type(event)) in presence.TABLE

    def sync(self, seat: Seat) -> None:
        """Tell the router what this person is now."""
        free = seat.presence.state == "ready" and self.usable(seat)
        self.engine.queueing.agent_is(
            seat.person,
            seat.signed_in,
            seat.presence.since if free else None,
            self.load(seat),
            "" if free else seat.presence.state,
        )

    def load(self, seat: Seat) -> float:
        """Seconds of talk and after-call work today."""
        return seat.worked if seat.worked and seat.worked_day == self._today(seat) else 0.0

    def _worked(self, seat: Seat, seconds: float) -> None:
        seat.worked, seat.worked_day = self.load(seat) + max(0.0, seconds), self._today(seat)

    def _today(self, seat: Seat) -> int:
        person = self.core.lookup.people.get(seat.person)
        store = self.core.lookup.stores.get(person.store) if person is not None else None
        zone = ZoneInfo(store.timezone if store is not None else "Asia/Shanghai")
        return datetime.fromtimestamp(self.core.now, zone).toordinal()

    def wish(self, seat: Seat, state: str, reason: str, by: int = 0) -> bool:
        """What the person himself, or the lead ``by``, wants him to be; False when a lead has to consent to it first.
        Raises Refused.
        """
        known = self.core.lookup.reasons.get(reason) if state == "busy" else None
        if known is not None and not by and self.engine.consents.needed(seat, known):
            self.engine.consents.ask(seat, known)
            return False
        if state == "busy":
            if known is None and self.core.lookup.reasons:
                raise Refused("bad_reason")
            wanted: object = presence.WantsBusy(reason or "other", known.minutes if known else 0)
        elif state in ("ready", "offline"):
            wanted = presence.WantsReady() if state == "ready" else presence.WantsOffline()
        else:
            raise Refused("bad_state")
        if state == "ready" and seat.presence.state in ("offline", "busy", "away") and not self.reachable(seat):
            raise Refused("no_phone")
        instead = {"ready": "takes_back", "offline": "signed_out"}.get(state, "other_wish")
        self.engine.consents.over(seat, "forced" if by else instead)
        seat.text = None
        self.core.touch_seat(seat)
        if state == "ready" and seat.presence.state == "ready":
            self.sync(seat)
            return True
        self.event(seat, wanted)
        return True

    # pages
    # --------------------------------------------------------------------------------------------------------------
    def hello(self, desk: Desk, device: str, tab: str, beat: float = 0.0) -> Seat:
        """A page (or robot) of this person is there; an older one has to go. ``beat``: so often it will be heard."""
        seat = self.seat(desk.person)
        old = seat.desk
        again = old is None and seat.lost and seat.tab == tab
        if old is not None and old is not desk:
            old.send({"type": "signed_out", "cause": "duplicate"})
            old.close()
            self.core.fact("agent.signed_out", person=seat.person, agent=seat.person, cause="duplicate")
        moved = seat.tab != tab or seat.device != device
        if moved and seat.presence.state == "offline":
            seat.text = None  # why another page of his ended is no news any more
        seat.desk, seat.tab, seat.device, seat.lost = desk, tab, device, False
        seat.beat, seat.heard = beat, self.core.now
        if seat.gone_timer is not None:
            seat.gone_timer.cancel()
            seat.gone_timer = None
        if moved:
            seat.registered, seat.microphone = False, "unknown"
        if not again:
            self.core.fact("agent.signed_in", person=seat.person, agent=seat.person, device=device)
        if seat.call is not None:
            self.engine.pages.desk_back(seat, moved)
        self.engine.parking.page_back(seat, moved)
        self.core.touch_seat(seat)
        self.sync(seat)
        return seat

    def desk_gone(self, desk: Desk) -> None:
        """The page's socket is closed."""
        seat = self.core.seats.get(desk.person)
        if seat is None or seat.desk is not desk:
            return
        seat.desk, seat.lost = None, True
        self.sync(seat)
        self.core.touch_seat(seat)
        seat.gone_timer = self.core.later(GRACE, self.stayed_away, seat)
        self.engine.parking.watch(seat)
        call = seat.call
        if call is None:
            return
        leg = call.leg_of(seat.person)
        if leg is not None and leg.answered:
            self.engine.pages.desk_gone(call, seat)
        elif leg is not None and seat.device == "browser":
            self.core.later(RING_GRACE, self._page_gone, call, seat)

    def _page_gone(self, call: Call, seat: Seat) -> None:
        """A page went away while it rang, and did not come back."""
        if seat.call is not call or call.ended:
            return
        if call.phase is Phase.OFFERED:
            self.engine.queueing.page_gone(call, seat)
        elif seat.desk is None:
            leg = call.leg_of(seat.person)
            if leg is not None and leg.channel in call.others:
                self.engine.bringing.failed(call, leg, "unreachable")

    def _ringing_lost(self, call: Call, seat: Seat) -> None:
        """Asterisk cannot reach a ringing phone any more."""
        if seat.call is not call or call.ended:
            return
        if call.phase is Phase.OFFERED:
            self.engine.queueing.device_gone(call, seat)
        else:
            self.engine.bringing.device_gone(call, seat)

    def stayed_away(self, seat: Seat) -> None:
        seat.gone_timer = None
        if seat.desk is not None:
            return
        self.core.fact("agent.signed_out", person=seat.person, agent=seat.person, cause="socket_lost")
        seat.registered, seat.microphone = False, "unknown"
        self.engine.consents.over(seat, "signed_out")
        self.event(seat, presence.WantsOffline("socket_lost"))

    def sign_out(self, seat: Seat, cause: str) -> None:
        """The person may not be here any more (removed, left)."""
        if seat.desk is not None:
            seat.desk.send({"type": "signed_out", "cause": cause})
            seat.desk.close()
            self.core.fact("agent.signed_out", person=seat.person, agent=seat.person, cause=cause)
        seat.desk, seat.lost = None, False
        self.engine.parking.watch(seat)
        self.engine.consents.over(seat, "signed_out")
        self.event(seat, presence.WantsOffline(cause))

    def health(self, seat: Seat, registered: bool, microphone: str) -> None:
        """The page's softphone says how it is."""
        before = (seat.registered, seat.microphone)
        seat.registered, seat.microphone = registered, microphone
        if before == (registered, microphone):
            return
        if seat.presence.state in TAKES_CALLS and microphone in ("refused", "missing"):
            self.event(seat, presence.DeviceLost("microphone"), "microphone")
        elif seat.presence.state in TAKES_CALLS and before[0] and not registered:
            self.core.later(GRACE, self._device_stayed_away, seat)  # it may register anew at once
        self.sync(seat)
        self.core.touch_seat(seat)
        self.engine.parking.watch(seat)
        if seat.call is not None:
            self.engine.pages.device_back(seat)

    def device(self, endpoint: str, online: bool) -> None:
        """Asterisk can reach an endpoint, or no longer."""
        (self.core.online.add if online else self.core.online.discard)(endpoint)
        for seat in self._seats_on(endpoint):
            self.engine.parking.watch(seat)
            if online:
                self.sync(seat)
                if seat.call is not None:
                    self.engine.pages.device_back(seat)
                continue
            self.sync(seat)
            leg = seat.call.leg_of(seat.person) if seat.call is not None else None
            if seat.call is not None and leg is not None and not leg.answered:
                self.core.later(RING_GRACE, self._ringing_lost, seat.call, seat)
            elif seat.call is not None and leg is not None and seat.device == "browser":
                self.engine.pages.desk_gone(seat.call, seat)
            elif seat.presence.state in TAKES_CALLS and seat.desk is not None:
                # A page that reloads, or a phone that registers anew, is back at once; only one that stays away counts.
                self.core.later(GRACE, self._device_stayed_away, seat)

    def _seats_on(self, endpoint: str) -> list[Seat]:
        kind, _, number = endpoint.partition("-")
        if kind == "agent" and number.isdigit():
            seat = self.core.seats.get(int(number))
            return [seat] if seat is not None and seat.device == "browser" else []
        if kind == "phone":
            return [s for s in self.core.seats.values() if s.device == "phone" and self.endpoint(s) == endpoint]
        return []

    def _device_stayed_away(self, seat: Seat) -> None:
        if seat.presence.state in TAKES_CALLS and seat.desk is not None and not self.reachable(seat):
            self.event(seat, presence.DeviceLost("device_lost"), "phone_away")

    def configured(self, seat: Seat) -> None:
        """The configuration changed: his number outside may have gone, or the reason he asks to go for."""
        self.engine.consents.configured(seat)
        if seat.device == "outside":
            self._device_stayed_away(seat)
        self.sync(seat)

    # after-call work
    # ----------------------------------------------------------------------------------------------------
    def wrap(self, seat: Seat, seconds: float, cause: str) -> None:
        """The conversation is over: after-call work, or free at once. With other calls of his, it comes after them."""
        call = seat.call
        if seat.parked and call is not None:
            self.engine.parking.put_by(seat, call, seconds)
            return
        seconds, seat.wrap_seconds = max(seconds, seat.wrap_seconds), 0.0
        until = self.core.now + seconds if seconds > 0 else None
        if call is not None:
            call.wrap_until = until or 0.0
        if until is not None and call is not None:
            self.core.fact("wrap.started", call, person=seat.person, agent=seat.person, until=round(until, 3))
            self.core.touch(call)
            seat.wrap_timer = self.core.later(seconds, self.wrap_over, seat, "timeout")
        elif call is not None:
            self.handled(call)
            self.core.part(seat)
        self.event(seat, presence.Ended(until, cause))

    def wrap_more(self, seat: Seat, seconds: float) -> None:
        """A little longer. Raises Refused when there is no after-call work."""
        if seat.presence.state != "wrap" or seat.call is None:
            raise Refused("not_now")
        until = (seat.presence.until or self.core.now) + seconds
        if seat.wrap_timer is not None:
            seat.wrap_timer.cancel()
        seat.call.wrap_until = until
        seat.wrap_timer = self.core.later(until - self.core.now, self.wrap_over, seat, "timeout")
        self.event(seat, presence.WrapMore(until))
        self.core.touch(seat.call)

    def wrap_over(self, seat: Seat, cause: str) -> None:
        """After-call work is done, by the person or by the clock."""
        if seat.presence.state != "wrap":
            return
        if seat.wrap_timer is not None:
            seat.wrap_timer.cancel()
            seat.wrap_timer = None
        if seat.call is not None:
            self.core.fact("wrap.ended", seat.call, person=seat.person, agent=seat.person, cause=cause)
            self.handled(seat.call)
        for each in seat.calls:
            self.core.forget(seat, each)
        self.event(seat, presence.WrapDone(cause))

    def handled(self, call: Call) -> None:
        """The router learns how long a call of its queue takes."""
        if call.queue and call.talk_started:
            self.engine.queueing.handled(call.queue, self.core.now - call.talk_started)
