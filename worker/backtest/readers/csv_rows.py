"""CSV files, a line of names first, streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from worker.backtest.readers import Row
from worker.helpdesks.export import folded

LONGEST_FIELD = 5_000_000
"""Characters; an unclosed quotation mark swallows the rest of a file."""
DELIMITERS = ",;\t"


def csv_names(path: Path, encoding: str) -> tuple[str, ...]:
    """The names in the first line, folded."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return tuple(folded(name) for name in next(csv.reader(file, delimiter=_parts(file)), ()))


def csv_rows(path: Path, encoding: str) -> Iterator[Row]:
    """Each line after the names; an empty one is none, one of another length is said."""
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = csv.reader(file, delimiter=_parts(file))
        names = tuple(folded(name) for name in next(lines, ()))
        while True:
            line = lines.line_num + 1
            try:
                values = next(lines)
            except StopIteration:
                return
            except csv.Error as fault:
                yield line, f"not CSV: {fault}"
                continue
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(names):
                yield line, f"it has {len(values)} columns, the first line {len(names)}"
                continue
            yield line, dict(zip(names, values, strict=True))


def _parts(file: object) -> str:
    """The delimiter that the first line uses most; the file is wound back."""
    first = file.readline(LONGEST_FIELD)  # type: ignore[attr-defined]
    file.seek(0)  # type: ignore[attr-defined]
    return max(DELIMITERS, key=first.count)
