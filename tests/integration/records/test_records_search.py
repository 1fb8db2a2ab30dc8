"""Whom a search finds, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.apps.customers.logic.customers import meant
from dealerline.apps.customers.models import Car, Customer, CustomerPhone
from dealerline.apps.search.logic import customers as searching
from tests.integration.records.conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(world: World) -> dict[str, Customer]:
    """Of both stores, the oldest first."""
    made = {}
    for n, (store, name, plate) in enumerate([
        (world.east, "王伟", "沪A12345"),
        (world.west, "王伟", "苏E12399"),
        (world.east, "张王伟芳", "沪AD88888"),
        (world.west, "欧阳娜娜", ""),
        (world.east, "买买提·艾力", ""),
        (world.east, "Tom O'Neil", ""),
        (world.east, "王", ""),
        (world.west, "王小明", ""),
        (world.east, "100%_好", ""),
    ]):  # fmt: skip
        customer = Customer.objects.create(store=store, name=name, number=f"K-{n}")
        CustomerPhone.objects.create(customer=customer, e164=f"+861381234000{n}", primary=True)
        if plate:
            Car.objects.create(customer=customer, plate=plate)
        made[f"{name} {store.code}"] = customer
    return made


def found(world: World, who: str, text: str, store: Any = None, **narrow: str) -> list[str]:
    seen, ids = meant(world.people[who], text, store.pk if store else None, **narrow)
    known = {row.pk: f"{row.name} {row.store.code}" for row in seen.select_related("store")}
    assert ids is not None and set(ids) <= known.keys()
    return [known[number] for number in ids]


MEANT: list[tuple[str, list[str]]] = [
    ("王伟", ["王伟 west", "王伟 east", "张王伟芳 east"]),
    ("伟芳", ["张王伟芳 east"]),
    ("王芳", []),
    ("伟", ["张王伟芳 east", "王伟 west", "王伟 east"]),
    ("王", ["王 east", "王小明 west", "张王伟芳 east", "王伟 west", "王伟 east"]),
    ("王 小明", ["王小明 west"]),
    ("wxm", ["王小明 west"]),
    ("xm", ["王小明 west"]),
    ("wangxiao", ["王小明 west"]),
    ("Wang Xiaoming", ["王小明 west"]),
    ("ww", ["王伟 west", "王伟 east", "张王伟芳 east"]),
    ("ouyang", ["欧阳娜娜 west"]),
    ("oy", ["欧阳娜娜 west"]),
    ("o", ["欧阳娜娜 west"]),
    ("买买提艾力", ["买买提·艾力 east"]),
    ("买买提・艾", ["买买提·艾力 east"]),
    ("o'neil", ["Tom O'Neil east"]),
    ("tom o", ["Tom O'Neil east"]),
    ("TOM", ["Tom O'Neil east"]),
    ("沪A12345", ["王伟 east"]),
    ("沪a·123", ["王伟 east"]),
    ("123", ["100%_好 east", "王小明 west", "王 east", "Tom O'Neil east", "买买提·艾力 east", "欧阳娜娜 west",
             "张王伟芳 east", "王伟 west", "王伟 east"]),
    ("138 1234-0003", ["欧阳娜娜 west"]),
    ("１３８　１２３４-０００３", ["欧阳娜娜 west"]),
    ("沪Ａ１２３４５", ["王伟 east"]),
    ("D888", ["张王伟芳 east"]),
    ("k-3", ["欧阳娜娜 west"]),
    ("%", []),
    ("_", []),
    ("%_好", ["100%_好 east"]),
    ("\\", []),
    ("·", []),
    ("💥", []),
    ("龘龘龘", []),
]  # fmt: skip


def test_a_group_manager_finds_whom_he_means_the_exact_first_then_the_newest(
    world: World, people: dict[str, Customer]
) -> None:
    assert {text: found(world, "gina", text) for text, _ in MEANT} == dict(MEANT)


def test_ones_own_store_comes_before_the_others_but_behind_the_exact(world: World, people: dict[str, Customer]) -> None:
    gina = world.gina
    gina.store = world.east
    assert found(world, "gina", "王伟") == ["王伟 east", "王伟 west", "张王伟芳 east"]
    assert found(world, "gina", "伟") == ["张王伟芳 east", "王伟 east", "王伟 west"]
    assert found(world, "gina", "王", world.west) == ["王小明 west", "王伟 west"]


def test_nobody_of_another_store_is_found_and_masked_numbers_only_whole_or_by_their_end(
    world: World, people: dict[str, Customer]
) -> None:
    assert found(world, "charlie", "王伟") == ["王伟 west"]
    assert found(world, "charlie", "伟", world.east) == [] and found(world, "alice", "欧阳") == []
    assert found(world, "walter", "1381234") == ["王小明 west", "欧阳娜娜 west", "王伟 west"]
    assert found(world, "charlie", "1381234") == [] and found(world, "charlie", "0007") == ["王小明 west"]
    assert found(world, "charlie", "13812340007") == ["王小明 west"]
    assert found(world, "charlie", "13812340000") == []


def test_what_is_common_is_found_among_the_newest_what_is_rare_by_the_index_and_never_too_many(
    world: World, people: dict[str, Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = {text: found(world, "gina", text) for text in ("王", "w", "ww", "wei", "123")}
    monkeypatch.setattr(searching, "NEWEST", 2)
    assert {text: found(world, "gina", text) for text in everybody} == everybody
    monkeypatch.setattr(searching, "NEWEST", 100)
    monkeypatch.setattr(searching, "FOUND_AT_MOST", 2)
    assert found(world, "gina", "王") == ["王 east", "王小明 west"]
    assert [len(found(world, "gina", text)) for text in everybody] == [2, 2, 2, 2, 2]
    Customer.objects.filter(name="王伟").update(level="vip")
    assert found(world, "gina", "王", level="vip") == ["王伟 west", "王伟 east"], "the VIPs, not those of the newest"
    assert found(world, "gina", "王", level="vip", label="老客户") == []
    answer = world.browser("gina").get("/api/customers", {"q": "王"}).json()
    assert (answer["total"], answer["pages"], [row["name"] for row in answer["items"]]) == (2, 1, ["王", "王小明"])
