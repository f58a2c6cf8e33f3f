"""What the requester wrote, and only that: no markup, no history, no signature, no pressure.

What was left out is told in words, so that whoever reads a decision can see what it did not hear.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from worker.severity.history import newest
from worker.severity.markup import visible
from worker.severity.phrases import phrases
from worker.severity.signature import unsigned

__all__ = ["Cleaned", "clean", "clean_subject"]

LONGEST = 120_000
"""Characters of a raw body that are looked at."""
KEPT = 6_000
"""Characters of the cleaned text that are judged: what matters stands early."""
MOST_LINES = 4_000

SPACES = re.compile(r"[ \t\u00a0\u3000]+")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
MARKS = re.compile(
    "([\u0300-\u036f\u0591-\u05c7\u064b-\u065f]{8})[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]+"
)
ENCODED = re.compile(r"(?:data:[\w/+.;=-]{1,80},)?[A-Za-z0-9+/=]{80,}")
ADDRESS = re.compile(r"<?(?:https?://|www\.|mailto:)[^\s<>\"']{1,2000}>?", re.IGNORECASE)
REPLY = re.compile(
    r"^(?:\s*(?:re|fw|fwd|aw|wg|rv|rif|enc|tr|r|antw|doorst|bls|ter|رد|إعادة توجيه)\s*:\s*){1,20}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One message as the requester's own words."""

    text: str
    ignored: tuple[str, ...] = ()
    """What was left out, for people: "14 quoted lines", "signature"."""
    forwarded: bool = False
    """Somebody else's words that the requester only passes on."""
    reply: bool = False
    """A subject that began with "Re:" or the like."""


def clean(body: str) -> Cleaned:
    """The requester's own words, newest first, at most `KEPT` characters."""
    text = body[:LONGEST].replace("\r\n", "\n")
    seen, invisible = INVISIBLE.subn("", text)
    seen = MARKS.sub(r"\1", seen)  # sorting thousands of marks on one letter would take seconds
    seen, encoded = ENCODED.subn(" ", unicodedata.normalize("NFKC", seen))
    shown, quoted = visible(ADDRESS.sub(" ", seen))
    lines = [SPACES.sub(" ", line).strip()[:KEPT] for line in shown.split("\n", MOST_LINES)]
    latest = newest(lines)
    own = unsigned(list(latest.lines))
    heard, orders = _without_orders("\n".join(own.lines).strip()[:KEPT])
    return Cleaned(
        text=heard,
        ignored=tuple(
            _counted(
                ("quoted line", quoted + latest.quoted),
                ("line of small print", own.disclaimer),
                ("block of encoded text", encoded),
                ("hidden character", invisible),
                ("order to the reader", orders),
            )
        )
        + (("signature",) if own.signature else ()),
        forwarded=latest.forwarded,
    )


def clean_subject(subject: str) -> Cleaned:
    """The subject without "Re:" and the like, in one line."""
    flat = unicodedata.normalize("NFKC", INVISIBLE.sub("", subject[:1_000])).replace("\n", " ")
    own, replies = REPLY.subn("", ADDRESS.sub(" ", flat))
    heard, orders = _without_orders(own.strip())
    return Cleaned(heard, tuple(_counted(("order to the reader", orders))), reply=replies > 0)


def _without_orders(text: str) -> tuple[str, int]:
    """Without what tells the reader how to decide; how often that was left out."""
    words = phrases()
    text, lines = words.order_line.subn(" ", text)
    text, clauses = words.order_clause.subn(" ", text)
    return text.strip(), lines + clauses


def _counted(*things: tuple[str, int]) -> list[str]:
    plural = {
        "line of small print": "lines of small print",
        "block of encoded text": "blocks of encoded text",
        "order to the reader": "orders to the reader",
    }
    return [
        f"{count} {name if count == 1 else plural.get(name, name + 's')}"
        for name, count in things
        if count
    ]
