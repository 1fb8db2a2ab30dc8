"""What some tables need beyond their constraints when two of their rows become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.apps import apps

from dealerline.apps.duplicates.logic.moving import Habit, Mover

UNTIL = ("insurance_until", "inspection_until", "warranty_until", "bought_on")
LEAD_FIELDS = ("origin_note", "model", "budget_from", "budget_to", "wants_by", "need", "next_step", "next_at")


def _same_cars(moving: Sequence[Any], there: Sequence[Any]) -> dict[Any, Any]:
    """The same plate, and no VIN that says otherwise."""
    plates = {car.plate: car for car in reversed(there) if car.plate}
    found = {}
    for car in moving:
        other = plates.get(car.plate)
        if other is not None and (not car.vin or not other.vin or car.vin == other.vin):
            found[car.pk] = other.pk
            if other.vin:
                continue
            del plates[car.plate]  # it takes this one's VIN: a second with another VIN is another car
    return found


def _newer_figures(mover: Mover, gone: Any, kept: Any) -> None:
    """The higher mileage and the later dates are the newer ones."""
    values: dict[str, Any] = {}
    if (gone.mileage_km or 0) > (kept.mileage_km or 0):
        values |= {"mileage_km": gone.mileage_km, "mileage_on": gone.mileage_on}
    for name in UNTIL:
        if getattr(gone, name) and getattr(kept, name) and getattr(gone, name) > getattr(kept, name):
            values[name] = getattr(gone, name)
    mover.change(kept, values)


def _other_owner(moving: Any, there: Any, today: date) -> dict[str, Any] | None:
    """A car has one owner at a time: another who was entered as well was it until today."""
    return {"until": today} if moving.role == "owner" and moving.customer_id != there.customer_id else None


def _lead_stays(moving: Any, there: Any) -> bool:
    """Of two open leads for one make the owned one stays, else the older: protection is whose it was first."""
    return bool((moving.owner_id is not None, -moving.created_at.timestamp())
                > (there.owner_id is not None, -there.created_at.timestamp()))


def _owner_helps(mover: Mover, gone: Any, kept: Any) -> None:
    """Whoever had the other lead goes on as a helper: nobody finds his work gone."""
    through = type(kept).helpers.through
    if gone.owner_id is None or gone.owner_id == kept.owner_id:
        return
    row, new = through.objects.get_or_create(lead_id=kept.pk, person_id=gone.owner_id)
    if new:
        mover.made(row)


HABITS: Mapping[str, Habit] = {
    "customers.customerphone": Habit(either={"do_not_call": ("do_not_call_why", "do_not_call_since")}),
    "customers.car": Habit(alike=_same_cars, after=_newer_figures),
    "customers.carrole": Habit(ends=_other_owner, first=True),
    "leads.lead": Habit(stays=_lead_stays, after=_owner_helps, fill=LEAD_FIELDS),
}


def customer_model() -> Any:
    """The table of customers."""
    return apps.get_model("customers.Customer")
