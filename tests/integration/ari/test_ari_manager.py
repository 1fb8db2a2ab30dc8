"""The manager client against a real Asterisk: recorders."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dealerline.switch.ari import AmiError, Ari, Manager
from dealerline.switch.ari import models as m
from tests.integration.ari.parts import Server, Wire, until


@pytest.fixture
async def manager(server: Server) -> AsyncIterator[Manager]:
    client = server.manager()
    client.start()
    await client.ready(30)
    yield client
    await client.close()


@pytest.fixture
async def talking(server: Server) -> AsyncIterator[str]:
    """A channel in a call whose other end plays a tone."""
    seen: list[m.Event] = []
    ari: Ari = server.ari(on_event=seen.append)
    ari.start()
    await ari.ready(30)

    def started(channel: str) -> bool:
        return any(isinstance(e, m.StasisStart) and e.channel.id == channel for e in seen)

    await ari.channels.create(
        endpoint="Local/1@from-agent/n", app="dealerline", channel_id="talker", other_channel_id="tone"
    )
    await until(lambda: started("talker"), "the talker")
    await ari.channels.dial("talker")
    await until(lambda: started("tone"), "the tone")
    await ari.channels.answer("tone")
    await ari.channels.play("tone", media=["tone:dial"])
    yield "talker"
    await ari.channels.hangup("talker")
    await until(lambda: any(isinstance(e, m.ChannelDestroyed) and e.channel.id == "talker" for e in seen), "hung up")
    await ari.close()


async def test_both_sides_are_recorded_apart_until_stopped(manager: Manager, talking: str, tmp_path: Path) -> None:
    said, heard = tmp_path / "said.wav", tmp_path / "heard.wav"
    recorder = await manager.record(talking, str(said), str(heard))
    assert recorder
    await until(lambda: said.exists() and said.stat().st_size > 8000, "half a second of sound")
    await manager.stop(talking, recorder)

    async def closed() -> bool:
        with said.open("rb") as file:
            file.seek(40)
            return int.from_bytes(file.read(4), "little") > 0

    await until(closed, "the files are finished")
    with wave.open(str(said)) as one, wave.open(str(heard)) as other:
        assert (one.getframerate(), one.getnchannels(), one.getsampwidth()) == (8000, 1, 2)
        assert abs(one.getnframes() - other.getnframes()) <= 1600
        loud = max(abs(int.from_bytes(b, "little", signed=True)) for b in _samples(one))
        silent = max(abs(int.from_bytes(b, "little", signed=True)) for b in _samples(other))
    assert loud > 1000 and silent < 100, "the tone comes from the channel's other end and is on that side only"


def _samples(file: wave.Wave_read) -> list[bytes]:
    data = file.readframes(file.getnframes())
    return [data[i : i + 2] for i in range(0, len(data), 2)]


async def test_what_cannot_be_recorded_says_why(manager: Manager) -> None:
    with pytest.raises(AmiError, match="No such channel"):
        await manager.record("nobody", "/a.wav", "/b.wav")
    with pytest.raises(AmiError):
        await manager.stop("nobody")


@pytest.mark.parametrize("path", ["relative.wav", "/x,S(0).wav", "/x)t(/etc/passwd", "/x\r\nAction: Command"])
async def test_a_path_that_would_change_the_command_is_refused(manager: Manager, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        await manager.record("talker", path, "/b.wav")


async def test_a_value_with_a_line_end_is_refused(manager: Manager) -> None:
    with pytest.raises(ValueError, match="one line"):
        manager.action("Ping", Extra="x\r\nAction: Command")
    await manager.ping()


async def test_a_cut_wire_fails_open_actions_and_mends_itself(server: Server) -> None:
    states: list[bool] = []
    async with Wire(server.settings.ami_port) as wire:
        client = server.manager(wire.port, on_change=states.append)
        client.start()
        try:
            await client.ready(30)
            wire.swallows = True
            waiting = client.action("Ping")
            wire.cut()
            with pytest.raises(AmiError) as caught:
                await waiting
            assert caught.value.lost
            with pytest.raises(AmiError):
                await client.ping()
            wire.swallows = False
            await client.ready(10)
            await client.ping()
            assert states == [True, False, True]
        finally:
            await client.close()


async def test_a_wrong_password_is_said_plainly(server: Server) -> None:
    client = server.manager(password="wrong")
    client.start()
    try:
        with pytest.raises(AmiError, match="Authentication failed"):
            await client.ready(3)
    finally:
        await client.close()
