"""JSON: an object a line, an array, or pages with `tickets`; streamed, whatever its size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any, TextIO

from worker.backtest.readers import Row
from worker.helpdesks.export import folded

CHUNK = 1 << 16
LONGEST = 30_000_000
"""Characters of one line or one object."""
LISTS = ("tickets", "results")
"""Under which keys a page holds its tickets."""
_PAGE = re.compile(r'\s*\{\s*"(?:tickets|results)"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,\]]*")


def json_rows(path: Path, encoding: str) -> Iterator[Row]:
    """Every ticket of the file; one that is not JSON is said with its line."""
    with path.open(encoding=encoding, errors="replace") as file:
        first = file.readline(LONGEST)
        while first and not first.strip():
            first = file.readline(LONGEST)
        alone = _PAGE.match(first) and not file.readline(1)
        file.seek(0)
        by_line = not alone and _whole(first)
        yield from _lines(file) if by_line else _Document(file).rows()


def _whole(line: str) -> bool:
    """Whether the first line is one ticket, or one page, and so each of the others."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # One broken line at the start of many is more likely than a document laid out like this.
        return line.count('"') > 8 and line.endswith("\n") and line.rstrip().endswith("}")


def _lines(file: TextIO) -> Iterator[Row]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if not line.endswith("\n") and len(line) == LONGEST:
            while len(rest := file.readline(LONGEST)) == LONGEST and not rest.endswith("\n"):
                pass
            yield number, f"longer than {LONGEST} characters"
            continue
        if not line.strip():
            continue
        try:
            yield from _rows_of(number, json.loads(line))
        except (ValueError, RecursionError):
            yield number, "not JSON"


def _rows_of(line: int, said: Any) -> Iterator[Row]:
    """The ticket that a value is, or the tickets of a page."""
    if not isinstance(said, dict):
        yield line, "not a JSON object"
        return
    listed = next((said[key] for key in LISTS if isinstance(said.get(key), list)), None)
    if listed is None:
        yield line, _row(said)
        return
    for one in listed:
        yield (line, _row(one)) if isinstance(one, dict) else (line, "not a JSON object")


def _row(said: Mapping[str, Any]) -> dict[str, Any]:
    return {folded(key): value for key, value in said.items()}


class _Document:
    """One JSON document read through a window: only one ticket of it is in memory at a time."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._decoder = JSONDecoder()

    def rows(self) -> Iterator[Row]:
        """Tickets in their order; after a fault the rest cannot be told apart, so it ends there."""
        self._more()
        self._more()
        opening = _PAGE.match(self._text) or re.match(r"\s*\[", self._text)
        if opening:
            self._to(opening.end())
        while self._skip():
            if opening and self._text[self._at] in '"}':
                return  # what a page says after its tickets: where the next page is
            line = self._line
            try:
                said = self._value()
            except (JSONDecodeError, RecursionError):
                yield line, "not JSON from here on; nothing after it was read"
                return
            yield from _rows_of(line, said)

    def _skip(self) -> bool:
        """Past space, commas and closed arrays; False at the end."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._to(found.end() if found else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _value(self) -> Any:
        while True:
            try:
                said, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError:
                if len(self._text) - self._at > LONGEST or not self._more():
                    raise
                continue
            self._to(end)
            return said

    def _to(self, place: int) -> None:
        self._line += self._text.count("\n", self._at, place)
        self._at = place

    def _more(self) -> bool:
        """Another piece, as long as what is waiting, so that a long ticket is tried few times."""
        piece = self._file.read(max(CHUNK, len(self._text) - self._at))
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)
