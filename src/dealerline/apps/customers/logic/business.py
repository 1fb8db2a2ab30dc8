"""Orders with steps and payments, repair orders with lines and stages, appointments."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
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


# rows of a customer ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OfCustomer:
    """A kind of what a customer has in a store: made, changed and listed alike.

    ``draw``: as lists show it. ``put``: sets the values given and what follows from them; a new row has no id yet.
    ``emptied``: what null empties. ``steps``: where is written down when it came to which step, by its own field
    ``step``. ``letter``: what a number begins with that no other system gave.
    """

    kind: rows.Kind[Any]
    draw: rows.Draw
    put: Callable[[Person, Any, dict[str, Any]], None]
    emptied: tuple[str, ...] = ()
    steps: type[OrderStep] | type[RepairStep] | None = None
    step: str = ""
    letter: str = ""

    def add(self, person: Person, customer: Customer, values: dict[str, Any], source: str) -> Any:
        """A new one, at its first step. Without a number it gets one."""
        wanted = checked(customer.pk, values)
        row: Any = self.kind.model(customer=customer,
                                   store_id=store_or_own(person, customer, wanted.pop("store", None)))
        self.put(person, row, wanted)
        if self.letter:
            row.number = row.number or new_number(self.letter)
        made = rows.create(self.kind, person, row, source, NUMBER_TAKEN)
        self._stepped(person, made)
        return rows.access(self.kind, person, made.pk)

    def change(self, person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Any:
        """Change it. A new step is written down."""
        def before_saving(row: Any) -> None:
            step = getattr(row, self.step, None)
            self.put(person, row, checked(row.customer_id, values))
            if getattr(row, self.step, None) != step:
                self._stepped(person, row)

        return rows.change(self.kind, person, key, version, {}, source, before_saving=before_saving,
                           taken=NUMBER_TAKEN)

    def listed(self, person: Person, customer: int | None = None, store: int | None = None) -> QuerySet[Any]:
        """Those that the person may see, of one customer or one store."""
        found: QuerySet[Any] = rows.visible(self.kind, person)
        if customer is not None:
            found = found.filter(customer=customer)
        return found if store is None else found.filter(store=store)

    def _stepped(self, person: Person, row: Any) -> None:
        if self.steps is not None:
            self.steps.objects.create(**{self.kind.name: row, self.step: getattr(row, self.step), "by": person})


def _put(row: Any, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(row, field, value)


def _put_order(person: Person, order: Order, values: dict[str, Any]) -> None:
    """Delivered and cancelled close it, anything else opens it again."""
    _put(order, values)
    order.open = order.status not in ENDED
    today = timezone.localdate()
    if order.status == OrderStatus.DELIVERED and order.delivered_on is None:
        order.delivered_on = today
    if order.pk is None and order.ordered_on is None:
        order.ordered_on = min(order.delivered_on or today, today)
    if order.delivered_on and order.ordered_on and order.delivered_on < order.ordered_on:
        raise rows.invalid(delivered_on={"zh": "交付日期早于下单日期。", "en": "It is delivered before it is ordered."})


def _put_repair(person: Person, repair: Repair, values: dict[str, Any]) -> None:
    """Collected closes it, anything else opens it again."""
    _put(repair, values)
    repair.open = repair.stage != RepairStage.CLOSED
    if repair.stage != RepairStage.BOOKED and repair.received_at is None:
        repair.received_at = timezone.now()
    repair.closed_at = None if repair.open else (repair.closed_at or timezone.now())


def _put_booking(person: Person, booking: Booking, values: dict[str, Any]) -> None:
    """A new one is in time to come."""
    _put(booking, values)
    if booking.pk is None:
        booking.by = person
        if booking.at < timezone.now():
            raise rows.invalid(at={"zh": "预约时间已经过去。", "en": "That time is over."})


ORDERS = OfCustomer(ORDER, draw_order, _put_order, ("amount", "ordered_on", "expected_on", "delivered_on"), OrderStep,
                    "status", "H")
REPAIRS = OfCustomer(REPAIR, draw_repair, _put_repair, ("amount", "mileage_km", "received_at", "promised_at"),
                     RepairStep, "stage", "W")
BOOKINGS = OfCustomer(BOOKING, draw_booking, _put_booking)


# rows below them ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Below:
    """A kind of row below an order or a repair order. ``check``: what must hold of it, or follows from it.

    ``own_way``: its ``way`` is a field of the row (how it was paid), not by what way the change came.
    """

    kind: rows.Kind[Any]
    above: rows.Kind[Any]
    check: Callable[[Any], None]
    emptied: tuple[str, ...] = ()
    own_way: bool = False

    def add(self, person: Person, key: int, values: dict[str, Any], source: str) -> Any:
        """One more of the row with that id."""
        above = rows.access(self.above, person, key, rows.EDIT)
        row = self.kind.model(**{self.above.name: above}, **values)
        self.check(row)
        return rows.create(self.kind, person, row, source)

    def change(self, person: Person, key: int, version: int, values: dict[str, Any], source: str) -> Any:
        """Change it."""
        return rows.change(self.kind, person, key, version, values, source, before_saving=self.check)


def _check_payment(payment: Payment) -> None:
    if payment.amount == 0 or (payment.amount < 0) != (payment.kind == "refund"):
        raise rows.invalid(amount={"zh": "退款为负数，其他付款为正数。",
                                   "en": "What is paid back is below zero, everything else above."})


def _check_line(line: RepairLine) -> None:
    """One that is not declined has no reason and no day to ask again."""
    if not line.declined:
        line.declined_why, line.ask_again_on = "", None


PAYMENTS = Below(PAYMENT, ORDER, _check_payment, own_way=True)
LINES = Below(LINE, REPAIR, _check_line, ("price", "ask_again_on"))
