"""A message cut into what is read at once: sentences, and the parts of long ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Sentence", "sentences"]

MOST = 48
"""Sentences of a ticket that are read; what matters stands early."""
LONG = 110
"""Characters from which a sentence is read in parts."""
PART = 55
"""Characters that a part has at least, so that it still says something."""
LONGEST = 300

END = re.compile(r"(?<=[.!?\u061f])\s+|(?<=[\u3002\uff01\uff1f])|\n+")
JOINT = re.compile(r"(?<=[,;:\u3001\u060c\u061b)])\s*|\s(?=[(\u2013\u2014-]\s?\w)")
WRAPPED = re.compile(r"(?<=[a-z\u00df-\u00ff,])\n(?=[a-z\u00df-\u00ff])")
ASKS = ("?", "\u061f", "\uff1f", "\u304b", "\u304b\u3002")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit of reading, with the ticket's own words."""

    text: str
    subject: bool
    asks: bool
    stale: bool = False
    """The subject of a thread: it was there before this message."""


def sentences(subject: str, body: str, *, reply: bool = False) -> list[Sentence]:
    """The subject, which is always there and may be empty, and the parts of the body."""
    asks = subject.rstrip().endswith(ASKS)
    found = [Sentence(subject[:LONGEST], subject=True, asks=asks, stale=reply)]
    for text in _parts(body):
        found.append(Sentence(text, subject=False, asks=text.endswith(ASKS)))
        if len(found) == MOST:
            break
    return found


def _parts(body: str) -> Iterator[str]:
    for sentence in END.split(WRAPPED.sub(" ", body)):
        text = sentence.strip() if sentence else ""
        if len(text) <= LONG:
            if any(letter.isalnum() for letter in text):
                yield text
        else:
            yield from _pieces(text)


def _pieces(sentence: str) -> Iterator[str]:
    """Cut at commas and the like, each part long enough to say something."""
    part = ""
    for piece in JOINT.split(sentence):
        if part and len(part) + len(piece) > LONG and len(part) >= PART:
            yield part
            part = ""
        part = f"{part} {piece}".strip()
        while len(part) > LONGEST:
            yield part[:LONGEST]
            part = part[LONGEST:]
    if part:
        yield part
