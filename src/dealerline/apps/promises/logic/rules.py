"""A store's rules as the domain asks for them, and who hears of what is late."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dealerline.apps.accounts.facade import Person, who_may
from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.desks import notice
from dealerline.apps.organisation import facade as organisation
from dealerline.apps.promises.models import Promise, StoreRules
from dealerline.domain.promises import times

LEADS, MANAGERS = "promises.report", "organisation.edit"


def of_store(store: int) -> StoreRules:
    """The store's rules, the shipped ones where nobody saved any."""
    return StoreRules.objects.filter(store=store).first() or StoreRules(store_id=store)


def clock(rules: StoreRules, line: int = 0) -> times.Clock:
    """The store's own time, with the opening hours of that line, or of the store's first one, where they are kept."""
    zone, hours = organisation.clock_of(rules.store_id, line)
    return times.Clock(zone, hours if rules.opening_hours else None)


def zone(promise: Promise) -> ZoneInfo:
    """Whose clock a promise keeps: the store's own."""
    return ZoneInfo(organisation.clock_of(promise.store_id, promise.line)[0])


def choices(store: int, line: int, now: datetime) -> list[times.Choice]:
    """The quick choices as they are now."""
    return times.choices(now.timestamp(), clock(of_store(store), line))


def _seconds(rules: StoreRules) -> times.Rules:
    return times.Rules(rules.remind_minutes * 60.0, rules.lead_minutes * 60.0, rules.manager_minutes * 60.0,
                       rules.lapse_days * 86400.0)


def reopen(promise: Promise, now: datetime) -> None:
    """Its end was taken back: it has its days again until it lapses."""
    lapse = times.reopened(promise.lapse_at.timestamp(), now.timestamp(), _seconds(of_store(promise.store_id)))
    promise.lapse_at = datetime.fromtimestamp(lapse, UTC)


def set_alarms(promise: Promise) -> None:
    """When who is told of it: by its times and the store's rules."""
    rules = of_store(promise.store_id)
    found = times.alarms(promise.made_at.timestamp(), promise.due_at.timestamp(), _seconds(rules),
                         clock(rules, promise.line))
    for name in ("remind", "lead", "manager", "lapse"):
        setattr(promise, f"{name}_at", datetime.fromtimestamp(getattr(found, name), UTC))


def alarms_of(promise: Promise) -> times.Alarms:
    """As they were set."""
    moments = (promise.remind_at, promise.due_at, promise.lead_at, promise.manager_at, promise.lapse_at)
    return times.Alarms(*(moment.timestamp() for moment in moments))


def above(store: int, permission: str) -> list[int]:
    """The leads of a store, or its managers; where it has none, whoever comes next above."""
    managers = who_may(MANAGERS, store)
    own = [p.pk for p in Person.objects.filter(pk__in=managers) if not p.stores_for(MANAGERS).every] or managers
    if permission == MANAGERS:
        return sorted(own)
    return sorted(person for person in who_may(LEADS, store) if person not in managers) or sorted(own)


def tell_above(store: int, permission: str, count: int) -> None:
    """An alarm, and a notice to the store's leads or managers: so many promises are late."""
    name = organisation.store_names({store}).get(store, {})
    raise_alarm("promises.late", name.get("zh", str(store)), {"store": store})
    notice(above(store, permission), {
        "zh": f"{name.get('zh', '')}有 {count} 个对客户的承诺已超时。",
        "en": f"{name.get('en', '')}: promises to customers that are late: {count}."}, "warning")
