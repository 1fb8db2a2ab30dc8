"""The ARI client against a real Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dealerline.switch.ari import Ari, AriError, AriLost, AriTimeout, quietly
from dealerline.switch.ari import models as m
from tests.integration.ari.parts import Server, Wire, until

ROOT = Path(__file__).resolve().parents[3]
PROMPTS = ROOT / "assets/prompts/zh"
names = itertools.count(1)


class Heard:
    """What the client told us, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.log: list[str] = []

    def event(self, event: m.Event) -> None:
        self.events.append(event)
        self.log.append(type(event).__name__)

    def of(self, kind: type[Any], channel: str = "") -> list[Any]:
        return [e for e in self.events if isinstance(e, kind) and (not channel or e.channel.id == channel)]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def ari(server: Server, heard: Heard) -> AsyncIterator[Ari]:
    client = server.ari(on_event=heard.event)
    client.start()
    await client.ready(30)
    yield client
    for channel in await client.channels.list_all():
        quietly(client.channels.hangup(channel.id))
    await until(lambda: _none(client), "channels gone")
    await client.close()


async def _none(client: Ari) -> bool:
    return not await client.channels.list_all()


async def pair(ari: Ari, heard: Heard) -> tuple[str, str]:
    """Two ends of one audio path, both in our hands: what one says the other hears."""
    near = f"near-{next(names)}"
    await ari.channels.create(
        endpoint="Local/100@from-agent/n",
        app="dealerline",
        app_args="near",
        channel_id=near,
        other_channel_id=f"far-{near}",
    )
    await until(lambda: heard.of(m.StasisStart, near), "the near end")
    await ari.channels.dial(near)
    await until(lambda: heard.of(m.StasisStart, f"far-{near}"), "the far end")
    await ari.channels.answer(f"far-{near}")
    await until(lambda: heard.of(m.ChannelStateChange, near), "answered")
    return near, f"far-{near}"


async def test_a_channels_life_is_told_in_order(ari: Ari, heard: Heard) -> None:
    near, far = await pair(ari, heard)
    assert heard.of(m.StasisStart, far)[0].args == ["desk", "100", ""]
    await ari.channels.hangup(near, reason_code="17")
    await until(lambda: heard.of(m.ChannelDestroyed, near), "destroyed")
    mine = [type(e).__name__ for e in heard.events if getattr(getattr(e, "channel", None), "id", "") == near]
    mine = [kind for kind in mine if kind not in ("ChannelDialplan", "ChannelVarset", "ChannelConnectedLine")]
    assert mine[0] == "StasisStart" and mine[-1] == "ChannelDestroyed" and "StasisEnd" in mine
    assert heard.of(m.ChannelDestroyed, near)[0].cause == 17


async def test_only_the_kinds_of_events_that_are_wanted_come_and_answers_come_all_the_same(
    server: Server, heard: Heard
) -> None:
    client = server.ari(on_event=heard.event, wanted=["StasisStart", "ChannelDestroyed"], application="choosy")
    client.start()
    await client.ready(30)
    await client.channels.create(endpoint="Local/100@from-agent/n", app="choosy", channel_id="chosen")
    await until(lambda: heard.of(m.StasisStart, "chosen"), "the channel")
    await client.channels.hangup("chosen")
    await until(lambda: heard.of(m.ChannelDestroyed, "chosen"), "destroyed")
    assert {type(e) for e in heard.events} == {m.StasisStart, m.ChannelDestroyed}
    await client.close()


async def test_caught_up_means_that_everything_that_happened_before_was_told(ari: Ari, heard: Heard) -> None:
    near, _ = await pair(ari, heard)
    for n in range(50):
        quietly(ari.channels.set_channel_var(near, variable=f"DL_{n}", value="1", report_events=True))
    assert near in {channel.id for channel in await ari.aside(list[m.Channel], "/channels")}
    await ari.channels.hangup(near)
    await ari.caught_up()
    assert heard.of(m.ChannelHangupRequest, near) and len(heard.of(m.ChannelVarset, near)) >= 50


async def test_a_list_asked_for_aside_says_why_it_cannot_be_had(ari: Ari, server: Server) -> None:
    with pytest.raises(AriError) as refused:
        await ari.aside(m.Channel, "/channels/nobody")
    assert refused.value.gone
    with pytest.raises(AriError, match="swagger"):
        await ari.aside(list[m.Bridge], "/asterisk/ping")
    with pytest.raises(AriLost):
        await server.ari().aside(list[m.Channel], "/channels")


async def test_requests_go_out_without_waiting_and_come_back_in_order(ari: Ari, heard: Heard) -> None:
    order: list[int] = []
    futures = [ari.asterisk.set_global_var(variable="DL_ORDER", value=str(n)) for n in range(200)]
    for n, future in enumerate(futures):
        future.add_done_callback(lambda _, n=n: order.append(n))
    last = ari.asterisk.get_global_var(variable="DL_ORDER")
    assert (await last).value == "199"
    assert order == list(range(200))


