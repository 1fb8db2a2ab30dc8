"""One customer put into another: in one transaction, each step remembered; and the same tried out to be looked at.

The rule of the file: a preview is the merge itself, done and taken back before anybody sees it, so that what it says
is what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.desks import notice
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.duplicates.logic import finding
from dealerline.apps.duplicates.logic.fields import chosen_values, in_both, side_of
from dealerline.apps.duplicates.logic.following import now_called
from dealerline.apps.duplicates.logic.habits import HABITS, customer_model
from dealerline.apps.duplicates.logic.moving import Mover, model_of, plain, relations, whole
from dealerline.apps.duplicates.models import Merge, Move, Pair, PairState
from dealerline.apps.history import facade as history
from dealerline.apps.privacy.facade import erased
from dealerline.domain.duplicates import survivor
from dealerline.domain.duplicates.states import after

RIGHT = "customers.merge"
WATCHED = ("customers", "leads")
"""Apps whose rows may meet their like in a merge: when one came or went since the preview, it is looked at again."""
WRITTEN = ("customers", "leads", "promises")
"""Apps whose moved rows have a line each in the history; the others' are many and keep their own story."""

Stamp = dict[str, int]


@dataclass(slots=True)
class Done:
    """A merge that was done or tried."""

    merge: Merge
    mover: Mover


def both(person: Person, one: int, other: int, *, lock: bool = False) -> tuple[Any, Any]:
    """The two customers, if the person may merge them. Outsiders are told that there are none."""
    if one == other:
        raise Problem("same", "请选择两位不同的客户。", "Choose two different customers.")
    model = customer_model()
    rows = model.objects.select_for_update() if lock else model.objects.all()
    found = {row.pk: row for row in rows.filter(pk__in=[one, other]).order_by("pk")}
    for key in (one, other):
        if key not in found:
            _say_where_he_is(person, key)
    for row in found.values():
        if row.store_id not in person.stores_for("customers.view"):
            raise NotFound
    if any(not person.can(RIGHT, row.store_id) for row in found.values()):
        raise NotAllowed
    if any(erased(key) for key in found):
        raise Problem("erased", "该客户的资料已按要求删除，不能合并。",
                      "One of them was erased on request: nothing is left to merge.", status=409)
    return found[one], found[other]


def _say_where_he_is(person: Person, customer: int) -> None:
    """Somebody was quicker: who, and into whom."""
    merge = Merge.objects.visible_to(person, "customers.view").filter(gone=customer, undone_at__isnull=True).first()
    if merge is None:
        raise NotFound
    name, who = merge.row.get("name", ""), getattr(merge.by, "name", "")
    raise Problem("merged_already", f"“{name}”已被{who or '别人'}合并，请查看合并后的客户。",
                  f"{name} was merged already by {who or 'somebody'}: look at the customer he is in now.", status=409,
                  extra={"now": now_called(customer), "merge": merge.pk})


def used(customer: int) -> int:
    """How much hangs on a customer."""
    return sum(child._base_manager.filter(**{column.name: customer}).count() for child, column in relations(
        customer_model()) if child._meta.app_label not in ("history", "segments"))


def ordered(one: Any, other: Any) -> tuple[Any, Any]:
    """(the one that should stay, the one that goes)."""
    rows = {row.pk: row for row in (one, other)}
    stays = survivor(*(side_of(row, used(row.pk)) for row in (one, other))).id
    return rows.pop(stays), next(iter(rows.values()))


def stamp_of(kept: Any, gone: Any) -> Stamp:
    """What a preview was of: both versions, and how many rows of each kind that may meet their like."""
    stamp = {f"{side}.customers.customer": row.version for side, row in (("kept", kept), ("gone", gone))}
    for child, column in relations(customer_model()):
        if child._meta.app_label in WATCHED:
            counts = child._base_manager.filter(**{f"{column.name}__in": [kept.pk, gone.pk]}).order_by()
            for key, count in counts.values_list(column.attname).annotate(n=Count("pk")):
                side = "kept" if key == kept.pk else "gone"
                stamp[f"{side}.{child._meta.label_lower}.{column.name}"] = count
    return stamp


def changed_since(stamp: Stamp, now: Stamp) -> list[dict[str, str]]:
    """What is different from the preview, in words."""
    labels = {key.partition(".")[2] for key in stamp.keys() | now.keys() if stamp.get(key) != now.get(key)}
    names = sorted({".".join(label.split(".")[:2]) for label in labels})
    found = []
    for name in names:
        try:
            meta = model_of(name)._meta
        except (LookupError, ValueError):
            continue
        found.append(in_both(lambda meta=meta: meta.verbose_name_plural))
    return found


def merge(person: Person, kept: int, gone: int, take: Mapping[str, str], stamp: Stamp) -> Done:
    """Put ``gone`` into ``kept``. Raises Problem ``stale`` when either changed since the preview of that ``stamp``."""
    with transaction.atomic():
        stays, goes = both(person, kept, gone, lock=True)
        now = stamp_of(stays, goes)
        if now != stamp:
            what = changed_since(stamp, now)
            raise Problem(
                "stale", f"预览之后有变化：{'、'.join(text['zh'] for text in what)}。请再看一次。",
                f"Changed since the preview: {', '.join(text['en'] for text in what)}. Look once more.", status=409,
                extra={"current": {"changed": what, "stamp": now}})
        done = _merge(person, stays, goes, take)
        _tell(person, done)
    return done


