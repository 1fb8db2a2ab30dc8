"""Everyone who took part in a call, and who handed whom to whom: names instead of ids, numbers masked by role."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.calls.logic.rows import number
from dealerline.apps.calls.logic.supervision import sees_hidden
from dealerline.apps.calls.models import Call, CallLeg, Participant, Queue, Transfer
from dealerline.apps.organisation.facade import line_names
from dealerline.domain import numbers


def _seconds(since: datetime | None, until: datetime | None) -> float:
    return max(0.0, (until - since).total_seconds()) if since and until else 0.0


def attendance(person: Person, call: Call, legs: list[CallLeg]) -> dict[str, Any]:
    """``participants``: agents who talked, people outside, leads; in order of coming. ``transfers``: every attempt."""
    others = [row for row in Participant.objects.filter(call=call) if _shown(person, call, row)]
    attempts = list(Transfer.objects.filter(call=call))
    talks = [leg for leg in legs if leg.started_at is not None]
    wanted = {leg.agent_id for leg in talks} | {row.person_id for row in others} | {row.watched_id for row in others}
    wanted |= {row.agent_id for row in attempts}
    wanted |= {number(row.target) for row in attempts if row.target_kind == "person"}
    people = names({key for key in wanted if key})
    whole = sees_numbers(person, call.store_id)
    found = [_agent(leg, people) for leg in talks] + [_other(row, people, whole) for row in others]
    found.sort(key=lambda row: row["from"] or datetime.max.replace(tzinfo=UTC))
    return {"participants": found, "transfers": _transfers(attempts, people, whole)}


def _agent(leg: CallLeg, people: dict[int, str]) -> dict[str, Any]:
    return {"role": "agent", "person": leg.agent_id, "name": people.get(leg.agent_id or 0, ""), "number": "",
            "how": leg.how, "from": leg.started_at, "to": leg.ended_at, "left": leg.left,
            "talk": max(0.0, _seconds(leg.started_at, leg.ended_at) - leg.hold_seconds), "hold": leg.hold_seconds,
            "modes": [], "watched_name": "", "hidden": False}


def _shown(person: Person, call: Call, row: Participant) -> bool:
    """A lead whom nobody was to notice is shown to an agent from when he could be heard, else not at all."""
    if row.role != "lead" or row.visible or sees_hidden(person, call):
        return True
    heard = [at for at, mode in row.modes if mode == "barge"]
    if heard:
        row.joined_at, row.modes = datetime.fromtimestamp(heard[0], UTC), [[heard[0], "barge"]]
    return bool(heard)


def _other(row: Participant, people: dict[int, str], whole: bool) -> dict[str, Any]:
    return {"role": row.role, "person": row.person_id, "name": people.get(row.person_id or 0, ""),
            "number": row.phone if whole else numbers.masked(row.phone), "how": row.how, "from": row.joined_at,
            "to": row.left_at, "left": row.left, "talk": row.voice_seconds, "hold": row.hold_seconds,
            "modes": [{"at": datetime.fromtimestamp(at, UTC), "mode": mode} for at, mode in row.modes],
            "watched_name": people.get(row.watched_id or 0, ""), "hidden": not row.visible}


def _transfers(attempts: list[Transfer], people: dict[int, str], whole: bool) -> list[dict[str, Any]]:
    def ids(kind: str) -> set[int]:
        return {number(row.target) or 0 for row in attempts if row.target_kind == kind}

    queues = {queue.pk: queue.text for queue in Queue.objects.filter(pk__in=ids("queue"))}
    lines = line_names(ids("line"))

    def target(row: Transfer) -> dict[str, str]:
        key = number(row.target) or 0
        plain = row.target
        if row.target_kind == "person":
            plain = people.get(key, plain)
        elif row.target_kind == "number" and not whole:
            plain = numbers.masked(plain)
        book = {"queue": queues, "line": lines}.get(row.target_kind, {})
        return book.get(key, {"zh": plain, "en": plain})

    return [{"at": row.started_at, "agent_name": people.get(row.agent_id or 0, ""), "how": row.how,
             "target_kind": row.target_kind, "target_name": target(row), "result": row.result,
             "ended_at": row.ended_at, "done_at": row.done_at} for row in attempts]
