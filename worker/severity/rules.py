"""From the facts of a ticket to its severity: an ordered list of rules, the first that fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.severity.signals import Hit, Mood
from worker.tickets import Confidence, Decision, Reason, Severity

SCOPES = ("everyone", "many", "site", "one")
STOPPED = frozenset({"down", "nobody_can", "data_lost", "data_exposed", "business_stopped"})
"""What only a P1 means; when it was found and something weaker was decided, somebody looks."""
WORDS = {
    "asked": "It asks whether there is trouble",
    "feared": "Something worse is feared than is seen",
    "supposed": "Trouble is only supposed, not reported",
    "past": "Trouble is told of another day",
    "asks": "It is a question, and no trouble was recognised",
    "unknown": "Nothing in the text says how bad it is",
    "empty": "The ticket has no text of its own: decided by the subject",
}
MOST_REASONS = 4
NEAR = 3
"""Clauses between trouble and whom it touches; farther off, `everyone` speaks of something else."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the rubric: which facts make which severity."""

    severity: Severity
    confidence: Confidence
    runner_up: Severity | None
    review: bool
    all: frozenset[str]
    any: frozenset[str]
    none: frozenset[str]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Rule:
        runner_up = row.get("runner_up")
        return cls(
            severity=Severity(row["severity"]),
            confidence=Confidence(row["confidence"]),
            runner_up=Severity(runner_up) if runner_up else None,
            review=row.get("review", False),
            all=frozenset(row.get("all", ())),
            any=frozenset(row.get("any", ())),
            none=frozenset(row.get("none", ())),
        )

    def fits(self, facts: Iterable[str]) -> bool:
        """True when these facts make this rule's severity."""
        present = set(facts)
        return (
            self.all <= present
            and not self.none & present
            and (not self.any or bool(self.any & present))
        )


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the decision must know of the facts, whatever they are called."""

    says: Mapping[str, str]
    trouble: frozenset[str]
    lasting: frozenset[str]


Facts = dict[str, Hit | None]
"""The facts that count, each with the first words that state it (None: it follows from others)."""


def weigh(hits: Iterable[Hit], kinds: Kinds, marks: Iterable[str]) -> Facts:
    """The facts that count; `marks` are added as they stand."""
    hits = [hit for hit in hits if not hit.fact.startswith("mood_")]
    elsewhere = {hit.place for hit in hits if hit.fact == "other_vendor"}
    troubled = [hit.place for hit in hits if hit.fact in kinds.trouble]
    facts: Facts = {}
    for hit in hits:
        if hit.fact in SCOPES and all(abs(hit.place - place) > NEAR for place in troubled):
            continue
        if hit.fact in kinds.trouble and hit.mood is not Mood.STATED:
            if hit.mood is not Mood.ASKED or hit.fact in STOPPED | {"part_down"}:
                facts.setdefault(hit.mood.value, hit)
        elif hit.place not in elsewhere or hit.fact not in {"down", "part_down", "failing"}:
            facts.setdefault(hit.fact, hit)
    if "resolved" in facts and "recurs" not in facts:
        facts = {n: h for n, h in facts.items() if n not in kinds.trouble or n in kinds.lasting}
    if _keep_one_scope(facts) | _keep_one_workaround(facts):
        facts["contradiction"] = None
    return facts | dict.fromkeys(["unknown", *marks])


def _keep_one_scope(facts: Facts) -> bool:
    alone = facts.pop("one_alone", None)
    contradicts = bool(alone and "nobody_can" in facts)
    if alone and "nobody_can" not in facts:
        facts["one"] = alone
        widest = "one"
    else:
        widest = next((scope for scope in SCOPES if scope in facts), "")
    for scope in SCOPES:
        if scope != widest:
            facts.pop(scope, None)
    return contradicts


def _keep_one_workaround(facts: Facts) -> bool:
    """A workaround that failed is none."""
    both = "workaround" in facts and "no_workaround" in facts
    if both:
        del facts["workaround"]
    return both and bool(STOPPED & facts.keys())


def judge(facts: Facts, rules: Iterable[Rule], kinds: Kinds) -> Decision:
    """The first rule that fits, told in words."""
    rule = next(rule for rule in rules if rule.fits(facts))
    doubtful = _is_doubtful(rule, facts)
    return Decision(
        severity=rule.severity,
        confidence=Confidence.LOW if doubtful else rule.confidence,
        needs_review=doubtful or rule.review,
        meta_dependency="meta_strong" in facts or {"meta_side", "meta_topic"} <= facts.keys(),
        reasons=tuple(_reasons(rule, facts, kinds)),
        runner_up=rule.runner_up,
    )


def _is_doubtful(rule: Rule, facts: Facts) -> bool:
    """True when a person should look: little to go by, or signs that point both ways."""
    if facts.keys() & {"empty", "contradiction"}:
        return True
    if "unread" in facts and "unknown" in rule.any:
        return True
    explained = facts.keys() & {"staging", "auto_reply", "spam"}
    stopped = facts.keys() & (STOPPED | {"feared"})
    return rule.severity.rank > Severity.P2.rank and bool(stopped) and not explained


def _reasons(rule: Rule, facts: Facts, kinds: Kinds) -> list[Reason]:
    decisive = [name for name in facts if name in rule.any] + [n for n in facts if n in rule.all]
    context = [name for name in facts if name in {*SCOPES, "workaround", "no_workaround", "empty"}]
    flag = [name for name in ("meta_strong",) if name in facts]
    if (
        rule.severity in {Severity.P3, Severity.P4}
        and "workaround" not in rule.all
        and not (kinds.trouble & set(decisive))
    ):
        context = ["empty"] if "empty" in facts else []
    names = list(dict.fromkeys([*decisive[:2], *context, *flag, *decisive]))[:MOST_REASONS]
    return [_reason(name, facts[name], kinds) for name in names]


def _reason(name: str, hit: Hit | None, kinds: Kinds) -> Reason:
    text = WORDS[name] if name in WORDS else kinds.says[name]
    return Reason(text=text, quote=hit.quote if hit else "")
