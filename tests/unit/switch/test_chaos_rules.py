"""The same days of anything, with queues that have rules: strategies, skills, people callers know, overflow. The rules
change in the middle, and the switch is killed now and then.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dealerline.domain.routing import STRATEGIES
from dealerline.switch.directory import Need, Overflow, Queue
from dealerline.switch.model import Phase
from dealerline.switch.ports import Known
from tests.unit.switch.test_chaos import Chaos
from tests.unit.switch.world import MENU, SALES, snapshot

NUMBERS = tuple(f"+8613900000{n:03}" for n in range(8))


class Ruled(Chaos):
    """Callers who are known, or become so later; queues whose rules and people who change."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed, levels=(("gold", 2),))
        self.world.callers.slow = True
        self.rules_change()

    def queue(self, number: int, agents: tuple[int, ...]) -> Queue:
        pick = self.random.choice
        return replace(
            snapshot().queues[0],
            id=number,
            store=1 if number == 10 else 2,
            code="sales" if number == 10 else "experts",
            agents=agents,
            strategy=pick(STRATEGIES),
            order=tuple((person, self.random.randrange(9)) for person in agents),
            needs=pick(((), (Need(11, 3, relax=((10, 1), (40, 0))),), (Need(11, 2, must=False),), (Need(12, 9),))),
            age_seconds=pick((0, 20)),
            sticky_seconds=pick((0, 15)),
            sticky=pick(("last", "owner")),
            overflow=pick(
                (
                    (),
                    (Overflow("waited", pick((0, 12)), "queue", 30 - number),),
                    (Overflow("nobody", 0, "queue", 30 - number), Overflow("waited", 50, "number", 0, "13900000009")),
                    (Overflow("length", 3, "voicemail"), Overflow("expected", 200, "callback")),
                    (Overflow("waited", 20, "queue", 30 - number, hours=pick((1, 2))),),
                )
            ),
        )

    def rules_change(self) -> None:
        now = self.world.directory.snapshot()
        people = tuple(
            replace(p, skills=tuple((s, self.random.randrange(1, 6)) for s in (11, 12) if self.random.random() < 0.6))
            for p in now.people
        )
        queues = [self.queue(10, (1, 2, 4, 5)[: self.random.randrange(2, 5)])]
        if self.random.random() < 0.85:
            queues.append(self.queue(20, (3, 5)))
        self.world.directory.set(replace(now, queues=tuple(queues), people=people))

    def rings(self) -> None:
        if len(self.world.core.calls) >= 8:
            return
        number = self.random.choice(NUMBERS)
        named = self.random.choice(((), (2, 5), (3,)))
        self.world.callers.known[number] = Known(
            *(7, self.random.choice(("", "gold")), self.random.choice((0, 1, 3)), self.random.choice((0, 2, 99))),
            *(named, self.random.choice(("", "vip"))),
        )
        self.world.ring(self.random.choice((SALES, SALES, SALES, MENU)), number)

    def step(self) -> None:
        chance = self.random.random()
        answers = self.world.callers.answers
        if chance < 0.03:
            self.rules_change()
        elif chance < 0.2 and answers:
            answers.pop(self.random.randrange(len(answers)))()
        elif chance < 0.3:
            self.rings()
        elif chance < 0.4:
            self.agent_comes()
            self.agent_wishes()
        else:
            super().step()

    def killed(self) -> None:
        self.world.callers.answers.clear()
        super().killed()

    def check(self) -> None:
        super().check()
        core, router = self.world.core, self.world.router
        offered: dict[int, str] = {}
        for call in core.calls.values():
            waits = router.position(call.id) is not None
            assert waits == (call.phase is Phase.QUEUED), call.phase
            rung = [leg.person for leg in (call.leg, *call.rung.values()) if leg is not None]
            if call.phase is Phase.OFFERED:
                assert sorted(router.offered(call.id)) == sorted(rung)
                for person in rung:
                    assert person not in offered, "one person, two offers"
                    offered[person] = call.id
                    assert core.seats[person].call is call
                    assert core.seats[person].presence.state in ("reserved", "ringing")
            else:
                assert not router.offered(call.id) and not call.rung

    def empty(self) -> None:
        """Nobody waits any more: nothing of them is left."""
        router = self.world.router
        assert not router._calls and router.due() is None
        assert all(not q.groups and not q.waiting and not q.ringing for q in router._queues.values())
        assert all(not a.kept and not a.offered for a in router._agents.values())


@pytest.mark.parametrize("seed", range(6))
def test_under_any_rules_nothing_stays_behind(tmp_path: Path, seed: int) -> None:
    chaos = Ruled(tmp_path, seed)
    for _ in range(1200):
        chaos.step()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls
    chaos.empty()
    chaos.world.consistent()
    kinds = chaos.world.journal.kinds()
    assert kinds.count("offer.made") == kinds.count("offer.ended") > 20
    assert kinds.count("queue.overflow") and kinds.count("queue.kept") and kinds.count("talk.started") > 3


@pytest.mark.parametrize("seed", range(4))
def test_under_any_rules_a_killed_switch_goes_on_where_it_was(tmp_path: Path, seed: int) -> None:
    chaos = Ruled(tmp_path, 200 + seed)
    for n in range(1, 800):
        chaos.step()
        if n % 61 == 0:
            chaos.killed()
        chaos.check()
    chaos.drain()
    assert not chaos.world.core.calls
    chaos.empty()
    chaos.world.consistent()
    kinds = chaos.world.journal.kinds()
    assert kinds.count("offer.made") == kinds.count("offer.ended")
