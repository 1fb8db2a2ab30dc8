"""A call is a fold of its facts. Pure: facts in, rows out; no clock, no database.

The rule of the file: facts are put in the order of ``seq`` and each is counted once, so any order of arrival and any
repetition give the same rows. What is missing is left open (a talk without an end ends with the call), never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dealerline.apps.calls.logic import parties
from dealerline.apps.calls.logic.rows import CallRows, Leg, Message, Recording, agent_of, number, seconds, text
from dealerline.domain.facts import Fact

__all__ = ["CallRows", "fold"]


def _leg(rows: CallRows, agent: int | None, *, make: bool = True) -> Leg | None:
    """The newest leg of that agent that has not ended; a new one when there is none and ``make``."""
    for leg in reversed(rows.legs):
        if leg.agent == (agent or 0) and leg.ended_at is None:
            return leg
    if not make:
        return None
    rows.legs.append(Leg(agent or 0))
    return rows.legs[-1]


# one function a kind ------------------------------------------------------------------------------------------------
def _arrived(rows: CallRows, fact: Fact) -> None:
    data = fact.data
    rows.direction = "out" if data.get("direction") == "out" else "in"
    rows.from_number, rows.to_number = str(data.get("from_number", ""))[:40], str(data.get("to_number", ""))[:40]
    rows.carrier, rows.line = number(data.get("carrier")), number(data.get("line"))
    rows.purpose = str(data.get("purpose", ""))[:10]
    rows.arrived_at = fact.at


def _ended(rows: CallRows, fact: Fact) -> None:
    rows.ended_at = fact.at
    rows.ended_by, rows.cause = str(fact.data.get("by", ""))[:12], str(fact.data.get("cause", ""))[:60]


def _language(rows: CallRows, fact: Fact) -> None:
    rows.language = str(fact.data.get("language", ""))[:2]


def _key(rows: CallRows, fact: Fact) -> None:
    rows.path.append(str(fact.data.get("digits", ""))[:20])


def _unknown(rows: CallRows, fact: Fact) -> None:
    rows.unknown_number = True


def _forward_ended(rows: CallRows, fact: Fact) -> None:
    rows.forwarded = rows.forwarded or fact.data.get("result") == "answered"


def _voicemail(rows: CallRows, fact: Fact) -> None:
    data = fact.data
    rows.messages.append(Message(fact.id, fact.at, str(data.get("path", ""))[:255], seconds(data.get("seconds")),
                                 str(data.get("message") or data.get("kind", "message"))))


def _entered(rows: CallRows, fact: Fact) -> None:
    rows.queue = number(fact.data.get("queue")) or rows.queue
    rows.queued_at = rows.queued_at or fact.at
    rows.waiting_since = fact.at


def _announced(rows: CallRows, fact: Fact) -> None:
    """What he is told first is what he counts on."""
    if rows.told_at is None and fact.data.get("wait") is not None:
        rows.told_wait, rows.told_at = seconds(fact.data.get("wait")), fact.at


def _promised(rows: CallRows, fact: Fact) -> None:
    rows.promised = True


def _rated(rows: CallRows, fact: Fact) -> None:
    mark = number(fact.data.get("mark"))
    if mark is not None and 1 <= mark <= 5:
        rows.rating, rows.rated = mark, agent_of(fact)


def _returned(rows: CallRows, fact: Fact) -> None:
    rows.queue = number(fact.data.get("queue")) or rows.queue
    if rows.waiting_since is None:
        rows.waiting_since = fact.at


def _left(rows: CallRows, fact: Fact) -> None:
    if rows.waiting_since is not None:
        rows.waited_seconds += max(0.0, fact.at - rows.waiting_since)
    else:
        rows.waited_seconds += seconds(fact.data.get("waited"))
    rows.waiting_since = None


def _offered(rows: CallRows, fact: Fact) -> None:
    rows.offers += 1
    rows.legs.append(Leg(agent_of(fact) or 0, number(fact.data.get("queue")), offered_at=fact.at))
    parties.came(rows, rows.legs[-1])


def _offer_ended(rows: CallRows, fact: Fact) -> None:
    leg = _leg(rows, agent_of(fact), make=False)
    if leg is None:
        return
    leg.result = str(fact.data.get("result", ""))[:16]
    if leg.result != "answered":
        leg.ended_at = fact.at


def _talk_started(rows: CallRows, fact: Fact) -> None:
    leg = _leg(rows, agent_of(fact))
    assert leg is not None
    if leg.started_at is None:
        leg.started_at = fact.at
    leg.result = "answered"
    rows.answered_at = rows.answered_at or fact.at
    parties.talking(rows, leg, fact)


def _talk_ended(rows: CallRows, fact: Fact) -> None:
    leg = _leg(rows, agent_of(fact), make=False)
    if leg is not None:
        leg.left = leg.left or text(fact, "reason", 24)
        _close(leg, fact.at)


def _close(leg: Leg, at: float) -> None:
    if leg.hold_since is not None:
        leg.hold_seconds += max(0.0, at - leg.hold_since)
        leg.hold_since = None
    leg.ended_at = at


def _hold_started(rows: CallRows, fact: Fact) -> None:
    """The customer is sent to the music: once, whoever of several agents did it."""
    parties.customer_away(rows, fact.at)
    if any(leg.hold_since is not None for leg in rows.legs):
        return
    leg = _leg(rows, agent_of(fact), make=False)
    if leg is not None and leg.hold_since is None:
        leg.hold_since = fact.at


def _hold_ended(rows: CallRows, fact: Fact) -> None:
    for leg in rows.legs:  # another may fetch him back than he who sent him
        if leg.hold_since is not None:
            leg.hold_seconds += max(0.0, fact.at - leg.hold_since)
            leg.hold_since = None


def _last_talk(rows: CallRows, agent: int | None) -> Leg | None:
    return next((leg for leg in reversed(rows.legs) if leg.agent == (agent or 0) and leg.started_at is not None), None)


def _wrap_started(rows: CallRows, fact: Fact) -> None:
    leg = _last_talk(rows, agent_of(fact))
    if leg is not None and leg.wrap_since is None:
        leg.wrap_since = fact.at


def _wrap_ended(rows: CallRows, fact: Fact) -> None:
    leg = _last_talk(rows, agent_of(fact))
    if leg is not None and leg.wrap_since is not None:
        leg.wrap_seconds += max(0.0, fact.at - leg.wrap_since)
        leg.wrap_since = None


def _recording(rows: CallRows, fact: Fact) -> Recording | None:
    name = str(fact.data.get("recording", ""))
    if not name:
        return None
    return rows.recordings.setdefault(name, Recording(name))


def _recording_started(rows: CallRows, fact: Fact) -> None:
    recording = _recording(rows, fact)
    if recording is not None:
        recording.agent, recording.started_at = agent_of(fact), fact.at
        recording.agent_path = str(fact.data.get("agent_path", ""))[:255]
        recording.customer_path = str(fact.data.get("customer_path", ""))[:255]


def _recording_stopped(rows: CallRows, fact: Fact) -> None:
    recording = _recording(rows, fact)
    if recording is not None and recording.state != "failed":
        recording.state, recording.seconds = "stopped", seconds(fact.data.get("seconds"))


def _recording_failed(rows: CallRows, fact: Fact) -> None:
    recording = _recording(rows, fact)
    if recording is not None:
        recording.state, recording.reason = "failed", str(fact.data.get("reason", ""))[:120]


_FOLD: dict[str, Callable[[CallRows, Fact], None]] = {
    "call.arrived": _arrived,
    "call.ended": _ended,
    "call.unknown_number": _unknown,
    "flow.language": _language,
    "flow.key": _key,
    "forward.ended": _forward_ended,
    "voicemail.recorded": _voicemail,
    "queue.entered": _entered,
    "queue.announced": _announced,
    "callback.promised": _promised,
    "rating.given": _rated,
    "queue.returned": _returned,
    "queue.left": _left,
    "offer.made": _offered,
    "offer.ended": _offer_ended,
    "talk.started": _talk_started,
    "talk.ended": _talk_ended,
    "hold.started": _hold_started,
    "hold.ended": _hold_ended,
    "wrap.started": _wrap_started,
    "wrap.ended": _wrap_ended,
    "recording.started": _recording_started,
    "recording.stopped": _recording_stopped,
    "recording.failed": _recording_failed,
    **parties.STEPS,
}


def _outcome(rows: CallRows) -> str:
    """The first that holds.

    A call that was talked is answered, however people ended it; one that Asterisk's death cut has to be found, so that
    somebody rings the customer back.
    """
    if rows.ended_by == "asterisk" and not rows.messages:
        return "failed"
    if rows.answered_at is not None:
        return "answered"
    if rows.ended_at is None:
        return "live"
    if rows.messages:
        return "voicemail"
    if rows.promised:
        return "callback"
    if rows.forwarded:
        return "forwarded"
    if rows.unknown_number:
        return "unknown_number"
    if rows.ended_by in ("asterisk", "repair"):
        return "failed"
    if rows.direction == "out":
        return "no_answer"
    return "abandoned" if rows.queued_at is not None else "self_service"


def fold(call: str, facts: Iterable[Fact]) -> CallRows:
    """The rows of ``call`` from whatever of its facts is known."""
    unique = {fact.id: fact for fact in facts if fact.call == call}
    rows = CallRows(call)
    for fact in sorted(unique.values(), key=lambda fact: (fact.seq, fact.at, fact.id)):
        rows.seq = max(rows.seq, fact.seq)
        rows.store = number(fact.store) or rows.store
        step = _FOLD.get(fact.kind)
        if step is not None:
            step(rows, fact)
    if rows.ended_at is not None:
        if rows.waiting_since is not None:
            rows.waited_seconds += max(0.0, rows.ended_at - rows.waiting_since)
            rows.waiting_since = None
        for leg in rows.legs:
            if leg.ended_at is None:
                _close(leg, rows.ended_at)
        for recording in rows.recordings.values():
            if recording.state == "recording":  # its end was never told: the joiner looks at the files themselves
                recording.state = "stopped"
    parties.finish(rows)
    rows.agent = parties.responsible(rows.legs, rows.handed)
    rows.outcome = _outcome(rows)
    return rows
