"""A whole small centre for tests of faults: every process of the product, a dozen agents, and a cuttable ARI line.

``Town`` plays the outside world through the simulator's control service and reads the journal from the database, as
somebody outside of every process could. The data are made by ``town_data.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from dealerline.runtime.asterisk import Asterisk
from dealerline.runtime.stack import Stack
from dealerline.settings import CHECKOUT
from tests.helpers import until
from tests.telephony import tones

AGENTS = 12
QUEUE, MENU, VOICEMAIL, SOLO = "02388880001", "02388880003", "02388880004", "02388880006"
PATIENCE = 60.0  # seconds; the machine may be busy with much else
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Wire:
    """A TCP line to ``port`` that can be cut: both ends are reset, and nobody gets through until it is mended."""

    def __init__(self) -> None:
        self.port = 0  # where it leads
        self.whole = True
        self.carried = 0  # connections made so far
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.entrance: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self.whole = False
        self._do(self._reset())

    def mend(self) -> None:
        self.whole = True

    def close(self) -> None:
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _reset(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        self.carried += 1
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._writers -= both
            for end in both:
                end.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


class Caller:
    """Somebody who rings; ``hum`` hertz is his voice."""

    def __init__(self, town: Town, answer: dict[str, Any], hum: float) -> None:
        self._town, self.id, self.number, self.to, self.hum = town, answer["id"], answer["from"], answer["to"], hum

    def view(self) -> dict[str, Any]:
        return self._town.simulator("GET", f"/calls/{self.id}")

    @property
    def live(self) -> bool:
        return bool(self.view()["state"] != "ended")

    @property
    def call(self) -> str:
        """The centre's id of his call."""
        return str(until(lambda: self.view()["call"], PATIENCE, lambda: f"the journal knows him: {self.view()}"))

    @property
    def ear(self) -> Path:
        return self._town.ear(self.id)

    def reaches(self, stage: str) -> Caller:
        """Wait until the centre's journal says he is there."""
        until(lambda: stage in self.view()["stages"], PATIENCE,
              lambda: f"{stage}: {self.view()} {self._town.live()['people']}", every=0.1)
        return self

    def hang_up(self) -> None:
        self._town.simulator("DELETE", f"/calls/{self.id}")
        self.is_gone()

    def hears(self, hertz: float) -> None:
        """Wait until that voice has been in his ear within the last second."""
        until(lambda: hertz in tones.tones(self.ear, {hertz}, max(0.0, tones.seconds(self.ear) - 1)), PATIENCE,
              f"{hertz:g} Hz", every=0.1)

    def is_gone(self) -> None:
        until(lambda: not self.live, PATIENCE, lambda: f"his call is over: {self.view()}", every=0.1)


class Talk:
    """A conversation: who hums what, where each one's ear is, and how much each has heard up to a moment."""

    def __init__(self, town: Town, caller: Caller, person: int, phone: str) -> None:
        self.caller, self.person, self.call = caller, person, caller.call
        self.ears = {"the caller": (caller.ear, town.hum(person)), "the agent": (town.ear(phone), caller.hum)}
        self.others = {"the caller": caller.hum, "the agent": town.hum(person)}
        self.from_here = {"the caller": 0.0, "the agent": 0.0}

    def mark(self) -> None:
        """What is heard from now on is asked for by ``sounds`` and ``troubles``."""
        self.from_here = {who: tones.seconds(ear) for who, (ear, _) in self.ears.items()}

    def greeted(self) -> bool:
        """Whether each hears the other one's voice by now."""
        return all(hertz in tones.tones(ear, {hertz}, max(0.0, tones.seconds(ear) - 1))
                   for ear, hertz in self.ears.values())

    def sounds(self, seconds: float) -> bool:
        """Whether both have heard so many seconds more since the mark."""
        return all(tones.seconds(ear) >= self.from_here[who] + seconds for who, (ear, _) in self.ears.items())

    def troubles(self, gap: float = 0.3) -> list[str]:
        """What was wrong since the mark: silence, no voice of the other one at the end, or an echo of oneself."""
        found = []
        for who, (ear, hertz) in self.ears.items():
            start, end = self.from_here[who], tones.seconds(ear)
            if silences := tones.gaps(ear, longer_than=gap, start=start, end=end):
                found.append(f"{who} of {self.caller.number} hears nothing at {silences}")
            heard = tones.tones(ear, {hertz, self.others[who]}, max(start, end - 1.5), end)
            if heard != {hertz}:
                found.append(f"{who} of {self.caller.number} hears {heard}, not {hertz}")
        return found


