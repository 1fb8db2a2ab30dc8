"""Conversations of more than two, folded: who else was there, who was brought in by whom, each voice's track.

The rule of the file: facts about one thing may come in either order (somebody joins and his talk begins; a lead takes
over and his own talk begins), so every step looks for what is there and adds what it knows. Nothing here ends a talk;
that is in projector.py.
"""

from __future__ import annotations

from collections.abc import Callable

from dealerline.apps.calls.logic.rows import (
    CallRows,
    Leg,
    Participant,
    Track,
    Transfer,
    agent_of,
    number,
    seconds,
    text,
)
from dealerline.domain.facts import Fact

CUSTOMER = "customer"
SETTLING = 1.0
"""Seconds within which the talks of a call that ends are told to end, one after another."""


# how somebody came ---------------------------------------------------------------------------------------------------
def came(rows: CallRows, leg: Leg) -> None:
    """How this agent came into the call, as far as it can be told now. What is known already stays."""
    if leg.agent in rows.coming:
        leg.how = rows.coming.pop(leg.agent)
    elif not leg.how:
        leg.how = "queue" if leg.queue else "out" if rows.direction == "out" else ""


def talking(rows: CallRows, leg: Leg, fact: Fact) -> None:
    """His talk begins: his party tells by which attempt he came, also where a queue was asked and not he by name."""
    party = text(fact, "party", 40)
    attempt = _attempt(rows, party) if party else None
    if party:
        rows.people[party] = leg.agent
    if attempt is not None and leg.agent not in rows.coming:
        leg.how = attempt.how
    else:
        came(rows, leg)


def _newest(rows: CallRows, agent: int | None) -> Leg | None:
    """The newest leg of that agent, whether it goes on or not."""
    return next((leg for leg in reversed(rows.legs) if agent and leg.agent == agent), None)


def _attempt(rows: CallRows, party: str, how: str = "") -> Transfer | None:
    """The newest attempt to bring that party in; without a party the newest of that kind which still goes on."""
    for attempt in reversed(rows.transfers):
        if (party and attempt.party == party) or (not party and attempt.how == how and attempt.ended_at is None):
            return attempt
    return None


def _invited(rows: CallRows, fact: Fact) -> None:
    attempt = Transfer(agent_of(fact) or 0, text(fact, "how", 16), text(fact, "target_kind", 8),
                       text(fact, "target", 40), text(fact, "party", 40), fact.at)
    rows.transfers.append(attempt)
    person = number(attempt.target) if attempt.target_kind == "person" else None
    if person:
        rows.coming[person] = attempt.how
        if attempt.party:
            rows.people[attempt.party] = person


def _invite_ended(rows: CallRows, fact: Fact) -> None:
    attempt = _attempt(rows, text(fact, "party", 40), text(fact, "how", 16))
    if attempt is None or attempt.ended_at is not None:
        return
    attempt.ended_at, attempt.result = fact.at, text(fact, "result", 16)
    if attempt.result != "answered" and attempt.target_kind == "person":
        rows.coming.pop(number(attempt.target) or 0, None)


def _transferred(rows: CallRows, fact: Fact) -> None:
    agent, target = agent_of(fact) or 0, text(fact, "target", 40)
    for attempt in reversed(rows.transfers):
        if attempt.done_at is None and (attempt.agent, attempt.target) == (agent, target):
            break
    else:  # a desk phone may do it by itself: nobody was told of its beginning
        attempt = Transfer(agent, text(fact, "how", 16), text(fact, "target_kind", 8), target, "", fact.at)
        rows.transfers.append(attempt)
    attempt.done_at = fact.at
    leg = _newest(rows, agent)
    if leg is not None:
        leg.left = "transferred"


# who is there --------------------------------------------------------------------------------------------------------
def _participant(rows: CallRows, party: str, role: str, person: int | None) -> Participant:
    """Him who is there now by that party or person; he begins here when nobody told of him yet."""
    for known in reversed(rows.participants):
        if known.left_at is None and known.role == role and (
                (party and known.party == party) or (person and known.person == person)):
            known.party, known.person = party or known.party, person or known.person
            return known
    rows.participants.append(Participant(party, role, person or 0))
    return rows.participants[-1]


