"""Who reacts how fast: hand-overs of the last days, by store and by person.

Seen are hand-overs to stores whose leads one sees, and those from them to others: who gives a lead away follows what
becomes of it, by name and figures, without seeing the lead itself.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.leads.logic.rows import SEE
from dealerline.apps.leads.models import Handover
from dealerline.apps.organisation import facade as organisation
from dealerline.domain.leads.figures import Handed, by, figures

NEWEST = 50


def report(person: Person, since: datetime, store: int | None) -> dict[str, Any]:
    """The figures whole, a store and a person; and the newest hand-overs that were late."""
    now = timezone.now()
    stores = person.stores_for(SEE)
    rows = Handover.objects.filter(at__gte=since)
    if not stores.every:
        rows = rows.filter(Q(store__in=stores.ids) | Q(from_store__in=stores.ids))
    if store is not None:
        rows = rows.filter(Q(store=store) | Q(from_store=store))
    # Handed on or ended before its time was over: nobody's merit and nobody's fault.
    rows = rows.exclude(reacted_at=None, ended_at__isnull=False, ended_at__lt=F("due_at"))
    found = list(rows.values_list("store_id", "person_id", "seconds", "due_at", "reacted_at", "lead_id", "at",
                                  "lead__store_id", "lead__customer__name"))
    handed = [Handed(row[0], row[1], row[2], row[4] > row[3] if row[4] is not None else row[3] <= now)
              for row in found]
    late = [(row, one) for row, one in zip(found, handed, strict=True) if one.late]
    late.sort(key=lambda pair: pair[0][6], reverse=True)
    places = organisation.store_names({row[0] for row in found})
    people = names({row[1] for row in found if row[1] is not None})
    return {
        "all": asdict(figures(handed)),
        "stores": [{"store": places[key], **asdict(value)} for key, value in by(handed, lambda h: h.store).items()],
        "people": [{"person": people.get(who) if who is not None else None, "store": places[where], **asdict(value)}
                   for (where, who), value in by(handed, lambda h: (h.store, h.person)).items()],
        "late": [{"lead": row[5] if row[7] in stores else None, "customer": row[8] if row[7] in stores else None,
                  "store": places[row[0]], "person": people.get(row[1]) if row[1] is not None else None,
                  "at": row[6], "due_at": row[3], "reacted_at": row[4]} for row, _ in late[:NEWEST]]}
