"""Orders to the reader: text that tells a machine, or whoever reads, how to decide.

An order is left out, the sentence after it is not: what it claims is a claim like any other.
"""

from __future__ import annotations

import re

from worker.severity.letters import GAP, plain
from worker.severity.phrases import phrases

__all__ = ["without_orders"]

SENTENCE_END = re.compile(r"[.!?\u3002\uff01\uff1f](?=\s|$)|[\u3002]|\n")
BRACKETS = {"[": "]", "(": ")"}
LONGEST_NOTE = 400
"""Characters within which a bracket around an order is looked for."""
MOST = 50


def without_orders(text: str) -> tuple[str, int]:
    """The text without its orders, and how many there were."""
    spans = [*_addressed(text), *_clauses(text)]
    if not spans:
        return text, 0
    kept: list[str] = []
    count = end = 0
    for start, until in sorted(spans):
        if start >= end:
            count += 1
            kept.append(text[end:start])
        end = max(end, until)
    rest = [*kept, text[end:]]
    joined = f" {GAP} ".join(part.strip(" ") for part in rest)
    lines = [line.strip(f" {GAP}") if line.strip(f" {GAP}.") else "" for line in joined.split("\n")]
    return "\n".join(lines).strip(), count


def _clauses(text: str) -> list[tuple[int, int]]:
    return [(_start(m), m.end()) for m in phrases().order_clause.finditer(plain(text))]


def _start(order: re.Match[str]) -> int:
    before = order.end("before")
    return order.start() if before < 0 else before


def _addressed(text: str) -> list[tuple[int, int]]:
    """From where a machine is spoken to, to where the orders end."""
    words, seen = phrases(), plain(text)
    found: list[tuple[int, int]] = []
    end = 0
    for opening in words.order_opening.finditer(seen):
        start = _start(opening)
        if start < end or len(found) == MOST:
            continue
        end = _bracketed(seen, start, opening.end()) or _ordered(seen, opening.end())
        if seen[start - 1 : start] in BRACKETS and start:
            start -= 1
        found.append((start, end))
    return found


def _bracketed(text: str, start: int, after: int) -> int:
    """Where the bracket closes that the order stands in, else 0."""
    opened = text[start - 1 : start] if start and text[start] not in BRACKETS else text[start]
    closing = BRACKETS.get(opened)
    if not closing:
        return 0
    line_end = text.find("\n", start)
    until = min(start + LONGEST_NOTE, line_end if line_end >= 0 else len(text))
    return text.find(closing, after, until) + 1


def _ordered(text: str, start: int) -> int:
    """The end of the sentence, and of those after it in the line that give orders too."""
    end = _sentence_end(text, start)
    while end < len(text) and text[end - 1] != "\n":
        following = _sentence_end(text, end)
        if not phrases().order_sign.search(text, end, following):
            break
        end = following
    return end - 1 if text[end - 1 : end] == "\n" else end


def _sentence_end(text: str, start: int) -> int:
    found = SENTENCE_END.search(text, start)
    return found.end() if found else len(text)
