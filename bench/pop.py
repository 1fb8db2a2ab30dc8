"""P5 of the quality aims: from a ringing call to the pop drawn in the agent's browser, with a million customers.

Views of the same data: the statement alone beside the same file gathered through the object mapper (the peer), the
route as a page asks for it, the search for customers by kinds of fragments beside a plain filter (the peer), who rings
as the switch asks, and the whole way from the switch's offer to the painted pop in Chromium. Then, each a table of
its own: groups counted as their page counts them, whom a caller keyed, duplicates, the night's labels and indexes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from bench.pop_browser import browser
from bench.pop_caller import who_keyed, who_rings
from bench.pop_fill import fill, known_people, known_tails, number
from bench.pop_search import fragments, through_edge
from bench.report import show, spread
from dealerline.runtime.stack import Stack

MANAGER = "group1"  # who sees every store and every number
STORE = 1
Rows = list[dict[str, Any]]
TITLES = {"segments": "Groups by rule, counted as their page does", "keyed": "Whom a caller keyed",
          "duplicates": "Duplicates", "night": "The night's labels and indexes"}
CHILDREN = ("postgres", "web", "scribe", "worker", "asterisk", "switch", "speech", "edge", "carrier", "simulator")


def inside(stack: Stack, module: str, *arguments: str, given: str = "") -> Any:
    """What a module of ours says in one Django process: JSON on its last line."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], env=stack.environment(), input=given,
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


class Page:
    """A signed-in session without a browser; like a browser it keeps its connection."""

    def __init__(self, origin: str, username: str, password: str) -> None:
        self.origin = origin
        address = urllib.parse.urlsplit(origin)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self._cookies: SimpleCookie = SimpleCookie()
        csrf = self.get("/api/session")["csrf"]
        headers = {"Content-Type": "application/json", "X-CSRFToken": csrf, "Referer": origin}
        self._ask("POST", "/api/session", json.dumps({"username": username, "password": password}), headers)

    def get(self, path: str) -> Any:
        return json.loads(self._ask("GET", path))

    def _ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> bytes:
        cookies = "; ".join(f"{name}={value.value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {"Cookie": cookies, **(headers or {})})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self._cookies.load(cookie)
        return text


def route(page: Page, numbers: list[str]) -> dict[str, Any]:
    """``GET /api/pop`` through edge and web, one after the other."""
    times = []
    for e164 in numbers:
        began = time.perf_counter()
        answer = page.get(f"/api/pop?number=%2B{e164[1:]}")
        times.append(time.perf_counter() - began)
        if not answer["known"]:
            raise RuntimeError("a customer was not found by his number")
    return {"P5": "GET /api/pop through the edge", **spread(times)}


def tables_inside(stack: Stack, module: str, *arguments: str) -> Iterator[tuple[str, Rows]]:
    """Tables that a module of ours makes in one Django process, each as soon as it is made: a line of JSON each."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, env=stack.environment(), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            name, rows = json.loads(line)
            yield name, rows
    if running.returncode:
        raise RuntimeError(f"{module} ended with {running.returncode}")


def groups(stack: Stack, count: int) -> Iterator[tuple[str, Rows]]:
    """Groups, keyed identities, duplicates and the night: a table each."""
    tails = known_tails(stack, STORE, count * 10)
    keyed = who_keyed(stack.settings.run, tails, STORE)
    for name, rows in tables_inside(stack, "bench.pop_segments", str(STORE), *tails[:5]):
        yield name, keyed + rows if name == "keyed" else rows


def sign_in_of(stack: Stack, username: str) -> str:
    """The demo's generated password."""
    for line in (stack.settings.secrets / "sign-ins.txt").read_text(encoding="utf-8").splitlines():
        if line.split()[:1] == [username]:
            return line.split()[1]
    raise RuntimeError(f"the demo has no {username}")


def measure(stack: Stack, customers: int, count: int, username: str, drawn: bool) -> list[dict[str, Any]]:
    """All views of a filled database."""
    rows: list[dict[str, Any]] = inside(stack, "bench.pop_statement", str(count * 10), str(customers))
    people = known_people(stack, username, count * 10)
    kinds = fragments(people[-count:])

    def page(who: str) -> Page:
        return Page(stack.settings.origin, who, sign_in_of(stack, who))

    rows.append(route(page(username), [each[0] for each in people]))
    rows += inside(stack, "bench.pop_search", MANAGER, given=json.dumps(kinds))
    for who in (MANAGER, username):
        rows += through_edge(page(who), who, kinds)
    strangers = [number(customers + n) for n in range(1, count * 10)]
    rows += who_rings(stack.settings.run, [each[0] for each in people], strangers, STORE)
    if not drawn:
        return rows
    return rows + browser(stack, username, sign_in_of(stack, username), [(each[0], each[1]) for each in people[:count]])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline bench pop", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50,000 customers instead of 1,000,000")
    parser.add_argument("--json", action="store_true", help="figures alone")
    parser.add_argument("--calls-each", type=int, default=5, help="past calls of each customer (default 5)")
    parser.add_argument(
        "--user", default="agent1", help="whose browser is rung: an agent of the first store who answers rescue calls"
    )
    parser.add_argument("--groups", action="store_true", help="only groups, keyed identities, duplicates and the night")
    parser.add_argument("--no-browser", action="store_true", help="without the pop in Chromium")
    chosen = parser.parse_args(arguments)
    customers, count = (50_000, 10) if chosen.quick else (1_000_000, 60)
    random.seed(7)
    with tempfile.TemporaryDirectory(prefix="dealerline-bench-") as name:
        Path(name).chmod(0o755)
        with Stack(
            Path(name) / "data", children=CHILDREN, load=("load_prompts", "load_defaults", "load_demo"), demo=True
        ) as stack:
            fill(stack, customers, chosen.calls_each)
            data = f"{customers:,} customers, {customers * chosen.calls_each:,} calls"
            if not chosen.groups:
                rows = measure(stack, customers, count, chosen.user, not chosen.no_browser)
                show(f"P5 ring -> pop, {data}", rows, chosen.json)
            for name, rows in groups(stack, count):  # last: it changes the data
                show(f"{TITLES[name]}, {data}", rows, chosen.json)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main(sys.argv[1:]))
