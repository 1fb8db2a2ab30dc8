"""Groups: saved, shared, counted, their members listed. Counting never holds a page up for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import ProtectedError, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from psycopg.errors import QueryCanceled

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.organisation.facade import brand_names, store_names, stores_seen_by
from dealerline.apps.segments.logic.statement import Context, Scope, Sql, selected
from dealerline.apps.segments.models import Segment
from dealerline.domain.segments import Group, RuleError, describe, dump, parse
from dealerline.domain.segments.rule import conditions

SEE, EDIT = "customers.view", "segments.edit"
COUNT_AT_MOST = 100_000
SAMPLE = 10
SECONDS = 1.0  # for a count on a page: after that it is estimated, in the same time again at most
PIECE, ENOUGH, FEW = 4_000, 2_500, 20  # customers drawn at a time; fitting ones that make it good, and too few for it
LOOKED_AT, LOOKED_SECONDS = 50, 1.0  # groups that are asked whether they hold one customer, and for how long


@dataclass(slots=True)
class Count:
    """``more``: there are ``count`` at least; ``sample``: ids of some of them.

    ``high`` above 0: ``count`` is an estimate, most likely between ``low`` and that. Nobody found and ``more``: of the
    ``looked`` that were drawn by lot none fits, so that probably nobody does, and hardly more than ``most``.
    """

    count: int = 0
    more: bool = False
    sample: list[int] = field(default_factory=list)
    low: int = 0
    high: int = 0
    looked: int = 0
    most: int = 0


def customers() -> Any:
    """The table of customers, which is another app's."""
    return apps.get_model("customers.Customer")


