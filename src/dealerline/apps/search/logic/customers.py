"""Customers by a part of a name, a number or a plate: their ids in the order in which they are shown.

The rules of the file. Every way of finding somebody is a branch of one statement that looks at one index and stops at
``FOUND_AT_MOST``. Of a name that is common (王, ``wang``) so many are found among the newest customers, without the
index, which would bring tens of thousands; only where they are not is the index asked. The values stand in the
statement as they are (client-side binding), since the planner must know how common they are. Exact hits come first,
then those of the person's own store, then the newest.

Numbers that a person sees masked are found whole or by their last four digits only: else the search would unmask them
one digit at a time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from dealerline.apps.common.access import StoreSet
from dealerline.domain import numbers

FOUND_AT_MOST = 1000
NEWEST = 20_000  # customers that are looked at without an index
LEAST_DIGITS = 3
SHOWN_DIGITS = 4  # of a masked number
IGNORED = re.compile(r"[\s·•・.]")  # as in the function search_name_parts
PLATE = re.compile(r"[\u4e00-\u9fff]?[A-Z0-9]{2,8}[\u4e00-\u9fff]?")

NAMES = "customers_customer c"
PHONES = "customers_customerphone p JOIN customers_customer c ON c.id = p.customer_id"
PLATES = "customers_car a JOIN customers_customer c ON c.id = a.customer_id"
ALONE = {PHONES: ("customers_customerphone p", "p.customer_id"), PLATES: ("customers_car a", "a.customer_id")}
"""Where no store has to be looked at, the table and its customer."""
CLEAN = r"regexp_replace(lower(c.name), '[\s·•・.]', '', 'g')"
PINYIN = "c.name_pinyin LIKE %s"
PARTS = "search_name_parts(c.name, c.name_pinyin) @> %s::text[]"

EVERYWHERE = StoreSet(every=True)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of finding: ``where`` of ``tables``. ``within``: only in these stores. ``common``: the same in other
    words, cheap to ask of one customer; for what may be common.
    """

    tables: str
    where: str
    values: tuple[Any, ...]
    exact: bool = False
    within: StoreSet = EVERYWHERE
    common: tuple[str, Any] | None = None


def _like(text: str, before: str = "%", after: str = "%") -> str:
    return before + re.sub(r"([\\%_])", r"\\\1", text) + after


def _names(text: str) -> Iterator[Way]:
    clean = IGNORED.sub("", text.lower())
    if not clean:
        return
    yield Way(NAMES, PARTS, ([f"={clean}"],), exact=True)
    if not clean.isascii():
        pairs = [clean] if len(clean) == 1 else [clean[at : at + 2] for at in range(len(clean) - 1)]
        # Of three characters or more the pairs are in the name, though perhaps not side by side.
        whole = f"{PARTS} AND {CLEAN} LIKE %s" if len(clean) > 2 else PARTS
        common = ("c.name LIKE %s", _like(clean)) if len(clean) == 1 else None
        yield Way(NAMES, whole, (pairs, _like(clean)) if len(clean) > 2 else (pairs,), common=common)
        return
    letters = "".join(c for c in clean if c.isalnum())
    if not letters or letters.isdigit():
        return
    if len(letters) == 2:  # initials, anywhere in the name
        common = ("split_part(c.name_pinyin, ' ', 2) LIKE %s", _like(letters))
        yield Way(NAMES, PARTS, ([letters],), common=common)
    words = " ".join("".join(c for c in word if c.isalnum()) for word in text.lower().split())
    for said in dict.fromkeys((letters, words)):
        like = _like(said, before="" if len(letters) <= 2 else "%")
        yield Way(NAMES, PINYIN, (like,), common=(PINYIN, like))


def _phones(text: str, seen: StoreSet) -> Iterator[Way]:
    digits = re.sub(r"\D", "", text)
    if len(digits) < LEAST_DIGITS or not numbers.is_plausible(text):
        return
    yield Way(PHONES, "p.e164 = %s", (numbers.e164(text),), exact=True)
    if seen:
        yield Way(PHONES, "p.e164 LIKE %s", (_like(digits),), within=seen)
    if len(digits) == SHOWN_DIGITS and not seen.every:
        yield Way(PHONES, "p.e164 LIKE %s", (_like(digits, after=""),))


def _plates(text: str) -> Iterator[Way]:
    plate = IGNORED.sub("", text.upper())
    if len(plate) >= LEAST_DIGITS and PLATE.fullmatch(plate):
        yield Way(PLATES, "a.plate = %s", (plate,), exact=True)
        yield Way(PLATES, "a.plate LIKE %s", (_like(plate),))


