"""Routes about calls, one file a subject."""

from __future__ import annotations

from ninja import Router

from dealerline.apps.accounts.facade import signed_in
from dealerline.apps.calls.api import board, calls, messages, recordings, records, service

router = Router(auth=signed_in)
for part in (calls, records, recordings, messages, board, service):
    router.add_router("", part.router)
