"""``load``: the whole demo, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django import app as jobs

from dealerline.apps.backlog.facade import adopt
from dealerline.apps.demo.load import doubles, lists, organisation, routing, segments, sounds
from dealerline.apps.demo.load.calls import Calls
from dealerline.apps.demo.load.customers import Customers
from dealerline.apps.demo.load.leads import Leads
from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.promises import Promises
from dealerline.apps.demo.models import DemoLoad, DemoObject
from dealerline.apps.demo.world import layout
from dealerline.apps.demo.world.customers import everyone
from dealerline.apps.demo.world.history import DAYS, stories

LOCK = 7_264_001  # advisory lock: one load or removal at a time


class CannotLoad(Exception):
    """Something real stands where the demo would go; the text names it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """``new``: loaded just now. ``sign_ins``: the file, when it was written just now."""

    new: bool
    base: date
    counts: dict[str, int]
    sign_ins: Path | None


def conflicts() -> list[str]:
    """What is there already under a name the demo needs, in words."""
    found: list[str] = []
    names = (
        ("organisation.Store", "code", [s.code for s in layout.STORES], "store"),
        ("organisation.Region", "code", [r.code for r in layout.REGIONS], "region"),
        ("organisation.Carrier", "name", [organisation.CARRIER], "carrier"),
        ("organisation.Number", "number", [layout.GROUP_NUMBER], "number"),
        ("accounts.Person", "username", [p.login for p in layout.PEOPLE], "sign-in"),
        ("accounts.Person", "extension", [p.extension for p in layout.PEOPLE], "extension"),
        ("flows.Flow", "code", ["group-400", "repair-night-binhai"], "flow"),
        ("customers.Customer", "number", ["AT000001"], "customer number"),
    )
    for model, field, wanted, word in names:
        there = table(model).objects.filter(**{f"{field}__in": wanted}).values_list(field, flat=True)
        found += [f"{word} {value}" for value in there]
    return found


def load(now: datetime, say: Callable[[str], None] = lambda _: None, days: int = DAYS) -> Loaded:
    """Load the demo as of ``now``, with calls of the last ``days``, unless it is there.

    When it is there but its sign-ins were lost, they are made anew. Raises CannotLoad when real rows are in its way.
    """
    zone = ZoneInfo(settings.DEALERLINE.timezone)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        there = DemoLoad.objects.first()
        if there is not None:
            lost = not organisation.sign_ins_file().exists()
            renewed = organisation.write_sign_ins(organisation.renew_passwords()) if lost else None
            return Loaded(False, there.base, there.counts, renewed)
        taken = conflicts()
        if taken:
            left = " (kept by an earlier removal)" if DemoObject.objects.exists() else ""
            raise CannotLoad(f"cannot load the demo, these exist already{left}: {', '.join(taken[:12])}")
        base = now.astimezone(zone).date()
        ledger = Ledger()
        say("group, stores, lines, people")
        made = organisation.load(ledger)
        routing.load(ledger, made, base)
        people = everyone()
        say(f"{len(people)} customers")
        customers = Customers(ledger, made, base, zone)
        customers.load(people)
        quiet = frozenset(
            table("organisation.Holiday").objects.filter(kind="holiday", store=None).values_list("date", flat=True)
        )
        past = list(stories(base, now.timestamp(), people, quiet, days))
        say(f"{len(past)} calls")
        calls = Calls(ledger, made, customers.ids, sounds.record(past), sounds.messages(), now.timestamp())
        calls.load(past)
        say(f"{Promises(ledger, made, customers.ids, calls.told, now).load()} promises")
        say(f"{Leads(ledger, made, customers.ids, now).load(people)} leads")
        lists.load(ledger, now)
        segments.load(ledger, made, list(customers.ids.values()), now)
        say(f"{doubles.load(ledger, made, base, zone, people)} pairs of duplicates")
        ledger.close()
        adopt(now - timedelta(days=1))
        DemoLoad.objects.create(base=base, until=now, counts=ledger.counts)
        for recording in calls.waiting_recordings():
            jobs.configure_task("join_recording").defer(recording=recording)
    sounds.list_callers(people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Loaded(True, base, ledger.counts, organisation.write_sign_ins(made.passwords))
