"""The rules of leads: who moves what, the clock on a reaction, neglect, protection, figures, photos."""

from __future__ import annotations

import contextlib
import struct
import zlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.leads import dates, photos
from dealerline.domain.leads.clock import DAY, Facts, Neglect, Rules, due, neglected, open_seconds
from dealerline.domain.leads.figures import Handed, by, figures
from dealerline.domain.leads.moves import (
    ENDS,
    TABLE,
    Actor,
    IllegalMove,
    Move,
    NotHis,
    State,
    actor_of,
    after,
    may,
    move_of,
)
from dealerline.domain.leads.protection import Held, in_the_way
from dealerline.domain.leads.sharing import share
from dealerline.domain.leads.stages import missing

ZONE = "Asia/Shanghai"


class Shop:
    """Open from nine to six every day but Sunday."""

    weekly = tuple((day, 540, 1080) for day in range(6))
    days = {"2026-10-01": ("holiday", ())}


class Never:
    weekly = ()
    days: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {}


def at(day: int, hour: int, minute: int = 0) -> float:
    """A moment of November 2026, by the shop's clock; the 27th is a Friday."""
    return datetime(2026, 11, day, hour - 8, minute, tzinfo=UTC).timestamp()


# who moves what -------------------------------------------------------------------------------------------------------
@given(st.sampled_from(State), st.lists(st.tuples(st.sampled_from(Move), st.sampled_from(Actor)), max_size=30))
def test_a_lead_ends_only_by_somebody_and_comes_back_only_by_being_opened(
    start: State, moves: list[tuple[Move, Actor]]
) -> None:
    state = start
    for move, actor in moves:
        try:
            new = after(state, move, actor)
        except (IllegalMove, NotHis):
            continue
        if new in ENDS:
            assert actor is not Actor.RULE and move in (Move.WIN, Move.LOSE)
        if state in ENDS:
            assert move is Move.REOPEN
        if new is State.POOL:
            assert actor is Actor.RULE
        state = new


def test_what_has_no_row_cannot_happen_and_who_is_not_in_it_may_not() -> None:
    with pytest.raises(IllegalMove):
        after(State.POOL, Move.WIN, Actor.LEAD)
    with pytest.raises(NotHis):
        after(State.ACTIVE, Move.HAND_OVER, Actor.COLLEAGUE)
    assert may(State.POOL, Move.CLAIM, Actor.COLLEAGUE) and not may(State.WON, Move.REOPEN, Actor.OWNER)


def test_every_state_but_the_ends_can_be_left_by_a_lead_of_the_store() -> None:
    for state in State:
        assert any(source is state and Actor.LEAD in who for (source, _), (_, who) in TABLE.items()), state


def test_a_stage_says_what_moving_there_is() -> None:
    assert move_of(State.ACTIVE, "won") is Move.WIN and move_of(State.LOST, "open") is Move.REOPEN
    with pytest.raises(IllegalMove):
        move_of(State.WON, "lost")


def test_somebody_is_the_most_that_he_is() -> None:
    assert actor_of(owner=True, helper=False, assigns=True, edits=True) is Actor.LEAD
    assert actor_of(owner=True, helper=True, assigns=False, edits=True) is Actor.OWNER
    assert actor_of(owner=False, helper=True, assigns=False, edits=True) is Actor.HELPER
    assert actor_of(owner=False, helper=False, assigns=False, edits=True) is Actor.COLLEAGUE
    assert actor_of(owner=True, helper=False, assigns=False, edits=False) is None, "moved to another store since"


# the clock ------------------------------------------------------------------------------------------------------------
def test_the_reactions_clock_stands_still_while_the_store_is_closed() -> None:
    assert due(Shop(), ZONE, at(27, 17, 50), Rules(minutes=30)) == at(28, 9, 20)
    assert due(Shop(), ZONE, at(28, 21), Rules(minutes=30)) == at(30, 9, 30), "not on a Sunday"
    assert open_seconds(Shop(), ZONE, at(27, 17, 50), at(28, 9, 20)) == 1800


@given(st.floats(at(1, 8), at(30, 8)), st.integers(0, 60 * 40))
def test_between_a_moment_and_its_due_time_lie_just_the_minutes_allowed(begin: float, minutes: int) -> None:
    end = due(Shop(), ZONE, begin, Rules(minutes=minutes))
    assert abs(open_seconds(Shop(), ZONE, begin, end) - minutes * 60) < 0.01
    assert end >= begin


def test_where_nothing_ever_opens_the_wall_clock_counts() -> None:
    assert due(Never(), ZONE, at(27, 12), Rules(minutes=30)) == at(27, 12, 30)
    assert open_seconds(Never(), ZONE, at(27, 12), at(27, 12, 30)) == 1800
    assert open_seconds(Shop(), ZONE, at(27, 12), at(27, 11)) == 0


# neglect --------------------------------------------------------------------------------------------------------------
NOW = at(27, 12)


