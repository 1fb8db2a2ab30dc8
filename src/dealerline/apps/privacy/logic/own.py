"""What this app and the history know of a customer, told and erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.personal import Words
from dealerline.apps.common.warnings import Warned
from dealerline.apps.history import facade as history
from dealerline.apps.privacy.models import Consent, Erasure, ErasureState

WORDS: dict[str, Words] = {"consents": {"zh": "授权记录", "en": "Consents"},
                           "erasures": {"zh": "删除申请", "en": "Wishes to be erased"},
                           "history": {"zh": "修改历史", "en": "History of changes"},
                           "consent_notes": {"zh": "授权记录的备注", "en": "Notes about consents"},
                           "history_values": {"zh": "修改历史中的旧值和新值", "en": "Values in the history of changes"}}


def export(customer: int) -> dict[str, Any]:
    """What he consented to, and that he asked to be erased."""
    return {"consents": [
        {"channel": row.channel, "purpose": row.purpose, "state": row.state, "source": row.source, "at": row.at,
         "note": row.note} for row in Consent.objects.filter(customer_id=customer)],
        "erasures": [{"asked_at": row.asked_at, "state": row.state, "reason": row.reason, "note": row.note}
                     for row in Erasure.objects.filter(customer_id=customer)]}


def erase(customer: int) -> dict[str, int]:
    """The notes of his consents and of wishes to be erased; that he gave and withdrew them stays as proof."""
    Erasure.objects.filter(customer_id=customer).exclude(note="").update(note="")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL dealerline.purge = 'erase'")
        said = Consent.objects.filter(customer_id=customer).exclude(note="", call=None)
        count = said.update(note="", call=None)
        cursor.execute("SET LOCAL dealerline.purge = ''")
    return {"consent_notes": count}


def stays(customer: int) -> Iterator[Words]:
    """Proof, and what keeps him from coming back unseen."""
    count = Consent.objects.filter(customer_id=customer).count()
    if count:
        yield {"zh": f"{count} 条授权记录的状态和日期（证明曾经同意或拒绝），不含备注。",
               "en": f"State and date of {count} consents (proof that he agreed or refused), without notes."}
    yield {"zh": "号码、车牌和车架号的加密摘要，用于再次导入时提示“已按要求删除”。",
           "en": "Keyed hashes of his numbers, plates and VINs, so that an import can say that he was erased."}
    yield {"zh": "通话的次数、时间和时长（统计用），不再指向本人。",
           "en": "How many calls, when and how long (statistics), leading to nobody."}


def export_history(customer: int) -> dict[str, Any]:
    """Who changed what in his file."""
    return {"history": [{"at": row.at, "source": row.source, "object": row.object_type, "field": row.field,
                         "old": row.old, "new": row.new} for row in history.of_customer(customer)[:5000]]}


def erase_history(customer: int) -> dict[str, int]:
    """The values; that and when something changed stays."""
    return {"history_values": history.forget_customer(customer)}


def _old(before: datetime) -> Any:
    return history.Change.objects.filter(at__lt=before).exclude(old=None, new=None)


def count_history(before: datetime) -> int:
    """Changes that still have their values."""
    return int(_old(before).count())


def forget_history(before: datetime) -> int:
    """Their values."""
    return int(_old(before).update(old=None, new=None))


def warned(viewer: Viewer, customers: Sequence[int]) -> list[Warned]:
    """That he was erased, so that nobody looks for what is missing; that he asked for it, so that nobody adds to it."""
    rows = Erasure.objects.visible_to(viewer, "customers.view").filter(customer_id__in=customers)
    done = {"zh": "该客户的资料已按要求删除，不能再写入；如果他再次成为客户，请新建客户。",
            "en": "He was erased on request, and this file is closed: if he is a customer again, make a new one."}
    asked = {"zh": "有人提出删除该客户的资料", "en": "That he be erased is asked for"}
    return [Warned(row.customer_id, done, row.ended_at, "lost") if row.state == ErasureState.DONE else
            Warned(row.customer_id, asked, row.asked_at)
            for row in rows.exclude(state=ErasureState.WITHDRAWN)]
