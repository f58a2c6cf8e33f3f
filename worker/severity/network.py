"""The model: from a ticket's sentences to the likelihood of every fact, in plain numpy.

Pieces have vectors; short convolutions over 2, 3 and 5 pieces make of them what a sentence says;
for every facet the model chooses which sentences to listen to, and these are the quotes. Beside it,
hashed words and letter sequences vote, which are good at names and at languages the vectors know
less well. Nothing here decides a severity.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from worker.facts import FACETS, Hit
from worker.severity.meanings import ORDERS, Meanings, normal
from worker.severity.pieces import UNKNOWN, Pieces, fold, without_marks
from worker.severity.sentences import Sentence

__all__ = ["VOTE", "Network", "Reading", "features", "places"]

Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[np.generic]]

WORD = re.compile(r"[^\W_]+|[?!]")
MOST_WORDS = 400
SEQUENCES, DENSE_SEQUENCES = (3, 4, 5), (2, 3, 4)
"""Lengths of the letter sequences that vote; the second where one sign is a syllable or a word."""
DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
VOTE = 4.0
WORDLESS, STILL_UNCLEAR = 3, 0.02
"""A text of more pieces than this says something: that it is unclear is this much less likely."""


ENDS = list(itertools.accumulate(map(len, FACETS.values())))
CUTS = {
    facet: slice(end - len(FACETS[facet]), end) for facet, end in zip(FACETS, ENDS, strict=True)
}
"""Where each facet's values stand in the model's answer; `meta` is the last."""
LISTENER = np.repeat(np.arange(len(FACETS) + 1), [*map(len, FACETS.values()), 1])
"""For each value of the answer, whose choice of sentences it goes by."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the model makes of one ticket."""

    likely: dict[str, Floats]
    """For each facet, how likely each of its values is."""
    heard: dict[str, Floats]
    """For each facet and for `meta`, how much each sentence weighed."""
    meta: float
    """How likely it is that the ticket depends on Meta."""
    unknown: float
    """Share of the text's pieces that the model does not know."""
    temperature: float
    """How much flatter likelihoods of severities must be made to come true as often as they say."""


class Network:
    """The trained arrays, ready to read. Safe to share between threads."""

    def __init__(self, pieces: Pieces, arrays: Arrays) -> None:
        self._pieces = pieces
        self._votes: npt.NDArray[np.int8] = arrays["votes"].view(np.int8)
        self._votes_scale = float(arrays["votes_scale"][0])
        self._layers: dict[str, Floats] = {
            name: np.ascontiguousarray(array, np.float32)
            for name, array in arrays.items()
            if not name.startswith(("pieces", "common", "votes", "temperature"))
        }
        self._meanings = Meanings(arrays, self._layers)
        heads = [*FACETS, "meta"]
        self._heads = np.concatenate([self._layers.pop(f"{name}_w") for name in heads], axis=1)
        self._bias = np.concatenate([self._layers.pop(f"{name}_b") for name in heads])
        self._temperature = float(arrays.get("temperature", np.ones(1))[0])

    def read(self, sentences: Sequence[Sentence]) -> Reading:
        """Likelihoods and weights for the sentences of one ticket; the first is its subject."""
        folded = [fold(sentence.text) for sentence in sentences]
        ids = [self._pieces.ids(text) for text in folded]
        said = self._say(sentences, ids)
        context = self._listen(said)
        weights = _softmax(context @ self._layers["att_w"] + self._layers["att_b"])
        logits = self._answer(context, weights, said.max(0)) + self._count_votes(folded)
        likely = {facet: _softmax(logits[cut]) for facet, cut in CUTS.items()}
        if sum(map(len, ids)) - 2 * len(ids) > WORDLESS:
            likely["hit"] = _says_something(likely["hit"])
        return Reading(
            likely=likely,
            heard={facet: weights[:, n] for n, facet in enumerate([*FACETS, "meta"])},
            meta=1.0 / (1.0 + float(np.exp(-np.clip(logits[-1], -30, 30)))),
            unknown=_unknown_share(ids),
            temperature=self._temperature,
        )

    def _say(self, sentences: Sequence[Sentence], ids: list[list[int]]) -> Floats:
        """What each sentence says, by itself."""
        layers = self._layers
        lengths = np.array([len(found) for found in ids])
        flat = np.fromiter((number for found in ids for number in found), np.int64, lengths.sum())
        rows = self._meanings.of(flat)
        near = _neighbours(lengths)
        width = len(layers["norm_w"]) // len(ORDERS)
        own = self._meanings.own
        start, given = own - len(layers["norm_w"]), own
        for span, left in ORDERS.items():
            places_of = near[:, 2 - left : 2 - left + span]
            wide = layers[f"conv{span}_in"].shape[1]
            heard = _gathered(rows[:, given : given + wide], places_of)
            heard = heard @ layers[f"conv{span}_out"] + layers[f"conv{span}_b"]
            rows[:, start : start + width] += np.maximum(heard, 0.0)
            start, given = start + width, given + wide
        every = normal(rows[:, :own], layers["all_w"], layers["all_b"])
        ends = np.cumsum(lengths)
        root = np.sqrt(lengths.astype(np.float32))[:, None]
        cuts = [every[end - length : end] for end, length in zip(ends, lengths, strict=True)]
        whole = np.concatenate(
            [
                np.stack([part.sum(0) for part in cuts]) / root,
                root,
                np.stack([part.max(0) for part in cuts]),
                places(sentences),
            ],
            axis=1,
        )
        said: Floats = np.maximum(whole @ layers["say_w"] + layers["say_b"], 0.0)
        return said

    def _listen(self, said: Floats) -> Floats:
        """Each sentence in the light of all others."""
        weights, size = self._layers["listen_w"], said.shape[1]
        every = np.concatenate([said.mean(0), said.max(0)]) @ weights[size:]
        own = said @ weights[:size]
        heard: Floats = np.maximum(own + every + self._layers["listen_b"], 0.0)
        return heard

    def _answer(self, context: Floats, weights: Floats, loudest: Floats) -> Floats:
        """Of every value of every facet, then of `meta`: each asks what its listener heard."""
        own, shared = np.split(self._heads, 2)
        heard = weights.T @ context @ own
        answer: Floats = heard[LISTENER, np.arange(len(LISTENER))] + loudest @ shared + self._bias
        return answer

    def _count_votes(self, folded: list[str]) -> Floats:
        rows = features("\n".join(folded), len(self._votes))
        share = VOTE / np.sqrt(len(rows) + 1.0) * self._votes_scale
        total: Floats = self._votes[rows].sum(0, dtype=np.int32) * np.float32(share)
        return total


