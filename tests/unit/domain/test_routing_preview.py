"""Rules of queues: what is refused, what is warned of, and what their author reads of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.routing_preview import preview
from dealerline.domain.routing_rules import BadSteps, Lead, Need, Rules, Way, endless, steps, warnings, written

ENGLISH = {"zh": "英语", "en": "English"}
EXPERTS = {"zh": "专家", "en": "Experts"}


def english(level: int = 3, must: bool = True, relax: str = "") -> Need:
    return Need(7, ENGLISH, level, must, steps(relax, level))


def words(rules: Rules, language: str = "en") -> list[str]:
    return [line.words(language) for line in preview(rules)]


def test_a_circle_of_rules_that_ends_nowhere_is_found_with_its_way_round() -> None:
    assert endless([Lead(1, 2), Lead(2, 3), Lead(3, 1)]) == (1, 2, 3, 1)
    assert endless([Lead(1, 1)]) == (1, 1)


def test_a_circle_that_a_rule_leads_out_of_is_none() -> None:
    assert endless([Lead(1, 2), Lead(2, 1), Lead(2, 0)]) is None
    assert endless([Lead(1, 2), Lead(2, 1), Lead(1, 3)]) is None


def test_a_way_out_that_holds_within_hours_only_is_no_way_out() -> None:
    assert endless([Lead(1, 2), Lead(2, 1), Lead(2, 0, always=False)]) == (1, 2, 1)


def test_rules_that_go_on_to_other_queues_are_no_circle() -> None:
    assert endless([Lead(1, 3), Lead(2, 3), Lead(3, 4)]) is None


@given(st.lists(st.builds(Lead, st.integers(1, 6), st.integers(0, 6), st.booleans()), max_size=20))
def test_whatever_is_found_is_a_way_round_of_the_rules_given(leads: list[Lead]) -> None:
    found = endless(leads)
    if found is None:
        return
    assert found[0] == found[-1]
    assert all(any(lead.of == a and lead.to == b for lead in leads) for a, b in pairwise(found))


@given(st.lists(st.builds(Lead, st.integers(1, 6), st.integers(0, 6), st.just(True)), max_size=20))
def test_with_nothing_endless_every_caller_can_leave_by_rules_or_they_end(leads: list[Lead]) -> None:
    if endless(leads) is not None:
        return
    leaving = {lead.of for lead in leads if not lead.to}
    last = {lead.to for lead in leads} | {lead.of for lead in leads}
    ending = leaving | (last - {lead.of for lead in leads})
    for _ in range(8):
        ending |= {lead.of for lead in leads if lead.to in ending}
    assert {lead.of for lead in leads} <= ending


def test_steps_are_read_as_they_are_written_in_either_punctuation() -> None:
    assert steps("30:3, 60:1,120:0") == ((30, 3), (60, 1), (120, 0))
    assert steps("30：3，60：1") == ((30, 3), (60, 1))
    assert steps("") == ()
    assert written(steps("30:3 60:1")) == "30:3, 60:1"


@pytest.mark.parametrize("text", ["30", "30:7", "60:3, 30:1", "30:2, 60:3", "soon:1", "30:5"])
def test_steps_that_make_no_sense_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadSteps) as caught:
        steps(text)
    assert set(caught.value.text) == {"zh", "en"}


def test_a_need_that_nobody_has_is_warned_of_with_how_long_it_holds() -> None:
    rules = Rules(people=({7: 2}, {}), needs=(english(4, relax="30:2"),))
    (text,) = warnings(rules)
    assert text["en"] == "Nobody of this queue has English at level 4: nobody of it is rung in the first 30 s."
    (never,) = warnings(Rules(people=({},), needs=(english(4),)))
    assert never["zh"] == "队列成员都没有“英语”4 级，来电永远不会接到本队列成员。"


def test_skills_that_nobody_has_together_are_warned_of() -> None:
    repair = Need(8, {"zh": "维修", "en": "Repair"}, 2)
    (text,) = warnings(Rules(people=({7: 5}, {8: 5}), needs=(english(), repair)))
    assert "all the skills together" in text["en"]


def test_overflow_that_leads_nowhere_is_warned_of() -> None:
    def warned(**way: object) -> str:
        values = {"when": "waited", "value": 60.0, "name": EXPERTS} | way
        return " ".join(
            text["en"]
            for text in warnings(
                Rules(people=({},), ways=(Way(**values),)),  # type: ignore[arg-type]
                ours=["02388880001"],
            )
        )

    assert "nobody is a member" in warned(to="queue", queue=2)
    assert "does not lend" in warned(to="queue", queue=2, served=3, lent=False)
    assert "not in the numbering plan" in warned(to="number", number="12")
    assert "one of our own" in warned(to="number", number="+862388880001")
    assert "never comes" in warned(to="voicemail", value=600.0)
    assert warned(to="number", number="13800138000") == ""
    assert warned(to="queue", queue=2, served=3) == ""


def test_the_preview_tells_minute_by_minute_what_happens() -> None:
    rules = Rules(
        people=({7: 5}, {7: 3}, {}),
        strategy="best_skill",
        needs=(english(4, relax="30:3, 90:0"),),
        sticky_seconds=15,
        age_seconds=60,
        ways=(
            Way("waited", 60, "queue", 9, EXPERTS, 4),
            Way("waited", 120, "callback", hours={"zh": "白天", "en": "Day"}),
            Way("nobody", 0, "number", number="+8613800138000"),
            Way("length", 8, "voicemail"),
        ),
        max_wait_seconds=300,
    )
    assert words(rules) == [
        "at once: if whom he last spoke with is signed in, he alone is asked, for 15 s at most, and the caller keeps "
        "his place; else the others are asked at once",
        "after 15 s: 1 of the 3 people of this queue with English 4 or better, the best skilled first, each rung "
        "for 20 s",
        "after 30 s: English 3 or better is enough; 2 people of this queue may be rung",
        "after 1 min: also the 4 people of “Experts”; he keeps his place here",
        "after 1 min 30 s: English is no longer asked for; 3 people of this queue may be rung",
        "after 2 min: he is offered to be called back at his turn, only within “Day”",
        "after 5 min: he waits no longer: the flow goes on as for a wait that is over, as a rule to a message",
        "when nobody of this queue is signed in: he is put through to +8613800138000",
        "when 8 callers are before him: he is asked for a voice message",
        "Each 1 min of waiting count as one step of priority, so that nobody waits for ever.",
    ]
    chinese = words(rules, "zh")
    assert chinese[1] == "15 秒后：本队列 3 人中的 1 人（须有 英语 4 级以上），先找技能最高的，每人振铃 20 秒"
    assert chinese[3] == "1 分钟后：同时找“专家”的 4 人，原队列位置保留"
    assert chinese[4] == "1 分 30 秒后：不再要求 英语；本队列可接的有 3 人"


def test_a_plain_queue_reads_plainly() -> None:
    assert words(Rules(people=({}, {}), max_wait_seconds=0)) == [
        "at once: 2 of the 2 people of this queue, the one longest idle first, each rung for 20 s",
        "Waiting does not raise his priority: callers of a higher one always come first.",
    ]
