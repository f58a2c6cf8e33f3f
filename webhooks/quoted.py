"""A ticket's own words with those marked that decided. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from worker.tickets import CONTROL

LONGEST = 4000
BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


class Piece(NamedTuple):
    """A part of a text; hostile until it is escaped."""

    text: str
    marked: bool


def marked(text: str, quotes: Iterable[str]) -> list[Piece]:
    """The text in pieces, at most `LONGEST` characters, without control or direction marks.

    A quote is found however its words are spaced and broken into lines.
    """
    plain = CONTROL.sub("", unicodedata.normalize("NFKC", text[:LONGEST]).replace("\r\n", "\n"))
    plain = BLANK_LINES.sub("\n\n", plain).strip()
    ends = sorted({place for quote in quotes for place in _places(plain, quote)})
    pieces, at = [], 0
    for start, end in ends:
        if end <= at:
            continue
        begin = max(start, at)
        pieces += [Piece(plain[at:begin], marked=False), Piece(plain[begin:end], marked=True)]
        at = end
    pieces.append(Piece(plain[at:], marked=False))
    return [piece for piece in pieces if piece.text]


def _places(plain: str, quote: str) -> list[tuple[int, int]]:
    words = CONTROL.sub("", unicodedata.normalize("NFKC", quote[:LONGEST])).split()
    if not words:
        return []
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words), re.IGNORECASE)
    return [found.span() for found in pattern.finditer(plain)][:5]
