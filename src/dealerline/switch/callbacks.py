"""Callers who keep their place and are rung back: the promises in memory, and the calls that keep them.

Rules of the file. A promise's state is ``domain.callbacks``'s; here it is made real. While it waits, a call without a
channel stands for it in the router, by his arrival and priority, so a promise and a caller on the line are served in
one order. First an agent takes it, then the number is rung: he who picks up has somebody to talk to at once, never
silence or music; what it costs is the agent's time while it rings. Nobody is rung who rings himself. Every change is
kept in ``run/callbacks.json`` before any order of its step goes out; the facts are for the records.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dealerline.domain import callbacks as domain
from dealerline.domain import hours, ivr, numbers, presence, routing
from dealerline.domain.callbacks import IllegalCallback, On, Promise, Rules, State
from dealerline.switch.callview import shown_to
from dealerline.switch.core import Core
from dealerline.switch.directory import Line, Person, Queue
from dealerline.switch.model import TALKS, AgentLeg, Call, Phase
from dealerline.switch.ports import Keeper, Timer

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

TOLD_SLACK = 60.0  # seconds that ringing two telephones may take, in the time that is told
CUT = ("asterisk_died", "unwatched", "fault")  # ends of a call that say nothing of the customer


class Callbacks:
    """All open promises."""

    def __init__(self, core: Core, engine: Engine, keeper: Keeper | None = None) -> None:
        self.core = core
        self.engine = engine
        self._keeper = keeper
        self._loaded = False
        self.open: dict[str, Promise] = {}
        self._attempts: dict[str, Call] = {}  # promise -> the call that stands for it, or rings
        self._timers: dict[str, Timer] = {}
        self._about: dict[str, Promise] = {}  # call -> the promise it is about, for pages

    # the promise
    # --------------------------------------------------------------------------------------------------------
    def promise(self, call: Call, queue: Queue | None, number: str, priority: int) -> tuple[str, ...] | None:
        """Promise the caller of ``call`` to ring that number: the words that say when, or None when it cannot be."""
        line = self.core.lookup.lines.get(call.line)
        number = domain.accepted(number)
        ours = numbers.significant(number) in self.core.lookup.by_number  # it would come back to us as a new call
        if queue is None or line is None or not number or ours:
            return None
        if not self.engine.outside.endpoint_for(line, call.carrier, number):
            return None
        told = self._when(line, call.expected)
        if told is None:
            return None
        due, prompts, not_before = told
        priority += line.priority + self.engine.recognising.level(call)
        found = self._one(call, number)
        if found is None:
            made = Promise(
                self.core.new_id(), call.store, line.id, queue.id, number, call.from_number, call.language, call.since,
                priority, self.core.now, due, call.id, not_before=not_before, path=tuple(call.path),
            )  # fmt: skip
            self.open[made.id] = made
            self._about[call.id] = made
            self._save()
        else:
            made = self._once_more(found, call, (number, due, not_before))
        self.core.fact(
            "callback.promised",
            call,
            callback=made.id,
            number=number,
            asked_from=call.from_number,
            queue=made.queue,
            line=made.line,
            due=round(made.due, 3),
            expected=call.expected and round(call.expected, 1),
            told=list(prompts),
            again=found is not None,
        )
        return prompts

    def _once_more(self, found: Promise, call: Call, given: tuple[str, float, float]) -> Promise:
        """He, or another who named the same number, has a promise already: it is that one, in its old place."""
        if found.state in (State.RESTING, State.WAITING, State.OFFERED):
            found = self._move(found.id, On.RINGS, call.id)
        if found.state in (State.PROMISED, State.RETURNED):
            found = self._move(found.id, On.AGAIN, given)
        return found

    def _one(self, call: Call, number: str) -> Promise | None:
        """The promise that is meant: his own, or the one to that number. If both are there they become one, in the
        older place; a number that is being rung just now is left to that.
        """
        mine = next((p for p in self.open.values() if call.id in (p.own, p.call)), None)
        theirs = next((p for p in self.open.values() if (p.store, p.number) == (call.store, number)), None)
        if mine is None or theirs is None or mine is theirs:
            return mine or theirs
        keeps_mine = mine.arrived < theirs.arrived and theirs.state is not State.DIALLING
        kept, goes = (mine, theirs) if keeps_mine else (theirs, mine)
        self._move(goes.id, On.CANCEL, "same_number")
        return self.open.get(kept.id)

    def _of(self, store: int, number: str, call: str = "") -> Promise | None:
        """The open promise of that call, or to that number. Not to who asked from there: a whole firm may ring from one
        number, and each of them wants to be rung.
        """
        mine = (p for p in self.open.values() if call and call in (p.own, p.call))
        to_it = (p for p in self.open.values() if number and (p.store, p.number) == (store, number))
        return next(mine, None) or next(to_it, None)

    def _rules(self, line: int) -> Rules:
        snapshot = self.core.lookup.snapshot
        known = self.core.lookup.lines.get(line)
        opening = self.core.lookup.hours.get(known.hours) if known is not None else None
        store = self.core.lookup.stores.get(known.store) if known is not None else None

        def permitted(at: float) -> float | None:
            if opening is None or store is None:
                return at
            return hours.next_opening(opening, store.timezone, at)

        return Rules(snapshot.callback_tries, snapshot.callback_minutes * 60, permitted)

    def _closes(self, line: int) -> float | None:
        known = self.core.lookup.lines.get(line)
        opening = self.core.lookup.hours.get(known.hours) if known is not None else None
        store = self.core.lookup.stores.get(known.store) if known is not None else None
        if opening is None or store is None:
            return None
        return hours.status(opening, store.timezone, self.core.now).until

    def _when(self, line: Line, expected: float | None) -> tuple[float, tuple[str, ...], float] | None:
        """By when he will be rung, in which words, and not before when; None when never."""
        now, permitted = self.core.now, self._rules(line.id).permitted
        allowance = self.core.lookup.snapshot.callback_within * 60
        closes = self._closes(line.id)
        opens = permitted(now)
        if opens is not None and opens <= now and closes is not None and now + (expected or 0) > closes:
            opens = permitted(closes + 1)
        if opens is None:
            return None
        if opens > now:
            store = self.core.lookup.stores.get(line.store)
            return opens + allowance, _moment(opens, now, store.timezone if store else "Asia/Shanghai"), opens
        if expected is None:
            return now + allowance, ("callback.soon",), 0.0
        minutes = domain.within(expected, TOLD_SLACK)
        if minutes is None:
            return now + expected * 1.5, ("callback.within.long",), 0.0
        return now + minutes * 60, (f"callback.within.{minutes}",), 0.0

    # one step of a promise
    # ----------------------------------------------------------------------------------------------
    def _move(self, promise: str, on: On, given: Any = None) -> Promise:
        """Let the domain decide, and make it so."""
        old = self.open[promise]
        try:
            new = domain.step(old, on, self.core.now, self._rules(old.line), given)
        except IllegalCallback as error:
            log.warning("call-back %s: %s", promise, error)
            return old
        if new.open:
            self.open[promise] = new
        else:
            del self.open[promise]
        for call_id in {old.call, old.own, new.call, new.own} & self._about.keys():
            self._about[call_id] = new
        self._save()
        self._settle(old, new)
        return self.open.get(promise, new)

    def _settle(self, old: Promise, new: Promise) -> None:
        timer = self._timers.pop(new.id, None)
        if timer is not None:
            timer.cancel()
        if new.tries > old.tries:
            self._fact("callback.tried", new, call=old.call, result=new.reason, tries=new.tries)
        if not new.open:
            self._over(new)
        elif new.state is State.RESTING:
            self._timer(new, new.until, On.TIME)
        if new.state is State.WAITING:
            closes = self._closes(new.line)
            if closes is not None:
                self._timer(new, closes, On.CLOSES)
            self._waits(old, new)
        elif new.state not in (State.OFFERED, State.DIALLING):
            self._withdraw(new)

    def _timer(self, p: Promise, at: float, on: On) -> None:
        self._timers[p.id] = self.core.later(max(at - self.core.now, 0.05), self._rings_out, p.id, on)

    def _rings_out(self, promise: str, on: On) -> None:
        self._timers.pop(promise, None)
        if promise in self.open:
            self._move(promise, on)

    def _over(self, p: Promise) -> None:
        if p.state is State.UNREACHED:
            self._fact("callback.unreached", p, reason=p.reason, tries=p.tries)
        elif p.state is State.CANCELLED:
            self._fact("callback.cancelled", p, by=p.reason)

    def _fact(self, kind: str, p: Promise, **data: Any) -> None:
        self.core.fact(kind, store=p.store, callback=p.id, **data)

    # the call that stands for it
    # ----------------------------------------------------------------------------------------
    def _waits(self, old: Promise, new: Promise) -> None:
        """A call for it in the router. Last of all: it may be offered to somebody at once."""
        attempt = self._attempts.get(new.id)
        if attempt is None:
            self._enter(new)
        elif old.state is State.OFFERED:
            self.engine.queueing.decide(
                routing.CallReturned(attempt.id, attempt.queue, attempt.priority, attempt.since)
            )

    def _enter(self, p: Promise) -> None:
        if p.queue not in self.core.lookup.queues:
            self._move(p.id, On.NO_QUEUE)
            return
        line = self.core.lookup.lines.get(p.line)
        shown = self.engine.outside.shown(line)  # a number that he knows, or he does not take it
        call = Call(self.core.new_id(), "", "out", shown, p.number, self.core.now, Phase.QUEUED)
        call.line, call.store, call.language, call.path = p.line, p.store, p.language, [dict(t) for t in p.path]
        call.queue, call.queued, call.place, call.priority = p.queue, p.arrived, p.arrived, p.priority
        call.carrier, call.wait_when_empty = self.engine.outside.carrier_of(line), True
        call.promise = p.id
        self.core.calls[call.id] = call
        self._attempts[p.id] = call
        self._about[call.id] = p
        self.engine.queueing.decide(
            routing.CallEntered(call.id, call.queue, call.priority, call.since, kind="callback", since=call.since)
        )

    def _withdraw(self, p: Promise) -> None:
        """Nothing stands for it, or rings for it, any more."""
        call = self._attempts.pop(p.id, None)
        if call is None or call.ended or call.phase in TALKS:
            return
        if call.seq:
            self.engine.end(call, "centre", "not_needed")
            return
        if self.engine.queueing.router.position(call.id) is not None:  # not when its queue is gone
            self.engine.queueing.decide(routing.CallLeft(call.id))
        self._forget(call)
        call.ended = True
        self.core.go(call, Phase.ENDED)

    def _forget(self, call: Call) -> None:
        self.core.calls.pop(call.id, None)
        self._about.pop(call.id, None)

    # what happens to it
    # -------------------------------------------------------------------------------------------------
    def offered(self, call: Call) -> None:
        """Somebody's phone is about to be rung for a call; one that stands for a promise is told of from now on."""
        if call.promise not in self.open:
            return
        if self.open[call.promise].state is State.OFFERED:
            return  # several phones ring for it
        self._move(call.promise, On.OFFER, call.id)
        if not call.seq:
            self.core.metrics.calls += 1
            self.engine.outside.arrived(call, callback=call.promise)

    def untaken(self, call: Call) -> None:
        """Nobody took it there."""
        if call.promise in self.open:
            self._move(call.promise, On.UNTAKEN)

    def taken(self, call: Call, leg: AgentLeg) -> None:
        """Somebody is there: now the number."""
        self.core.go(call, Phase.DIALLING)
        call.person = leg.person
        seat = self.core.seats.get(leg.person)
        if seat is not None:
            self.engine.agents.event(seat, presence.Accept())
        if call.promise in self.open:
            self._move(call.promise, On.TAKEN)
        self.engine.outside.agent_ready(call, leg)

    def queue_gone(self, call: Call) -> None:
        """Its queue is no more."""
        if call.promise in self.open:
            self._move(call.promise, On.NO_QUEUE)

    def arrived(self, call: Call) -> None:
        """Somebody rings: if he has a promise, he need not be rung."""
        found = self._of(call.store, call.from_number) if call.store else None
        if found is None or found.state is State.PROMISED:
            return
        self._about[call.id] = found
        self._move(found.id, On.RINGS, call.id)
        self.core.fact("callback.returned", call, callback=found.id)

    def place(self, call: Call) -> None:
        """In the queue of his promise he has its place."""
        found = self._about.get(call.id)
        if found is not None and found.open and found.queue == call.queue:
            call.place = min(call.since, found.arrived)

    def talks(self, call: Call) -> None:
        """A customer speaks with somebody: a promise to him is kept."""
        if call.promise:
            if call.promise in self.open:
                self._keeps(call, self.open[call.promise], On.ANSWERED, "dialled")
            return
        other = call.to_number if call.direction == "out" else call.from_number
        found = self._of(call.store, other, call.id)
        if found is not None:
            self._keeps(call, found, On.SPOKE, "agent" if call.direction == "out" else "own_call")

    def _keeps(self, call: Call, p: Promise, on: On, how: str) -> None:
        late = round(self.core.now - p.due, 1)
        self._about[call.id] = p
        self._move(p.id, on, how)
        self.core.fact("callback.kept", call, callback=p.id, how=how, late=late, tries=p.tries)

    def ended(self, call: Call, cause: str) -> None:
        """A call is over."""
        self._about.pop(call.id, None)
        if call.promise:
            p = self.open.get(call.promise)
            if p is None or self._attempts.get(p.id) is not call:
                return
            del self._attempts[p.id]
            if p.state is State.DIALLING and cause not in CUT:
                self._move(p.id, On.FAILED, cause)
            else:
                self._move(p.id, On.RESTARTED)
            return
        for p in list(self.open.values()):
            if p.own == call.id:
                self._move(p.id, On.WENT)
            elif p.call == call.id and p.state is State.PROMISED:
                self._move(p.id, On.LEFT)

    def overflows(self, call: Call, rule: routing.Overflow) -> None:
        """A queue's rule sends a waiting caller to being called back: his flow asks for the number."""
        self.engine.flows.step(call, ivr.QueueCallback())

    def cancel(self, promise: str, by: int) -> bool:
        """One of ours takes it back. False when it is not open any more."""
        if promise not in self.open:
            return False
        self._move(promise, On.CANCEL, str(by))
        return True

    def configured(self) -> None:
        """Hours, queues or rules have changed."""
        for p in list(self.open.values()):
            if p.id in self.open and p.state in (State.RESTING, State.WAITING):
                self._move(p.id, On.TIME)

    # what outlives the switch
    # -------------------------------------------------------------------------------------------
    def _save(self) -> None:
        if self._keeper is not None and self._loaded:
            self.core.once("callbacks", self._write)

    def _write(self) -> None:
        assert self._keeper is not None
        self._keeper.save([asdict(p) for p in self.open.values()])

    def resumed(self) -> None:
        """Everything that lives was taken up: what was promised before goes on."""
        if self._loaded:
            return
        self._loaded = True
        saved = self._keeper.load() if self._keeper is not None else None
        for row in saved if isinstance(saved, list) else ():
            try:
                p = Promise(**{**row, "state": State(row["state"]), "path": tuple(row["path"])})
            except (TypeError, ValueError, KeyError):
                log.error("a promised call-back cannot be read")
                continue
            self.open[p.id] = p
        for p in list(self.open.values()):
            self._resume(p)

    def _resume(self, p: Promise) -> None:
        given, own = self.core.calls.get(p.call), self.core.calls.get(p.own)
        if p.state is State.PROMISED:
            if given is None:
                self._move(p.id, On.LEFT)
        elif p.state is State.DIALLING and given is not None and given.phase in TALKS:
            self._keeps(given, p, On.ANSWERED, "dialled")
        elif p.state is State.RETURNED and own is not None:
            if own.phase in TALKS:
                self._keeps(own, p, On.SPOKE, "own_call")
            else:
                self._about[own.id] = p
        elif p.state is State.RETURNED:
            self._move(p.id, On.WENT)
        else:
            if p.own and own is None:
                self.open[p.id] = replace(p, own="")
            self._move(p.id, On.RESTARTED)

    # for pages
    # ----------------------------------------------------------------------------------------------------------
    def view(self, call: Call, person: Person | None) -> dict[str, Any] | None:
        """What the agent is told of the promise that this call keeps."""
        p = self._about.get(call.id)
        if p is None or p.state is State.PROMISED:
            return None
        return {
            "promised": p.promised,
            "due": p.due,
            "tries": p.tries,
            "own": not call.promise and call.direction == "in",
            "asked_from": shown_to(p.asked_from, person) if p.asked_from and p.asked_from != p.number else "",
        }


def _moment(at: float, now: float, zone: str) -> tuple[str, ...]:
    """A moment in words, to the quarter of an hour after it."""
    wall = datetime.fromtimestamp(-(-at // 900) * 900, ZoneInfo(zone))
    days = (wall.date() - datetime.fromtimestamp(now, ZoneInfo(zone)).date()).days
    day = {0: "time.today", 1: "time.tomorrow"}.get(days, f"time.day.{wall.weekday()}")
    return "callback.opening", day, f"time.hour.{wall.hour}", f"time.minute.{wall.minute}"
