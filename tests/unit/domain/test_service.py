"""The one formula of the service level, and the buckets of abandons."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain import service
from dealerline.domain.service import Tally

LIMIT = 20.0


def tally(*stays: tuple[str, float]) -> Tally:
    made = Tally()
    for reason, waited in stays:
        made.left(reason, waited, LIMIT)
    return made


def test_answered_in_time_of_those_answered_and_those_lost_too_late() -> None:
    day = tally(("answered", 5), ("answered", 20), ("answered", 21), ("abandoned", 90))
    assert (day.within, day.answered, day.lost_late) == (2, 3, 1)
    assert day.level == 0.5


def test_who_gives_up_before_we_could_fail_him_is_left_out() -> None:
    assert tally(("answered", 5), ("abandoned", 20)).level == 1.0
    assert tally(("answered", 5), ("abandoned", 20.1)).level == 0.5


def test_a_short_longest_wait_does_not_make_the_figure_good() -> None:
    assert tally(("answered", 5), ("timeout", 30)).level == 0.5
    assert tally(("answered", 5), ("closed", 0)).level == 1.0
    assert tally(("timeout", 30)).sent_on == 1


def test_who_presses_a_key_or_is_handed_on_counts_nowhere() -> None:
    day = tally(("answered", 5), ("key", 90), ("transferred", 90))
    assert (day.level, day.chose, day.sent_on, day.abandoned) == (1.0, 1, 0, 0)


def test_without_callers_there_is_no_level() -> None:
    assert Tally().level is None and Tally().average_wait is None and Tally().average_talk is None
    assert tally(("abandoned", 3)).level is None


def test_the_buckets_of_abandons_begin_at_0_5_20_and_60_seconds() -> None:
    assert [service.bucket(s) for s in (0, 4.99, 5, 19.9, 20, 59.9, 60, 900)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert tally(("abandoned", 1), ("abandoned", 30), ("abandoned", 31)).abandons == [1, 0, 2, 0]


def test_averages_are_of_those_answered() -> None:
    day = tally(("answered", 10), ("answered", 20), ("abandoned", 300))
    day.spoke(60)
    day.spoke(120)
    assert (day.average_wait, day.average_talk) == (15, 90)


@given(st.lists(st.tuples(st.sampled_from([*service.ENDS, "transferred"]), st.floats(0, 1000)), max_size=60))
def test_whatever_happens_the_level_is_a_share_and_nobody_counts_twice(stays: list[tuple[str, float]]) -> None:
    day = tally(*stays)
    assert day.level is None or 0 <= day.level <= 1
    assert day.answered + day.abandoned + day.sent_on + day.chose == sum(r in service.ENDS for r, _ in stays)
    assert day.level == service.level(day.within, day.answered, day.lost_late)
