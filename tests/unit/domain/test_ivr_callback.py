"""A caller asks to be rung back: his number told, keyed, changed; and every way out."""

from __future__ import annotations

import pytest

from dealerline.domain.ivr import (
    AskNumber,
    CallerGone,
    Collect,
    FlowErrors,
    Hangup,
    Key,
    LeaveQueue,
    NumberIs,
    Play,
    PlayDone,
    Promise,
    Promised,
    QueueCallback,
    QueueMessage,
    Resumed,
    Started,
    State,
    Timeout,
    begin,
    build,
    check,
    step,
)

FLOW = build(
    {
        "start": "line",
        "nodes": {
            "line": {"type": "queue", "queue": "sales", "priority": 3, "on_timeout": "bye", "leave": {"1": "call_me"},
                     "offers": "queue.callback"},
            "call_me": {"type": "callback", "next": "bye", "on_fail": "message", "tries": 2},
            "message": {"type": "voicemail", "prompts": "voicemail.leave", "next": "bye"},
            "bye": {"type": "hangup", "prompts": "goodbye"},
        },
    }
)  # fmt: skip
MOBILE = ("callback.number", *(f"digit.{d}" for d in "13812345678"), "callback.confirm")


class Caller:
    """Steps through the flow and keeps what it said last."""

    def __init__(self, number: str = "+8613812345678") -> None:
        self.state = begin(FLOW)
        self.said: tuple[str, ...] = ()
        self.commands: tuple[object, ...] = ()
        self.do(Started())
        self.do(Key("1"))
        assert LeaveQueue("key") in self.commands and AskNumber() in self.commands
        self.do(NumberIs(number))

    def do(self, event: object) -> None:
        self.state, self.commands = step(FLOW, self.state, event, 0.0)  # type: ignore[arg-type]
        for command in self.commands:
            if isinstance(command, Play):
                self.said = command.prompts
        assert len(self.state.dump()) < 1000 and State.load(self.state.dump()) == self.state

    def keys(self, digits: str) -> None:
        for digit in digits:
            self.do(Key(digit))

    def hears_out(self) -> None:
        self.do(PlayDone(self.state.token))

    def silent(self) -> None:
        self.hears_out()
        assert any(isinstance(c, Collect) for c in self.commands)
        self.do(Timeout(self.state.token))


def test_his_number_is_told_digit_by_digit_and_confirmed() -> None:
    caller = Caller()
    assert caller.said == MOBILE
    caller.do(Key("1"))
    assert caller.commands[-1] == Promise("sales", "+8613812345678", 3)
    caller.do(Promised(True, ("callback.within.5",)))
    assert caller.said == ("callback.promised", "callback.within.5")
    caller.hears_out()
    assert caller.said == ("goodbye",)
    caller.hears_out()
    assert Hangup() in caller.commands


def test_the_key_works_while_the_queue_still_greets() -> None:
    nodes = {
        "line": {"type": "queue", "queue": "sales", "prompts": "please_hold", "on_timeout": "bye", "leave": {1: "me"}},
        "me": {"type": "callback", "next": "bye", "on_fail": "bye"},
        "bye": {"type": "hangup", "prompts": "goodbye"},
    }
    flow = build({"nodes": nodes})
    state, commands = begin(flow), ()
    for event in (Started(), Key("1"), NumberIs("+8613812345678"), Key("1")):
        state, commands = step(flow, state, event, 0.0)  # type: ignore[assignment]
    assert commands[-1] == Promise("sales", "+8613812345678", 0)


def test_a_rule_of_the_queue_leads_where_a_key_would_or_out_of_it() -> None:
    queued = State(stage="queued", node="line", queue="line", language="zh")
    _, commands = step(FLOW, queued, QueueCallback(), 0.0)
    assert commands[0] == LeaveQueue("overflow") and AskNumber() in commands
    line = {"type": "queue", "queue": "sales", "on_timeout": "bye"}
    after, commands = step(build({"nodes": {"line": line, "bye": {"type": "hangup"}}}), queued, QueueCallback(), 0.0)
    assert commands[0] == LeaveQueue("timeout") and after.stage == "ended"


