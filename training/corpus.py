"""The corpus as it is read for training and measuring: tickets with facts, single statements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from worker.facts import FACETS, Situation
from worker.policy import RubricRule
from worker.severity.clean import clean, clean_subject
from worker.severity.sentences import Sentence, sentences
from worker.tickets import Severity

ROOT = Path(__file__).parents[1] / "corpus"
ORDINARY = {"env": "production", "when": "now", "whose": "ours"}
"""What a ticket that does not name a facet means."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One ticket of the corpus."""

    id: str
    author: str
    language: str
    kind: str
    subject: str
    body: str
    severity: Severity
    situation: Situation
    meta: bool
    quotes: dict[str, str] = field(default_factory=dict)

    def sentences(self) -> list[Sentence]:
        """What the product reads of it."""
        title = clean_subject(self.subject)
        return sentences(title.text, clean(self.body).text, reply=title.reply)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence that states one value of one facet; `value` is "none" for mere context."""

    language: str
    facet: str
    value: str
    text: str


def tickets(part: str) -> list[Labelled]:
    """The tickets of "train" or "test", in a fixed order."""
    return [
        _ticket(json.loads(line))
        for path in sorted((ROOT / part).glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def statements() -> list[Statement]:
    """All single statements, in a fixed order. They are for training only."""
    return [found for path in sorted((ROOT / "statements").glob("*.tsv")) for found in _rows(path)]


def decided(situation: Situation, rules: tuple[RubricRule, ...]) -> Severity:
    """The severity that the rubric makes of a ticket's facts."""
    return next(rule.severity for rule in rules if rule.fits(situation))


def fingerprint() -> str:
    """What was there to learn from, in 16 hexadecimal digits; the model carries it."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("train/*.jsonl"), *ROOT.glob("statements/*.tsv")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _rows(path: Path) -> Iterator[Statement]:
    for line in path.read_text("utf-8").splitlines():
        fact, text = line.split("\t")
        facet, value = fact.split("=")
        yield Statement(path.stem.rpartition("_")[0], facet, value, text)


def _ticket(row: dict[str, object]) -> Labelled:
    values = {name: str(row.get(name, ORDINARY.get(name))) for name in FACETS}
    quotes = row.get("quotes") or {}
    return Labelled(
        id=str(row["id"]),
        author=str(row["author"]),
        language=str(row["lang"]),
        kind=str(row["kind"]),
        subject=str(row["subject"]),
        body=str(row["body"]),
        severity=Severity(str(row["severity"])),
        situation=Situation(*(kind(values[name]) for name, kind in FACETS.items())),  # type: ignore[arg-type]
        meta=bool(row.get("meta")),
        quotes={str(name): str(text) for name, text in dict(quotes).items()},  # type: ignore[call-overload]
    )
