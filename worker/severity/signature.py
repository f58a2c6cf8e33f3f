"""Where the words of a message end and its signature or small print begins.

A farewell or a device line ends a message only where everything below it looks like a signature.
What is doubtful is kept: a signature too many is read easily, a lost sentence is not found again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.severity.letters import plain
from worker.severity.names import begins_with_a_name, gives_a_contact, may_be_a_title, says
from worker.severity.phrases import phrases

__all__ = ["Unsigned", "unsigned"]

LONGEST = 12_000
"""Characters of a message that are looked at: twice what is judged."""
LONGEST_LINE = 2_000
LONG_PRINT = 12
"""Words from which a line below a farewell with one sign of small print is small print."""
MOST_IN_BLOCK = 8
"""Lines right below a farewell among which one may be a motto."""
DEVICE_WORDS = 12
NAME_WORDS = 6
LONG_RULE = 5
"""Characters from which a rule may divide anything, so that more must speak for a signature."""

POSTSCRIPT = re.compile(r"p\.?\s?s\b(?!\d)|n\.?\s?b\.|追伸", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A message without its signature."""

    lines: tuple[str, ...]
    signature: int
    """Lines of it."""
    disclaimer: int
    """Lines of legal small print."""


def unsigned(lines: Sequence[str], *, bare: bool = False) -> Unsigned:
    """The lines that say something; a postscript below the signature is one of them.

    With `bare`, a message may also be nothing but its signature.
    """
    own = _within(lines)
    below = next((n for n, line in enumerate(own) if n and POSTSCRIPT.match(line)), len(own))
    found = _Message(own[:below]).unsigned(bare=bare)
    if below == len(own):
        return found
    more = _Message(own[below:]).unsigned(bare=False)
    return Unsigned(
        (*found.lines, *more.lines),
        found.signature + more.signature,
        found.disclaimer + more.disclaimer,
    )


def _within(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    room = LONGEST
    for line in lines:
        if room <= 0:
            break
        kept.append(line[:room])
        room -= len(line) + 1
    return kept


class _Message:
    def __init__(self, lines: list[str]) -> None:
        self._words = phrases()
        self._lines = lines
        self._plain = [plain(line) for line in lines]
        self._small = self._small_print()
        self._tail = self._quiet_from()
        tail = range(len(lines) - 1, self._tail - 1, -1)
        contacts = (n for n in tail if self._small[n] or gives_a_contact(self._plain[n]))
        self._last_contact = next(contacts, -1)

    def unsigned(self, *, bare: bool) -> Unsigned:
        kept: list[str] = []
        disclaimer = 0
        for number, line in enumerate(self._lines):
            if (bare or any(kept)) and self._signs(number):
                gone = [n for n in range(number, len(self._lines)) if self._lines[n].strip()]
                small = sum(1 for n in gone if self._small[n])
                return Unsigned(tuple(kept), len(gone) - small, disclaimer + small)
            if self._small[number]:
                disclaimer += 1
            else:
                kept.append(self._without_inline_farewell(number, line.strip()))
        return Unsigned(tuple(kept), 0, disclaimer)

    def _small_print(self) -> list[bool]:
        """Which lines are legal small print: from a formula on, or two signs, by paragraphs."""
        found = [False] * len(self._lines)
        begun: int | None = None
        signs: set[str] = set()
        formula = False
        for number, line in enumerate([*self._plain, ""]):
            if not line.strip():
                if begun is not None and (formula or len(signs) > 1):
                    found[begun:number] = [True] * (number - begun)
                begun, signs, formula = None, set(), False
                continue
            if self._words.small_print.search(line[:LONGEST_LINE]):
                formula = True
            here = self._words.small_print_sign.findall(line[:LONGEST_LINE].lower())
            signs.update(here)
            if begun is None and (formula or here):
                begun = number
        return found

    def _quiet_from(self) -> int:
        """The line from which on nothing but a signature can follow."""
        first = len(self._lines)
        while first and self._is_quiet(first - 1):
            first -= 1
        return first

    def _is_quiet(self, number: int) -> bool:
        line = self._plain[number]
        if self._small[number] or not says(line):
            return True
        if self._is_farewell(line) or self._is_device(line):
            return True
        long = len(line.split()) > LONG_PRINT
        return long and bool(self._words.small_print_sign.search(line[:LONGEST_LINE]))

    def _signs(self, number: int) -> bool:
        """Whether a signature begins with this line."""
        line, words = self._plain[number], self._words
        quiet = number + 1 >= self._tail
        if self._is_device(line) or words.soft_farewell.match(line):
            return quiet
        if self._is_farewell(line):
            return quiet or self._heads_a_signature(number)
        if not words.signature_rule.match(line):
            return False
        if len(line.strip()) >= LONG_RULE:
            return quiet and self._last_contact > number
        named = line == "-- " and begins_with_a_name("".join(self._plain[number + 1 : number + 2]))
        return quiet or named or self._heads_a_signature(number)

    def _is_farewell(self, line: str) -> bool:
        found = self._words.farewell.match(line)
        name = line[found.end() :].strip() if found else ""
        return bool(found) and len(name.split()) <= NAME_WORDS and not says(name)

    def _heads_a_signature(self, number: int) -> bool:
        """Names and titles below, right below also a motto, then nothing but small print."""
        begin = number + 1
        while begin < len(self._lines) and not self._lines[begin].strip():
            begin += 1
        end = begin
        while end < min(len(self._lines), begin + MOST_IN_BLOCK + 1) and self._lines[end].strip():
            end += 1
        if not 0 < end - begin <= MOST_IN_BLOCK or end < self._tail:
            return False
        apart = begin > number + 1
        if apart and not self._is_quiet(begin):
            return False
        block = range(begin, end)
        loud = [n for n in block if not self._is_quiet(n) and not may_be_a_title(self._plain[n])]
        return not loud or (len(loud) == 1 and loud[0] != begin and not apart)

    def _is_device(self, line: str) -> bool:
        short = len(line) < 160 and len(line.split()) <= DEVICE_WORDS
        return short and bool(self._words.device.fullmatch(line))

    def _without_inline_farewell(self, number: int, line: str) -> str:
        found = self._words.inline_farewell.search(self._plain[number].strip())
        if not found:
            return line
        rest = found["rest"]
        if says(rest) or len(rest.split()) > 4 * NAME_WORDS:
            return line
        return line[: found.start()]