def test_a_rule_that_asks_for_a_message_leads_to_the_nearest_of_the_flow_or_out_of_the_queue() -> None:
    queued = State(stage="queued", node="line", queue="line", language="zh")
    line = {"type": "queue", "queue": "sales", "on_timeout": "sorry", "on_empty": "wait"}
    far = {"type": "voicemail", "prompts": "voicemail.complaint", "kind": "complaint"}
    near = {"type": "voicemail", "prompts": "voicemail.leave"}
    other = {"type": "queue", "queue": "experts", "on_timeout": "near", "leave": {"9": "line"}}
    sorry = {"type": "play", "prompts": "sorry", "next": "other"}
    menu = {"type": "menu", "prompts": "menu.sales", "keys": {"1": "far"}, "on_timeout": "far", "on_wrong": "far"}
    nodes = {"far": far, "line": {**line, "leave": {"*": "menu"}}, "menu": menu, "sorry": sorry, "other": other}
    state, commands = step(build({"start": "line", "nodes": {**nodes, "near": near}}), queued, QueueMessage(), 0.0)
    assert commands[0] == LeaveQueue("overflow") and state.node == "far", "two steps away, not three"
    nodes = {"line": line, "sorry": sorry, "other": other, "near": near}
    state, commands = step(build({"start": "line", "nodes": nodes}), queued, QueueMessage(), 0.0)
    assert state.node == "near", "not what is said on the way when he waits in vain"
    nodes = {"line": {**line, "on_timeout": "bye"}, "bye": {"type": "hangup"}}
    state, commands = step(build({"start": "line", "nodes": nodes}), queued, QueueMessage(), 0.0)
    assert commands[0] == LeaveQueue("timeout") and state.stage == "ended"


def test_another_number_is_keyed_and_told_before_it_counts() -> None:
    caller = Caller()
    caller.keys("2")
    assert caller.said == ("callback.enter",)
    caller.keys("02188880000#")
    assert caller.said[1:-1] == tuple(f"digit.{d}" for d in "02188880000")
    caller.keys("1")
    assert caller.commands[-1] == Promise("sales", "+862188880000", 3)


def test_an_anonymous_caller_must_key_a_number() -> None:
    caller = Caller("")
    assert caller.said == ("callback.enter",)
    caller.hears_out()
    caller.keys("1390000")
    caller.keys("*")
    assert caller.said == ("callback.enter",), "star begins anew"
    caller.keys("13900001111")
    caller.do(Timeout(caller.state.token))
    assert caller.said == ("callback.number", *(f"digit.{d}" for d in "13900001111"), "callback.confirm")


@pytest.mark.parametrize("keyed", ["110#", "0014155552671#", "#"])
def test_what_cannot_be_rung_is_said_and_leads_on_after_the_tries(keyed: str) -> None:
    caller = Caller("")
    caller.keys(keyed)
    assert caller.said == ("callback.bad_number", "callback.enter")
    caller.keys(keyed)
    assert caller.said == ("voicemail.leave",)


def test_silence_and_wrong_keys_lead_on() -> None:
    caller = Caller()
    caller.silent()
    assert caller.said == MOBILE
    caller.keys("7")
    assert caller.said == ("voicemail.leave",)


def test_the_keys_of_a_number_are_in_no_fact() -> None:
    caller = Caller("")
    caller.do(Key("1"))
    assert not [c for c in caller.commands if getattr(c, "kind", "") == "flow.key"]


def test_what_cannot_be_promised_is_said_and_the_flow_goes_on() -> None:
    caller = Caller()
    caller.do(Key("1"))
    caller.do(Promised(False))
    assert caller.said == ("callback.failed",)
    caller.do(Key("1"))
    caller.hears_out()
    assert caller.said == ("voicemail.leave",)


def test_after_a_restart_he_is_asked_again_but_not_when_he_has_his_promise() -> None:
    caller = Caller()
    caller.do(Resumed())
    assert AskNumber() in caller.commands
    caller.do(NumberIs("+8613812345678"))
    caller.do(Key("1"))
    caller.do(Promised(True))
    caller.do(Resumed())
    assert caller.said == ("goodbye",)


def test_he_may_hang_up_at_any_step() -> None:
    for keyed in ("", "2", "2139", "1"):
        caller = Caller()
        caller.keys(keyed)
        caller.do(CallerGone())
        assert caller.state.stage == "ended"


def test_a_position_written_by_an_older_switch_is_read() -> None:
    old = '["queued","line","zh","Asia/Shanghai",0,1,3,"",[],[],0]'
    assert State.load(old).stage == "queued"


def test_a_call_back_without_any_queue_is_refused_and_an_unknown_one_named() -> None:
    nodes = {"a": {"type": "callback", "on_fail": "b"}, "b": {"type": "hangup"}}
    with pytest.raises(FlowErrors, match="needs a queue"):
        build({"nodes": nodes})
    flow = build({"nodes": {**nodes, "a": {"type": "callback", "on_fail": "b", "queue": "none"}}})
    assert [p.code for p in check(flow, queues={"sales"})] == ["unknown_queue"]
