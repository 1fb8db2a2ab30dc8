"""Jobs of the exchange. Each looks at its row's state first, so that it can be started twice and do no harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import OperationalError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

AGAIN_SECONDS = 3
HOOKS_SECONDS = 20.0
TROUBLE = {"zh": "程序出错，已停在这里，没有写入一半的内容；详见日志，可以再试一次。",
           "en": "An error of ours: it stopped here, with nothing half-written. See the log; it can be tried again."}


@app.task(name="check_import")
def check_import(run: int) -> None:
    """The dry run."""
    from dealerline.apps.exchange.logic import staging
    from dealerline.apps.exchange.logic.locks import CHECK, held
    from dealerline.apps.exchange.models import ImportRun

    with held(CHECK, run) as mine:
        row = ImportRun.objects.filter(pk=run, state="checking").first()
        if mine and row is not None:
            with _told(run):
                staging.check(row)


@contextmanager
def _told(run: int) -> Iterator[None]:
    """A mistake of ours ends the work and is told; with the database away the next look goes on instead."""
    from dealerline.apps.exchange.models import ImportRun
    from dealerline.domain.exchange.states import step

    try:
        yield
    except OperationalError:
        raise
    except Exception:
        row = ImportRun.objects.get(pk=run)
        row.state, row.error = step(row.state, "fail"), TROUBLE
        row.save()
        raise


@app.task(name="bring_import")
def bring_import(run: int) -> None:
    """The import; it waits while another one writes."""
    _write(run, ("waiting", "importing"), "bring_import")


@app.task(name="undo_import")
def undo_import(run: int) -> None:
    """Taking an import back; it waits while another one writes."""
    _write(run, ("undoing",), "undo_import")


def _write(run: int, states: tuple[str, ...], task: str) -> None:
    from dealerline.apps.audit import facade as audit
    from dealerline.apps.exchange.logic import applying, undoing
    from dealerline.apps.exchange.logic.locks import BRING, EVERY, held
    from dealerline.apps.exchange.models import ImportRun

    with held(BRING, EVERY) as mine:
        row = ImportRun.objects.filter(pk=run, state__in=states).first()
        if row is None:
            return
        if mine:
            with _told(run):
                if task == "undo_import":
                    undoing.undo(row)
                else:
                    applying.apply(row)
            row.refresh_from_db()
            audit.record(None, "undo_import" if task == "undo_import" else "import", person=row.person,
                         object_type="import", object_id=row.pk, store=row.store_id,
                         detail={"kind": row.kind, "state": row.state, "counts": row.counts, "sha256": row.sha256[:16]})
            return
    others = ImportRun.objects.filter(state__in=("importing", "undoing")).exclude(pk=run)
    other = others.order_by("started_at").first()
    if other is None and row.state != "waiting":
        return  # the one that is being written is this very one, by another job
    ImportRun.objects.filter(pk=run, state="waiting").update(behind=other)
    _once(task, run, AGAIN_SECONDS)


def _once(task: str, run: int, seconds: int = 0) -> None:
    """Queue it, unless it is queued."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(task, schedule_in={"seconds": seconds}, queueing_lock=f"{task} {run}").defer(run=run)


@app.periodic(cron="* * * * *")
@app.task(name="watch_imports", pass_context=False)
def watch_imports(timestamp: int) -> None:
    """Go on with what a killed worker left: whoever works holds a lock, and what nobody holds is queued again."""
    from dealerline.apps.exchange.logic.locks import BRING, CHECK, EVERY, EXPORT, held
    from dealerline.apps.exchange.models import Export, ImportRun

    for export in Export.objects.filter(state="making"):
        with held(EXPORT, export.pk.int % 2**31) as nobody:
            if nobody:
                with suppress(AlreadyEnqueued), transaction.atomic():
                    make_export.configure(queueing_lock=f"export {export.pk}").defer(export=str(export.pk))
    for run in ImportRun.objects.filter(state="checking").values_list("pk", flat=True):
        with held(CHECK, run) as nobody:
            if nobody:
                _once("check_import", run)
    with held(BRING, EVERY) as nobody:
        if not nobody:
            return
        for run, state in ImportRun.objects.filter(
                state__in=("waiting", "importing", "undoing")).order_by("pk").values_list("pk", "state"):
            _once("undo_import" if state == "undoing" else "bring_import", run)


@app.task(name="make_export")
def make_export(export: str) -> None:
    """A list written into a file for its maker."""
    from dealerline.apps.exchange.logic import exporting
    from dealerline.apps.exchange.logic.locks import EXPORT, held
    from dealerline.apps.exchange.models import Export

    row = Export.objects.filter(pk=export, state__in=("waiting", "making")).select_related("person").first()
    if row is None:
        return
    with held(EXPORT, row.pk.int % 2**31) as mine:
        if mine:
            try:
                exporting.make(row)
            except Exception:
                Export.objects.filter(pk=row.pk).update(state="failed")
                raise


@app.task(name="deliver_hooks")
def deliver_hooks() -> None:
    """Deliver to web hooks what is due; one job at a time, so that nothing is sent twice at once."""
    from dealerline.apps.exchange.logic import hooks
    from dealerline.apps.exchange.logic.locks import EVERY, HOOKS, held

    with held(HOOKS, EVERY) as mine:
        if mine:
            until = time.monotonic() + HOOKS_SECONDS
            while hooks.deliver(timezone.now()):
                if time.monotonic() > until:  # other jobs wait, too: the rest after them
                    hooks.wake()
                    break


@app.periodic(cron="* * * * *")
@app.task(name="watch_hooks", pass_context=False)
def watch_hooks(timestamp: int) -> None:
    """Tries that are due by now."""
    deliver_hooks()


@app.periodic(cron="* * * * *")
@app.task(name="watch_inboxes", pass_context=False)
def watch_inboxes(timestamp: int) -> None:
    """Look into the connected folders."""
    from dealerline.apps.exchange.logic import inbox

    inbox.look_into_all()


@app.periodic(cron="17 * * * *")
@app.task(name="sweep_exchange", pass_context=False)
def sweep_exchange(timestamp: int) -> None:
    """Remove what is kept only for a while; make exports again whose job was lost."""
    from dealerline.apps.exchange.logic import exporting, hooks, runs
    from dealerline.apps.exchange.models import Export

    now = timezone.now()
    exporting.sweep()
    hooks.sweep(now)
    runs.sweep(now)
    for export in Export.objects.filter(state="waiting", created_at__lt=now - timedelta(minutes=10)):
        make_export.defer(export=str(export.pk))
