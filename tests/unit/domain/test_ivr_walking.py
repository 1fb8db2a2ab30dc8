"""A caller walks through a flow."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.domain.ivr import (
    AskHours,
    CallerGone,
    Chose,
    Collect,
    EnterLine,
    EnterQueue,
    Flow,
    Forward,
    ForwardDone,
    Hangup,
    HoursAre,
    IllegalEvent,
    Key,
    LeaveQueue,
    Note,
    Play,
    PlayDone,
    QueueAnswered,
    QueueEmpty,
    QueueReturned,
    QueueTimeout,
    Record,
    RecordDone,
    Resumed,
    RingDuty,
    SetLanguage,
    Started,
    State,
    StopPlay,
    Timeout,
    begin,
    build,
    path_titles,
    step,
)
from dealerline.domain.ivr.interpreter import TABLE

NODES: dict[str, Any] = {
    "ask": {"type": "language", "prompts": "which", "keys": {1: "zh", 2: "en"}, "next": "hello", "tries": 1},
    "hello": {"type": "play", "prompts": ["hello", "notice"], "next": "news", "interruptible": False},
    "news": {
        "type": "announcement",
        "items": [{"prompts": "golden_week", "from": "2026-10-01", "until": "2026-10-07"}],
        "next": "menu",
    },
    "menu": {
        "type": "menu",
        "prompts": "menu",
        "keys": {
            1: {"to": "sales", "title": {"zh": "购车", "en": "Buying"}},
            2: "cars",
            3: "mail",
            4: "duty",
            5: "door",
            6: "other",
        },
        "repeat": 9,
        "back": "*",
        "on_timeout": "sales",
        "on_wrong": "bye",
    },
    "cars": {"type": "menu", "prompts": "cars", "keys": {1: "sales"}, "back": "*", "tries": 2, "on_timeout": "bye"},
    "sales": {
        "type": "queue",
        "queue": "sales",
        "on_timeout": "mail",
        "on_empty": "closed",
        "leave": {"#": "mail"},
        "priority": 3,
    },
    "closed": {"type": "queue", "queue": "night", "on_timeout": "mail", "on_empty": "wait"},
    "mail": {"type": "voicemail", "prompts": "leave", "kind": "complaint", "max_seconds": 90, "next": "bye"},
    "duty": {"type": "forward", "number": "13800000000", "on_fail": "mail", "prompts": "connecting"},
    "door": {"type": "hours", "open": "sales", "closed": "mail", "holiday": "bye"},
    "other": {"type": "goto", "line": "east1/sales"},
    "bye": {"type": "hangup", "prompts": "goodbye"},
}
FLOW = build({"start": "ask", "person": "sales", "nodes": NODES})


class Caller:
    """A caller in a flow, as the switch would lead him."""

    def __init__(self, flow: Flow = FLOW, at: str = "2026-09-15 10:00", **begin_with: Any) -> None:
        self.flow = flow
        self.state = begin(flow, **begin_with)
        self.now = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
        self.commands: list[Any] = []

    def __call__(self, event: Any) -> list[Any]:
        self.state, commands = step(self.flow, self.state, event, self.now)
        self.commands += commands
        return [c for c in commands if not isinstance(c, Note)]

    def hears_out(self) -> list[Any]:
        return self(PlayDone(self.state.token))

    def is_silent(self) -> list[Any]:
        return self(Timeout(self.state.token))

    def at_menu(self) -> Caller:
        self(Started())
        self(Key("1"))
        self.hears_out()
        assert self.state.node == "menu"
        return self

    def notes(self, kind: str) -> list[dict[str, Any]]:
        return [dict(c.data) for c in self.commands if isinstance(c, Note) and c.kind == kind]


def test_he_is_greeted_in_the_language_he_chose() -> None:
    caller = Caller()
    assert caller(Started()) == [Play(("which",), "zh", True, 1)]
    assert caller(Key("2")) == [StopPlay(1), SetLanguage("en"), Play(("hello", "notice"), "en", False, 3)]
    assert caller.notes("flow.language") == [{"language": "en"}]
    assert caller.hears_out() == [Play(("menu",), "en", True, 4)]
    assert caller.hears_out() == [Collect(0, 5)]


def test_who_names_no_language_keeps_the_flows_own() -> None:
    caller = Caller()
    caller(Started())
    caller.hears_out()
    assert caller.is_silent() == [Play(("hello", "notice"), "zh", False, 3)]


def test_an_announcement_is_heard_only_on_its_days_in_the_stores_time() -> None:
    def prompts_at(moment: str) -> tuple[str, ...]:
        caller = Caller(at=moment)
        caller(Started())
        caller(Key("1"))
        (play,) = caller.hears_out()
        return play.prompts  # type: ignore[no-any-return]

    assert prompts_at("2026-09-30 23:59") == ("menu",)
    assert prompts_at("2026-10-01 00:00") == ("golden_week",)
    assert prompts_at("2026-10-07 23:59") == ("golden_week",)
    assert prompts_at("2026-10-08 00:00") == ("menu",)


def test_a_key_during_the_menu_cuts_it_short_and_leads_on() -> None:
    caller = Caller().at_menu()
    stopped = caller.state.token
    assert caller(Key("1")) == [
        StopPlay(stopped),
        Chose("menu", "1", {"zh": "购车", "en": "Buying"}),
        EnterQueue("sales", 0, 3, ("#",), False),
    ]
    assert caller.notes("flow.key")[-1] == {"digits": "1", "node": "menu"}
    assert path_titles(FLOW, caller.state) == [{"zh": "购车", "en": "Buying"}]


def test_the_echo_of_a_prompt_that_was_cut_short_changes_nothing() -> None:
    caller = Caller().at_menu()
    old = caller.state.token
    caller(Key("2"))
    before = caller.state
    assert caller(PlayDone(old)) == [] and caller.state is before
    caller.hears_out()
    waiting = caller.state.token
    caller(Key("8"))
    assert caller(Timeout(waiting)) == [], "the timer of an answered menu is old"


def test_keys_typed_ahead_skip_what_they_answer() -> None:
    caller = Caller()
    caller(Started())
    caller(Key("2"))
    assert caller(Key("2")) == [] and caller(Key("1")) == [], "the notice cannot be skipped, the keys are kept"
    commands = caller.hears_out()
    assert [type(c) for c in commands] == [Chose, Chose, EnterQueue]
    assert caller.state.chosen == (("menu", "2"), ("cars", "1")) and caller.state.typed == ""


def test_a_wrong_key_typed_ahead_forgets_the_rest() -> None:
    caller = Caller()
    caller(Started())
    caller(Key("1"))
    for digit in "811":
        caller(Key(digit))
    assert caller.hears_out() == [Play(("wrong_key", "menu"), "zh", True, caller.state.token)]
    assert caller.state.typed == ""


def test_three_silences_lead_to_a_person() -> None:
    caller = Caller().at_menu()
    for _ in range(2):
        caller.hears_out()
        (again,) = caller.is_silent()
        assert again.prompts == ("timeout", "menu")
    caller.hears_out()
    assert caller.is_silent() == [EnterQueue("sales", 0, 3, ("#",), False)]
    assert len(caller.notes("flow.timeout")) == 3


def test_three_wrong_keys_end_where_the_flow_says() -> None:
    caller = Caller().at_menu()
    caller(Key("7"))
    caller(Key("8"))
    assert caller(Key("#"))[-1] == Play(("goodbye",), "zh", False, caller.state.token)
    assert [n["digits"] for n in caller.notes("flow.wrong_key")] == ["7", "8", "#"]
    assert caller.hears_out() == [Hangup()]


def test_silence_and_wrong_keys_count_together() -> None:
    caller = Caller().at_menu()
    caller(Key("2"))
    caller(Key("8"))
    caller.hears_out()
    assert caller.is_silent()[0].prompts == ("goodbye",)


def test_zero_is_a_person_from_every_menu() -> None:
    caller = Caller().at_menu()
    caller(Key("2"))
    assert isinstance(caller(Key("0"))[-1], EnterQueue)


def test_repeat_plays_again_and_back_leads_to_the_menu_before() -> None:
    caller = Caller().at_menu()
    assert caller(Key("9"))[-1].prompts == ("menu",)
    assert caller(Key("*"))[-1].prompts == ("menu",), "nothing before the first menu"
    caller(Key("2"))
    assert caller(Key("*"))[-1].prompts == ("menu",)
    assert caller.state.back == ()


def test_waiting_too_long_leads_to_voicemail_and_a_message() -> None:
    caller = Caller().at_menu()
    caller(Key("1"))
    assert caller(QueueTimeout()) == [LeaveQueue("timeout"), Play(("leave",), "zh", True, caller.state.token)]
    assert caller.hears_out() == [Record("complaint", 90, 5, "mail")]
    assert caller(RecordDone(12.5))[0].prompts == ("voicemail.thanks",)
    assert caller.hears_out()[0].prompts == ("goodbye",)
    assert caller.hears_out() == [Hangup()]
    assert caller.notes("flow.ended") == [{"reason": "done"}]


def test_a_key_skips_the_invitation_to_speak() -> None:
    caller = Caller().at_menu()
    caller(Key("3"))
    assert caller(Key("#"))[-1] == Record("complaint", 90, 5, "mail")


def test_who_says_nothing_is_invited_once_more_only() -> None:
    caller = Caller().at_menu()
    caller(Key("3"))
    caller.hears_out()
    assert caller(RecordDone(0.2))[0].prompts == ("leave",)
    caller.hears_out()
    assert caller(RecordDone(0.0))[0].prompts == ("voicemail.thanks",)


def test_a_message_that_cannot_be_recorded_is_said_to_be_so() -> None:
    caller = Caller().at_menu()
    caller(Key("3"))
    caller.hears_out()
    assert caller(RecordDone(0, ok=False))[0].prompts == ("error.technical",)
    assert caller.notes("flow.error") == [{"node": "mail", "reason": "not_recorded"}]


def test_a_key_while_waiting_leaves_the_queue_for_voicemail() -> None:
    caller = Caller().at_menu()
    caller(Key("1"))
    assert caller(Key("5")) == [], "other keys mean nothing there"
    assert caller(Key("#"))[0] == LeaveQueue("key")


def test_nobody_signed_in_leads_on_or_waits_as_the_flow_says() -> None:
    caller = Caller().at_menu()
    caller(Key("1"))
    assert caller(QueueEmpty()) == [LeaveQueue("closed"), EnterQueue("night", 0, 0, (), True)]
    assert caller(QueueEmpty()) == [] and caller.state.stage == "queued"


def test_an_agent_lost_in_mid_call_brings_the_caller_back_into_the_queue() -> None:
    caller = Caller().at_menu()
    caller(Key("1"))
    caller(QueueAnswered())
    assert caller(Key("5")) == [] and caller.state.stage == "talking"
    caller(QueueReturned())
    assert caller(QueueTimeout())[0] == LeaveQueue("timeout")


@pytest.mark.parametrize("result", ["busy", "no_answer", "failed"])
def test_a_forward_that_fails_goes_on(result: str) -> None:
    caller = Caller().at_menu()
    assert caller(Key("4"))[-1].prompts == ("connecting",)
    assert caller.hears_out() == [Forward("13800000000", 30)]
    assert caller(ForwardDone(result))[0].prompts == ("leave",)


def test_a_forward_that_was_talked_ends_the_call() -> None:
    caller = Caller().at_menu()
    caller(Key("4"))
    caller.hears_out()
    assert caller(ForwardDone("ended")) == [Hangup()]


def test_whoever_is_on_duty_is_rung_by_the_roster_and_a_message_is_the_last_resort() -> None:
    nodes = {**NODES, "duty": {"type": "duty", "line": "repair", "prompts": "connecting", "on_fail": "mail"}}
    caller = Caller(build({"start": "ask", "person": "sales", "nodes": nodes})).at_menu()
    assert caller(Key("4"))[-1].prompts == ("connecting",)
    assert caller.hears_out() == [RingDuty("repair", 25)]
    assert caller(Key("1")) == [] and caller.state.stage == "forwarding"
    again = caller(Resumed())
    assert again[-1].prompts == ("connecting",)
    caller.hears_out()
    assert caller(ForwardDone("no_answer"))[0].prompts == ("leave",)


@pytest.mark.parametrize(
    ("status", "node"), [("open", "sales"), ("closed", "mail"), ("holiday", "bye"), ("odd", "mail")]
)
def test_opening_hours_decide_the_way(status: str, node: str) -> None:
    caller = Caller().at_menu()
    assert caller(Key("5"))[-1] == AskHours("")
    caller(HoursAre(status))
    assert caller.state.node == node


def test_another_line_takes_over_without_hanging_up() -> None:
    caller = Caller().at_menu()
    commands = caller(Key("6"))
    assert commands[-1] == EnterLine("east1/sales") and Hangup() not in commands
    assert caller.state.stage == "ended"
    onward = Caller(visits=caller.state.visits, language="en")
    assert onward(Started())[0].prompts == ("hello", "notice"), "he is not asked for his language twice"


@pytest.mark.parametrize("steps", range(8))
def test_hanging_up_at_any_step_ends_the_flow_once(steps: int) -> None:
    caller = Caller()
    script = [Started(), Key("1"), None, None, Key("1"), QueueTimeout(), None]
    for event in script[:steps]:
        caller(event or PlayDone(caller.state.token))
    assert caller(CallerGone()) == [], "there is nobody to hang up on"
    assert caller.notes("flow.ended") == [{"reason": "caller_gone"}]
    caller(CallerGone())
    assert len(caller.notes("flow.ended")) == 1


def test_an_event_that_cannot_be_raises_and_changes_nothing() -> None:
    caller = Caller().at_menu()
    before = caller.state
    for event in (
        Started(),
        RecordDone(3),
        QueueTimeout(),
        ForwardDone("busy"),
        HoursAre("open"),
        QueueAnswered(),
        Key("12"),
        Key("x"),
    ):
        with pytest.raises(IllegalEvent):
            caller(event)
    assert caller.state is before


def test_after_a_restart_he_hears_the_menu_again() -> None:
    caller = Caller().at_menu()
    caller.hears_out()
    revived = State.load(caller.state.dump())
    assert revived == caller.state
    after, commands = step(FLOW, revived, Resumed(), caller.now)
    plays = [c for c in commands if isinstance(c, Play)]
    assert plays[0].prompts == ("menu",) and plays[0].token > revived.token
    assert after.node == "menu"


@pytest.mark.parametrize("stage", ["queued", "talking"])
def test_after_a_restart_a_queue_or_a_talk_just_goes_on(stage: str) -> None:
    state = State(stage=stage, node="sales", language="zh")
    assert step(FLOW, state, Resumed(), 0.0) == (state, ())


def test_a_caller_in_circles_comes_to_a_person_and_then_to_an_end() -> None:
    nodes = {
        "a": {"type": "play", "prompts": "round", "next": "a"},
        "help": {"type": "play", "prompts": "help", "next": "a"},
    }
    caller = Caller(build({"start": "a", "person": "help", "max_visits": 10, "nodes": nodes}))
    caller(Started())
    heard = []
    for _ in range(60):
        if caller.state.stage == "ended":
            break
        caller.hears_out()
        heard.append(caller.state.node)
    assert heard[9] == "help", "after ten nodes he is passed to the person"
    assert caller.state.stage == "ended" and caller.commands[-1] == Hangup()
    assert [c for c in caller.commands if isinstance(c, Play)][-1].prompts == ("error.technical",)
    assert {n["reason"] for n in caller.notes("flow.error")} == {"too_many_steps"}


def test_what_is_not_a_saved_position_is_refused() -> None:
    for text in ("", "[]", "{}", "null", '["walking","a","zh","x",0,0,0,"",[],[],0]', "[1,2,3]"):
        with pytest.raises(ValueError):
            State.load(text)


EVENTS = st.one_of(
    st.sampled_from("0123456789*#").map(Key),
    st.sampled_from(
        [
            Resumed(),
            QueueAnswered(),
            QueueReturned(),
            QueueTimeout(),
            QueueEmpty(),
            RecordDone(0.1),
            RecordDone(9),
            RecordDone(0, ok=False),
        ]
    ),
    st.sampled_from([HoursAre("open"), HoursAre("closed"), ForwardDone("busy"), ForwardDone("ended")]),
    st.just(PlayDone(-1)),
    st.just(Timeout(-1)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_whatever_happens_the_caller_is_somewhere_and_can_be_saved(events: list[Any]) -> None:
    caller = Caller()
    caller(Started())
    for event in events:
        if isinstance(event, PlayDone | Timeout):
            event = type(event)(caller.state.token)
        rule = TABLE.get((caller.state.stage, type(event)))
        before, count = caller.state, len(caller.commands)
        if rule is None:
            with pytest.raises(IllegalEvent):
                caller(event)
            assert caller.state is before
            continue
        caller(event)
        assert caller.state.stage in rule.to | {before.stage}
        assert len(caller.state.dump()) < 1000 and State.load(caller.state.dump()) == caller.state
        said = caller.commands[count:]
        assert sum(isinstance(c, Hangup | EnterLine) for c in said) <= 1
        if caller.state.stage == "ended" and before.stage != "ended":
            assert any(isinstance(c, Note) and c.kind == "flow.ended" for c in said)
    assert len(caller.notes("flow.ended")) <= 1
