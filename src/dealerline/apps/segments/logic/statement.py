"""A rule as one SQL condition on ``customers_customer c``. Values are parameters, never text of the statement.

The rules of the file:

- Every column and table comes from the tables below; a rule brings only codes that ``parse`` knows, and values.
- Rows of other stores than the viewer's are not looked at (``Scope``): nobody can guess from a count what he may not
  see.
- What is not known is NULL and meets nothing. NULL acts as false, so ``NOT`` always stands before ``coalesce(...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.apps.common.access import StoreSet, Viewer
from dealerline.domain.segments import Condition, Field, Group, Rule, register
from dealerline.domain.segments.days import span


@dataclass(frozen=True, slots=True)
class Scope:
    """The stores whose customers (orders, repairs) and whose calls are looked at."""

    customers: StoreSet
    calls: StoreSet

    @classmethod
    def of(cls, viewer: Viewer) -> Scope:
        """What a person may see."""
        return cls(viewer.stores_for("customers.view"), viewer.stores_for("calls.view"))


@dataclass(slots=True)
class Sql:
    """A piece of a statement, with its parameters in order."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: Sql | str) -> Sql:
        other = other if isinstance(other, Sql) else Sql(other)
        return Sql(self.text + other.text, self.values + other.values)

    def __radd__(self, other: str) -> Sql:
        return Sql(other) + self


@dataclass(frozen=True, slots=True)
class Context:
    """``today`` in the installation's zone."""

    scope: Scope
    today: date
    zone: ZoneInfo

    def midnight(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time(), self.zone)

    def in_stores(self, column: str, stores: StoreSet) -> Sql:
        """Nothing to add for who sees every store."""
        return Sql("") if stores.every else Sql(f" AND {column} = ANY(%s)", (sorted(stores.ids),))


Expression = Callable[[Context], Sql]
TABLES: Mapping[str, tuple[str, str]] = {  # entity -> its table, which stores limit it
    "car": ("customers_car", ""), "call": ("calls_call", "calls"), "order": ("customers_order", "customers"),
    "repair": ("customers_repair", "customers")}
NOT_ERASED = "NOT EXISTS (SELECT 1 FROM privacy_erasure e WHERE e.customer_id = c.id AND e.state = 'done')"
COMPLAINT = ("(EXISTS (SELECT 1 FROM calls_callrecord r JOIN calls_matter m ON m.id = r.matter_id "
             "WHERE r.call_id = x.id AND (m.code = 'complaint' OR m.code LIKE 'complaint.%%') "
             "AND m.code NOT IN ('complaint.praise', 'complaint.suggestion')) "
             "OR EXISTS (SELECT 1 FROM calls_voicemessage v WHERE v.call_id = x.id AND v.kind = 'complaint'))")


def rows_of(context: Context, entity: str) -> Sql:
    """``FROM ... WHERE`` the customer's rows of an entity that may be looked at; more conditions can follow."""
    table, limit = TABLES[entity]
    text = Sql(f"FROM {table} x WHERE x.customer_id = c.id")
    return text + context.in_stores("x.store_id", getattr(context.scope, limit)) if limit else text


def _of(entity: str, value: str, condition: str = "", days: int = 0) -> Expression:
    """A value over the customer's rows; ``condition`` may hold one %s: the beginning of ``days`` days ago."""
    def made(context: Context) -> Sql:
        since = (context.midnight(context.today - timedelta(days=days)),) if days else ()
        more = Sql(f" AND {condition}", since) if condition else Sql("")
        return f"(SELECT {value} " + rows_of(context, entity) + more + ")"
    return made


def _exists(entity: str, condition: str) -> Expression:
    return lambda context: "EXISTS (SELECT 1 " + rows_of(context, entity) + f" AND {condition})"


def _spent(days: int) -> Expression:
    """Finished repairs and delivered orders; of an order the day it was ordered counts."""
    def made(context: Context) -> Sql:
        since = context.today - timedelta(days=days)
        first = Sql(" AND x.received_at >= %s", (context.midnight(since),)) if days else Sql("")
        second = Sql(" AND x.ordered_on >= %s", (since,)) if days else Sql("")
        return ("((SELECT coalesce(sum(x.amount), 0) " + rows_of(context, "repair") + " AND NOT x.open" + first
                + ") + (SELECT coalesce(sum(x.amount), 0) " + rows_of(context, "order") + " AND x.status = 'delivered'"
                + second + "))")
    return made


