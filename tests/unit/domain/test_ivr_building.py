"""Documents become flows, or a list of everything that is wrong with them."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from dealerline.domain.ivr import FlowErrors, build, check
from dealerline.domain.ivr.model import AnnouncementNode, MenuNode
from dealerline.domain.ivr.texts import TEXTS

ROOT = Path(__file__).resolve().parents[3]


def problems(document: Any) -> set[tuple[str, str]]:
    with pytest.raises(FlowErrors) as caught:
        build(document)
    return {(p.path, p.code) for p in caught.value.problems}


def flow(**nodes: Any) -> dict[str, Any]:
    return {"nodes": nodes}


BYE = {"type": "hangup"}


def test_the_example_of_the_reference_builds_and_is_sound() -> None:
    text = (ROOT / "docs/reference/flows.md").read_text(encoding="utf-8")
    document = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
    built = build(document)
    assert (
        check(built, queues={"east1/repair", "east1/sales"}, lines={"east1/sales", "east1/rescue", "east1/repair"})
        == ()
    )
    assert build(json.loads(json.dumps(document, default=str))) == built, "JSON and YAML say the same"


def test_every_shipped_flow_builds_without_error() -> None:
    files = sorted((ROOT / "assets/flows").rglob("*.yaml"))
    assert files
    keys = set(yaml.safe_load((ROOT / "assets/prompts/prompts.yaml").read_text(encoding="utf-8")))
    for file in files:
        built = build(yaml.safe_load(file.read_text(encoding="utf-8")))
        wrong = [str(p) for p in check(built, prompts=keys) if p.level == "error"]
        assert not wrong, f"{file.name}: {wrong}"


def test_what_is_no_flow_at_all_says_so() -> None:
    for document in (None, [], "flow", 5):
        assert problems(document) == {("", "not_a_flow")}
    assert problems({}) == {("nodes", "no_nodes")}
    assert problems({"nodes": {}}) == {("nodes", "no_nodes")}


def test_one_look_shows_every_fault_with_its_place() -> None:
    found = problems(
        {
            "start": "nowhere",
            "langage": "zh",
            "nodes": {
                "Menu": {"type": "menu", "prompts": "m", "keys": {"11": "bye", 3: "lost"}, "tries": 99},
                "bye": {"type": "hangap"},
                "plain": {"prompts": "x"},
                "say": {"type": "play", "prompts": [], "next": "bye", "loud": True},
                "list": ["play"],
            },
        }
    )
    assert found == {
        ("langage", "unknown_field"),
        ("start", "unknown_node"),
        ("nodes.Menu", "bad_name"),
        ("nodes.Menu", "no_way_on"),
        ("nodes.Menu.keys.11", "bad_key"),
        ("nodes.Menu.keys.3", "unknown_node"),
        ("nodes.Menu.tries", "bad_number"),
        ("nodes.bye.type", "unknown_type"),
        ("nodes.plain", "missing"),
        ("nodes.say.loud", "unknown_field"),
        ("nodes.say.prompts", "no_prompts"),
        ("nodes.list", "missing"),
    }


def test_a_problem_speaks_both_languages_and_names_its_place() -> None:
    with pytest.raises(FlowErrors) as caught:
        build(flow(a={"type": "play", "prompts": "x", "next": "b"}))
    (problem,) = caught.value.problems
    assert problem.path == "nodes.a.next"
    assert "“b”" in problem.text["en"] and "“b”" in problem.text["zh"]
    assert str(problem) == "nodes.a.next: there is no node named “b”"


def test_every_text_has_both_languages_and_the_same_places() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, code
        assert set(re.findall(r"{(\w+)}", texts["zh"])) == set(re.findall(r"{(\w+)}", texts["en"])), code


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"type": "menu", "prompts": "m", "keys": {}, "on_wrong": "bye"}, "no_keys"),
        ({"type": "menu", "prompts": "m", "keys": {1: "bye", "1": "bye"}, "on_wrong": "bye"}, "key_twice"),
        ({"type": "menu", "prompts": "m", "keys": {1: "bye"}, "repeat": 1, "on_wrong": "bye"}, "key_twice"),
        ({"type": "menu", "prompts": "m", "keys": {1: "bye"}, "repeat": 9, "back": 9, "on_wrong": "bye"}, "key_twice"),
        ({"type": "menu", "prompts": "m", "keys": {1: {"title": "x"}}, "on_wrong": "bye"}, "missing"),
        ({"type": "menu", "prompts": "m", "keys": {1: {"to": "bye", "go": 1}}, "on_wrong": "bye"}, "unknown_field"),
        ({"type": "menu", "prompts": "m", "keys": {1: "bye"}}, "no_way_on"),
        ({"type": "language", "prompts": "m", "keys": {1: "chinese language"}, "next": "bye"}, "bad_language"),
        ({"type": "forward", "number": "call me", "on_fail": "bye"}, "bad_phone"),
        ({"type": "goto"}, "goto_one"),
        ({"type": "goto", "to": "bye", "line": "sales"}, "goto_one"),
        ({"type": "play", "prompts": [1], "next": "bye"}, "bad_prompts"),
        ({"type": "play", "prompts": "x", "next": "bye", "interruptible": "no"}, "bad_flag"),
        ({"type": "play", "prompts": "x", "next": "bye", "title": 5}, "bad_title"),
        ({"type": "voicemail", "prompts": "x", "max_seconds": True}, "bad_number"),
        ({"type": "announcement", "items": [{"prompts": "x", "from": "soon"}], "next": "bye"}, "bad_date"),
        ({"type": "announcement", "items": [{"prompts": "x", "form": 1}], "next": "bye"}, "unknown_field"),
        (
            {
                "type": "announcement",
                "items": [{"prompts": "x", "from": "2026-10-02", "until": "2026-10-01"}],
                "next": "bye",
            },
            "dates_reversed",
        ),
    ],
)
def test_a_faulty_node_is_named(node: dict[str, Any], code: str) -> None:
    assert code in {found for _, found in problems(flow(n=node, bye=BYE))}


def test_dates_may_be_dates_texts_or_moments_and_a_last_day_counts_whole() -> None:
    items = [
        {"prompts": "a", "from": date(2026, 10, 1), "until": "2026-10-07"},
        {"prompts": "b", "from": "2026-10-01 08:30", "until": datetime(2026, 10, 1, 9)},  # noqa: DTZ001
        {"prompts": "c"},
    ]
    node = build(flow(n={"type": "announcement", "items": items, "next": "bye"}, bye=BYE)).nodes["n"]
    assert isinstance(node, AnnouncementNode)
    spans = [(str(i.start), str(i.end)) for i in node.items]
    assert spans == [
        ("2026-10-01 00:00:00", "2026-10-08 00:00:00"),
        ("2026-10-01 08:30:00", "2026-10-01 09:00:00"),
        ("None", "None"),
    ]


def test_nodes_that_only_send_each_other_on_are_a_silent_circle() -> None:
    found = problems(
        flow(
            a={"type": "hours", "open": "b", "closed": "bye"},
            b={"type": "announcement", "items": [], "next": "c"},
            c={"type": "goto", "to": "a"},
            bye=BYE,
        )
    )
    assert [code for _, code in found] == ["silent_loop"]


def test_a_circle_in_which_the_caller_hears_something_is_allowed() -> None:
    build(flow(a={"type": "play", "prompts": "x", "next": "b"}, b={"type": "goto", "to": "a"}))


def test_many_branches_that_meet_again_are_checked_quickly() -> None:
    nodes: dict[str, Any] = {"n60": BYE}
    for i in range(0, 60, 2):
        nodes[f"n{i}"] = {"type": "hours", "open": f"n{i + 1}", "closed": f"n{i + 2}", "holiday": f"n{i + 2}"}
        nodes[f"n{i + 1}"] = {"type": "goto", "to": f"n{i + 2}"}
    assert len(build({"start": "n0", "nodes": nodes}).nodes) == 61


def test_the_checker_finds_what_is_referred_to_but_not_there() -> None:
    built = build(
        {
            "start": "m",
            "nodes": {
                "m": {"type": "menu", "prompts": ["menu", "nope"], "keys": {1: "q", 2: "g"}, "on_timeout": "q"},
                "q": {"type": "queue", "queue": "ghost", "on_timeout": "bye"},
                "g": {"type": "goto", "line": "moon/sales"},
                "bye": BYE,
                "attic": {"type": "play", "prompts": "menu", "next": "bye"},
            },
        }
    )
    known = {"menu": {"zh", "en"}, "wrong_key": {"zh"}, "timeout": {"zh", "en"}}
    found = {(p.path, p.code, p.level) for p in check(built, prompts=known, queues={"sales"}, lines=set())}
    assert found == {
        ("nodes.m.prompts.1", "unknown_prompt", "error"),
        ("nodes.m.wrong_prompt", "no_language", "warning"),
        ("nodes.m.keys", "no_person", "warning"),
        ("nodes.q.queue", "unknown_queue", "error"),
        ("nodes.g.line", "unknown_line", "error"),
        ("nodes.attic", "unreachable", "warning"),
    }


def test_titles_may_be_one_text_for_all_languages() -> None:
    node = build(
        flow(
            m={"type": "menu", "prompts": "m", "keys": {1: {"to": "bye", "title": "新车"}}, "on_wrong": "bye"}, bye=BYE
        )
    )
    menu = node.nodes["m"]
    assert isinstance(menu, MenuNode)
    assert menu.keys["1"].title == {"zh": "新车", "en": "新车"}
