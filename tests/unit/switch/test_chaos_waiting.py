"""Days of callers who keep their place, ring again, hang up at every step and give marks, through killed switches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dealerline.domain.callbacks import State
from dealerline.switch.directory import Overflow, PromptAudio
from tests.unit.switch.calling_back import with_callbacks
from tests.unit.switch.test_chaos import Chaos
from tests.unit.switch.world import SALES, snapshot

ASKED = tuple(PromptAudio(key, "zh", 0, f"/p/zh/{key}") for key in ("rating.ask", "rating.thanks"))


class Waiting(Chaos):
    """Three customers and three agents who are mostly there."""

    def __init__(self, folder: Path, seed: int) -> None:
        made = with_callbacks(rating_stores=(1,), callback_minutes=1)
        made["prompts"] += ASKED
        made["people"] = tuple(replace(p, roles=("agent",)) for p in snapshot().people)
        rules = {
            "agents": (1, 2, 5),
            "strategy": ("longest_idle", "ring_all", "round_robin")[seed % 3],
            "overflow": (Overflow("waited", 40, ("callback", "number", "voicemail")[seed % 3], 0, "13900000009"),),
        }
        made["queues"] = tuple(replace(queue, **rules) for queue in snapshot().queues)
        self.changes = made
        super().__init__(folder, seed, **made)

    def rings(self) -> None:
        if len([c for c in self.world.core.calls.values() if c.channel]) < 4:
            self.world.ring(SALES, self.random.choice(("13812345678", "13900000002", "13700000003", "")))

    def key(self) -> None:
        calls = [c for c in self.world.core.calls.values() if c.channel and c.direction == "in"]
        if calls:
            self.world.key(self.random.choice(calls), self.random.choice("111123#5"))

    def he_keys_a_number(self) -> None:
        calls = [c for c in self.world.core.calls.values() if c.flow is not None and c.flow.state.part == "enter"]
        for call in calls:
            for digit in self.random.choice(("13812345678#", "13900000002#", "110#")):
                self.world.key(call, digit)

    def somebody_takes_it_back(self) -> None:
        found = list(self.world.engine.callbacks.open)
        if found and self.random.random() < 0.2:
            promise = self.random.choice(found)
            self.world.core.run(lambda: self.world.engine.callbacks.cancel(promise, 4) and None)

    def an_agent_says_good_bye(self) -> None:
        for session in self.sessions.values():
            seat = self.world.core.seats.get(session.desk.person)
            if seat is not None and seat.call is not None and seat.presence.state == "talking":
                self.world.ask(session, "hangup", call=seat.call.id)

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.35:
            self.key()
        elif chance < 0.5:
            self.random.choice((self.rings, self.hangs_up, self.he_keys_a_number, self.somebody_takes_it_back))()
        elif chance < 0.7:
            self.random.choice((self.agent_comes, self.agent_wishes, self.phone_answers, self.phone_answers))()
        elif chance < 0.78:
            self.random.choice((self.phone_fails, self.time_passes, self.an_agent_says_good_bye))()
        else:
            super().step()

    def killed(self) -> None:
        before = {p.id: (p.arrived, p.priority, p.tries) for p in self.world.engine.callbacks.open.values()}
        self.world = self.world.killed(**{**self.changes, "people": self.world.core.lookup.snapshot.people,
                                          "phones": self.world.core.lookup.snapshot.phones})  # fmt: skip
        self.sessions.clear()
        after = {p.id: (p.arrived, p.priority, p.tries) for p in self.world.engine.callbacks.open.values()}
        kept = {f.data["callback"] for f in self.world.journal.facts if f.kind == "callback.kept"}
        assert set(after) | kept >= set(before) and all(after[key] == before[key] for key in after)

    def check(self) -> None:
        super().check()
        callbacks, router = self.world.engine.callbacks, self.world.router
        standing = [call for call in self.world.core.calls.values() if call.promise and call.promise in callbacks.open]
        assert len({call.promise for call in standing}) == len(standing), "a promise stands in the queue once"
        for p in callbacks.open.values():
            call = next((c for c in standing if c.promise == p.id), None)
            assert (call is not None) == (p.state in (State.WAITING, State.OFFERED, State.DIALLING)), p.state
            if p.state is State.WAITING and call is not None:
                assert router.position(call.id) is not None
        numbers = [(p.store, p.number) for p in callbacks.open.values()]
        assert len(numbers) == len(set(numbers)), "one number is promised one call"

    def drain(self) -> None:
        for promise in list(self.world.engine.callbacks.open):
            self.world.core.run(lambda p=promise: self.world.engine.callbacks.cancel(p, 4) and None)
        super().drain()
        for promise in list(self.world.engine.callbacks.open):
            self.world.core.run(lambda p=promise: self.world.engine.callbacks.cancel(p, 4) and None)


@pytest.mark.parametrize("seed", range(3))
def test_every_promise_comes_to_one_end_whatever_happens(tmp_path: Path, seed: int) -> None:
    chaos = Waiting(tmp_path, seed)
    for n in range(1, 900):
        chaos.step()
        if n % 211 == 0:
            chaos.killed()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls and not chaos.world.engine.callbacks.open
    chaos.world.consistent()
    facts = chaos.world.journal.facts
    promised = [f.data["callback"] for f in facts if f.kind == "callback.promised" and not f.data["again"]]
    ends = ("callback.kept", "callback.unreached", "callback.cancelled")
    ended = [f.data["callback"] for f in facts if f.kind in ends]
    assert sorted(promised) == sorted(ended) and len(promised) > 3
    kinds = chaos.world.journal.kinds()
    assert kinds.count("callback.kept") > 0
    assert kinds.count("offer.made") == kinds.count("offer.ended")
