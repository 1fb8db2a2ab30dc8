"""Recording by tracks: one file of what the customer said and heard, a lane for each voice, and who may hear what.

Voices are tones: the customer 400 Hz, Alice 700, Bob 1100, the expert 1700, Alice's whisper in the side room 2300.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls import jobs
from dealerline.apps.calls.logic import recordings, tracks, whole
from dealerline.apps.calls.models import Alarm, Call, Recording, Track
from dealerline.settings import Settings
from tests.integration.records.conftest import World
from tests.integration.records.telling import Told, heard, put, sound, tone

pytestmark = pytest.mark.django_db

CUSTOMER, ALICE, BOB, EXPERT, ASIDE = 400, 700, 1100, 1700, 2300


@dataclass
class Talk:
    """The call, told and its voices on the disk; its axis begins with the talk, ten seconds after arrival."""

    told: Told
    call: Call
    product: Settings

    def work(self) -> None:
        """What the worker does."""
        for talk in Recording.objects.filter(call=self.call, kind="talk"):
            jobs.join_recording(str(talk.pk))
        for track in Track.objects.filter(call=self.call):
            jobs.keep_track(str(track.pk))

    def whole(self) -> Recording:
        return Recording.objects.get(call=self.call, kind="whole")

    def raw(self, name: str) -> Any:
        return self.product.recordings / "raw" / f"{self.told.id}-{name}.wav"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "SETTLE_SECONDS", -1.0)


@pytest.fixture
def talk(world: World, product: Settings) -> Talk:
    """0-10 s of the axis: Alice and the customer, as two sides, with 4-6 on hold. 10-20: the expert is there too, each
    voice a track. 14-18 Alice is in a side room. 20-24: the customer hears music while she asks Bob, who then has him.
    """
    told = Told(world.east)("talk.started", 10, agent=world.alice.pk)
    stem = f"raw/{told.id}-1"
    told("recording.started", 10, recording=told.id, agent=world.alice.pk, agent_path=f"{stem}-agent.wav",
         customer_path=f"{stem}-customer.wav")  # fmt: skip
    told("hold.started", 14, agent=world.alice.pk)("hold.ended", 16, agent=world.alice.pk)
    told("recording.stopped", 20, recording=told.id, seconds=10)
    told("party.joined", 20, party="p2", role="outside", agent=0, number="13900001111")
    told.track(1, 20, "customer", None, "main", "customer", 30)
    told.track(2, 20, "p1", world.alice, "main", "customer", 24)
    told.track(3, 20, "p2", None, "main", "customer", 30)
    told.track(4, 24, "p1", world.alice, "s1", "inside", 28)
    told.track(5, 28, "p1", world.alice, "main", "customer", 30)
    told("hold.started", 30, agent=world.alice.pk)
    told.track(6, 30, "p1", world.alice, "main", "inside", 34)
    told("party.left", 30, party="p2", role="outside", agent=0, number="13900001111", reason="hung_up", seconds=10)
    told("talk.started", 30, agent=world.bob.pk)
    told.track(7, 30, "p3", world.bob, "main", "inside", 34)
    told("hold.ended", 34, agent=world.bob.pk)("talk.ended", 34, agent=world.alice.pk, reason="transfer")
    told.track(8, 34, "p3", world.bob, "main", "customer", 40)
    told.track(9, 34, "customer", None, "main", "customer", 40)
    told.end(40, world.bob)
    sides = {"1-customer": (CUSTOMER, 10), "1-agent": (ALICE, 10), "t1": (CUSTOMER, 10), "t2": (ALICE, 4),
             "t3": (EXPERT, 10), "t4": (ASIDE, 4), "t5": (ALICE, 2), "t6": (ASIDE, 4), "t7": (BOB, 4), "t8": (BOB, 6),
             "t9": (CUSTOMER, 6)}  # fmt: skip
    made = Talk(told, told.take_in(), product)
    for name, (hertz, seconds) in sides.items():
        put(made.raw(name), tone(hertz, seconds))
    return made


# one file of what the customer said and heard -------------------------------------------------------------------------
def test_the_whole_call_is_one_stereo_file_of_what_the_customer_said_and_heard_and_nothing_else(talk: Talk) -> None:
    talk.work()
    made = talk.whole()
    assert (made.state, made.seconds) == ("joined", 30.0)
    assert made.started_at is not None
    assert made.started_at.timestamp() == talk.told.began + 10
    samples = sound(recordings.file_of(made.path))
    left, right = samples[:, 0], samples[:, 1]

    def there(side: Any, hertz: int) -> list[bool]:
        return [heard(side, second + 0.2, second + 0.8, hertz) for second in range(30)]

    assert there(left, CUSTOMER) == [True] * 20 + [False] * 4 + [True] * 6  # music is in no track
    talking = [n < 4 or 6 <= n < 14 or 18 <= n < 20 for n in range(30)]
    assert there(right, ALICE) == talking  # not while he was on hold, nor from the side room
    assert there(right, EXPERT) == [10 <= n < 20 for n in range(30)]
    assert there(right, BOB) == [n >= 24 for n in range(30)]
    assert there(right, ASIDE) == [False] * 30
    assert not any(there(left, hertz)[n] for hertz in (ALICE, BOB, EXPERT, ASIDE) for n in range(30))


def test_each_voice_is_kept_with_its_checksum_and_the_raw_files_go(talk: Talk) -> None:
    talk.work()
    assert list((talk.product.recordings / "raw").iterdir()) == []
    for track in Track.objects.all():
        assert (track.state, track.sha256) == ("joined", recordings.checksum(recordings.file_of(track.path)))
        assert track.delete_after is not None
    assert recordings.checksum(recordings.file_of(talk.whole().path)) == talk.whole().sha256


def test_working_once_more_changes_nothing(talk: Talk) -> None:
    talk.work()
    before = talk.whole().sha256, talk.whole().joined_at
    talk.work()
    assert (talk.whole().sha256, talk.whole().joined_at) == before


def test_the_whole_is_made_anew_from_the_same_pieces_alike_and_with_a_piece_that_comes_late(talk: Talk) -> None:
    late = Track.objects.get(raw_path__endswith="-t8.wav")
    talk.raw("t8").unlink()
    talk.work()
    without = talk.whole().sha256
    put(talk.raw("t8"), tone(BOB, 6))
    Track.objects.filter(pk=late.pk).update(state="stopped")
    jobs.keep_track(str(late.pk))
    assert talk.whole().sha256 != without
    assert heard(sound(recordings.file_of(talk.whole().path))[:, 1], 25, 29, BOB)


def test_it_waits_for_the_last_voice_and_for_the_calls_end(talk: Talk) -> None:
    jobs.join_recording(talk.told.id)
    assert whole.build(talk.call.pk) == ""
    Call.objects.filter(pk=talk.call.pk).update(ended_at=None)
    talk.work()
    assert not Recording.objects.filter(kind="whole").exists()
    Call.objects.filter(pk=talk.call.pk).update(ended_at=timezone.now() - timedelta(minutes=5))
    jobs.sweep_recordings(0)
    assert talk.whole().state == "joined"


def test_voices_that_overlap_are_added_and_one_voice_is_not_doubled(world: World, product: Settings) -> None:
    told = Told(world.east)("talk.started", 0, agent=world.alice.pk)
    told.track(1, 0, "p1", world.alice, "main", "customer", 3)
    told.track(2, 2.5, "p1", world.alice, "main", "customer", 5)  # begins before the first has ended
    talk = Talk(told, told.end(5, world.alice).take_in(), product)
    put(talk.raw("t1"), tone(ALICE, 3))
    put(talk.raw("t2"), tone(ALICE, 2.5))
    talk.work()
    right = sound(recordings.file_of(talk.whole().path))[:, 1]
    assert abs(right[: 5 * 8000]).max() < 9100


# what does not belong -------------------------------------------------------------------------------------------------
def test_what_a_recorder_wrote_beyond_the_tracks_end_is_kept_nowhere(talk: Talk) -> None:
    put(talk.raw("t2"), tone(ALICE, 20))  # it was not stopped, and followed her into the side room
    talk.work()
    track = Track.objects.get(raw_path__endswith="-t2.wav")
    assert 4.0 <= track.seconds <= 4.2
    assert not heard(sound(recordings.file_of(talk.whole().path))[:, 1], 14.2, 18, ALICE)


def test_a_track_without_an_end_is_taken_from_its_file_up_to_where_the_voice_went_elsewhere(
    world: World, product: Settings
) -> None:
    told = Told(world.east)("talk.started", 0, agent=world.alice.pk)
    told.track(1, 0, "p1", world.alice, "main", "customer", 0)  # the switch died
    told.track(2, 3, "p1", world.alice, "s1", "inside", 0)
    talk = Talk(told, told.end(5, world.alice).take_in(), product)
    put(talk.raw("t1"), tone(ALICE, 5))
    put(talk.raw("t2"), tone(ASIDE, 2))
    talk.work()
    right = sound(recordings.file_of(talk.whole().path))[:, 1]
    assert [heard(right, second + 0.2, second + 0.8, ALICE) for second in range(5)] == [True] * 3 + [False] * 2


def test_a_header_that_says_nothing_and_a_file_that_is_missing_lose_no_other_voice(talk: Talk) -> None:
    data = bytearray(talk.raw("t3").read_bytes())
    data[40:44] = b"\0\0\0\0"  # a recorder that was killed
    talk.raw("t3").write_bytes(data)
    talk.raw("t9").unlink()
    talk.work()
    assert Track.objects.get(raw_path__endswith="-t9.wav").state == "missing"
    samples = sound(recordings.file_of(talk.whole().path))
    assert heard(samples[:, 1], 10, 20, EXPERT)
    assert not heard(samples[:, 0], 24, 30, CUSTOMER)


# trouble --------------------------------------------------------------------------------------------------------------
def test_a_full_disk_keeps_the_raw_voices_and_the_sweep_goes_on_afterwards(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = recordings.shutil.disk_usage
    monkeypatch.setattr(recordings.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(recordings.DiskFull):
        talk.work()
    assert Alarm.objects.get().code == "recording.disk_full"
    assert len(list((talk.product.recordings / "raw").iterdir())) == 11
    monkeypatch.setattr(recordings.shutil, "disk_usage", room)
    jobs.sweep_recordings(0)
    jobs.sweep_recordings(0)  # the whole comes after its pieces
    assert talk.whole().state == "joined"


def test_a_track_during_which_everything_died_is_closed_by_the_sweep(world: World, product: Settings) -> None:
    told = Told(world.east, timezone.now().timestamp() - 3600)("talk.started", 0, agent=world.alice.pk)
    told.track(1, 0, "p1", world.alice, "main", "customer", 0)
    talk = Talk(told, told.take_in(), product)
    put(talk.raw("t1"), tone(ALICE, 5))
    assert tracks.orphans(timezone.now()) == []
    os.utime(talk.raw("t1"), (1, 1))
    assert len(tracks.orphans(timezone.now())) == 1
    talk.work()
    assert Track.objects.get().state == "joined"


def test_the_stores_rule_ends_the_whole_and_every_voice(world: World, talk: Talk) -> None:
    talk.work()
    files = [*talk.product.recordings.glob("2*/**/*.wav"), *talk.product.recordings.glob("2*/**/*.json")]
    assert len(files) == 2 * (9 + 2)
    assert recordings.retime(world.east.pk, 30) == 9 + 2
    assert recordings.expire(timezone.now() + timedelta(days=29)) == 0
    assert recordings.expire(timezone.now() + timedelta(days=31)) == 9 + 2
    assert not any(file.exists() for file in files)
    jobs.sweep_recordings(0)
    talk.work()
    assert talk.whole().state == "expired"  # and is not made again
    lena = world.browser("lena")
    assert lena.get(f"/api/recordings/{talk.whole().pk}/audio").status_code == 410
    assert lena.get(f"/api/tracks/{Track.objects.all()[0].pk}/audio").status_code == 410


# who may hear ---------------------------------------------------------------------------------------------------------
def test_a_lead_hears_the_whole_and_every_voice_and_each_beginning_is_audited(world: World, talk: Talk) -> None:
    talk.work()
    lena = world.browser("lena")
    answer = lena.get(f"/api/recordings/{talk.whole().pk}/audio", headers={"Range": "bytes=0-"})
    assert answer["X-Accel-Redirect"] == f"/protected-recordings/{talk.whole().path}"
    inside = Track.objects.get(raw_path__endswith="-t4.wav")
    answer = lena.get(f"/api/tracks/{inside.pk}/audio", headers={"Range": "bytes=0-"})
    assert answer["X-Accel-Redirect"] == f"/protected-recordings/{inside.path}"
    lena.get(f"/api/tracks/{inside.pk}/audio", headers={"Range": "bytes=9000-"})
    assert lena.get(f"/api/tracks/{inside.pk}/check").json()["ok"] is True
    assert [(e.object_type, e.detail.get("audience")) for e in AuditEntry.objects.filter(action="listen")][::-1] == [
        ("recording", None),
        ("track", "inside"),
        ("track", None),
    ]


@pytest.mark.parametrize(("who", "status"), [("alice", 403), ("bob", 403), ("charlie", 404), ("walter", 404)])
def test_voices_apart_are_for_who_may_listen_to_the_stores_calls(
    world: World, talk: Talk, who: str, status: int
) -> None:
    talk.work()
    browser = world.browser(who)
    for track in Track.objects.all():
        assert browser.get(f"/api/tracks/{track.pk}/audio").status_code == status
        assert browser.get(f"/api/tracks/{track.pk}/check").status_code == status
    assert browser.get(f"/api/calls/{talk.call.pk}/lanes").status_code == status


def whole_as(world: World, who: str, talk: Talk) -> Any:
    """The whole as that person's player gets it, piece by piece."""
    browser, data, path = world.browser(who), b"", f"/api/recordings/{talk.whole().pk}/audio"
    while True:
        answer = browser.get(path, headers={"Range": f"bytes={len(data)}-"})
        assert answer.status_code == 206
        data += answer.content
        size = int(answer["Content-Range"].rpartition("/")[2])
        if len(data) >= size:
            return sound(data)


