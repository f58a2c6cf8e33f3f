"""Where a message ends and the older ones begin.

A message that says nothing itself and only points to what it passes on is read with the newest of
the older ones. Own words between and below quoted lines are answers, and belong to the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.severity.letters import plain
from worker.severity.phrases import phrases
from worker.severity.signature import unsigned

__all__ = ["Newest", "newest"]

POINTER_WORDS = 40
"""A message that only points has at most so many words."""
SIGNED = 6_000
"""Characters that a message which only points has at most, its signature and small print too."""
POINTING_CLAUSE = 15
"""Words of a clause that points."""
IDLE_CLAUSE = 5
"""Words of a clause that may stand beside it and say nothing: "hi team", "can you look?"."""
BESIDE_A_FORWARD = 8
"""Words of a remark beside a pointer to what is plainly forwarded: "only our shop has it"."""
DENSE_WORD = 3
"""Characters that count as a word where words have no spaces."""
LONG_LINE = 400
LOOK_AHEAD = 4
MOST_HEADS = 16
LEAST_HEADS = 3
"""A form may have a sender and a subject too; every mail has more."""
DEEPEST = 5
"""Messages that are opened, each passed on by the one above it."""

CLAUSES = re.compile(
    r"[.!?;:,\u2013\u2014\u3001\u3002\uff01\uff0c\uff1f\u060c\u061f]+(?:\s|$)|[\u3001\u3002]|\n+"
)
DATED = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[:.h時]\s?\d\d")
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
TIME = re.compile(r"\d{1,2}\s?[:.h時]\s?\d\d")
RULED = re.compile(r"[-_=*]{2}")
UNDERLINED = re.compile(r"\s*_{20,400}\s*$")
FIELD = re.compile(r"\s*\*{0,2}[^\W\d_][^:\n.!?]{0,30}:\*{0,2}\s+\S")
DENSE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest message of a thread."""

    blocks: tuple[tuple[str, ...], ...]
    """Its lines, cut where quoted lines stood between: each block may have its own signature."""
    quoted: int
    """Lines of older messages."""
    forwarded: bool
    """The requester only passes on what somebody else wrote."""


def newest(lines: Sequence[str]) -> Newest:
    """The newest message, and while it says nothing of its own, the one under it too."""
    blocks: list[tuple[str, ...]] = []
    quoted = depth = 0
    rest = list(lines)
    while True:
        thread = _Thread(rest).read()
        blocks += [tuple(block) for block in thread.own if any(line.strip() for line in block)]
        quoted += thread.heads
        depth += 1
        if not _has_words(thread.older) or depth == DEEPEST or not _only_passes_on(thread):
            break
        rest = thread.older
    quoted += sum(1 for line in thread.older if _has_words([line]))
    return Newest(tuple(blocks), quoted, forwarded=depth > 1)


def _has_words(lines: Sequence[str]) -> bool:
    return any(letter.isalnum() for line in lines for letter in line)


def _only_passes_on(thread: _Thread) -> bool:
    if sum(len(line) for block in thread.own for line in block) > SIGNED:
        return False
    words = [unsigned(block, bare=True).lines for block in thread.own]
    own = plain("\n".join(line for lines in words for line in lines))
    if not any(letter.isalnum() for letter in own):
        return True
    if _length(own) > POINTER_WORDS:
        return False
    clauses = [clause.strip() for clause in CLAUSES.split(own)]
    points = [bool(phrases().pointer.search(clause)) for clause in clauses]
    if thread.forwards and any(points):
        beside = [clause for clause, pointing in zip(clauses, points, strict=True) if not pointing]
        busy = [length for length in map(_length, beside) if length > IDLE_CLAUSE]
        return sum(busy) <= BESIDE_A_FORWARD
    return (thread.forwards or any(points)) and all(
        _length(clause) <= (POINTING_CLAUSE if pointing else IDLE_CLAUSE)
        for clause, pointing in zip(clauses, points, strict=True)
    )


def _length(text: str) -> int:
    """In words."""
    return len(text.split()) + len(DENSE.findall(text)) // DENSE_WORD


