"""Imports from the upload to the end: what a person may ask for, and what the pages see."""

from __future__ import annotations

import errno
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.exchange.logic import reading
from dealerline.apps.exchange.models import ImportRun
from dealerline.apps.exchange.models import Mapping as Remembered
from dealerline.apps.organisation import facade as organisation
from dealerline.domain.exchange import KINDS, fingerprint, guess, guess_kind, places
from dealerline.domain.exchange.states import REMOVABLE, IllegalStep, step

SAMPLE_ROWS = 5
SAMPLE_CELL = 60
LARGEST = 50 * 1024 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
ROWS_KEPT = timedelta(days=90)
"""So long an import can be taken back."""
UPLOAD_KEPT = timedelta(days=7)
"""So long an upload lies that nobody brought in."""
EXISTING = ("skip", "fill", "update")
ALIKE = ("phone_name", "phone")
OWNERS = ("make", "refuse")


def visible(person: Person) -> Any:
    """The imports of stores into which he may import."""
    return ImportRun.objects.visible_to(person, "customers.import").select_related("behind", "source")


def access_run(person: Person, run: int) -> ImportRun:
    """The import, if the person may see it."""
    row = visible(person).filter(pk=run).first()
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]


def keep_file(blocks: Iterator[bytes], name: str) -> tuple[Path, int, str]:
    """Keep an upload in the exchange's folder; its path, its size, its SHA-256. Raises Problem when it is too large."""
    folder = Path(settings.DEALERLINE.exchange)
    folder.mkdir(parents=True, exist_ok=True)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    path = folder / f"{uuid.uuid4().hex}.{ending if ending in ('csv', 'xlsx', 'txt', 'tsv') else 'data'}"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("wb") as file:
            for block in blocks:
                size += len(block)
                if size > LARGEST:
                    raise Problem(
                        "too_large", "文件超过 50 MB：请分成几个文件。", "The file is larger than 50 MB: split it."
                    )
                digest.update(block)
                file.write(block)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise Problem("disk_full", "服务器磁盘空间不足，文件没有保存，请联系管理员。",
                          "The server's disk is full: nothing was kept. Tell an administrator.", status=507) from error
        raise
    return path, size, digest.hexdigest()


def create(path: Path, name: str, size: int, sha256: str, *, store: int, person: Person | None, kind: str = "",
           sheet: str = "") -> ImportRun:
    """An import of that file, with headings read, columns guessed or remembered. Raises Unreadable, the file gone."""
    run = ImportRun(store_id=store, person=person, filename=name[-200:], file=path.name, size=size, sha256=sha256)
    try:
        look_into(run, path, kind, sheet)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    run.save()
    return run


def look_into(run: ImportRun, path: Path, kind: str = "", sheet: str = "") -> None:
    """Headings, a few rows, and what they most likely mean."""
    with reading.opened(path, run.filename, sheet) as found:
        run.format, run.encoding = found.format, found.encoding
        run.sheets, run.sheet, run.headings = found.sheets, found.sheet, found.headings
        run.sample = []
        for _line, cells in found.rows:
            run.sample.append([cell[:SAMPLE_CELL] for cell in cells])
            if len(run.sample) == SAMPLE_ROWS:
                break
    remembered = recall(run.person, run.headings)
    if remembered is not None and (not kind or kind == remembered.kind):
        run.kind = remembered.kind
        there = places(run.headings)
        run.mapping = {name: there[heading] for name, heading in remembered.columns.items() if heading in there}
    else:
        run.kind = kind or guess_kind(run.headings)
        run.mapping = guess(KINDS[run.kind], run.headings)


def recall(person: Person | None, headings: list[str]) -> Remembered | None:
    """What he assigned for these headings before."""
    if person is None:
        return None
    return Remembered.objects.filter(person=person, fingerprint=fingerprint(headings)).first()


def active_stores() -> set[int]:
    """Stores that work."""
    return set(organisation.store_words())


