"""Many rows of the file written at once, with their history: what imports and connected systems do.

The rule of the file: nothing is lost. A value that a person gave is overwritten only where the caller says so, each
change remembers what stood there before, and taking it back leaves alone whatever was changed or used since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import F
from django.utils import timezone

from dealerline.apps.customers.logic import phone_facts
from dealerline.apps.customers.models.base import Derived
from dealerline.apps.history import facade as history

Values = Mapping[str, Any]
PHONES = "phones"
_EMPTY: tuple[Any, ...] = (None, "", [], {})
NAMES: Mapping[str, str] = {"customers": "Customer", "cars": "Car", "orders": "Order", "repairs": "Repair",
                            "cards": "MembershipCard"}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "customers": ("number", "name", "kind", "title", "company", "level", "labels", "need", "notes", "email", "address",
                  "birthday", "intention"),
    "cars": ("vin", "plate", "brand_id", "model", "year", "colour", "mileage_km", "bought_on", "insurance_until",
             "insurer", "inspection_until", "warranty_until", "next_service_on", "next_service_km"),
    "orders": ("number", "model", "status", "amount", "ordered_on", "expected_on", "delivered_on", "open"),
    "repairs": ("number", "stage", "work", "amount", "received_at", "promised_at", "open", "car_id"),
    "cards": ("number", "level", "points", "balance", "valid_until")}
OUTSIDE = ("external_source", "external_key")
STEPS: Mapping[str, tuple[str, str, str]] = {  # a field whose every value is a step with its time: model, link, field
    "orders": ("OrderStep", "order_id", "status"), "repairs": ("RepairStep", "repair_id", "stage")}


@dataclass(slots=True)
class New:
    """A row to be made. ``values``: FIELDS of its kind as JSON has them, with phones for customers."""

    store: int
    values: dict[str, Any]
    customer: int | None = None  # whose; none for customers themselves


@dataclass(slots=True)
class Changed:
    """What became of a row: its fields before and after, only those that changed."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    customer: int | None = None
    store: int | None = None


def model_of(kind: str) -> Any:
    """The table of that kind."""
    return apps.get_model("customers", NAMES[kind])


def _put(row: Any, values: Values) -> None:
    for name, value in values.items():
        if name == PHONES:
            continue
        column = row._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
        setattr(row, name, value if name.endswith("_id") else column.to_python(value))


def _derive(row: Any) -> tuple[str, ...]:
    """What a row's save() works out of its fields; the names of those columns."""
    return row.derive() if isinstance(row, Derived) else ()


def _level(kind: str, row: Any, values: Values) -> tuple[str, ...]:
    """Who set a level: rules leave alone what an import gave."""
    if kind != "customers" or "level" not in values:
        return ()
    row.level_source, row.level_at = "import", timezone.now()
    return ("level_source", "level_at")


def _steps(kind: str, rows: Iterable[tuple[Any, Values]], by: Any) -> None:
    if kind not in STEPS:
        return
    name, link, column = STEPS[kind]
    step = apps.get_model("customers", name)
    step.objects.bulk_create([step(**{link: row.pk, column: getattr(row, column)}, by=by) for row, values in rows
                              if column in values], batch_size=2000)


def _phone_rows(customer: int, numbers: Sequence[str], first: bool) -> list[Any]:
    phone = apps.get_model("customers", "CustomerPhone")
    return [phone(customer_id=customer, e164=number, raw=number, primary=first and place == 0,
                  **phone_facts.facts_of(number)) for place, number in enumerate(numbers)]


def _place(kind: str, row: Any, stores: Mapping[int, int]) -> tuple[int | None, int | None]:
    """Whose a row is, and of which store."""
    if kind == "customers":
        return row.pk, row.store_id
    return row.customer_id, getattr(row, "store_id", None) or stores.get(row.customer_id)


def _stores_of(rows: Iterable[Any]) -> dict[int, int]:
    customers = {row.customer_id for row in rows if hasattr(row, "customer_id")}
    return dict(model_of("customers").objects.filter(pk__in=customers).values_list("pk", "store_id"))


