"""What the requester wrote, and only that: no markup, no history, no signature, no pressure.

What was left out is told in words, so that whoever reads a decision can see what it did not hear.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from worker.severity.history import newest
from worker.severity.letters import GAP
from worker.severity.markup import visible
from worker.severity.orders import without_orders
from worker.severity.signature import unsigned

__all__ = ["Cleaned", "clean", "clean_subject"]

LONGEST = 120_000
"""Characters of a raw body that are looked at."""
KEPT = 6_000
"""Characters of the cleaned text that are judged: what matters stands early."""
MOST_LINES = 4_000

LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc]"
)
MARKS = re.compile(
    "([\u0300-\u036f\u0591-\u05c7\u064b-\u065f]{8})[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]+"
)
ENCODED = re.compile(r"(?:data:[\w/+.;=-]{1,80},)?[A-Za-z0-9+/=]{80,}")
ADDRESS = re.compile(
    r"<?(?:https?://|www\.|mailto:)[!#-&(-;=?-~]{0,2000}(?<![.,;:!?)\]])>?", re.IGNORECASE
)
"""It ends before the first letter that is not ASCII: some scripts put no space after it."""
LEFT_OUT = f" {GAP} "
REPLY = re.compile(
    r"^(?:\s*(?:re|fw|fwd|aw|wg|rv|rif|enc|tr|r|antw|doorst|bls|ter|رد|إعادة توجيه)"
    r"\s*[:\uff1a]\s*){1,20}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One message as the requester's own words, in the requester's own letters."""

    text: str
    """`GAP` stands where an address or an order was left out."""
    ignored: tuple[str, ...] = ()
    """What was left out, for people: "14 quoted lines", "signature"."""
    forwarded: bool = False
    """Somebody else's words that the requester only passes on."""
    reply: bool = False
    """A subject that began with "Re:" or the like."""


def clean(body: str) -> Cleaned:
    """The requester's own words, newest first, at most `KEPT` characters."""
    shown = LINE_ENDS.sub("\n", visible(body[:LONGEST]))
    seen, invisible = INVISIBLE.subn("", shown)
    seen = MARKS.sub(r"\1", seen)  # sorting thousands of marks on one letter would take seconds
    seen, encoded = ENCODED.subn(LEFT_OUT, unicodedata.normalize("NFC", seen))
    seen = ADDRESS.sub(LEFT_OUT, seen)
    lines = [_line(line) for line in seen.split("\n", MOST_LINES)[:MOST_LINES]]
    latest = newest(lines)
    own = [unsigned(block) for block in latest.blocks]
    text = "\n".join(line for block in own for line in block.lines)
    heard, orders = without_orders(text.strip(f" \n{GAP}")[:KEPT])
    return Cleaned(
        text=heard,
        ignored=tuple(
            _counted(
                ("quoted line", latest.quoted),
                ("line of small print", sum(block.disclaimer for block in own)),
                ("block of encoded text", encoded),
                ("hidden character", invisible),
                ("order to the reader", orders),
            )
        )
        + (("signature",) if any(block.signature for block in own) else ()),
        forwarded=latest.forwarded,
    )


def clean_subject(subject: str) -> Cleaned:
    """The subject without "Re:" and the like, in one line."""
    flat = LINE_ENDS.sub(" ", subject[:1_000]).replace("\n", " ")
    flat = unicodedata.normalize("NFC", MARKS.sub(r"\1", INVISIBLE.sub("", flat)))
    own, replies = REPLY.subn("", ADDRESS.sub(LEFT_OUT, flat))
    heard, orders = without_orders(SPACES.sub(" ", own).strip())
    return Cleaned(heard, tuple(_counted(("order to the reader", orders))), reply=replies > 0)


def _line(raw: str) -> str:
    """Without spaces around it, but for the rule above a signature, which is known by its own."""
    line = SPACES.sub(" ", raw)
    return line if line == "-- " else line.strip()[:KEPT]


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
