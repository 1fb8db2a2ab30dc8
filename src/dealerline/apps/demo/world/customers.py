"""Two thousand invented customers with their cars, orders, repairs and cards.

Dates are days before (-) or after (+) the base day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from dealerline.apps.demo.world import catalogue, names, stream
from dealerline.apps.demo.world.catalogue import Model
from dealerline.apps.demo.world.layout import PEOPLE, STORES, Store
from dealerline.apps.demo.world.numbers import fixed, mobile, plate, vin

COUNT = 2000
BASE_YEAR = 2026  # model years end here, whatever the base day, so that VINs stay the same

_COLOURS = ("珍珠白", "曜石黑", "星河灰", "宝石蓝", "香槟金", "火焰红", "雅士银", "墨绿")
_LEVELS = ("normal", "silver", "gold", "vip")
_REPAIR_STAGES = ("booked", "received", "diagnosis", "parts", "working", "check", "ready")
_ORDER_STEPS = ("enquiry", "deposit", "ordered", "in_transit", "ready")


@dataclass(frozen=True, slots=True)
class Car:
    model: Model
    vin: str
    plate: str
    year: int
    colour: str
    mileage: int
    bought: int
    insurance: int
    inspection: int


@dataclass(frozen=True, slots=True)
class Order:
    number: str
    model: str
    status: str
    amount: int
    salesperson: str
    ordered: int
    expected: int
    open: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """``received`` and ``promised`` are hours from the base day's midnight; None: not yet."""

    number: str
    car: int
    stage: str
    work: str
    amount: int
    adviser: str
    received: int | None
    promised: int
    open: bool


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    level: str
    points: int
    balance: int
    valid: int


@dataclass(frozen=True, slots=True)
class Customer:
    serial: int
    store: str
    kind: str
    name: str
    title: str
    language: str
    company: str
    level: str
    labels: tuple[str, ...]
    notes: str
    created: int
    phones: tuple[tuple[str, str], ...]  # (E.164, use), the main one first
    cars: tuple[Car, ...] = ()
    orders: tuple[Order, ...] = ()
    repairs: tuple[Repair, ...] = ()
    cards: tuple[Card, ...] = field(default=())

    @property
    def number(self) -> str:
        return f"AT{self.serial:06d}"

    @property
    def car(self) -> str:
        """What he talks about on the telephone."""
        return self.cars[0].model.name if self.cars else "新车"


def _car(rng: random.Random, store: Store, plates: set[str], vins: set[str]) -> Car:
    model = rng.choice(catalogue.models_of(store.brands))
    year = rng.randint(max(model.since, BASE_YEAR - 9), BASE_YEAR)
    age = (BASE_YEAR - year) * 365 + rng.randrange(30, 320)
    number = plate(rng, rng.choice(store.plates), model.new_energy)
    while number in plates:
        number = plate(rng, rng.choice(store.plates), model.new_energy)
    plates.add(number)
    frame = vin(rng, model.maker, year)
    while frame in vins:
        frame = vin(rng, model.maker, year)
    vins.add(frame)
    mileage = min(260_000, int(age / 365 * rng.triangular(4_000, 32_000, 13_000)))
    return Car(
        model, frame, number, year, rng.choice(_COLOURS), mileage, -age, rng.randrange(-12, 353), rng.randrange(-6, 725)
    )


