"""Lists that lie ready on an SFTP server: whole ones are fetched once and moved there to ``done/`` or ``refused/``.

The rule of the file: nothing is fetched twice and nothing is forgotten, whatever breaks off when. A file is known by
name, size and time; until it was moved its copy stays here, and where the server forbids moving, it is remembered
with the digest of what it held.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from dealerline.integrations.folder.connector import MARK, batch_of, is_list, order, stamped
from dealerline.integrations.ports import Batch
from dealerline.integrations.sftp.client import Client, Listed, SftpError, usable

AT_ONCE = 50
"""So many files are fetched in one look."""
STATE = "remote.json"


class SftpConnector:
    """One folder on a server. ``keep``: a folder of ours for what has to be remembered; ``most``: bytes of a file."""

    def __init__(self, client: Client, keep: Path, now: datetime, most: int) -> None:
        self.client, self.keep, self.now, self.most = client, keep, now, most

    def new(self) -> Iterator[Batch]:
        """See ports.Connector."""
        there = self.client.listing()
        names = {row.name for row in there}
        lists = [row for row in there if is_list(row.name)]
        state = _state(self.keep)
        seen = {row.name: [row.size, row.time] for row in lists}
        taken = {name: known for name, known in state["taken"].items() if known[:2] == seen.get(name)}
        self._write({"looks": seen, "taken": taken})
        fit = [row for row in lists if usable(row.name) and row.size <= self.most]
        whole = [row for row in fit if row.name not in taken
                 and (row.name + MARK in names or state["looks"].get(row.name) == seen[row.name])]
        whole = sorted(whole, key=lambda row: order(row.name))[:AT_ONCE]
        self._forget({self._copy(row) for row in lists})
        self._fetch([row for row in whole if not self._copy(row).exists()])
        for row in whole:
            with suppress(FileNotFoundError):  # it could not be fetched whole: the next look tries again
                yield batch_of(self._copy(row), row.name)
        if len(fit) < len(lists):
            odd = next(row.name for row in lists if row not in fit)
            raise SftpError(f"“{odd}”：文件太大或文件名含特殊字符，未取。",
                            f"“{odd}” is too large, or has signs in its name that no file should: it is not fetched.")

    def done(self, batch: Batch, report: Iterator[str] | None) -> None:
        """See ports.Connector."""
        self._settle(batch, "done", "".join(report) if report is not None else "", ".report.csv")

    def refused(self, batch: Batch, zh: str, en: str) -> None:
        """See ports.Connector."""
        self._settle(batch, "refused", f"{zh}\n{en}\n", ".why.txt")

    def names(self) -> list[str]:
        """The lists that lie there now. Raises SftpError."""
        return sorted((row.name for row in self.client.listing() if is_list(row.name)), key=order)

    def _settle(self, batch: Batch, folder: str, words: str, ending: str) -> None:
        beside = batch.path.with_name("beside") if words else None
        if beside is not None:
            beside.write_text(words, encoding="utf-8")
        try:
            moved = self.client.move(batch.name, folder, stamped(self.now, batch.name), beside, ending, MARK)
        finally:
            if beside is not None:
                beside.unlink()
        state = _state(self.keep)
        look = state["looks"].pop(batch.name, None) if moved else state["looks"].get(batch.name)
        if not moved and look is not None:
            state["taken"][batch.name] = [*look, batch.sha256]
        self._write(state)
        batch.path.unlink(missing_ok=True)

    # what is kept here ------------------------------------------------------------------------------------------------
    def _copy(self, row: Listed) -> Path:
        key = hashlib.sha256(json.dumps([row.name, row.size, row.time]).encode()).hexdigest()[:32]
        return self.keep / "fetched" / (key + Path(row.name).suffix.lower())

    def _fetch(self, rows: list[Listed]) -> None:
        if not rows:
            return
        folder = self.keep / "fetched"
        folder.mkdir(parents=True, exist_ok=True)
        parts = [(row, self._copy(row).with_suffix(".part")) for row in rows]
        try:
            self.client.fetch([(row.name, part) for row, part in parts], self.most)
        finally:
            for row, part in parts:
                if part.exists() and part.stat().st_size == row.size:
                    part.replace(self._copy(row))
                part.unlink(missing_ok=True)

    def _forget(self, needed: set[Path]) -> None:
        """Copies of what is not there any more."""
        for path in (self.keep / "fetched").glob("*"):
            if path not in needed:
                path.unlink(missing_ok=True)

    def _write(self, state: dict[str, Any]) -> None:
        self.keep.mkdir(parents=True, exist_ok=True)
        temporary = self.keep / f"{STATE}.new"
        temporary.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        temporary.replace(self.keep / STATE)


def waiting(keep: Path) -> list[str]:
    """Names of the lists that were there at the last look and are not done with; nobody is asked for it."""
    state = _state(keep)
    return sorted((name for name in state["looks"] if name not in state["taken"]), key=order)


def _state(keep: Path) -> dict[str, Any]:
    try:
        found = json.loads((keep / STATE).read_text(encoding="utf-8"))
        return {"looks": dict(found["looks"]), "taken": dict(found["taken"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"looks": {}, "taken": {}}
