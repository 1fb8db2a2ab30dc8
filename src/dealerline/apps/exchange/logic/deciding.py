"""What will happen with each row of a chunk: the same rule for the dry run, the import and a single upsert.

The rule of the file: nothing is written here. A row that cannot be brought in has its reason in both languages; for
every other row it says which of ours it is, whose, and what would be made or changed. Nobody who was erased on request
comes back by a list: a row that would write a number, plate or VIN of his is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from dealerline.apps.common.access import StoreSet
from dealerline.apps.customers.facade import bulk, finding
from dealerline.apps.organisation import facade as organisation
from dealerline.apps.privacy.facade import was_erased
from dealerline.domain.exchange import KINDS, Fault, Kind
from dealerline.domain.exchange.mapping import plain

OWNER = ("owner_number", "owner_name", "owner_phone")
ERASED = "erased"
"""The code of the fault of a row of somebody erased on request."""
ANOTHERS = {"zh": "档案里它属于另一位客户，这一点没有改：请在页面上办理过户。",
            "en": "In the file it belongs to another customer, and that stays: hand it over on its page."}
NOT_FIELDS = ("store", "key", "brand", *OWNER)


@dataclass(frozen=True, slots=True)
class Rule:
    """How an import decides. ``stores``: those it may write to; ``system``: whose keys the rows carry."""

    kind: str
    store: int
    stores: StoreSet
    system: str = ""
    existing: str = "update"  # skip, fill, update
    alike: str = "phone_name"
    owners: str = "make"


@dataclass(slots=True)
class Words:
    """Stores and brands by the words that lists use for them."""

    stores: dict[str, int]
    zones: dict[int, ZoneInfo]
    brands: dict[str, int]

    @classmethod
    def now(cls) -> Words:
        """As they are in the tables."""
        stores, zones = {}, {}
        for pk, (words, zone) in organisation.store_words().items():
            zones[pk] = ZoneInfo(zone)
            stores.update({plain(word): pk for word in words})
        brands = {plain(word): pk for pk, words in organisation.brand_words().items() for word in words}
        return cls(stores, zones, brands)


@dataclass(slots=True)
class Row:
    """A row on its way. ``values`` as cleaned; ``fields``: columns of ours as JSON has them."""

    line: int
    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    store: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    found: finding.Found = finding.NOTHING
    owner: int | None = None
    new_owner: dict[str, Any] | None = None
    action: str = ""  # bad, new, update, same, skip
    changed: bulk.Changed | None = None
    note: dict[str, str] = field(default_factory=dict)  # what a person should know of it, though it comes in

    def refuse(self, column: str, code: str, zh: str, en: str) -> None:
        """It cannot be brought in."""
        self.faults.append(Fault(column, code, zh, en))
        self.action = "bad"


def decide(rows: list[Row], rule: Rule, words: Words) -> None:
    """Fill in what happens with each row that has no fault yet."""
    kind = KINDS[rule.kind]
    for row in rows:
        if row.faults:
            row.action = "bad"
        else:
            _resolve(row, kind, rule, words)
    good = [row for row in rows if not row.faults]
    for row, found in zip(good, finding.find(rule.kind, [_ask(row, rule) for row in good]), strict=True):
        if found.elsewhere and found.store in rule.stores and "store" not in row.values:
            row.store, found = found.store or row.store, replace(found, elsewhere=False)  # where it is, it stays
        row.found = found
        if found.elsewhere:
            row.refuse("number" if "number" in row.values else "key", "elsewhere", "这个编号已被其他门店使用。",
                       "This number is used by another store already.")
    if kind.owned:
        _find_owners([row for row in good if not row.faults], rule)
    _compare([row for row in good if not row.faults], rule)
    _leave_out_erased([row for row in good if not row.faults], kind)


def _resolve(row: Row, kind: Kind, rule: Rule, words: Words) -> None:
    values = row.values
    row.store = rule.store
    if "store" in values:
        store = words.stores.get(plain(values["store"]))
        if store is None:
            row.refuse(
                "store",
                "store",
                "没有这个门店，请填写门店代码或名称。",
                "There is no such store: write its code or name.",
            )
            return
        row.store = store
    if row.store not in rule.stores:
        row.refuse("store", "store_scope", "您不能向这个门店导入。", "You may not import into this store.")
        return
    row.fields = {name: value for name, value in values.items() if name not in NOT_FIELDS}
    if kind.name == "repairs":
        row.fields = {name: value for name, value in row.fields.items() if name not in ("plate", "vin")}
        zone = words.zones.get(row.store)
        for name in ("received_at", "promised_at"):
            if name in row.fields:
                moment = datetime.fromisoformat(row.fields[name])
                row.fields[name] = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    if "brand" in values and words.brands:
        brand = words.brands.get(plain(values["brand"]))
        if brand is None:
            row.refuse("brand", "brand", "品牌不在集团的品牌表中，请先在后台添加。",
                       "The brand is not in the group's list: add it in the back office first.")
            return
        row.fields["brand_id"] = brand
    if "key" in values and rule.system:
        row.fields["external_source"], row.fields["external_key"] = rule.system, values["key"]


def _ask(row: Row, rule: Rule) -> finding.Ask:
    values = row.values
    return finding.Ask(
        store=row.store, source=rule.system, key=values.get("key", "") if rule.system else "",
        number=values.get("number", ""), phones=values.get("phones", []), name=values.get("name", ""),
        vin=values.get("vin", ""), plate=values.get("plate", ""), by_phone=rule.alike == "phone")


def _find_owners(rows: list[Row], rule: Rule) -> None:
    """Whose each row is: as the row says; else as the car it names says; else as it was."""
    owners = finding.find("customers", [finding.Ask(
        store=row.store, number=str(row.values.get("owner_number", "")).upper(),
        phones=row.values.get("owner_phone", []), name=row.values.get("owner_name", ""),
        by_phone=rule.alike == "phone" or "owner_name" not in row.values) for row in rows])
    cars = [finding.NOTHING] * len(rows)
    if rule.kind == "repairs":
        cars = finding.find("cars", [finding.Ask(store=row.store, vin=row.values.get("vin", ""),
                                                 plate=row.values.get("plate", "")) for row in rows])
    for row, owner, car in zip(rows, owners, cars, strict=True):
        if owner.elsewhere and (owner.store not in rule.stores or "store" in row.values):
            row.refuse("owner_number", "elsewhere", "这个客户编号已被其他门店使用。",
                       "This customer number is used by another store already.")
            continue
        if car.id is not None:
            row.fields["car_id"] = car.id
        if owner.id is not None and row.found.customer not in (None, owner.id):
            row.note = ANOTHERS
        row.owner = owner.id or car.customer or row.found.customer
        if row.owner is None:
            _new_owner(row, rule)


def _new_owner(row: Row, rule: Rule) -> None:
    name, phones = row.values.get("owner_name", ""), row.values.get("owner_phone", [])
    if rule.owners == "make" and name and (phones or "owner_number" in row.values):
        row.new_owner = {"name": name, "phones": phones}
        if "owner_number" in row.values:
            row.new_owner["number"] = str(row.values["owner_number"]).upper()
    elif not any(column in row.values for column in OWNER):
        row.refuse("owner_phone", "owner_missing", "没有客户的编号、姓名或电话，不知道属于谁。",
                   "Neither number, name nor phone of the customer stands there: whose it is cannot be told.")
    else:
        row.refuse("owner_phone", "owner_unknown", "找不到这位客户，请先导入客户，或填写姓名和电话。",
                   "There is no such customer: import the customers first, or give name and phone.")


def _compare(rows: list[Row], rule: Rule) -> None:
    wanted = {row.found.id: row.fields for row in rows if row.found.id is not None}
    changes = bulk.compare(rule.kind, wanted, fill=rule.existing == "fill") if rule.existing != "skip" else {}
    for row in rows:
        if row.found.id is None:
            row.action = "new"
        elif rule.existing == "skip":
            row.action = "skip"
        else:
            row.changed = changes.get(row.found.id)
            row.action = "update" if row.changed is not None and row.changed.after else "same"


Mark = tuple[str, str]
"""What somebody is known by, as privacy keeps it: kind (phone, vin, plate, number, key) and value."""


def _leave_out_erased(rows: list[Row], kind: Kind) -> None:
    stores: dict[int, list[tuple[Row, dict[Mark, str]]]] = {}
    for row in rows:
        if marks := _would_write(row, kind):
            stores.setdefault(row.store, []).append((row, marks))
    for store, found in stores.items():
        erased = was_erased({mark for _row, marks in found for mark in marks}, store)
        for row, marks in found:
            mark = next((mark for mark in marks if mark in erased), None)
            if mark is not None:
                on = timezone.localdate(erased[mark]).isoformat()
                row.refuse(marks[mark], ERASED,
                           f"属于 {on} 按本人要求删除的客户，因此不导入。如果他又成为客户，请先手工录入。",
                           f"It belongs to somebody who was erased on request on {on}: left out. If he is a customer "
                           "again, enter it by hand first.")


def _would_write(row: Row, kind: Kind) -> dict[Mark, str]:
    """By what the row would put somebody into the file, with its column. What is there again, a person has entered."""
    values = row.fields if row.action == "new" else row.changed.after if row.changed else {}
    before = row.changed.before if row.changed else {}
    marks: dict[Mark, str] = {}
    if kind.name == "customers":
        marks |= {("phone", number): "phone" for number in values.get("phones", ())
                  if number not in before.get("phones", ())}
    if kind.name == "customers" and row.action == "new":  # by these a list knows him again, but no telephone book does
        marks |= {("number", str(values["number"])): "number"} if values.get("number") else {}
        marks |= {("key", f"{values['external_source']} {values['external_key']}"): "key"} \
            if values.get("external_key") else {}
    marks |= {(name, str(values[name])): name for name in ("vin", "plate") if values.get(name)}
    if kind.name == "repairs" and row.action == "new" and "car_id" not in row.fields:
        marks |= {(name, str(row.values[name])): name for name in ("vin", "plate") if row.values.get(name)}
    if row.new_owner is not None and row.owner is None and row.action == "new":
        marks |= {("phone", number): "owner_phone" for number in row.new_owner["phones"]}
        marks |= {("number", row.new_owner["number"]): "owner_number"} if row.new_owner.get("number") else {}
    return marks


def as_row(line: int, cleaned: Mapping[str, Any], faults: list[Fault]) -> Row:
    """A cleaned row for deciding."""
    return Row(line, dict(cleaned), list(faults))
