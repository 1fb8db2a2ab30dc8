"""Shift leads at other people's calls: written into the audit log from the facts, and shown only to whom it may be.

The rule of the file: where an installation hides who listens, an agent learns of a lead from the moment on at which he
could hear him (barging in, taking over), and of nothing before. Who may listen to the store's recordings sees it all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from dealerline.apps.accounts.facade import Person
from dealerline.apps.audit import facade as audit
from dealerline.apps.calls.logic.rows import number
from dealerline.apps.calls.models import Call, CallLeg, Event
from dealerline.domain.facts import Fact

SUPERVISED = ("supervision.started", "supervision.changed", "supervision.ended", "taken_over")


def audit_supervision(facts: Iterable[Fact]) -> None:
    """One entry for each fact of somebody watching, taking over or forcing somebody, or consenting to his break: who,
    whom, what, which call.
    """
    found = [fact for fact in facts if fact.kind in SUPERVISED or _of_state(fact)]
    pairs = {fact.id: _who_and_whom(fact) for fact in found}
    people = {person.pk: person for person in Person.objects.filter(pk__in={who for pair in pairs.values()
                                                                            for who in pair if who})}
    for fact in found:
        who, whom = pairs[fact.id]
        forced, at = _of_state(fact), datetime.fromtimestamp(fact.at, UTC)
        call = fact.call or (_call_of(whom, at) if fact.data.get("what") == "hangup" else "")
        what = str(fact.data.get("what") or f"consent_{fact.data.get('result')}")
        detail: dict[str, Any] = {"what": what[:40] if forced else fact.kind}
        detail |= {key: fact.data[key] for key in ("mode", "visible", "reason") if key in fact.data}
        detail |= {"whom": whom} if whom else {}
        detail |= {"call": call} if forced and call else {}
        target = people.get(whom or 0)
        audit.record(None, "force" if forced else "supervise", person=people.get(who or 0),
                     object_type="person" if forced else "call", object_id=whom if forced else call,
                     store=fact.store or (target.store_id if target else None), detail=detail, at=at)


def _of_state(fact: Fact) -> bool:
    """Whether a lead set somebody's state by it, or answered his request."""
    return fact.kind == "agent.forced" or (fact.kind == "consent.ended" and bool(fact.data.get("by")))


def _who_and_whom(fact: Fact) -> tuple[int | None, int | None]:
    if _of_state(fact):
        return number(fact.data.get("by")), number(fact.data.get("agent"))
    return number(fact.data.get("agent")), number(fact.data.get("watched"))


def _call_of(agent: int | None, at: datetime) -> str:
    """The call on which he talked at that time: a state is forced upon a person, and names no call."""
    talks = CallLeg.objects.filter(agent_id=agent, started_at__lte=at).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=at - timedelta(seconds=1)))
    found = talks.order_by("-started_at").values_list("call", flat=True).first()
    return str(found) if found else ""


def sees_hidden(person: Person, call: Call) -> bool:
    """Whether hidden supervision of that call is no secret to him."""
    return call.store_id in person.stores_for("calls.listen")


def without_hidden(person: Person, call: Call, events: list[Event]) -> list[Event]:
    """The events without what this person is not to know of leads who listen hidden."""
    begun = [event for event in events if event.kind == "supervision.started"]
    hiding = {_agent(event) for event in begun if not event.data.get("visible", True)}
    if not hiding or sees_hidden(person, call):
        return events
    leads: dict[str, int] = {}  # the parties and tracks of those leads
    for event in events:
        lead = _agent(event)
        if lead in hiding and event.data.get("role") == "lead" and event.kind in ("party.joined", "track.started"):
            leads |= {str(event.data.get(name)): lead for name in ("party", "track") if event.data.get(name)}
    secret = set(hiding)
    shown = []
    for event in events:
        own_state = event.kind == "agent.state" and "supervising" in (event.data.get("old"), event.data.get("new"))
        lead = _agent(event) if own_state or event.kind in SUPERVISED else _of_party(event, leads)
        if event.kind == "supervision.started" and event.data.get("visible", True):
            secret.discard(lead)
        if event.kind == "taken_over" or (event.kind == "supervision.changed" and event.data.get("mode") == "barge"):
            secret.discard(lead)
        if lead not in secret:
            shown.append(event)
        if event.kind == "supervision.ended" and lead in hiding and event.data.get("reason") != "took_over":
            secret.add(lead)  # what he may do later begins hidden again
    return shown


def _agent(event: Event) -> int:
    return number(event.data.get("agent")) or 0


def _of_party(event: Event, leads: dict[str, int]) -> int:
    return leads.get(str(event.data.get("party") or event.data.get("track")), 0)