def ways(text: str, seen: StoreSet) -> list[Way]:
    """Every way in which ``text`` may mean somebody. ``seen``: the stores whose numbers the person sees whole."""
    plain = unicodedata.normalize("NFKC", text)  # figures and letters of full width; names stand as they were written
    number = Way(NAMES, "c.number = %s", (plain.upper(),), exact=True)
    return [number, *_names(text), *_phones(plain, seen), *_plates(plain)]


class Statement:
    """The branches put together. ``parts`` are common table expressions, ``branches`` what is found by each way."""

    def __init__(self, among: QuerySet[Any] | None, most: int) -> None:
        self._most = most
        self._among = among.query.sql_with_params() if among is not None else None
        self.parts: list[tuple[str, list[Any]]] = []
        self.branches: list[tuple[str, list[Any]]] = []

    def add(self, way: Way, stores: StoreSet) -> None:
        """The newest of one way in these stores."""
        scope, scoped = "", list[Any]()
        if not stores.every:
            scope, scoped = " AND c.store_id = ANY(%s)", [sorted(stores.ids)]
        if self._among is not None:
            scope, scoped = f"{scope} AND c.id IN ({self._among[0]})", [*scoped, *self._among[1]]
        rank, enough = int(not way.exact), ""
        if way.common is not None:
            where, value = way.common
            name = f"newest{len(self.parts)}"
            self.parts.append((
                f"{name} AS MATERIALIZED (SELECT c.id FROM (SELECT c.* FROM {way.tables} WHERE true{scope}"
                f" ORDER BY c.id DESC LIMIT {NEWEST}) AS c WHERE {where} LIMIT {self._most})", [*scoped, value]))
            self.branches.append((f"(SELECT id, {rank} AS rank FROM {name})", []))
            enough = f" AND (SELECT count(*) FROM {name}) < {self._most}"
        found = f"SELECT c.id FROM {way.tables} WHERE {way.where}{scope}{enough}"
        if not scope and way.tables in ALONE:  # tens of thousands may have it: no look at each one's customer
            table, customer = ALONE[way.tables]
            found = f"SELECT {customer} AS id FROM {table} WHERE {way.where}{enough}"
        if way.tables == NAMES or not scope:
            # All of them by the index; else the planner might try one customer after the other.
            found = f"SELECT c.id FROM ({found} OFFSET 0) AS c"
        found = f"{found} ORDER BY c.id DESC LIMIT {self._most}"
        self.branches.append((f"(SELECT f.id, {rank} AS rank FROM ({found}) AS f)", [*way.values, *scoped]))

    def ids(self, own: int | None) -> list[int]:
        """What all of them find, in the order in which it is shown."""
        if not self.branches:
            return []
        parts = f"WITH {', '.join(part for part, _ in self.parts)}" if self.parts else ""
        values = [value for _, values in (*self.parts, *self.branches) for value in values]
        sql = f"""{parts} SELECT c.id FROM ({" UNION ALL ".join(branch for branch, _ in self.branches)}) AS hit
            JOIN customers_customer c ON c.id = hit.id GROUP BY c.id
            ORDER BY min(hit.rank), (c.store_id = %s) DESC, c.id DESC LIMIT {self._most}"""
        with transaction.atomic(), connection.cursor() as cursor:
            # A second process takes longer to start than a search takes, and there may be many searches at a time.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            cursor.execute(sql, [*values, own or 0])
            return [row[0] for row in cursor.fetchall()]


def _both(one: StoreSet, other: StoreSet) -> StoreSet:
    if one.every or other.every:
        return other if one.every else one
    return StoreSet(ids=one.ids & other.ids)


def find_customers(
    text: str,
    visible: StoreSet,
    seen: StoreSet,
    own: int | None,
    among: QuerySet[Any] | None = None,
    most: int | None = None,
) -> list[int]:
    """Ids of the customers meant by ``text`` in the stores ``visible``, as they are shown; ``most`` at most.

    ``seen``: the stores whose numbers are whole for the person; ``own``: his store; ``among``: no others than these.
    """
    statement = Statement(among, FOUND_AT_MOST if most is None else most)
    for way in ways(text, seen):
        stores = _both(visible, way.within)
        if not stores:
            continue
        statement.add(way, stores)
        if own is not None and own in stores and stores.ids != {own}:
            statement.add(way, StoreSet(ids=frozenset((own,))))
    return statement.ids(own)