def try_out(person: Person, kept: Any, gone: Any, take: Mapping[str, str]) -> Done:
    """The merge as it would be; nothing of it stays."""
    with transaction.atomic():
        mark = transaction.savepoint()
        both(person, kept.pk, gone.pk, lock=True)
        done = _merge(person, kept, gone, take)
        transaction.savepoint_rollback(mark)
    return done


def _merge(person: Person, kept: Any, gone: Any, take: Mapping[str, str]) -> Done:
    model, row, store = customer_model(), whole(gone), kept.store_id
    values = chosen_values(kept, gone, take)
    mover = Mover(HABITS, timezone.localdate())
    if kept.phones.filter(primary=True).exists():  # one main number: that of the one who stays
        for phone in gone.phones.filter(primary=True):
            mover.change(phone, {"primary": False})
    mover.empty_out(model, {gone.pk: kept.pk})
    mover.set_aside(model, [gone.pk])
    before, called = history.snapshot(kept, values), _also_called(kept, row, values)
    _set(mover, kept, values)
    merge = Merge.objects.create(
        kept=kept.pk, gone=gone.pk, now=kept.pk, store_id=store, other_store_id=gone.store_id, row=row,
        counts=dict(mover.counts), by=person, **called)
    Merge.objects.filter(now=gone.pk, undone_at__isnull=True).update(now=kept.pk)
    Move.objects.bulk_create((Move(merge=merge, seq=n, kind=step.kind, label=step.label, object_id=step.object_id,
                                   field=step.field, before=step.before, after=step.after)
                              for n, step in enumerate(mover.steps)), batch_size=2000)
    _write(person, merge, mover, kept, gone, before)
    _pairs(person, kept, gone)
    return Done(merge, mover)


def _also_called(kept: Any, gone: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
    """The number and the outside key that neither file shows any more: others still use them."""
    other = kept.number if "number" in values else gone["number"]
    outside = ((kept.external_source, kept.external_key) if "external_key" in values
               else (gone["external_source"], gone["external_key"]))
    return {"number": other or "", "external_source": outside[0], "external_key": outside[1]}


def _set(mover: Mover, kept: Any, values: Mapping[str, Any]) -> None:
    mover.change(kept, values)
    kept.version += 1
    kept.save()  # and with it what is worked out of the name


def _write(person: Person, merge: Merge, mover: Mover, kept: Any, gone: Any, before: Mapping[str, Any]) -> None:
    """The history: what became of the one that stays, of the one that went, and of each row that moved."""
    history.record(kept, before, by=person, source=history.Source.MERGE, customer=kept.pk, store=kept.store_id)
    lines = [(kept, {"merged": (None, {"customer": gone.pk, "name": gone.name, "merge": merge.pk})}, kept.pk,
              kept.store_id),
             (gone, {"merged_into": (None, kept.pk)}, kept.pk, kept.store_id)]
    for step in mover.steps:
        if step.kind == "moved" and step.label.split(".")[0] in WRITTEN:
            lines.append((model_of(step.label)(pk=step.object_id), {step.field[:40]: (step.before, step.after)},
                          kept.pk, kept.store_id))
    history.record_many(lines, by=person, source=history.Source.MERGE)


def _pairs(person: Person, kept: Any, gone: Any) -> None:
    """Their own pair is merged; who is not the one is not the other either; who may be the other is looked for anew."""
    low, high = sorted((kept.pk, gone.pk))
    pair = Pair.objects.select_for_update().filter(low=low, high=high).first()
    if pair is None:
        pair = Pair(low=low, high=high, store_id=kept.store_id, other_store_id=gone.store_id, score=0)
    pair.state = after(pair.state, "merge") or pair.state
    pair.decided_at, pair.decided_by = timezone.now(), person
    pair.save()
    told = Pair.objects.filter(state=PairState.DISMISSED)
    copies = []
    for other in [*told.filter(low=gone.pk), *told.filter(high=gone.pk)]:
        third = other.high if other.low == gone.pk else other.low
        if third != kept.pk:
            first, second = sorted((kept.pk, third))
            copies.append(Pair(low=first, high=second, store_id=other.store_id, other_store_id=other.other_store_id,
                               score=other.score, reasons=other.reasons, state=PairState.DISMISSED, note=other.note,
                               decided_by_id=other.decided_by_id, decided_at=other.decided_at))
    Pair.objects.bulk_create(copies, ignore_conflicts=True)
    finding.look_at([kept.pk])


def _tell(person: Person, done: Done) -> None:
    merge = done.merge
    for customer, store in ((merge.kept, merge.store_id), (merge.gone, merge.other_store_id)):
        tell_changed("customer", customer, store=store, customer=customer, by=person.pk)
        tell_changed("duplicate", 0, store=store, by=person.pk)
    owners = {joined.gone.owner_id for joined in done.mover.joined
              if joined.label == "leads.lead" and joined.kept is not None and joined.gone.owner_id
              and joined.gone.owner_id != joined.kept.owner_id}
    name = customer_model().objects.get(pk=merge.kept).name
    notice(sorted(owners - {person.pk}), {
        "zh": f"客户“{name}”的两份资料已合并，同品牌的两条线索合为一条，您是协助人。",
        "en": f"Two files of {name} were merged; their two leads for one make are one now, in which you help."})


def app_words(label: str) -> dict[str, str]:
    """What the rows of a table are called."""
    meta = apps.get_model(label)._meta if label.count(".") == 1 and not label.endswith("_helpers") else None
    return in_both(lambda: meta.verbose_name_plural) if meta is not None else {"zh": label, "en": label}


def plain_key(value: Any) -> str:
    """A key as text."""
    return str(plain(value))
