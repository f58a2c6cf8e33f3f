"""Which facts a ticket states, in its own words. The words themselves are in signals.toml.

A text is cut into sentences and clauses; a phrase counts where its words stand together in one
clause, unless the clause denies it ("nothing is down"), supposes it ("if it went down"), asks it
("is it down?") or tells of another day ("was down yesterday").
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

from worker.tickets import one_line

GAP = 4
"""Words that `...` in a phrase may stand for, none of them a denial."""
REACH = 5
"""Words before a phrase in which a denial counts."""

Words = list[tuple[str, ...]]
"""A clause, word by word; each with the stems (`crash*`) that it begins with."""


@dataclass(frozen=True, slots=True)
class Element:
    """Alternatives at one place of a phrase; one without any is a gap."""

    singles: frozenset[str] = frozenset()
    longer: tuple[tuple[str, ...], ...] = ()
    """Of several words, or of none at all: may be left out."""

    @property
    def starts(self) -> set[str]:
        """What the first word can be."""
        return {*self.singles, *(option[0] for option in self.longer if option)}


ANYTHING = Element()


class Mood(Enum):
    """How a clause means what it says."""

    STATED = "stated"
    SUPPOSED = "supposed"
    ASKED = "asked"
    PAST = "past"
    FEARED = "feared"


@dataclass(frozen=True, slots=True)
class Hit:
    """One fact found, with the ticket's own words around it."""

    fact: str
    quote: str
    mood: Mood
    place: int


@dataclass(frozen=True, slots=True)
class Phrase:
    fact: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    sentence: int
    asks: bool
    first: bool


COMBINING = re.compile("[\u0300-\u036f\u064b-\u0655]")
CONTRACTED = (
    (re.compile(r"\b(?:can'?t|can not)\b"), "cannot"),
    (re.compile(r"\b(?:won'?t)\b"), "will not"),
    (
        re.compile(r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should)n'?t\b"),
        r"\1 not",
    ),
    (re.compile(r"'(re|ve|ll|m|s|d)\b"), r" \1"),
)
WORD = re.compile(r"[^\W_]+")
SENTENCES = re.compile(r"(?<=[.!?\u061f])\s+|[\u3002\uff01\uff1f]|\n+")
WRAPPED = re.compile(r"(?<=[a-z,])\n(?=[a-z])")


def fold(text: str) -> str:
    """Case, accents and contractions never count."""
    text = unicodedata.normalize("NFKD", text.replace("\u2019", "'").casefold())
    text = COMBINING.sub("", text)
    for pattern, full in CONTRACTED:
        text = pattern.sub(full, text)
    return unicodedata.normalize("NFC", text)


