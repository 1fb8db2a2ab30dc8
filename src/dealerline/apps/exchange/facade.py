"""What other apps may use of the exchange."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from dealerline.apps.accounts.facade import Person
from dealerline.apps.exchange.logic import runs, staging
from dealerline.apps.exchange.models import ImportRow, ImportRun

__all__ = ["checked_list"]


def checked_list(name: str, text: str, *, store: int, person: Person, at: datetime) -> tuple[ImportRun, list[Any]]:
    """An import of that CSV, checked and waiting for a person's decision; with its rows."""
    folder = Path(settings.DEALERLINE.exchange)
    folder.mkdir(parents=True, exist_ok=True)
    data = text.encode("gb18030")
    path = folder / f"{hashlib.sha256(data).hexdigest()[:32]}.csv"
    path.write_bytes(data)
    run = runs.create(path, name, len(data), hashlib.sha256(data).hexdigest(), store=store, person=person)
    run.created_at, run.state = at, "checking"
    staging.check(run)
    return run, list(ImportRow.objects.filter(run=run))
