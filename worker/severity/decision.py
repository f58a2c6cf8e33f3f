"""From the likelihood of facts to a decision that a person can check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.facts import FACETS, SAYS, Hit, Situation
from worker.policy import Review, RubricRule
from worker.severity.network import Reading
from worker.severity.rubric import SEVERITIES, RubricTable
from worker.severity.sentences import Sentence
from worker.tickets import Confidence, Decision, Reason, Severity

__all__ = ["Evidence", "judge"]

HIGH, MEDIUM = 0.85, 0.6
"""From these likelihoods on, a decision deserves high and medium confidence."""
CLEARLY = 0.35
"""A sentence is quoted when the model listened to it this much."""
SAID = 0.5
"""A fact that the rule does not name is told when it is at least this likely."""
META_FROM = 0.5
FOREIGN = 0.25
"""Share of unknown pieces from which on a text is not read but guessed at."""
MOST_REASONS = 4
NOT_A_REPORT = frozenset(
    {Hit.THANKS, Hit.AUTO_REPLY, Hit.SPAM, Hit.QUESTION, Hit.REQUEST, Hit.UNCLEAR}
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one ticket that a decision stands on."""

    sentences: Sequence[Sentence]
    reading: Reading
    ignored: tuple[str, ...]
    names_meta: int | None
    """The sentence that names a thing only Meta decides."""
    empty: bool
    """The body has no words of the requester's own."""


def judge(
    evidence: Evidence,
    table: RubricTable,
    rules: Sequence[RubricRule],
    review: Review,
) -> Decision:
    """The likeliest severity, why, and whether a person should look."""
    weighed = table.weigh(evidence.reading.likely)
    shares = _tempered(weighed.severities, evidence.reading.temperature)
    order = np.argsort(-shares, kind="stable")
    severity, runner_up = SEVERITIES[order[0]], SEVERITIES[order[1]]
    situation = weighed.likeliest(severity)
    doubts = tuple(_doubts(evidence, situation, severity, shares, review))
    meta = evidence.names_meta is not None or evidence.reading.meta >= META_FROM
    return Decision(
        severity=severity,
        confidence=Confidence.LOW if doubts else _confidence(float(shares[order[0]])),
        needs_review=bool(doubts),
        meta_dependency=meta,
        reasons=(*_reasons(evidence, situation, rules, meta=meta), *doubts[:1]),
        runner_up=runner_up if shares[order[1]] >= 1 - HIGH else None,
        ignored=evidence.ignored,
    )


def _tempered(shares: npt.NDArray[np.float32], temperature: float) -> npt.NDArray[np.float32]:
    """Likelihoods that come true as often as they say."""
    powered = np.power(np.maximum(shares, 1e-9), 1.0 / temperature)
    normal: npt.NDArray[np.float32] = powered / powered.sum()
    return normal


def _confidence(likelihood: float) -> Confidence:
    if likelihood >= HIGH:
        return Confidence.HIGH
    return Confidence.MEDIUM if likelihood >= MEDIUM else Confidence.LOW


def _doubts(
    evidence: Evidence,
    situation: Situation,
    severity: Severity,
    shares: npt.NDArray[np.float32],
    review: Review,
) -> Iterator[Reason]:
    """Why a person should look, the weightiest first."""
    if evidence.empty:
        yield Reason(text="The ticket has no text of its own: decided by the subject")
    if evidence.reading.unknown > FOREIGN:
        yield Reason(text="It is in a language that is not known well")
    if situation.hit is Hit.UNCLEAR:
        yield Reason(text="Please look: nothing says what it is about")
    if severity in {Severity.P3, Severity.P4} and shares[0] >= review.p1_suspicion:
        yield Reason(text="Please look: it may be a P1")
    first, second = np.sort(shares)[::-1][:2]
    if first - second < review.narrow:
        yield Reason(text="Please look: two severities fit almost equally well")


def _reasons(
    evidence: Evidence, situation: Situation, rules: Sequence[RubricRule], *, meta: bool
) -> list[Reason]:
    """The facts that the deciding rule names come first, then what else was said."""
    rule = next(rule for rule in rules if rule.fits(situation))
    decisive = [facet for facet, taken in zip(FACETS, rule.facets(), strict=True) if taken]
    values = dict(zip(FACETS, situation, strict=True))
    facets = list(dict.fromkeys([*decisive, *FACETS]))
    if situation.hit in NOT_A_REPORT:
        facets = [facet for facet in facets if facet in {"hit", *decisive}]
    likely = evidence.reading.likely
    said = [
        facet
        for facet in facets
        if values[facet] in SAYS and (facet in decisive or likely[facet].max() >= SAID)
    ]
    reasons = [Reason(text=SAYS[values[f]], quote=_quote(evidence, f)) for f in said[:MOST_REASONS]]  # type: ignore[index]
    if meta:
        reasons = reasons[: MOST_REASONS - 1]
        named = evidence.names_meta
        quote = _quote(evidence, "meta") if named is None else evidence.sentences[named].quote
        reasons.append(Reason(text="It depends on Meta", quote=quote))
    return reasons


def _quote(evidence: Evidence, facet: str) -> str:
    """The sentence that the model listened to for this facet, if it was one above all."""
    heard = evidence.reading.heard[facet]
    loudest = int(heard.argmax())
    return evidence.sentences[loudest].quote if heard[loudest] >= CLEARLY else ""
