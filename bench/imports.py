"""Lists of 100,000 rows from upload to the last row, and back: a whole import, one that is killed half-way, and undo.

The product's own worker does the work, from a file on the disk, with PostgreSQL beside it. The import that is killed
(SIGKILL, the supervisor starts another worker) must leave neither a double nor a gap. The peer in the same run writes
the same rows the plain way: one customer and one number saved after another.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench.report import show
from dealerline.runtime.stack import Stack

PATIENCE_SECONDS = 1800.0
FAMILY, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志文"


def write(path: Path, rows: int, seed: int) -> None:
    """A list as a dealer's system exports it: GB18030, one row in a hundred wrong, one in a hundred a second time."""
    chance = random.Random(seed)
    with path.open("w", encoding="gb18030", newline="") as file:
        file.write("客户编号,客户姓名,手机号码,备用电话,客户级别,标签,地址,备注\r\n")
        line = ""
        for n in range(rows):
            if n % 100 == 99:
                file.write(line)  # the row before, again
                continue
            number = f"1{seed}{n:09d}" if n % 100 != 50 else "12"
            name = chance.choice(FAMILY) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
            line = (f"C{seed}-{n},{name},{number},,{chance.choice(('普通', '金卡', 'VIP', ''))},老客户、{n % 7},"
                    f"重庆市渝北区龙溪街道{n % 900}号,{chance.choice(('', '已回访', '希望周末联系'))}\r\n")  # fmt: skip
            file.write(line)


class Centre:
    """The running product as the bench sees it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def records(self, *arguments: str) -> Any:
        """A command of bench.imports_records, inside a Django process."""
        done = subprocess.run([sys.executable, "-m", "bench.imports_records", *arguments],
                              env=self.stack.environment(), capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return json.loads(done.stdout.splitlines()[-1])

    def row(self, query: str, *values: Any) -> tuple[Any, ...]:
        with psycopg.connect(self.stack.settings.database) as connection:
            found = connection.execute(query, values).fetchone()  # type: ignore[call-overload]
        assert found is not None
        return tuple(found)

    def until(self, run: int, there: Callable[[str, int], bool]) -> float:
        """Seconds until the import is there: ``there(state, rows done)``."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_SECONDS:
            state, done = self.row("SELECT state, done_rows FROM exchange_importrun WHERE id = %s", run)
            if state == "failed":
                raise RuntimeError("the import failed")
            if there(state, done):
                return time.monotonic() - began
            time.sleep(0.05)
        raise RuntimeError("the import did not come to its end")


def through(
    centre: Centre, path: Path, rows: int, kill: bool, what: str = ""
) -> tuple[int, list[dict[str, Any]]]:
    """One list: checked, brought in; killed half-way if asked for."""
    run = int(centre.records("upload", str(path)))
    what = what or ("killed half-way" if kill else "whole")
    checked = centre.until(run, lambda state, _done: state == "checked")
    centre.records("start", str(run))
    began = time.monotonic()
    centre.until(run, lambda state, done: state == "done" or done >= rows // 2)
    if kill:
        centre.stack.kill("worker")
    centre.until(run, lambda state, _done: state == "done")
    brought = time.monotonic() - began
    return run, [
        {"what": f"checked ({what})", "rows": rows, "seconds": round(checked, 1), "rows/s": round(rows / checked)},
        {"what": f"brought in ({what})", "rows": rows, "seconds": round(brought, 1), "rows/s": round(rows / brought)},
    ]


def main(arguments: list[str]) -> int:
    """``./dealerline bench import [--rows N] [--quick] [--json]``"""
    parser = argparse.ArgumentParser(prog="./dealerline bench import")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = given.rows // 10 if given.quick else given.rows
    with tempfile.TemporaryDirectory(prefix="dealerline-bench-") as folder:
        Path(folder).chmod(0o755)
        with Stack(Path(folder) / "data", children=("postgres", "worker")) as stack:
            centre = Centre(stack)
            centre.records("prepare")
            figures: list[dict[str, Any]] = []
            runs = []
            for seed, kill in ((3, False), (5, True)):
                path = Path(folder) / f"list-{seed}.csv"
                write(path, rows, seed)
                run, measured = through(centre, path, rows, kill)
                runs.append(run)
                figures += measured
            centre.records("subscribe")
            path = Path(folder) / "list-7.csv"
            write(path, rows, 7)
            figures += through(centre, path, rows, kill=False, what="whole, a web hook told")[1]
            told = centre.row("SELECT coalesce(sum(jsonb_array_length(body->'rows')), 0) FROM exchange_outevent")[0]
            customers, numbers, doubles = centre.row(
                "SELECT count(*), (SELECT count(DISTINCT e164) FROM customers_customerphone), "
                "(SELECT count(*) FROM (SELECT e164 FROM customers_customerphone GROUP BY e164 HAVING count(*) > 1) d) "
                "FROM customers_customer"
            )
            each = rows - 2 * (rows // 100)
            wanted = 3 * each
            began = time.monotonic()
            centre.records("undo", str(runs[1]))
            centre.until(runs[1], lambda state, _done: state == "undone")
            undone = time.monotonic() - began
            left = centre.row("SELECT count(*) FROM customers_customer")[0]
            plain = centre.records("plain", "2000")
    figures += [
        {"what": "taken back", "rows": rows, "seconds": round(undone, 1), "rows/s": round(rows / undone)},
        {"what": "plain: saved one by one (2,000 rows)", "rows": 2000, "seconds": round(plain, 1),
         "rows/s": round(2000 / plain)},
    ]  # fmt: skip
    show(f"import of {rows:,} rows; {customers:,} customers of {wanted:,} wanted, {doubles} doubles, "
         f"{left:,} left after undo, {told:,} rows told", figures, given.json)  # fmt: skip
    return 0 if customers == numbers == wanted and doubles == 0 and left == 2 * each and told == each else 1
