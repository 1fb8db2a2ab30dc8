"""Merges in the list of everything that happened with a customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Entry
from dealerline.apps.duplicates.logic.habits import customer_model
from dealerline.apps.duplicates.logic.merging import RIGHT
from dealerline.apps.duplicates.models import Merge

WORDS = {"zh": "合并", "en": "Merges"}
KIND = "merge"


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> Iterator[Entry]:
    """Each merge when it was done, and when it was taken back, on the pages of both; newest first.

    The other one is named to those only who may see his store too.
    """
    asked = set(customers)
    done: Any = Merge.objects.select_related("by", "undone_by").filter(
        Q(now__in=asked) | Q(kept__in=asked) | Q(gone__in=asked))
    back = done.filter(undone_at__isnull=False)
    if before is not None:
        done, back = done.filter(at__lt=before), back.filter(undone_at__lt=before)
    found = [(row.at, row, False) for row in done.order_by("-at", "-pk")[:limit]]
    found += [(row.undone_at, row, True) for row in back.order_by("-undone_at", "-pk")[:limit]]
    names = dict(customer_model().objects.filter(pk__in={row.kept for _, row, _ in found}).values_list("pk", "name"))
    for at, row, over in islice(sorted(found, key=lambda one: (one[0], one[1].pk), reverse=True), limit):
        yield _entry(viewer, row, at, over, names.get(row.kept, ""), on_kept=row.gone not in asked)


def _entry(viewer: Viewer, row: Merge, at: datetime, over: bool, kept: str, *, on_kept: bool) -> Entry:
    """``over``: that it was taken back. ``on_kept``: on the page of the one who stayed."""
    store, other_store = (row.store_id, row.other_store_id) if on_kept else (row.other_store_id, row.store_id)
    name = row.row.get("name", "") if on_kept else kept
    named = bool(name) and other_store in viewer.stores_for("customers.view")
    zh, en = (f"“{name}”", name) if named else ("另一份资料", "another file")
    title = {
        (True, False): (f"并入了{zh}", f"Merged with {en}"),
        (True, True): (f"与{zh}的合并已撤销", f"Taken back: the merge with {en}"),
        (False, False): (f"被并入{zh}", f"Merged into {en}"),
        (False, True): (f"并入{zh}已撤销", f"Taken back: the merge into {en}")}[on_kept, over]
    number = row.row.get("number") or "" if on_kept and named else ""
    by = row.undone_by if over else row.by
    may = all(one in viewer.stores_for(RIGHT) for one in (store, other_store))
    state = "undone" if row.undone_at is not None else "merged"
    return Entry(at, KIND, str(row.pk), store, {"zh": title[0], "en": title[1]}, number,
                 by.name if by is not None else "",
                 f"/duplicates?state={state}&customer={row.kept}" if may else "", "warn" if over else "")
