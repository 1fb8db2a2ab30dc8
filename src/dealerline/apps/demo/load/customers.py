"""Customers with what belongs to them, by COPY."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.apps.customers.facade import car_facts, phone_facts, pinyin_of, sort_key
from dealerline.apps.demo.load.file import File, touches
from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world import stream
from dealerline.apps.demo.world.customers import Customer

RECALLS = {"ONE": "高压电池管理软件升级", "宋PLUS DM-i": "燃油泵更换"}
"""Models with an open recall, of one car in ten."""
PHONE_FACTS = ("country", "city_zh", "city_en", "carrier")
CAR_FACTS = ("vin_warning", "maker_zh", "maker_en", "plate_kind")


class Customers:
    """Loads all of them; ``ids`` then maps serials to primary keys. ``part``: whose random numbers they draw."""

    def __init__(self, ledger: Ledger, made: Organisation, base: date, zone: ZoneInfo,
                 part: str = "customers' touches") -> None:
        self.ledger, self.made, self.base = ledger, made, base
        self.midnight = datetime(base.year, base.month, base.day, tzinfo=zone)
        self.ids: dict[int, int] = {}
        self.cars: dict[tuple[int, int], int] = {}
        self.orders: dict[str, int] = {}
        self.repairs: dict[str, int] = {}
        self.cards: dict[str, int] = {}
        self.rng = stream(part)

    def load(self, people: list[Customer]) -> None:
        """With all that hangs on them."""
        self.load_bare(people)
        File(self.ledger, self.made, self.midnight, self.ids, self.cars, self.orders, self.repairs,
             self.cards).load(people)

    def load_bare(self, people: list[Customer]) -> None:
        """Without ties, steps, payments and bookings."""
        model = table("customers.Customer")
        keys = self.ledger.new_keys(model, len(people))
        self.ids = {one.serial: key for one, key in zip(people, keys, strict=True)}
        self.ledger.copy(
            model,
            (
                "id",
                "store_id",
                "kind",
                "number",
                "name",
                "title",
                "name_pinyin",
                "company",
                "level",
                "labels",
                "notes",
                "need",
                "created_by_id",
                "created_at",
                "updated_at",
                "version",
                "name_sort",
                "intention",
                "purchase_status",
                "wants_model",
            ),
            (self._customer(one) for one in people),
        )
        self._phones(people)
        self._cars(people)
        self._orders(people)
        self._repairs(people)
        self._cards(people)

    def day(self, offset: int) -> date:
        return self.base + timedelta(days=offset)

    def _customer(self, one: Customer) -> tuple[Any, ...]:
        created = self.midnight + timedelta(days=one.created, hours=9 + one.serial % 9, minutes=one.serial % 60)
        title = {"先生": "Mr", "女士": "Ms"}.get(one.title, one.title) if one.language == "en" else one.title
        return (
            self.ids[one.serial],
            self.made.stores[one.store].pk,
            one.kind,
            one.number,
            one.name,
            title,
            pinyin_of(one.name),
            one.company,
            one.level,
            json.dumps(one.labels, ensure_ascii=False),
            one.notes,
            "",
            None,
            created,
            created,
            1,
            sort_key(one.name),
            *touches(self.rng, one),
        )

    def _phones(self, people: list[Customer]) -> None:
        model = table("customers.CustomerPhone")
        rows = []
        for one in people:
            barred = self.rng.random() < 0.02
            for n, (number, use) in enumerate(one.phones):
                facts = phone_facts(number)
                rows.append((
                    self.ids[one.serial], number, number.removeprefix("+86"), use, n == 0,
                    *(facts[name] for name in PHONE_FACTS), barred, "不愿接电话，可发短信" if barred else "",
                    self.midnight - timedelta(days=30) if barred else None))
        self._numbered(model, ("id", "customer_id", "e164", "raw", "use", "primary", *PHONE_FACTS, "do_not_call",
                               "do_not_call_why", "do_not_call_since"), rows)

    def _numbered(self, model: Any, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[int]:
        keys = self.ledger.new_keys(model, len(rows))
        self.ledger.copy(model, columns, ((key, *row) for key, row in zip(keys, rows, strict=True)))
        return keys

    def _cars(self, people: list[Customer]) -> None:
        found = [(one, n, car) for one in people for n, car in enumerate(one.cars)]
        rows = [
            (
                self.ids[one.serial],
                car.vin,
                car.plate,
                self.made.brands[car.model.brand].pk,
                car.model.name,
                car.year,
                car.colour,
                car.mileage,
                self.day(car.bought),
                self.day(car.insurance),
                self.day(car.inspection),
                *(car_facts(car.vin, car.plate)[name] for name in CAR_FACTS),
                self.day(-self.rng.randrange(1, 200)),
                self.day(car.bought + 3 * 365),
                self.day(self.rng.randrange(-20, 300)),
                car.mileage // 10_000 * 10_000 + 10_000,
                RECALLS.get(car.model.name, "") if self.rng.random() < 0.1 else "",
            )
            for one, _, car in found
        ]
        keys = self._numbered(
            table("customers.Car"),
            (
                "id",
                "customer_id",
                "vin",
                "plate",
                "brand_id",
                "model",
                "year",
                "colour",
                "mileage_km",
                "bought_on",
                "insurance_until",
                "inspection_until",
                *CAR_FACTS,
                "mileage_on",
                "warranty_until",
                "next_service_on",
                "next_service_km",
                "recall",
            ),
            rows,
        )
        self.cars = {(one.serial, n): key for (one, n, _), key in zip(found, keys, strict=True)}

    def _orders(self, people: list[Customer]) -> None:
        keys = self._numbered(
            table("customers.Order"),
            (
                "id",
                "customer_id",
                "store_id",
                "number",
                "model",
                "status",
                "amount",
                "salesperson_id",
                "ordered_on",
                "expected_on",
                "open",
            ),
            [
                (
                    self.ids[one.serial],
                    self.made.stores[one.store].pk,
                    o.number,
                    o.model,
                    o.status,
                    o.amount,
                    self.made.people[o.salesperson].pk,
                    self.day(o.ordered),
                    self.day(o.expected),
                    o.open,
                )
                for one in people
                for o in one.orders
            ],
        )
        self.orders = dict(zip((o.number for one in people for o in one.orders), keys, strict=True))

    def _repairs(self, people: list[Customer]) -> None:
        def at(hours: int | None) -> datetime | None:
            return None if hours is None else self.midnight + timedelta(hours=hours)

        keys = self._numbered(
            table("customers.Repair"),
            (
                "id",
                "customer_id",
                "car_id",
                "store_id",
                "number",
                "stage",
                "work",
                "adviser_id",
                "amount",
                "received_at",
                "promised_at",
                "open",
            ),
            [
                (
                    self.ids[one.serial],
                    self.cars[one.serial, r.car],
                    self.made.stores[one.store].pk,
                    r.number,
                    r.stage,
                    r.work,
                    self.made.people[r.adviser].pk,
                    r.amount,
                    at(r.received),
                    at(r.promised),
                    r.open,
                )
                for one in people
                for r in one.repairs
            ],
        )
        self.repairs = dict(zip((r.number for one in people for r in one.repairs), keys, strict=True))

    def _cards(self, people: list[Customer]) -> None:
        keys = self._numbered(
            table("customers.MembershipCard"),
            ("id", "customer_id", "number", "level", "points", "balance", "valid_until"),
            [
                (self.ids[one.serial], c.number, c.level, c.points, c.balance, self.day(c.valid))
                for one in people
                for c in one.cards
            ],
        )
        self.cards = dict(zip((c.number for one in people for c in one.cards), keys, strict=True))
