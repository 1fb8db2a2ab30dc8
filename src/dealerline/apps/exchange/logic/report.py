"""The rows of an import for reading and taking away: what is wrong, in both languages, beside what stood there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from dealerline.apps.common.sheets import cell
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.domain.exchange import KINDS, Kind

SHOWS = ("bad", "twice", "new", "update", "same", "skip", "kept", "similar")
SHOWN_CELL = 300
ACTIONS = {
    "bad": ("不能导入", "cannot be imported"),
    "twice": ("文件内重复", "twice in this file"),
    "new": ("新建", "new"),
    "update": ("更新", "update"),
    "same": ("无变化", "nothing changes"),
    "skip": ("已存在，跳过", "is there, skipped"),
}


def rows_of(run: ImportRun, show: str) -> Any:
    """The rows of an action; ``kept``: what taking back left alone; ``similar``: somebody else has the number, too."""
    rows = ImportRow.objects.filter(run=run).order_by("line")
    if show == "kept":
        return rows.filter(outcome="kept")
    if show == "similar":
        return rows.filter(similar__isnull=False, action="new")
    return rows.filter(action=show) if show else rows


def as_json(row: ImportRow) -> dict[str, Any]:
    """A row as the pages see it."""
    cells = {name: text[:SHOWN_CELL] for name, text in row.cells.items()}
    return {"line": row.line, "cells": cells, "action": row.action, "faults": row.faults, "object": row.object_id,
            "similar": row.similar, "twin": row.twin, "before": row.before, "after": row.after,
            "outcome": row.outcome, "why": row.why or None}


def lines(run: ImportRun, show: str) -> Iterator[str]:
    """The same as CSV, a piece at a time: the file's own columns, so that it can be put right and sent in again."""
    kind = KINDS[run.kind]
    names = list(run.mapping)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    # The two columns in front are ours; an import does not know them and leaves them alone.
    writer.writerow(["行 / Row", "结果 / Result", "原因", "Reason",
                     *(cell(run.headings[run.mapping[name]]) for name in names)])
    yield "\ufeff" + _taken(buffer)
    for row in rows_of(run, show).iterator(chunk_size=1000):
        zh, en = ACTIONS[row.action]
        writer.writerow(
            [row.line, f"{zh} / {en}", *reasons(kind, row), *(cell(row.cells.get(name, "")) for name in names)]
        )
        if buffer.tell() > 64_000:
            yield _taken(buffer)
    yield _taken(buffer)


def reasons(kind: Kind, row: ImportRow) -> tuple[str, str]:
    """Why, in Chinese and in English."""
    if row.action == "twice":
        return f"与第 {row.twin} 行相同，以第 {row.twin} 行为准", f"The same as row {row.twin}, which counts"
    if row.outcome == "kept" or (row.why and not row.faults):
        return row.why.get("zh", ""), row.why.get("en", "")
    zh, en = [], []
    for fault in row.faults:
        column = kind.column(fault["column"])
        zh.append(f"{column.zh}：{fault['zh']}" if column else fault["zh"])
        en.append(f"{column.en}: {fault['en']}" if column else fault["en"])
    return " ".join(zh), " ".join(en)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
