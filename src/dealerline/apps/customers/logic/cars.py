"""Cars of the file: read from VIN and plate, changed, handed over; who owns, drives and pays for them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left, Right
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.models import Car, CarRole, Customer, RoleKind
from dealerline.apps.organisation.facade import brand_names
from dealerline.domain import plates, vins

FIELDS = ("customer_id", "vin", "plate", "brand_id", "model", "year", "colour", "mileage_km", "mileage_on", "bought_on",
          "insurance_until", "insurer", "inspection_until", "warranty_until", "warranty_km", "next_service_on",
          "next_service_km", "recall", "gone_on", "notes")
PLAIN = tuple(field for field in FIELDS if not field.endswith("_id"))
ROLE_FIELDS = ("car_id", "customer_id", "role", "since", "until", "note")
AGREED = 0.6
"""Share of a type's cars that must be called the same, before a new one is called so, too."""


def warning_text(code: str, vin: str) -> dict[str, str] | None:
    """What is doubtful about a VIN that was kept all the same."""
    return vins.check(vin).reason if code else None


def draw(person: Person, car: Car) -> dict[str, Any]:
    """A car with everything that its file knows."""
    maker = {"zh": car.maker_zh, "en": car.maker_en} if car.maker_zh else None
    return {"id": car.pk, "customer": car.customer_id, **{field: getattr(car, field) for field in PLAIN},
            "vin_warning": warning_text(car.vin_warning, car.vin), "maker": maker,
            "plate_kind": plates.KINDS.get(car.plate_kind), "new_energy": plates.is_new_energy(car.plate_kind),
            "brand": car.brand.text if car.brand else None, "brand_id": car.brand_id, "version": car.version}


def draw_role(person: Person, role: CarRole) -> dict[str, Any]:
    """A role, with whose it is where he may be seen."""
    seen = role.customer.store_id in person.stores_for(rows.VIEW)
    return {"id": role.pk, "car": role.car_id, "role": role.role,
            "customer": {"id": role.customer_id, "name": role.customer.name} if seen else None,
            "since": role.since, "until": role.until, "note": role.note, "version": role.version}


CAR = rows.Kind("car", Car, FIELDS, lambda car: (car.customer_id, car.customer.store_id),
                {"zh": "这辆车", "en": "this car"}, draw, ("customer", "brand"))
ROLE = rows.Kind("role", CarRole, ROLE_FIELDS, lambda role: (role.car.customer_id, role.car.customer.store_id),
                 {"zh": "这个角色", "en": "this role"}, draw_role, ("car__customer", "customer"))
TAKEN = {"zh": "这位客户已有这个车架号的车。", "en": "This customer has a car with that VIN already."}


def search(person: Person, query: str, customer: int | None = None, store: int | None = None) -> QuerySet[Car]:
    """Cars by part of the plate, the whole VIN or its last six characters or more."""
    found: QuerySet[Car] = rows.visible(CAR, person)
    if customer is not None:  # his few, as a list: a subquery beside an index would have every car read
        roles = CarRole.objects.filter(customer=customer, until__isnull=True)
        others = list(roles.values_list("car", flat=True)[:1000])
        found = found.filter(Q(customer=customer) | Q(pk__in=others))
    if store is not None:
        found = found.filter(customer__store=store)
    text = plates.normalised(query)
    if text and customer is not None:
        found = found.filter(Q(plate__contains=text) | Q(vin__endswith=vins.normalised(query)))
    elif text:
        found = found.filter(pk__in=Car.objects.filter(plate__contains=text).order_by().values("pk").union(
            by_vin(text).order_by().values("pk")))
    return found.order_by("gone_on", "-id") if customer is not None else found.order_by("-id")


def by_vin(text: str) -> QuerySet[Car]:
    """Cars of that VIN, or whose VIN ends so (six to sixteen characters)."""
    vin = vins.normalised(text)
    if len(vin) >= vins.LENGTH:
        return Car.objects.filter(vin=vin)
    if not len(vin) >= 6:
        return Car.objects.none()
    return Car.objects.alias(tail=Right("vin", 6)).filter(tail=vin[-6:], vin__endswith=vin)


def facts(person: Person, vin: str, plate: str, but: int | None = None) -> dict[str, Any]:
    """What VIN and plate say, before anything is saved; and in whose file such a car is already."""
    read, checked = plates.read(plate), vins.check(vin)
    frame = vins.normalised(vin)
    maker = vins.maker(frame)
    guess = model_of(person, frame)
    same = Q(pk__in=[])
    if frame and not checked.impossible:
        same |= Q(vin=frame)
    if plate.strip():
        same |= Q(plate=read.text)
    found = rows.visible(CAR, person).filter(same)
    there = (found.exclude(pk=but) if but is not None else found).order_by("-id")[:5]
    return {
        "vin": frame, "vin_problem": checked.reason if vin.strip() else None, "vin_impossible": checked.impossible,
        "maker": {"zh": maker[0], "en": maker[1]} if maker else None,
        "year": vins.model_year(frame, timezone.localdate().year),
        "model": guess["model"] if guess else "", "brand_id": guess["brand_id"] if guess else None,
        "plate": read.text, "plate_kind": plates.KINDS[read.kind] if plate.strip() else None,
        "plate_problem": read.reason if plate.strip() else None, "plate_meant": read.meant,
        "there": [{"car": car.pk, "plate": car.plate, "model": car.model,
                   "customer": {"id": car.customer_id, "name": car.customer.name}} for car in there]}


