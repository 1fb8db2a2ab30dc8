"""A few of the customers once more, as it happens: entered in a hurry, by another store, or with another telephone.

So the list of duplicates has something to show: a telephone, a VIN in two stores, a name with a plate, a company; and
a household on one number, who are not the same.
"""

from __future__ import annotations

from dataclasses import replace

from dealerline.apps.demo.world.customers import Customer
from dealerline.apps.demo.world.layout import STORES
from dealerline.apps.demo.world.numbers import mobile

FIRST_SERIAL = 9_001
ROUNDS = 3
_BARE = {"labels": (), "notes": "", "level": "normal", "orders": (), "repairs": (), "cards": ()}


def _other_store(store: str) -> str:
    codes = [one.code for one in STORES]
    return codes[(codes.index(store) + 1) % len(codes)]


def doubles(people: list[Customer]) -> list[Customer]:
    """The second files, with serials of their own."""
    owners = [one for one in people if one.kind == "person" and one.language == "zh" and len(one.cars) == 1
              and one.serial > 20 and "·" not in one.name]
    firms = [one for one in people if one.kind == "company"]
    found: list[Customer] = []

    def again(one: Customer, **values: object) -> None:
        serial = FIRST_SERIAL + len(found)
        found.append(replace(one, serial=serial, created=-1 - len(found),
                             **{**_BARE, **values}))  # type: ignore[arg-type]

    for turn in range(ROUNDS):
        by_phone, spaced, moved, by_plate, wife = owners[turn * 97:turn * 97 + 5]
        again(by_phone, name=by_phone.name[0] + by_phone.title, cars=(), notes="来电登记，只问到姓。")
        again(spaced, name=f"{spaced.name[0]} {spaced.name[1:]}", cars=(),
              phones=(*spaced.phones[:1], (mobile(30_000_000 + turn * 37), "mobile")), notes="周末到店试驾时登记。")
        again(moved, store=_other_store(moved.store), phones=((mobile(31_000_000 + turn * 37), "mobile"),))
        again(by_plate, phones=((mobile(32_000_000 + turn * 37), "mobile"),),
              cars=tuple(replace(car, vin="") for car in by_plate.cars))
        again(wife, name="周" + ("敏", "婷", "洁")[turn], title="女士", cars=())
        again(firms[turn], cars=firms[turn].cars[:3], phones=((mobile(33_000_000 + turn * 37), "mobile"),))
    return found
