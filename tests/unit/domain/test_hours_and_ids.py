"""When a line is open; names that sort by time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain import calendars
from dealerline.domain.hours import Status, common, next_opening, status, year_without_days
from dealerline.domain.ids import moment, uuid7

SHANGHAI = "Asia/Shanghai"




# --- hours ---


@dataclass(frozen=True)
class Week:
    weekly: tuple[tuple[int, int, int], ...] = ()
    days: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = field(default_factory=dict)


def at(text: str, zone: str = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


OFFICE = Week(tuple((day, 510, 1050) for day in range(5)))  # Monday to Friday, 08:30 to 17:30


@pytest.mark.parametrize(
    ("moment_", "kind"),
    [
        ("2026-09-14 08:29", "closed"),
        ("2026-09-14 08:30", "open"),
        ("2026-09-14 17:29", "open"),
        ("2026-09-14 17:30", "closed"),
        ("2026-09-19 12:00", "closed"),
    ],
)
def test_a_working_week(moment_: str, kind: str) -> None:
    assert status(OFFICE, SHANGHAI, at(moment_)).kind == kind


def test_an_open_line_says_when_it_closes() -> None:
    assert status(OFFICE, SHANGHAI, at("2026-09-14 09:00")) == Status("open", at("2026-09-14 17:30"))


def test_a_lunch_break_is_closed_and_touching_hours_are_one() -> None:
    lunch = Week(((0, 480, 720), (0, 780, 1080)))
    assert status(lunch, SHANGHAI, at("2026-09-14 12:30")).kind == "closed"
    joined = Week(((0, 480, 720), (0, 720, 1080)))
    assert status(joined, SHANGHAI, at("2026-09-14 09:00")).until == at("2026-09-14 18:00")


def test_night_hours_run_past_midnight_also_into_a_holiday() -> None:
    night = Week(tuple((day, 1200, 360) for day in range(7)), {"2026-10-01": ("holiday", ())})
    assert status(night, SHANGHAI, at("2026-09-15 05:59")).kind == "open"
    assert status(night, SHANGHAI, at("2026-09-15 06:00")).kind == "closed"
    assert status(night, SHANGHAI, at("2026-10-01 03:00")).kind == "open", "the night of 30 September"
    assert status(night, SHANGHAI, at("2026-10-01 21:00")).kind == "holiday"
    assert status(night, SHANGHAI, at("2026-10-02 03:00")).kind == "closed", "no night began on the holiday"


def test_a_holiday_is_told_from_a_closed_day_and_may_have_its_own_hours() -> None:
    week = Week(OFFICE.weekly, {"2026-10-01": ("holiday", ()), "2026-10-02": ("holiday", ((600, 720),))})
    assert status(week, SHANGHAI, at("2026-10-01 10:00")).kind == "holiday"
    assert status(week, SHANGHAI, at("2026-10-02 10:30")).kind == "open"
    assert status(week, SHANGHAI, at("2026-10-02 13:00")).kind == "holiday"


def test_a_make_up_working_saturday_is_open() -> None:
    week = Week(OFFICE.weekly, {"2026-10-10": ("open", ((510, 1050),))})
    assert status(week, SHANGHAI, at("2026-10-10 10:00")).kind == "open"


def test_day_and_night_is_always_open() -> None:
    always = Week(tuple((day, 0, 1440) for day in range(7)))
    assert status(always, SHANGHAI, at("2026-09-14 00:00")) == Status("open", None)


def test_the_stores_own_time_zone_counts() -> None:
    now = at("2026-09-14 09:00")
    assert status(OFFICE, SHANGHAI, now).kind == "open"
    assert status(OFFICE, "Asia/Urumqi", now).kind == "closed", "07:00 there"


INTERVALS = st.tuples(st.integers(0, 1439), st.integers(0, 1440))
DAYS = st.dictionaries(
    st.integers(1, 14).map(lambda n: f"2026-11-{n:02d}"),
    st.tuples(st.sampled_from(["open", "holiday"]), st.lists(INTERVALS, max_size=2).map(tuple)),
    max_size=4,
)
WEEKLY = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1440), st.integers(0, 1440)), max_size=6)
WEEKS = st.builds(Week, WEEKLY.map(tuple), DAYS)


@given(WEEKS, WEEKS, st.integers(0, 14 * 1440 - 1))
def test_what_two_have_in_common_is_open_just_when_both_are(a: Week, b: Week, minute: int) -> None:
    now = at("2026-11-02 00:00") + minute * 60 + 30
    both = Week(*common(a, b))
    wanted = all(status(hours, SHANGHAI, now).kind == "open" for hours in (a, b))
    assert (status(both, SHANGHAI, now).kind == "open") == wanted


def test_a_month_is_a_grid_of_whole_weeks_that_tells_what_each_day_is() -> None:
    special = {
        "2026-10-01": ("holiday", ()),
        "2026-10-10": ("open", ((510, 1050),)),
        "2026-10-14": ("open", ((600, 120),)),
        "2026-10-15": ("holiday", ((540, 720), (780, 1020))),
    }
    grid = calendars.month(Week(OFFICE.weekly, special), 2026, 10)
    assert all(len(week) == 7 and week[0].day.weekday() == 0 for week in grid)
    days = {cell.day.day: (cell.kind, cell.hours) for week in grid for cell in week if cell.inside}
    assert len(days) == 31
    assert days[1] == ("holiday", "")
    assert days[2] == ("open", "08:30-17:30")
    assert days[3] == ("closed", "")
    assert days[10] == ("makeup", "08:30-17:30")
    assert days[14] == ("special", "10:00-02:00")
    assert days[15] == ("holiday", "09:00-12:00 13:00-17:00")


@given(WEEKS, st.integers(0, 13 * 1440))
def test_the_calendar_says_what_the_hours_say(week: Week, minute: int) -> None:
    now = at("2026-11-02 00:00") + minute * 60 + 30
    days = {cell.day.isoformat(): cell for row in calendars.month(week, 2026, 11) for cell in row}
    moment = datetime.fromtimestamp(now, ZoneInfo(SHANGHAI))
    of_day, before = moment.hour * 60 + moment.minute, (moment - timedelta(days=1)).date().isoformat()
    spans = [*days[moment.date().isoformat()].intervals, *((a - 1440, b - 1440) for a, b in days[before].intervals)]
    assert any(a <= of_day < b for a, b in spans) == (status(week, SHANGHAI, now).kind == "open")


def test_the_next_opening_passes_over_weekends_and_holidays() -> None:
    week = Week(OFFICE.weekly, {"2026-09-21": ("holiday", ())})
    assert next_opening(week, SHANGHAI, at("2026-09-18 18:00")) == at("2026-09-22 08:30")
    assert next_opening(week, SHANGHAI, at("2026-09-18 10:00")) == at("2026-09-18 10:00")
    assert next_opening(Week(), SHANGHAI, 0.0) is None
    assert next_opening(Week((), {"2020-01-01": ("open", ((0, 60),))}), SHANGHAI, at("2026-01-01 00:00")) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", SHANGHAI])
def test_summer_time_moves_no_opening_hour(zone: str) -> None:
    week = Week(tuple((day, 120, 180) for day in range(7)))  # 02:00 to 03:00, the hour that may be missing or double
    for day in range(1, 29):
        for month in (3, 10, 11):
            noon = at(f"2026-{month:02}-{day:02} 12:00", zone)
            opening = next_opening(week, zone, noon)
            assert opening is not None and 13 * 3600 <= opening - noon <= 15 * 3600


@pytest.mark.parametrize(
    ("today", "entered", "due"),
    [
        ("2026-10-31", {2025, 2026}, None),
        ("2026-11-01", {2025, 2026}, 2027),
        ("2026-12-31", {2026, 2027}, None),
        ("2027-01-01", {2026}, 2027),
        ("2026-11-25", set(), 2026),
    ],
)
def test_next_years_holidays_are_missed_from_november_on(today: str, entered: set[int], due: int | None) -> None:
    assert year_without_days(entered, date.fromisoformat(today)) == due


# --- names ---


@given(st.floats(0, 4e9), st.binary(min_size=10, max_size=16))
def test_a_name_is_a_uuid_of_version_7_that_tells_its_moment(now: float, noise: bytes) -> None:
    made = uuid.UUID(uuid7(now, noise))
    assert made.version == 7 and made.variant == uuid.RFC_4122
    assert abs(moment(str(made)) - now) < 0.0011


@given(
    st.integers(0, 10**15),
    st.integers(1, 10**6),
    st.binary(min_size=10, max_size=10),
    st.binary(min_size=10, max_size=10),
)
def test_names_sort_by_their_time_to_the_microsecond(micros: int, later: int, one: bytes, two: bytes) -> None:
    assert uuid7(micros / 1e6, one) <= uuid7((micros + later) / 1e6, two) or later < 2


def test_names_need_enough_chance_and_a_time() -> None:
    for now, noise in ((1.0, b"short"), (-1.0, b"0123456789")):
        with pytest.raises(ValueError):
            uuid7(now, noise)
    with pytest.raises(ValueError):
        moment(str(uuid.uuid4()))