def context_of(scope: Scope, now: datetime | None = None) -> Context:
    """Today, as the installation's zone has it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    today: date = (now or timezone.now()).astimezone(zone).date()
    return Context(scope, today, zone)


def read_rule(data: Any) -> Group:
    """The rule. Raises Problem that says what to change; ``fields`` names the place."""
    try:
        return parse(data)
    except RuleError as error:
        raise Problem("rule", error.text["zh"], error.text["en"],
                      fields={f"rule.{error.path}" if error.path else "rule": error.text}) from error


def words(rule: Group) -> dict[str, str]:
    """The rule in plain words, with the names that the records know."""
    known: dict[str, dict[int, dict[str, str]]] = {}

    def named(lookup: str, key: Any) -> dict[str, str]:
        if lookup not in known:
            ids = {value for condition in conditions(rule) if condition.field.lookup == lookup
                   for value in condition.value}
            known[lookup] = store_names(ids) if lookup == "stores" else brand_names(ids)
        return known[lookup].get(key, {"zh": "（已删除）", "en": "(removed)"})

    return describe(rule, named)


# counting -------------------------------------------------------------------------------------------------------------
@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Statements inside are given up after that time: OperationalError, and nothing of the transaction is lost."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        before = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before[0] if before else "0"])


def gave_up(error: BaseException) -> bool:
    """Whether a statement was only too slow."""
    return isinstance(error.__cause__, QueryCanceled)


def _counted(text: Sql, at_most_rows: int) -> tuple[int, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), (array_agg(t.id))[1:{SAMPLE}] FROM ({text.text} LIMIT %s) AS t",
                       [*text.values, at_most_rows])
        row = cursor.fetchone()
    return (int(row[0]), list(row[1] or [])) if row else (0, [])


def count(rule: Group, scope: Scope, *, seconds: float = SECONDS, now: datetime | None = None) -> Count:
    """How many fit: exactly when it can be known in time and they are not too many, else about, by looking at some."""
    text = selected(rule, context_of(scope, now))
    try:
        with at_most(seconds):
            found, sample = _counted(text, COUNT_AT_MOST + 1)
        if found <= COUNT_AT_MOST:
            return Count(found, sample=sample)
    except OperationalError as error:
        if not gave_up(error):
            raise
        found = 0
    about = estimated(text, seconds)
    if about.count < found:  # so many there are: what was looked at was not like the rest
        return Count(COUNT_AT_MOST, more=True, sample=about.sample)
    return about


def estimated(text: Sql, seconds: float, *, chance: Random | None = None, piece: int = PIECE) -> Count:
    """About how many fit, from customers drawn by lot until enough of them do or the time is over."""
    chance, end = chance or Random(), time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM customers_customer")
        row = cursor.fetchone()
    ids = range(row[0], row[1] + 1) if row and row[0] is not None else range(0)
    hits, drawn = 0, 0
    sample: list[int] = []
    while hits < ENOUGH and drawn < len(ids) and time.monotonic() < end:
        lot = chance.sample(ids, min(piece, len(ids)))
        try:
            with at_most(max(0.05, end - time.monotonic())):
                found, some = _counted(text + Sql(" AND c.id = ANY(%s)", (lot,)), len(lot))
        except OperationalError as error:
            if not gave_up(error):
                raise
            break
        hits, drawn, sample = hits + found, drawn + len(lot), (sample + some)[:SAMPLE]
    if hits < FEW:
        most = max(1, _rounded(3 * len(ids) / drawn)) if drawn and not hits else 0  # the rule of three: 95 in a hundred
        return Count(hits, more=True, sample=sample, looked=drawn, most=most)
    each, off = len(ids) / drawn, 2 * hits ** 0.5  # of a hundred such counts, five are further off
    return Count(_rounded(hits * each), sample=sample, low=_rounded(max(hits - off, 1) * each),
                 high=_rounded((hits + off) * each))


def _rounded(number: float) -> int:
    """To three figures: more would be made up."""
    return int(float(f"{number:.3g}"))


def ids_of(rule: Group, scope: Scope, now: datetime | None = None) -> list[int]:
    """Everybody who fits, for jobs: without a limit of time."""
    text = selected(rule, context_of(scope, now))
    with connection.cursor() as cursor:
        cursor.execute(text.text, list(text.values))
        return [row[0] for row in cursor.fetchall()]


def members(person: Person, segment: Segment) -> QuerySet[Any]:
    """The customers of a group that this person may see, to be ordered, filtered, paged, exported as any others."""
    text = selected(read_rule(segment.rule), context_of(Scope.of(person)))
    rows: QuerySet[Any] = customers().objects.visible_to(person, SEE).filter(pk__in=RawSQL(text.text, text.values))
    return rows


def of_customer(person: Person, customer: int) -> tuple[list[Segment], bool]:
    """The saved groups one sees that this customer is in now, shared ones first; whether some were not looked at.

    Asked by his id, a group costs next to nothing whatever its rule; there is an end to it all the same.
    """
    context, end = context_of(Scope.of(person)), time.monotonic() + LOOKED_SECONDS
    saved = sorted(Segment.objects.visible_to(person, SEE)[:LOOKED_AT + 1], key=lambda one: one.sharing == "private")
    found: list[Segment] = []
    left_out = len(saved) > LOOKED_AT
    for row in saved[:LOOKED_AT]:
        try:
            text = selected(read_rule(row.rule), context) + Sql(" AND c.id = %s", (customer,))
            with at_most(max(0.05, end - time.monotonic())), connection.cursor() as cursor:
                cursor.execute(text.text, list(text.values))
                if cursor.fetchone() is not None:
                    found.append(row)
        except Problem:  # its rule means nothing any more: nobody is in it
            continue
        except OperationalError as error:
            if not gave_up(error):
                raise
            left_out = True
    return found, left_out


# saved ----------------------------------------------------------------------------------------------------------------
def access_segment(person: Person, segment: int, *, edit: bool = False) -> Segment:
    """The group, if he sees it. NotAllowed when he sees it but may not change it."""
    row = Segment.objects.visible_to(person, SEE).filter(pk=segment).first()
    if row is None:
        raise NotFound
    if edit and not may_edit(person, row):
        raise NotAllowed
    return row


def may_edit(person: Person, row: Segment) -> bool:
    """The owner may; of shared ones also who edits groups wherever it is shared."""
    if not person.can(EDIT):
        return False
    if row.owner_id == person.pk:
        return True
    stores = person.stores_for(EDIT)
    return row.store_id in stores if row.store_id is not None else row.sharing == "group" and stores.every


def _check_sharing(person: Person, sharing: str, store: int | None) -> int | None:
    stores = person.stores_for(EDIT)
    if not stores:
        raise NotAllowed
    if sharing == "group" and not stores.every:
        raise Problem("invalid", "只有集团的管理人员才能与全集团共享，请选择门店。",
                      "Only who manages the whole group shares with everybody: choose a store.",
                      fields={"sharing": {"zh": "请选择门店。", "en": "Choose a store."}})
    if sharing != "store":
        return None
    if store is None or store not in stores or store not in {one["id"] for one in stores_seen_by(person)}:
        raise Problem("invalid", "请选择您自己的门店。", "Choose one of your own stores.",
                      fields={"store": {"zh": "请选择您自己的门店。", "en": "Choose one of your own stores."}})
    return store


def _check_name(name: str) -> str:
    if not name.strip():
        raise Problem("invalid", "请填写名称。", "Enter a name.",
                      fields={"name": {"zh": "请填写名称。", "en": "Enter a name."}})
    return name.strip()


def create(person: Person, *, name: str, rule: Any, sharing: str, store: int | None) -> Segment:
    """A new group of his own."""
    store = _check_sharing(person, sharing, store)
    return Segment.objects.create(name=_check_name(name), rule=dump(read_rule(rule)), owner=person, sharing=sharing,
                                  store_id=store)


def change(person: Person, row: Segment, version: int, **values: Any) -> Segment:
    """Change what is given. Raises Problem ``stale`` (409) when somebody saved meanwhile."""
    with transaction.atomic():
        row = Segment.objects.select_for_update().get(pk=row.pk)
        if row.version != version:
            raise Problem("stale", "别人刚刚修改了这个分组，请查看新内容后再保存。",
                          "Somebody changed this group just now: look at it before you save.", status=409,
                          extra={"current": draw(person, row)})
        if "sharing" in values or "store" in values:
            row.sharing = values.get("sharing", row.sharing)
            row.store_id = _check_sharing(person, row.sharing, values.get("store", row.store_id))
        if "name" in values:
            row.name = _check_name(values["name"])
        if "rule" in values:
            row.rule = dump(read_rule(values["rule"]))
        row.version += 1
        row.save()
    return row


def remove(row: Segment) -> None:
    """Remove a group. Raises Problem while a rule for labels uses it."""
    try:
        row.delete()
    except ProtectedError as error:
        used = ", ".join(str(one) for one in error.protected_objects)
        raise Problem("used", f"标签规则还在使用这个分组：{used}。请先删除这些规则。",
                      f"Rules for labels use this group: {used}. Remove them first.", status=409) from error


def draw(person: Person, row: Segment) -> dict[str, Any]:
    """A group as pages see it; one whose rule nobody understands any more says so."""
    try:
        said, broken = words(read_rule(row.rule)), False
    except Problem as problem:
        said, broken = problem.text, True
    return {"id": row.pk, "name": row.name, "rule": row.rule, "words": said, "broken": broken, "sharing": row.sharing,
            "store": row.store_id, "owner": names({row.owner_id}).get(row.owner_id, "") if row.owner_id else "",
            "mine": row.owner_id == person.pk, "may_edit": may_edit(person, row), "version": row.version,
            "updated_at": row.updated_at}


def draw_member(row: Any, score: Any = None) -> dict[str, Any]:
    """One member as the list shows him; no number."""
    return {"id": row.pk, "name": row.name, "level": row.level, "labels": row.labels, "store": row.store_id,
            "company": row.company, "loyalty": getattr(score, "loyalty", None), "risk": getattr(score, "risk", None)}


def labels_in_use(person: Person, limit: int = 200) -> list[str]:
    """Labels of the newest customers he sees, the commonest first."""
    stores = person.stores_for(SEE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.label, count(*) FROM (SELECT labels FROM customers_customer WHERE (%s OR store_id = ANY(%s)) "
            "ORDER BY id DESC LIMIT 20000) AS c, LATERAL jsonb_array_elements_text(CASE jsonb_typeof(c.labels) "
            "WHEN 'array' THEN c.labels ELSE '[]' END) AS l(label) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
            [stores.every, sorted(stores.ids), limit])
        return [str(row[0]) for row in cursor.fetchall()]


READY: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
    ("insurance", {"zh": "30 天内保险到期", "en": "Insurance due in 30 days"},
     {"how": "all", "of": [{"field": "car.insurance_until", "op": "within_next", "value": 30}]}),
    ("away", {"zh": "一年未到店也未联系", "en": "Not seen for a year"},
     {"how": "all", "of": [{"field": "last_seen", "op": "not_within_last", "value": 365}]}),
    ("vip", {"zh": "VIP 90 天未联系", "en": "VIP without contact for 90 days"},
     {"how": "all", "of": [{"field": "level", "op": "one_of", "value": ["vip"]},
                           {"field": "last_contact", "op": "not_within_last", "value": 90}]}),
)
"""What an empty list offers: code, name, rule."""

