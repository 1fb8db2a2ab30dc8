"""The list of pairs, and what somebody says of one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.duplicates.logic.habits import customer_model
from dealerline.apps.duplicates.models import Merge, OfTwoStores, Pair, PairState
from dealerline.domain.duplicates.states import after

RIGHT = "customers.merge"


def _alive(rows: OfTwoStores[Pair]) -> Any:
    """Pairs of which both are still there."""
    there = customer_model().objects
    return rows.filter(Exists(there.filter(pk=OuterRef("low"))), Exists(there.filter(pk=OuterRef("high"))))


def listed(person: Person, state: str, rule: str = "", store: int | None = None, customer: int | None = None) -> Any:
    """Pairs in that state that the person may see, the surest first, or the last decided first."""
    rows: Any = Pair.objects.visible_to(person, RIGHT).filter(state=state)
    if state != PairState.MERGED:
        rows = _alive(rows)
    if rule:
        rows = rows.filter(reasons__contains=[{"rule": rule}])
    if store is not None:
        rows = rows.filter(Q(store_id=store) | Q(other_store_id=store))
    if customer is not None:
        rows = rows.filter(Q(low=customer) | Q(high=customer))
    return rows.order_by("-score", "pk") if state == PairState.FOUND else rows.order_by("-decided_at", "-pk")


def counts(person: Person) -> dict[str, int]:
    """How many there are in each state."""
    rows: Any = Pair.objects.visible_to(person, RIGHT)
    found = dict.fromkeys(PairState.values, 0)
    alive = _alive(rows.exclude(state=PairState.MERGED))
    found |= dict(alive.order_by().values_list("state").annotate(n=Count("pk")))
    found[PairState.MERGED] = rows.filter(state=PairState.MERGED).count()
    return found


def decide(person: Person, key: int, event: str, note: str) -> Pair:
    """Dismiss or reopen. Raises Problem when somebody decided otherwise meanwhile."""
    with transaction.atomic():
        rows: Any = Pair.objects.visible_to(person, "customers.view")
        pair: Pair | None = rows.select_for_update().filter(pk=key).first()
        if pair is None:
            raise NotFound
        if not all(person.can(RIGHT, store) for store in (pair.store_id, pair.other_store_id)):
            raise NotAllowed
        state = after(pair.state, event)
        if state is None:
            who = getattr(pair.decided_by, "name", "") or "-"
            raise Problem("decided", f"{who}刚刚已经处理过这一对。", f"{who} decided about these two already.",
                          status=409)
        pair.state, pair.note, pair.decided_at, pair.decided_by = state, note.strip(), timezone.now(), person
        pair.save()
        for store in {pair.store_id, pair.other_store_id}:
            tell_changed("duplicate", pair.pk, store=store, by=person.pk)
    return pair


def merges(person: Person, customer: int | None = None) -> Any:
    """Merges of stores where the person may merge, the newest first."""
    rows: Any = Merge.objects.visible_to(person, RIGHT)
    if customer is not None:
        rows = rows.filter(Q(kept=customer) | Q(gone=customer) | Q(now=customer))
    return rows.order_by("-pk")
