"""What the customer file adds to a customer's timeline: orders, repairs, bookings, the card's account, changes.

Each source asks one customer at a time by his index, so that a company with thousands of repairs costs one page of
them. What is known by its day only stands at that day, in the order in which it was entered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone, translation

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Entry, Words, register
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.models import (
    Booking,
    BookingState,
    Car,
    CardMovement,
    CarRole,
    Customer,
    CustomerPhone,
    MembershipCard,
    MovementKind,
    Order,
    OrderStatus,
    OrderStep,
    Payment,
    PaymentKind,
    Repair,
    RepairLine,
    RepairStage,
    RepairStep,
    Tie,
)
from dealerline.apps.history import facade as history
from dealerline.apps.history.facade import Source

OBJECTS: dict[str, Any] = {model._meta.label_lower: model for model in (
    Booking, Car, CarRole, Customer, CustomerPhone, MembershipCard, Order, Payment, Repair, RepairLine, Tie)}
"""What of the file is changed by people."""
TONES = {BookingState.MISSED: "lost", BookingState.CANCELLED: "warn", BookingState.DONE: "good"}
TOGETHER = timedelta(seconds=2)
"""Changes of one row by one person so close to each other are one entry."""


def both(text: Any) -> Words:
    """A text of the catalogue in both languages."""
    found = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            found[key] = str(text)
    return found


def _titled(zh: str, en: str, words: Words | None = None, behind: str = "") -> Words:
    return {"zh": zh + (words["zh"] if words else "") + behind, "en": en + (words["en"] if words else "") + behind}


def _clock(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _day(field: str, key: str = "id") -> Any:
    """SQL for the moment that stands for a day: rows of one day keep their order, and none has another's moment."""
    apart = ExpressionWrapper(F(key) % 1_000_000 * Value(timedelta(microseconds=1)), output_field=DurationField())
    return ExpressionWrapper(Cast(field, DateTimeField()) + apart, output_field=DateTimeField())


def _newest(found: QuerySet[Any], before: datetime | None, limit: int, **moment: Any) -> Iterable[Any]:
    """The newest rows of ``found`` by ``moment`` (one name and its expression), older than ``before``."""
    (name, expression), = moment.items()
    found = found.annotate(**{name: expression})
    if before is not None:
        found = found.filter(**{f"{name}__lt": before})
    return found.order_by(F(name).desc())[:limit]


Draw = Callable[[Viewer, int, datetime | None, int], Iterable[Entry]]


