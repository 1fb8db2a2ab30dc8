"""Pairs, previews and merges as the pages see them, numbers masked by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.duplicates.logic import finding
from dealerline.apps.duplicates.logic.fields import field_words, fields_of, in_both, shown
from dealerline.apps.duplicates.logic.habits import customer_model
from dealerline.apps.duplicates.logic.merging import Done, stamp_of, try_out
from dealerline.apps.duplicates.logic.moving import Joined, model_of
from dealerline.apps.duplicates.logic.undoing import in_the_way
from dealerline.apps.duplicates.models import Merge, Pair
from dealerline.apps.organisation.facade import store_names
from dealerline.domain import numbers
from dealerline.domain.duplicates import AGAINST, RULES, verdict

Text = dict[str, str]
BEHIND = ("history", "segments")
"""Apps whose rows go along without anybody's needing to hear of them."""

NOTES: Mapping[str, Text] = {
    "customers.customerphone": {"zh": "号码相同：合为一个，勿扰标记保留",
                                "en": "the same number: one, and do-not-call stays"},
    "customers.car": {"zh": "同一辆车：合为一辆，维修、订单和预约归到一起",
                      "en": "the same car: one, with the repairs, orders and bookings of both"},
    "leads.lead": {"zh": "同品牌只能有一条进行中的线索：合为一条，后来的负责人成为协助人",
                   "en": "one open lead for a make: one thread, the later owner becomes a helper"},
    "customers.tie": {"zh": "关系相同：合为一条", "en": "the same tie: one"},
    "customers.carrole": {"zh": "角色相同：合为一条", "en": "the same role: one"},
}
ITSELF = {"zh": "两人之间的关系不再有意义，暂存", "en": "it tied the two to each other: put aside"}
ONE = {"zh": "两边都有：合为一条，空缺处互补", "en": "both have it: one, each filling what the other lacks"}


def masked(person: Person, number: str, stores: Iterable[int]) -> str:
    """A number as the person may see it."""
    return number if all(sees_numbers(person, store) for store in stores) else numbers.masked(number)


def reasons_of(person: Person, reasons: Iterable[Mapping[str, Any]], stores: Iterable[int]) -> list[dict[str, Any]]:
    """Why two may be one."""
    places = list(stores)
    return [{"rule": reason["rule"], "words": dict(RULES[reason["rule"]].words), "points": reason["points"],
             "what": masked(person, reason["what"], places) if reason["rule"] == "phone" else reason["what"]}
            for reason in reasons if reason["rule"] in RULES]


def side(person: Person, row: Any) -> dict[str, Any]:
    """One of the two, short."""
    return {
        "id": row.pk, "name": row.name, "title": row.title, "kind": row.kind, "level": row.level,
        "company": row.company, "store": row.store_id, "created_at": row.created_at, "version": row.version,
        "number": row.number, "phones": [masked(person, phone.e164, [row.store_id]) for phone in row.phones.all()[:5]],
        "cars": [str(car) for car in row.cars.all()[:5]], "cars_count": row.cars.count()}