def _joined(rows: CallRows, fact: Fact) -> None:
    party, role, person = text(fact, "party", 40), text(fact, "role", 8), number(fact.data.get("agent"))
    if person:
        rows.people[party] = person
    attempt = _attempt(rows, party) if party else None
    if role == "agent":
        leg = _newest(rows, person)
        if leg is not None and attempt is not None and leg.ended_at is None:
            leg.how = attempt.how
            rows.coming.pop(leg.agent, None)
        elif person and attempt is not None:
            rows.coming[person] = attempt.how
        return
    if role not in ("outside", "lead"):
        return
    him = _participant(rows, party, role, person)
    him.number = text(fact, "number", 40)
    him.joined_at = fact.at if him.joined_at is None else him.joined_at
    him.how = him.how or (attempt.how if attempt is not None else "")


def _left(rows: CallRows, fact: Fact) -> None:
    party, role = text(fact, "party", 40), text(fact, "role", 8)
    _bound(rows, party, fact.at)
    for him in reversed(rows.participants):
        if him.party == party and him.left_at is None and him.role in (role, ""):
            _close(him, fact.at, text(fact, "reason", 24))
            return
    leg = _newest(rows, number(fact.data.get("agent")) or rows.people.get(party))
    if role == "agent" and leg is not None and not leg.left:
        leg.left = text(fact, "reason", 24)


def _close(him: Participant, at: float, reason: str) -> None:
    _unhold(him, at)
    him.left_at, him.left = at, him.left or reason


def _unhold(him: Participant, at: float) -> None:
    if him.hold_since is not None:
        him.hold_seconds += max(0.0, at - him.hold_since)
        him.hold_since = None


def _party_held(rows: CallRows, fact: Fact) -> None:
    party = text(fact, "party", 40)
    _bound(rows, party, fact.at)
    for him in rows.participants:
        if him.party == party and him.left_at is None and him.hold_since is None:
            him.hold_since = fact.at


def _party_unheld(rows: CallRows, fact: Fact) -> None:
    for him in rows.participants:
        if him.party == text(fact, "party", 40):
            _unhold(him, fact.at)


def _room(rows: CallRows, fact: Fact) -> None:
    _bound(rows, text(fact, "party", 40), fact.at)


# supervision ---------------------------------------------------------------------------------------------------------
def _supervised(rows: CallRows, fact: Fact) -> None:
    him = _participant(rows, text(fact, "party", 40), "lead", agent_of(fact))
    him.joined_at = fact.at if him.joined_at is None else him.joined_at
    him.watched = number(fact.data.get("watched")) or him.watched
    him.visible = bool(fact.data.get("visible", True))
    him.how = "supervision"
    him.modes.append((fact.at, text(fact, "mode", 8)))


def _mode(rows: CallRows, fact: Fact) -> None:
    _participant(rows, "", "lead", agent_of(fact)).modes.append((fact.at, text(fact, "mode", 8)))


def _supervision_ended(rows: CallRows, fact: Fact) -> None:
    person, reason = agent_of(fact), text(fact, "reason", 24)
    for him in reversed(rows.participants):
        if him.role == "lead" and him.person == person:
            him.left = reason  # more exact than what the leaving of his channel told
            if him.left_at is None:
                _close(him, fact.at, reason)
            return


def _taken_over(rows: CallRows, fact: Fact) -> None:
    lead, watched = agent_of(fact) or 0, number(fact.data.get("watched"))
    rows.handed.append((fact.at, lead))
    own, other = _newest(rows, lead), _newest(rows, watched)
    if own is not None and own.ended_at is None and own.started_at is not None:
        own.how = "take_over"
    else:
        rows.coming[lead] = "take_over"
    if other is not None:
        other.left = "taken_over"


def _host(rows: CallRows, fact: Fact) -> None:
    person = rows.people.get(text(fact, "party", 40))
    if person:
        rows.handed.append((fact.at, person))


# tracks --------------------------------------------------------------------------------------------------------------
def _bound(rows: CallRows, party: str, at: float) -> None:
    """From then on that party's voice belongs to another track, or to none, whether its end is told or not."""
    for track in rows.tracks.values():
        if track.party == party and track.bound is None and track.started_at is not None and track.started_at < at:
            track.bound = at


