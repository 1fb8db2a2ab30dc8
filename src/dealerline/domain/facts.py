"""The journal's vocabulary: every step of a call or of a person's day is one immutable fact.

The rule of the file: a fact is what happened, at a time, once. It is never changed; records, the board and the replay
of a call are derived from facts. Kinds marked *durable* are on disk (fsync) before the switch goes on; the others
follow within a second. ``data`` holds only JSON values and no free text a person wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened.

    id: UUIDv7 as text, unique for ever (the database keeps the first and drops repeats).
    at: seconds since the epoch, UTC, microsecond resolution.
    call: the call's UUIDv7, or "" when the fact is about a person or the system.
    seq: position within its call, from 1 without gaps; 0 when ``call`` is "".
    """

    id: str
    kind: str
    at: float
    call: str = ""
    seq: int = 0
    store: int = 0
    person: int = 0
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fact must carry in ``data``, and whether it is durable."""

    name: str
    needs: tuple[str, ...] = ()
    durable: bool = False


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        # the call as a whole -----------------------------------------------------------------------------------------
        Kind("call.arrived", ("direction", "from_number", "to_number", "carrier", "line", "channel"), durable=True),
        Kind("call.unknown_number", ("to_number",)),
        Kind("call.answered", ()),  # by the centre, not by a person
        Kind("call.ended", ("by", "cause"), durable=True),  # by: customer|agent|centre|carrier|asterisk|repair
        Kind("caller.listed", ("standing", "customer")),  # standing: vip|blocked|nuisance
        # by what he keyed; result: found|not_found|several|unanswered; way: plate|vin_end|card|order|repair
        Kind("caller.identified", ("result", "way", "customer")),
        # self-service ------------------------------------------------------------------------------------------------
        Kind("flow.started", ("flow", "version")),
        Kind("flow.node", ("node", "kind")),
        Kind("flow.prompt", ("prompts", "language")),
        Kind("flow.key", ("digits",)),  # plus node: where he stood
        Kind("flow.timeout", ("node",)),
        Kind("flow.wrong_key", ("node", "digits")),
        Kind("flow.language", ("language",)),
        Kind("flow.error", ("node", "reason")),
        Kind("flow.ended", ("reason",)),
        Kind("forward.started", ("number",)),
        Kind("forward.ended", ("number", "result")),
        Kind("voicemail.started", ("node",)),
        Kind("voicemail.recorded", ("path", "seconds", "node"), durable=True),
        # waiting -----------------------------------------------------------------------------------------------------
        Kind("queue.entered", ("queue", "position")),
        Kind("queue.announced", ("queue", "position", "wait")),
        Kind("queue.returned", ("queue", "reason")),  # back in front: no_answer|refused|device_lost|agent_lost
        Kind("queue.kept", ("queue", "agent", "agents", "until")),  # he waits for people he knows, at most until then
        # target_kind: queue (lent to it, he waits in his own as well)|number|callback|voicemail
        Kind("queue.overflow", ("queue", "target_kind", "target", "rule", "value", "waited")),
        Kind("queue.left", ("queue", "reason", "waited")),  # answered|abandoned|timeout|key|closed|overflow
        # promised call-backs (domain/callbacks.py); callback: the promise's id ---------------------------------------
        Kind("callback.promised", ("callback", "number", "asked_from", "queue", "line", "due"), durable=True),
        Kind("callback.tried", ("callback", "result", "tries"), durable=True),  # the number was rung in vain
        Kind("callback.returned", ("callback",)),  # he rings himself
        Kind("callback.kept", ("callback", "how", "late"), durable=True),  # how: dialled|own_call|agent; late: seconds
        Kind("callback.unreached", ("callback", "reason", "tries"), durable=True),
        Kind("callback.cancelled", ("callback", "by"), durable=True),
        # people ------------------------------------------------------------------------------------------------------
        Kind("offer.made", ("agent", "queue", "waited", "why")),
        # answered|taken (another was faster)|no_answer|refused|device_lost|caller_gone|failed
        Kind("offer.ended", ("agent", "result")),
        Kind("talk.started", ("agent",), durable=True),
        Kind("talk.ended", ("agent", "reason"), durable=True),
        Kind("hold.started", ("agent",)),
        Kind("hold.ended", ("agent",)),
        Kind("mute.started", ("agent",)),
        Kind("mute.ended", ("agent",)),
        Kind("key.sent", ("agent", "count")),
        Kind("agent.lost", ("agent", "what")),  # the browser or phone went away in mid-call
        Kind("agent.back", ("agent",)),
        Kind("agent.state", ("agent", "old", "new", "cause")),  # plus reason when busy
        Kind("consent.asked", ("agent", "reason")),  # a break that a lead has to consent to
        Kind("consent.ended", ("agent", "reason", "result", "cause")),  # granted|refused|withdrawn; plus by: the lead
        Kind("agent.signed_in", ("agent", "device")),
        Kind("agent.signed_out", ("agent", "cause")),
        Kind("wrap.started", ("agent", "until")),
        Kind("wrap.ended", ("agent", "cause")),
        # more than two -----------------------------------------------------------------------------------------------
        # how: transfer (the one who asks is out at once), consult, invite, return (the first agent is rung again), lead
        # target_kind: person|number|queue|line; target: its id, or the number
        Kind("invite.started", ("agent", "how", "target_kind", "target", "party")),
        Kind("invite.ended", ("how", "party", "result")),  # answered|busy|no_answer|refused|unreachable|cancelled|...
        Kind("transfer.done", ("agent", "how", "target_kind", "target")),  # agent: who handed the customer over
        Kind("party.joined", ("party", "role", "agent", "number"), durable=True),  # role: agent|outside|lead
        Kind("party.left", ("party", "role", "agent", "number", "reason", "seconds"), durable=True),
        Kind("party.held", ("party", "agent")),  # another than the customer; agent: who did it
        Kind("party.unheld", ("party", "agent")),
        Kind("party.muted", ("party", "agent")),
        Kind("party.unmuted", ("party", "agent")),
        Kind("room.entered", ("party", "room", "agent")),  # main, or a side room's name; party "customer": the customer
        Kind("room.volume", ("room", "level", "agent")),  # how loud it hears the main room: normal|soft|off
        Kind("host.changed", ("party", "agent")),
        Kind("conference.locked", ("agent",)),
        Kind("conference.unlocked", ("agent",)),
        Kind("supervision.started", ("agent", "mode", "watched", "visible")),  # agent: the lead; watched: a person
        Kind("supervision.changed", ("agent", "mode")),  # listen|whisper|barge
        Kind("supervision.ended", ("agent", "reason")),  # left|took_over|call_ended|parked|lost
        Kind("taken_over", ("agent", "watched")),
        Kind("hand.raised", ("agent",)),
        Kind("hand.lowered", ("agent", "by")),
        Kind("agent.forced", ("agent", "by", "what")),  # ready|busy|offline|hangup; agent: whom
        # after the call ----------------------------------------------------------------------------------------------
        Kind("rating.asked", ("agent",)),  # agent: of whom the mark is
        Kind("rating.given", ("agent", "mark"), durable=True),  # mark: 1 (worst) to 5
        # recording ---------------------------------------------------------------------------------------------------
        # While two talk, one recorder on the agent's channel keeps both sides (recording.*). With a third, each voice
        # is a track of its own (track.*): audience "customer" when the customer hears it, else "inside".
        Kind("track.started", ("track", "party", "role", "agent", "path", "room", "audience"), durable=True),
        Kind("track.stopped", ("track", "seconds"), durable=True),
        Kind("track.failed", ("track", "reason"), durable=True),
        Kind("recording.paused", ("agent",), durable=True),
        Kind("recording.resumed", ("agent",), durable=True),
        Kind("recording.started", ("recording", "agent", "agent_path", "customer_path"), durable=True),
        Kind("recording.stopped", ("recording", "seconds"), durable=True),
        Kind("recording.failed", ("recording", "reason"), durable=True),
        # the live board ---------------------------------------------------------------------------------------------
        # what: waiting|oldest|level|nobody (subject: a queue), over_break (a person); value: when it began, the worst
        Kind("alarm.raised", ("alarm", "what", "subject", "value", "limit")),
        Kind("alarm.ended", ("alarm", "what", "subject", "value", "seconds")),
        # the system --------------------------------------------------------------------------------------------------
        Kind("switch.started", ("version", "resumed")),
        Kind("ari.lost", ()),
        Kind("ari.back", ("channels",)),
        Kind("repair.made", ("what", "subject")),
    )
}


class BadFact(ValueError):
    """A fact of an unknown kind, or one that lacks what its kind needs."""


def check(fact: Fact) -> None:
    """Raise BadFact unless the fact is of a known kind and carries what that kind needs."""
    kind = KINDS.get(fact.kind)
    if kind is None:
        raise BadFact(f"unknown kind of fact {fact.kind!r}")
    missing = [name for name in kind.needs if name not in fact.data]
    if missing:
        raise BadFact(f"{fact.kind} needs {', '.join(missing)}")