def pairs_as_json(person: Person, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """A page of pairs; of a customer who is gone only the id and what he was called."""
    rows = list(pairs)
    found = customer_model().objects.filter(pk__in={one for pair in rows for one in (pair.low, pair.high)})
    people = {row.pk: side(person, row) for row in found.prefetch_related("phones")}
    merges = {merge.gone: merge for merge in Merge.objects.filter(gone__in={one for pair in rows for one in (
        pair.low, pair.high)}, undone_at__isnull=True)}
    who = names({pair.decided_by_id for pair in rows if pair.decided_by_id})
    return [{
        "id": pair.pk, "score": pair.score, "state": pair.state, "note": pair.note, "found_at": pair.found_at,
        "decided_at": pair.decided_at, "decided_by": who.get(pair.decided_by_id or 0, ""),
        "across": pair.store_id != pair.other_store_id,
        "reasons": reasons_of(person, pair.reasons, (pair.store_id, pair.other_store_id)),
        "merge": next((merges[one].pk for one in (pair.low, pair.high) if one in merges), None),
        "customers": [people.get(one) or _gone(one, merges.get(one), pair) for one in (pair.low, pair.high)],
    } for pair in rows]


def _gone(customer: int, merge: Merge | None, pair: Pair) -> dict[str, Any]:
    row = merge.row if merge is not None else {}
    return {"id": customer, "name": row.get("name", ""), "title": row.get("title", ""),
            "kind": row.get("kind", "person"), "level": row.get("level", "normal"), "company": row.get("company", ""),
            "store": row.get("store_id", pair.store_id), "created_at": row.get("created_at"), "version": 0,
            "number": row.get("number"), "phones": [], "cars": [], "cars_count": 0, "gone": True}


def preview(person: Person, kept: Any, gone: Any, take: Mapping[str, str]) -> dict[str, Any]:
    """What the merge would do, tried out."""
    stamp, people = stamp_of(kept, gone), [side(person, row) for row in (kept, gone)]
    fields = fields_of(kept, gone)
    known = finding.facts([kept.pk, gone.pk])
    found = verdict(known[kept.pk], known[gone.pk])
    stores = (kept.store_id, gone.store_id)
    pair = Pair.objects.filter(low=min(kept.pk, gone.pk), high=max(kept.pk, gone.pk)).first()
    drawn = [{
        "field": field.name, "words": field_words(field.name), "kept": shown(field.name, field.kept),
        "gone": shown(field.name, field.gone), "take": take.get(field.name, field.choice.take),
        "why": field.choice.why, "may": list(field.choice.may)} for field in fields]
    done = try_out(person, kept, gone, take)
    return {
        "kept": people[0], "gone": people[1], "stamp": stamp, "fields": drawn, "score": found.score,
        "reasons": reasons_of(person, [{"rule": one.rule, "what": one.what, "points": one.points}
                                       for one in found.reasons], stores),
        "against": [dict(AGAINST[code]) for code in found.against], "pair": pair.pk if pair else None,
        "state": pair.state if pair else "", "moves": moves_of(done), "joined": joined_of(person, done, stores),
        "warnings": warnings(person, stores)}


def moves_of(done: Done) -> list[dict[str, Any]]:
    """How many rows of each kind go along."""
    found = []
    for label, count in sorted(done.mover.counts.items()):
        model = model_of(label)
        if model._meta.app_label not in BEHIND and not model._meta.auto_created:
            found.append({"label": label, "words": in_both(lambda m=model: m._meta.verbose_name_plural),
                          "count": count})
    return found


def joined_of(person: Person, done: Done, stores: tuple[int, int], at_most: int = 200) -> list[dict[str, Any]]:
    """Rows of which one is made, and how."""
    found = []
    for joined in done.mover.joined:
        model = model_of(joined.label)
        if model._meta.app_label in BEHIND or model._meta.auto_created:
            continue
        note = ITSELF if joined.kept is None else NOTES.get(joined.label, ONE)
        found.append({"label": joined.label, "words": in_both(lambda m=model: m._meta.verbose_name),
                      "what": _what(person, joined, stores), "note": dict(note)})
    return found[:at_most]


def _what(person: Person, joined: Joined, stores: tuple[int, int]) -> str:
    if joined.label == "customers.customerphone":
        return masked(person, joined.gone.e164, stores)
    return str(joined.gone)


def warnings(person: Person, stores: tuple[int, int]) -> list[Text]:
    """What somebody should know before he merges."""
    if stores[0] == stores[1]:
        return []
    words = store_names(set(stores))
    kept, gone = (words.get(store, {"zh": "", "en": ""}) for store in stores)
    return [{"zh": f"两家门店：合并后客户归“{kept['zh']}”，“{gone['zh']}”的同事将看不到这位客户。",
             "en": f"Two stores: he then belongs to {kept['en']}, and people of {gone['en']} do not see him any more."}]


def merge_as_json(merge: Merge) -> dict[str, Any]:
    """A merge, and whether it can be taken back now."""
    later = in_the_way(merge) if merge.undone_at is None else None
    kept = customer_model().objects.filter(pk=merge.kept).values_list("name", flat=True).first() or ""
    who = names({key for key in (merge.by_id, merge.undone_by_id) if key})
    moved = sum(count for label, count in merge.counts.items() if label.split(".")[0] not in BEHIND)
    return {
        "id": merge.pk, "kept": merge.kept, "kept_name": kept, "gone": merge.gone, "now": merge.now,
        "gone_name": merge.row.get("name", ""), "at": merge.at, "by": who.get(merge.by_id or 0, ""), "moved": moved,
        "undone_at": merge.undone_at, "undone_by": who.get(merge.undone_by_id or 0, ""),
        "left": [{"what": one["what"], "why": one["why"]} for one in merge.left],
        "first": later.pk if later else None, "erased": not merge.row}
