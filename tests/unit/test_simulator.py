"""The simulator's pure parts: scripts, lines, the journal it reads along in, its texts, tickets."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dealerline.settings import CHECKOUT, Settings
from dealerline.switch import tickets
from simulator import desk, journal, script
from simulator.asterisk import TEMPLATES
from simulator.life import plan
from simulator.lines import number_of
from simulator.parties import Party
from simulator.script import CALLED, BadScript, Step, called_behaviour, caller_steps, parse
from simulator.service import errand
from simulator.texts import TEXTS, Trouble, say
from simulator.voices import SHIPPED, guess_language

DIRECTORY: dict[str, Any] = {
    "stores": [{"id": 1, "code": "east"}, {"id": 2, "code": "west"}],
    "lines": [{"id": 10, "store": 1, "kind": "sales", "numbers": ["02100000001"]},
              {"id": 11, "store": 2, "kind": "sales", "numbers": ["02200000001", "02200000002"]},
              {"id": 12, "store": 2, "kind": "rescue", "numbers": []}],
}


@pytest.mark.parametrize(("steps", "where"), [
    ("ring", "steps"),
    ([{"wait": 1}, {"key": "x"}], "steps[1].key"),
    ([{"wait": -1}], "steps[0].wait"),
    ([{"wait": float("nan")}], "steps[0].wait"),
    ([{"wait": True}], "steps[0].wait"),
    ([{"say": ""}], "steps[0].say"),
    ([{"say": "hi", "language": "fr"}], "steps[0].say.language"),
    ([{"tone": 9000}], "steps[0].tone"),
    ([{"await": "luck"}], "steps[0].await"),
    ([{"wait": 1, "key": "1"}], "steps[0]"),
    ([{"wait": 1, "colour": 2}], "steps[0]"),
    ([{"hangup": 400}], "steps[0].hangup"),
    ([{"hold": "yes"}], "steps[0].hold"),
    ([{"refer": "sip:802@x"}], "steps[0].refer"),
    ([{"loop": [{"await": "quiet"}, {"key": ""}]}], "steps[0].loop[1].key"),
    ([{"loop": []}], "steps[0].loop"),
    ([{"ring": 1}], "steps[0].ring"),
    ([{"fax": "maybe"}], "steps[0].fax"),
    ([3], "steps[0]"),
])
def test_a_wrong_script_is_refused_naming_the_place(steps: Any, where: str) -> None:
    with pytest.raises(BadScript) as refused:
        parse(steps)
    assert str(refused.value).startswith(where + ":")


def test_a_script_is_read_step_by_step() -> None:
    assert parse([{"tone": 400}, {"key": "1w2"}, {"loop": [{"say": "你好"}]}, {"hangup": True}]) == (
        Step("tone", number=400), Step("key", text="1w2"), Step("loop", steps=(Step("say", text="你好"),)),
        Step("hangup", number=16))


def test_a_loop_that_would_spin_without_taking_time_is_refused() -> None:
    with pytest.raises(BadScript):
        parse([{"loop": [{"await": "quiet", "seconds": 0}, {"wait": 0}]}])


def test_every_outside_number_has_a_behaviour_whose_script_is_right() -> None:
    assert {called_behaviour(f"1380000000{digit}") for digit in range(10)} == set(CALLED)
    assert all(parse(steps) for steps in CALLED.values())


def test_what_simulated_people_say_is_listed_among_the_callers_utterances() -> None:
    listed = set(yaml.safe_load((SHIPPED / "callers.yaml").read_text(encoding="utf-8")))
    said = {step["say"] for steps in CALLED.values() for step in _all(steps) if "say" in step} | {"robot.hello"}
    assert said <= listed


def _all(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for step in steps for inner in [step, *_all(step.get("loop", []))]]


def test_a_plain_caller_presses_his_keys_waits_for_a_person_speaks_and_stays() -> None:
    steps = caller_steps("12", ["你好"], tone=0, stay=0)
    assert [step.get("key") for step in steps if "key" in step] == ["1", "2"]
    assert any(step.get("await") == "talking" for step in steps)
    assert "loop" in steps[-1]
    assert "hangup" in caller_steps("", ["你好"], tone=0, stay=5)[-1]
    assert parse(steps) and parse(caller_steps("", [], tone=400, stay=0))


@pytest.mark.parametrize(("wanted", "number"), [
    ("sales", "02100000001"), ("west:sales", "02200000001"), (11, "02200000001"), ("+86 21-1234 5678", "+862112345678"),
])
def test_a_line_is_found_by_kind_by_store_by_id_and_a_number_is_itself(wanted: str | int, number: str) -> None:
    assert number_of(wanted, DIRECTORY) == number


@pytest.mark.parametrize("wanted", ["south:sales", "rescue", "west:rescue", "", 99])
def test_a_line_that_is_not_there_is_refused_naming_those_there_are(wanted: str | int) -> None:
    with pytest.raises(Trouble) as refused:
        number_of(wanted, DIRECTORY)
    assert "east:sales" in refused.value.text["en"] and "west:sales" in refused.value.text["zh"]


def test_every_text_is_in_both_languages_with_the_same_places() -> None:
    for code, languages in TEXTS.items():
        assert set(languages) == {"zh", "en"}, code
        places = [set(re.findall(r"\{(\w+)", words)) for words in languages.values()]
        assert places[0] == places[1], code
    assert "02388880001" in say("rings", "zh", number="1", to="02388880001", id="x")


def test_the_journal_is_read_on_from_its_end_and_half_a_line_waits(tmp_path: Path) -> None:
    segment = tmp_path / "journal-1.jsonl"
    segment.write_text('{"kind": "old"}\n')
    tail = journal.JournalTail(tmp_path)
    tail.skip()
    with segment.open("a") as out:
        out.write('{"kind": "new"}\nnot json\n{"kind": "ha')
    assert [fact["kind"] for fact in tail.read()] == ["new"]
    with segment.open("a") as out:
        out.write('lf"}\n')
    (tmp_path / "journal-2.jsonl").write_text('{"kind": "next"}\n')
    assert [fact["kind"] for fact in tail.read()] == ["half", "next"]
    segment.unlink()
    assert tail.read() == []


def test_numbers_are_the_same_however_they_are_spelt() -> None:
    assert journal.same_number("+8613812345678", "13812345678")
    assert journal.same_number("8001", "8001")
    assert not journal.same_number("13812345678", "13812345679")
    assert not journal.same_number("", "")


def test_the_centres_facts_tell_a_caller_how_far_he_has_got() -> None:
    party = Party("p", "caller", "1", "2", (), "c")
    for fact in ({"kind": "flow.prompt"}, {"kind": "flow.node", "data": {"kind": "menu"}}, {"kind": "queue.entered"},
                 {"kind": "offer.made"}, {"kind": "talk.started"}):
        party.fact(fact)
    assert {"greeting", "menu", "queue", "offered", "talking"} <= party.reached
    party.fact({"kind": "talk.ended"})
    assert "talking" not in party.reached


def test_the_desks_ticket_is_one_the_switch_accepts() -> None:
    text = desk.ticket(7, "agent1", "secret", now=1000.0)
    assert tickets.read(text, "secret", now=1030.0).person == 7
    with pytest.raises(tickets.BadTicket):
        tickets.read(text, "secret", now=1100.0)


@pytest.mark.parametrize("body", [
    {}, {"to": ""}, {"to": True}, {"to": "110", "colour": 1}, {"to": "110", "from": "me"}, {"to": "110", "say": 3},
    {"to": "110", "language": "fr"}, {"to": "110", "hang_up_at": "lunch"}, {"to": "110", "stay": "long"},
    {"to": "110", "trunk": "rope"}, {"to": "110", "keys": "x"}, {"to": "110", "steps": {}}, {"to": "110", "tone": -4},
])
def test_a_wrong_errand_is_refused_in_words(body: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((Trouble, BadScript)) as refused:
        errand(body, Settings(data=tmp_path, cache=tmp_path))
    assert str(refused.value)


def test_an_errand_to_a_line_needs_the_centres_configuration(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, cache=tmp_path)
    with pytest.raises(Trouble) as refused:
        errand({"line": "sales"}, settings)
    assert refused.value.code == "no_directory"
    settings.run.mkdir()
    (settings.run / "directory.json").write_text(json.dumps(DIRECTORY))
    ring = errand({"line": "east:sales", "keys": "1", "say": "hello", "hang_up_at": "queue"}, settings)
    assert (ring.to, ring.hang_up_at) == ("02100000001", "queue")
    (settings.run / "directory.json").write_text("{")
    with pytest.raises(Trouble) as broken:
        errand({"line": "sales"}, settings)
    assert broken.value.code == "bad_directory"


def test_a_language_is_guessed_from_the_words() -> None:
    assert (guess_language("请问 ok"), guess_language("hello")) == ("zh", "en")


def test_the_outside_world_listens_on_loopback_only() -> None:
    for name in ("pjsip.conf", "http.conf"):
        for line in (TEMPLATES / name).read_text().splitlines():
            if line.startswith("bind"):
                assert "127.0.0.1" in line or "@HTTP_PORT@" in line, line


def test_the_howto_names_every_step_and_stage() -> None:
    words = (CHECKOUT / "docs/howto/simulator.md").read_text(encoding="utf-8")
    missing = [name for name in (*script.AWAITED, *script.HANG_UP_AT, *script.STEP_KINDS) if name not in words]
    assert missing == []


def test_a_living_demo_has_callers_on_all_lines_some_of_whom_give_up(tmp_path: Path) -> None:
    kinds = enumerate(("sales", "rescue"))
    lines = [{"id": n, "store": 1, "kind": kind, "numbers": [f"023888800{n}"]} for n, kind in kinds]
    lines.append({"id": 9, "store": 1, "kind": "fax", "numbers": ["02388880099"]})
    coming = plan({"lines": lines}, minutes=30, a_minute=12, seed=1)
    assert 300 < len(coming) < 420 and all(a.at <= b.at for a, b in itertools.pairwise(coming))
    assert {one.errand["to"] for one in coming} == {"0238888000", "0238888001"}
    assert any("hang_up_at" in one.errand for one in coming)
    assert coming == plan({"lines": lines}, 30, 12, 1), "the same again"
    assert plan({"lines": []}, 30, 12, 1) == []
    for one in coming[:20]:
        errand(one.errand, Settings(data=tmp_path, cache=tmp_path))  # each is what the service takes
