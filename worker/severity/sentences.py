"""A message cut into what is read at once: sentences, and the parts of long ones.

Every sentence stands in the message to the letter, but for line breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.severity.letters import GAP

__all__ = ["Sentence", "sentences"]

MOST = 48
"""Sentences of a ticket that are read; what matters stands early."""
LONG = 110
"""Characters from which a sentence is read in parts."""
PART = 55
"""Characters that a part has at least, so that it still says something."""
LONGEST = 300

END = re.compile(r"(?<=[.!?\u061f\uff01\uff0e\uff1f\u2026])\s+|(?<=[\u3002\uff61])|\n+")
ABBREVIATED = re.compile(
    r"(?<!\w)(?:\w\.\s?\w\.|(?:approx|ca|nr|no|n\u00ba|vs|incl|tel|ext|dr|mrs?|ms|sra?|bzw|resp)\.)$",
    re.IGNORECASE,
)
"""Before a small letter or a number these end no sentence: "e.g. the till", "no. 5"."""
JOINT = re.compile(
    r"(?<=[,;:)\u060c\u061b])\s+|(?<=[\u3001\uff0c\uff1a\uff1b\uff09])|\s(?=[(\u2013\u2014-]\s?\w)"
)
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

    @property
    def quote(self) -> str:
        """As it is shown: an ellipsis stands for an address or the like that was left out."""
        return self.text.strip(f" {GAP}").replace(GAP, "\u2026")


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
    for sentence in _sentences(WRAPPED.sub(" ", body)):
        text = sentence.strip()
        if len(text) <= LONG:
            if any(letter.isalnum() for letter in text):
                yield text
        else:
            yield from _pieces(text)


def _sentences(body: str) -> Iterator[str]:
    start = 0
    for end in END.finditer(body):
        following = body[end.end() : end.end() + 1]
        continues = following.islower() or following.isdigit()
        before = body[max(start, end.start() - 10) : end.start()]
        if continues and "\n" not in end[0] and ABBREVIATED.search(before):
            continue
        yield body[start : end.start()]
        start = end.end()
    yield body[start:]


def _pieces(sentence: str) -> Iterator[str]:
    """Cut at commas and the like, each part long enough to say something."""
    start = end = 0
    for joint in [*JOINT.finditer(sentence), None]:
        until = joint.start() if joint else len(sentence)
        if until - start > LONG and end - start >= PART:
            yield sentence[start:end].strip()
            start = end
        while until - start > LONGEST:
            cut = sentence.rfind(" ", start + PART, start + LONGEST) + 1 or start + LONGEST
            yield sentence[start:cut].strip()
            start = cut
        end = until
    if sentence[start:].strip():
        yield sentence[start:].strip()
