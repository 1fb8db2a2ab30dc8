"""What is known of a customer here: in his timeline, in the file he is handed, and how it is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dealerline.apps.common import contacted
from dealerline.apps.common.access import Viewer
from dealerline.apps.common.personal import Words
from dealerline.apps.common.timeline import Entry
from dealerline.apps.customers.facade import numbers_of, store_of
from dealerline.apps.messaging.models import Asked, Purpose, State, Text

WORDS: dict[str, Words] = {"texts": {"zh": "短信", "en": "Text messages"}}
TITLES: dict[str, Words] = {
    Purpose.RATING: {"zh": "短信邀请评分", "en": "Asked for a mark by text message"},
    Purpose.PROMISE: {"zh": "短信告知承诺没有忘记", "en": "Told by text message that a promise is not forgotten"},
    Purpose.ADVERT: {"zh": "营销短信", "en": "Advertising by text message"},
    Purpose.REPLY: {"zh": "客户短信回复", "en": "Text message from the customer"},
    Purpose.TEST: {"zh": "测试短信", "en": "Test message"},
}


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> Iterator[Entry]:
    """His messages, newest first."""
    rows = Text.objects.visible_to(viewer, "customers.view").filter(customer_id__in=list(customers))
    if before is not None:
        rows = rows.filter(at__lt=before)
    for row in rows.order_by("-at")[:limit]:
        title, link = dict(TITLES[row.purpose]), f"/calls/{row.call}" if row.call else ""
        failed = row.state == State.FAILED
        if failed:
            title = {"zh": f"{title['zh']}（未发出）", "en": f"{title['en']} (not sent)"}
        yield Entry(row.at, "text", str(row.pk), row.store_id, title, row.text, "", link, "lost" if failed else "")


def _of(customer: int) -> QuerySet[Text]:
    """His own, and those with his numbers that name nobody and are of no other store than his."""
    store = Q(store=None) | Q(store_id=store_of(customer))
    return Text.objects.filter(Q(customer_id=customer) | store & Q(customer=None, number__in=numbers_of(customer)))


def advertising(customer: int, since: datetime) -> Any:
    """Advertising that went out to him, or is about to."""
    found = Text.objects.filter(customer_id=customer, purpose=Purpose.ADVERT, at__gte=since).exclude(state=State.FAILED)
    return contacted.rows(found, "sms", "at")


def export(customer: int) -> dict[str, Any]:
    """Every message to and from him."""
    return {"texts": [{"at": row.at, "purpose": row.purpose, "number": row.number, "text": row.text, "state": row.state}
                      for row in _of(customer).order_by("at")]}


def erase(customer: int) -> dict[str, int]:
    """Numbers and words. That a number wants no more messages is kept, as a hash: it protects him."""
    rows = Text.objects.filter(pk__in=list(_of(customer).values_list("pk", flat=True)))
    Asked.objects.filter(text__in=rows).update(number="")
    rows.filter(state=State.WAITING).update(state=State.FAILED, next_at=None, error="erased")
    return {"texts": rows.update(number="", text="")}


def _old(before: datetime) -> QuerySet[Text]:
    return Text.objects.filter(at__lt=before).exclude(state=State.WAITING).filter(~Q(number="") | ~Q(text=""))


def count_old(before: datetime) -> int:
    """Messages that still have a number or words."""
    return _old(before).count()


def forget_old(before: datetime) -> int:
    """Blank them; that there was a message stays."""
    Asked.objects.filter(text__at__lt=before).update(number="")
    return _old(before).update(number="", text="")