def last_seen(context: Context) -> Sql:
    """The newest answered call, stay in the workshop or order."""
    zone = Sql("(SELECT max(x.ordered_on)::timestamp AT TIME ZONE %s ", (str(context.zone),))
    return ("greatest((SELECT max(x.answered_at) " + rows_of(context, "call") + "), (SELECT max(x.received_at) "
            + rows_of(context, "repair") + "), " + zone + rows_of(context, "order") + "))")


def _plain(text: str) -> Expression:
    return lambda context: Sql(text)


_card = "FROM customers_membershipcard x WHERE x.customer_id = c.id"
COLUMNS: dict[str, Expression] = {
    "name": _plain("c.name"), "kind": _plain("c.kind"), "company": _plain("c.company"), "store": _plain("c.store_id"),
    "level": _plain("c.level"), "labels": _plain("c.labels"), "need": _plain("c.need"),
    "intention": _plain("c.intention"), "purchase_status": _plain("c.purchase_status"),
    "wants_model": _plain("c.wants_model"), "budget": _plain("c.budget_to"), "buys_by": _plain("c.buys_by"),
    "created": _plain("c.created_at"),
    "phones": _plain("(SELECT count(*) FROM customers_customerphone x WHERE x.customer_id = c.id)"),
    "cars": _of("car", "count(*)"),
    "last_contact": _of("call", "max(x.answered_at)"), "last_visit": _of("repair", "max(x.received_at)"),
    "last_seen": last_seen,
    "calls_year": _of("call", "count(*)", "x.arrived_at >= %s", 365),
    "lost_year": _of("call", "count(*)", "x.arrived_at >= %s AND x.outcome = 'abandoned'", 365),
    "rating": _of("call", "avg(x.rating)"),
    "complaints_year": _of("call", "count(*)", f"x.arrived_at >= %s AND {COMPLAINT}", 365),
    "spent": _spent(0), "spent_year": _spent(365),
    "open_repair": _exists("repair", "x.open"), "open_order": _exists("order", "x.open"),
    "card": _plain(f"EXISTS (SELECT 1 {_card})"), "points": _plain(f"(SELECT sum(x.points) {_card})"),
    "balance": _plain(f"(SELECT sum(x.balance) {_card})"),
    "card_until": _plain(f"(SELECT max(x.valid_until) {_card})"),
    "loyalty": _plain("(SELECT x.loyalty FROM segments_score x WHERE x.customer_id = c.id)"),
    "risk": _plain("(SELECT x.risk FROM segments_score x WHERE x.customer_id = c.id)"),
    "car.brand": _plain("x.brand_id"), "car.model": _plain("x.model"), "car.plate": _plain("x.plate"),
    "car.year": _plain("x.year"), "car.mileage": _plain("x.mileage_km"), "car.bought": _plain("x.bought_on"),
    "car.insurance_until": _plain("x.insurance_until"), "car.inspection_until": _plain("x.inspection_until"),
    "car.warranty_until": _plain("x.warranty_until"), "car.next_service": _plain("x.next_service_on"),
    "car.recall": _plain("x.recall"), "car.gone": _plain("(x.gone_on IS NOT NULL)"),
    "call.at": _plain("x.arrived_at"), "call.direction": _plain("x.direction"), "call.outcome": _plain("x.outcome"),
    "call.seconds": _plain("x.talk_seconds"), "call.rating": _plain("x.rating"),
    "order.status": _plain("x.status"), "order.model": _plain("x.model"), "order.amount": _plain("x.amount"),
    "order.ordered": _plain("x.ordered_on"), "order.expected": _plain("x.expected_on"), "order.open": _plain("x.open"),
    "repair.stage": _plain("x.stage"), "repair.work": _plain("x.work"), "repair.amount": _plain("x.amount"),
    "repair.received": _plain("x.received_at"), "repair.promised": _plain("x.promised_at"),
    "repair.open": _plain("x.open"),
}
"""Field -> its value: of the customer ``c``, or of his car, call, order or repair ``x``."""


