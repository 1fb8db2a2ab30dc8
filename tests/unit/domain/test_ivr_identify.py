"""A caller is asked to key who he is: digits, their end, every outcome and its way."""

from __future__ import annotations

import pytest

from dealerline.domain.ivr import (
    CallerGone,
    Collect,
    FlowErrors,
    Identified,
    Identify,
    Key,
    Note,
    Play,
    PlayDone,
    Resumed,
    Started,
    State,
    Timeout,
    begin,
    build,
    check,
    step,
)

NODE = {"type": "identify", "prompts": "ask.plate", "found": "known", "not_found": "unknown", "on_timeout": "silent",
        "wrong_prompt": "ask.again"}  # fmt: skip
ENDS = {name: {"type": "hangup", "prompts": f"bye.{name}"} for name in ("known", "unknown", "silent", "person")}


class Caller:
    """Steps through a flow that asks him first."""

    def __init__(self, person: str = "", **changes: object) -> None:
        whole = {"person": person} if person else {}
        self.flow = build({**whole, "nodes": {"who": {**NODE, **changes}, **ENDS}})
        self.state = begin(self.flow)
        self.said: tuple[str, ...] = ()
        self.notes: list[Note] = []
        self.do(Started())

    def do(self, event: object) -> None:
        self.state, self.commands = step(self.flow, self.state, event, 0.0)  # type: ignore[arg-type]
        self.said = next((c.prompts for c in self.commands if isinstance(c, Play)), self.said)
        self.notes += [c for c in self.commands if isinstance(c, Note)]
        assert State.load(self.state.dump()) == self.state

    def keys(self, digits: str) -> None:
        for digit in digits:
            self.do(Key(digit))

    def silent(self) -> None:
        self.do(PlayDone(self.state.token))
        assert isinstance(self.commands[-1], Collect)
        self.do(Timeout(self.state.token))

    @property
    def looked_for(self) -> str:
        (found,) = [c.digits for c in self.commands if isinstance(c, Identify)]
        return found


@pytest.fixture
def caller() -> Caller:
    made = Caller()
    assert made.looked_for == ""
    made.do(Identified("not_found"))  # his number says nothing
    assert made.said == ("ask.plate",)
    return made


def test_whom_his_number_tells_is_asked_nothing_unless_the_flow_wants_it() -> None:
    known = Caller()
    known.do(Identified("found"))
    assert known.said == ("bye.known",)
    assert Caller(ask_known=True).said == ("ask.plate",)


def test_the_hash_key_ends_the_digits_and_whoever_they_mean_goes_the_way_of_found(caller: Caller) -> None:
    caller.keys("12345#")
    assert caller.looked_for == "12345"
    caller.do(Key("7"))  # while somebody looks, a key means nothing
    caller.do(Identified("found"))
    assert caller.said == ("bye.known",)
    assert caller.state.number == "", "what he keyed is forgotten"
    assert not any("12345" in str(note) for note in caller.notes)


def test_silence_after_digits_is_their_end_and_a_star_begins_anew(caller: Caller) -> None:
    caller.keys("99*")
    assert caller.said == ("ask.plate",) and caller.state.number == ""
    caller.keys("123456")
    assert isinstance(caller.commands[-1], Collect)
    caller.do(Timeout(caller.state.token))
    assert caller.looked_for == "123456"


def test_digits_of_nobody_are_asked_for_once_more_then_he_goes_on_unknown(caller: Caller) -> None:
    caller.keys("12345#")
    caller.do(Identified("not_found"))
    assert caller.said == ("ask.again", "ask.plate")
    caller.keys("54321#")
    caller.do(Identified("not_found"))
    assert caller.said == ("bye.unknown",)


def test_digits_of_several_people_lead_on_since_the_agent_will_ask(caller: Caller) -> None:
    caller.keys("12345#")
    caller.do(Identified("several"))
    assert caller.said == ("bye.unknown",)


def test_too_few_digits_are_not_looked_for_and_count_as_a_try(caller: Caller) -> None:
    caller.keys("12#")
    assert caller.said == ("ask.again", "ask.plate")
    caller.keys("00#")
    assert caller.said == ("bye.unknown",)


def test_twenty_digits_are_looked_for_without_an_end(caller: Caller) -> None:
    caller.keys("1" * 20)
    assert caller.looked_for == "1" * 20


def test_who_keys_nothing_is_not_asked_again(caller: Caller) -> None:
    caller.silent()
    assert caller.said == ("bye.silent",)
    assert [note.kind for note in caller.notes if note.kind == "flow.timeout"] == ["flow.timeout"]


@pytest.mark.parametrize(("keys", "said"), [("#", "bye.silent"), ("0#", "bye.person"), ("12*#", "bye.silent")])
def test_one_key_leads_on_at_once(keys: str, said: str) -> None:
    made = Caller(person="person")
    made.do(Identified("not_found"))
    made.keys(keys)
    assert made.said == (said,)
    assert "flow.wrong_key" not in [note.kind for note in made.notes]


def test_nobody_begins_anew_for_ever() -> None:
    made = Caller(person="person")
    made.do(Identified("not_found"))
    made.keys("12*" * 100)
    assert made.said == ("bye.person",)


@pytest.mark.parametrize(("way", "said"), [("silent", "bye.silent"), (None, "bye.unknown")])
def test_records_that_do_not_answer_hold_nobody_up(way: str | None, said: str) -> None:
    made = Caller(on_timeout=way)
    made.do(Identified("unanswered"))
    made.keys("12345#")
    made.do(Identified("unanswered"))
    assert made.said == (said,)


@pytest.mark.parametrize("keyed", ["", "123", "12345#"])
def test_after_a_restart_of_the_switch_he_is_asked_anew(caller: Caller, keyed: str) -> None:
    caller.keys(keyed)
    caller.do(Resumed())
    assert caller.looked_for == "" and caller.state.number == ""
    caller.do(Identified("not_found"))
    assert caller.said == ("ask.plate",)
    caller.do(CallerGone())
    assert caller.state.stage == "ended"


def test_the_checker_knows_its_fields_ways_prompts_and_circles() -> None:
    with pytest.raises(FlowErrors) as caught:
        build({"nodes": {"who": {"type": "identify", "prompts": [], "found": "nowhere", "tries": 0}}})
    assert {(p.path, p.code) for p in caught.value.problems} >= {
        ("nodes.who", "missing"),
    }
    with pytest.raises(FlowErrors) as caught:
        build({"nodes": {"who": {**NODE, "found": "nowhere", "ask_known": "yes", "tries": 0}, **ENDS}})
    assert {(p.path, p.code) for p in caught.value.problems} == {
        ("nodes.who.found", "unknown_node"),
        ("nodes.who.ask_known", "bad_flag"),
        ("nodes.who.tries", "bad_number"),
    }
    with pytest.raises(FlowErrors) as caught:  # known by his number he would go round without a word
        build({"nodes": {"who": {**NODE, "found": "who"}, **ENDS}})
    assert [p.code for p in caught.value.problems] == ["silent_loop"]
    flow = build({"person": "person", "nodes": {"who": NODE, **ENDS}})
    assert {p.path for p in check(flow, prompts={f"bye.{name}" for name in ENDS})} == {
        "nodes.who.prompts.0",
        "nodes.who.wrong_prompt",
    }, "and every way out is reachable"
