"""Skills, rules of queues, the expert centre, caller lists and the duty roster of the demo group."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world import layout
from dealerline.apps.demo.world import routing as world
from dealerline.apps.demo.world.numbers import mobile


def load(ledger: Ledger, made: Organisation, base: date) -> None:
    """Everything under Routing. ``base``: the roster runs for two weeks from that day's Monday."""
    skills = _skills(ledger, made)
    _expert_centre(ledger, made)
    _rules(ledger, made, skills)
    _lists(ledger, made)
    _roster(ledger, made, base)


def _skills(ledger: Ledger, made: Organisation) -> dict[str, Any]:
    skill, known = table("routing.Skill"), table("routing.PersonSkill")
    there = {row.code: row for row in skill.objects.filter(code__in=[code for code, *_ in world.SKILLS])}
    new = [
        skill(code=code, name_zh=zh, name_en=en, position=n)
        for n, (code, zh, en) in enumerate(world.SKILLS)
        if code not in there
    ]
    ledger.add(new)
    skills = there | {row.code: row for row in new}
    ledger.add(
        [
            known(person=made.people[login], skill=skills[code], level=level)
            for login, levels in world.LEVELS.items()
            for code, level in levels.items()
        ]
    )
    return skills


def _expert_centre(ledger: Ledger, made: Organisation) -> None:
    """One queue of experts at the first store, lent to all; and a store that helps its neighbour in the night."""
    queue, member, lending = table("calls.Queue"), table("calls.QueueMember"), table("routing.Lending")
    home = made.stores[world.EXPERTS_AT]
    experts = queue(store=home, code="experts", name_zh="专家座席", name_en="Experts", ring_seconds=20, wrap_seconds=60,
                    max_wait_seconds=300, service_seconds=30)
    made.queues[world.EXPERTS_AT, "experts"] = experts
    ledger.add([experts])
    ledger.add([member(queue=experts, person=made.people[login]) for login in world.EXPERTS])
    ledger.add(
        [
            lending(store=home, queue=experts, note="集团专家中心"),
            *(
                lending(store=made.stores[lender], queue=made.queues[lender, code], borrower=made.stores[to], note=note)
                for lender, code, to, note in world.LENT
            ),
        ]
    )


def _rules(ledger: Ledger, made: Organisation, skills: dict[str, Any]) -> None:
    rule, need, overflow = (table(f"routing.{name}") for name in ("QueueRule", "QueueNeed", "OverflowRule"))
    rules = {
        (store, code): rule(queue=queue, **world.RULES.get(code, {}))
        for (store, code), queue in made.queues.items()
    }
    ledger.add(list(rules.values()))
    ledger.add(
        [
            need(rule=rules[at], skill=skills[code], level=level, must=must, relax=relax)
            for at, code, level, must, relax in world.NEEDS
        ]
    )
    experts = made.queues[world.EXPERTS_AT, "experts"]
    ways = [overflow(rule=rules[at, "sales"], when="waited", value=60, to="queue", queue=experts)
            for at in made.stores]
    ways += [overflow(rule=rules[at, "sales"], when="expected", value=240, to="callback") for at in made.stores]
    ways += [overflow(rule=rules[at, code], when="waited", value=seconds, to="queue", queue=made.queues[to, code])
             for at, code, seconds, to in world.HELPED]
    ledger.add(ways)


def _lists(ledger: Ledger, made: Organisation) -> None:
    listing, named = table("routing.CallerListing"), table("routing.NamedPerson")
    for serial, kind, store, people, note in world.LISTED:
        row = listing(number=mobile(serial), kind=kind, store=made.stores.get(store), note=note)
        ledger.add([row])
        ledger.add([named(listing=row, person=made.people[login], place=n) for n, login in enumerate(people, 1)])


def _roster(ledger: Ledger, made: Organisation, base: date) -> None:
    shift = table("routing.DutyShift")
    monday = base - timedelta(days=base.weekday())
    staff = {person.login: person for person in layout.PEOPLE}
    rows = []
    for store, people in world.ON_DUTY.items():
        for n in range(14):
            first, second = people[n % len(people)], people[(n + 1) % len(people)]
            rows.append(shift(
                store=made.stores[store], date=monday + timedelta(days=n), begins="17:30", ends="08:30",
                first=made.people[first], first_number=layout.night_mobile(staff[first]),
                second=made.people[second], second_number=layout.night_mobile(staff[second])))
    ledger.add(rows)
