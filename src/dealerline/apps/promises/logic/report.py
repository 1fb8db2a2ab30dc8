"""How well promises were kept, by person and store: the formula is the domain's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.promises.logic.promises import REPORT
from dealerline.apps.promises.models import Promise
from dealerline.domain.promises.shares import Row, Share, shares


def _drawn(share: Share[int]) -> dict[str, Any]:
    return {"made": share.made, "in_time": share.in_time, "kept_late": share.kept_late, "broken": share.broken,
            "owed_late": share.owed_late, "owed": share.owed, "released": share.released, "late_told": share.late_told,
            "late": share.late, "kept_share": None if share.kept_share is None else round(share.kept_share, 4),
            "late_median": share.late_median, "late_worst": share.late_worst}


def report(person: Person, since: datetime, until: datetime, store: int | None, now: datetime) -> dict[str, Any]:
    """Of the promises first promised for that time: of each person who owed them, of each store, and all together."""
    rows = Promise.objects.visible_to(person, REPORT).filter(first_due_at__gte=since, first_due_at__lt=until)
    if store:
        rows = rows.filter(store=store)
    found: list[tuple[int, int, Row]] = []
    columns = ("owner_id", "store_id", "state", "first_due_at", "ended_at", "told_at")
    for owner, of, state, due, ended, told in rows.order_by().values_list(*columns).iterator():
        row = Row(state, due.timestamp(), ended.timestamp() if ended else None, told is not None)
        found.append((owner or 0, of, row))
    moment = now.timestamp()
    people = shares(((owner, row) for owner, _, row in found), moment)
    stores = shares(((of, row) for _, of, row in found), moment)
    whole = shares(((0, row) for *_, row in found), moment).get(0, Share(0))
    called = names(set(people))
    return {
        "all": _drawn(whole),
        "people": [{"id": key, "name": called.get(key, ""), **_drawn(share)} for key, share in
                   sorted(people.items(), key=lambda pair: (-pair[1].made, pair[0]))],
        "stores": [{"id": key, **_drawn(share)} for key, share in sorted(stores.items())]}
