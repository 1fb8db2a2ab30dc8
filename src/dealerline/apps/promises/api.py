"""Promises, tasks, and everybody's list of work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common import ringing, texting, todo, warnings
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import BarredOut, Done, ProblemOut, StaleOut
from dealerline.apps.customers.facade import access_customer
from dealerline.apps.promises.logic import aside, promises, report, rules, tasks, telling, todos
from dealerline.apps.promises.models import Promise, Task
from dealerline.apps.promises.schemas import (
    CustomerWarningOut,
    KeptReportOut,
    KeptReportQuery,
    PromiseIn,
    PromiseOut,
    PromisePatch,
    PromisesQuery,
    QuickTimesOut,
    TaskIn,
    TaskOut,
    TaskPatch,
    TasksQuery,
    TimesQuery,
    TodoAside,
    TodoCounts,
    TodoFinish,
    TodoOut,
    TodosOut,
    TodosQuery,
    WordsIn,
    WordsOut,
    WordsQuery,
)

router = Router(tags=["promises"], auth=signed_in)
ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut}


def _audited(request: HttpRequest, kind: str, row: Promise | Task, do: str) -> None:
    audit.record(request, kind, object_type=kind, object_id=row.pk, store=row.store_id, detail={"do": do})


# promises -----------------------------------------------------------------------------------------------------------
@router.get("/promises", response={200: Page[PromiseOut], 403: ProblemOut})
def list_promises(request: HttpRequest, query: Query[PromisesQuery]) -> dict[str, Any]:
    """Promises of the person's stores: by state, owner, customer, call."""
    person, now = need(request, promises.SEE), timezone.now()
    rows = promises.search(person, **query.dict(exclude={"page"}))
    return paged(rows, query.page, lambda row: promises.draw(person, row, now))


@router.get("/promises/choices", response={200: QuickTimesOut, 403: ProblemOut, 404: ProblemOut})
def quick_times(request: HttpRequest, query: Query[TimesQuery]) -> dict[str, Any]:
    """The quick times as they are in that store now."""
    person = need(request, promises.SEE)
    if query.store not in person.stores_for(promises.SEE):
        raise NotFound
    found = rules.choices(query.store, query.line, timezone.now())
    return {"messages": texting.channel() is not None,
            "choices": [{"code": choice.code, "moved": choice.moved,
                         "at": None if choice.at is None else datetime.fromtimestamp(choice.at, UTC)}
                        for choice in found]}


@router.get("/promises/report", response={200: KeptReportOut, 403: ProblemOut})
def kept_report(request: HttpRequest, query: Query[KeptReportQuery]) -> dict[str, Any]:
    """How well promises of the last days were kept, by person and store."""
    person, now = need(request, promises.REPORT), timezone.now()
    # What is owed for later is not counted, but shown: so until the end of tomorrow.
    since, until = now - timedelta(days=query.days), now + timedelta(days=1)
    return report.report(person, since, until, query.store, now)


@router.post("/promises", response={200: PromiseOut, **ERRORS})
def make_promise(request: HttpRequest, data: PromiseIn) -> dict[str, Any]:
    """Write a promise down. The same ``id`` again gives the row that is there."""
    person = person_of(request)
    row, made = promises.make(person, promises.New(**data.dict()))
    if made:
        _audited(request, "promise", row, "made")
    return promises.draw(person, row)


@router.get("/promises/{promise}", response={200: PromiseOut, **ERRORS})
def get_promise(request: HttpRequest, promise: UUID) -> dict[str, Any]:
    """One promise."""
    person = person_of(request)
    return promises.draw(person, promises.access_promise(person, promise))


@router.patch("/promises/{promise}", response={200: PromiseOut, **ERRORS})
def change_promise(request: HttpRequest, promise: UUID, data: PromisePatch) -> dict[str, Any]:
    """Keep, break, put off, release, take back; give to a colleague."""
    person = person_of(request)
    row = promises.access_promise(person, promise)
    row = promises.change(person, row, data.version, promises.Wish(**data.dict(exclude={"version"})))
    _audited(request, "promise", row, data.do or "edited")
    return promises.draw(person, row)


@router.post("/promises/{promise}/ring", response={200: PromiseOut, **ERRORS, 503: ProblemOut})
def ring_promise(request: HttpRequest, promise: UUID) -> dict[str, Any]:
    """Dial the customer at his desk; audited, since the number may be one that he sees masked."""
    person = person_of(request)
    row = promises.ring(person, promises.access_promise(person, promise))
    audit.record(request, "ring_back", object_type="promise", object_id=row.pk, store=row.store_id)
    return promises.draw(person, row)


@router.get("/promises/{promise}/message", response={200: WordsOut, **ERRORS})
def words_for_him(request: HttpRequest, promise: UUID, query: Query[WordsQuery]) -> dict[str, Any]:
    """The text message that would tell the customer that he is not forgotten, before it is sent."""
    person = person_of(request)
    return telling.shown(person, promises.access_promise(person, promise), query.due_at)


@router.post("/promises/{promise}/message", response={200: PromiseOut, **ERRORS})
def send_words(request: HttpRequest, promise: UUID, data: WordsIn) -> dict[str, Any]:
    """Send it; once for each promise, unless ``anew``."""
    person = person_of(request)
    row = promises.access_promise(person, promise)
    row = telling.send(person, row, data.version, telling.Words(data.text, data.due_at, data.anew))
    _audited(request, "promise", row, "message")
    return promises.draw(person, row)


