"""Orders with steps and payments, repair orders with lines and stages, appointments."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.models import (
    Booking,
    Car,
    CarRole,
    Customer,
    Order,
    OrderStatus,
    OrderStep,
    Payment,
    Repair,
    RepairLine,
    RepairStage,
    RepairStep,
)
from dealerline.apps.customers.models.business import OPEN_BOOKINGS
from dealerline.apps.organisation.facade import store_names

ORDER_FIELDS = ("customer_id", "store_id", "number", "model", "colour", "car_id", "status", "amount", "salesperson_id",
                "ordered_on", "expected_on", "delivered_on", "notes", "open")
PAYMENT_FIELDS = ("order_id", "kind", "amount", "paid_on", "way", "note")
REPAIR_FIELDS = ("customer_id", "car_id", "store_id", "number", "stage", "work", "said", "adviser_id", "amount",
                 "mileage_km", "received_at", "promised_at", "closed_at", "open")
LINE_FIELDS = ("repair_id", "kind", "code", "text", "quantity", "price", "declined", "declined_why", "ask_again_on")
BOOKING_FIELDS = ("customer_id", "store_id", "car_id", "repair_id", "kind", "at", "minutes", "text", "adviser_id",
                  "state")
ENDED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED)
NUMBER_TAKEN = {"zh": "本店已有这个单号。", "en": "This store has that number already."}


def _ref(row: Any) -> dict[str, Any] | None:
    return None if row is None else {"id": row.pk, "name": row.name}


def _whose(person: Person, customer: Customer) -> dict[str, Any] | None:
    """Whose it is; nobody where the order is seen but the customer is another store's."""
    return _ref(customer) if customer.store_id in person.stores_for(rows.VIEW) else None


def _car(car: Car | None) -> dict[str, Any] | None:
    return None if car is None else {"id": car.pk, "plate": car.plate, "model": car.model, "vin": car.vin}


# drawing --------------------------------------------------------------------------------------------------------------
def draw_order(person: Person, order: Order) -> dict[str, Any]:
    """An order as lists show it."""
    return {"id": order.pk, "number": order.number, "customer": _whose(person, order.customer), "store": order.store_id,
            "model": order.model, "colour": order.colour, "car": _car(order.car), "status": order.status,
            "amount": order.amount, "salesperson": _ref(order.salesperson), "ordered_on": order.ordered_on,
            "expected_on": order.expected_on, "delivered_on": order.delivered_on, "notes": order.notes,
            "open": order.open, "version": order.version}


def draw_order_whole(person: Person, order: Order) -> dict[str, Any]:
    """An order with its steps and payments; ``paid``: their sum."""
    paid = order.payments.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    steps = [{"status": step.status, "at": step.at, "by": _ref(step.by)} for step in order.steps.select_related("by")]
    return {**draw_order(person, order), "paid": paid, "steps": steps,
            "payments": [draw_payment(person, payment) for payment in order.payments.all()]}


def draw_payment(person: Person, payment: Payment) -> dict[str, Any]:
    """A payment."""
    return {"order": payment.order_id, **rows.jsonable(payment, PAYMENT_FIELDS[1:])}


def draw_repair(person: Person, repair: Repair) -> dict[str, Any]:
    """A repair order as lists show it."""
    return {"id": repair.pk, "number": repair.number, "customer": _whose(person, repair.customer),
            "store": repair.store_id, "car": _car(repair.car), "stage": repair.stage, "work": repair.work,
            "said": repair.said, "adviser": _ref(repair.adviser), "amount": repair.amount,
            "mileage_km": repair.mileage_km, "received_at": repair.received_at, "promised_at": repair.promised_at,
            "closed_at": repair.closed_at, "open": repair.open, "version": repair.version}


def draw_repair_whole(person: Person, repair: Repair) -> dict[str, Any]:
    """A repair order with its lines and stages; ``total``: of the lines that were not declined."""
    lines = list(repair.lines.all())
    total = sum(((line.price or Decimal(0)) * line.quantity for line in lines if not line.declined), Decimal(0))
    steps = [{"stage": step.stage, "at": step.at, "by": _ref(step.by)} for step in repair.steps.select_related("by")]
    return {**draw_repair(person, repair), "total": total.quantize(Decimal("0.01")), "steps": steps,
            "lines": [draw_line(person, line) for line in lines]}


def draw_line(person: Person, line: RepairLine) -> dict[str, Any]:
    """A line of a repair order."""
    return {"repair": line.repair_id, **rows.jsonable(line, LINE_FIELDS[1:])}


