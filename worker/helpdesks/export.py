"""What a helpdesk's ticket export has to be able to tell. A new one is a module in its folder
and one line in `EXPORTS` of the registry.

An export turns one row, a CSV line or a JSON object, into a `Past`. No I/O; the names of columns
stay in the helpdesk's folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from worker.tickets import Customer, Moment, Noun, Ticket

LONGEST_TEXT = 100_000
"""Characters of a body that are read."""
_SPACE_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")


class Fact(StrEnum):
    """What an export may tell of a ticket, in our words."""

    ID = "id"
    SUBJECT = "subject"
    BODY = "body"
    CREATED = "created"
    PRIORITY = "priority"
    ANSWERED = "first response"
    SOLVED = "solved"
    STATUS = "status"
    ORGANIZATION = "organisation"
    TAGS = "tags"
    GROUP = "group"
    SOURCE = "source"


class Past(Noun):
    """One ticket of the past, as it stood when it was exported."""

    ticket: Ticket
    """`priority` is what people left on it, `first_response_at` when it was really answered."""
    customer: Customer | None = None
    ended_at: Moment | None = None
    """When it was solved or closed."""
    answer_known: bool = True
    """False: the export does not say whether anybody answered."""


class Export(Protocol):
    """One format of one helpdesk's exports."""

    title: str
    """For people: `Zendesk CSV export`."""
    columns: Mapping[Fact, tuple[str, ...]]
    """Where each fact may stand, by `folded` name, the best first."""
    notes: tuple[str, ...]
    """What a reader of the figures has to know about this format."""

    def fits(self, names: Collection[str]) -> bool:
        """Whether a file with these columns, or keys, is one of this format."""
        ...

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """One row; its keys are `folded`. `zone` is for moments that carry none.

        Raises ValueError with a reason for people.
        """
        ...


def folded(name: str) -> str:
    """A column's name whatever its letter case and spaces."""
    return " ".join(str(name).split()).casefold()


def value(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these columns that says something, or None."""
    found = (row.get(name) for name in names)
    return next((one for one in found if one not in (None, "")), None)


def text(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The same as text; "" when nothing is said."""
    found = value(row, names)
    return "" if found is None else str(found).strip()[:LONGEST_TEXT]


def moment(said: Any, zone: ZoneInfo) -> datetime | None:
    """A moment written year first, as exports do; None for nothing. Raises ValueError.

    `03/04/2026` is refused: nobody can tell whether that is March or April.
    """
    if said in (None, ""):
        return None
    written = str(said).strip()[:60].removesuffix("UTC").rstrip() + (
        "+00:00" if str(said).strip().endswith("UTC") else ""
    )
    tidy = _SPACE_BEFORE_OFFSET.sub("", _NANOSECONDS.sub(r"\1", written))
    try:
        found = datetime.fromisoformat(tidy)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{str(said)[:30]!r} is no moment that is written year first") from None


def created_moment(row: Mapping[str, Any], names: tuple[str, ...], zone: ZoneInfo) -> datetime:
    """When it was created; raises ValueError when nothing says it."""
    found = moment(value(row, names), zone)
    if found is None:
        raise ValueError("nothing says when it was created")
    return found
