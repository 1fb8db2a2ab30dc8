"""A day of the records, played again under changed rules."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealerline.adapters import whatif
from dealerline.apps.calls.models import Event, Queue, QueueMember
from tests.integration.records.conftest import World

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # in Shanghai


def fact(seconds: float, kind: str, call: uuid.UUID | None = None, person: int = 0, **data: Any) -> None:
    at = NOON + timedelta(seconds=seconds)
    Event.objects.create(id=uuid.uuid4(), kind=kind, at=at, call=call, person=person, data=data)


def test_yesterdays_calls_are_compared_with_what_other_rules_would_have_made_of_them(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = Queue.objects.create(store=world.east, code="sales", name_zh="销售", name_en="Sales")
    QueueMember.objects.create(queue=queue, person=world.alice)
    for person in (world.alice, world.bob):
        fact(0, "agent.state", person=person.pk, agent=person.pk, old="offline", new="ready", cause="wish")
    for n in range(3):
        call = uuid.uuid4()
        fact(10 + n, "queue.entered", call, queue=queue.pk, position=1)
        fact(10 + 100 * n, "queue.left", call, queue=queue.pk, reason="answered", waited=100.0 * n)
        fact(10 + 100 * n, "talk.started", call, world.alice.pk, agent=world.alice.pk)
        fact(100 + 100 * n, "talk.ended", call, world.alice.pk, agent=world.alice.pk, reason="left")
    bob, alice = world.bob.extension, world.alice.extension
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"queues:\n  east/sales:\n    agents: ['{alice}', '{bob}']\n")
    asked = ["--day", "2026-11-20", "--rules", str(rules), "--json", "--lang", "en"]
    if not bob:  # extensions are given in the back office
        for name, extension in (("alice", "8001"), ("bob", "8002")):
            world.people[name].extension = extension
            world.people[name].save()
        rules.write_text("queues:\n  east/sales:\n    agents: [8001, 8002]\n")
    assert whatif.main(asked) == 0
    rows = {(row["queue"], row["which"]): row for row in json.loads(capsys.readouterr().out)}
    real, then = rows["Sales", "real"], rows["Sales", "played, changed rules"]
    assert real["calls"] == then["calls"] == 3 and then["mean"] < real["mean"]
    rules.write_text("queues:\n  east/none: {}\n")
    assert whatif.main(asked) == 2
    assert "east/none" in capsys.readouterr().err