def draw_declined(person: Person, line: RepairLine) -> dict[str, Any]:
    """Declined work, with whose it is and of which car."""
    repair = line.repair
    return {**draw_line(person, line), "number": repair.number, "customer": _whose(person, repair.customer),
            "car": _car(repair.car)}


def draw_booking(person: Person, booking: Booking) -> dict[str, Any]:
    """An appointment."""
    return {"id": booking.pk, "customer": _whose(person, booking.customer), "store": booking.store_id,
            "car": _car(booking.car), "repair": booking.repair_id, "kind": booking.kind, "at": booking.at,
            "minutes": booking.minutes, "text": booking.text, "adviser": _ref(booking.adviser),
            "state": booking.state, "open": booking.state in OPEN_BOOKINGS, "version": booking.version}


ORDER = rows.Kind("order", Order, ORDER_FIELDS, lambda row: (row.customer_id, row.store_id),
                  {"zh": "这张订单", "en": "this order"}, draw_order_whole, ("customer", "car", "salesperson"))
PAYMENT = rows.Kind("payment", Payment, PAYMENT_FIELDS, lambda row: (row.order.customer_id, row.order.store_id),
                    {"zh": "这笔付款", "en": "this payment"}, draw_payment, ("order",))
REPAIR = rows.Kind("repair", Repair, REPAIR_FIELDS, lambda row: (row.customer_id, row.store_id),
                   {"zh": "这张维修单", "en": "this repair order"}, draw_repair_whole, ("customer", "car", "adviser"))
LINE = rows.Kind("repair_line", RepairLine, LINE_FIELDS, lambda row: (row.repair.customer_id, row.repair.store_id),
                 {"zh": "这个项目", "en": "this line"}, draw_line, ("repair",))
BOOKING = rows.Kind("booking", Booking, BOOKING_FIELDS, lambda row: (row.customer_id, row.store_id),
                    {"zh": "这个预约", "en": "this booking"}, draw_booking, ("customer", "car", "adviser"))


# what a form may say --------------------------------------------------------------------------------------------------
def checked(customer: int, values: dict[str, Any]) -> dict[str, Any]:
    """The values with references by their columns' names. Raises Problem for a car that is not his, or nobody."""
    wanted = dict(values)
    for field in ("salesperson", "adviser"):
        if field in wanted:
            key = wanted.pop(field)
            if key and key not in names({key}):
                raise rows.invalid(**{field: {"zh": "没有这位同事。", "en": "There is no such colleague."}})
            wanted[f"{field}_id"] = key or None
    if "car" in wanted:
        key = wanted.pop("car")
        if key and not Car.objects.filter(Q(pk=key), Q(customer=customer) | Q(pk__in=CarRole.objects.filter(
                customer=customer).values("car"))).exists():
            raise rows.invalid(car={"zh": "这辆车不在这位客户的档案里。", "en": "That car is not in his file."})
        wanted["car_id"] = key or None
    return wanted


def store_or_own(person: Person, customer: Customer, store: int | None) -> int:
    """The store asked for, else the customer's. One that is not his to write in is none."""
    if store is not None and store not in store_names({store} if store in person.stores_for(rows.EDIT) else set()):
        raise rows.invalid(store={"zh": "没有这家门店。", "en": "There is no such store."})
    return store or customer.store_id


def new_number(letter: str) -> str:
    """A number for a row that no other system numbered."""
    return f"{letter}{timezone.localdate():%y%m%d}-{secrets.token_hex(3).upper()}"


# orders ---------------------------------------------------------------------------------------------------------------
def add_order(person: Person, customer: Customer, values: dict[str, Any], source: str) -> Order:
    """A new order, at its first step."""
    wanted = checked(customer.pk, values)
    order = Order(customer=customer, store_id=store_or_own(person, customer, wanted.pop("store", None)))
    _put_order(order, wanted)
    order.number = order.number or new_number("H")
    order.ordered_on = order.ordered_on or timezone.localdate()
    made = rows.create(ORDER, person, order, source, NUMBER_TAKEN)
    OrderStep.objects.create(order=made, status=made.status, by=person)
    return rows.access(ORDER, person, made.pk)


