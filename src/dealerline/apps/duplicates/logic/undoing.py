"""A merge taken back: everything it moved goes back, except what was changed since; that is told.

The rule of the file: the steps are undone one by one from the last to the first, each only where the row still is as
the merge left it. What came since stays with the one who was kept, unless it was made for a row that goes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.duplicates.logic import finding
from dealerline.apps.duplicates.logic.fields import in_both
from dealerline.apps.duplicates.logic.habits import customer_model
from dealerline.apps.duplicates.logic.merging import RIGHT, WRITTEN
from dealerline.apps.duplicates.logic.moving import append_only_opened, model_of, plain, restored
from dealerline.apps.duplicates.models import Merge, Move, Pair
from dealerline.apps.history import facade as history
from dealerline.domain.duplicates.states import after

CHANGED = {"zh": "合并之后被改过，保持现在的值", "en": "changed since: it stays as it is"}
GONE = {"zh": "合并之后被删除", "en": "removed since"}
TAKEN = {"zh": "号码已被别的记录使用，恢复时留空", "en": "its number is another row's now: it came back without it"}
REFUSED = {"zh": "无法恢复", "en": "could not be put back"}


def access_merge(person: Person, merge: int, *, lock: bool = False) -> Merge:
    """The merge, if the person may see both stores."""
    rows = Merge.objects.visible_to(person, "customers.view")
    row = (rows.select_for_update() if lock else rows).filter(pk=merge).first()
    if row is None:
        raise NotFound
    if not all(person.can(RIGHT, store) for store in (row.store_id, row.other_store_id)):
        raise NotAllowed
    return row


def in_the_way(merge: Merge) -> Merge | None:
    """A later merge that has to be taken back first."""
    later = Merge.objects.filter(undone_at__isnull=True, pk__gt=merge.pk)
    return later.filter(models.Q(gone=merge.kept) | models.Q(kept=merge.kept)).order_by("-pk").first()


def undo(person: Person, key: int) -> Merge:
    """Take it back. Raises Problem when it was already, when a later merge is in the way, or when he is gone."""
    with transaction.atomic():
        merge = access_merge(person, key)
        model = customer_model()
        list(model.objects.select_for_update().filter(pk=merge.kept).values_list("pk"))  # first, as in a merge
        merge = access_merge(person, key, lock=True)
        if merge.undone_at is not None:
            who = getattr(merge.undone_by, "name", "")
            raise Problem("undone_already", f"这次合并已由{who or '别人'}撤销。",
                          f"This merge was taken back already by {who or 'somebody'}.", status=409)
        later = in_the_way(merge)
        if later is not None:
            name = later.row.get("name", "")
            raise Problem("later_merge", f"之后又有合并（“{name}”），请先撤销那一次。",
                          f"A later merge stands on this one (of {name}): take that one back first.", status=409,
                          extra={"merge": later.pk})
        if not merge.row:
            raise Problem("erased", "该客户的资料已按要求删除，无法撤销合并。",
                          "He was erased on request: the merge cannot be taken back.", status=409)
        kept = model.objects.filter(pk=merge.kept).first()
        if kept is None:
            raise Problem("kept_gone", "合并后的客户已被删除，无法撤销。",
                          "The customer it was merged into was removed: it cannot be taken back.", status=409)
        merge.left = _each_once(_back(merge))
        _along(person, merge)
        merge.undone_at, merge.undone_by = timezone.now(), person
        merge.save(update_fields=["left", "undone_at", "undone_by"])
        Merge.objects.filter(now=merge.kept, undone_at__isnull=True, pk__in=_chain(merge.gone)).update(now=merge.gone)
        kept = model.objects.get(pk=merge.kept)
        kept.version += 1
        kept.save()
        _write(person, merge, kept)
        low, high = sorted((merge.kept, merge.gone))
        pair = Pair.objects.filter(low=low, high=high).first()
        if pair is not None:
            pair.state = after(pair.state, "undo") or pair.state
            pair.decided_at, pair.decided_by = merge.undone_at, person
            pair.save()
        finding.look_at([merge.kept, merge.gone])
        for customer, store in ((merge.kept, merge.store_id), (merge.gone, merge.other_store_id)):
            tell_changed("customer", customer, store=store, customer=customer, by=person.pk)
            tell_changed("duplicate", 0, store=store, by=person.pk)
    return merge


def _chain(customer: int) -> list[int]:
    """The merges that end in that customer, directly or through others."""
    found: list[int] = []
    ends = [customer]
    while ends:
        rows = list(Merge.objects.filter(kept__in=ends, undone_at__isnull=True).values_list("pk", "gone"))
        found += [pk for pk, _ in rows]
        ends = [gone for _, gone in rows]
    return found


def _each_once(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row that was removed since had moved and was changed: that is one thing to tell."""
    return list({(str(one["what"]), str(one["why"])): one for one in left}.values())