def _order(rng: random.Random, store: Store, number: str) -> Order:
    model = rng.choice(catalogue.models_of(store.brands))
    chance = rng.random()
    people = [p.login for p in PEOPLE if p.store == store.code and "sales" in p.queues]
    ordered = -rng.randrange(1, 80)
    if chance < 0.45:
        status, opened, expected = "delivered", False, ordered + rng.randrange(7, 40)
        ordered -= 60
        expected = ordered + rng.randrange(7, 45)
    elif chance < 0.52:
        status, opened, expected = "cancelled", False, ordered + 30
    else:
        status, opened, expected = rng.choice(_ORDER_STEPS), True, rng.randrange(2, 50)
    trim = rng.choice(("标准版", "舒适版", "豪华版", "旗舰版"))
    amount = int(model.price * rng.uniform(0.93, 1.16) // 100 * 100)
    return Order(number, f"{model.name} {trim}", status, amount, rng.choice(people), ordered, expected, opened)


def _repair(rng: random.Random, store: Store, number: str, car: int, model: Model, current: bool) -> Repair:
    work, low, high, days = rng.choice(catalogue.NEW_ENERGY_WORK if model.new_energy else catalogue.WORK)
    amount = rng.randrange(low, high + 1, 10)
    people = [p.login for p in PEOPLE if p.store == store.code and "repair" in p.queues]
    if not current:
        start = -rng.randrange(3, 365) * 24 + rng.randrange(9, 17)
        return Repair(number, car, "closed", work, amount, rng.choice(people), start, start + days * 24 + 5, False)
    stage = rng.choice(_REPAIR_STAGES)
    received = None if stage == "booked" else -rng.randrange(0, days + 2) * 24 + rng.randrange(8, 11)
    promised = (
        rng.randrange(1, 4) * 24 + rng.randrange(9, 17) if stage in ("booked", "parts") else rng.randrange(10, 42)
    )
    return Repair(number, car, stage, work, amount, rng.choice(people), received, promised, True)


def _card(rng: random.Random, serial: int, level: str) -> Card:
    return Card(
        f"6688{serial:08d}",
        level,
        rng.randrange(0, 26_000, 10),
        rng.choice((0, 0, 0, 500, 1_000, 2_000)),
        rng.randrange(30, 720),
    )


def _belongings(
    rng: random.Random, store: Store, serial: int, cars: tuple[Car, ...], level: str
) -> tuple[tuple[Order, ...], tuple[Repair, ...], tuple[Card, ...]]:
    """What hangs on a customer, in numbers that follow from how many cars he has."""
    orders = tuple(_order(rng, store, f"SO{serial:06d}-{n + 1}") for n in range(rng.choices((0, 1, 2), (66, 31, 3))[0]))
    if not cars and not orders:
        orders = (_order(rng, store, f"SO{serial:06d}-1"),)
    repairs: list[Repair] = []
    for index, car in enumerate(cars):
        for _ in range(rng.choices((0, 1, 2, 3, 5), (28, 34, 22, 11, 5))[0]):
            repairs.append(_repair(rng, store, f"RO{serial:06d}-{len(repairs) + 1}", index, car.model, False))
        if rng.random() < 0.055:
            repairs.append(_repair(rng, store, f"RO{serial:06d}-{len(repairs) + 1}", index, car.model, True))
    has_card = rng.random() < {"normal": 0.25, "silver": 0.7, "gold": 0.9, "vip": 1.0}[level]
    return orders, tuple(repairs), ((_card(rng, serial, level),) if has_card else ())


def _person(rng: random.Random, serial: int, store: Store, plates: set[str], vins: set[str]) -> Customer:
    name = names.person(rng, rng.choices((1958, 1970, 1982, 1991, 1999), (6, 20, 34, 28, 12))[0])
    level = rng.choices(_LEVELS, (74, 15, 8, 3))[0]
    cars = tuple(_car(rng, store, plates, vins) for _ in range(rng.choices((0, 1, 2, 3), (14, 71, 13, 2))[0]))
    orders, repairs, cards = _belongings(rng, store, serial, cars, level)
    phones = [(mobile(10_000_000 + serial * 37), "mobile")]
    if rng.random() < 0.12:
        phones.append((fixed(store.area, 4_000_000 + serial), "home"))
    if rng.random() < 0.08:
        phones.append((mobile(20_000_000 + serial * 37), "mobile"))
    labels = tuple(sorted(rng.sample(catalogue.LABELS, rng.choices((0, 1, 2, 3), (55, 28, 13, 4))[0])))
    notes = rng.choice(catalogue.CUSTOMER_NOTES) if rng.random() < 0.18 else ""
    return Customer(
        serial,
        store.code,
        "person",
        name.text,
        name.title,
        name.language,
        "",
        level,
        labels,
        notes,
        -rng.randrange(5, 2_400),
        tuple(phones),
        cars,
        orders,
        repairs,
        cards,
    )


def _company(
    rng: random.Random, serial: int, store: Store, taken: set[str], plates: set[str], vins: set[str]
) -> Customer:
    firm = names.company(rng, store.city)
    while firm in taken:
        firm = names.company(rng, store.city)
    taken.add(firm)
    contact = names.person(rng, 1984)
    cars = tuple(_car(rng, store, plates, vins) for _ in range(rng.randint(2, 12)))
    level = rng.choices(_LEVELS, (30, 35, 25, 10))[0]
    orders, repairs, cards = _belongings(rng, store, serial, cars, level)
    phones = ((fixed(store.area, 5_000_000 + serial), "work"), (mobile(10_000_000 + serial * 37), "mobile"))
    return Customer(
        serial,
        store.code,
        "company",
        firm,
        "",
        "zh",
        firm,
        level,
        ("企业用车",),
        f"联系人：{contact.text}{contact.title}。",
        -rng.randrange(60, 2_400),
        phones,
        cars,
        orders,
        repairs,
        cards,
    )


def _showcase(by_store: dict[str, list[Customer]]) -> list[Customer]:
    """The first customers are dressed up by hand.

    Manuals, journeys and the demo's ring button know them by their numbers.
    """
    wanted = (
        # serial, store, name, title, language, level, labels, note
        (1, "pudong", "陈静", "女士", "zh", "vip", ("老客户", "转介绍"), "喜欢由同一位服务顾问接待。"),
        (2, "hongqiao", "买买提·艾力", "先生", "zh", "gold", ("自驾游",), "经常跑长途，关注油耗。"),
        (3, "binjiang", "欧阳雪", "女士", "zh", "silver", ("女性车主",), "希望周末联系，工作日不方便接电话。"),
        (4, "pudong", "Daniel Hofmann", "先生", "en", "gold", (), "Speaks English; little Mandarin."),
        (5, "yizhuang", "李岩", "先生", "zh", "normal", ("置换意向",), "打算明年换车，可推荐新能源车型。"),
        (6, "chaoyang", "阿依古丽·吐尔逊", "女士", "zh", "vip", ("老客户",), ""),
        (7, "binhai", "王睿", "先生", "zh", "normal", (), "住得较远，希望上门取送车。"),
    )
    found = []
    for serial, store, name, title, language, level, labels, notes in wanted:
        usable = (c for c in by_store[store] if c.kind == "person" and c.cars and c.repairs and c.cards)
        body = max(usable, key=lambda c: (any(r.open for r in c.repairs), len(c.orders), len(c.repairs)))
        by_store[store].remove(body)
        found.append(
            replace(
                body,
                serial=serial,
                name=name,
                title=title,
                language=language,
                level=level,
                labels=labels,
                notes=notes,
                phones=((mobile(serial), "mobile"),),
                cards=tuple(replace(card, level=level) for card in body.cards),
            )
        )
    return found


def everyone() -> list[Customer]:
    """All customers, in the order of their serials."""
    rng = stream("customers")
    plates: set[str] = set()
    vins: set[str] = set()
    firms: set[str] = set()
    by_store: dict[str, list[Customer]] = {store.code: [] for store in STORES}
    for serial in range(11, 11 + COUNT):
        store = rng.choices(STORES, [s.share for s in STORES])[0]
        one = (
            _company(rng, serial, store, firms, plates, vins)
            if rng.random() < 0.04
            else _person(rng, serial, store, plates, vins)
        )
        by_store[store.code].append(one)
    first = _showcase(by_store)
    return sorted([*first, *(c for found in by_store.values() for c in found)], key=lambda c: c.serial)
