"""The engine's common ground: the state in memory, and one way in for everything that happens.

Rules of the file. Everything happens inside ``run``: a step reads and changes memory, adds facts and orders, and
never waits. When the step is done its facts are written (one disk sync at most), then its orders go out, then the
pages that are concerned are told. So nothing is done that was not written before, and a step is never seen half done.
A step that raises keeps what it had decided so far, is logged and counted; the reconciler mends what it may have
left.

One order does not wait for the disk: the ring of a free agent's phone (``soon``). It tells nobody anything and ends
nothing; a machine that dies between the ring and the write has lost what it would have lost without the ring, and a
switch that dies there finds the ringing channel by its variables and gives it up, as it does with any. Nor does it
wait for the sweeping up after the call before (``afterwards``). But it never overtakes an order of its own step that
is about something else than sweeping up: the phone that is hung up is hung up before it is rung anew.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from dealerline.domain.facts import Fact, check
from dealerline.domain.ids import uuid7
from dealerline.switch import lookup as lookups
from dealerline.switch.directory import Snapshot, Text
from dealerline.switch.lookup import Lookup
from dealerline.switch.media import Media
from dealerline.switch.metrics import Metrics
from dealerline.switch.model import Call, Phase, Seat
from dealerline.switch.ports import Clock, Directory, Journal, Timer

log = logging.getLogger(__name__)
P = ParamSpec("P")


class Core:
    """State, ports, and the step."""

    def __init__(self, clock: Clock, directory: Directory, journal: Journal, media: Media) -> None:
        self.clock = clock
        self.directory = directory
        self.journal = journal
        self.media = media
        self.metrics = Metrics()
        self.lookup: Lookup = lookups.build(directory.snapshot())
        self.calls: dict[str, Call] = {}
        self.seats: dict[int, Seat] = {}
        self.by_channel: dict[str, tuple[Call, str]] = {}  # role: customer, agent, next, forward
        self.by_playback: dict[str, Call] = {}
        self.by_record: dict[str, Call] = {}
        self.online: set[str] = set()  # endpoints Asterisk can reach
        self.media_here = False
        self.alarms: dict[str, bool] = {}
        self.last_seq: dict[str, int] = {}  # what the journal held when we started
        self.noted: Callable[[Sequence[Fact]], None] = lambda facts: None  # written just now
        self._depth = 0
        self._began = 0.0
        self._facts: list[Fact] = []
        self._soon: list[Callable[[], None]] = []
        self._orders: list[Callable[[], None]] = []
        self._touched_calls: dict[int, Call] = {}  # by identity: who left a call keeps a copy of it
        self._afterwards: list[Callable[[], None]] = []
        self._touched_seats: dict[int, Seat] = {}
        self._gone: list[tuple[int, str, int, Text | None]] = []
        self.last: list[Callable[[], None]] = []  # the same, when nothing more will change
        self._named: set[str] = set()
        self.after: list[Callable[[], None]] = []  # run once at the end of the step, before it is written
        self.tell_call: Callable[[Call], None] = lambda call: None
        self.tell_gone: Callable[[int, str, int, Text | None], None] = lambda person, call, rev, text: None
        self.tell_seat: Callable[[Seat], None] = lambda seat: None
        self.tell_alarm: Callable[[str, bool], None] = lambda code, on: None
        self.tell_notice: Callable[[int, Text, str], None] = lambda person, text, kind: None
        self.requests_changed: Callable[[], None] = lambda: None
        self.hands_changed: Callable[[], None] = lambda: None
        self.changed: Callable[[], None] = lambda: None

    # the step
    # ----------------------------------------------------------------------------------------------------------
    def run(self, what: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do one step. Steps inside a step belong to the outer one."""
        self.attempt(what, *args, **kwargs)

    def attempt(self, what: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Do one step; False when it failed."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1
        try:
            what(*args, **kwargs)
        except Exception:
            self.metrics.errors += 1
            log.exception("a step failed: %s", getattr(what, "__qualname__", what))
            return False
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._commit()
        return True

    def ask(self, what: Callable[P, dict[str, Any]], *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """A step that a page asked for: its answer, or whatever it raises (Refused), after it is committed."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1
        try:
            return what(*args, **kwargs)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def _commit(self) -> None:
        while self.after:
            hooks, self.after = self.after, []
            self._depth += 1
            for hook in hooks:
                self._guard(hook)
            self._depth -= 1
        last, self.last = self.last, []
        self._named.clear()
        for hook in last:
            self._guard(hook)
        soon, self._soon = self._soon, []
        for order in soon:
            self._guard(order)  # whatever happens to it, the facts are written
        if self._facts:
            facts, self._facts = self._facts, []
            self.journal.write_many(facts)
            self._guard(lambda: self.noted(facts))
        orders, self._orders, self._afterwards = [*self._orders, *self._afterwards], [], []
        for order in orders:
            order()
        calls, self._touched_calls = self._touched_calls, {}
        seats, self._touched_seats = self._touched_seats, {}
        for call in calls.values():
            self.tell_call(call)
        for seat in seats.values():
            self.tell_seat(seat)
        gone, self._gone = self._gone, []
        for person, call_id, rev, text in gone:
            self.tell_gone(person, call_id, rev, text)
        if calls or seats or gone:
            self.changed()

    def _guard(self, hook: Callable[[], None]) -> None:
        try:
            hook()
        except Exception:
            self.metrics.errors += 1
            log.exception("a step's end failed")

    def do(self, order: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Give an order to the media engine at the end of the step."""
        self._orders.append(lambda: order(*args, **kwargs))

    def soon(self, order: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Give an order that need not wait until the facts are on the disk; see the rules of the file."""
        (self._orders if self._orders else self._soon).append(lambda: order(*args, **kwargs))

    def afterwards(self, order: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Give an order that only sweeps up after a call that is over: last of all."""
        self._afterwards.append(lambda: order(*args, **kwargs))

    def once(self, name: str, hook: Callable[[], None]) -> None:
        """Do something at the end of the step, once however often it is asked for."""
        if name not in self._named:
            self._named.add(name)
            self.last.append(hook)

    def ring_sent(self) -> None:
        """Count how long this step took until it rang a phone."""
        self.metrics.decide.add(time.perf_counter() - self._began)

    def later(self, seconds: float, what: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> Timer:
        """A step, so many seconds from now."""

        def happen() -> None:
            self.run(what, *args, **kwargs)

        return self.clock.later(seconds, happen)

    @property
    def now(self) -> float:
        return self.clock.now()

    def new_id(self) -> str:
        """A UUIDv7 of this moment."""
        return uuid7(self.clock.now(), os.urandom(10))

    # facts
    # --------------------------------------------------------------------------------------------------------------
    def fact(self, kind: str, call: Call | None = None, /, *, person: int = 0, store: int = 0, **data: Any) -> None:
        """Note a fact; it is written at the end of the step."""
        seq = 0
        if call is not None:
            owner = call.origin or call
            owner.seq += 1
            seq = owner.seq
            store = store or call.store
        elif person and not store:
            known = self.lookup.people.get(person)
            store = known.store if known else 0
        now = self.clock.now()
        fact = Fact(
            id=uuid7(now, os.urandom(10)),
            kind=kind,
            at=round(now, 6),
            call=call.id if call else "",
            seq=seq,
            store=store,
            person=person,
            data=data,
        )
        check(fact)
        self._facts.append(fact)

    # calls
    # --------------------------------------------------------------------------------------------------------------
    def add(self, call: Call) -> None:
        self.calls[call.id] = call
        if call.channel:
            self.by_channel[call.channel] = (call, "customer")
        self.metrics.calls += 1

    def touch(self, call: Call) -> None:
        """The pages concerned will be told at the end of the step."""
        self._touched_calls[id(call)] = call

    def touch_seat(self, seat: Seat) -> None:
        self._touched_seats[seat.person] = seat

    def part(self, seat: Seat, text: Text | None = None) -> None:
        """The person has nothing more to do with his call; his page forgets it at the end of the step, and says
        ``text``.
        """
        if seat.call is not None:
            self.forget(seat, seat.call, text)

    def forget(self, seat: Seat, call: Call, text: Text | None = None) -> None:
        """The same for any call on his desk."""
        call.rev += 1
        if call.origin is not None:  # should he come back to it, his page must not take it for something older
            call.origin.rev = max(call.origin.rev, call.rev)
        self._gone.append((seat.person, call.id, call.rev, text))
        seat.leaves(call)
        self.touch_seat(seat)

    def seats_of(self, call: Call) -> list[Seat]:
        """Whoever is on this call: offered, in conversation, watching, or in after-call work for it."""
        people = {call.person, *(leg.person for leg in call.legs_all)}
        found = (self.seats.get(person) for person in people)
        return [seat for seat in found if seat is not None and seat.has(call)]

    def go(self, call: Call, phase: Phase) -> None:
        """Change a call's phase. Raises IllegalPhase."""
        call.go(phase)
        self.touch(call)

    @staticmethod
    def waits(call: Call) -> bool:
        """Whether the call is in a queue, with nobody's phone ringing for it (asked anew: orders change it)."""
        return call.phase is Phase.QUEUED

    # alarms
    # -------------------------------------------------------------------------------------------------------------
    def alarm(self, code: str, on: bool = True) -> None:
        """Switch an alarm on or off; the pages are told when it changes."""
        if self.alarms.get(code, False) != on:
            self.alarms[code] = on
            if on:
                log.error("alarm: %s", code)
            self.tell_alarm(code, on)

    # configuration
    # ------------------------------------------------------------------------------------------------------
    def configure(self, snapshot: Snapshot) -> None:
        """Take a new configuration; running calls keep the flow they are in."""
        started = time.perf_counter()
        self.lookup = lookups.build(snapshot, self.lookup)
        for flow, problem in self.lookup.problems.items():
            log.error("flow %s cannot be used: %s", flow, problem)
        self.alarm("flow_broken", bool(self.lookup.problems))
        self.alarm("prompt_missing", False)  # what is still missing says so again when it is wanted
        self.metrics.directory_version = snapshot.version
        log.info("configuration %s taken in %.1f ms", snapshot.version, (time.perf_counter() - started) * 1e3)
