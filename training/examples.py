"""What the model is shown: tickets of the corpus, and tickets put together from statements."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from training.corpus import Labelled, Statement
from worker.facts import FACETS, Hit
from worker.severity.network import features
from worker.severity.pieces import Pieces, fold
from worker.severity.sentences import ASKS, Sentence

VOTE_ROWS = 1 << 17
NOT_SAID = -1
"""A target that an example says nothing about."""
TROUBLE = list(Hit)[: list(Hit).index(Hit.QUESTION)]
LESSER = (Hit.PARTIAL, Hit.MINOR, Hit.QUESTION, Hit.REQUEST)
SHORT_QUOTE = 12
DROPPED = 0.2
"""Share of a ticket's other sentences that a variation leaves out."""


@dataclass(slots=True, eq=False)
class Example:
    """One ticket, ready for the model, with what should come out."""

    ids: list[list[int]]
    sentences: list[Sentence]
    rows: list[int]
    facts: list[int]
    """A value of each facet by number, then Meta dependency as 0 or 1."""
    severity: int
    heard: list[list[int]]
    """For each facet and for Meta, the sentences that its quote stands in."""
    language: str


def from_ticket(ticket: Labelled, pieces: Pieces) -> Example:
    """A labelled ticket as an example."""
    read = ticket.sentences()
    facts = [list(FACETS[f]).index(v) for f, v in zip(FACETS, ticket.situation, strict=True)]
    heard = [
        [
            n
            for n, sentence in enumerate(read)
            if _holds(sentence.text, ticket.quotes.get(facet, ""))
        ]
        for facet in (*FACETS, "meta")
    ]
    severity = int(ticket.severity.value[1]) - 1
    facts.append(int(ticket.meta))
    return _example(read, pieces, facts, severity, heard, ticket.language)


class Composer:
    """Puts tickets together from statements of one language, whose facts are then known.

    They teach how a thing is said, and that context, pressure and denials say nothing; the corpus
    teaches how people tell a story.
    """

    def __init__(self, statements: Sequence[Statement], chance: random.Random) -> None:
        self._chance = chance
        self._said: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for one in statements:
            self._said[one.language][one.facet, one.value].append(one.text)
        self._languages = list(self._said)
        self._sizes = [sum(map(len, said.values())) for said in self._said.values()]

    def compose(self, pieces: Pieces) -> Example:
        """One more ticket."""
        chance = self._chance
        language = chance.choices(self._languages, self._sizes)[0]
        said = self._said[language]
        hit = chance.choices(list(Hit), [len(said["hit", hit]) for hit in Hit])[0]
        facts = {"hit": hit, "env": "production", "when": "now", "whose": "ours"}
        parts = [("hit", chance.choice(said["hit", hit]))]
        if hit in TROUBLE:
            for facet, value in self._circumstances():
                if said[facet, value]:
                    facts[facet] = value
                    parts.append((facet, chance.choice(said[facet, value])))
            lesser = chance.choice(LESSER)
            if chance.random() < 0.3 and list(Hit).index(lesser) > list(Hit).index(hit):
                parts.append(("", chance.choice(said["hit", lesser])))
        context = chance.choice((0, 0, 1, 1, 2, 3))
        parts += [("", text) for text in chance.choices(said["hit", "none"], k=context)]
        chance.shuffle(parts)
        with_subject = chance.random() < 0.6
        if with_subject and chance.random() < 0.5:
            parts.insert(0, ("", ""))
        read = [
            Sentence(text, subject=with_subject and n == 0, asks=text.endswith(ASKS))
            for n, (_, text) in enumerate(parts)
        ]
        targets = [
            list(values).index(facts[facet]) if facet in facts else NOT_SAID
            for facet, values in FACETS.items()
        ]
        heard = [
            [n for n, (of, _) in enumerate(parts) if of == facet] for facet in (*FACETS, "meta")
        ]
        return _example(read, pieces, [*targets, NOT_SAID], NOT_SAID, heard, language)

    def vary(self, example: Example, pieces: Pieces) -> Example:
        """The same ticket told a little otherwise: less of what no fact stands in, more context."""
        chance = self._chance
        needed = {n for places in example.heard for n in places}
        kept = [
            n
            for n, sentence in enumerate(example.sentences)
            if n in needed or sentence.subject or not needed or chance.random() > DROPPED
        ]
        parts: list[tuple[Sentence, list[int], int | None]] = [
            (example.sentences[n], example.ids[n], n) for n in kept
        ]
        context = self._said[example.language]["hit", "none"]
        for _ in range(chance.choice((0, 0, 1, 1, 2, 3)) if context else 0):
            text = chance.choice(context)
            added = Sentence(text, subject=False, asks=text.endswith(ASKS))
            parts.insert(chance.randint(1, len(parts)), (added, pieces.ids(fold(text)), None))
        read = [sentence for sentence, _, _ in parts]
        place = {old: new for new, (_, _, old) in enumerate(parts) if old is not None}
        return Example(
            ids=[ids for _, ids, _ in parts],
            sentences=read,
            rows=_rows("\n".join(fold(sentence.text) for sentence in read)),
            facts=example.facts,
            severity=example.severity,
            heard=[[place[n] for n in places if n in place] for places in example.heard],
            language=example.language,
        )

    def _circumstances(self) -> list[tuple[str, str]]:
        chance = self._chance
        found = []
        if chance.random() < 0.35:
            found.append(("who", chance.choice(("all", "many", "site", "one"))))
        if chance.random() < 0.4:
            found.append(("way", chance.choice(("none", "temporary", "acceptable"))))
        rare = chance.random()
        for share, facet, value in (
            (0.08, "when", "past"),
            (0.12, "when", "hypothetical"),
            (0.19, "env", "test"),
            (0.23, "whose", "elsewhere"),
        ):
            if rare < share:
                return [*found, (facet, value)]
        return found


def _example(
    read: list[Sentence],
    pieces: Pieces,
    facts: list[int],
    severity: int,
    heard: list[list[int]],
    language: str,
) -> Example:
    folded = [fold(sentence.text) for sentence in read]
    return Example(
        ids=[pieces.ids(text) for text in folded],
        sentences=read,
        rows=_rows("\n".join(folded)),
        facts=facts,
        severity=severity,
        heard=heard,
        language=language,
    )


def _rows(folded: str) -> list[int]:
    """Sorted, since sums of votes must not depend on the order in which words are met."""
    return sorted(features(folded, VOTE_ROWS).tolist())


def _holds(sentence: str, quote: str) -> bool:
    """True when the quote, or a good part of it, stands in the sentence."""
    where, what = _bare(sentence), _bare(quote)
    if not where or not what:
        return False
    if what in where or (len(where) > SHORT_QUOTE // 2 and where in what):
        return True
    half = max(SHORT_QUOTE - 4, len(what) // 2)
    return len(what) >= SHORT_QUOTE and (what[:half] in where or what[-half:] in where)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
