"""On which line of a TOML file a key stands, so that a fault can point at it.

`tomllib` does not keep positions; this reads just headers and `key =` lines, which is all that a
policy consists of. A key inside an inline table is found on the line of the table.
"""

from __future__ import annotations

import re
from collections import Counter

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"']+)\s*=")

Place = tuple[str | int, ...]


def lines_of(text: str) -> dict[Place, int]:
    """Line numbers, from 1, of every table header and key: `("plans", "pro", "hours") -> 4`."""
    places: dict[Place, int] = {}
    counts: Counter[str] = Counter()
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            name = header[2]
            table = _parts(name)
            if header[1] == "[[":
                table = (*table, counts[name])
                counts[name] += 1
            places.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            places.setdefault((*table, *_parts(key[1])), number)
    return places


def line_of(places: dict[Place, int], place: Place) -> int | None:
    """The line of the nearest thing that contains `place`, else of the first inside it, else None.

    Something inside it is all there is of a list such as `[[rubric]]`.
    """
    whole = place
    while place:
        if place in places:
            return places[place]
        place = place[:-1]
    return min((line for one, line in places.items() if one[:1] == whole[:1]), default=None)


def _parts(name: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
