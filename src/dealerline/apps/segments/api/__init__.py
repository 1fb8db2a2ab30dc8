"""Groups by rule; rules for labels and levels; the loyalty index and its formula."""

from ninja import Router

from dealerline.apps.accounts.facade import signed_in
from dealerline.apps.segments.api import labels, loyalty, segments

router = Router(tags=["segments"], auth=signed_in)
for part in (segments, labels, loyalty):
    router.add_router("", part.router)
