"""Tables of routing. A change of any of them reaches the switch within a second (see common/triggers.py).

Queues and people belong to other apps and are named by string: what a queue's rules say stands in ``QueueRule``, beside
the queue and not in it.
"""

from __future__ import annotations

from dealerline.apps.routing.models.base import CODE, DAY_SECONDS, LEVEL, SHORT, spoken
from dealerline.apps.routing.models.callers import CallerListing, ListingKind, NamedPerson, OfListing
from dealerline.apps.routing.models.duty import DutyShift
from dealerline.apps.routing.models.people import (
    Capacity,
    OfPerson,
    PersonCapacity,
    PersonSkill,
    Skill,
    SkilledPerson,
    WorkKind,
)
from dealerline.apps.routing.models.rules import (
    Lending,
    LendingQuerySet,
    LevelPriority,
    OfQueue,
    OfRule,
    OverflowRule,
    QueueNeed,
    QueueOrder,
    QueueRule,
    Sticky,
    Strategy,
    To,
    When,
)

__all__ = [
    "CODE",
    "DAY_SECONDS",
    "LEVEL",
    "SHORT",
    "CallerListing",
    "Capacity",
    "DutyShift",
    "Lending",
    "LendingQuerySet",
    "LevelPriority",
    "ListingKind",
    "NamedPerson",
    "OfListing",
    "OfPerson",
    "OfQueue",
    "OfRule",
    "OverflowRule",
    "PersonCapacity",
    "PersonSkill",
    "QueueNeed",
    "QueueOrder",
    "QueueRule",
    "Skill",
    "SkilledPerson",
    "Sticky",
    "Strategy",
    "To",
    "When",
    "WorkKind",
    "spoken",
]
