"""What AriMedia makes of Asterisk's events, without an Asterisk."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dealerline.switch.ari import AriTimeout
from dealerline.switch.ari_media import AriMedia
from dealerline.switch.media import Arrived, Event, Gone, Held, Referred
from tests.unit.ari.test_ari_reading import CHANNEL, text


class Heard:
    """An AriMedia and what it told."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.media = AriMedia("http://127.0.0.1:1", "u", "p", ("127.0.0.1", 1, "u", "p"), self.told.append)

    def hear(self, kind: str, channel: str, **fields: Any) -> None:
        self.media.ari._received(text(kind, channel={**CHANNEL, "id": channel}, **fields))

    def half(self, number: int, args: list[str], replaces: str = "") -> None:
        """One half of a Local channel that a telephone's transfer makes."""
        channel = {**CHANNEL, "id": f"local-{number}", "name": f"Local/802@refer-from-agent-0000;{number}"}
        more = {"replace_channel": {**CHANNEL, "id": replaces}} if replaces else {}
        self.media.ari._received(text("StasisStart", channel=channel, args=args, **more))

    def gone(self) -> list[str]:
        return [e.channel for e in self.told if isinstance(e, Gone)]


@pytest.fixture
async def heard() -> Heard:
    return Heard()


async def test_an_agent_who_hangs_up_is_free_before_asterisk_has_taken_his_channel_apart(heard: Heard) -> None:
    heard.hear("StasisStart", "a1", args=["agent", "call"])
    heard.hear("ChannelHangupRequest", "a1", cause=16)
    assert heard.gone() == ["a1"]


async def test_a_caller_who_hangs_up_is_gone_when_his_channel_is(heard: Heard) -> None:
    heard.hear("StasisStart", "c1", args=["in", "400"])
    heard.hear("ChannelHangupRequest", "c1", cause=16)
    assert heard.gone() == []
    heard.hear("ChannelDestroyed", "c1", cause=16, cause_txt="Normal Clearing")
    assert heard.gone() == ["c1"]


async def test_an_agent_whose_sound_stays_away_is_gone_with_that_cause(heard: Heard) -> None:
    heard.hear("StasisStart", "a1", args=["agent", "call"])
    heard.hear("ChannelHangupRequest", "a1", cause=44, soft=True)
    assert heard.gone() == []
    heard.hear("ChannelDestroyed", "a1", cause=44, cause_txt="Requested channel not available")
    assert heard.told[-1] == Gone("a1", 44, "Requested channel not available")
    assert isinstance(heard.told[0], Arrived)


async def test_the_hold_key_of_a_telephone_is_told(heard: Heard) -> None:
    heard.hear("ChannelHold", "a1")
    heard.hear("ChannelUnhold", "a1")
    assert heard.told == [Held("a1", True), Held("a1", False)]


@pytest.mark.parametrize("first", [1, 2])
async def test_a_transfer_by_a_telephone_is_told_once_both_halves_are_there(heard: Heard, first: int) -> None:
    for number in (first, 3 - first):
        assert not heard.told
        heard.half(number, ["refer", "802"] if number == 2 else [], "a1" if number == 1 else "")
    (told,) = heard.told
    assert isinstance(told, Referred) and (told.channel, told.number) == ("a1", "802")
    assert set(told.helpers) == {"local-1", "local-2"}


async def test_a_transfer_to_another_call_of_the_telephone_has_no_number(heard: Heard) -> None:
    heard.half(1, [], "a1")
    heard.half(2, [], "a2")
    assert heard.told == [Referred("a1", "", ("local-1", "local-2"))]


async def test_caught_up_waits_for_its_own_event_behind_all_others(heard: Heard) -> None:
    ari = heard.media.ari
    sent: list[str] = []

    def user_event(name: str, **fields: Any) -> asyncio.Future[None]:
        sent.append(name)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.set_result(None)
        return answer

    ari._ask_for_mark = user_event  # type: ignore[assignment]
    waiting = asyncio.ensure_future(ari.caught_up())
    await asyncio.wait([waiting], timeout=0)
    heard.hear("StasisStart", "a1", args=["agent", "call"])
    assert not waiting.done()
    ari._received(json.dumps({**json.loads(text("ChannelUserevent")), "eventname": sent[0], "userevent": {}}))
    await waiting
    assert heard.told and not ari._marks


async def test_events_that_are_seconds_late_say_so(heard: Heard) -> None:
    ari = heard.media.ari
    ari._timeout = 0.01
    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answered.set_result(None)
    ari._ask_for_mark = lambda name, **fields: answered  # type: ignore[assignment]
    with pytest.raises(AriTimeout, match="late"):
        await ari.caught_up()
    assert not ari._marks
