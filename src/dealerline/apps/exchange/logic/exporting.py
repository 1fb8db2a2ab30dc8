"""The customer file taken away: of one's own stores, masked by role, marked with who took it and when.

The rule of the file: the list is that of the page, at the moment it was asked for. Only its maker can fetch it, for a
while; making and fetching are audited with the number of rows; no cell is ever taken for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.sheets import cell
from dealerline.apps.customers.facade import taking
from dealerline.apps.exchange.models import Export
from dealerline.apps.segments import facade as segments
from dealerline.domain.exchange import KINDS, Kind
from dealerline.domain.exchange.kinds import Column

AT_MOST = 100_000
KEPT = timedelta(days=3)
PART = 1000
EXPORTED = ("customers", "cars", "orders")


def folder() -> Path:
    """Where exports lie."""
    place = Path(settings.DEALERLINE.exchange)
    place.mkdir(parents=True, exist_ok=True)
    return place


def file_of(row: Export) -> Path:
    """The file of an export."""
    return folder() / f"export-{row.pk}.{row.format}"


def begin(person: Person, kind: str, form: str, language: str, filters: Mapping[str, Any]) -> Export:
    """Have a list made. Raises NotFound, or Problem, when it names a group he does not see or nobody understands."""
    from dealerline.apps.exchange.jobs import make_export

    if group := filters.get("segment"):
        segments.members(person, group)
        filters = {**filters, "segment_name": dict(segments.visible(person)).get(group, "")}

    row = Export.objects.create(kind=kind, person=person, format=form, language=language, filters=dict(filters))
    make_export.defer(export=str(row.pk))
    return row


def access(person: Person, export: Any) -> Export:
    """The export, if it is his."""
    row = Export.objects.filter(pk=export, person=person).first()
    if row is None:
        raise NotFound
    return row


def columns_of(kind: Kind, language: str) -> list[tuple[str, Column]]:
    """The columns with their headings: those that an import knows again."""
    return [(column.zh if language == "zh" else column.en, column) for column in kind.columns if column.name != "key"]


def worded(column: Column, value: Any, language: str) -> str:
    """A value in words: as an import reads it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "、".join(str(part) for part in value) if language == "zh" else "; ".join(str(part) for part in value)
    text = str(value)
    if column.choices and text in column.choices:
        return column.choices[text][0] if language == "zh" else text
    return text


def make(row: Export) -> None:
    """Write the file; afterwards it is ``ready``, or ``failed``."""
    path = file_of(row)
    making = path.with_suffix(".making")
    Export.objects.filter(pk=row.pk).update(state="making", rows=0)
    group = row.filters.get("segment")
    found = taking.rows(row.person, row.kind, row.filters,
                        among=segments.members(row.person, int(group)) if group else None)
    row.total = found[:AT_MOST + 1].count()
    row.cut, row.total = row.total > AT_MOST, min(row.total, AT_MOST)
    row.masked = not taking.sees_all_numbers(row.person)
    Export.objects.filter(pk=row.pk).update(total=row.total)
    try:
        write = _write_xlsx if row.format == "xlsx" else _write_csv
        row.rows = write(row, making, taking.drawn(row.person, row.kind, found, AT_MOST), _progress(row))
        making.replace(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
    row.state, row.ready_at, row.size = "ready", timezone.now(), path.stat().st_size
    row.expires_at = row.ready_at + KEPT
    row.save()
    audit.record(None, "export", person=row.person, object_type=row.kind, object_id=row.pk, detail={
        "rows": row.rows, "format": row.format, "masked": row.masked, "searched": bool(row.filters.get("q")),
        "store": row.filters.get("store"), "segment": group})


def _progress(row: Export) -> Callable[[int], None]:
    def told(rows: int) -> None:
        if rows % PART == 0:
            Export.objects.filter(pk=row.pk).update(rows=rows)
    return told


def mark(row: Export) -> list[tuple[str, str]]:
    """Who took this away, when, what it is: in the file itself."""
    chinese = row.language == "zh"
    at = timezone.localtime(row.created_at).strftime("%Y-%m-%d %H:%M:%S")
    words = (("导出人", "Exported by"), ("时间", "At"), ("内容", "What"), ("号码", "Numbers"), ("编号", "Export"))
    kind = KINDS[row.kind]
    masked = ("已按权限隐藏", "masked by role") if row.masked else ("完整", "whole")
    values = (f"{row.person.name} ({row.person.username})", at, kind.zh if chinese else kind.en,
              masked[0] if chinese else masked[1], str(row.pk))
    return [(zh if chinese else en, value) for (zh, en), value in zip(words, values, strict=True)]


def _write_csv(row: Export, path: Path, rows: Iterator[dict[str, Any]], told: Callable[[int], None]) -> int:
    columns = columns_of(KINDS[row.kind], row.language)
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([heading for heading, _column in columns])
        for count, values in enumerate(rows, 1):
            writer.writerow(
                [cell(worded(column, values.get(column.name), row.language)) for _heading, column in columns]
            )
            told(count)
        writer.writerow([" · ".join(f"{word}: {value}" for word, value in mark(row))])
    return count


def _write_xlsx(row: Export, path: Path, rows: Iterator[dict[str, Any]], told: Callable[[int], None]) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    columns = columns_of(KINDS[row.kind], row.language)
    kind = KINDS[row.kind]
    book = Workbook(write_only=True)
    sheet = book.create_sheet(kind.zh if row.language == "zh" else kind.en)
    line = " · ".join(value for _word, value in mark(row)[:2])
    book.properties.creator = row.person.name
    book.properties.title = sheet.title
    book.properties.description = " · ".join(f"{word}: {value}" for word, value in mark(row))
    sheet.oddFooter.center.text = line.replace("&", "&&")
    sheet.freeze_panes = "A2"

    def text(value: str) -> Any:
        made = WriteOnlyCell(sheet, value)
        made.data_type = "s"  # whatever it begins with, it is a text and never a formula
        return made

    count = 0
    sheet.append([text(heading) for heading, _column in columns])
    for count, values in enumerate(rows, 1):
        sheet.append(
            [text(_clean(worded(column, values.get(column.name), row.language))) for _heading, column in columns]
        )
        told(count)
    about = book.create_sheet("水印" if row.language == "zh" else "About this file")
    for word, value in mark(row):
        about.append([text(word), text(value)])
    book.save(path)
    return count


def _clean(value: str) -> str:
    """Without characters that a workbook cannot hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return str(ILLEGAL_CHARACTERS_RE.sub("", value))[:32_767]


def sweep() -> None:
    """Remove files whose time is over, and files that nobody knows any more."""
    for row in Export.objects.filter(state="ready", expires_at__lt=timezone.now()):
        file_of(row).unlink(missing_ok=True)
        row.state = "gone"
        row.save()


def as_json(row: Export) -> dict[str, Any]:
    """An export as its maker sees it."""
    return {"id": str(row.pk), "kind": row.kind, "format": row.format, "state": row.state, "rows": row.rows,
            "total": row.total, "cut": row.cut, "masked": row.masked, "size": row.size, "fetched": row.fetched,
            "created_at": row.created_at, "ready_at": row.ready_at, "expires_at": row.expires_at,
            "filters": row.filters}
