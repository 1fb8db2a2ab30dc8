"""What merges keep of the customers merged away, told and erased."""

from __future__ import annotations

from typing import Any

from dealerline.apps.common.personal import Words
from dealerline.apps.duplicates.models import Merge, Move, Pair

WORDS: dict[str, Words] = {"merges": {"zh": "合并前的资料", "en": "Files before they were merged"}}


def export(customer: int) -> dict[str, Any]:
    """The rows that were merged into him."""
    return {"merges": [{"at": merge.at, "undone_at": merge.undone_at, **merge.row}
                       for merge in Merge.objects.filter(now=customer)]}


def erase(customer: int) -> dict[str, int]:
    """What the merges into him kept. That and when they were merged stays; they cannot be taken back any more."""
    merges = list(Merge.objects.filter(now=customer).values_list("pk", flat=True))
    merges += Merge.objects.filter(gone=customer).exclude(pk__in=merges).values_list("pk", flat=True)
    Move.objects.filter(merge__in=merges).delete()
    Pair.objects.filter(low=customer).delete()
    Pair.objects.filter(high=customer).delete()
    Merge.objects.filter(pk__in=merges).update(row={}, number="", external_source="", external_key="", left=[])
    return {"merges": len(merges)}
