"""The demo's second files are ones that the rules find, but for the household."""

from __future__ import annotations

from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.apps.demo.world.customers import Customer, everyone
from dealerline.apps.demo.world.doubles import ROUNDS, doubles
from dealerline.apps.demo.world.layout import STORES
from dealerline.domain.duplicates import Facts, Number, verdict


def facts(one: Customer) -> Facts:
    stores = {store.code: n for n, store in enumerate(STORES)}
    return Facts(one.serial, stores[one.store], one.name, one.kind, pinyin_of(one.name), one.title, one.company,
                 phones=tuple(Number(number) for number, _ in one.phones),
                 vins=frozenset(car.vin for car in one.cars if car.vin),
                 plates=frozenset(car.plate for car in one.cars))  # fmt: skip


def test_each_second_file_is_found_with_its_first_and_the_household_is_not() -> None:
    people = everyone()
    again = doubles(people)
    assert again == doubles(people)
    assert len({one.serial for one in [*people, *again]}) == len(people) + len(again)
    found = []
    for double in again:
        pairs = [one for one in people if {n for n, _ in one.phones} & {n for n, _ in double.phones}
                 or {car.plate for car in one.cars} & {car.plate for car in double.cars}]  # fmt: skip
        assert len(pairs) == 1
        found.append(verdict(facts(pairs[0]), facts(double)).same)
    assert found == [True, True, True, True, False, True] * ROUNDS
