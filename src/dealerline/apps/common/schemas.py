"""Shapes that many answers share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pydantic
from ninja import Schema
from pydantic import AfterValidator, Field


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _known_time(at: datetime) -> datetime:
    """In UTC: a database refuses zones that are nowhere on earth, such as +21:12, and years before our era."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be between 1950 and 2100") from None
    if not 1950 <= moment.year <= 2100:
        raise ValueError("must be between 1950 and 2100")
    return moment


AwareDatetime = Annotated[pydantic.AwareDatetime, AfterValidator(_known_time)]
"""A time that was said with its zone, in UTC."""

Plain = Annotated[str, AfterValidator(_storable)]
"""Text that a database can hold."""

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""A row's id."""


class Text(Schema):
    """A text in both languages."""

    zh: str
    en: str


class BarredOut(Schema):
    """Whether somebody may be rung for something; ``again``: from when, where it is only a matter of time."""

    allowed: bool
    reason: Text
    again: datetime | None


class Ref(Schema):
    """A row by id and name."""

    id: int
    name: str


class NamedRef(Schema):
    """A row by id and both names."""

    id: int
    name: Text


class ProblemOut(Schema):
    """Every error: a code for programs, words for people, words a field of the form."""

    code: str
    text: Text
    fields: dict[str, Text] = {}


class LockedOut(ProblemOut):
    """As ProblemOut, with the seconds until it is worth trying again."""

    seconds: int


class StaleOut(ProblemOut):
    """Somebody else saved meanwhile; ``current`` is the row as it is now."""

    current: dict[str, Any]


class Done(Schema):
    """It was done."""

    ok: bool = True


def epoch(at: datetime | None) -> float | None:
    """A time as epoch seconds."""
    return None if at is None else at.timestamp()


__all__ = ["AwareDatetime", "Done", "Id", "LockedOut", "NamedRef", "Plain", "ProblemOut", "Ref", "StaleOut", "Text",
           "epoch"]
