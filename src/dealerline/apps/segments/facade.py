"""What other apps may use of segments."""

from __future__ import annotations

from typing import Any

from dealerline.apps.accounts.facade import Person
from dealerline.apps.segments.logic import groups
from dealerline.apps.segments.logic.groups import READY
from dealerline.apps.segments.logic.scores import recompute
from dealerline.apps.segments.logic.statement import Context, Sql, add_field
from dealerline.apps.segments.models import Segment

__all__ = ["READY", "Context", "Sql", "add_field", "members", "recompute", "visible"]


def visible(person: Person) -> list[tuple[int, str]]:
    """The groups a person may use: id and name."""
    return list(Segment.objects.visible_to(person, groups.SEE).values_list("pk", "name"))


def members(person: Person, segment: int) -> Any:
    """The customers of a group that this person may see, as a queryset. Raises NotFound, or Problem when the rule no
    longer means anything.
    """
    return groups.members(person, groups.access_segment(person, segment))
