"""From a file to tickets of the past: which format it is, which columns it uses, what is bad in it.

A file is read twice: once to see all of it (so that what is still open can be held against the
end), once to replay it. Neither holds more than one ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from worker.backtest.readers import Row
from worker.backtest.readers.csv_rows import csv_names, csv_rows
from worker.backtest.readers.json_rows import json_rows
from worker.backtest.readers.plain import Plain
from worker.errors import Misconfigured
from worker.helpdesks.export import Export, Fact, Past
from worker.helpdesks.registry import EXPORTS
from worker.tickets import one_line

FORMATS: tuple[Export, ...] = (*EXPORTS, Plain())
NAMES_FROM = 50
"""How many rows tell which keys a JSON file has; an export leaves out what is empty."""
BAD_NAMED = 5
_NOT_TEXT = {
    b"PK": "it is a spreadsheet or a ZIP archive; save it as CSV, or unpack it",
    b"\x1f\x8b": "it is compressed; unpack it first",
    b"%PDF": "it is a PDF; export as CSV or JSON",
    b"<": "it is XML or HTML; export as CSV or JSON",
}


class Bad(NamedTuple):
    """A row that cannot be read."""

    line: int
    why: str


@dataclass(frozen=True)
class History:
    """One file of tickets, and how to read it."""

    path: Path
    export: Export
    encoding: str
    is_json: bool
    used: Mapping[Fact, str]
    """What is told, and by which column."""
    missing: tuple[Fact, ...]
    zone: ZoneInfo
    limit: int | None = None

    def rows(self) -> Iterator[tuple[int, Past | Bad]]:
        """Tickets with their lines, bad rows in their places; at most `limit` tickets."""
        read = 0
        for line, row in self.raw():
            if self.limit is not None and read >= self.limit:
                return
            found = self.past(line, row)
            read += not isinstance(found, Bad)
            yield line, found

    def raw(self) -> Iterator[Row]:
        """All rows as the file has them."""
        return _rows(self.path, self.encoding, is_json=self.is_json)

    def past(self, line: int, row: Mapping[str, object] | str) -> Past | Bad:
        """The ticket that a row tells of."""
        if isinstance(row, str):
            return Bad(line, row)
        try:
            past = self.export.past(row, self.zone)
        except ValidationError as fault:
            first = fault.errors()[0]
            return Bad(line, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except ValueError as fault:
            return Bad(line, str(fault))
        answered, created = past.ticket.first_response_at, past.ticket.created_at
        if answered and answered < created:
            return Bad(line, "it was answered before it was created")
        return past


@dataclass(frozen=True)
class Survey:
    """What there is in a file, before anything is decided."""

    tickets: int
    bad: int
    first_bad: tuple[Bad, ...]
    ends: datetime
    """The latest moment that any ticket tells of: what is open then is still waiting."""


@dataclass(frozen=True)
class Seen:
    """What there is in a part of a file."""

    tickets: int
    bad: int
    first_bad: tuple[Bad, ...]
    ends: datetime | None
    """None: there is no ticket in it."""


def survey(history: History) -> Survey:
    """All rows once. Raises `Misconfigured` when none of them is a ticket."""
    return together([look(found for _, found in history.rows())], history)


def look(rows: Iterable[Past | Bad]) -> Seen:
    """What these rows say together."""
    tickets, bad, ends = 0, 0, None
    named: list[Bad] = []
    for found in rows:
        if isinstance(found, Bad):
            bad += 1
            if len(named) < BAD_NAMED:
                named.append(found)
            continue
        tickets += 1
        ticket = found.ticket
        told = (ticket.created_at, ticket.updated_at, ticket.first_response_at, found.ended_at)
        latest = max(moment for moment in told if moment)
        ends = max(ends, latest) if ends else latest
    return Seen(tickets, bad, tuple(named), ends)


def together(parts: Iterable[Seen], history: History) -> Survey:
    """The whole file from its parts, in order. Raises `Misconfigured` when there is no ticket."""
    tickets, bad, ends = 0, 0, None
    named: list[Bad] = []
    for part in parts:
        tickets += part.tickets
        bad += part.bad
        named += part.first_bad[: BAD_NAMED - len(named)]
        if part.ends:
            ends = max(ends, part.ends) if ends else part.ends
    if ends is None:
        why = f"; line {named[0].line}: {named[0].why}" if named else ""
        raise Misconfigured(f"{history.path.name}: there is no ticket in it{why}")
    return Survey(tickets, bad, tuple(named), ends)


def open_history(path: Path, zone: ZoneInfo, limit: int | None = None) -> History:
    """Find out what the file is. Raises `Misconfigured` with what was looked for."""
    encoding, is_json = _kind(path)
    try:
        names = _names(path, encoding, is_json=is_json)
    except OSError as fault:
        raise Misconfigured(f"{path.name}: cannot be read ({fault.strerror})") from None
    export = next((one for one in FORMATS if one.fits(names)), None)
    if export is None:
        there = ", ".join(one_line(name, 40) for name in sorted(names)[:12]) or "none"
        raise Misconfigured(
            f"{path.name}: not a ticket export that is known; its columns: {there}. "
            "Known: " + ", ".join(one.title for one in FORMATS)
        )
    used = {
        fact: next(name for name in wanted if name in names)
        for fact, wanted in export.columns.items()
        if any(name in names for name in wanted)
    }
    for needed in ({Fact.CREATED}, {Fact.SUBJECT, Fact.BODY}):
        if "helpdesk_ticket" not in names and not needed & set(used):
            wanted = " or ".join(name for fact in sorted(needed) for name in export.columns[fact])
            raise Misconfigured(f"{path.name}: a {export.title} without a column {wanted}")
    return History(
        path=path,
        export=export,
        encoding=encoding,
        is_json=is_json,
        used=used,
        missing=tuple(fact for fact in Fact if fact not in used),
        zone=zone,
        limit=limit,
    )


def _kind(path: Path) -> tuple[str, bool]:
    """The encoding, and whether it is JSON."""
    try:
        if not path.exists():
            raise Misconfigured(f"{path.name}: there is no such file")
        if not path.is_file():
            raise Misconfigured(f"{path}: it has to be a file, since it is read twice")
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as fault:
        raise Misconfigured(f"{path.name}: cannot be read ({fault.strerror})") from None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", head.decode("utf-16", "ignore").lstrip()[:1] in {"{", "["}
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not bare:
        raise Misconfigured(f"{path.name}: it is empty")
    for mark, why in _NOT_TEXT.items():
        if bare.startswith(mark):
            raise Misconfigured(f"{path.name}: {why}")
    if b"\0" in head:
        raise Misconfigured(f"{path.name}: it is no text")
    return "utf-8-sig", bare[:1] in {b"{", b"["}


def _names(path: Path, encoding: str, *, is_json: bool) -> frozenset[str]:
    if not is_json:
        return frozenset(csv_names(path, encoding))
    first = islice(_rows(path, encoding, is_json=True), NAMES_FROM)
    found: set[str] = set()
    for _, row in first:
        if isinstance(row, str):
            continue
        inner = row.get("helpdesk_ticket")
        found |= set(row) | ({name.lower() for name in inner} if isinstance(inner, dict) else set())
    if not found:
        raise Misconfigured(f"{path.name}: not JSON, or no object in it")
    return frozenset(found)


def _rows(path: Path, encoding: str, *, is_json: bool) -> Iterator[Row]:
    return json_rows(path, encoding) if is_json else csv_rows(path, encoding)