def _of_each(draw: Draw) -> Callable[[Viewer, Sequence[int], datetime | None, int], list[Entry]]:
    def source(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
        found = [entry for customer in customers for entry in draw(viewer, customer, before, limit)]
        return nlargest(limit, found, key=lambda entry: entry.at)

    return source


def _orders(viewer: Viewer, customer: int, before: datetime | None, limit: int) -> Iterable[Entry]:
    scoped = Order.objects.visible_to(viewer, rows.VIEW).filter(customer=customer).select_related("salesperson")
    for order in _newest(scoped, before, limit, moment=Coalesce(_day("ordered_on"), F("created_at"))):
        yield Entry(order.moment, "order", str(order.pk), order.store_id, _titled(
            "订单：", "Order: ", None, order.model), order.number, order.salesperson.name if order.salesperson else "")
    steps = OrderStep.objects.visible_to(viewer, rows.VIEW).filter(order__customer=customer).exclude(
        status=OrderStatus.ENQUIRY).select_related("order", "by")
    for step in _newest(steps, before, limit, moment=F("at")):
        tone = {"delivered": "good", "cancelled": "lost"}.get(step.status, "")
        yield Entry(step.at, "order", str(step.order_id), step.order.store_id, _titled(
            "订单进度：", "Order: ", both(OrderStatus(step.status).label)), step.order.number,
            step.by.name if step.by else "", tone=tone)
    payments = Payment.objects.visible_to(viewer, rows.VIEW).filter(order__customer=customer).select_related("order")
    for paid in _newest(payments, before, limit, moment=_day("paid_on")):
        yield Entry(paid.moment, "order", str(paid.order_id), paid.order.store_id, _titled(
            "付款：", "Payment: ", both(PaymentKind(paid.kind).label), f" ¥{paid.amount:,.2f}"), paid.order.number)


def _repairs(viewer: Viewer, customer: int, before: datetime | None, limit: int) -> Iterable[Entry]:
    scoped = Repair.objects.visible_to(viewer, rows.VIEW).filter(customer=customer).select_related("adviser", "car")
    for repair in _newest(scoped, before, limit, moment=Coalesce("received_at", "created_at")):
        plate = f" {repair.car.plate}" if repair.car and repair.car.plate else ""
        yield Entry(repair.moment, "repair", str(repair.pk), repair.store_id, _titled(
            "维修：", "Repair: ", None, repair.work), repair.number + plate,
            repair.adviser.name if repair.adviser else "")
    steps = RepairStep.objects.visible_to(viewer, rows.VIEW).filter(
        repair__customer=customer, stage__in=(RepairStage.READY, RepairStage.CLOSED)).select_related("repair", "by")
    for step in _newest(steps, before, limit, moment=F("at")):
        yield Entry(step.at, "repair", str(step.repair_id), step.repair.store_id, _titled(
            "维修进度：", "Repair: ", both(RepairStage(step.stage).label)), step.repair.number,
            step.by.name if step.by else "", tone="good")


def _bookings(viewer: Viewer, customer: int, before: datetime | None, limit: int) -> Iterable[Entry]:
    scoped = Booking.objects.visible_to(viewer, rows.VIEW).filter(customer=customer).select_related("by")
    for booking in _newest(scoped, before, limit, moment=F("created_at")):
        state = both(BookingState(booking.state).label)
        at = _clock(booking.at)
        title = {"zh": f"预约 {at}（{state['zh']}）", "en": f"Booking for {at} ({state['en']})"}
        yield Entry(booking.created_at, "booking", str(booking.pk), booking.store_id, title, booking.text,
                    booking.by.name if booking.by else "", tone=TONES.get(BookingState(booking.state), ""))


def _card(viewer: Viewer, customer: int, before: datetime | None, limit: int) -> Iterable[Entry]:
    scoped = CardMovement.objects.visible_to(viewer, rows.VIEW).filter(card__customer=customer).select_related(
        "card__customer", "by")
    for moved in _newest(scoped, before, limit, moment=F("at")):
        amount = " ".join(part for part in (f"{moved.points:+d}" if moved.points else "",
                                            f"¥{moved.money:+,.2f}" if moved.money else "") if part)
        yield Entry(moved.at, "card", str(moved.card_id), moved.card.customer.store_id, _titled(
            "会员卡：", "Card: ", both(MovementKind(moved.kind).label), f" {amount}"), moved.text,
            moved.by.name if moved.by else "")


def _changes(viewer: Viewer, customer: int, before: datetime | None, limit: int) -> Iterable[Entry]:
    """Changes by people and programs, one entry for what was changed of one row at once; no values, only which.

    A merge is one entry of its own (apps.duplicates), not one for each row that went along.
    """
    found = history.of_customer(customer).filter(object_type__in=OBJECTS).exclude(source=Source.MERGE)
    stores = viewer.stores_for(rows.VIEW)
    if not stores.every:
        found = found.filter(Q(store__in=sorted(stores.ids)) | Q(store__isnull=True))
    if before is not None:
        found = found.filter(at__lt=before)
    groups: list[list[history.Change]] = []
    for change in _by_chunks(found, limit * 8):  # a form seldom changes more than eight fields at once
        last = groups[-1][-1] if groups else None
        if last is not None and (last.object_type, last.object_id, last.by_id) == (
                change.object_type, change.object_id, change.by_id) and last.at - change.at < TOGETHER:
            groups[-1].append(change)
        elif len(groups) == limit:
            break
        else:
            groups.append([change])
    for group in groups:
        yield _change(group)


def _by_chunks(found: QuerySet[history.Change], size: int) -> Iterator[history.Change]:
    """All of them, newest first, asked for as far as they are wanted."""
    last: int | None = None
    while True:
        chunk = list((found if last is None else found.filter(pk__lt=last)).order_by("-id")[:size])
        yield from chunk
        if len(chunk) < size:
            return
        last = chunk[-1].pk


def _change(group: list[history.Change]) -> Entry:
    first, model = group[-1], OBJECTS[group[0].object_type]
    what = both(model._meta.verbose_name)
    by = first.by.name if first.by else ""
    source = both(Source(first.source).label) if first.source in Source.values else {"zh": "", "en": ""}
    names = {change.field for change in group}
    if history.NEW in names:
        title = {"zh": f"新建{what['zh']}", "en": f"New: {what['en']}"}
    elif history.REMOVED in names:
        title = {"zh": f"删除{what['zh']}", "en": f"Removed: {what['en']}"}
    else:
        fields = [_field(model, change.field) for change in reversed(group)]
        title = {"zh": f"修改{what['zh']}：" + "、".join(dict.fromkeys(words["zh"] for words in fields)),
                 "en": f"Changed {what['en']}: " + ", ".join(dict.fromkeys(words["en"] for words in fields))}
    if first.source not in (Source.PAGE, Source.CALL):
        title = {"zh": f"{title['zh']}（{source['zh']}）", "en": f"{title['en']} ({source['en']})"}
    return Entry(first.at, "change", first.object_id, first.store_id, title, "", by)


def _field(model: Any, name: str) -> Words:
    """A field in words; one that there is no more by its name."""
    known = {field.name: field for field in model._meta.get_fields() if hasattr(field, "verbose_name")}
    field = known.get(name.removesuffix("_id")) or known.get(name)
    return both(field.verbose_name) if field is not None else {"zh": name, "en": name}


def register_all() -> None:
    """Called when the app is ready."""
    register("order", {"zh": "订单", "en": "Orders"}, _of_each(_orders))
    register("repair", {"zh": "维修", "en": "Repairs"}, _of_each(_repairs))
    register("booking", {"zh": "预约", "en": "Bookings"}, _of_each(_bookings))
    register("card", {"zh": "会员卡", "en": "Card"}, _of_each(_card))
    register("change", {"zh": "资料变更", "en": "Changes"}, _of_each(_changes))
