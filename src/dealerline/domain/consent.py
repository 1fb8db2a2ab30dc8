"""Breaks that a lead has to consent to: what becomes of a request.

The rules of the file:

- ``TABLE`` says all: what ends an open request, and how. An event without an entry leaves it as it is.
- A request has one end, with its cause. Until it ends he who asked is what he was: ready, or at work.
- Granted while he is on a call, it is his wish for afterwards. A call that is offered to him takes it back: whoever
  wants to go in spite of it asks again, during the call or after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dealerline.domain.presence import OWN_REASONS

ENDS = ("granted", "refused", "withdrawn")


@dataclass(frozen=True, slots=True)
class Request:
    """``reason``: a busy reason's code; ``minutes``: its limit, 0: none; ``since``: epoch seconds."""

    person: int
    reason: str
    since: float
    minutes: float = 0


# event -> how the request ends. Told by the switch: by the lead (grant, refuse), by himself (takes_back, other_wish),
# or by what happens to him.
TABLE: Mapping[str, str] = {
    "grant": "granted",
    "refuse": "refused",
    "takes_back": "withdrawn",
    "other_wish": "withdrawn",
    "call_offered": "withdrawn",
    "signed_out": "withdrawn",
    "taken_out": "withdrawn",  # his device failed, or he did not answer: he is busy for another reason already
    "forced": "withdrawn",  # a lead set his state
    "reason_gone": "withdrawn",  # there is no such reason any more, or it needs no consent
}
# states of ``presence`` in which one may ask: there is something to go away from
MAY_ASK = frozenset({"ready", "busy", "away", "reserved", "ringing", "talking", "outbound", "wrap"})


def end(event: str) -> str:
    """How an open request ends by that event; "" when it does not."""
    return TABLE.get(event, "")


def ended_by(state: str, reason: str) -> str:
    """The event that a change to this state is for an open request; "" when it is none."""
    if state == "offline":
        return "signed_out"
    if state == "reserved":
        return "call_offered"
    return "taken_out" if reason in OWN_REASONS else ""
