"""Where a message ends and the older ones begin."""

from __future__ import annotations

from dataclasses import dataclass

from worker.severity.phrases import Phrases, phrases

__all__ = ["Newest", "newest"]

POINTER_WORDS = 25
"""At most so many words ("see below") stand above what is only passed on."""
LONG_LINE = 400
LOOK_AHEAD = 4
DEEP = 40
"""Characters of a line in which marks of quotation are counted."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest message of a thread."""

    lines: tuple[str, ...]
    quoted: int
    """Lines of older messages."""
    forwarded: bool
    """The requester only passes on what somebody else wrote."""


def newest(lines: list[str]) -> Newest:
    """The lines down to the first older message; a mere forward yields what it forwards."""
    reader = _Reader(phrases())
    found = reader.read(lines)
    if reader.answers or any(line.strip() for line in found.lines):
        return found
    unquoted = [line.lstrip(" >") for line in lines if line.count(">", 0, DEEP) <= 1]
    again = _Reader(phrases()).read(unquoted)  # nothing but quoted lines: the newest is the ticket
    return Newest(again.lines, again.quoted, forwarded=True)


class _Reader:
    def __init__(self, words: Phrases) -> None:
        self._words = words
        self.answers = False
        """The message answers another, which it quotes."""

    def read(self, lines: list[str]) -> Newest:
        kept: list[str] = []
        words: list[str] = []
        quoted = 0
        forwarded = False
        for number, line in enumerate(lines):
            if not line:
                kept.append(line)
                continue
            if _is_quoted(line):
                quoted += 1
                continue
            following = _following(lines, number)
            if self._wrote(line, lines, number):
                if _is_quoted(following) or _is_quoted(_following(lines, number + 1)):
                    self.answers = True  # those lines are marked anyway; own words may come below
                    quoted += 1
                    continue
                older = len(line) < LONG_LINE
            else:
                older = self._opens_older(line, following)
            if older:
                pointer = len(words) <= POINTER_WORDS and self._words.pointer.search(
                    " ".join(words)
                )
                if words and (forwarded or not pointer):
                    quoted += sum(1 for other in lines[number:] if other.strip())
                    break
                forwarded, words = True, []
                continue
            header = self._words.header.match(line)
            if header and (forwarded or self._words.header.match(following)):
                continue
            words += line.split()[:40]
            kept.append(line)
        return Newest(tuple(kept), quoted, forwarded)

    def _opens_older(self, line: str, following: str) -> bool:
        if self._words.rule.match(line[:LONG_LINE]):
            return True
        header = self._words.header.match(line)
        opens = header and header[1].lower() in self._words.senders
        return bool(opens and self._words.header.match(following))

    def _wrote(self, line: str, lines: list[str], number: int) -> bool:
        """Whether somebody "wrote:" what follows; the mail program may break it in two."""
        if self._words.wrote.match(line[:LONG_LINE]):
            return True
        second = lines[number + 1] if number + 1 < len(lines) else ""
        if not second or self._words.wrote.match(second[:LONG_LINE]):
            return False
        both = f"{line} {second}"
        return len(both) < LONG_LINE and bool(self._words.wrote_in_two.match(both))


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "&gt;", "|>"))


def _following(lines: list[str], number: int) -> str:
    """The next line that is not empty, if it is near."""
    near = lines[number + 1 : number + LOOK_AHEAD]
    return next((other for other in near if other.strip()), "")
