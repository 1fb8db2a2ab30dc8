"""Connected systems asked: what is new goes the way of every import, by itself, and comes in once.

The rule of the file: a file that cannot be read, or of which every row is wrong, never keeps the next one waiting. What
changed from what stands in the import's rows, which the page shows.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.errors import Problem
from dealerline.apps.exchange.logic import applying, report, runs, staging
from dealerline.apps.exchange.logic.locks import BRING, EVERY, INBOX, held
from dealerline.apps.exchange.logic.runs import NO_ROOM
from dealerline.apps.exchange.logic.sources import connector_of
from dealerline.apps.exchange.models import ImportRun, Source
from dealerline.domain.exchange import KINDS
from dealerline.domain.exchange.states import AT_WORK, step
from dealerline.integrations.ports import Batch, Connector, ConnectorError
from dealerline.integrations.sftp import SftpError

log = logging.getLogger(__name__)
KNOWN = ("done", "undone")  # an import that was taken back is not put in again by itself
Words = dict[str, str]


def look_into_all() -> None:
    """Every active source once; trouble with one is written down, and the others go on."""
    with held(INBOX, EVERY) as mine:
        if not mine:
            return
        # Folders first: no server far away, however slow, holds them up.
        for source in Source.objects.filter(active=True).select_related("store", "made_by").order_by("host", "code"):
            trouble: Words = {}
            try:
                look_into(source, connector_of(source))
            except ConnectorError as error:
                trouble = {"zh": error.zh, "en": error.en}
                if isinstance(error, SftpError) and error.code == "host_key" and trouble != source.trouble:
                    raise_alarm("connector.host_key", source.name, {"source": source.pk, "host": source.host})
            except OSError as error:
                log.exception("the inbox of %s", source.code)
                trouble = {"zh": f"文件夹出错：{error.strerror}", "en": f"Trouble with the folder: {error.strerror}"}
            Source.objects.filter(pk=source.pk).update(seen_at=timezone.now(), trouble=trouble)


def look_into(source: Source, connector: Connector) -> None:
    """Bring in what is new there."""
    for batch in connector.new():
        try:
            run = _run_of(source, batch)
            if run is None:
                continue  # it is being taken back, or somebody stopped it
            _through(source, run, batch, connector)
        except Problem as problem:
            connector.refused(batch, problem.text["zh"], problem.text["en"])
        except (DatabaseError, ConnectorError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise  # the file is as good as before: it is looked at again when there is room
            log.exception("a file of %s could not be brought in", source.code)
            connector.refused(batch, "导入时发生内部错误，详见日志。", "An error of ours: see the log.")


def _run_of(source: Source, batch: Batch) -> ImportRun | None:
    run = ImportRun.objects.filter(source=source, sha256=batch.sha256).order_by("-pk").first()
    if run is not None and run.state in ("undoing", "stopped"):
        return None
    if run is not None and run.state in (*AT_WORK, *KNOWN):
        return run
    folder = Path(settings.DEALERLINE.exchange)
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{uuid.uuid4().hex}{batch.path.suffix.lower()}"
    run = ImportRun(store=source.store, person=None, source=source, system=source.code, filename=batch.name[-200:],
                    file=copy.name, size=batch.size, sha256=batch.sha256, existing=source.existing,
                    owners=source.owners, state="checking")
    try:
        shutil.copyfile(batch.path, copy)
        run.person = source.made_by  # whose remembered columns hold
        runs.look_into(run, copy, batch.kind)
        run.person = None
        kind = KINDS[run.kind]
        missing = [group for group in kind.needs if not any(name in run.mapping for name in group)]
        if missing:
            columns = [found for name in missing[0] if (found := kind.column(name))]
            raise Problem("mapping_missing", "找不到列：" + "或".join(column.zh for column in columns) + "。",
                          "There is no column " + " or ".join(column.en for column in columns) + ".")
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    run.save()
    return run


def _through(source: Source, run: ImportRun, batch: Batch, connector: Connector) -> None:
    if run.state == "checking":
        staging.check(run)
    if run.state == "failed":
        raise Problem("failed", run.error.get("zh", ""), run.error.get("en", ""))
    if run.state in KNOWN:  # the same content again, or brought in by another job: nothing changes but the report
        _report(run, batch, connector)
        return
    if run.state == "checked":
        run.state = step(run.state, "start")
        run.save()
    with held(BRING, EVERY) as mine:
        if not mine:
            return  # another import writes: the next look goes on with this one
        run.refresh_from_db()
        if run.state in ("waiting", "importing"):
            applying.apply(run)
    if run.state in KNOWN:
        _report(run, batch, connector)


def _report(run: ImportRun, batch: Batch, connector: Connector) -> None:
    bad = report.rows_of(run, "bad").exists()
    connector.done(batch, report.lines(run, "bad") if bad else None)
