"""Words cut into the pieces that the model knows, whatever the language.

The pieces are a unigram vocabulary: of all ways to cut a word, the likeliest is taken. Case,
full-width forms and pressure never count, and of a number only its size does.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import lru_cache

from worker.severity.letters import GAP
from worker.severity.phrases import phrases

__all__ = ["BEGIN", "END", "UNKNOWN", "Pieces", "fold", "without_marks"]

UNKNOWN, BEGIN, END, FIRST = 0, 1, 2, 3
"""Ids that are no piece, and the first that is."""
WORD_START = "\u2581"
MOST_IN_SENTENCE = 62
LONGEST_WORD = 60
"""Characters of what stands between two spaces; a Japanese clause has no spaces."""
REMEMBERED = 20_000
"""Words whose pieces are kept at hand."""

NUMBER = re.compile(r"\d{1,40}")
KEPT_NUMBERS = frozenset(
    {"1", "2", "7", "24", "100", "401", "403", "404", "429", "500", "502", "503", "504"}
)
MARKS = re.compile(r"[!\u00a1]+|([?.,;:=*_~#-])\1{1,200}")
ACCENTS = re.compile("[\u0300-\u036f\u064b-\u0655\u0640]")
GLUED_PRESSURE = re.compile("大至急|至急|緊急(?:です)?")


def fold(text: str) -> str:
    """What the model reads of a text: no case, no pressure, numbers by their size."""
    text = unicodedata.normalize("NFKC", text.replace(GAP, " ")).casefold()
    text = GLUED_PRESSURE.sub(" ", MARKS.sub(r"\1 ", text))
    return NUMBER.sub(_size, phrases().pressure.sub(" ", text))


def without_marks(text: str) -> str:
    """Accents and vowel marks are often left out, so where words are compared they never count."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


def _size(number: re.Match[str]) -> str:
    """200 and 600 are alike, 3 and 300 are not."""
    digits = number[0]
    if digits in KEPT_NUMBERS:
        return digits
    if not digits.strip("0"):
        return "0"
    return "5" + "0" * (min(len(digits), 4) - 1)


class Pieces:
    """The vocabulary, ready to cut."""

    def __init__(self, words: Sequence[str], scores: Sequence[float]) -> None:
        self._ids = {word: number for number, word in enumerate(words, start=FIRST)}
        self._scores = array("f", [*[min(scores) - 10.0] * FIRST, *scores])
        self._longest = max(map(len, words))
        self._of_word = lru_cache(REMEMBERED)(self._cut)

    def ids(self, folded: str) -> list[int]:
        """The pieces of one folded sentence between BEGIN and END, at most `MOST_IN_SENTENCE`."""
        found = [BEGIN]
        for word in folded.split():
            found += self._of_word(WORD_START + word[:LONGEST_WORD])
            if len(found) >= MOST_IN_SENTENCE:
                break
        return [*found[: MOST_IN_SENTENCE - 1], END]

    def _cut(self, word: str) -> list[int]:
        """The likeliest cut; best[n] is the score of the best cut of the first n letters."""
        whole = self._ids.get(word)
        if whole is not None:  # hardly ever less likely than its parts, and most words are pieces
            return [whole]
        length = len(word)
        best = [0.0] + [float("-inf")] * length
        came_from = [0] * (length + 1)
        piece_of = [UNKNOWN] * (length + 1)
        id_of, score_of = self._ids.get, self._scores
        for start in range(length):
            for end in range(start + 1, min(start + self._longest, length) + 1):
                number = id_of(word[start:end])
                if number is None:
                    if end > start + 1:
                        continue
                    number = UNKNOWN
                score = best[start] + score_of[number]
                if score > best[end]:
                    best[end], came_from[end], piece_of[end] = score, start, number
        found: list[int] = []
        end = length
        while end:
            found.append(piece_of[end])
            end = came_from[end]
        return found[::-1]
