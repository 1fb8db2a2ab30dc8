"""Locks that die with their holder: a killed job leaves none behind, and the next one goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

CHECK, BRING, EXPORT, INBOX, HOOKS = 7301, 7302, 7303, 7304, 7305
"""What is locked: a dry run, writing into the records, the making of an export, looking into the inbox, delivering."""
EVERY = 0
"""One for all: two imports that write at once would each make the same customer."""


@contextmanager
def held(what: int, number: int) -> Iterator[bool]:
    """Whether this connection got the lock; without waiting. It is given back at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [what, number])
        row = cursor.fetchone()
    got = bool(row and row[0])
    try:
        yield got
    finally:
        if got:
            with suppress(Error), connection.cursor() as cursor:  # a lost connection has lost its locks, too
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [what, number])
