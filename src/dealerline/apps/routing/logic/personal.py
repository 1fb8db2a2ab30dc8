"""A customer's numbers on the lists of callers, told and erased."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from dealerline.apps.common.personal import Words
from dealerline.apps.customers.facade import numbers_of, store_of
from dealerline.apps.routing.models import CallerListing

WORDS: dict[str, Words] = {"caller_lists": {"zh": "来电名单", "en": "Caller lists"}}


def _listings(customer: int) -> QuerySet[CallerListing]:
    """Of his store, and those that hold everywhere."""
    return CallerListing.objects.filter(Q(store=None) | Q(store_id=store_of(customer)), number__in=numbers_of(customer))


def export(customer: int) -> dict[str, Any]:
    """How callers with his numbers are treated."""
    return {"caller_lists": [{"number": row.number, "kind": row.kind, "note": row.note, "until": row.until,
                              "added_at": row.added_at} for row in _listings(customer)]}


def erase(customer: int) -> dict[str, int]:
    """They go."""
    return {"caller_lists": _listings(customer).delete()[0]}
