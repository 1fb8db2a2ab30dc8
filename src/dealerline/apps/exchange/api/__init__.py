"""The exchange's routes."""

from ninja import Router

from dealerline.apps.accounts.facade import signed_in
from dealerline.apps.exchange.api import exports, imports, interfaces, machines, sources

router = Router(tags=["exchange"], auth=signed_in)
for part in (imports, exports, sources, interfaces, machines):
    router.add_router("", part.router)