def _track(rows: CallRows, fact: Fact) -> Track | None:
    name = text(fact, "track", 40)
    return rows.tracks.setdefault(name, Track(name)) if name else None


def _track_started(rows: CallRows, fact: Fact) -> None:
    track = _track(rows, fact)
    if track is None:
        return
    track.party, track.role, track.agent = text(fact, "party", 40), text(fact, "role", 8), agent_of(fact)
    track.room, track.raw_path, track.started_at = text(fact, "room", 24), text(fact, "path", 255), fact.at
    track.audience = CUSTOMER if fact.data.get("audience") == CUSTOMER else "inside"  # in doubt nobody's copy has it
    if track.agent:
        rows.people[track.party] = track.agent
    _bound(rows, track.party, fact.at)


def _track_stopped(rows: CallRows, fact: Fact) -> None:
    track = _track(rows, fact)
    if track is not None and track.state != "failed":
        track.state, track.seconds = "stopped", seconds(fact.data.get("seconds"))


def _track_failed(rows: CallRows, fact: Fact) -> None:
    track = _track(rows, fact)
    if track is not None:
        track.state, track.reason = "failed", text(fact, "reason", 120)


def _paused(rows: CallRows, fact: Fact) -> None:
    for party in {track.party for track in rows.tracks.values()}:
        _bound(rows, party, fact.at)


STEPS: dict[str, Callable[[CallRows, Fact], None]] = {
    "invite.started": _invited,
    "invite.ended": _invite_ended,
    "transfer.done": _transferred,
    "party.joined": _joined,
    "party.left": _left,
    "party.held": _party_held,
    "party.unheld": _party_unheld,
    "room.entered": _room,
    "supervision.started": _supervised,
    "supervision.changed": _mode,
    "supervision.ended": _supervision_ended,
    "taken_over": _taken_over,
    "host.changed": _host,
    "track.started": _track_started,
    "track.stopped": _track_stopped,
    "track.failed": _track_failed,
    "recording.paused": _paused,
}


# the end -------------------------------------------------------------------------------------------------------------
def customer_away(rows: CallRows, at: float) -> None:
    """The customer hears music from now on: no track of his goes on."""
    _bound(rows, CUSTOMER, at)


def finish(rows: CallRows) -> None:
    """What goes on when the call ends, ends with it."""
    end = rows.ended_at
    if end is None:
        return
    for him in rows.participants:
        if him.left_at is None:
            _close(him, end, "call_ended")
    for attempt in rows.transfers:
        if attempt.ended_at is None:
            attempt.ended_at = end
    for track in rows.tracks.values():
        if track.state == "recording":  # its end was never told: the worker looks at the file, up to the bound
            track.state = "stopped"
            if track.started_at is not None:
                track.seconds = max(0.0, (track.bound if track.bound is not None else end) - track.started_at)


def responsible(legs: list[Leg], handed: list[tuple[float, int]]) -> int | None:
    """The agent whose call it was last.

    He who answered first, until he leaves: then whoever of the others has been there longest and stays, else the next
    who answers; or until it was handed to another, who took it over or became host.
    """
    talks = sorted(((leg.started_at, leg) for leg in legs if leg.started_at is not None and leg.agent),
                   key=lambda talk: talk[0])
    begins, handing, ends = range(3)  # in this order where they have the same time
    moments: list[tuple[float, int, int, Leg | None]] = [(at, handing, person, None) for at, person in handed]
    moments += [(at, begins, leg.agent, leg) for at, leg in talks]
    moments += [(leg.ended_at, ends, leg.agent, leg) for _, leg in talks if leg.ended_at is not None]
    now: Leg | None = None
    free = True  # nobody has it: the next who answers does
    for at, what, person, whose in sorted(moments, key=lambda moment: moment[:2]):
        if what == begins and free:
            now, free = whose, False
        elif what == handing:
            own = [leg for since, leg in talks if leg.agent == person and since <= at + SETTLING]
            now, free = (own[-1], False) if own else (now, free)
        elif what == ends and whose is now:
            stay = [leg for since, leg in talks
                    if since <= at and (leg.ended_at is None or leg.ended_at > at + SETTLING)]
            now, free = (stay[0], False) if stay else (now, True)
    return now.agent if now is not None else None