class Lexicon:
    """The phrases of signals.toml, ready to be found in a text."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._sets: dict[str, list[str]] = source["words"]
        self._stems: set[str] = set()
        self._starts: dict[str, list[Phrase]] = defaultdict(list)
        self._pieces: list[tuple[str, str]] = []  # (text, fact) for scripts without spaces
        self._denials = frozenset(fold(word) for word in source["denial"]["words"])
        self._later_denials = frozenset(source["denial"]["after"])
        self._no_denials = frozenset(fold(pair) for pair in source["denial"]["except"])
        self._piece_denial = re.compile("|".join(source["denial"]["pieces"]))
        joints = "|".join(map(re.escape, source["clauses"]["joints"]))
        self._joint = re.compile(
            rf"[,;:()\u2013\u2014\u3001\u060c|]|\s-\s|\s(?=(?:{joints})\s)", re.IGNORECASE
        )
        self._names = re.compile("|".join(map(re.escape, source["names"]["ignored"])))
        orders = source["instructions"]
        self._order_clause = re.compile("|".join(orders["clause"]), re.IGNORECASE)
        self._order_line = re.compile(
            f"(?:{'|'.join(orders['line'])}).*", re.IGNORECASE | re.MULTILINE
        )
        self._lasting = frozenset(n for n, fact in source["facts"].items() if fact.get("lasting"))
        self._denied_by = {n: frozenset(f.get("denied_by", ())) for n, f in source["facts"].items()}
        for name, fact in source["facts"].items():
            for language, phrases in fact.items():
                if isinstance(phrases, list) and language != "denied_by":
                    self._add(name, phrases, whole_words=language not in {"ja", "zh", "th"})

    def _add(self, fact: str, phrases: list[str], *, whole_words: bool) -> None:
        for text in phrases:
            if not whole_words:
                self._pieces.append((fold(text), fact))
                continue
            phrase = Phrase(fact, tuple(self._elements(text)))
            for symbol in phrase.elements[0].starts:
                self._starts[symbol].append(phrase)

    def _elements(self, text: str) -> Iterator[Element]:
        for part in _parts(text):
            if part == "...":
                yield ANYTHING
                continue
            options = {self._symbols(option) for option in _options(part, self._sets)}
            singles = frozenset(option[0] for option in options if len(option) == 1)
            yield Element(singles, tuple(sorted(o for o in options if len(o) != 1)))

    def _symbols(self, text: str) -> tuple[str, ...]:
        symbols = tuple(re.findall(r"[^\W_]+\*?|#\w+", fold(text)))
        self._stems.update(symbol for symbol in symbols if symbol.endswith("*"))
        return symbols

    def hits(self, text: str) -> Iterator[Hit]:
        """Every fact that the text states, supposes, asks or tells of the past; none it denies."""
        earlier: set[tuple[int, str]] = set()
        for place, clause in enumerate(self._clauses(text)):
            folded = self._names.sub(" ", fold(clause.text))
            words = [self._with_stems(word) for word in WORD.findall(folded)[:80]]
            found = [*self._in_words(words), *self._in_pieces(folded)]
            marks = {fact for fact in found if fact.startswith("mood_")}
            mood = _mood(clause, marks, {m for n, m in earlier if n == clause.sentence})
            earlier |= {(clause.sentence, mark) for mark in marks}
            feared = "mood_feared" in marks and not self._lasting.isdisjoint(found)
            for fact in dict.fromkeys(found):
                lasts = mood is Mood.PAST and fact in self._lasting
                own = Mood.FEARED if feared else Mood.STATED if lasts else mood
                yield Hit(fact, one_line(clause.text), own, place)

    def _with_stems(self, word: str) -> tuple[str, ...]:
        if word.isdigit():  # "#many" is ten to 99,999, "#some" two and more
            return (
                word,
                "#some" if word not in {"0", "1"} else "#one",
                *(("#many",) if len(word) in {2, 3, 4, 5} else ()),
            )
        stems = (f"{word[:n]}*" for n in range(2, len(word) + 1))
        return (word, *(stem for stem in stems if stem in self._stems))

    def _clauses(self, text: str) -> Iterator[Clause]:
        text = self._order_line.sub(" ", text)
        for number, sentence in enumerate(SENTENCES.split(WRAPPED.sub(" ", text))):
            if not sentence or not sentence.strip():
                continue
            asks = sentence.rstrip().endswith(("?", "\u061f")) or "\u3067\u3059\u304b" in sentence
            parts = [part.strip() for part in self._joint.split(sentence) if part and part.strip()]
            for index, part in enumerate(parts):
                if self._order_clause.search(part):
                    continue
                yield Clause(part, number, asks, index == 0)

    def _in_words(self, words: Words) -> Iterator[str]:
        denied = [
            n for n, word in enumerate(words)
            if word[0] in self._denials
            and f"{word[0]} {words[n + 1][0] if n + 1 < len(words) else ''}" not in self._no_denials
        ]  # fmt: skip
        for at, word in enumerate(words):
            for symbol in word:
                for phrase in self._starts.get(symbol, ()):
                    end = self._end(phrase.elements, words, at)
                    if end >= 0 and not self._is_denied(phrase.fact, words, at, end, denied):
                        yield phrase.fact

    def _end(self, elements: tuple[Element, ...], words: Words, at: int) -> int:
        """Where the phrase ends when it stands at `at`, else -1."""
        if not elements:
            return at
        element, rest = elements[0], elements[1:]
        if element is ANYTHING:
            return self._end_after_gap(rest, words, at)
        if at < len(words) and not element.singles.isdisjoint(words[at]):
            end = self._end(rest, words, at + 1)
            if end >= 0:
                return end
        for option in element.longer:
            after = at + len(option)
            if after <= len(words) and all(s in words[at + n] for n, s in enumerate(option)):
                end = self._end(rest, words, after)
                if end >= 0:
                    return end
        return -1

    def _end_after_gap(self, rest: tuple[Element, ...], words: Words, at: int) -> int:
        for after in range(at, at + GAP + 1):
            end = self._end(rest, words, after)
            if end >= 0:
                return end
            if after >= len(words) or words[after][0] in self._denials:
                break
        return -1

    def _is_denied(self, fact: str, words: Words, at: int, end: int, denied: list[int]) -> bool:
        if fact.startswith("mood_"):
            return False
        if any(at - REACH <= n < at for n in denied):
            return True
        more = self._denied_by[fact]
        if more and any(word[0] in more for word in words[max(0, at - REACH) : at]):
            return True
        return any(word[0] in self._later_denials for word in words[end : end + 2])

    def _in_pieces(self, folded: str) -> Iterator[str]:
        if folded.isascii():
            return
        for piece, fact in self._pieces:
            at = folded.find(piece)
            if at >= 0 and not self._piece_denial.match(folded[at + len(piece) :][:12]):
                yield fact


def _parts(text: str) -> Iterator[str]:
    """The words and the whole brackets of a phrase."""
    part, depth = "", 0
    for letter in f"{text} ":
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and depth == 0:
            if part:
                yield part
            part = ""
        else:
            part += letter


def _options(part: str, sets: Mapping[str, list[str]]) -> list[str]:
    """Every way in which one part of a phrase can read."""
    if part[0] == "{":
        return sets[part[1:-1]]
    if part[0] not in "([":
        return [part]
    optional = [""] if part[0] == "[" else []
    inner, depth, choices = "", 0, []
    for letter in f"{part[1:-1]}|":
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and depth == 0:
            choices.append(inner)
            inner = ""
        else:
            inner += letter
    ways = (product(*(_options(p, sets) for p in _parts(choice))) for choice in choices)
    return [*(" ".join(way) for each in ways for way in each), *optional]


def _mood(clause: Clause, marks: set[str], earlier: set[str]) -> Mood:
    if "mood_supposed" in marks or "mood_if" in marks:
        return Mood.SUPPOSED
    if "mood_when" in marks and ("mood_how" in earlier or clause.asks):
        return Mood.SUPPOSED
    if "mood_how" in marks:
        return Mood.SUPPOSED
    if clause.asks and clause.first and "mood_whether" in marks:
        return Mood.ASKED
    if "mood_past" in marks and "mood_ongoing" not in marks:
        return Mood.PAST
    return Mood.STATED
