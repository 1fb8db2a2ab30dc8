"""Robot agents against the real switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulator.robots import Robots
from simulator.texts import Trouble
from tests.telephony.harness import SALES, Centre, Telephones, until


@pytest.fixture
async def robots(telephones: Telephones, centre: Centre) -> AsyncIterator[Robots]:
    """Nobody hired yet; all go home at the end."""
    made = Robots(centre.settings, telephones.world)
    yield made
    await made.stop()


def states(robots: Robots) -> list[str]:
    return [str(robot["state"]) for robot in robots.view()]


async def test_a_robot_takes_the_call_and_ends_its_after_call_work(robots: Robots, telephones: Telephones) -> None:
    assert len(await robots.hire(1, talk=1.5, wrap=0.5)) == 1
    assert states(robots) == ["ready"]
    caller = await telephones.ring(SALES)
    await until(lambda: not caller.live, 30, "the robot hangs up")
    assert caller.ended_by == "centre" and caller.sounds > 0
    await until(lambda: states(robots) == ["ready"], what="the robot is ready again")
    assert robots.view()[0]["calls"] == 1


async def test_robots_only_play_people_who_are_away(robots: Robots, telephones: Telephones) -> None:
    await telephones.agent(1)
    assert len(await robots.hire(9, talk=5, wrap=1)) == 2
    assert 1 not in [robot["person"] for robot in robots.view()]
    with pytest.raises(Trouble) as nobody:
        await robots.hire(1, talk=5, wrap=1)
    assert nobody.value.code == "no_robots"


async def test_a_robot_gives_way_to_the_real_person(robots: Robots, telephones: Telephones) -> None:
    await robots.hire(1, talk=5, wrap=1, people=[2])
    person = await telephones.agent(2, ready=False, phone=False)
    await until(lambda: robots.view()[0]["gone"] == "duplicate", what="the robot goes")
    assert person.desk.connected


async def test_a_caller_whom_one_robot_rejects_comes_to_the_next(robots: Robots, telephones: Telephones) -> None:
    await robots.hire(1, talk=30, wrap=1, people=[1], behaviour="rejects")
    caller = await telephones.ring(SALES)
    await until(lambda: states(robots) == ["busy"], 20, "the one who rejects is taken out")
    agent = await telephones.agent(2, hum=700)
    await agent.talks()
    await telephones.hears(caller, 700)


async def test_robots_sign_in_again_after_the_switch_died(
        robots: Robots, telephones: Telephones, centre: Centre) -> None:
    await robots.hire(2, talk=30, wrap=1)
    centre.kill("switch")
    lost = [robot.desk for robot in robots.at_work() if robot.desk]
    await until(lambda: not any(desk.connected for desk in lost), what="their sockets are lost")
    await asyncio.to_thread(centre.start, "switch")
    await until(lambda: states(robots) == ["ready", "ready"], 20, "both are ready again")
    caller = await telephones.ring(SALES)
    await until(lambda: "talking" in states(robots), 20, "one of them talks")
    assert caller.live
