"""Which number to ring for what somebody typed: a number, a line's kind (``sales``), or store and kind (``sh1:sales``).

Read from the centre's published configuration (``run/directory.json``), which is all the simulator knows of the centre.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.texts import Trouble


def directory(run: Path) -> dict[str, Any]:
    """The centre's published configuration. Raises Trouble when there is none."""
    try:
        data = json.loads((run / "directory.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise Trouble("no_directory", path=str(run / "directory.json")) from error
    except ValueError as error:
        raise Trouble("bad_directory", path=str(run / "directory.json")) from error
    if not isinstance(data, dict):
        raise Trouble("bad_directory", path=str(run / "directory.json"))
    return data


def looks_like_number(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "").removeprefix("+")
    return digits.isdigit() and digits.isascii()


def number_of(wanted: str | int, data: dict[str, Any]) -> str:
    """The number to dial; an integer is a line's id. Raises Trouble, naming the lines there are."""
    lines = data.get("lines", [])
    if isinstance(wanted, int):
        chosen = [line for line in lines if line["id"] == wanted]
    else:
        wanted = wanted.strip()
        if looks_like_number(wanted):
            return wanted.replace(" ", "").replace("-", "")
        store_code, _, kind = wanted.rpartition(":")
        stores = {store["id"] for store in data.get("stores", []) if not store_code or store["code"] == store_code}
        chosen = [line for line in lines if line["kind"] == kind and (line["store"] in stores or not store_code)]
    for line in chosen:
        if line["numbers"]:
            return str(line["numbers"][0])
    raise Trouble("no_line", wanted=str(wanted), lines=_offer(data))


def _offer(data: dict[str, Any]) -> str:
    codes = {store["id"]: store["code"] for store in data.get("stores", [])}
    names = sorted({f"{codes.get(line['store'], '')}:{line['kind']}".removeprefix(":")
                    for line in data.get("lines", []) if line["numbers"]})
    return ", ".join(names[:40]) or "-"
