"""Identifiers in the vendors' shapes."""

from __future__ import annotations

import itertools
import secrets
import time
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_SECONDS_PER_TICKET = 4


def ulid() -> str:
    """A ULID: 48 bits of milliseconds, 80 random bits, 26 letters (https://github.com/ulid/spec).

    Zendesk's webhook and invocation ids are ULIDs.
    """
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def counter(first: int) -> itertools.count[int]:
    """Whole numbers from `first` on; `next()` of it is atomic."""
    return itertools.count(first)


def first_ticket() -> int:
    """A first ticket number that grows with the clock, so that a restart repeats none.

    It holds as long as fewer than one ticket in four seconds was made before the restart.
    """
    return int((time.time() - _EPOCH) / _SECONDS_PER_TICKET) + 1