def _back(merge: Merge) -> list[dict[str, Any]]:
    left: list[dict[str, Any]] = []
    steps = merge.moves.order_by("-seq")
    for (kind, label, field), group in groupby(steps, key=lambda step: (step.kind, step.label, step.field)):
        try:
            model = model_of(label)
        except LookupError:  # a part of the product that is not there any more
            left += [{"label": label, "id": step.object_id, "why": GONE, "what": {"zh": label, "en": label}}
                     for step in group]
            continue
        if kind == "moved":
            left += _move_back(model, field, list(group))
        elif kind == "aside":
            left += _put_in(model, group)
        elif kind == "changed":
            left += _change_back(model, field, group)
        else:
            model._base_manager.filter(pk__in=[step.object_id for step in group]).delete()
    return left


def _along(person: Person, merge: Merge) -> None:
    """A row that was made since for one that goes back (the order of a lead that was won) goes with it."""
    customer = customer_model()
    lines: list[tuple[Any, dict[str, tuple[Any, Any]], Any, Any]] = []
    steps = merge.moves.filter(kind="moved").order_by("label", "field")
    for (label, field), group in groupby(steps, key=lambda step: (step.label, step.field)):
        try:
            model = model_of(label)
        except LookupError:  # that part of the product is not there any more, and nothing of it went back
            continue
        back = model._base_manager.filter(pk__in=[step.object_id for step in group], **{field: merge.gone})
        for column in model._meta.concrete_fields:
            whose = _customer_of(column.related_model, customer)
            if whose is not None:
                made = column.related_model._base_manager.filter(
                    pk__in=back.values(column.attname), created_at__gt=merge.at, **{whose: merge.kept})
                lines += [(row, {whose: (merge.kept, merge.gone)}, merge.gone, merge.other_store_id) for row in made]
                made.update(**{whose: merge.gone})
    history.record_many(lines, by=person, source=history.Source.MERGE)


def _customer_of(model: Any, customer: Any) -> str | None:
    """The column that says whose the rows of that table are, where they say, too, since when they are there."""
    if model is None or model is customer or not any(one.name == "created_at" for one in model._meta.concrete_fields):
        return None
    return next((one.attname for one in model._meta.concrete_fields if one.related_model is customer), None)


def _told(model: Any, step: Move, why: dict[str, str], field: str = "") -> dict[str, Any]:
    row = model._base_manager.filter(pk=step.object_id).first()
    words = in_both(lambda: model._meta.verbose_name)
    column = in_both(lambda: model._meta.get_field(field).verbose_name) if field else {"zh": "", "en": ""}
    name = str(row) if row is not None else step.object_id
    return {"label": step.label, "id": step.object_id, "why": why,
            "what": {code: " ".join(part for part in (words[code], name, column[code]) if part) for code in words}}


