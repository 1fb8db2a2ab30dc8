"""All leads of somebody who is away: looked at, given to colleagues at once, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from dealerline.apps.customers.models import Customer
from dealerline.apps.leads.models import Handover, Lead, LeadEvent
from tests.integration.records.conftest import World
from tests.integration.records.test_leads import make


def test_all_leads_of_somebody_who_is_away_go_to_colleagues_at_once_and_back(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    alice, bob, lena = (world.browser(name) for name in ("alice", "bob", "lena"))
    step = (timezone.now() + timedelta(days=2)).isoformat()
    customers = [Customer.objects.create(store=world.east, name=f"客户{n}") for n in range(4)]
    followed = [make(alice, one, next_step="邀约", next_at=step)["id"] for one in customers[:3]]
    waits = make(bob, customers[3], owner=world.alice.pk)["id"]
    first_due = Lead.objects.get(pk=waits).reaction_due
    there = {"store": world.east.pk, "owner": world.alice.pk}

    assert bob.get("/api/lead-owners").status_code == 403
    assert lena.get("/api/lead-owners").json() == [
        {"store": world.east.pk, "person": {"id": world.alice.pk, "name": "Alice"}, "active": True, "leads": 4}]
    walter = world.browser("walter")
    assert walter.get("/api/lead-owners").json() == []
    to = {"to": [world.bob.pk, world.max.pk]}
    assert walter.send("POST", "/api/lead-reassignments/plan", {**there, **to}).status_code in (400, 404)
    for wrong in ([world.alice.pk], [world.charlie.pk], [world.bob.pk, 10**6]):
        assert lena.send("POST", "/api/lead-reassignments/plan", {**there, "to": wrong}).status_code == 400
    plan = lena.send("POST", "/api/lead-reassignments/plan", {**there, **to}).json()
    assert [row["to"]["id"] for row in plan] == [world.bob.pk, world.max.pk] * 2
    assert set(Lead.objects.values_list("owner", flat=True)) == {world.alice.pk}, "looking changes nothing"

    alice.send("PATCH", f"/api/leads/{followed[2]}", {"version": 1, "need": "改了主意"})
    items = [{"lead": row["lead"]["id"], "version": row["lead"]["version"], "to": row["to"]["id"]} for row in plan]
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("dealerline.apps.common.desks.tell_switch", lambda path, body: said.append((path, body)))
    since = quote(timezone.now().isoformat())
    with django_capture_on_commit_callbacks(execute=True):
        done = lena.send("POST", "/api/lead-reassignments", {**there, "items": items, "note": "病假"}).json()
    told = {body["people"][0]: body["text"]["en"] for kind, body in said if kind == "notice"}
    assert told == {world.bob.pk: "Lena gave you 2 leads.", world.max.pk: "Lena gave you 1 lead.",
                    world.alice.pk: "Lena gave 3 of your leads to Bob, Max."}, "one notice for many"
    away = world.browser("max").get(f"/api/leads/handed?since={since}").json()
    assert (away["leads"], away["by"]) == (1, ["Lena"]) and away["now"] > timezone.now().isoformat()[:10]
    assert alice.get(f"/api/leads/handed?since={since}").json()["leads"] == 0
    assert (done["done"], [row["customer"] for row in done["left"]]) == (3, ["客户2"])
    rows = Lead.objects.in_bulk()
    assert rows[followed[2]].owner_id == world.alice.pk
    kept = rows[followed[0]]
    assert (kept.state, kept.next_step, kept.reaction_due, kept.owner_id) == (
        "active", "邀约", None, {i["lead"]: i["to"] for i in items}[kept.pk])
    assert rows[waits].state == "waiting" and rows[waits].reaction_due > (first_due or timezone.now())
    assert Handover.objects.filter(lead=waits, ended_at=None).get().person_id == rows[waits].owner_id
    assert LeadEvent.objects.filter(kind="handover", text="病假").count() == 3

    undo = f"/api/lead-reassignments/{done['batch']}/undo"
    assert walter.send("POST", undo).status_code == 404
    Lead.objects.filter(pk=followed[1]).update(version=99)  # who has it now has worked on it
    back = lena.send("POST", undo).json()
    assert (back["done"], [row["lead"] for row in back["left"]]) == (2, [followed[1]])
    owners: dict[int, Any] = dict(Lead.objects.values_list("pk", "owner"))
    assert owners[followed[0]] == owners[waits] == world.alice.pk != owners[followed[1]]
    assert lena.send("POST", undo).json()["done"] == 0, "once"
