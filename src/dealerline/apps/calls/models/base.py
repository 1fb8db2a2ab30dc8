"""What tables of calls have in common."""

from __future__ import annotations

from typing import Any

from django.db import models


def loose(to: str, label: Any, **options: Any) -> Any:
    """A reference that the journal gave: kept even when the row it names is gone."""
    return models.ForeignKey(to, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+",
                             verbose_name=label, **options)
