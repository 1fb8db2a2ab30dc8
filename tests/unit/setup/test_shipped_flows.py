"""Every shipped flow is right, and no way of keying, waiting or staying silent is a dead end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dealerline.domain import ivr
from dealerline.domain.ivr import model
from dealerline.settings import CHECKOUT

FOLDER = CHECKOUT / "assets" / "flows"
FLOWS = sorted(FOLDER.rglob("*.yaml"))
STORES = ("pudong", "hongqiao", "binjiang", "chaoyang", "yizhuang", "binhai")
KINDS = ("sales", "repair", "rescue", "complaints", "new_car")
NOON = 1_795_320_000.0


def load(path: Path) -> ivr.Flow:
    return ivr.build(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def prompts() -> set[str]:
    return set(yaml.safe_load((CHECKOUT / "assets" / "prompts" / "prompts.yaml").read_text(encoding="utf-8")))


def test_every_kind_of_line_has_its_flows() -> None:
    names = {path.stem for path in FLOWS}
    assert names >= {"sales-open", "sales-closed", "repair-open", "repair-closed", "rescue", "complaints-open"}
    assert names >= {"complaints-closed", "new-car", "holiday", "store", "group-400"}


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.stem)
def test_a_shipped_flow_names_only_what_is_shipped_and_has_no_warning(path: Path, prompts: set[str]) -> None:
    flow = load(path)
    lines = {*KINDS, *(f"{store}/{kind}" for store in STORES for kind in KINDS)}
    found = ivr.check(
        flow,
        prompts={key: {"zh", "en"} for key in prompts},
        queues={"sales", "repair", "rescue", "complaints"},
        lines=lines,
    )
    assert [str(problem) for problem in found] == []


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.stem)
def test_titles_are_in_both_languages(path: Path) -> None:
    flow = load(path)
    assert set(flow.title) == {"zh", "en"}
    for node in flow.nodes.values():
        assert set(node.title) in ({"zh", "en"}, set()), node.name
        if isinstance(node, model.MenuNode):
            assert all(set(choice.title) == {"zh", "en"} for choice in node.keys.values()), node.name


def answers(commands: tuple[Any, ...], key: str) -> ivr.Event | None:
    """What happens next to a caller who keys ``key`` at every menu ("" keeps silent) and whom nobody answers."""
    for command in commands:
        match command:
            case ivr.Hangup() | ivr.EnterLine():
                return None
            case ivr.Play(token=token):
                return ivr.PlayDone(token)
            case ivr.Collect(token=token):
                return ivr.Key(key) if key else ivr.Timeout(token)
            case ivr.EnterQueue():
                return ivr.QueueTimeout()
            case ivr.AskHours():
                return ivr.HoursAre("closed")
            case ivr.Record():
                return ivr.RecordDone(12.0)
            case ivr.Forward() | ivr.RingDuty():
                return ivr.ForwardDone("no_answer")
            case ivr.AskNumber():
                return ivr.NumberIs("+8613812345678")
            case ivr.Identify():
                return ivr.Identified("not_found")
            case ivr.Promise():
                return ivr.Promised(False)
    raise AssertionError(f"the caller is left alone after {commands}")


@pytest.mark.parametrize("key", ["", "0", "1", "2", "3", "4", "5", "9", "*", "#"])
@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.stem)
def test_whoever_keys_the_same_for_ever_reaches_an_end(path: Path, key: str) -> None:
    flow = load(path)
    state, commands = ivr.step(flow, ivr.begin(flow), ivr.Started(), NOON)
    heard = 0
    for _ in range(400):
        heard += any(isinstance(command, ivr.Play) for command in commands)
        event = answers(commands, key)
        if event is None:
            break
        state, commands = ivr.step(flow, state, event, NOON)
    else:
        raise AssertionError("goes round for ever")
    assert state.stage == "ended"
    assert heard, "nobody is turned away without a word"


@pytest.mark.parametrize("path", [p for p in FLOWS if "closed" not in p.stem and p.stem not in ("holiday",)],
                         ids=lambda p: p.stem)
def test_key_0_leads_to_a_person_while_open(path: Path) -> None:
    flow = load(path)
    person = flow.nodes[flow.person]
    assert isinstance(person, model.QueueNode | model.ForwardNode | model.DutyNode)


def test_rescue_asks_nothing_before_the_queue() -> None:
    flow = load(FOLDER / "rescue.yaml")
    state, commands = ivr.step(flow, ivr.begin(flow), ivr.Started(), NOON)
    play = next(c for c in commands if isinstance(c, ivr.Play))
    state, commands = ivr.step(flow, state, ivr.PlayDone(play.token), NOON)
    assert any(isinstance(c, ivr.EnterQueue) and c.queue == "rescue" for c in commands)


def test_a_caller_handed_on_by_the_group_is_not_asked_for_his_language_again() -> None:
    flow = load(FOLDER / "sales-open.yaml")
    _, commands = ivr.step(flow, ivr.begin(flow, language="en", visits=6), ivr.Started(), NOON)
    played = [prompt for c in commands if isinstance(c, ivr.Play) for prompt in c.prompts]
    assert played == ["welcome.sales", "notice.recording"]


def test_the_winter_announcement_is_heard_in_winter_only() -> None:
    flow = load(FOLDER / "repair-open.yaml")
    news = flow.nodes["news"]
    assert isinstance(news, model.AnnouncementNode)
    winter = next(item for item in news.items if item.prompts == ("news.winter_check",))
    assert winter.start is not None and winter.end is not None
    assert (winter.start.month, winter.end.month) == (11, 3)


@pytest.mark.parametrize("keys", ["", "#", "0"])
def test_a_new_caller_of_the_service_line_is_asked_for_his_plate_and_led_on_by_one_key_or_none(keys: str) -> None:
    flow = load(FOLDER / "repair-open.yaml")
    state = ivr.State(stage="identifying", node="who", language="zh")
    state, commands = ivr.step(flow, state, ivr.Identified("not_found"), NOON)
    assert [c.prompts for c in commands if isinstance(c, ivr.Play)] == [("who.ask",)]
    for key in keys:
        state, commands = ivr.step(flow, state, ivr.Key(key), NOON)
    if keys != "#":
        state, commands = ivr.step(flow, state, ivr.PlayDone(state.token), NOON)
        state, commands = ivr.step(flow, state, ivr.Timeout(state.token), NOON)
    assert [c.prompts for c in commands if isinstance(c, ivr.Play)] == [("please_hold",)]


def test_whom_his_number_tells_hears_nothing_of_it() -> None:
    flow = load(FOLDER / "repair-open.yaml")
    state = ivr.State(stage="identifying", node="who", language="zh")
    _, commands = ivr.step(flow, state, ivr.Identified("found"), NOON)
    assert [c.prompts for c in commands if isinstance(c, ivr.Play)] == [("please_hold",)]


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.stem)
def test_who_wants_to_be_called_back_is_promised_it_and_says_good_bye(path: Path) -> None:
    flow = load(path)
    asks = [n for n in flow.nodes.values() if isinstance(n, model.QueueNode) and "1" in n.leave]
    for queue in asks:
        node = flow.nodes[queue.leave["1"]]
        assert isinstance(node, model.CallbackNode) and queue.offers, "the key is told"
        state = ivr.State(stage="queued", node=queue.name, queue=queue.name, language="zh")
        for event in (ivr.Key("1"), ivr.NumberIs("+8613812345678"), ivr.Key("1"), ivr.Promised(True)):
            state, _ = ivr.step(flow, state, event, NOON)
        while state.stage != "ended":
            state, _ = ivr.step(flow, state, ivr.PlayDone(state.token), NOON)