class _Thread:
    def __init__(self, lines: list[str]) -> None:
        self._words = phrases()
        self._lines = lines
        self._plain = [plain(line) for line in lines]
        self.own: list[list[str]] = [[]]
        self.older: list[str] = []
        self.heads = 0
        """Lines that only say that older ones follow."""
        self.forwards = False

    def read(self) -> _Thread:
        number = 0
        while number < len(self._lines):
            if _is_quoted(self._plain[number]):
                self._quote(self._lines[number])
                number += 1
                continue
            size = self._opening(number)
            if not size:
                self.own[-1].append(self._lines[number])
                number += 1
                continue
            self.heads += sum(1 for line in self._lines[number : number + size] if line.strip())
            number += size
            if not _is_quoted(self._near(number)):
                self.older += self._lines[number:]
                break
            self.own.append([])  # the quoted lines are marked: own words may stand between them
        return self

    def _quote(self, line: str) -> None:
        mark = line.lstrip()
        self.older.append(mark[2 if mark.startswith("|") else 1 :].lstrip(" "))
        if self.own[-1]:
            self.own.append([])

    def _opening(self, number: int) -> int:
        """How many lines from here on say that an older message follows."""
        line = self._plain[number]
        if not line or len(line) >= LONG_LINE:
            return 0
        following = number + 1
        if self._words.delimiter.match(line):
            return 1
        if self._words.rule.match(line):
            ruled = RULED.search(line) or self._heads(self._next(following), least=2)
            if not (ruled or _is_quoted(self._near(following))):
                return 0
            self.forwards = self.forwards or bool(self._words.forward.match(line))
            return self._with_heads(number) or 1
        if UNDERLINED.match(line):
            return self._with_heads(number)
        return self._wrote(number) or self._heads(number)

    def _with_heads(self, number: int) -> int:
        """A rule and the head below it, if there is one."""
        following = self._next(number + 1)
        heads = self._heads(following, least=2)
        return following - number + heads if heads else 0

    def _wrote(self, number: int) -> int:
        """Whether somebody "wrote:" what follows; the mail program may break it in two."""
        line = self._plain[number]
        if line.endswith(":"):
            return 1 if self._is_wrote(line, self._near(number + 1)) else 0
        second = self._plain[number + 1] if number + 1 < len(self._lines) else ""
        both = f"{line} {second}"
        if not second.endswith(":") or len(both) > LONG_LINE or not self._words.wrote.match(both):
            return 0
        return 2 if DATED.search(line) and self._is_wrote(both, self._near(number + 2)) else 0

    def _is_wrote(self, line: str, following: str) -> bool:
        """A report may say "on Monday the customer wrote:" too, but hardly with year and time."""
        if self._words.wrote.match(line):
            quoted = _is_quoted(following) or following.startswith("|")
            return quoted or "@" in line or bool(DATED.search(line))
        if not self._words.wrote_bare.match(line):
            return False
        dated = YEAR.search(line) and TIME.search(line)
        return bool(_is_quoted(following) or "@" in line or dated)

    def _heads(self, number: int, least: int = LEAST_HEADS) -> int:
        """How many lines the head of a copied mail has here; a web form's fields are none."""
        first = self._words.header.match(self._plain[number]) if number < len(self._lines) else None
        if not first or first[1].lower() not in self._words.senders:
            return 0
        if number and FIELD.match(self._plain[number - 1]):
            return 0
        end, names, apart = number + 1, {first[1].lower()}, False
        while end < min(len(self._lines), number + MOST_HEADS):
            line = self._plain[end]
            found = self._words.header.match(line)
            if found:
                names.add(found[1].lower())
            elif not line and (apart or len(names) == 1) and self._head_at(end + 1):
                apart = True
            elif not (line and "@" in line and not FIELD.match(line)):  # more addresses
                break
            end += 1
        if names & self._words.sent_heads:
            least = 2
        address = "@" in "".join(self._plain[number:end])
        is_mail = address or names & (self._words.sent_heads | self._words.subject_heads)
        if len(names) < least or not is_mail:
            return 0
        return 0 if self._is_form(end) else end - number

    def _is_form(self, number: int) -> bool:
        """Whether the fields go on with one that no mail has."""
        near = self._plain[number : number + LOOK_AHEAD]
        adjacent = bool(near and FIELD.match(near[0]))
        return adjacent or any(self._words.form_field.match(line) for line in near)

    def _head_at(self, number: int) -> bool:
        return number < len(self._lines) and bool(self._words.header.match(self._plain[number]))

    def _next(self, number: int) -> int:
        """The next line that is not empty, if it is near, else the end."""
        near = range(number, min(len(self._lines), number + LOOK_AHEAD))
        return next((n for n in near if self._plain[n].strip()), len(self._lines))

    def _near(self, number: int) -> str:
        found = self._next(number)
        return self._plain[found] if found < len(self._lines) else ""


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|>"))
