"""Every page that is connected, what it asks for, and what it is told.

Rules of the file. The switch is the authority: a page asks, the switch answers ok or says in words why not. A page
hears of its own call and state at once; of queues at most once a second, of the board twice (``boards``), and only
when something changed. It sees its stores only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from dealerline.domain import numbers, permits, presence
from dealerline.domain.sip import password
from dealerline.switch import texts, tickets, waitview, whyview
from dealerline.switch.boards import Boards
from dealerline.switch.callverbs import CallVerbs
from dealerline.switch.directory import Person, Text, Viewer, Wall
from dealerline.switch.engine import Engine
from dealerline.switch.model import Call, Refused, Seat
from dealerline.switch.ports import Desk, Shared
from dealerline.switch.provision import agent_endpoint
from dealerline.switch.supervising import MAY
from dealerline.switch.views import Views

log = logging.getLogger(__name__)

EVERY = 1.0
MICROPHONES = ("ok", "refused", "missing", "unknown")
WRAP_MORE = 60.0
SLOWEST_BEAT = 10.0
TAB = re.compile(r"[A-Za-z0-9-]{1,64}")


class Session:
    """One connection, from hello to its end."""

    def __init__(self, desk: Desk, watch: bool, news: bool = False) -> None:
        self.desk = desk
        self.watch = watch
        self.news_only = news  # it is told of changed records, nothing else
        self.stores: frozenset[int] = frozenset()
        self.colleagues = False
        self.leads = False
        self.wall: Wall | None = None  # a screen on a wall, and nobody
        self.viewer: Viewer | None = None
        self.signed_in = ""  # the browser's session

    def sees(self, viewer: Viewer, person: Person | None) -> None:
        """What he may be told from now on. Who has neither desk nor board only hears what was changed."""
        self.viewer = viewer
        if person is None or not (viewer.desk or viewer.board):
            self.news_only = True
        elif not self.news_only:
            self.stores = frozenset(person.stores) | {person.store}
            self.leads = bool(MAY & set(person.roles))

    def hears(self, permission: str, store: int) -> bool:
        """Whether he may see records of that permission in that store."""
        return self.viewer is not None and any(
            permission == held and store in stores for held, stores in self.viewer.hears
        )


class Desks:
    """All sessions. ``sip_secret`` derives the SIP passwords, ``desk_secret`` checks tickets."""

    def __init__(self, engine: Engine, desk_secret: str, sip_secret: str, zone: str = "Asia/Shanghai") -> None:
        self.engine = engine
        self.core = engine.core
        self.views = Views(engine.core, engine)
        self._desk_secret, self._sip_secret = desk_secret, sip_secret
        self._spent = permits.Spent()
        self.sessions: dict[Desk, Session] = {}
        self.boards = Boards(engine.core, engine, zone)
        self._changed = True
        self._waiting: dict[Desk, dict[str, Any]] = {}
        self.core.tell_call = self._tell_call
        self.core.tell_seat = self._tell_seat
        self.core.tell_gone = self._tell_gone
        self.core.tell_alarm = self._tell_alarm
        self.core.changed = self._mark
        self.core.tell_notice = self._tell_notice
        self.core.hands_changed = self._tell_hands
        self.core.requests_changed = self._tell_requests
        self.verbs = CallVerbs(engine)
        self._on: dict[str, Callable[[Seat, dict[str, Any]], dict[str, Any]]] = {
            **self.verbs.commands,
            "phone": self._phone,
            "state": self._state,
            "present": self._present,
            "consent": self._consent,
            "take_back": self._take_back,
            "wrap_done": self._wrap_done,
            "wrap_more": self._wrap_more,
            "dial": self._dial,
            "headset_test": self._headset_test,
            "supervise": self._supervise,
            "force": self._force,
            "force_hangup": self._force_hangup,
            "lower_hand": self._lower_hand,
        }
        self.core.later(EVERY, self._again)
        engine.watching.start()
        self.boards.start()
        self.core.directory.subscribe(lambda snapshot: self._configured())

    # telling
    # ------------------------------------------------------------------------------------------------------------
    def _mark(self) -> None:
        self._changed = True
        self.boards.mark()

    def _tell_call(self, call: Call) -> None:
        call.rev += 1
        for seat in self.core.seats_of(call):
            if seat.desk is not None and seat.desk in self.sessions:
                seat.desk.send({"type": "call", **self.views.call(call, seat.person)})

    def _tell_gone(self, person: int, call: str, rev: int, text: Text | None) -> None:
        seat = self.core.seats.get(person)
        if seat is not None and seat.desk is not None and seat.desk in self.sessions:
            seat.desk.send({"type": "call_gone", "call": call, "rev": rev, **({"text": text} if text else {})})

    def _tell_seat(self, seat: Seat) -> None:
        if seat.desk is not None and seat.desk in self.sessions:
            seat.desk.send({"type": "agent", **self.views.agent(seat)})

    def _tell_notice(self, person: int, text: Text, kind: str) -> None:
        seat = self.core.seats.get(person)
        if seat is not None and seat.desk is not None and seat.desk in self.sessions:
            seat.desk.send({"type": "notice", "text": text, "kind": kind})

    def tell_person(self, person: int, text: Text, kind: str) -> None:
        """What is not about a call, to every page of his: he may have no desk, or be outside with his telephone."""
        shared = Shared({"type": "notice", "text": text, "kind": kind})
        for session in self.sessions.values():
            if session.viewer is not None and session.viewer.id == person:
                session.desk.send(shared)

    def tell_changed(self, permission: str, store: int, message: dict[str, Any]) -> None:
        """Which record of ``store`` was changed, to every page of who has that permission there."""
        shared = Shared(message)
        for session in self.sessions.values():
            if session.hears(permission, store):
                session.desk.send(shared)

    def _tell_hands(self) -> None:
        self.core.once("hands", self._send_hands)

    def _send_hands(self) -> None:
        for session in self.sessions.values():
            if session.leads:
                session.desk.send({"type": "hands", "hands": self.engine.supervising.hands(session.stores)})

    def _tell_requests(self) -> None:
        self.core.once("requests", self._send_requests)

    def _send_requests(self) -> None:
        for session in self.sessions.values():
            if session.leads:
                asks = self.engine.consents.open_for(session.desk.person, session.stores)
                session.desk.send({"type": "requests", "requests": asks})

    def _tell_alarm(self, code: str, on: bool) -> None:
        for session in self.sessions.values():
            if session.news_only:
                continue
            session.desk.send({"type": "alarm", "code": code, "text": texts.ALARMS.get(code, {}), "on": on})

    def _again(self) -> None:
        self.core.later(EVERY, self._again)
        if not self._changed or not self.sessions:
            return
        self._changed = False
        colleagues = self.views.colleagues() if any(s.colleagues for s in self.sessions.values()) else None
        for session in self.sessions.values():
            if colleagues is not None and session.colleagues:
                session.desk.send({"type": "colleagues", "people": colleagues, "now": self.core.now})
            waiting = self.views.waiting(session.stores)
            if self._waiting.get(session.desk) != waiting:
                self._waiting[session.desk] = waiting
                session.desk.send({"type": "queues", "waiting": waiting})

    # coming and going
    # ---------------------------------------------------------------------------------------------------
    def hello(self, desk: Desk, message: dict[str, Any]) -> Session:
        """A page says who it is. Raises Refused, or tickets.BadTicket."""
        ticket = tickets.read(str(message.get("ticket", "")), self._desk_secret, self.core.now)
        if ticket.wall:
            return self._hello_wall(desk, ticket)
        viewer, person = self.core.lookup.viewers.get(ticket.person), self.core.lookup.people.get(ticket.person)
        watch = message.get("watch") is True
        if viewer is None or (person is None and not watch):
            raise Refused("no_person")
        if not watch and not viewer.desk:
            raise Refused("forbidden")
        desk.person = viewer.id
        device, tab = str(message.get("device", "browser")), str(message.get("tab", ""))
        if device not in ("browser", "phone", "outside") or not TAB.fullmatch(tab):
            raise Refused("bad_message")
        beat = message.get("beat", 0)
        if not isinstance(beat, int | float) or not 0 <= beat <= SLOWEST_BEAT:
            raise Refused("bad_message")
        session = Session(desk, watch, news=watch and message.get("news") is True)
        session.sees(viewer, person)
        session.signed_in = ticket.session
        if person is None or session.news_only:  # of ``people`` are those who have a desk or the board
            desk.send(self.views.welcome_news(viewer))
            self.sessions[desk], self._waiting[desk] = session, {}
            return session
        seat: Seat | None = None
        if not watch:
            seat = self.core.seats.get(person.id)
            made: list[Seat] = []
            self.core.run(lambda: made.append(self.engine.agents.hello(desk, device, tab, float(beat))))
            seat = made[0] if made else seat
        word = "" if watch else password(self._sip_secret, agent_endpoint(person.id))
        desk.send(self.views.welcome(seat, person, word))
        self.sessions[desk] = session  # from here on it is told of changes: the welcome comes first
        if watch and viewer.board:
            self.boards.look(desk, session.stores)
        self._waiting[desk] = waiting = self.views.waiting(session.stores)
        desk.send({"type": "queues", "waiting": waiting})
        if session.leads and (hands := self.engine.supervising.hands(session.stores)):
            desk.send({"type": "hands", "hands": hands})
        if session.leads and (asks := self.engine.consents.open_for(person.id, session.stores)):
            desk.send({"type": "requests", "requests": asks})
        for code, on in self.core.alarms.items():
            if on:
                desk.send({"type": "alarm", "code": code, "text": texts.ALARMS.get(code, {}), "on": True})
        self._changed = True
        return session

    def _hello_wall(self, desk: Desk, ticket: tickets.Ticket) -> Session:
        """A screen on a wall: it looks at the board of its stores, and may do nothing else."""
        wall = self.core.lookup.walls.get(ticket.wall)
        if wall is None or wall.serial != ticket.serial:
            raise Refused("wall_ended")
        session = Session(desk, True)
        session.wall, session.stores = wall, frozenset(wall.stores)
        desk.send(self.views.welcome_wall(wall))
        self.sessions[desk] = session
        self.boards.look(desk, session.stores)
        return session

    def _configured(self) -> None:
        """Screens whose link was taken back, and pages of who may not be here any more, are sent away. Who looks on and
        has other rights now comes anew with them; a desk is told by them from now on.
        """
        self._mark()
        for session in list(self.sessions.values()):
            if session.wall is not None and self.core.lookup.walls.get(session.wall.id) != session.wall:
                ended = self.core.lookup.walls.get(session.wall.id)
                self._send_away(session, ended is not None and ended.serial == session.wall.serial)
            elif session.viewer is not None:
                self._viewer_configured(session, session.viewer)

    def _viewer_configured(self, session: Session, before: Viewer) -> None:
        viewer, person = self.core.lookup.viewers.get(before.id), self.core.lookup.people.get(before.id)
        if viewer is None or (not session.watch and not viewer.desk):
            self._send_away(session, comes_back=False)
        elif session.watch and viewer != before:
            self._send_away(session, comes_back=True)
        else:
            session.sees(viewer, person)

    @staticmethod
    def _send_away(session: Session, comes_back: bool) -> None:
        session.desk.send({"type": "signed_out", "cause": "restart" if comes_back else "removed"})
        session.desk.close()

    def signed_out(self, signed_in: str) -> None:
        """Somebody signed out in that browser: its other pages go too, but nobody in a call loses it."""
        for session in list(self.sessions.values()):
            seat = self.core.seats.get(session.desk.person)
            if session.signed_in == signed_in and (session.watch or seat is None or not seat.calls):
                self._send_away(session, comes_back=False)

    def gone(self, desk: Desk) -> None:
        """The connection ended."""
        session = self.sessions.pop(desk, None)
        self._waiting.pop(desk, None)
        self.boards.leave(desk)
        if session is not None and not session.watch:
            self.core.run(self.engine.agents.desk_gone, desk)

    # asking
    # -------------------------------------------------------------------------------------------------------------
    def command(self, session: Session, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a page asks; the answer to send it."""
        identifier, kind = message.get("id"), message.get("type")
        if not session.watch:
            self.engine.watching.heard(session.desk)
        try:
            if kind == "ping":
                return {"type": "pong", "id": identifier, "now": self.core.now}
            if session.news_only:
                raise Refused("forbidden")
            if kind == "board":
                if session.viewer is not None and not session.viewer.board:
                    raise Refused("forbidden")
                if message.get("on") is True:
                    self.boards.look(session.desk, session.stores)
                else:
                    self.boards.leave(session.desk)
                return {"type": "ok", "id": identifier}
            if session.wall is not None:
                raise Refused("watch_only")
            if kind == "colleagues":
                session.colleagues = message.get("on") is True
                if session.colleagues:
                    session.desk.send({"type": "colleagues", "people": self.views.colleagues(), "now": self.core.now})
                return {"type": "ok", "id": identifier}
            if kind == "waiting":
                if not session.leads:
                    raise Refused("forbidden")
                wanted, person = message.get("queue"), session.desk.person
                found = waitview.waiting(self.core, self.engine, wanted, person, session.stores)
                return {"type": "ok", "id": identifier, "waiting": found}
            if kind == "explain":
                found = whyview.why(self.core, self.engine, message.get("call"), session.leads, session.stores)
                return {"type": "ok", "id": identifier, "why": found}
            handler = self._on.get(str(kind))
            if handler is None:
                raise Refused("bad_message")
            if session.watch:
                raise Refused("watch_only")
            seat = self.core.seats.get(session.desk.person)
            if seat is None or seat.desk is not session.desk:
                raise Refused("hello_first")
            return {"type": "ok", "id": identifier, **self.core.ask(handler, seat, message)}
        except (Refused, presence.IllegalChange) as error:
            code = error.code if isinstance(error, Refused) else "bad_state"
            return {"type": "error", "id": identifier, "code": code, "text": texts.error(code)}

    def _phone(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        microphone = message.get("microphone", "unknown")
        if microphone not in MICROPHONES:
            raise Refused("bad_message")
        self.engine.agents.health(seat, message.get("registered") is True, microphone)
        return {}

    def _state(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        if self.engine.agents.wish(seat, str(message.get("state", "")), str(message.get("reason") or "")):
            return {}
        return {"asked": self.engine.consents.leads_there(seat.person)}

    def _present(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        why = str(message.get("why") or "idle")
        if why not in ("idle", "locked"):
            raise Refused("bad_message")
        self.engine.watching.present(seat, message.get("on") is True, why)
        return {}

    def _consent(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        self.engine.consents.answer(seat, self._whom(message), message.get("grant") is True)
        return {}

    def _take_back(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        self.engine.consents.over(seat, "takes_back")
        return {}

    def _wrap_done(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        call = self.verbs.call(seat, message)
        if call in seat.done:  # one of several: the after-call work of the others goes on
            self.core.forget(seat, call)
            return {}
        if seat.presence.state != "wrap":
            raise Refused("not_now")
        self.engine.agents.wrap_over(seat, "done")
        return {}

    def _wrap_more(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        self.verbs.call(seat, message)
        self.engine.agents.wrap_more(seat, WRAP_MORE)
        return {}

    def _dial(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        """A number. For advertising and surveys only with a permission (``domain.permits``), spent by what it dials."""
        line, number, purpose = message.get("line"), str(message.get("number", "")), str(message.get("purpose", ""))
        if purpose in permits.NEEDED:
            self.engine.outside.may_dial(seat)
            permit, now = str(message.get("permit", "")), self.core.now
            known = permits.holds(permit, self._desk_secret, seat.person, numbers.e164(number), purpose, now)
            if not (known and self._spent.spend(permit, now)):
                raise Refused("no_permit")
        return {"call": self.engine.outside.dial(seat, number, line if isinstance(line, int) else 0, purpose).id}

    def _headset_test(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        return {"call": self.engine.outside.test(seat).id}

    # leads
    # --------------------------------------------------------------------------------------------------------------
    @staticmethod
    def _whom(message: dict[str, Any]) -> int:
        person = message.get("person")
        if not isinstance(person, int):
            raise Refused("bad_message")
        return person

    def _supervise(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        mode, follow = str(message.get("mode", "")), message.get("follow") is True
        return {"call": self.engine.supervising.supervise(seat, self._whom(message), mode, follow).id}

    def _force(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        what, reason = str(message.get("what", "")), str(message.get("reason") or "")
        self.engine.supervising.force(seat, self._whom(message), what, reason)
        return {}

    def _force_hangup(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        self.engine.supervising.force_hangup(seat, self._whom(message))
        return {}

    def _lower_hand(self, seat: Seat, message: dict[str, Any]) -> dict[str, Any]:
        """One's own, or, for a lead, somebody's of his stores."""
        person = message.get("person") or seat.person
        if not isinstance(person, int):
            raise Refused("bad_message")
        if person != seat.person:
            self.engine.supervising.right_over(seat.person, person)
        call = next((c for c in self.core.calls.values() if c.hand is not None and c.hand[0] == person), None)
        if call is not None:
            self.engine.supervising.lower(call, seat.person)
        return {}
