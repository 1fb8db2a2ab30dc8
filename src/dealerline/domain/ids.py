"""Names for calls, facts and recordings: UUIDs of version 7, which sort by the time they were made (RFC 9562, 5.7).

The rule of the file: neither the clock nor chance is read here; both are passed in.
"""

from __future__ import annotations

import uuid


def uuid7(now: float, random: bytes) -> str:
    """A UUIDv7 as text from ``now`` (seconds since the epoch) and ten bytes of randomness.

    The twelve bits after the millisecond carry its fraction (RFC 9562, 6.2, method 3), so that identifiers made in one
    millisecond sort by time as well. Raises ValueError on fewer than ten bytes or a time before the epoch.
    """
    if len(random) < 10 or now < 0:
        raise ValueError("uuid7 needs ten random bytes and a time after 1970")
    microseconds = round(now * 1_000_000)
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    tail = int.from_bytes(random[:10], "big") & ((1 << 62) - 1)
    value = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail
    return str(uuid.UUID(int=value))


def moment(identifier: str) -> float:
    """When that UUIDv7 was made: seconds since the epoch, to the millisecond. Raises ValueError for another kind."""
    value = uuid.UUID(identifier)
    if value.version != 7:
        raise ValueError(f"{identifier} is not a UUID of version 7")
    return (value.int >> 80) / 1000
