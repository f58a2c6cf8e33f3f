"""What README and docs tell people to type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions"),
    *sorted((ROOT / "worker/helpdesks").glob("*/README.md")),
]
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`((?:[A-Z_]+=\S+ )?(?:minutehand|make|docker|python3|echo) [^`\n]+)`")
SYNOPSIS = re.compile("^## .*$", re.MULTILINE)
"""In docs/reference/commands.md: what may be typed, not what is."""


def typed() -> dict[str, list[str]]:
    """Each command line once, with the pages on which it stands."""
    found: dict[str, list[str]] = {}
    for page in PAGES:
        for line in _lines(page.read_text("utf-8")):
            found.setdefault(line.replace("test NAME", "test team"), []).append(
                str(page.relative_to(ROOT))
            )
    return found


def _lines(text: str) -> Iterator[str]:
    for block in BLOCK.finditer(text):
        for line in block[2].splitlines():
            if line.strip():
                yield line.strip()
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    for span in SPAN.finditer(SYNOPSIS.sub("", prose)):
        yield span[1]