def look_again(run: ImportRun, kind: str, sheet: str) -> ImportRun:
    """The same file as another kind, or another sheet of it."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        if run.state not in ("uploaded", "checked", "failed") or not run.file:
            raise _wrong(run)
        look_into(run, Path(settings.DEALERLINE.exchange) / run.file, kind or run.kind, sheet or run.sheet)
        run.save()
    return run


def remember(person: Person, run: ImportRun) -> None:
    """For the next file with these headings."""
    headings = {index: heading for heading, index in places(run.headings).items()}
    Remembered.objects.update_or_create(person=person, fingerprint=fingerprint(run.headings), defaults={
        "kind": run.kind, "columns": {name: headings[index] for name, index in run.mapping.items()},
        "used_at": timezone.now()})


def plan(person: Person, run: ImportRun, values: Mapping[str, Any]) -> ImportRun:
    """What the person decided; the dry run begins. Raises Problem when columns are assigned twice or missing."""
    kind = KINDS[values["kind"]]
    mapping: dict[str, int] = values["mapping"]
    if values["store"] not in person.stores_for("customers.import"):
        raise NotAllowed
    if any(kind.column(name) is None or not 0 <= index < len(run.headings) for name, index in mapping.items()):
        raise Problem(
            "mapping", "列的对应关系不正确，请重新选择。", "A column is assigned that does not exist: choose again."
        )
    if len(set(mapping.values())) < len(mapping):
        raise Problem("mapping_twice", "同一列不能对应两个字段。", "One column cannot be two fields.")
    for group in kind.needs:
        if not any(name in mapping for name in group):
            columns = [found for name in group if (found := kind.column(name))]
            raise Problem("mapping_missing", "请指定哪一列是" + "或".join(column.zh for column in columns) + "。",
                          "Say which column is " + " or ".join(column.en for column in columns) + ".")
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        _advance(run, "plan")
        run.kind, run.store_id, run.mapping = kind.name, values["store"], mapping
        run.existing, run.alike, run.owners = values["existing"], values["alike"], values["owners"]
        run.system = values.get("system", "")
        run.done_rows = run.total_rows = 0
        run.save()
        remember(person, run)
        _defer("check_import", run)
    return run


def start(run: ImportRun) -> ImportRun:
    """Bring the checked rows in."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        _advance(run, "start")
        run.stop_wanted, run.error = False, {}
        run.save()
        _defer("bring_import", run)
    return run


def stop(run: ImportRun) -> ImportRun:
    """Stop after the chunk that is being written; it can be gone on with, or taken back."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        if run.state == "waiting":
            _advance(run, "stop")
        elif run.state == "importing":
            run.stop_wanted = True
        else:
            raise _wrong(run)
        run.save()
    return run


def take_back(run: ImportRun) -> ImportRun:
    """Undo what it did."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        if run.rows_gone_at is not None:
            raise Problem("too_old", "这次导入的明细已按期清理，不能再撤销。",
                          "The rows of this import were removed in time: it cannot be taken back any more.", status=409)
        _advance(run, "undo")
        run.error = {}
        run.save()
        _defer("undo_import", run)
    return run


def forget(run: ImportRun) -> None:
    """Remove an import of which nothing stands in the records."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        if run.state not in REMOVABLE:
            raise _wrong(run)
        if run.file:
            (Path(settings.DEALERLINE.exchange) / run.file).unlink(missing_ok=True)
        run.rows.all()._raw_delete("default")
        run.delete()


def sweep(now: datetime) -> None:
    """Rows and files of old imports go: they are personal data, and nobody takes an import back after so long."""
    old = ImportRun.objects.filter(rows_gone_at=None, state__in=("done", "stopped", "undone"),
                                   created_at__lt=now - ROWS_KEPT)
    for run in old:
        run.rows.all()._raw_delete("default")
        run.rows_gone_at = now
        run.save()
    for run in ImportRun.objects.filter(state__in=("uploaded", "checked", "failed"), created_at__lt=now - UPLOAD_KEPT):
        forget(run)
    known = set(ImportRun.objects.exclude(file="").values_list("file", flat=True))
    for path in Path(settings.DEALERLINE.exchange).glob("*"):
        # An import that was removed in another way than here, as the demo's, leaves its file behind.
        if (path.name not in known and not path.name.startswith("export-")
                and path.stat().st_mtime < (now - UPLOAD_KEPT).timestamp()):
            path.unlink(missing_ok=True)


def _advance(run: ImportRun, what: str) -> None:
    try:
        run.state = step(run.state, what)
    except IllegalStep:
        raise _wrong(run) from None


def _wrong(run: ImportRun) -> Problem:
    return Problem("wrong_state", "导入当前的状态不能这样做，请刷新页面。",
                   "That cannot be done with the import as it is now: reload the page.", status=409)


def _defer(task: str, run: ImportRun) -> None:
    from dealerline.apps.exchange import jobs

    getattr(jobs, task).defer(run=run.pk)


def as_json(run: ImportRun) -> dict[str, Any]:
    """An import as the pages see it."""
    people = names({run.person_id} if run.person_id else set())
    behind = None
    if run.state == "waiting" and run.behind is not None and run.behind.state in ("importing", "undoing"):
        behind = run.behind_id
    return {
        "id": run.pk, "kind": run.kind, "store": run.store_id, "filename": run.filename, "size": run.size,
        "format": run.format, "encoding": run.encoding, "sheets": run.sheets, "sheet": run.sheet,
        "headings": run.headings, "sample": run.sample, "mapping": run.mapping, "existing": run.existing,
        "alike": run.alike, "owners": run.owners, "system": run.system, "state": run.state, "done": run.done_rows,
        "total": run.total_rows, "counts": run.counts, "error": run.error or None, "stopping": run.stop_wanted,
        "behind": behind, "by": people.get(run.person_id or 0, ""), "source": run.source.code if run.source else "",
        "created_at": run.created_at, "started_at": run.started_at, "finished_at": run.finished_at,
        "undone_at": run.undone_at, "undoable": run.state in ("done", "stopped") and run.rows_gone_at is None}
