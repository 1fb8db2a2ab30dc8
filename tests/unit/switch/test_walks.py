"""The walks of tests/telephony/walks.py through the switch and its twin of Asterisk: every pair of verbs there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dealerline.switch.directory import Person
from dealerline.switch.model import Call
from tests.telephony import walks
from tests.telephony.walks import PEOPLE, State
from tests.unit.switch.world import World

NUMBER = {name: number for number, name in enumerate(PEOPLE, 1)}
LEADS = tuple(Person(n, 1, name, str(800 + n), ("shift_lead", "agent"), (1,)) for name, n in NUMBER.items())
WALKS = walks.walks(100)


class Stage:
    """A customer who talks with ``a``, and three more who are free."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, people=LEADS)
        self.sessions = {"a": self.world.sign_in(NUMBER["a"])}
        self.call: Call = self.world.talk()
        for name in PEOPLE[1:]:
            self.sessions[name] = self.world.sign_in(NUMBER[name])

    def ask(self, name: str, kind: str, **fields: Any) -> None:
        answer = self.world.ask(self.sessions[name], kind, **({"call": self.call.id} | fields))
        assert answer["type"] == "ok", answer

    def name(self, channel: str) -> str:
        leg = self.call.leg_on(channel)
        return "customer" if leg is None else (PEOPLE[leg.person - 1] if leg.person else "out")

    def label(self, name: str) -> str:
        return next(leg.label for leg in self.call.legs_all if self.name(leg.channel) == name)

    def bring(self, by: str, how: str, whom: str) -> None:
        person = {"kind": "person", "id": NUMBER.get(whom)}
        target = person if whom in NUMBER else {"kind": "number", "number": "13900000001"}
        self.ask(by, "bring", how=how, target=target)

    def do(self, verb: str, s: State) -> None:
        who, comes = s.owner, ""
        if verb in ("transfer", "consult", "invite"):
            comes = s.free
            self.bring(who, verb, comes)
        elif verb == "transfer in vain":
            comes = who
            self.bring(who, "transfer", "nobody")
            self.world.end(self.world.member_rings(), 17)
        elif verb == "invite number":
            self.bring(who, "invite", "out")
            self.world.outside_answers()
        elif verb == "remove":
            self.ask(who, verb, party=self.label(walks.last(s)))
        elif verb == "aside":
            self.ask(who, verb, parties=[self.label(who), self.label(walks.last(s))])
        elif verb in ("listen", "whisper", "barge"):
            comes = "" if s.lead else s.free
            self.ask(s.lead or comes, "supervise", person=NUMBER[who], mode=verb)
        else:
            self.ask(s.lead if verb == "take_over" else who, verb)
        if comes:
            self.world.answer(NUMBER[comes])
        for name, number in NUMBER.items():
            if self.world.state(number) == "wrap":
                self.ask(name, "wrap_done")

    def hears(self) -> dict[str, set[str]]:
        """Listener -> whom and what he hears, by the switch's own conversation."""
        heard = walks.rows(self.call.talk)
        return {self.name(k): {v if v == "music" else self.name(v) for v in who} for k, who in heard.items()}


@pytest.mark.parametrize("walk", WALKS, ids=[str(n) for n in range(len(WALKS))])
def test_whatever_is_done_after_whatever_the_switch_wants_what_the_domain_wants(
    tmp_path: Path, walk: walks.Steps
) -> None:
    stage, state = Stage(tmp_path), walks.start()
    for verb, after in walk:
        stage.do(verb, state)
        stage.world.true_to_the_matrix()
        assert stage.hears() == walks.rows(after.talk), verb
        assert stage.call.leg is not None and stage.name(stage.call.leg.channel) == after.owner, verb
        state = after
    stage.world.hang_up(stage.call)
    stage.world.clock.advance(100)
    stage.world.consistent()
