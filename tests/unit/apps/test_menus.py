"""A caller's way through the menus, told in the words of the flow that ran."""

from __future__ import annotations

from typing import Any

from dealerline.apps.calls.logic.menus import path
from dealerline.domain import ivr

GROUP = ivr.build({
    "start": "language", "person": "person", "title": {"zh": "总机", "en": "Switchboard"},
    "nodes": {
        "language": {"type": "language", "prompts": "language", "keys": {"1": "zh", "2": "en"}, "next": "menu"},
        "menu": {"type": "menu", "prompts": "menu", "repeat": "*", "back": "#", "on_timeout": "person",
                 "keys": {"1": {"to": "sales", "title": {"zh": "买车", "en": "Buying"}}, "2": "person"}},
        "sales": {"type": "goto", "line": "sales"},
        "person": {"type": "queue", "title": {"zh": "人工服务", "en": "A person"}, "queue": "sales",
                   "leave": {"*": "message"}, "on_timeout": "message"},
        "message": {"type": "voicemail", "title": {"zh": "留言"}, "prompts": "leave", "next": "bye"},
        "bye": {"type": "hangup"},
    }})
LINE = ivr.build({
    "start": "menu", "person": "bye",
    "nodes": {"menu": {"type": "menu", "prompts": "menu", "on_timeout": "bye",
                       "keys": {"1": {"to": "bye", "title": {"zh": "试驾", "en": "Test drive"}}}},
              "bye": {"type": "hangup"}}})
FLOWS = {(1, 4): GROUP, (2, 1): LINE}


def key(digits: str, node: str) -> tuple[str, dict[str, Any]]:
    return "flow.key", {"digits": digits, "node": node}


def began(flow: int, version: int) -> tuple[str, dict[str, Any]]:
    return "flow.started", {"flow": flow, "version": version}


def told(*facts: tuple[str, dict[str, Any]], language: str = "en") -> list[str]:
    return [text[language] for text in path(facts, lambda flow, version: FLOWS.get((flow, version)))]


def test_the_way_is_told_in_the_words_of_each_flow_he_went_through() -> None:
    facts = (began(1, 4), key("2", "language"), key("1", "menu"), began(2, 1), key("1", "menu"))
    assert told(*facts) == ["Buying", "Test drive"]
    assert told(*facts, language="zh") == ["买车", "试驾"]


def test_keys_that_chose_nothing_are_no_part_of_the_way() -> None:
    assert told(began(1, 4), key("9", "menu"), key("*", "menu"), key("#", "menu"), key("0", "menu")) == ["A person"]


def test_a_choice_without_a_name_is_called_as_where_it_leads() -> None:
    assert told(began(1, 4), key("2", "menu")) == ["A person"]


def test_leaving_the_queue_for_a_message_is_a_choice_and_one_language_stands_in_for_the_other() -> None:
    assert told(began(1, 4), key("0", "menu"), key("*", "person")) == ["A person", "留言"]


def test_older_facts_say_only_with_the_node_before_where_he_stood() -> None:
    assert told(began(1, 4), ("flow.node", {"node": "menu", "kind": "menu"}), ("flow.key", {"digits": "1"})) == [
        "Buying"]


def test_a_version_that_is_gone_leaves_the_keys() -> None:
    assert told(began(1, 3), key("1", "menu")) == ["key 1"]
    assert told(("flow.key", {"digits": "1"}), language="zh") == ["按 1"]
    assert told(began(1, 4), ("flow.key", {"digits": "1"})) == ["key 1"]


def test_the_words_are_those_that_the_agent_saw_while_it_rang() -> None:
    state = ivr.begin(GROUP)
    shown, noted = [], [began(1, 4)]
    for event in (ivr.Started(), ivr.Key("2"), ivr.Key("8"), ivr.Key("2")):
        state, commands = ivr.step(GROUP, state, event, 1_800_000_000.0)
        shown += [command.title["en"] for command in commands if isinstance(command, ivr.Chose)]
        noted += [(command.kind, dict(command.data)) for command in commands if isinstance(command, ivr.Note)]
    assert told(*noted) == shown == ["A person"]
