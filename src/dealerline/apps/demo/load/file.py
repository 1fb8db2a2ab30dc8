"""What hangs on the demo's customers beside cars, orders and repairs: ties, roles, steps, payments, lines, bookings.

Drawn from a stream of its own, so that everything else of the demo stays as it was.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world import stream
from dealerline.apps.demo.world.customers import Customer

ORDER_STEPS = ("enquiry", "deposit", "ordered", "in_transit", "ready", "delivered")
DECLINED = (("更换轮胎（磨损到标线）", 1_600), ("更换空调滤芯", 180), ("制动液更换", 320), ("雨刮片更换", 160),
            ("蓄电池老化，建议更换", 780))
WHY = ("暂时不换", "价格偏高", "想再比较", "")
FINE, RECENT = 120, 40
"""Repairs of so many days have lines; a booking of so many customers each is coming."""


class File:
    """Loads it all, once the customers are there. ``ids``, ``cars``, ``orders``, ``repairs``: the keys they got."""

    def __init__(self, ledger: Ledger, made: Organisation, midnight: datetime, ids: dict[int, int],
                 cars: dict[tuple[int, int], int], orders: dict[str, int], repairs: dict[str, int],
                 cards: dict[str, int]) -> None:
        self.ledger, self.made, self.midnight, self.ids = ledger, made, midnight, ids
        self.cars, self.orders, self.repairs, self.cards = cars, orders, repairs, cards
        self.rng = stream("file")

    def load(self, people: list[Customer]) -> None:
        """Everything, in the order in which it hangs together."""
        self._households(people)
        self._orders(people)
        self._repairs(people)
        self._accounts(people)
        self._bookings(people)

    def _day(self, offset: int) -> date:
        return (self.midnight + timedelta(days=offset)).date()

    def _at(self, offset: int, hour: int, minute: int = 0) -> datetime:
        return self.midnight + timedelta(days=offset, hours=hour, minutes=minute)

    def _make(self, model: str, rows: Iterator[dict[str, Any]]) -> None:
        self.ledger.add([table(model)(**row) for row in rows])

    # household and company ----------------------------------------------------------------------------------------
    def _pairs(self, people: list[Customer]) -> list[tuple[Customer, Customer, str]]:
        """(whose file, who, as what): couples of one store, and people whom a company named."""
        rng, found = self.rng, []
        by_store: dict[str, list[Customer]] = {}
        for one in people:
            if one.kind == "person":
                by_store.setdefault(one.store, []).append(one)
        for persons in by_store.values():
            shuffled = persons[:]
            rng.shuffle(shuffled)
            couples = zip(shuffled[: len(shuffled) // 6: 2], shuffled[1: len(shuffled) // 6: 2], strict=False)
            found += [(one, other, "spouse") for one, other in couples]
        first = next(one for one in people if one.serial == 1)
        if not any(first in pair[:2] for pair in found):
            found.append((first, rng.choice([o for o in by_store[first.store] if o is not first]), "spouse"))
        for firm in (one for one in people if one.kind == "company"):
            for kind, other in zip(("contact", "driver"), rng.sample(by_store[firm.store], 2), strict=True):
                found.append((firm, other, kind))
        return found

    def _households(self, people: list[Customer]) -> None:
        pairs = self._pairs(people)
        self._make("customers.Tie", (
            {"customer_id": self.ids[one.serial], "other_id": self.ids[other.serial], "kind": kind}
            for one, other, kind in pairs))
        self._make("customers.CarRole", (
            {"car_id": self.cars[one.serial, 0], "customer_id": self.ids[other.serial], "role": "driver",
             "since": self._day(one.cars[0].bought)}
            for one, other, kind in pairs if one.cars and kind in ("spouse", "driver")))

    # orders ---------------------------------------------------------------------------------------------------------
    def _orders(self, people: list[Customer]) -> None:
        orders = [(one, order) for one in people for order in one.orders]
        steps, payments = [], []
        for _one, order in orders:
            key, by = self.orders[order.number], self.made.people[order.salesperson].pk
            last = order.status if order.status in ORDER_STEPS else "deposit"
            reached = ORDER_STEPS[: ORDER_STEPS.index(last) + 1]
            span = max(1, min(order.expected, 0) - order.ordered)
            days = [order.ordered + span * n // len(reached) for n in range(len(reached))]
            steps += [{"order_id": key, "status": status, "at": self._at(min(day, -1), 10 + n), "by_id": by}
                      for n, (status, day) in enumerate(zip(reached, days, strict=True))]
            if order.status == "cancelled":
                steps.append({"order_id": key, "status": "cancelled", "at": self._at(-1, 18), "by_id": by})
            if len(reached) > 1:
                payments.append({"order_id": key, "kind": "deposit", "amount": Decimal(5_000),
                                 "paid_on": self._day(days[1]), "way": "微信"})
            if order.status == "delivered":
                payments.append({"order_id": key, "kind": "final", "amount": Decimal(order.amount - 5_000),
                                 "paid_on": self._day(days[-1]), "way": "银行转账"})
            if order.status == "cancelled":
                payments.append({"order_id": key, "kind": "refund", "amount": Decimal(-5_000),
                                 "paid_on": self._day(-1), "way": "微信"})
        self._make("customers.OrderStep", iter(steps))
        self._make("customers.Payment", iter(payments))

    # repairs --------------------------------------------------------------------------------------------------------
    def _repairs(self, people: list[Customer]) -> None:
        rng, lines = self.rng, []
        for repair in (repair for one in people for repair in one.repairs):
            if repair.received is None or repair.received < -FINE * 24:
                continue
            key = self.repairs[repair.number]
            labour = Decimal(repair.amount) * 2 // 5
            lines.append({"repair_id": key, "kind": "labour", "text": repair.work, "price": labour})
            lines.append({"repair_id": key, "kind": "part", "text": "配件", "price": Decimal(repair.amount) - labour})
            if rng.random() < 0.2:
                text, price = rng.choice(DECLINED)
                lines.append({"repair_id": key, "kind": "part", "text": text, "price": Decimal(price),
                              "declined": True, "declined_why": rng.choice(WHY),
                              "ask_again_on": self._day(rng.randrange(3, 90))})
        self._make("customers.RepairLine", iter(lines))

    # cards ----------------------------------------------------------------------------------------------------------
    def _accounts(self, people: list[Customer]) -> None:
        """Each card's account ends with what is on the card."""
        rows = []
        for card in (card for one in people for card in one.cards):
            key, spent = self.cards[card.number], self.rng.choice((0, 0, 500, 1_000))
            paid_in = Decimal(card.balance)
            if paid_in:
                rows.append((key, "topped_up", 0, paid_in, 0, paid_in, -150, "充值"))
            if card.points or spent:
                all_of_it = card.points + spent
                rows.append((key, "earned", all_of_it, Decimal(0), all_of_it, paid_in, -90, "消费积分"))
            if spent:
                rows.append((key, "spent", -spent, Decimal(0), card.points, paid_in, -30, "积分换保养"))
        self._make("customers.CardMovement", (
            {"card_id": key, "kind": kind, "points": points, "money": money, "points_after": after,
             "balance_after": balance, "at": self._at(day, 11), "text": text}
            for key, kind, points, money, after, balance, day, text in rows))

    # appointments -----------------------------------------------------------------------------------------------------
    def _bookings(self, people: list[Customer]) -> None:
        rng, rows = self.rng, []
        drivers = [one for one in people if one.cars]
        for n, one in enumerate([drivers[0], *rng.sample(drivers[1:], RECENT * 2)]):
            past = n > RECENT
            offset = -rng.randrange(1, 60) if past else rng.randrange(1, 12)
            adviser = next((r.adviser for r in one.repairs), None)
            rows.append({
                "customer_id": self.ids[one.serial], "store_id": self.made.stores[one.store].pk,
                "car_id": self.cars[one.serial, 0], "kind": rng.choice(("service", "service", "repair", "inspection")),
                "at": self._at(offset, rng.randrange(8, 17), rng.choice((0, 30))),
                "text": rng.choice(("常规保养", "四轮定位", "异响检查", "年检", "更换刹车片")),
                "adviser_id": self.made.people[adviser].pk if adviser else None,
                "state": rng.choice(("done", "done", "missed")) if past else rng.choice(("booked", "confirmed")),
                "created_at": self._at(min(offset, 0) - rng.randrange(1, 6), 15)})
        self._make("customers.Booking", iter(rows))


def touches(rng: random.Random, one: Customer) -> tuple[str, str, str]:
    """Intention, purchase status and the model wanted, of who buys just now; of most people nothing."""
    order = next((order for order in one.orders if order.open), None)
    if order is not None:
        bought = order.status not in ("enquiry", "deposit")
        return ("A", "ordered" if bought else "talking", order.model)
    if one.cars and rng.random() < 0.9:
        return ("", "owner", "")
    return (rng.choice(("B", "C", "D")), rng.choice(("looking", "comparing")), "")
