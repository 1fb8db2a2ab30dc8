"""When the board raises an alarm, and when it ends."""

from __future__ import annotations

from dataclasses import replace

from dealerline.domain.boardalarms import ENOUGH, SETTLE, Alarm, Figures, Limits, over_break, queue_troubles, step

CALM = Figures(waiting=0, oldest=0, level=0.95, counted=50, present=3, open=True)
LIMITS = Limits(waiting=3, oldest=60, level=80, nobody=True)


def kinds(now: Figures, limits: Limits = LIMITS) -> list[str]:
    return [kind for kind, _ in queue_troubles(7, now, limits)]


def test_a_calm_queue_raises_nothing_and_limits_of_nought_are_none() -> None:
    assert kinds(CALM) == []
    assert kinds(Figures(99, 9999, 0.0, 500, 0, True), Limits()) == []


def test_each_limit_raises_its_alarm_only_when_it_is_passed() -> None:
    assert kinds(replace(CALM, waiting=3, oldest=60)) == []
    assert kinds(replace(CALM, waiting=4)) == ["waiting"]
    assert kinds(replace(CALM, waiting=1, oldest=61)) == ["oldest"]
    assert kinds(replace(CALM, level=0.79)) == ["level"]
    assert kinds(replace(CALM, level=0.8)) == []


def test_a_level_of_a_handful_of_callers_is_no_alarm() -> None:
    assert kinds(replace(CALM, level=0.0, counted=ENOUGH - 1)) == []
    assert kinds(replace(CALM, level=None, counted=0)) == []


def test_an_empty_desk_matters_while_the_store_is_open_or_somebody_waits() -> None:
    assert kinds(replace(CALM, present=0)) == ["nobody"]
    assert kinds(replace(CALM, present=0, open=False)) == []
    assert kinds(replace(CALM, present=0, open=False, waiting=1)) == ["nobody"]


def test_over_his_break_is_who_is_past_its_end() -> None:
    assert over_break(5, None, 100) == {} and over_break(5, 100, 100) == {}
    assert over_break(5, 40, 100) == {("over_break", 5): (60, 0)}


def test_an_alarm_begins_once_and_ends_when_its_cause_has_been_away_for_a_while() -> None:
    key = ("waiting", 7)
    raised, changed = step({}, {key: (4, 3)}, 100)
    assert (raised, changed) == ([key], [])
    alarm = Alarm("a", "waiting", 7, 1, 4, 3, 100)
    assert step({key: alarm}, {key: (4, 3)}, 101) == ([], [])
    raised, (worse,) = step({key: alarm}, {key: (9, 3)}, 102)
    assert raised == [] and worse.value == 9
    assert step({key: worse}, {key: (5, 3)}, 103) == ([], []), "the worst is kept"
    _, (quiet,) = step({key: worse}, {}, 110)
    assert quiet.quiet == 110 and quiet.ended is None
    assert step({key: quiet}, {}, 110 + SETTLE - 0.1) == ([], [])
    _, (back,) = step({key: quiet}, {key: (4, 3)}, 115)
    assert back.quiet is None, "a figure that trembles is one alarm"
    _, (ended,) = step({key: quiet}, {}, 110 + SETTLE)
    assert ended.ended == 110, "it ended when its cause went"


def test_the_worst_service_level_is_the_lowest() -> None:
    key = ("level", 7)
    alarm = Alarm("a", "level", 7, 1, 70, 80, 100)
    assert step({key: alarm}, {key: (75, 80)}, 101) == ([], [])
    _, (worse,) = step({key: alarm}, {key: (60, 80)}, 101)
    assert worse.value == 60
