"""Who gets which caller: ``Router`` decides, the switch acts. See ``router``."""

from dealerline.domain.routing.router import (
    AgentGone,
    AgentIs,
    Answered,
    CallEntered,
    CallLeft,
    CallReturned,
    Event,
    Handled,
    IllegalRouting,
    Offer,
    Orphaned,
    QueueGone,
    QueueIs,
    Router,
    decide,
)

__all__ = [
    "AgentGone",
    "AgentIs",
    "Answered",
    "CallEntered",
    "CallLeft",
    "CallReturned",
    "Event",
    "Handled",
    "IllegalRouting",
    "Offer",
    "Orphaned",
    "QueueGone",
    "QueueIs",
    "Router",
    "decide",
]
