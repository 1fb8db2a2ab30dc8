"""The running centre as a journey sees it from outside: people's passwords, customers on file, the telephones outside.

Only what a tester could do by hand: ring from outside, listen to what the caller heard, read the tables. Everything
else goes through the page.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from dealerline.runtime.stack import Stack
from tests.helpers import until
from tests.telephony import tones


class Caller:
    """Somebody outside who rings. ``number``: his own; ``to``: what he rang."""

    def __init__(self, centre: Centre, answer: dict[str, Any]) -> None:
        self._centre = centre
        self.id: str = answer["id"]
        self.number: str = answer["from"]
        self.to: str = answer["to"]

    def view(self) -> dict[str, Any]:
        return self._centre.simulator("GET", f"/calls/{self.id}")

    @property
    def live(self) -> bool:
        return bool(self.view()["state"] != "ended")

    @property
    def call(self) -> str:
        """The centre's id of his call."""
        return str(until(lambda: self.view()["call"], 20, "the centre's journal knows the caller"))

    def reaches(self, stage: str, timeout: float = 40) -> None:
        """Wait until the journal says he is there: greeting, menu, queue, offered, talking."""
        until(lambda: stage in self.view()["stages"], timeout, lambda: f"the caller comes to {stage}: {self.view()}")

    @property
    def heard(self) -> Path:
        """What reached his ear so far: 8 kHz mono."""
        return self._centre.stack.settings.data / "carrier" / "heard" / f"{self.id}-heard.wav"

    def hears(self, hertz: float, timeout: float = 15) -> None:
        """Wait until the tone has been in his ear within the last two seconds."""
        until(lambda: self.now({hertz}) == {hertz}, timeout, f"the caller hears {hertz:g} Hz")

    def hears_no_more(self, hertz: float, timeout: float = 15) -> None:
        """Wait until his line has gone on for two seconds without the tone (files are written a little behind)."""
        until(lambda: not self.now({hertz}), timeout, f"the caller does not hear {hertz:g} Hz any more")

    def now(self, frequencies: set[float], seconds: float = 2.0) -> set[float]:
        """Which of the tones were in his ear during the last seconds."""
        length = tones.seconds(self.heard)
        return tones.tones(self.heard, frequencies, max(0.0, length - seconds)) if length > 1 else set()

    def listens(self, seconds: float) -> tuple[float, float]:
        """From now on, so many seconds of what he hears: (from, to) of his sound file, once they are there."""
        start = tones.seconds(self.heard)
        until(lambda: tones.seconds(self.heard) >= start + seconds, seconds + 15, "the caller's line goes on sounding")
        return start, start + seconds

    def hang_up(self) -> None:
        self._centre.simulator("DELETE", f"/calls/{self.id}")