def _move_back(model: Any, attname: str, steps: list[Move]) -> list[dict[str, Any]]:
    column = next(one for one in model._meta.concrete_fields if one.attname == attname)
    now = {str(pk): value for pk, value in model._base_manager.filter(
        pk__in=[step.object_id for step in steps]).values_list("pk", attname)}
    good = [step for step in steps if step.object_id in now and plain(now[step.object_id]) == step.after]
    done = {step.pk for step in good}
    meta, quote = model._meta, connection.ops.quote_name
    types = [meta.pk.rel_db_type(connection), column.target_field.rel_db_type(connection)]
    left = [_told(model, step, CHANGED if step.object_id in now else GONE) for step in steps if step.pk not in done]

    def write(part: list[Move]) -> None:
        with transaction.atomic(), append_only_opened() as cursor:
            cursor.execute(
                f"UPDATE {quote(meta.db_table)} AS t SET {quote(column.column)} = m.old "
                f"FROM unnest(%s::{types[0]}[], %s::{types[1]}[]) AS m(pk, old) WHERE t.{quote(meta.pk.column)} = m.pk",
                [[meta.pk.to_python(step.object_id) for step in part], [step.before for step in part]])

    try:
        write(good)
    except IntegrityError:  # one of them meets its like by now: the others go back all the same
        for step in good:
            try:
                write([step])
            except IntegrityError:
                left.append(_told(model, step, REFUSED))
    return left


def _change_back(model: Any, attname: str, steps: Iterable[Move]) -> list[dict[str, Any]]:
    column = next(one for one in model._meta.concrete_fields if one.attname == attname)
    left = []
    for step in steps:
        row = model._base_manager.filter(pk=step.object_id).first()
        if row is None:
            left.append(_told(model, step, GONE))
        elif plain(getattr(row, attname)) != step.after:
            left.append(_told(model, step, CHANGED, column.name))
        else:
            setattr(row, attname, column.to_python(step.before))
            row.save()  # and with it what is worked out of the column
    return left


def _put_in(model: Any, steps: Iterable[Move]) -> list[dict[str, Any]]:
    left = []
    for step in steps:
        row = restored(model, step.before or {})
        _forget_removed(row)
        if _saved(row):
            continue
        taken = _blanked(row)
        left.append(_told(model, step, TAKEN if taken and _saved(row) else REFUSED))
    return left


def _saved(row: Any) -> bool:
    try:
        with transaction.atomic():
            type(row)._base_manager.bulk_create([row])
    except IntegrityError:
        return False
    return True


def _forget_removed(row: Any) -> None:
    """A person or a car that was removed meanwhile is not named any more."""
    for column in row._meta.concrete_fields:
        value = getattr(row, column.attname)
        if column.remote_field is None or value is None or not column.null:
            continue
        if not column.remote_field.model._base_manager.filter(pk=value).exists():
            setattr(row, column.attname, None)


def _blanked(row: Any) -> bool:
    """Without the numbers that may be there once only. Whether there were any."""
    found = False
    for column in row._meta.concrete_fields:
        if column.unique and not column.primary_key and column.null and getattr(row, column.attname) is not None:
            setattr(row, column.attname, None)
            found = True
    if getattr(row, "external_key", ""):
        row.external_key = row.external_source = ""
        found = True
    return found


def _write(person: Person, merge: Merge, kept: Any) -> None:
    gone = customer_model()(pk=merge.gone)
    lines: list[tuple[Any, dict[str, tuple[Any, Any]], Any, Any]] = [
        (kept, {"merged": ({"customer": merge.gone, "merge": merge.pk}, None)}, kept.pk, kept.store_id),
        (gone, {"merged_into": (merge.kept, None)}, gone.pk, merge.other_store_id)]
    for step in merge.moves.filter(kind="moved"):
        if step.label.split(".")[0] in WRITTEN:
            lines.append((model_of(step.label)(pk=step.object_id), {step.field[:40]: (step.after, step.before)},
                          gone.pk, merge.other_store_id))
    history.record_many(lines, by=person, source=history.Source.MERGE)