def change_order(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Order:
    """Change an order. A new status is a step; delivered and cancelled close it, anything else opens it again."""
    def before_saving(order: Order) -> None:
        status = order.status
        _put_order(order, checked(order.customer_id, values))
        if order.status != status:
            OrderStep.objects.create(order=order, status=order.status, by=person)

    return rows.change(ORDER, person, key, version, {}, source, before_saving=before_saving, taken=NUMBER_TAKEN)


def _put_order(order: Order, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(order, field, value)
    order.open = order.status not in ENDED
    if order.status == OrderStatus.DELIVERED and order.delivered_on is None:
        order.delivered_on = timezone.localdate()
    if order.delivered_on and order.ordered_on and order.delivered_on < order.ordered_on:
        raise rows.invalid(delivered_on={"zh": "交付日期早于下单日期。", "en": "It is delivered before it is ordered."})


def add_payment(person: Person, order: Order, values: dict[str, Any], source: str) -> Payment:
    """Money for an order."""
    _check_payment(values["kind"], values["amount"])
    return rows.create(PAYMENT, person, Payment(order=order, **values), source)


def change_payment(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Payment:
    """Change a payment."""
    return rows.change(PAYMENT, person, key, version, values, source,
                       before_saving=lambda row: _check_payment(row.kind, row.amount))


def _check_payment(kind: str, amount: Decimal) -> None:
    if amount == 0 or (amount < 0) != (kind == "refund"):
        raise rows.invalid(amount={"zh": "退款为负数，其他付款为正数。",
                                   "en": "What is paid back is below zero, everything else above."})


# repairs --------------------------------------------------------------------------------------------------------------
def add_repair(person: Person, customer: Customer, values: dict[str, Any], source: str) -> Repair:
    """A new repair order."""
    wanted = checked(customer.pk, values)
    repair = Repair(customer=customer, store_id=store_or_own(person, customer, wanted.pop("store", None)))
    _put_repair(repair, wanted)
    repair.number = repair.number or new_number("W")
    made = rows.create(REPAIR, person, repair, source, NUMBER_TAKEN)
    RepairStep.objects.create(repair=made, stage=made.stage, by=person)
    return rows.access(REPAIR, person, made.pk)


def change_repair(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Repair:
    """Change a repair order. A new stage is a step; collected closes it, anything else opens it again."""
    def before_saving(repair: Repair) -> None:
        stage = repair.stage
        _put_repair(repair, checked(repair.customer_id, values))
        if repair.stage != stage:
            RepairStep.objects.create(repair=repair, stage=repair.stage, by=person)

    return rows.change(REPAIR, person, key, version, {}, source, before_saving=before_saving, taken=NUMBER_TAKEN)


def _put_repair(repair: Repair, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(repair, field, value)
    repair.open = repair.stage != RepairStage.CLOSED
    if repair.stage != RepairStage.BOOKED and repair.received_at is None:
        repair.received_at = timezone.now()
    repair.closed_at = None if repair.open else (repair.closed_at or timezone.now())


def add_line(person: Person, repair: Repair, values: dict[str, Any], source: str) -> RepairLine:
    """A line of a repair order."""
    return rows.create(LINE, person, RepairLine(repair=repair, **values), source)


def change_line(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> RepairLine:
    """Change a line. One that is not declined any more has no reason and no day to ask again."""
    def before_saving(line: RepairLine) -> None:
        if not line.declined:
            line.declined_why, line.ask_again_on = "", None

    return rows.change(LINE, person, key, version, values, source, before_saving=before_saving)


# appointments ---------------------------------------------------------------------------------------------------------
def add_booking(person: Person, customer: Customer, values: dict[str, Any], source: str) -> Booking:
    """A new appointment, in time to come."""
    wanted = checked(customer.pk, values)
    if wanted["at"] < timezone.now():
        raise rows.invalid(at={"zh": "预约时间已经过去。", "en": "That time is over."})
    booking = Booking(customer=customer, store_id=store_or_own(person, customer, wanted.pop("store", None)), by=person,
                      **wanted)
    return rows.access(BOOKING, person, rows.create(BOOKING, person, booking, source).pk)


def change_booking(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Booking:
    """Change, move, confirm or cancel an appointment."""
    def before_saving(booking: Booking) -> None:
        for field, value in checked(booking.customer_id, values).items():
            setattr(booking, field, value)

    return rows.change(BOOKING, person, key, version, {}, source, before_saving=before_saving)


# lists ----------------------------------------------------------------------------------------------------------------
def listed(kind: rows.Kind[Any], person: Person, *, customer: int | None = None, store: int | None = None,
           where: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None) -> QuerySet[Any]:
    """Rows of a kind that the person may see, of one customer or one store, as ``where`` narrows them."""
    found: QuerySet[Any] = rows.visible(kind, person)
    if customer is not None:
        found = found.filter(customer=customer)
    if store is not None:
        found = found.filter(store=store)
    return where(found) if where is not None else found