def add_field(field: Field, expression: Expression) -> None:
    """A field of another app. ``expression`` must bring values as parameters and keep to ``context.scope``."""
    register(field)
    COLUMNS[field.code] = expression


def compiled(rule: Rule, context: Context) -> Sql:
    """The condition, to stand behind WHERE where ``customers_customer c`` is in FROM; never NULL before ``NOT``."""
    return _compiled(rule, context, "customer")


def selected(rule: Rule, context: Context, columns: str = "c.id") -> Sql:
    """The whole statement: of the customers in scope those who fit. Nobody who was erased on request is in a group."""
    return (f"SELECT {columns} FROM customers_customer c WHERE {NOT_ERASED}"
            + context.in_stores("c.store_id", context.scope.customers) + " AND (" + compiled(rule, context) + ")")


def _compiled(rule: Rule, context: Context, inside: str) -> Sql:
    if isinstance(rule, Condition):
        if rule.field.of != inside:
            return _one_of(rule.field.of, [rule], context)
        return _condition(rule, COLUMNS[rule.field.code](context), context)
    if rule.entity:
        return _one_of(rule.entity, rule.of, context)
    parts = [_compiled(part, context, inside) for part in rule.of]
    joined = _joined(parts, " AND " if rule.how == "all" else " OR ")
    return "NOT coalesce(" + joined + ", false)" if rule.how == "none" else joined


def _joined(parts: list[Sql], word: str) -> Sql:
    text = Sql("(") + parts[0]
    for part in parts[1:]:
        text += word + part
    return text + ")"


def _one_of(entity: str, rules: Any, context: Context) -> Sql:
    parts = [_compiled(part, context, entity) for part in rules]
    return "EXISTS (SELECT 1 " + rows_of(context, entity) + " AND " + _joined(parts, " AND ") + ")"


def _not(text: Sql) -> Sql:
    return "NOT coalesce(" + text + ", false)"


def _condition(rule: Condition, column: Sql, context: Context) -> Sql:
    kind, op, value = rule.field.kind, rule.op, rule.value
    if kind == "yesno":
        return column if op == "yes" else _not(column)
    if kind == "labels":
        found = column + Sql(" ?& %s" if op == "has_all" else " ?| %s", (list(value),))
        return _not(found) if op == "has_none" else found
    if kind == "choice":
        found = column + Sql(" = ANY(%s)", (list(value),))
        return _not(found) if op == "none_of" else found
    if op in ("empty", "filled"):
        missing = _not(column + " <> ''") if kind == "text" else "(" + column + ") IS NULL"
        return missing if op == "empty" else _not(missing)
    if kind == "text":
        return column + Sql(" ILIKE %s", (_pattern(op, value),))
    if kind in ("number", "money"):
        if op == "between":
            return column + Sql(" BETWEEN %s AND %s", tuple(value))
        return column + Sql(" >= %s" if op == "at_least" else " <= %s", (value,))
    return _within(rule, column, context)


def _pattern(op: str, value: str) -> str:
    for sign in ("\\", "%", "_"):
        value = value.replace(sign, "\\" + sign)
    return {"contains": f"%{value}%", "starts": f"{value}%", "equals": value}[op]


def _within(rule: Condition, column: Sql, context: Context) -> Sql:
    first, end = span(rule.op, rule.value, context.today)
    bounds = [Sql(f" {sign} %s", (context.midnight(day) if rule.field.kind == "time" else day,))
              for day, sign in ((first, ">="), (end, "<")) if day is not None]
    if len(bounds) > 1 and "SELECT" in column.text:  # looked up once, then compared twice
        found = ("(SELECT " + _joined(["v.x" + bound for bound in bounds], " AND ") + " FROM (SELECT " + column
                 + " AS x OFFSET 0) AS v)")
    else:
        found = _joined([column + bound for bound in bounds], " AND ")
    return _not(found) if rule.op == "not_within_last" else found


__all__ = ["COLUMNS", "COMPLAINT", "Context", "Expression", "Group", "Scope", "Sql", "add_field", "compiled",
           "last_seen", "rows_of", "selected"]