class Centre:
    """See the module."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = stack.settings.origin
        self.database = psycopg.connect(stack.settings.database, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        self.database.close()

    def password(self, who: str) -> str:
        """From the list that ``up --demo`` prints."""
        lines = (self.stack.settings.secrets / "sign-ins.txt").read_text(encoding="utf-8").splitlines()
        return next(words[1] for line in lines if (words := line.split()) and words[0] == who)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self.database.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> dict[str, Any]:
        return self.rows(query, *values)[0]

    def open_round_the_clock(self) -> None:
        """Every line is open at every hour, and no holiday is kept; waits until the switch has been told."""
        self.database.execute("DELETE FROM organisation_holiday")
        self.database.execute("DELETE FROM organisation_hoursinterval")
        self.database.execute(
            "INSERT INTO organisation_hoursinterval (hours_id, weekday, opens, closes)"
            " SELECT h.id, d, '00:00', '00:00' FROM organisation_hours h, generate_series(0, 6) d")
        self.switch_has(lambda new: all(len(h["weekly"]) == 7 and not h["days"] for h in new["hours"]),
                        "every line is open")

    def directory(self) -> dict[str, Any]:
        """The configuration as the switch reads it."""
        found: dict[str, Any] = json.loads((self.stack.settings.run / "directory.json").read_text(encoding="utf-8"))
        return found

    def switch_has(self, holds: Callable[[dict[str, Any]], object], what: str) -> None:
        """Wait until the published configuration is so, and the switch has taken it in."""

        def taken() -> bool:
            found = self.directory()
            return bool(holds(found)) and self.live()["version"] >= found["version"]

        until(taken, 10, what)

    def customer(self, store: str = "pudong", skip: int = 0) -> dict[str, Any]:
        """A person on file at that store, with name and number, whose number is nobody else's."""
        return self.row(
            "SELECT c.id, c.name, p.e164 AS number FROM customers_customer c"
            " JOIN customers_customerphone p ON p.customer_id = c.id AND p.primary"
            " JOIN organisation_store s ON s.id = c.store_id"
            " WHERE s.code = %s AND c.kind = 'person'"
            " AND (SELECT count(*) FROM customers_customerphone o WHERE o.e164 = p.e164) = 1"
            " ORDER BY c.id OFFSET %s LIMIT 1", store, skip)

    def number(self, line: str, store: str = "pudong") -> str:
        """The published number of a store's line."""
        return str(self.row(
            "SELECT n.number FROM organisation_number n JOIN organisation_line l ON l.id = n.line_id"
            " JOIN organisation_store s ON s.id = l.store_id WHERE s.code = %s AND l.kind = %s ORDER BY n.id LIMIT 1",
            store, line)["number"])

    # the outside world ------------------------------------------------------------------------------------------------
    def simulator(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the simulator's control service."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.stack.settings.simulator_port}{path}", method=method,
            data=json.dumps(body).encode() if body is not None else None, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=15) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def ring(self, line: str = "sales", *, store: str = "pudong", number: str = "", keys: str = "11", hum: float = 508,
             to: str = "", caller: str = "", **more: Any) -> Caller:
        """Somebody rings a line (or ``to``), hums, and keys each of ``keys`` when the voice has asked for it."""
        steps: list[dict[str, Any]] = [{"tone": hum}] if hum else []
        for key in keys:
            steps += [{"await": "sound", "seconds": 5}, {"wait": 1.2}, {"key": key}]
        body = {"to": to or self.number(line, store), "steps": steps, **more}
        if number:
            body["from"] = number
        if caller:
            body["caller"] = caller
        return Caller(self, self.simulator("POST", "/ring", body))

    def robot(self, who: str, *, hum: float = 700) -> None:
        """That person's desk phone answers by itself and hums; he is ready at once."""
        self.simulator("POST", "/robots", {"count": 1, "people": [self.person(who)], "talk": 0, "wrap": 1, "tone": hum})

    def outside(self, number: str, *steps: dict[str, Any]) -> None:
        """From now on that telephone outside does so when the centre rings it; no steps: what its last digit says."""
        self.simulator("POST", "/numbers", {"number": number.removeprefix("+86"), "steps": list(steps)})

    def rung_outside(self, number: str) -> Caller:
        """Whoever has that number, once the centre rings him."""
        dialled = number.removeprefix("+86")

        def found() -> dict[str, Any] | None:
            calls = self.simulator("GET", "/calls")["calls"]
            return next((c for c in calls if c["role"] == "called" and c["number"] == dialled), None)

        call = until(found, 30, f"{number} is rung")
        assert call is not None
        return Caller(self, {"id": call["id"], "from": call["number"], "to": call["other"]})

    def person(self, who: str) -> int:
        return int(self.row("SELECT id FROM accounts_person WHERE username = %s", who)["id"])

    def hang_up_everybody(self) -> None:
        """Everybody outside hangs up, and the robots go."""
        self.simulator("DELETE", "/robots")
        for call in self.simulator("GET", "/calls")["calls"]:
            if call["state"] != "ended":
                self.simulator("DELETE", f"/calls/{call['id']}")

    def quiet(self) -> None:
        """Waits until the switch holds no call."""
        until(lambda: not self.live()["calls"], 30, lambda: f"no call is left: {self.live()['calls']}")

    # the switch and the journal ---------------------------------------------------------------------------------------
    def live(self) -> dict[str, Any]:
        """What the switch holds in memory: calls, agents, repairs, errors."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.stack.settings.switch_port}/internal/live",
            headers={"X-Dealerline-Internal": self.stack.settings.secret("internal")})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def story(self, call: str) -> list[str]:
        """The kinds of the call's facts in the database, in order."""
        return [row["kind"] for row in self.rows("SELECT kind FROM calls_event WHERE call = %s ORDER BY seq", call)]

    def told(self, call: str, kind: str, count: int = 1, timeout: float = 20) -> list[dict[str, Any]]:
        """Wait until the call's journal has that kind of fact so often; their data."""

        def found() -> list[dict[str, Any]]:
            rows = self.rows("SELECT data FROM calls_event WHERE call = %s AND kind = %s ORDER BY seq", call, kind)
            return [row["data"] for row in rows] if len(rows) >= count else []

        return until(found, timeout, lambda: f"{kind} x {count} in the journal: {self.story(call)}")