# making ---------------------------------------------------------------------------------------------------------------
def make(kind: str, news: Sequence[New], *, by: Any, source: str) -> list[int]:
    """The ids of the rows made, in their order. In the caller's transaction."""
    if not news:
        return []
    model = model_of(kind)
    rows = []
    for new in news:
        row = model(store_id=new.store) if hasattr(model, "store_id") else model()
        if kind == "customers":
            row.created_by = by
        else:
            row.customer_id = new.customer
        _put(row, new.values)
        _derive(row)
        _level(kind, row, new.values)
        rows.append(row)
    model.objects.bulk_create(rows, batch_size=1000)
    if kind == "customers":
        phones = [phone for row, new in zip(rows, news, strict=True)
                  for phone in _phone_rows(row.pk, new.values.get(PHONES, ()), first=True)]
        apps.get_model("customers", "CustomerPhone").objects.bulk_create(phones, batch_size=2000)
    _steps(kind, ((row, new.values) for row, new in zip(rows, news, strict=True)), by)
    stores = _stores_of(rows)
    history.record_many(((row, {history.NEW: (None, {k: v for k, v in new.values.items() if v not in _EMPTY})},
                          *_place(kind, row, stores)) for row, new in zip(rows, news, strict=True)),
                        by=by, source=source)
    return [row.pk for row in rows]


def told(kind: str, found: Any) -> list[dict[str, Any]]:
    """Rows of a kind as other systems see them: whose, of which store, their outside key, fields as JSON has them."""
    rows = list(found)
    stores, numbers = _stores_of(rows), _numbers(kind, [row.pk for row in rows])
    result = []
    for row in rows:
        customer, store = _place(kind, row, stores)
        phones = {PHONES: numbers.get(row.pk, [])} if kind == "customers" else {}
        result.append({"id": row.pk, "kind": kind, "store": store, "customer": customer, "updated_at": row.updated_at,
                       "source": row.external_source, "key": row.external_key,
                       "values": history.snapshot(row, FIELDS[kind]) | phones})
    return result


# changing -------------------------------------------------------------------------------------------------------------
def compare(kind: str, wanted: Mapping[int, Values], *, fill: bool, lock: bool = False) -> dict[int, Changed]:
    """What would change in those rows, and how: nothing in those that are as wanted. ``fill``: only what is empty."""
    model = model_of(kind)
    found = model.objects.filter(pk__in=list(wanted))
    if lock:
        found = found.select_for_update().order_by("pk")
    rows = {row.pk: row for row in found}
    stores, numbers = _stores_of(rows.values()), _numbers(kind, list(rows))
    result = {}
    for pk, row in rows.items():
        customer, store = _place(kind, row, stores)
        changed = Changed(customer=customer, store=store)
        for name, value in wanted[pk].items():
            if name == PHONES:
                have = numbers.get(pk, [])
                added = [number for number in value if number not in have]
                if added:
                    changed.before[PHONES], changed.after[PHONES] = have, have + added
                continue
            if name in OUTSIDE and row.external_key and row.external_source == wanted[pk].get("external_source"):
                continue  # two rows of that system are one of ours, as after a merge: it keeps the key it has
            old = history.snapshot(row, [name])[name]
            if value in _EMPTY or (fill and old not in _EMPTY) or _same(row, name, value):
                continue
            changed.before[name] = old
            changed.after[name] = value
        result[pk] = changed
    return result


def _same(row: Any, name: str, value: Any) -> bool:
    if name.endswith("_id"):
        return bool(getattr(row, name) == value)
    return bool(getattr(row, name) == row._meta.get_field(name).to_python(value))


