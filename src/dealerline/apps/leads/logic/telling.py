"""Who is told of what: notices at desks, and pages that show the lead read it again."""

from __future__ import annotations

from collections.abc import Iterable

from dealerline.apps.accounts.facade import Person, who_may
from dealerline.apps.common.desks import notice
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.leads.models import Handover, Lead


def tell(people: Iterable[int | None], zh: str, en: str, kind: str = "info") -> None:
    """A notice on the pages of those who are there, once what it tells of is certain; nobody waits for it."""
    notice(sorted({pk for pk in people if pk is not None}), {"zh": zh, "en": en}, kind)


def given_on(before: int, by: Person, row: Lead) -> None:
    """Whoever had it learns who gave it to whom."""
    name = row.customer.name
    if row.owner_id == by.pk:
        tell([before], f"{by.name} 接手了您的线索：{name}。", f"{by.name} took over your lead of {name}.")
        return
    to = row.store.text if row.owner is None else {"zh": row.owner.name, "en": row.owner.name}
    tell([before], f"{by.name} 把您的线索 {name} 交给了{to['zh']}。",
         f"{by.name} gave your lead of {name} to {to['en']}.")


def claimed(row: Lead, by: Person, pooled: bool) -> None:
    """Whoever had it before it went to the pool, or gave it to the store, learns who has it now."""
    if not pooled:
        given, zh, en = row.handed_from_id, "接下了您交来的线索", "took the lead that you gave to the store"
    else:
        had = Handover.objects.filter(lead=row, person__isnull=False).exclude(person=by)
        given = had.values_list("person", flat=True).first() or row.created_by_id
        zh, en = "从公海领取了您跟进过的线索", "claimed a lead of yours from the pool"
    if given not in (None, by.pk):
        tell([given], f"{by.name} {zh}：{row.customer.name}。", f"{by.name} {en}: {row.customer.name}.")


def leads_of(store: int) -> list[int]:
    """Who assigns that store's leads."""
    return who_may("leads.assign", store)


def changed(row: Lead, by: int | None) -> None:
    """Every page that shows it."""
    tell_changed("lead", row.pk, store=row.store_id, customer=row.customer_id, by=by)