def test_an_agent_hears_of_the_whole_only_his_own_talks(world: World, talk: Talk) -> None:
    talk.work()
    alice, bob = whole_as(world, "alice", talk), whole_as(world, "bob", talk)
    assert len(alice) == len(bob) == 30 * 8000
    assert heard(alice[:, 0], 1, 20, CUSTOMER)
    assert heard(alice[:, 1], 10, 20, EXPERT)
    assert not alice[24 * 8000 + 80 :].any()  # she was gone: Bob's talk is not hers
    assert not bob[: 20 * 8000 - 80].any()
    assert heard(bob[:, 1], 24.5, 29.5, BOB)
    peaks = world.browser("bob").get(f"/api/recordings/{talk.whole().pk}/peaks").json()
    assert max(peaks["left"][: len(peaks["left"]) // 2]) == 0
    assert max(peaks["left"][-20:]) > 0.2
    assert world.browser("charlie").get(f"/api/recordings/{talk.whole().pk}/audio").status_code == 404


def test_a_piece_of_a_piece_is_the_same_bytes(world: World, talk: Talk) -> None:
    talk.work()
    alice, path = world.browser("alice"), f"/api/recordings/{talk.whole().pk}/audio"
    every = b"".join(
        alice.get(path, headers={"Range": f"bytes={at}-{at + 99_998}"}).content for at in range(0, 960_044, 99_999)
    )
    assert len(every) == 960_044
    assert every[3:70] == alice.get(path, headers={"Range": "bytes=3-69"}).content
    assert every[500_001:500_012] == alice.get(path, headers={"Range": "bytes=500001-500011"}).content
    assert alice.get(path, headers={"Range": "bytes=960044-"}).status_code == 416
    assert alice.get(path, headers={"Range": "rubbish"}).status_code == 206


def test_a_copy_for_the_customer_is_the_managers_to_give_without_holds_or_inside_voices(
    world: World, talk: Talk
) -> None:
    talk.work()
    for recording in Recording.objects.filter(call=talk.call):
        path = f"/api/recordings/{recording.pk}/copy"
        assert world.browser("lena").get(path).status_code == 403
        assert world.browser("walter").get(path).status_code == 404
        answer = world.browser("max").get(path)
        assert "attachment" in answer["Content-Disposition"]
        data = b"".join(answer.streaming_content)
        assert len(data) == int(answer["Content-Length"])
        right = sound(data)[:, 1]
        assert heard(right, 1, 3.9, ALICE)
        assert not heard(right, 4.1, 5.9, ALICE)  # he was on hold and heard music
        assert not heard(right, 0, len(right) / 8000, ASIDE)
    assert AuditEntry.objects.filter(action="export", object_type="recording").count() == 2


# lanes ----------------------------------------------------------------------------------------------------------------
def test_there_is_a_lane_for_each_voice_on_the_axis_of_the_whole(world: World, talk: Talk) -> None:
    talk.work()
    shown = world.browser("lena").get(f"/api/calls/{talk.call.pk}/lanes").json()
    assert shown["seconds"] == 30
    assert [(lane["role"], lane["name"] or lane["number"]) for lane in shown["lanes"]] == [
        ("customer", ""),
        ("agent", "Alice"),
        ("outside", "13900001111"),
        ("agent", "Bob"),
    ]
    alice = shown["lanes"][1]["segments"]
    assert [(s["kind"], s["at"], s["audience"], s["room"]) for s in alice] == [
        ("right", 0, "customer", "main"),
        ("track", 10, "customer", "main"),
        ("track", 14, "inside", "s1"),
        ("track", 18, "customer", "main"),
        ("track", 20, "inside", "main"),
    ]
    assert all(0.2 < max(segment["peaks"]) < 0.4 for lane in shown["lanes"] for segment in lane["segments"])
    page = world.browser("lena").get(f"/api/calls/{talk.call.pk}").json()
    assert (page["lanes"], page["whole_coming"]) == (True, False)
    assert {recording["kind"] for recording in page["recordings_list"]} == {"talk", "whole"}
    assert world.browser("alice").get(f"/api/calls/{talk.call.pk}").json()["lanes"] is False


def test_lanes_show_what_is_there_before_the_whole_is_made(world: World, talk: Talk) -> None:
    page = world.browser("lena").get(f"/api/calls/{talk.call.pk}").json()
    assert (page["lanes"], page["whole_coming"]) == (True, True)
    shown = world.browser("lena").get(f"/api/calls/{talk.call.pk}/lanes").json()
    assert {segment["state"] for lane in shown["lanes"] for segment in lane["segments"]} == {"stopped"}