def test_without_a_reaction_in_time_it_is_neglected_at_that_very_moment() -> None:
    waits = Facts(State.WAITING, NOW, None, NOW - 60)
    assert neglected(waits, Rules(), NOW) is Neglect.NO_REACTION
    assert neglected(waits, Rules(), NOW - 1) is None


def test_a_next_step_may_be_late_for_some_days_if_nothing_else_happens() -> None:
    late = Facts(State.ACTIVE, None, NOW - 3 * DAY, NOW - 5 * DAY)
    assert neglected(late, Rules(overdue_days=3), NOW) is Neglect.OVERDUE
    assert neglected(late, Rules(overdue_days=4), NOW) is None
    assert neglected(Facts(State.ACTIVE, None, NOW - 3 * DAY, NOW - DAY), Rules(overdue_days=3), NOW) is None
    assert neglected(late, Rules(overdue_days=0), NOW) is None, "switched off"


def test_where_nothing_is_agreed_silence_counts() -> None:
    quiet = Facts(State.ACTIVE, None, None, NOW - 14 * DAY)
    assert neglected(quiet, Rules(), NOW) is Neglect.SILENT
    assert neglected(quiet, Rules(silent_days=0), NOW) is None


@given(st.sampled_from([State.POOL, State.WON, State.LOST]), st.floats(0, NOW), st.floats(0, NOW))
def test_what_is_over_or_nobodys_is_not_neglected(state: State, due_at: float, last: float) -> None:
    assert neglected(Facts(state, due_at, due_at, last), Rules(1, 1, 1), NOW) is None


# protection -----------------------------------------------------------------------------------------------------------
def test_the_customers_own_lead_protects_him_wherever_it_is() -> None:
    held = [Held(1, 7, 3, store=9), Held(2, 8, 3, store=1)]
    assert in_the_way(7, 3, held, lambda store: store == 1) == held[0]
    assert in_the_way(7, 4, held, lambda store: True) is None, "another make is another matter"


def test_a_namesakes_lead_protects_only_where_it_may_be_seen() -> None:
    held = [Held(2, 8, None, store=2)]
    assert in_the_way(7, None, held, lambda store: store == 2) == held[0]
    assert in_the_way(7, None, held, lambda store: False) is None


# figures --------------------------------------------------------------------------------------------------------------
def test_what_still_waits_counts_for_nobody_and_what_was_never_reacted_to_is_late() -> None:
    rows = [Handed(1, 5, 60, False), Handed(1, 5, 600, True), Handed(1, None, None, True), Handed(1, 5, None, False)]
    found = figures(rows)
    assert (found.handed, found.reacted, found.in_time, found.late, found.waiting) == (4, 2, 1, 2, 1)
    assert found.median_seconds == 330 and found.in_time_share == round(1 / 3, 4)
    assert figures([]).in_time_share is None and figures([]).median_seconds is None


@given(st.lists(st.builds(Handed, st.integers(1, 3), st.integers(1, 4) | st.none(), st.floats(0, 9e4) | st.none(),
                          st.booleans())))  # fmt: skip
def test_the_groups_add_up_to_the_whole(rows: list[Handed]) -> None:
    whole, parts = figures(rows), by(rows, lambda row: row.store)
    for name in ("handed", "reacted", "in_time", "late", "waiting"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts.values())
    assert whole.handed == whole.in_time + whole.late + whole.waiting


# photos ---------------------------------------------------------------------------------------------------------------
def segment(marker: int, payload: bytes) -> bytes:
    return b"\xff" + bytes((marker,)) + struct.pack(">H", len(payload) + 2) + payload


def exif(orientation: int) -> bytes:
    head = struct.pack("<HHHIHH", 2, 0x0112, 3, 1, orientation, 0)
    gps = struct.pack("<HHII", 0x8825, 4, 1, 38) + b"\0\0\0\0" + b"31.2304N 121.4737E"
    return b"Exif\0\0II*\0\x08\0\0\0" + head + gps


def jpeg(*camera: bytes, tail: bytes = b"") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, 48, 64, 3) + b"\x01\x22\0\x02\x11\x01\x03\x11\x01")
    data = b"\x12\xff\x00\x34\xff\xd0\x56" + segment(0xC4, b"\xff\xd9 in a table") + segment(0xDA, b"\0\0") + b"\x78"
    return b"\xff\xd8" + b"".join(camera) + frame + segment(0xDA, b"\x03\0") + data + b"\xff\xd9" + tail


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


PNG = photos.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0)) + chunk(b"tEXt", b"where\0at home") + (
    chunk(b"eXIf", b"secret") + chunk(b"IDAT", zlib.compress(b"\0" * 39)) + chunk(b"IEND", b""))  # fmt: skip


