"""What others have to tell customers goes out as text messages (``common/texting.py``)."""

from __future__ import annotations

from uuid import UUID

from dealerline.apps.common.texting import Message
from dealerline.apps.messaging.logic import sending
from dealerline.apps.messaging.logic.ratings import MOBILE
from dealerline.apps.messaging.models import OptOut, Purpose, mark_of


class Texts:
    """The port as this app fills it."""

    def ready(self) -> bool:
        return sending.provider() is not None

    def refuses(self, number: str) -> str:
        if not MOBILE.fullmatch(number):
            return "not_mobile"
        return "opted_out" if OptOut.objects.filter(pk=mark_of(number)).exists() else ""

    def send(self, message: Message) -> UUID | None:
        row = sending.queue(message.number, message.text, purpose=Purpose(message.purpose), store=message.store,
                            customer=message.customer, call=message.call)
        return row.pk if row is not None else None
