"""The shapes of what the routes take and give."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from dealerline.apps.common.ringing import PATTERN, SERVICE
from dealerline.apps.common.schemas import AwareDatetime, Id, Plain, Ref, Text

DO = "^(keep|break|tell_off|withdraw|reopen|move|told|again|)$"


class PromiseMessageOut(Schema):
    """The last text message that told the customer of it. ``state``: waiting, sent, failed; ``by``: null by itself."""

    state: str
    why: str
    at: datetime | None
    by: Ref | None


class PromiseOut(Schema):
    """A promise. ``second``: of the call, where it can be heard; ``first_due_at``: the time it is measured by."""

    id: UUID
    store: int
    what: str
    title: Text
    text: str
    customer: Ref | None
    car: Ref | None
    number: str
    call: UUID | None
    second: float | None
    made_by: Ref | None
    made_at: datetime
    owner: Ref | None
    first_due_at: datetime
    due_at: datetime
    state: str
    late: bool
    tries: int
    told_at: datetime | None
    told_by: Ref | None
    message: PromiseMessageOut | None
    ended_at: datetime | None
    ended_by: Ref | None
    ended_how: str
    ended_call: UUID | None
    note: str
    version: int


class PromiseIn(Schema):
    """``id``: made by the page, so that telling it twice makes it once. ``made_at``: when it was said, if it could not
    be told at once; up to a day. ``second``: after the call came.
    """

    id: UUID
    what: str = Field("ring_back", pattern="^(ring_back|quote|car_ready|other)$")
    text: Plain = Field("", max_length=200)
    due_at: AwareDatetime
    call: UUID | None = None
    second: float | None = Field(None, ge=0, le=86_400)
    customer: Id | None = None
    car: Id | None = None
    store: Id | None = None
    owner: Id | None = None
    made_at: AwareDatetime | None = None


class PromisePatch(Schema):
    """``do``: what becomes of it; ``due_at`` with ``move``: what the customer was told instead."""

    version: int = Field(ge=0, le=2**31 - 1)
    do: str = Field("", pattern=DO)
    note: Plain = Field("", max_length=500)
    due_at: AwareDatetime | None = None
    owner: Id | None = None
    text: Plain | None = Field(None, max_length=200)


class WordsQuery(Schema):
    """``due_at``: another time that he is told, too."""

    due_at: AwareDatetime | None = None


class WordsOut(Schema):
    """A message before it is sent. ``why_not``: why none may be; ``language``: his; ``sent_before``: he got one."""

    why_not: Text | None
    language: str
    texts: Text
    number: str
    sent_before: bool


class WordsIn(Schema):
    """``text``: the words as they were seen; ``due_at``: what he is told instead; ``anew``: once more."""

    version: int = Field(ge=0, le=2**31 - 1)
    text: Plain = Field(max_length=300)
    due_at: AwareDatetime | None = None
    anew: bool = False


class PromisesQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)
    state: str = Field("", pattern="^(owed|late|kept|broken|released|)$")
    mine: bool = False
    store: Id | None = None
    customer: Id | None = None
    call: UUID | None = None
    q: Plain = Field("", max_length=60)


class QuickTimeOut(Schema):
    """A quick time. ``at``: null when it has no sense now; ``moved``: opening hours changed it."""

    code: str
    at: datetime | None
    moved: bool


class QuickTimesOut(Schema):
    choices: list[QuickTimeOut]
    messages: bool  # whether there is a way to send the customer a few words


class TimesQuery(Schema):
    store: Id
    line: int = Field(0, ge=0, le=2**63 - 1)


class KeptShareOut(Schema):
    """Figures of one group. Seconds; ``kept_share`` = in_time / (in_time + kept_late + broken + owed_late)."""

    id: int = 0
    name: str = ""
    made: int
    in_time: int
    kept_late: int
    broken: int
    owed_late: int
    owed: int
    released: int
    late: int
    late_told: int
    kept_share: float | None
    late_median: float | None
    late_worst: float | None


class KeptReportOut(Schema):
    all: KeptShareOut
    people: list[KeptShareOut]
    stores: list[KeptShareOut]


class KeptReportQuery(Schema):
    days: int = Field(30, ge=1, le=366)
    store: Id | None = None


class CustomerWarningOut(Schema):
    """Something one has to know at once."""

    kind: str
    text: Text
    at: datetime | None
    tone: str
    link: str


class TaskOut(Schema):
    """``purpose``: what its customer is rung for (service, marketing, survey)."""

    id: UUID
    store: int
    title: str
    text: str
    customer: Ref | None
    number: str
    made_by: Ref | None
    made_at: datetime
    owner: Ref | None
    due_at: datetime
    state: str
    late: bool
    tries: int
    purpose: str
    ended_at: datetime | None
    ended_by: Ref | None
    note: str
    version: int


class TaskIn(Schema):
    """``owner``: 0 for whoever of the store takes it; for others than himself only by leads."""

    id: UUID
    title: Plain = Field(max_length=120)
    text: Plain = Field("", max_length=500)
    due_at: AwareDatetime
    owner: int = Field(0, ge=0, le=2**63 - 1)
    store: Id
    customer: Id | None = None
    purpose: str = Field(SERVICE, pattern=PATTERN)


class TaskPatch(Schema):
    version: int = Field(ge=0, le=2**31 - 1)
    do: str = Field("", pattern="^(done|dropped|again|reopen|take|)$")
    note: Plain = Field("", max_length=500)
    due_at: AwareDatetime | None = None
    owner: int | None = Field(None, ge=0, le=2**63 - 1)
    title: Plain | None = Field(None, max_length=120)
    text: Plain | None = Field(None, max_length=500)
    purpose: str | None = Field(None, pattern=PATTERN)


class TasksQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)
    state: str = Field("open", pattern="^(open|done|dropped|)$")
    given: bool = False
    store: Id | None = None


class TodoOut(Schema):
    """One thing to do. ``until`` and ``why``: put aside; ``result``: how it ended; ``purpose``: of ringing its number.
    """

    kind: str
    kind_name: Text
    id: str
    store: int
    title: Text
    text: str
    due_at: datetime
    late: bool
    number: str
    owner: Ref | None
    customer: Ref | None
    car: str
    link: str
    version: int
    results: list[str]
    done_at: datetime | None
    result: str
    until: datetime | None
    why: str
    purpose: str


class TodoCounts(Schema):
    """``mine`` of which ``today`` are due before the day is over and ``late`` are late; nobody's; put aside."""

    mine: int
    free: int
    aside: int
    today: int
    late: int


class TodosOut(Schema):
    counts: TodoCounts
    kinds: dict[str, Text]
    items: list[TodoOut]


class TodosQuery(Schema):
    view: str = Field("mine", pattern="^(mine|free|aside|done)$")
    kind: Plain = Field("", max_length=20)


class TodoFinish(Schema):
    version: int = Field(ge=0, le=2**31 - 1)
    result: Plain = Field(max_length=20)
    note: Plain = Field("", max_length=500)


class TodoAside(Schema):
    until: AwareDatetime
    reason: Plain = Field(max_length=200)