async def test_a_refusal_fails_its_own_request_only_and_says_why(ari: Ari, heard: Heard) -> None:
    bad = ari.channels.answer("nobody")
    good = ari.asterisk.ping()
    with pytest.raises(AriError) as caught:
        await bad
    assert caught.value.gone and "Channel not found" in caught.value.message
    assert (await good).ping == "pong"


async def test_names_with_any_sign_in_them_are_one_name(ari: Ari, heard: Heard) -> None:
    for name in ("a/b", "a?b=c", "ä b", "100%", "x;2"):
        with pytest.raises(AriError) as caught:
            await ari.channels.get(name)
        assert caught.value.status == 404


async def test_values_with_any_sign_in_them_come_back_unchanged(ari: Ari, heard: Heard) -> None:
    near, _ = await pair(ari, heard)
    for value in ('{"queue":"销售","keys":["*","#"]}', "a&b=c d+e%20f", "", "x" * 1000):
        await ari.channels.set_channel_var(near, variable="DL_STATE", value=value)
        assert (await ari.channels.get_channel_var(near, variable="DL_STATE")).value == value


async def test_variables_given_at_birth_are_there(ari: Ari, heard: Heard) -> None:
    name = f"born-{next(names)}"
    given = {"DL_CALL": "c-1", "DL_ROLE": "agent"}
    await ari.channels.create(endpoint="Local/1@from-agent/n", app="dealerline", channel_id=name, variables=given)
    await until(lambda: heard.of(m.StasisStart, name), "born")
    assert (await ari.channels.get_channel_var(name, variable="DL_ROLE")).value == "agent"


async def test_a_key_pressed_at_one_end_is_told_at_the_other(ari: Ari, heard: Heard) -> None:
    near, far = await pair(ari, heard)
    await ari.channels.send_dtmf(near, dtmf="1*#")
    await until(lambda: len(heard.of(m.ChannelDtmfReceived, far)) == 3, "three keys")
    assert [e.digit for e in heard.of(m.ChannelDtmfReceived, far)] == ["1", "*", "#"]


async def test_a_prompt_can_be_cut_short_and_its_end_is_told(ari: Ari, heard: Heard) -> None:
    _, far = await pair(ari, heard)
    await ari.channels.play_with_id(far, f"p-{far}", media=[f"sound:{PROMPTS}/goodbye", f"sound:{PROMPTS}/timeout"])
    await ari.playbacks.stop(f"p-{far}")
    await until(lambda: heard.of(m.PlaybackFinished), "the end of the prompt")
    assert heard.of(m.PlaybackFinished)[-1].playback.id == f"p-{far}"


async def test_two_ends_in_a_bridge_and_out_again(ari: Ari, heard: Heard) -> None:
    near, far = await pair(ari, heard)
    bridge = await ari.bridges.create(type="mixing", bridge_id=f"dl-{near}", name=f"dl-{near}")
    await ari.bridges.add_channel(bridge.id, channel=[far])
    await until(lambda: heard.of(m.ChannelEnteredBridge, far), "in")
    await ari.channels.mute(far, direction="in")
    await ari.channels.unmute(far, direction="in")
    await ari.channels.start_moh(far)
    await ari.channels.stop_moh(far)
    await ari.bridges.remove_channel(bridge.id, channel=far)
    await until(lambda: heard.of(m.ChannelLeftBridge, far), "out")
    await ari.bridges.destroy(bridge.id)
    assert bridge.id not in {b.id for b in await ari.bridges.list_all()}


async def test_a_message_is_recorded_and_told(ari: Ari, heard: Heard, server: Server) -> None:
    near, far = await pair(ari, heard)
    await ari.channels.play(near, media=[f"sound:{PROMPTS}/goodbye"] * 3)
    await ari.channels.record(far, name=f"voicemail/{far}", format="wav", max_duration_seconds=1, beep=False)
    await until(lambda: heard.of(m.RecordingFinished), "recorded")
    assert heard.of(m.RecordingFinished)[0].recording.duration == 1
    assert (server.settings.recordings / f"voicemail/{far}.wav").stat().st_size > 8000


async def test_a_handler_that_fails_does_not_stop_the_events(server: Server, heard: Heard) -> None:
    def clumsy(event: m.Event) -> None:
        heard.event(event)
        raise RuntimeError("clumsy")

    client = server.ari(on_event=clumsy)
    client.start()
    await client.ready(30)
    try:
        near, _ = await pair(client, heard)
        await client.channels.hangup(near)
        await until(lambda: heard.of(m.ChannelDestroyed, near), "all events")
        assert client.event_errors == client.events == len(heard.events)
    finally:
        await client.close()