def riff(*parts: tuple[bytes, bytes]) -> bytes:
    inside = b"WEBP" + b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in parts)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def test_what_the_camera_wrote_beside_the_picture_is_left_out() -> None:
    photo = photos.clean(jpeg(segment(0xE0, b"JFIF\0"), segment(0xE1, exif(6)), segment(0xFE, b"taken by"),
                              tail=b"a film"))  # fmt: skip
    assert (photo.content_type, photo.width, photo.height) == ("image/jpeg", 48, 64), "as it is seen"
    assert b"31.2304N" not in photo.content and b"taken by" not in photo.content and b"film" not in photo.content
    assert b"in a table" in photo.content and photo.content.endswith(b"\x78\xff\xd9")
    assert photos.clean(photo.content) == photo, "once is enough"


@pytest.mark.parametrize("way", range(1, 9))
def test_which_way_is_up_stays(way: int) -> None:
    photo = photos.clean(jpeg(segment(0xE1, exif(way))))
    blocks = [payload for marker, payload in photos._segments(photo.content) if marker == 0xE1]
    assert [photos.orientation_of(block) for block in blocks] == ([way] if way != 1 else [])
    assert (photo.width, photo.height) == ((64, 48) if way < 5 else (48, 64))


def test_a_png_and_a_webp_keep_the_picture_only() -> None:
    png = photos.clean(PNG)
    assert (png.width, png.height, png.suffix) == (4, 3, ".png") and b"home" not in png.content
    assert b"secret" not in png.content and photos.clean(png.content) == png
    size = (99).to_bytes(3, "little") + (49).to_bytes(3, "little")
    webp = photos.clean(riff((b"VP8X", b"\x2c\0\0\0" + size), (b"VP8 ", b"picture!!"), (b"EXIF", b"secret")))
    assert (webp.width, webp.height) == (100, 50) and b"secret" not in webp.content
    assert photos.clean(webp.content) == webp


@pytest.mark.parametrize("content", [b"", b"GIF89a....", b"<svg onload=alert(1)>", b"\xff\xd8\xff",
                                     jpeg()[:40], PNG[:60], PNG.replace(b"IDAT", b"IDAX"), riff((b"EXIF", b"x"))])
def test_what_is_no_photo_is_refused_whatever_it_is_called(content: bytes) -> None:
    with pytest.raises(photos.NotAPhoto):
        photos.clean(content)


@given(st.binary(max_size=400), st.sampled_from([b"\xff\xd8\xff", photos.PNG, b"RIFF\x10\0\0\0WEBP", b""]))
def test_no_content_makes_it_stumble(content: bytes, begin: bytes) -> None:
    with contextlib.suppress(photos.NotAPhoto):
        photos.clean(begin + content)


@given(st.integers(0, len(jpeg()) - 1), st.integers(0, 255))
def test_a_broken_byte_makes_a_photo_or_a_refusal(where: int, value: int) -> None:
    broken = bytearray(jpeg(segment(0xE1, exif(3))))
    broken[where] = value
    with contextlib.suppress(photos.NotAPhoto):
        photos.clean(bytes(broken))


# sharing --------------------------------------------------------------------------------------------------------------
@given(st.integers(0, 60), st.integers(1, 7))
def test_many_leads_are_shared_so_that_nobody_has_two_more_than_another(count: int, people: int) -> None:
    got = share(count, range(people))
    sizes = [got.count(person) for person in range(people)]
    assert len(got) == count and max(sizes) - min(sizes) <= 1


def test_with_nobody_to_share_among_there_is_nothing_to_share() -> None:
    assert share(0, []) == []
    with pytest.raises(ValueError):
        share(1, [])


# stages ---------------------------------------------------------------------------------------------------------------
def test_stages_work_only_where_a_lead_can_begin_be_won_and_be_lost() -> None:
    assert missing(["open", "open", "won"]) == {"lost"} and missing([]) == {"open", "won", "lost"}
    assert not missing(["lost", "open", "won"])


# dates ----------------------------------------------------------------------------------------------------------------
def test_a_next_step_lies_ahead_but_a_telephone_that_was_away_is_believed() -> None:
    now = datetime(2026, 11, 27, 9, tzinfo=UTC)
    asked = {days: dates.can_be_next(now + timedelta(days=days), now) for days in (-2, -0.5, 0, 366, 367)}
    assert asked == {-2: False, -0.5: True, 0: True, 366: True, 367: False}
    assert dates.can_be_next(now - timedelta(days=30), now, dates.UNSENT)
    assert not dates.can_be_next(now - timedelta(days=400), now, dates.UNSENT)


def test_an_offer_holds_from_its_day_for_a_year_and_nobody_wants_a_car_in_the_year_one() -> None:
    today = date(2026, 11, 27)
    assert dates.can_hold_until(today, today) and dates.can_hold_until(date(2027, 11, 27), today)
    assert not dates.can_hold_until(date(2026, 11, 26), today) and not dates.can_hold_until(date(9999, 1, 1), today)
    assert dates.can_want_by(date(2026, 6, 1), today) and dates.can_want_by(date(2028, 1, 1), today)
    assert not dates.can_want_by(date(1, 1, 1), today) and not dates.can_want_by(date(9999, 12, 31), today)
