"""What other apps and the adapters may use of routing. ``directory_*`` give the switch's fields as plain values."""

from __future__ import annotations

from dealerline.apps.routing.logic.callers import who_is
from dealerline.apps.routing.logic.directory import (
    directory_duties,
    directory_levels,
    directory_people,
    directory_queues,
    directory_skills,
)
from dealerline.apps.routing.logic.keyed import identified

__all__ = [
    "directory_duties",
    "directory_levels",
    "directory_people",
    "directory_queues",
    "directory_skills",
    "identified",
    "who_is",
]