def _numbers(kind: str, customers: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    if kind == "customers":
        phones = apps.get_model("customers", "CustomerPhone").objects.filter(customer__in=customers)
        for customer, number in phones.order_by("-primary", "pk").values_list("customer_id", "e164"):
            found.setdefault(customer, []).append(number)
    return found


def change(kind: str, wanted: Mapping[int, Values], *, fill: bool, by: Any, source: str) -> dict[int, Changed]:
    """Change those rows; what changed in each. In the caller's transaction, rows locked in the order of their ids."""
    changes = compare(kind, wanted, fill=fill, lock=True)
    _write(kind, {pk: changed.after for pk, changed in changes.items()}, changes, by, source)
    return changes


def _write(kind: str, values: Mapping[int, Values], changes: Mapping[int, Changed], by: Any, source: str) -> None:
    touched = [pk for pk, after in values.items() if after]
    if not touched:
        return
    model = model_of(kind)
    rows = list(model.objects.filter(pk__in=touched))
    columns: set[str] = set()
    phones = []
    for row in rows:
        _put(row, values[row.pk])
        columns |= {name.removesuffix("_id") for name in values[row.pk] if name != PHONES}
        columns |= {*_derive(row), *_level(kind, row, values[row.pk])}
        if PHONES in values[row.pk]:
            before = changes[row.pk].before.get(PHONES, [])
            added = [number for number in values[row.pk][PHONES] if number not in before]
            phones += _phone_rows(row.pk, added, first=not before)
        if hasattr(row, "updated_at"):
            row.updated_at = timezone.now()
            columns.add("updated_at")
    if columns:
        model.objects.bulk_update(rows, sorted(columns), batch_size=500)
    if hasattr(model, "version"):
        model.objects.filter(pk__in=touched).update(version=F("version") + 1)
    _steps(kind, ((row, values[row.pk]) for row in rows), by)
    if phones:
        apps.get_model("customers", "CustomerPhone").objects.bulk_create(phones, batch_size=2000,
                                                                        ignore_conflicts=True)
    history.record_many(((row, {name: (changes[row.pk].before.get(name), value)
                                for name, value in values[row.pk].items()},
                          changes[row.pk].customer, changes[row.pk].store) for row in rows), by=by, source=source)


# taking back ----------------------------------------------------------------------------------------------------------
def set_back(kind: str, changes: Mapping[int, Changed], *, by: Any, source: str) -> dict[int, list[str]]:
    """Give fields their values of before, except those changed since: these are told by row."""
    model = model_of(kind)
    rows = {row.pk: row for row in model.objects.select_for_update().filter(pk__in=list(changes)).order_by("pk")}
    stores, numbers = _stores_of(rows.values()), _numbers(kind, list(rows))
    kept: dict[int, list[str]] = {}
    back: dict[int, dict[str, Any]] = {}
    undone: dict[int, Changed] = {}
    gone: list[tuple[int, str]] = []
    for pk, changed in changes.items():
        row = rows.get(pk)
        if row is None:
            kept[pk] = ["gone"]
            continue
        customer, store = _place(kind, row, stores)
        back[pk], undone[pk] = {}, Changed(customer=customer, store=store)
        for name, value in changed.after.items():
            if name == PHONES:
                gone += [(pk, number) for number in value if number not in changed.before[PHONES]
                         and number in numbers.get(pk, [])]
            elif _same(row, name, value):
                back[pk][name] = changed.before[name]
                undone[pk].before[name] = value
            else:
                kept.setdefault(pk, []).append(name)
    _write(kind, back, undone, by, source)
    _drop_phones(gone)
    return kept


def _drop_phones(gone: Sequence[tuple[int, str]]) -> None:
    if not gone:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_customerphone p USING unnest(%s::bigint[], %s::text[]) AS g(customer, e164) "
            "WHERE p.customer_id = g.customer AND p.e164 = g.e164",
            [[customer for customer, _number in gone], [number for _customer, number in gone]],
        )


def remove(kind: str, made: Mapping[int, Values]) -> dict[int, str]:
    """Remove rows that were made with those values, unless they were changed or used since: why, by row.

    ``why``: changed, used, gone. In the caller's transaction.
    """
    model = model_of(kind)
    rows = {row.pk: row for row in model.objects.select_for_update().filter(pk__in=list(made)).order_by("pk")}
    numbers = _numbers(kind, list(rows))
    kept: dict[int, str] = {pk: "gone" for pk in made if pk not in rows}
    for pk, row in rows.items():
        same = all(_same(row, name, value) for name, value in made[pk].items() if name != PHONES)
        phones = kind != "customers" or set(numbers.get(pk, [])) == set(made[pk].get(PHONES, []))
        if not same or not phones:
            kept[pk] = "changed"
    left = [pk for pk in rows if pk not in kept]
    for pk in _used(model, left):
        kept[pk] = "used"
    model.objects.filter(pk__in=[pk for pk in left if pk not in kept]).delete()
    return kept


def _used(model: Any, ids: list[int]) -> set[int]:
    """Those that something else refers to, whatever app it is of and whatever would become of it."""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or not (relation.one_to_many or relation.one_to_one):
            continue
        if relation.related_model._meta.label_lower in COME_WITH_IT:
            continue
        column = relation.field.name
        rows = relation.related_model._default_manager.filter(**{f"{column}__in": ids})
        found |= set(rows.order_by().values_list(column, flat=True).distinct())
    return found


COME_WITH_IT = frozenset({
    "customers.customerphone", "customers.orderstep", "customers.repairstep", "history.change",
    "segments.score", "segments.mark", "segments.runchange"})
"""What comes and goes with a row, or is worked out by night: it is no use that somebody made of it."""

__all__ = ["FIELDS", "OUTSIDE", "Changed", "New", "change", "compare", "make", "model_of", "remove", "set_back", "told"]
