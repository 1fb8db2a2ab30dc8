"""P5 of the quality aims: from a ringing call to the pop drawn in the agent's browser, with a million customers.

Three views of the same data: the statement alone beside the same file gathered through the object mapper (the peer),
the route as a page asks for it, and the whole way from the switch's offer to the painted pop in Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psycopg

from bench.report import show, spread
from dealerline.runtime.stack import Stack

CHILDREN = ("postgres", "web", "scribe", "worker", "asterisk", "switch", "speech", "edge", "carrier", "simulator")
FIRST = 13000000000  # numbers of the invented customers: +86 130..., one after another

# Trigram indexes are dropped for the filling and made again after it: the same indexes, in a tenth of the time.
FILL = """
INSERT INTO customers_customer (store_id, kind, name, title, name_pinyin, company, level, labels, notes, need,
                                created_at, updated_at, version)
SELECT (ARRAY(SELECT id FROM organisation_store ORDER BY id))[1 + i %% 6], 'person', '测' || chr(19968 + i %% 20000),
       '先生', 'ce ' || i %% 9973, '', (ARRAY['normal','silver','gold','vip'])[1 + i %% 4], '[]', '', '', now(), now(),
       1
  FROM generate_series(1, %(n)s) AS i;
INSERT INTO customers_customerphone (customer_id, e164, raw, use, "primary")
SELECT id, '+86' || (%(first)s + row_number() OVER (ORDER BY id)), '', 'mobile', true
  FROM customers_customer WHERE id > %(after)s;
INSERT INTO customers_car (customer_id, vin, plate, model, colour, year, mileage_km)
SELECT c.id, '', '沪A' || lpad(to_hex(c.id), 6, '0'), 'ID.4 X', '', 2022, 20000
  FROM customers_customer c WHERE c.id > %(after)s;
INSERT INTO customers_order (customer_id, store_id, number, model, status, amount, open, ordered_on)
SELECT c.id, c.store_id, 'B' || c.id, 'ID.4 X', 'ordered', 200000, c.id %% 5 = 0, current_date
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 3 = 0;
INSERT INTO customers_repair (customer_id, store_id, number, stage, work, open, received_at)
SELECT c.id, c.store_id, 'R' || c.id, 'working', '保养', c.id %% 4 = 0, now()
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 2 = 0;
"""
CALLS = """
INSERT INTO calls_call (id, direction, from_number, to_number, customer_number, customer_id, store_id, line_id,
    language, path, outcome, ended_by, cause, arrived_at, ended_at, waited_seconds, talk_seconds,
    hold_seconds, wrap_seconds, offers, seq)
SELECT gen_random_uuid(), 'in', p.e164, '+862100000000', p.e164, p.customer_id, c.store_id,
       (SELECT id FROM organisation_line ORDER BY id LIMIT 1), 'zh', '[]', 'answered', 'customer', '16',
       now() - (k || ' days')::interval, now() - (k || ' days')::interval, 5, 120, 0, 0, 1, 1
  FROM customers_customerphone p JOIN customers_customer c ON c.id = p.customer_id, generate_series(1, %(each)s) AS k
 WHERE p.customer_id > %(after)s
"""


def database(stack: Stack) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1",
        port=stack.settings.postgres_port,
        user="dealerline",
        dbname="dealerline",
        password=stack.settings.secret("postgres"),
        autocommit=True,
    )


def numbers(stack: Stack, username: str, count: int) -> list[str]:
    """Numbers of invented customers whom that person may see: those of his own store, picked at random."""
    with database(stack) as connection:
        rows = connection.execute(
            "SELECT p.e164 FROM customers_customerphone p JOIN customers_customer c ON c.id = p.customer_id"
            " WHERE c.store_id = (SELECT store_id FROM accounts_person WHERE username = %s) AND p.e164 > %s"
            " ORDER BY md5(p.e164) LIMIT %s",
            (username, f"+86{FIRST}", count),
        ).fetchall()
    return [row[0] for row in rows]


def fill(stack: Stack, customers: int, calls_each: int) -> None:
    """Put ``customers`` more into the demo's database, each with ``calls_each`` past calls."""
    with psycopg.connect(
        host="127.0.0.1",
        port=stack.settings.postgres_port,
        user="dealerline",
        dbname="dealerline",
        password=stack.settings.secret("postgres"),
        autocommit=True,
    ) as connection:
        gin = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '%gin%'"
            " AND tablename LIKE 'customers%'"
        ).fetchall()
        for name, _ in gin:
            connection.execute(f'DROP INDEX "{name}"')
        after = connection.execute("SELECT max(id) FROM customers_customer").fetchone()
        assert after
        values = {"n": customers, "first": FIRST, "after": after[0], "each": calls_each}
        for statement in filter(str.strip, FILL.split(";\n")):
            connection.execute(statement, values)
        columns = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 'calls_call'"
            )
        }
        missing = [c for c, nullable in columns.items() if nullable == "NO" and c not in CALLS]
        if missing:
            raise RuntimeError(f"calls_call has new columns that the bench does not fill: {missing}")
        connection.execute(CALLS, values)
        for _, definition in gin:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")


