"""Lists dropped into a folder: whole ones are taken in order, half-written ones left alone.

The rule of the file: a file is whole when a mark stands beside it (``NAME.done``), or when its size and time are as
they were at the look before. What was taken goes to ``done/``, what cannot be read to ``refused/``, each with its
report beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dealerline.integrations.ports import Batch, ConnectorError

ENDINGS = (".csv", ".xlsx", ".txt", ".tsv")
MARK = ".done"
HALF = (".part", ".tmp", ".filepart", ".crdownload", "~")
LOOKS = ".looked"
# In this order: cars and orders find their customers.
KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("customers", ("customer", "client", "客户")),
    ("cars", ("car", "vehicle", "车辆")),
    ("orders", ("order", "sales", "订单", "销售")),
    ("repairs", ("repair", "ro", "workshop", "service", "维修", "工单")),
    ("cards", ("card", "member", "会员", "卡")),
)


class FolderError(ConnectorError):
    """The folder cannot be read or written."""


class FolderConnector:
    """One folder. ``now`` is only for the names of what was taken."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now

    def new(self) -> Iterator[Batch]:
        """See ports.Connector."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            waiting = self._waiting()
            looks = self._looks()
            self._write_looks({path.name: _look(path) for path in waiting})
        except OSError as error:
            raise FolderError(f"无法读取文件夹 {self.folder.name}：{error.strerror}。",
                              f"The folder {self.folder.name} cannot be read: {error.strerror}.") from error
        whole = [path for path in waiting if self._mark(path).exists() or looks.get(path.name) == _look(path)]
        for path in sorted(whole, key=lambda path: order(path.name)):
            try:
                yield batch_of(path, path.name)
            except OSError:
                continue  # gone meanwhile, or not ours to read: the next look says more

    def done(self, batch: Batch, report: Iterator[str] | None) -> None:
        """See ports.Connector."""
        place = self._move(batch.path, "done")
        if report is not None:
            with place.with_name(place.name + ".report.csv").open("w", encoding="utf-8", newline="") as file:
                file.writelines(report)

    def refused(self, batch: Batch, zh: str, en: str) -> None:
        """See ports.Connector."""
        place = self._move(batch.path, "refused")
        place.with_name(place.name + ".why.txt").write_text(f"{zh}\n{en}\n", encoding="utf-8")

    def waiting(self) -> list[str]:
        """Names of the files that are there, whole or not."""
        with suppress(OSError):
            return sorted((path.name for path in self._waiting()), key=order)
        return []

    def _waiting(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir()
                if is_list(path.name) and path.is_file() and not path.is_symlink()]

    def _mark(self, path: Path) -> Path:
        return path.with_name(path.name + MARK)

    def _looks(self) -> dict[str, list[int]]:
        try:
            found = json.loads((self.folder / LOOKS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write_looks(self, looks: dict[str, list[int]]) -> None:
        temporary = self.folder / f"{LOOKS}.new"
        temporary.write_text(json.dumps(looks), encoding="utf-8")
        temporary.replace(self.folder / LOOKS)

    def _move(self, path: Path, where: str) -> Path:
        folder = self.folder / where
        folder.mkdir(exist_ok=True)
        place = folder / stamped(self.now, path.name)
        number = 1
        while place.exists():
            number += 1
            place = folder / stamped(self.now, f"{number} {path.name}")
        path.replace(place)
        self._mark(path).unlink(missing_ok=True)
        return place


def kind_of(name: str) -> str:
    """The kind that a file's name begins with, or "" when it says none."""
    word = re.sub(r"^[\d\s_.-]+", "", name.casefold())
    return next((kind for kind, words in KINDS if any(re.match(rf"{re.escape(known)}s?(?![a-z])", word)
                                                      for known in words)), "")


def is_list(name: str) -> bool:
    """Whether a file of that name is a list, and not one that is still being written by the look of it."""
    return name.lower().endswith(ENDINGS) and not name.startswith(".") and not name.endswith(HALF)


def order(name: str) -> tuple[int, str]:
    """By what lists are sorted."""
    names = [kind for kind, _words in KINDS]
    kind = kind_of(name)
    return (names.index(kind) if kind else len(names), name)


def stamped(now: datetime, name: str) -> str:
    """The name of a file that was taken: sorted by when, and never that of another."""
    return f"{now:%Y%m%d-%H%M%S} {name}"


def _look(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def batch_of(path: Path, name: str) -> Batch:
    """The list at ``path``; ``name`` is what the other system calls it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        size = os.fstat(file.fileno()).st_size
    return Batch(name, path, kind_of(name), digest.hexdigest(), size)
