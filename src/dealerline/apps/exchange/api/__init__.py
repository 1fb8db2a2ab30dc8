"""The exchange's routes."""

from ninja import Router

from dealerline.apps.accounts.facade import signed_in
from dealerline.apps.exchange.api import imports

router = Router(tags=["exchange"], auth=signed_in)
router.add_router("", imports.router)