def model_of(person: Person, vin: str) -> dict[str, Any] | None:
    """Brand and model that most cars of the same type have in the files he may see; None when they disagree."""
    key = vins.type_key(vin)
    if not key:
        return None
    same = Car.objects.visible_to(person, rows.VIEW).alias(type=Left("vin", vins.CHECK_PLACE)).filter(type=key)
    counted = same.exclude(model="").order_by().values("model", "brand_id").annotate(n=Count("pk")).order_by("-n")
    found: list[dict[str, Any]] = [dict(row) for row in counted[:20]]
    whole = sum(row["n"] for row in found)
    return found[0] if found and found[0]["n"] >= AGREED * whole else None


def add(person: Person, customer: Customer, values: dict[str, Any], anyway: bool, source: str) -> Car:
    """One more car. Maker, year and model follow from the VIN where nothing else is said."""
    car = Car(customer=customer)
    _put(car, values, anyway)
    if car.vin and not vins.check(car.vin).impossible:
        car.year = car.year or vins.model_year(car.vin, timezone.localdate().year)
        guess = model_of(person, car.vin) if not car.model else None
        if guess:
            car.model, car.brand_id = guess["model"], car.brand_id or guess["brand_id"]
    if not (car.plate or car.vin or car.model):
        raise rows.invalid(plate={"zh": "请至少填写车牌、车架号或车型。", "en": "Give a plate, a VIN or a model."})
    return rows.create(CAR, person, car, source, TAKEN)


def change(person: Person, key: int, version: int, values: dict[str, Any], anyway: bool, source: str) -> Car:
    """Change a car."""
    return rows.change(CAR, person, key, version, {}, source, taken=TAKEN,
                       before_saving=lambda car: _put(car, values, anyway))


def _put(car: Car, values: dict[str, Any], anyway: bool) -> None:
    wrong: dict[str, dict[str, str]] = {}
    wanted = dict(values)
    if "plate" in wanted:
        read = plates.read(wanted["plate"])
        wanted["plate"] = read.text[:plates.LONGEST]
        if read.reason and read.text and read.text != car.plate and (not anyway or len(read.text) > plates.LONGEST):
            wrong["plate"] = read.reason
    if "vin" in wanted:
        vin = vins.normalised(wanted["vin"])
        verdict = vins.check(vin)
        wanted["vin"] = vin[:vins.LENGTH]
        if vin and vin != car.vin and verdict.impossible and verdict.reason and (
                not anyway or len(vin) > vins.LENGTH):
            wrong["vin"] = verdict.reason
    brand = wanted.get("brand_id")
    if brand is not None and brand not in brand_names():
        wrong["brand_id"] = {"zh": "没有这个品牌。", "en": "There is no such brand."}
    if wrong:
        raise rows.invalid(**wrong)
    if "mileage_km" in wanted and wanted["mileage_km"] != car.mileage_km and "mileage_on" not in wanted:
        wanted["mileage_on"] = timezone.localdate() if wanted["mileage_km"] is not None else None
    for field, value in wanted.items():
        setattr(car, field, value)


# roles ----------------------------------------------------------------------------------------------------------------
def roles_of(person: Person, car: Car) -> list[dict[str, Any]]:
    """Everybody who has or had to do with it, the present ones first."""
    found = CarRole.objects.filter(car=car).select_related("customer").order_by("-until", "-since", "-id")[:50]
    return [draw_role(person, role) for role in found]


def give_role(person: Person, car: Car, values: dict[str, Any], source: str) -> CarRole:
    """Give somebody a role. A new owner takes the car into his file, and the old one's time as owner ends."""
    try:
        them = access_customer(person, values["customer"])
    except NotFound:
        raise rows.invalid(customer={"zh": "没有这位客户，或者您无权查看。",
                                     "en": "There is no such customer, or he is not yours to see."}) from None
    since, until = values.get("since"), values.get("until")
    _in_order(since, until)
    role = CarRole(car=car, customer=them, role=values["role"], since=since, until=until, note=values.get("note", ""))
    with transaction.atomic():
        locked = Car.objects.select_for_update().select_related("customer").get(pk=car.pk)
        if role.role == RoleKind.OWNER and until is None:
            _end_ownership(person, locked, since or timezone.localdate(), source)
        made = rows.create(ROLE, person, role, source, {
            "zh": "这位客户已有这个角色。", "en": "He has that role already."})
        if role.role == RoleKind.OWNER and until is None and locked.customer_id != them.pk:
            if not person.can(rows.EDIT, them.store_id):
                raise NotAllowed
            rows.change(CAR, person, car.pk, locked.version, {"customer_id": them.pk}, source, taken={
                "zh": "新车主的档案里已有这辆车。", "en": "The new owner's file has this car already."})
    return rows.access(ROLE, person, made.pk)


def change_role(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> CarRole:
    """Change when it began and ended, or its note."""
    return rows.change(ROLE, person, key, version, values, source,
                       before_saving=lambda role: _in_order(role.since, role.until))


def _end_ownership(person: Person, car: Car, on: date, source: str) -> None:
    """Whoever owned it until now did so until that day; if nobody wrote down that he did, it is written now."""
    old = CarRole.objects.filter(car=car, role=RoleKind.OWNER, until__isnull=True).first()
    if old is not None:
        rows.change(ROLE, person, old.pk, old.version, {"until": max(on, old.since or on)}, source)
    else:
        begun = car.bought_on if car.bought_on and car.bought_on <= on else None
        rows.create(ROLE, person, CarRole(car=car, customer_id=car.customer_id, role=RoleKind.OWNER, since=begun,
                                          until=on), source)


def _in_order(since: date | None, until: date | None) -> None:
    if since and until and until < since:
        raise rows.invalid(until={"zh": "结束日期早于起始日期。", "en": "It ends before it begins."})
