"""What a VIN and a plate say of themselves, as the columns that keep it."""

from __future__ import annotations

from dealerline.domain import plates, vins


def facts_of(vin: str, plate: str) -> dict[str, str]:
    """The derived columns of a car: warning about its VIN, its maker in both languages, the kind of its plate."""
    maker = vins.maker(vin)
    warning = vins.check(vin).code if vin else ""
    return {"vin_warning": warning, "maker_zh": maker[0] if maker else "", "maker_en": maker[1] if maker else "",
            "plate_kind": plates.read(plate).kind if plate else ""}