def features(folded: str, size: int) -> npt.NDArray[np.int64]:
    """Which rows of a table of votes a text calls up: words, pairs of words, letter sequences.

    In no order.
    """
    words = WORD.findall(without_marks(folded))[:MOST_WORDS]
    found: set[int] = set()
    for word in set(words):
        found.update(_hashes(word))
    found.update(
        zlib.crc32(f"{first} {second}".encode()) for first, second in itertools.pairwise(words)
    )
    return np.fromiter(found, np.int64, len(found)) & (size - 1)


@lru_cache(maxsize=20_000)
def _hashes(word: str) -> tuple[int, ...]:
    """Of a word and of the letter sequences in it."""
    edged = f"_{word}_"
    lengths = DENSE_SEQUENCES if DENSE.search(word) else SEQUENCES
    sequences = {edged[at : at + n] for n in lengths for at in range(len(edged) - n + 1)}
    return tuple(zlib.crc32(text.encode()) for text in (f"w{word}", *sequences))


def _says_something(hits: Floats) -> Floats:
    """Few words look like no words to the model; "nobody can log in" is not unclear, though."""
    likely = hits.copy()
    likely[list(Hit).index(Hit.UNCLEAR)] *= STILL_UNCLEAR
    normal: Floats = likely / likely.sum()
    return normal


def _unknown_share(ids: list[list[int]]) -> float:
    """BEGIN and END are no pieces of the text."""
    total = sum(map(len, ids)) - 2 * len(ids)
    return sum(found.count(UNKNOWN) for found in ids) / total if total else 0.0


def _neighbours(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each piece the places of those around it; outside of its sentence, one past the end."""
    total = int(lengths.sum())
    place = np.arange(total)[:, None]
    around = place + np.arange(-2, 3)
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)[:, None]
    last = first + np.repeat(lengths, lengths)[:, None]
    return np.where((around >= first) & (around < last), around, total)


def _gathered(given: Floats, near: npt.NDArray[np.int64]) -> Floats:
    """For each piece the sum of what its neighbours give to the place where they stand."""
    span = near.shape[1]
    rank = given.shape[1] // span
    padded = np.concatenate([given, np.zeros((1, given.shape[1]), np.float32)])
    total = padded[near[:, 0], :rank]
    for place in range(1, span):
        total += padded[near[:, place], place * rank : (place + 1) * rank]
    return total


def places(sentences: Sequence[Sentence]) -> Floats:
    """Where each sentence stands, and whether it asks; one row a sentence."""
    count = len(sentences)
    rows = [
        (s.subject - 0.5 * s.stale, n == 1, n == count - 1, min(n, 10) / 10, s.asks, 1 / count)
        for n, s in enumerate(sentences)
    ]
    return np.array(rows, np.float32).reshape(count, 6)


def _softmax(logits: Floats) -> Floats:
    """Over the first axis: the sentences of a facet, or the values of one."""
    shares = np.exp(logits - logits.max(0))
    normal: Floats = shares / shares.sum(0)
    return normal
