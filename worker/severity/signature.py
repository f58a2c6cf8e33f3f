"""Where the words of a message end and its signature or small print begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.severity.phrases import phrases

__all__ = ["Unsigned", "unsigned"]

SHORT_TAIL, SHORT_LINE = 6, 9
"""Lines, and words in each, that may follow a mere "thanks" and still be a signature."""
RULED_TAIL = 12
"""A rule in mid-text is no signature when more lines than this follow."""
POSTSCRIPT = re.compile(r"p\.?\s?s\b|n\.?\s?b\.|追伸", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A message without its signature."""

    lines: tuple[str, ...]
    signature: int
    """Lines of it."""
    disclaimer: int
    """Lines of legal small print."""


def unsigned(lines: list[str]) -> Unsigned:
    """The lines that say something; a postscript below the signature is one of them."""
    words = phrases()
    kept: list[str] = []
    disclaimer = 0
    in_small_print = False
    for number, line in enumerate(lines):
        rest = lines[number + 1 :]
        if any(kept) and _signs(line, rest):
            below = tuple(other for other in rest if POSTSCRIPT.match(other))
            gone = sum(1 for other in [line, *rest] if other) - len(below)
            return Unsigned((*kept, *below), gone, disclaimer)
        in_small_print = bool(line) and (
            in_small_print or bool(words.disclaimer.search(line[:2_000]))
        )
        if in_small_print:
            disclaimer += 1
        else:
            kept.append(words.inline_farewell.sub("", line))
    return Unsigned(tuple(kept), 0, disclaimer)


def _signs(line: str, rest: list[str]) -> bool:
    words = phrases()
    if words.device.match(line) or words.farewell.match(line):
        return True
    if words.signature_rule.match(line):
        return line in {"--", "\u2014", "__"} or sum(1 for other in rest if other) <= RULED_TAIL
    return bool(words.soft_farewell.match(line)) and _is_tail(rest)


def _is_tail(lines: list[str]) -> bool:
    """A name and a few short lines, as under a letter."""
    rest = [line for line in lines if line]
    return len(rest) <= SHORT_TAIL and all(len(line.split()) <= SHORT_LINE for line in rest)
