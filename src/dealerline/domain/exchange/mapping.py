"""Which column of a sheet is which of ours, guessed from its headings in Chinese and English.

The rule of the file: a heading that is one of our words is taken; one that only contains one of them is taken when
nothing else wants the column. No column of ours is given twice, and what is not known stays unassigned: the person
sees it and decides.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from dealerline.domain.exchange.kinds import KINDS, Column, Kind

SHORTEST_PART = 2
"""A word of fewer characters is never looked for inside a heading: 'id' stands in half of them."""
_LATIN_PART = 4


def plain(heading: str) -> str:
    """A heading without case, width, spaces, marks and what stands in brackets behind it."""
    text = unicodedata.normalize("NFKC", heading).casefold().strip()
    text = re.sub(r"[(\[].*?[)\]]", "", text) or text
    return re.sub(r"[\s_\-*:：、./#]+", "", text)


def _words(column: Column) -> list[str]:
    return [plain(word) for word in (column.zh, column.en, column.name, *column.words)]


_KNOWN = frozenset(word for kind in KINDS.values() for column in kind.columns for word in _words(column))


def known(cells: Sequence[str]) -> int:
    """How many cells of a row are headings that we know: rows of headings are told from titles by it."""
    return sum(1 for cell in cells if plain(cell) in _KNOWN)


def guess(kind: Kind, headings: Sequence[str]) -> dict[str, int]:
    """Column of ours -> index of the sheet's column."""
    known = [(column, _words(column)) for column in kind.columns]
    left = {index: plain(heading) for index, heading in enumerate(headings) if plain(heading)}
    found: dict[str, int] = {}
    # The better word wins: our words are sorted with the best first, so all first words are tried before the second.
    longest = max(len(words) for _column, words in known)
    for place in range(longest):
        for column, words in known:
            if column.name in found or place >= len(words):
                continue
            index = next((index for index, text in left.items() if text == words[place]), None)
            if index is not None:
                found[column.name] = index
                del left[index]
    for _length, word, name in sorted(
        (
            (len(word), word, column.name)
            for column, words in known
            for word in words
            if len(word) >= (_LATIN_PART if word.isascii() else SHORTEST_PART)
        ),
        reverse=True,
    ):
        if name in found:
            continue
        index = next((index for index, text in left.items() if word in text), None)
        if index is not None:
            found[name] = index
            del left[index]
    return found


# What only one kind has: a sheet with such a column is of that kind, whatever else stands in it.
_TELLING = {
    "orders": ("ordered_on", "expected_on", "status"), "repairs": ("stage", "work", "received_at", "promised_at"),
    "cards": ("points", "balance", "valid_until"), "cars": ("insurance_until", "inspection_until", "mileage_km", "vin"),
    "customers": ("phone2", "need", "labels", "notes", "company")}


def guess_kind(headings: Sequence[str]) -> str:
    """The kind that most likely has these headings; customers when nothing tells."""
    exact = {plain(heading) for heading in headings}

    def weight(name: str) -> tuple[int, int]:
        kind, found = KINDS[name], guess(KINDS[name], headings)
        number = kind.column("number")
        named = number is not None and name != "customers" and bool(exact & set(_words(number)))
        telling = sum(1 for column in _TELLING[name] if column in found)
        whole = all(any(column in found for column in group) for group in kind.needs)
        return (4 * named + telling if whole else -1, len(found))

    return max(("customers", "cards", "orders", "repairs", "cars"), key=weight)


def places(headings: Sequence[str]) -> dict[str, int]:
    """Where each heading stands; the second of the same words is another one than the first."""
    found: dict[str, int] = {}
    for index, heading in enumerate(headings):
        number = headings[:index].count(heading) + 1
        found[heading if number == 1 else f"{heading}\t{number}"] = index  # no heading has a tab
    return found


def fingerprint(headings: Sequence[str]) -> str:
    """The same for the same set of headings, whatever their order."""
    return hashlib.sha256("\n".join(sorted(plain(heading) for heading in headings)).encode()).hexdigest()
