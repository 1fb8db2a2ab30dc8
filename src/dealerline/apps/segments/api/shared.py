"""What the routes of groups, labels and loyalty share."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from dealerline.apps.common.schemas import ProblemOut, StaleOut, Text

ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut}


class OptionOut(Schema):
    value: str
    name: Text


def options(words: dict[str, Any]) -> list[dict[str, Any]]:
    """A table of words as a list to choose from."""
    return [{"value": str(code), "name": name} for code, name in words.items()]
