"""A customer told whole, and a customer erased.

The rule of the file: what is not named as kept is taken out, so that a field somebody adds later is erased too. Kept
is what says nothing of who he is, and what accounting needs: orders, repairs and cards with their numbers and amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Sum

from dealerline.apps.common.personal import Words
from dealerline.apps.customers.logic.customers import numbers_of
from dealerline.apps.customers.models import Customer, MembershipCard, Order, Repair
from dealerline.apps.history.facade import snapshot

ERASED_NAME = "（已删除 / erased）"
KEEP: dict[str, frozenset[str]] = {
    "customer": frozenset({"id", "store", "kind", "level", "name", "created_at", "created_by", "updated_at",
                           "version"}),
    "car": frozenset({"id", "customer", "brand", "model", "year", "mileage_km", "bought_on"}),
    "order": frozenset({"id", "customer", "store", "number", "model", "status", "amount", "salesperson", "ordered_on",
                        "expected_on", "open", "car"}),
    "repair": frozenset({"id", "customer", "car", "store", "number", "stage", "work", "amount", "adviser",
                         "received_at", "promised_at", "open"}),
    "membershipcard": frozenset({"id", "customer", "level", "points", "balance", "valid_until"}),
}
REMOVE = frozenset({"customerphone", "tie"})
"""Tables whose rows go as a whole."""
FREE_TEXTS = frozenset({"note", "notes", "remark", "comment", "why", "text", "declined_why", "external_source",
                        "external_key"})
"""What is blanked in rows below his orders, repairs, cards and cars."""
WORK = {"repairline": frozenset({"text"})}
"""But what was done to a car stays, with what it cost."""


def _tables(model: Any) -> Iterator[tuple[Any, str]]:
    """The tables of this app whose rows name ``model``, with the field that does."""
    for relation in model._meta.related_objects:
        if relation.related_model._meta.app_label == "customers" and relation.related_model is not model:
            yield relation.related_model, relation.field.name


def _blank(field: Any, key: Any) -> Any:
    """The value a field has when it says nothing; None where the field must keep what it has."""
    if field.null:
        return None
    if isinstance(field, models.JSONField):
        return field.get_default()
    if isinstance(field, models.CharField | models.TextField) and not field.choices:
        return f"erased-{key}" if field.unique else ""
    return field


def _blanked(row: Any, only: frozenset[str] | None = None) -> dict[str, Any]:
    """What to set in a row; ``only``: of those fields."""
    name = row._meta.model_name
    values = {}
    for field in row._meta.concrete_fields:
        wanted = field.name in only if only is not None else field.name not in KEEP.get(name, frozenset({"id"}))
        if field.primary_key or not wanted or (field.is_relation and field.name not in ("label", "labels")):
            continue
        blank = _blank(field, row.pk)
        if blank is not field:
            values[field.attname] = blank
    return values


def erase(customer: int) -> dict[str, int]:
    """Take out who he is. Counts by table."""
    counts: dict[str, int] = {}
    for model, field in _tables(Customer):
        rows = model._base_manager.filter(**{field: customer})
        name = model._meta.model_name
        if name in REMOVE:
            counts[name] = counts.get(name, 0) + rows.delete()[0]
            continue
        for row in rows:
            for below, link in _tables(model):
                for one in below._base_manager.filter(**{link: row.pk}):
                    _write(one, _blanked(one, FREE_TEXTS - WORK.get(one._meta.model_name, frozenset())))
            _write(row, _blanked(row))
            counts[name] = counts.get(name, 0) + 1
    row = Customer.objects.get(pk=customer)
    values = _blanked(row) | {"name": ERASED_NAME, "version": row.version + 1}
    _write(row, values)
    return {key: value for key, value in counts.items() if value} | {"customer": 1}


def _write(row: Any, values: dict[str, Any]) -> None:
    if values:
        type(row)._base_manager.filter(pk=row.pk).update(**values)


def _told(row: Any) -> dict[str, Any]:
    fields = [field.attname for field in row._meta.concrete_fields if field.name not in ("version", "name_pinyin")]
    return snapshot(row, fields)


def export(customer: int) -> dict[str, Any]:
    """Everything in the customer's file."""
    found: dict[str, Any] = {"customer": _told(Customer.objects.get(pk=customer))}
    for model, field in _tables(Customer):
        rows = list(model._base_manager.filter(**{field: customer}).order_by("pk"))
        found.setdefault(model._meta.model_name, []).extend(_told(row) for row in rows)
        for below, link in _tables(model):
            more = below._base_manager.filter(**{f"{link}__in": [row.pk for row in rows]}).order_by("pk")
            if below not in [one for one, _ in _tables(Customer)]:
                found.setdefault(below._meta.model_name, []).extend(_told(row) for row in more)
    return {name: rows for name, rows in found.items() if rows}


def holds(customer: int) -> Iterator[Words]:
    """What is not finished with him."""
    for model, zh, en in ((Order, "订单", "Order"), (Repair, "维修单", "Repair")):
        for number in model.objects.filter(customer_id=customer, open=True).values_list("number", flat=True)[:5]:
            yield {"zh": f"{zh} {number} 尚未完成。", "en": f"{en} {number} is not finished."}
    money = MembershipCard.objects.filter(customer_id=customer).aggregate(all=Sum("balance"))["all"]
    if money:
        yield {"zh": f"会员卡还有余额 {money} 元，请先退还。", "en": f"His card holds CNY {money}: pay it back first."}


def stays(customer: int) -> Iterator[Words]:
    """What accounting needs."""
    for model, zh, en in ((Order, "订单", "orders"), (Repair, "维修单", "repairs")):
        count = model.objects.filter(customer_id=customer).count()
        if count:
            yield {"zh": f"{count} 张{zh}的编号、内容和金额（会计法要求保存），不再显示姓名。",
                   "en": f"{count} {en} with number, content and amount, without his name (accounting law)."}


def store_of(customer: int) -> int | None:
    """The store he belongs to."""
    return Customer.objects.filter(pk=customer).values_list("store_id", flat=True).first()


def identifiers(customer: int) -> list[tuple[str, str]]:
    """(kind, value) of what an import would know him by: phone, vin, plate, number, key."""
    row = Customer.objects.get(pk=customer)
    found = [("phone", number) for number in numbers_of(customer)]
    for car in row.cars.all():
        found += [("vin", car.vin), ("plate", car.plate)]
    if row.external_key:
        found.append(("key", f"{row.external_source} {row.external_key}"))
    return [(kind, value) for kind, value in [*found, ("number", row.number or "")] if value]


def words() -> dict[str, Words]:
    """The tables' names in both languages."""
    from django.utils import translation

    names: dict[str, dict[str, str]] = {}
    for language, code in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(code):
            for model in apps.get_app_config("customers").get_models():
                names.setdefault(model._meta.model_name or "", {})[language] = str(model._meta.verbose_name_plural)
    return dict(names)