@router.get("/customers/{customer}/warnings", response={200: list[CustomerWarningOut], **ERRORS})
def customer_warnings(request: HttpRequest, customer: int) -> list[dict[str, Any]]:
    """What one has to know at once about him, the worst first."""
    person = person_of(request)
    return warnings.of_customers(person, [access_customer(person, customer).pk])


# tasks --------------------------------------------------------------------------------------------------------------
@router.get("/tasks", response={200: Page[TaskOut], 403: ProblemOut})
def list_tasks(request: HttpRequest, query: Query[TasksQuery]) -> dict[str, Any]:
    """Tasks of the person's stores; ``given``: those that he gave to others."""
    person = need(request, promises.SEE)
    rows = tasks.search(person, state=query.state, given=query.given, store=query.store)
    return paged(rows, query.page, lambda row: tasks.draw(person, row))


@router.post("/tasks", response={200: TaskOut, **ERRORS})
def make_task(request: HttpRequest, data: TaskIn) -> dict[str, Any]:
    """A task for oneself; by a lead for a colleague or a store. The same ``id`` again gives the row that is there."""
    person = person_of(request)
    row, made = tasks.make(person, tasks.New(**data.dict()))
    if made:
        _audited(request, "task", row, "made")
    return tasks.draw(person, row)


@router.get("/tasks/{task}", response={200: TaskOut, **ERRORS})
def get_task(request: HttpRequest, task: UUID) -> dict[str, Any]:
    """One task."""
    person = person_of(request)
    return tasks.draw(person, tasks.access_task(person, task))


@router.patch("/tasks/{task}", response={200: TaskOut, **ERRORS})
def change_task(request: HttpRequest, task: UUID, data: TaskPatch) -> dict[str, Any]:
    """Finish, put off, give to somebody, open again."""
    person = person_of(request)
    row = tasks.access_task(person, task)
    row = tasks.change(person, row, data.version, tasks.Wish(**data.dict(exclude={"version"})))
    _audited(request, "task", row, data.do or "edited")
    return tasks.draw(person, row)


# the list of work ---------------------------------------------------------------------------------------------------
@router.get("/todos", response={200: TodosOut, 403: ProblemOut})
def list_todos(request: HttpRequest, query: Query[TodosQuery]) -> dict[str, Any]:
    """What the person has to do, from every part of the product, what is due first first."""
    return todos.listed(need(request, promises.SEE), query.view, query.kind)


@router.get("/todos/counts", response={200: TodoCounts, 403: ProblemOut})
def count_todos(request: HttpRequest) -> dict[str, int]:
    """For the badge."""
    return todos.count(need(request, promises.SEE))


@router.get("/todos/{kind}/{key}/may-ring", response={200: BarredOut, 403: ProblemOut, 404: ProblemOut})
def may_ring_todo(request: HttpRequest, kind: str, key: str) -> ringing.Verdict:
    """Before it is rung: whether that may be, also where its number is masked."""
    person = need(request, promises.SEE)
    return ringing.verdict(person, todo.source_of(kind).one(person, key).wish)


@router.post("/todos/{kind}/{key}/ring", response={200: TodoOut, **ERRORS, 503: ProblemOut})
def ring_todo(request: HttpRequest, kind: str, key: str) -> dict[str, Any]:
    """Make it his and dial its number at his desk. 409 ``may_not_ring``: the customer may not be rung for that."""
    person = person_of(request)
    one = todo.source_of(kind).ring(person, key)
    audit.record(request, "ring_back", object_type=kind, object_id=key, store=one.store)
    return todos.draw(person, one)


@router.post("/todos/{kind}/{key}/finish", response={200: TodoOut, **ERRORS})
def finish_todo(request: HttpRequest, kind: str, key: str, data: TodoFinish) -> dict[str, Any]:
    """Say how it ended, or that nobody answered."""
    person = person_of(request)
    one = todos.finish(person, kind, key, data.version, data.result, data.note)
    audit.record(request, "task", object_type=kind, object_id=key, store=one.store, detail={"do": data.result})
    return todos.draw(person, one)


@router.post("/todos/{kind}/{key}/reopen", response={200: TodoOut, **ERRORS})
def reopen_todo(request: HttpRequest, kind: str, key: str) -> dict[str, Any]:
    """Take the end back, and what was put aside."""
    person = person_of(request)
    one = todo.source_of(kind).reopen(person, key)
    aside.take_back(person, kind, key)
    audit.record(request, "task", object_type=kind, object_id=key, store=one.store, detail={"do": "reopen"})
    return todos.draw(person, one)


@router.post("/todos/{kind}/{key}/aside", response={200: TodoOut, **ERRORS})
def put_aside(request: HttpRequest, kind: str, key: str, data: TodoAside) -> dict[str, Any]:
    """Out of his list until then, with a reason; the clock of the thing goes on."""
    person = person_of(request)
    one = todo.source_of(kind).one(person, key)
    return todos.draw(person, one, aside.put(person, kind, one.id, data.until, data.reason))


@router.delete("/todos/{kind}/{key}/aside", response={200: Done, **ERRORS})
def take_up(request: HttpRequest, kind: str, key: str) -> dict[str, bool]:
    """In his list again."""
    person = person_of(request)
    aside.take_back(person, kind, todo.source_of(kind).one(person, key).id)
    return {"ok": True}