async def test_a_cut_wire_is_noticed_and_mended_and_the_channels_are_still_there(server: Server, heard: Heard) -> None:
    async with Wire(server.settings.asterisk_http_port) as wire:
        client: Ari

        async def back() -> None:
            heard.log.append(f"back {len(await client.channels.list_all())}")

        client = server.ari(
            url=f"http://127.0.0.1:{wire.port}",
            on_event=heard.event,
            on_back=back,
            on_lost=lambda: heard.log.append("lost"),
        )
        client.start()
        await client.ready(30)
        try:
            near, _far = await pair(client, heard)
            wire.swallows = True
            open_request = client.channels.get(near)
            wire.swallows = False
            wire.cut()
            with pytest.raises(AriLost):
                await open_request
            await until(lambda: heard.log.count("lost") == 1, "told that it is lost")
            await client.ready(10)
            assert [entry for entry in heard.log if entry.startswith("back")] == ["back 0", "back 2"]
            await client.channels.hangup(near)
            await until(lambda: heard.of(m.ChannelDestroyed, near), "events flow again")
        finally:
            await client.close()
    assert heard.log.count("lost") == 1, "closing on purpose is no loss"


async def test_events_wait_until_the_look_around_is_over(server: Server, heard: Heard) -> None:
    looked = asyncio.Event()

    async def back() -> None:
        await client.channels.create(endpoint="Local/7@from-agent/n", app="dealerline", channel_id="early")
        await until(_early, "the channel")
        assert heard.log == []
        heard.log.append("looked")
        looked.set()

    async def _early() -> bool:
        return any(c.id == "early" for c in await client.channels.list_all())

    client = server.ari(on_event=heard.event, on_back=back)
    client.start()
    try:
        await client.ready(30)
        assert looked.is_set()
        await until(lambda: heard.of(m.StasisStart, "early"), "held, not lost")
        assert heard.log[0] == "looked"
        await client.channels.hangup("early")
    finally:
        await client.close()


async def test_a_request_that_is_never_answered_fails_in_time(server: Server) -> None:
    async with Wire(server.settings.asterisk_http_port) as wire:
        client = server.ari(url=f"http://127.0.0.1:{wire.port}", timeout=0.3)
        client.start()
        await client.ready(30)
        try:
            wire.swallows = True
            with pytest.raises(AriTimeout, match="no answer"):
                await client.asterisk.ping()
        finally:
            await client.close()


async def test_a_socket_whose_requests_hang_for_ever_is_replaced_by_another(server: Server, heard: Heard) -> None:
    """A channel that is told to go elsewhere while an endless tone is played to it holds up all behind it."""
    client = server.ari(on_event=heard.event, timeout=1.0)
    client.start()
    try:
        await client.ready(30)
        _, far = await pair(client, heard)
        await client.channels.play_with_id(far, "tone", media=["tone:ring"])
        room = await client.bridges.create(type="mixing")
        with pytest.raises(AriTimeout):
            await client.bridges.add_channel(room.id, channel=[far])

        async def answers() -> bool:
            with contextlib.suppress(AriLost):
                return (await client.asterisk.ping()).ping == "pong"
            return False

        await until(answers, "requests are answered again")
        await client.channels.hangup(far)
        await until(lambda: _none(client), "both ends have hung up")
    finally:
        await client.close()


async def test_a_wrong_password_is_said_plainly(server: Server) -> None:
    client = server.ari(password="wrong")
    client.start()
    try:
        with pytest.raises(AriLost, match="user name or password"):
            await client.ready(2)
        with pytest.raises(AriLost):
            await client.asterisk.ping()
    finally:
        await client.close()


async def test_asterisk_killed_and_started_again(mortal: Server, heard: Heard) -> None:
    async def back() -> None:
        heard.log.append("back")

    client = mortal.ari(on_event=heard.event, on_back=back, on_lost=lambda: heard.log.append("lost"))
    client.start()
    try:
        await client.ready(30)
        mortal.stop(signal.SIGKILL)
        await until(lambda: "lost" in heard.log, "the loss")
        assert not client.connected
        with pytest.raises(AriLost):
            await client.channels.list_all()
        mortal.start()
        await client.ready(30)
        assert heard.log == ["back", "lost", "back"]
        assert await client.channels.list_all() == []
    finally:
        await client.close()


def test_the_generated_code_is_what_this_asterisks_swagger_says(server: Server, tmp_path: Path) -> None:
    swagger = server.settings.debroot / "usr/share/asterisk/rest-api"
    subprocess.run([sys.executable, ROOT / "tools/generate_ari.py", swagger, tmp_path], check=True)
    for name in ("models.py", "operations.py"):
        committed = ROOT / "src/dealerline/switch/ari" / name
        assert (tmp_path / name).read_text() == committed.read_text(), f"run tools/generate_ari.py: {name} is old"
