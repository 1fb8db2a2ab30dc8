"""The group's rules, the clocks that follow from them, and who is told."""

from __future__ import annotations

from datetime import datetime

from dealerline.apps.accounts.facade import who_may
from dealerline.apps.backlog.models import Kind, Rules
from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.desks import notice
from dealerline.apps.organisation import facade as organisation

_MINUTES = {Kind.MESSAGE: "message_minutes", Kind.LOST: "lost_minutes", Kind.CALLBACK: "unreached_minutes",
            Kind.RATING: "rating_minutes"}


def current() -> Rules:
    """The rules, the shipped ones before anybody saved any."""
    return Rules.objects.first() or Rules()


def due(kind: Kind, line: int, at: datetime) -> datetime:
    """By when somebody has to have seen to it: minutes of the line's opening hours."""
    return organisation.due(line, at, int(getattr(current(), _MINUTES[kind])))


def tell_leads(store: int, code: str, text: dict[str, str]) -> None:
    """An alarm, and a notice to whoever deals with what is left over in that store."""
    name = organisation.store_names({store}).get(store, {})
    raise_alarm(code, name.get("zh", str(store)), {"store": store})
    notice(who_may("messages.handle", store), text, "warning")
