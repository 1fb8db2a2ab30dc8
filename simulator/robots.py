"""Robot agents: a desk phone that answers by itself, and a desk that signs in, is ready, and ends after-call work.

A robot only plays a person with a desk phone whom nobody has signed in; when the real one signs in, the robot goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any

from dealerline.settings import Settings
from simulator.desk import Desk, DeskError
from simulator.lines import directory
from simulator.script import Step, parse
from simulator.texts import Trouble
from simulator.world import World

log = logging.getLogger("simulator.robots")
RETRY_SECONDS = 1.0


@dataclass
class Robot:
    """One robot at work. Seconds: ``talk`` until it hangs up (0: never), ``wrap`` of after-call work."""

    person: int
    name: str
    phone: str  # the desk phone's SIP user
    talk: float
    wrap: float
    behaviour: str
    tone: float = 0.0
    desk: Desk | None = None
    calls: set[str] = field(default_factory=set)  # talked in
    gone: str = ""  # why it went home by itself
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    wrapping: set[str] = field(default_factory=set)

    def steps(self) -> tuple[Step, ...]:
        """What its phone does when it rings."""
        if self.behaviour == "no_answer":
            return parse([{"ring": True}, {"wait": 120}, {"hangup": 19}])
        if self.behaviour == "rejects":
            return parse([{"ring": True}, {"wait": 1}, {"hangup": 21}])
        answer: list[dict[str, Any]] = [{"ring": True}, {"wait": 0.6}, {"answer": True}]
        words: list[dict[str, Any]] = [{"tone": self.tone}] if self.tone else [{"wait": 0.3}, {"say": "robot.hello"}]
        stay: list[dict[str, Any]] = [{"loop": [{"wait": 60}]}]
        return parse([*answer, *words, *([{"wait": self.talk}, {"hangup": True}] if self.talk else stay)])


class Robots:
    """Everybody hired; gives the world the phones' behaviour."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings, self._world = settings, world
        self._robots: dict[int, Robot] = {}

    def names(self) -> list[str]:
        return [robot.name for robot in self._robots.values()]

    def at_work(self) -> list[Robot]:
        return list(self._robots.values())

    def view(self) -> list[dict[str, Any]]:
        """The robots as the control service shows them."""
        return [{"person": robot.person, "name": robot.name, "phone": robot.phone, "calls": len(robot.calls),
                 "state": robot.desk.state if robot.desk else "", "gone": robot.gone}
                for robot in self._robots.values()]

    async def hire(self, count: int, *, talk: float, wrap: float, behaviour: str = "answers",
                   people: list[int] | None = None, tone: float = 0.0) -> list[str]:
        """Set up to ``count`` robots to work (or those people); their names. Raises Trouble when nobody is free."""
        data = directory(self._settings.run)
        free = await self._free(data, people)
        chosen = free[:count] if people is None else free
        if not chosen:
            raise Trouble("no_robots", 409)
        robots = [Robot(person["id"], person["name"], phone, talk, wrap, behaviour, tone) for person, phone in chosen]
        await self._world.phones.plug({robot.phone: robot.steps() for robot in robots})
        for robot in robots:
            self._robots[robot.person] = robot
            robot.tasks.append(asyncio.create_task(self._work(robot), name=f"robot-{robot.person}"))
        await asyncio.gather(*(self._at_work(robot) for robot in robots))
        return [robot.name for robot in robots]

    async def stop(self) -> int:
        """Everybody signs out and goes home; how many there were."""
        robots, self._robots = list(self._robots.values()), {}
        await asyncio.gather(*(self._leave(robot) for robot in robots))
        return len(robots)

    async def _free(self, data: dict[str, Any], people: list[int] | None) -> list[tuple[dict[str, Any], str]]:
        """People a robot may play, with their phones' SIP users."""
        phones = {phone["id"]: phone.get("username") or f"phone-{phone['id']}" for phone in data.get("phones", [])}
        queued = {agent for queue in data.get("queues", []) for agent in queue["agents"]}
        busy = await self._signed_in(data) | set(self._robots)
        return [(person, phones[person["phone"]]) for person in data.get("people", [])
                if person.get("phone") in phones and person["id"] not in busy
                and (person["id"] in queued if people is None else person["id"] in people)]

    async def _signed_in(self, data: dict[str, Any]) -> set[int]:
        """Who is at his desk already, as a watcher sees it who may see the most stores."""
        people = data.get("people", [])
        if not people:
            return set()
        watcher = max(people, key=lambda person: len(person.get("stores", [])))
        desk = Desk(self._settings.switch_port, watcher["id"], self._settings.secret("desk"), device="browser",
                    watch=True)
        try:
            await desk.open()
            await desk.send("board", on=True)
            await desk.until(lambda: bool(desk.board), 3)
        except DeskError as error:
            raise Trouble("no_switch", 503, reason=str(error)) from error
        finally:
            await desk.close()
        return {person["id"] for person in desk.board.get("people", []) if person["state"] != "offline"}

    # the desk -----------------------------------------------------------------------------------------------------
    async def _work(self, robot: Robot) -> None:
        """Signed in and ready, again after each loss of the socket, until dismissed or replaced by the real person."""
        while not robot.gone:
            desk = Desk(self._settings.switch_port, robot.person, self._settings.secret("desk"),
                        on_message=lambda message: self._message(robot, message))
            robot.desk = desk
            try:
                await desk.open()
                await desk.ready()
                await desk.until(lambda desk=desk: bool(desk.signed_out) or not desk.connected, float("inf"))  # type: ignore[misc]
            except DeskError as error:
                log.debug("a robot could not sign in: %s", error)
            finally:
                await desk.close()
            if desk.signed_out in ("duplicate", "removed"):
                robot.gone = desk.signed_out
                await self._world.phones.unplug([robot.phone])
            await asyncio.sleep(RETRY_SECONDS)

    def _message(self, robot: Robot, message: dict[str, Any]) -> None:
        if message["type"] == "call" and message["phase"] == "talking":
            robot.calls.add(message["id"])
        if message["type"] == "call" and message["phase"] == "wrap" and message["id"] not in robot.wrapping:
            robot.wrapping.add(message["id"])
            robot.tasks.append(asyncio.create_task(self._wrap(robot, message["id"])))
        elif message["type"] == "agent" and message.get("reason") in ("no_answer", "device_lost"):
            robot.tasks.append(asyncio.create_task(self._ready_again(robot)))
        robot.tasks = [task for task in robot.tasks if not task.done()]

    async def _wrap(self, robot: Robot, call: str) -> None:
        await asyncio.sleep(robot.wrap)
        robot.wrapping.discard(call)
        if robot.desk is not None:
            with contextlib.suppress(DeskError):
                await robot.desk.send("wrap_done", call=call)

    async def _ready_again(self, robot: Robot) -> None:
        """A robot that was set busy because its phone failed comes back, unless not answering is its trade."""
        if robot.behaviour != "answers":
            return
        await asyncio.sleep(RETRY_SECONDS)
        if robot.desk is not None:
            with contextlib.suppress(DeskError):
                await robot.desk.ready()

    async def _at_work(self, robot: Robot) -> None:
        for _ in range(50):
            if robot.desk is not None and robot.desk.state == "ready":
                return
            await asyncio.sleep(0.1)
        log.warning("a robot is not ready yet")

    async def _leave(self, robot: Robot) -> None:
        robot.gone = "dismissed"
        if robot.desk is not None and robot.desk.connected:
            with contextlib.suppress(DeskError):
                await robot.desk.send("state", state="offline")
            await robot.desk.close()
        for task in robot.tasks:
            task.cancel()
        await asyncio.gather(*robot.tasks, return_exceptions=True)
        await self._world.phones.unplug([robot.phone])