def statement(stack: Stack, count: int, customers: int) -> list[dict[str, Any]]:
    """The statement and its peer, inside one Django process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.pop_statement", str(count), str(customers)],
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


class Page:
    """A signed-in session without a browser."""

    def __init__(self, origin: str, username: str, password: str) -> None:
        self.origin = origin
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        csrf = self.get("/api/session")["csrf"]
        request = urllib.request.Request(
            f"{origin}/api/session",
            json.dumps({"username": username, "password": password}).encode(),
            {"Content-Type": "application/json", "X-CSRFToken": csrf, "Referer": origin},
        )
        self._open.open(request).close()

    def get(self, path: str) -> Any:
        with self._open.open(self.origin + path) as answer:
            return json.load(answer)


def number(n: int) -> str:
    """The n-th invented customer's number, E.164."""
    return f"+86{FIRST + n}"


def route(page: Page, wanted: list[str]) -> dict[str, Any]:
    """``GET /api/pop`` through edge and web, one after the other."""
    times = []
    for e164 in wanted:
        began = time.perf_counter()
        answer = page.get(f"/api/pop?number=%2B{e164[1:]}")
        times.append(time.perf_counter() - began)
        if not answer["known"]:
            raise RuntimeError("a customer was not found by his number")
    return {"P5": "GET /api/pop through the edge", **spread(times)}


def ring(stack: Stack, from_number: str) -> str:
    """A simulated customer rings a rescue line, where no menu stands before the queue; the call's id there."""
    body = json.dumps({"line": "pudong:rescue", "from": from_number, "say": []}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.settings.simulator_port}/ring", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id"])


def hang_up(stack: Stack, call: str) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{stack.settings.simulator_port}/calls/{call}", method="DELETE")
    urllib.request.urlopen(request).close()


def browser(stack: Stack, username: str, password: str, wanted: list[str]) -> dict[str, Any]:
    """From the switch's offer (its time is in the message) to the painted pop in Chromium, same machine, same clock."""
    from playwright.sync_api import sync_playwright

    drawn = """call => { const p = window.__dealerline.pops.find(p => p.call === call);
                         return p && p.drawn ? performance.timeOrigin + p.drawn : 0 }"""
    offered = "() => { const c = window.__dealerline.calls.find(c => c.phase === 'offered'); return c ? c.id : '' }"
    times: list[float] = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-background-networking",
                "--no-first-run",
            ],
        )
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        offers: dict[str, float] = {}

        def seen(frame: Any) -> None:
            text = frame if isinstance(frame, str) else str(getattr(frame, "body", frame))
            if '"offered"' in text:
                message = json.loads(text)
                if (
                    message.get("type") == "call"
                    and message.get("phase", message.get("call", {}).get("phase")) == "offered"
                ):
                    view = message.get("call") if isinstance(message.get("call"), dict) else message
                    offers.setdefault(view["id"], view["offered"])

        page.on("websocket", lambda socket: socket.on("framereceived", seen))
        page.goto(stack.settings.origin)
        page.get_by_test_id("sign-in-username").fill(username)
        page.get_by_test_id("sign-in-password").fill(password)
        page.get_by_test_id("sign-in-submit").click()
        page.wait_for_function("() => window.__dealerline && window.__dealerline.softphone.registered", timeout=60_000)
        page.get_by_test_id("state-ready").first.click()
        page.wait_for_function("() => window.__dealerline.agent === 'ready'", timeout=20_000)
        for e164 in wanted:
            call = ring(stack, e164)
            name = page.wait_for_function(offered, timeout=60_000).json_value()
            at = page.wait_for_function(drawn, arg=name, timeout=20_000).json_value()
            times.append(at / 1000 - offers[name])
            hang_up(stack, call)
            page.wait_for_function("() => window.__dealerline.agent === 'ready'", timeout=20_000)
        chromium.close()
    return {"P5": "offer -> pop painted in Chromium", **spread(times)}


def sign_in_of(stack: Stack, username: str) -> str:
    """The demo's generated password."""
    for line in (stack.settings.secrets / "sign-ins.txt").read_text(encoding="utf-8").splitlines():
        if line.split()[:1] == [username]:
            return line.split()[1]
    raise RuntimeError(f"the demo has no {username}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline bench pop", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50,000 customers instead of 1,000,000")
    parser.add_argument("--json", action="store_true", help="figures alone")
    parser.add_argument(
        "--user", default="agent1", help="whose browser is rung: an agent of the first store who answers rescue calls"
    )
    chosen = parser.parse_args(arguments)
    customers, each, count = (50_000, 2, 10) if chosen.quick else (1_000_000, 2, 60)
    random.seed(7)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="dealerline-bench-") as name:
        Path(name).chmod(0o755)
        with Stack(
            Path(name) / "data", children=CHILDREN, load=("load_prompts", "load_defaults", "load_demo"), demo=True
        ) as stack:
            began = time.monotonic()
            fill(stack, customers, each)
            sys.stderr.write(f"filled in {time.monotonic() - began:.0f} s\n")
            rows += statement(stack, count * 10, customers)
            password = sign_in_of(stack, chosen.user)
            wanted = numbers(stack, chosen.user, count * 10)
            rows.append(route(Page(stack.settings.origin, chosen.user, password), wanted))
            rows.append(browser(stack, chosen.user, password, wanted[:count]))
    show(f"P5 ring -> pop, {customers:,} customers, {customers * each:,} calls", rows, chosen.json)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main(sys.argv[1:]))
