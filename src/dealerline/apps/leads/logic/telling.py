"""Who is told of what: notices at desks, and pages that show the lead read it again."""

from __future__ import annotations

from collections.abc import Iterable

from dealerline.apps.accounts.facade import who_may
from dealerline.apps.common.desks import notice
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.leads.models import Lead


def tell(people: Iterable[int | None], zh: str, en: str, kind: str = "info") -> None:
    """A notice at the desks of those who are there, once what it tells of is certain; nobody waits for it."""
    notice(sorted({pk for pk in people if pk is not None}), {"zh": zh, "en": en}, kind)


def leads_of(store: int) -> list[int]:
    """Who assigns that store's leads."""
    return who_may("leads.assign", store)


def changed(row: Lead, by: int | None) -> None:
    """Every page that shows it."""
    tell_changed("lead", row.pk, store=row.store_id, customer=row.customer_id, by=by)
