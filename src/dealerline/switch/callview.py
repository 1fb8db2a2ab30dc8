"""A call as one of the people on it sees it: who else is there, what is going on, what he may do.

The rule of the file: nothing is changed here. What somebody may not know is left out here and nowhere later: numbers
are masked by role, leads who listen are hidden where the installation says so. See docs/reference/desk-protocol.md.
"""

from __future__ import annotations

from typing import Any

from dealerline.domain import conversation as talk
from dealerline.domain import numbers
from dealerline.domain.conversation import transfer
from dealerline.switch.core import Core
from dealerline.switch.directory import Person
from dealerline.switch.hearing import Hearing
from dealerline.switch.model import AgentLeg, Call, Phase

SHOWN = {
    Phase.OFFERED: "offered",
    Phase.TALKING: "talking",
    Phase.HELD: "held",
    Phase.PARKED: "parked",
    Phase.RECONNECTING: "reconnecting",
    Phase.DIALLING: "dialling",
    Phase.FORWARDING: "talking",
    Phase.TEST: "test",
    Phase.ENDED: "wrap",
}
ATTEMPTS = {
    transfer.State.BLIND: "transferring",
    transfer.State.ASKING: "asking",
    transfer.State.CONSULTING: "consulting",
    transfer.State.INVITING: "inviting",
    transfer.State.RETURNING: "returning",
    transfer.State.LEADING: "leading",
}


def number_of(call: Call, person: Person | None) -> str:
    """The customer's number as that person may see it."""
    return shown_to(call.to_number if call.direction == "out" else call.from_number, person)


def shown_to(number: str, person: Person | None) -> str:
    """A number as that person may see it."""
    return numbers.masked(number) if person is None or person.masked else number


def keyed(call: Call) -> dict[str, Any] | None:
    """Who he is by the digits that he keyed; ``by`` is several or nobody where they did not say it."""
    known = call.known
    if known is None or not (known.by or known.among or known.tried):
        return None
    return {
        "customer": known.customer if known.by else None,
        "car": known.car or None,
        "by": known.by or ("several" if known.among else "nobody"),
        "among": [] if known.by else list(known.among),
        "digits": "" if known.by else known.tried,
    }


def phase(call: Call, leg: AgentLeg | None) -> str:
    """What the call is for the reader."""
    if leg is None or call.ended or leg is call.leg:
        return SHOWN.get(call.phase, "wrap")
    if leg.role == "lead":
        return "supervising"
    if leg.answered:
        return SHOWN.get(call.phase, "talking")
    return "reconnecting" if leg.auto else "offered"  # he comes back, and his page answers by itself


def people(core: Core, call: Call, reader: int) -> dict[str, Any]:
    """The part of a CallView that is about who is on the call."""
    me = call.leg_of(reader)
    mine = me.channel if me is not None else ""
    known = call.talk.parties.get(mine)
    return {
        "me": me.label if me is not None else "",
        "my_role": me.role if me is not None else "agent",
        "host": bool(mine) and call.talk.host == mine,
        "locked": call.talk.locked,
        "main_heard": {room: Hearing.level(call, room) for room in call.talk.side_rooms},
        "offer": _offer(core, me),
        "parties": _parties(core, call, reader, mine) if not call.ended else [],
        "attempt": _attempt(core, call, reader),
        "supervised": not hidden(core) and any(p.role == "lead" for p in call.talk),
        "hand": call.hand is not None,
        "muted": known is not None and "muted" in known.flags,
    }


def hidden(core: Core) -> bool:
    """Whether agents are not told of leads who only listen or whisper."""
    return not core.lookup.snapshot.supervision_visible


def _offer(core: Core, me: AgentLeg | None) -> dict[str, Any] | None:
    attempt = me.attempt if me is not None else None
    if me is None or attempt is None or me.answered:
        return None
    asks = core.lookup.people.get(attempt.by)
    return {"how": attempt.how, "by": asks.name if asks else "", "text": attempt.reason}


def _attempt(core: Core, call: Call, reader: int) -> dict[str, Any] | None:
    legs = [leg for leg in call.others.values() if leg.attempt is not None and leg.person != reader]
    if not legs:
        return None
    leg = legs[-1]
    attempt = leg.attempt
    assert attempt is not None
    return {
        "how": attempt.how,
        "state": ATTEMPTS.get(attempt.state, ""),
        "to": attempt.name or shown_to(attempt.target, core.lookup.people.get(reader)),
        "party": leg.label,
        "until": leg.ring_until if not leg.answered else None,
    }


def _parties(core: Core, call: Call, reader: int, mine: str) -> list[dict[str, Any]]:
    person = core.lookup.people.get(reader)
    rows = [_customer(core, call, person)]
    for leg in call.legs_all:
        if leg.role == "lead" and leg.person != reader and leg.mode != "barge" and hidden(core):
            continue
        rows.append(_row(core, call, leg, person, mine))
    return rows


def _customer(core: Core, call: Call, person: Person | None) -> dict[str, Any]:
    party = call.talk.parties.get(call.channel)
    state = "waiting" if call.phase in (Phase.TRANSFER, Phase.RECONNECTING, Phase.OFFERED, Phase.PARKED) else "in"
    if party is not None and state == "in":
        held = "held" in party.flags
        state = "held" if held else ("alone" if talk.place(call.talk, party) == talk.MUSIC else "in")
    return {
        "id": "customer",
        "role": "customer",
        "name": "",
        "number": number_of(call, person),
        "person": None,
        "room": party.room if party is not None else talk.MAIN,
        "state": state,
        "muted": party is not None and "muted" in party.flags,
        "host": False,
        "me": False,
        "since": call.arrived,
    }


def _row(core: Core, call: Call, leg: AgentLeg, person: Person | None, mine: str) -> dict[str, Any]:
    party = call.talk.parties.get(leg.channel)
    who = core.lookup.people.get(leg.person)
    if party is None:
        state = "ringing" if not leg.answered else "waiting"
    elif party.in_booth:
        state = "whispering" if party.mode == "whisper" else "listening"
    elif "held" in party.flags:
        state = "held"
    else:
        state = "alone" if talk.place(call.talk, party) == talk.MUSIC else "in"
    room = party.room if party is not None else talk.MAIN
    if party is not None and party.role == "lead" and party.watches in call.talk.parties:
        room = call.talk.parties[party.watches].room
    return {
        "id": leg.label,
        "role": leg.role,
        "name": who.name if who is not None else leg.name,
        "number": shown_to(leg.number, person) if leg.number else "",
        "person": leg.person or None,
        "room": room,
        "state": state,
        "muted": party is not None and "muted" in party.flags,
        "host": call.talk.host == leg.channel,
        "me": leg.channel == mine,
        "since": leg.joined or leg.at,
    }