class Town:
    """See the module."""

    def __init__(self, stack: Stack, wire: Wire, people: Sequence[int]) -> None:
        self.stack, self.wire, self.people = stack, wire, tuple(people)
        self._callers = 0

    # the outside world ------------------------------------------------------------------------------------------------
    def simulator(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the simulator's control service."""
        return self._json(self.stack.settings.simulator_port, path, method, body)

    def _json(self, port: int, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json",
                     "X-Dealerline-Internal": self.stack.settings.secret("internal")})
        try:
            with _OPENER.open(request, timeout=60) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error

    def hum(self, person: int) -> float:
        """The voice of an agent; between two callers' voices."""
        return 905.0 + 74 * self.people.index(person)

    def ring(self, to: str = QUEUE, *, keys: str = "", **more: Any) -> Caller:
        """Somebody rings, hums his own tone, keys, and stays."""
        self._callers += 1
        hum = 311.0 + 43 * (self._callers % 12)
        steps: list[dict[str, Any]] = [{"tone": hum}]
        steps += [{"await": "sound", "seconds": 5}, {"wait": 0.3}, {"key": keys}] if keys else []
        number = f"1380000{self._callers:04d}"
        body = {"to": to, "from": number, "steps": [*steps, {"loop": [{"wait": 60}]}], **more}
        return Caller(self, self.simulator("POST", "/ring", body), hum)

    def hire(self, *which: int, talk: float = 0, wrap: float = 0.2) -> None:
        """Those agents (by place in ``people``) sit down, each with his own hum; until he ``talk``s, or for ever."""

        def sit_down(index: int) -> None:
            person = self.people[index]
            self.simulator("POST", "/robots", {"people": [person], "talk": talk, "wrap": wrap,
                                               "tone": self.hum(person)})

        with ThreadPoolExecutor(5) as together:  # each waits until the centre has accepted his telephone
            list(together.map(sit_down, which))

    def anew(self) -> None:
        """Everybody hangs up and goes home, whatever the test before left behind."""
        self.everybody_hangs_up()
        self.send_home()

    def send_home(self) -> None:
        """All agents sign out."""
        self.simulator("DELETE", "/robots")

    def ready(self, *which: int) -> None:
        """Wait until those agents can be offered a call."""
        wanted = {self.people[index] for index in which}

        def away() -> list[dict[str, Any]]:
            return [one for one in self.live()["people"]
                    if one["id"] in wanted and not (one["state"] == "ready" and one["usable"])]

        until(lambda: not away(), PATIENCE, lambda: f"not ready: {away()}", every=0.1)

    def talks(self, count: int) -> list[Talk]:
        """So many conversations at once, in which both have heard each other; marked."""
        callers = [self.ring() for _ in range(count)]
        found = [self.talk_of(caller) for caller in callers]
        for talk in found:
            until(talk.greeted, PATIENCE, lambda: f"the voices: {talk.troubles()}", every=0.1)  # noqa: B023
            talk.mark()
        return found

    def talk_of(self, caller: Caller) -> Talk:
        """The conversation he is in."""
        caller.reaches("talking")
        call = caller.call

        def agent() -> int:
            return next((int(c["person"]) for c in self.live()["calls"] if c["id"] == call), 0)

        person = until(agent, PATIENCE, "the switch knows with whom")
        user = f"phone-{self.phone_of(person)}"
        rung = [c for c in self.simulator("GET", "/calls")["calls"] if c["number"] == user and c["state"] != "ended"]
        return Talk(self, caller, person, rung[0]["id"])

    def phone_of(self, person: int) -> int:
        directory = json.loads((self.stack.settings.run / "directory.json").read_text(encoding="utf-8"))
        return next(int(one["phone"]) for one in directory["people"] if one["id"] == person)

    def ear(self, party: str) -> Path:
        """What that party of the simulator has heard so far."""
        return self.stack.settings.data / "carrier" / "heard" / f"{party}-heard.wav"

    def quiet(self) -> None:
        """Everybody outside hangs up, agents go home; nothing is left in the switch or in Asterisk."""
        self.everybody_hangs_up()
        self.nothing_left()
        self.send_home()

    def everybody_hangs_up(self) -> None:
        for call in self.simulator("GET", "/calls")["calls"]:
            if call["state"] != "ended" and call["role"] == "caller":
                self.simulator("DELETE", f"/calls/{call['id']}")

    # the centre -------------------------------------------------------------------------------------------------------
    def live(self) -> dict[str, Any]:
        """What the switch holds in memory; tries again while a new one starts."""

        def ask() -> dict[str, Any] | None:
            try:
                return self._json(self.stack.settings.switch_port, "/internal/live")
            except OSError:
                return None

        found = until(ask, PATIENCE, "the switch answers")
        assert found is not None
        return found

    def live_call(self, call: str) -> dict[str, Any]:
        return next(one for one in self.live()["calls"] if one["id"] == call)

    def no_repairs(self) -> None:
        """The reconciler has never found anything to mend, and no step failed in the present switch."""
        live = self.live()
        assert (live["repairs"], live["errors"]) == (0, 0)
        assert self.rows("SELECT data FROM calls_event WHERE kind = 'repair.made'") == []

    def story(self, call: str) -> list[str]:
        """The kinds of a call's facts in the database, in order."""
        return [row["kind"] for row in self.rows("SELECT kind FROM calls_event WHERE call = %s ORDER BY seq", call)]

    def outcomes(self, calls: Sequence[str]) -> list[str]:
        """How each of the calls ended, as the list of calls shows it."""
        rows = self.rows("SELECT id::text, outcome FROM calls_call WHERE id = ANY(%s::uuid[])", list(calls))
        found = {row["id"]: str(row["outcome"]) for row in rows}
        return [found[call] for call in calls]

    def recording_of(self, call: str) -> Path:
        """The joined recording of a call with one talk, once the worker has made it."""
        query = "SELECT state, path FROM calls_recording WHERE call_id = %s"
        until(lambda: [row["state"] for row in self.rows(query, call)] == ["joined"], 2 * PATIENCE,
              lambda: f"its recording is joined: {self.rows(query, call)}", every=0.2)
        return self.stack.settings.recordings / str(self.rows(query, call)[0]["path"])

    def nothing_left(self) -> None:
        """No call and nobody on a call in the switch, no channel and no bridge in Asterisk."""

        def left() -> list[Any]:
            live = self.live()
            found: list[Any] = list(live["calls"])
            found += [p for p in live["people"] if p["state"] in ("reserved", "ringing", "talking", "outbound", "wrap")]
            asterisk = Asterisk(self.stack.settings, self.stack.settings.data / "asterisk")
            found += [line for line in asterisk.console("core show channels concise").splitlines() if line.strip()]
            return found + [line for line in asterisk.console("bridge show all").splitlines()[1:] if line.strip()]

        until(lambda: not left(), PATIENCE, left, every=0.2)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Straight from the database, by a connection of its own."""
        with psycopg.connect(self.stack.settings.database, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def all_told(self) -> None:
        """Wait until the database knows the end of every call that is over outside."""
        over = (call for call in self.simulator("GET", "/calls")["calls"] if call["state"] == "ended")
        calls = {call["call"] for call in over if call["call"]}

        def missing() -> list[str]:
            ended = {str(row["call"]) for row in self.rows("SELECT call FROM calls_event WHERE kind = 'call.ended'")}
            return sorted(calls - ended)

        until(lambda: not missing(), PATIENCE, lambda: f"the database lacks the end of {missing()}", every=0.2)

    def whole_journal(self, calls: Sequence[str] = ()) -> None:
        """Wait until the journal of those calls (or of all there ever were) has no fault."""
        until(lambda: not self.faults_in_the_journal(calls), PATIENCE / 2,
              lambda: f"a journal without faults: {self.faults_in_the_journal(calls)}", every=0.2)

    def faults_in_the_journal(self, calls: Sequence[str] = ()) -> list[str]:
        """Calls whose facts are not exactly 1..n, or whose beginning, end, talks or recordings do not pair."""
        rows = self.rows("SELECT call::text, seq, kind FROM calls_event WHERE call IS NOT NULL ORDER BY call, seq")
        stories: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            stories.setdefault(row["call"], []).append(row)
        assert set(calls) <= set(stories), f"unknown to the database: {set(calls) - set(stories)}"
        found = []
        for call in calls or stories:
            story = stories[call]
            kinds = [row["kind"] for row in story]
            if [row["seq"] for row in story] != list(range(1, len(story) + 1)):
                found.append(f"{call}: {[(row['seq'], row['kind']) for row in story]}")
            if kinds.count("call.arrived") != 1 or kinds.count("call.ended") != 1:
                found.append(f"{call} begins or ends not once: {kinds}")
            for begun, done in (("talk.started", "talk.ended"), ("offer.made", "offer.ended"),
                                ("wrap.started", "wrap.ended")):
                if kinds.count(begun) != kinds.count(done):
                    found.append(f"{call} has more {begun} than {done} or fewer: {kinds}")
            over = kinds.count("recording.stopped") + kinds.count("recording.failed")
            if kinds.count("recording.started") > over:
                found.append(f"{call}: a recording has no end: {kinds}")
        return found


def hear_each_other(talks: Sequence[Talk], seconds: float = 2.0) -> None:
    """Wait until all have heard so many seconds more since their marks, with no silence and the right voice."""
    until(lambda: all(talk.sounds(seconds) for talk in talks), PATIENCE, "sound goes on", every=0.1)
    assert [trouble for talk in talks for trouble in talk.troubles()] == []


def fill(stack: Stack, wire: Wire) -> Town:
    """Put the town's data into the running centre; the town once the switch knows its people."""
    environment = stack.environment() | {"DJANGO_SETTINGS_MODULE": "dealerline.config.settings"}
    done = subprocess.run([sys.executable, "-m", "tests.telephony.town_data", str(AGENTS)], cwd=CHECKOUT,
                          env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    people: list[int] = json.loads(done.stdout.splitlines()[-1])
    path = stack.settings.run / "directory.json"

    def known() -> bool:
        directory = json.loads(path.read_text(encoding="utf-8"))
        return {person["id"] for person in directory["people"]} >= set(people) and len(directory["lines"]) >= 4

    until(known, PATIENCE, "the scribe publishes the town")
    town = Town(stack, wire, people)
    version = json.loads(path.read_text(encoding="utf-8"))["version"]
    until(lambda: town.live()["version"] >= version, PATIENCE, "the switch takes it")
    return town
