"""The tests that a policy carries: every example of the rubric and the FAQ, and `[[tests]]`. Pure.

`policy test` shows each one that does not hold, `doctor` counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from worker.policy import Policy, PolicyTest
from worker.severity import Rubric, decide
from worker.tickets import Decision, Severity


class Tried(NamedTuple):
    """One test, and what was decided about its ticket."""

    origin: str
    """For people: `number 2 of [[tests]]`."""
    wanted: PolicyTest
    decision: Decision
    differences: tuple[str, ...]
    """What is not as wanted, for people; none: the test holds."""


def try_all(policy: Policy, rubric: Rubric) -> Iterator[Tried]:
    """Decide each test's ticket and compare."""
    for origin, wanted in _tests(policy):
        decision = decide(wanted.subject, wanted.body, rubric)
        yield Tried(origin, wanted, decision, tuple(_differences(wanted, decision)))


def _tests(policy: Policy) -> Iterator[tuple[str, PolicyTest]]:
    for severity, words in policy.severity.items():
        for example in words.examples:
            wanted = PolicyTest(subject=example, body=example, severity=(severity,))
            yield f"an example of {severity}", wanted
    for entry in policy.faq:
        wanted = PolicyTest(subject=entry.question, body=entry.question, severity=(Severity.P4,))
        yield "a question of the FAQ", wanted
    for number, own in enumerate(policy.tests, start=1):
        yield f"number {number} of [[tests]]", own


def _differences(wanted: PolicyTest, decision: Decision) -> Iterator[str]:
    if decision.severity not in wanted.severity:
        yield f"wanted {' or '.join(wanted.severity)}, decided {decision.severity}"
    if wanted.meta_dependency not in {None, decision.meta_dependency}:
        yield f"wanted meta_dependency = {str(wanted.meta_dependency).lower()}"
    if wanted.needs_review not in {None, decision.needs_review}:
        yield f"wanted needs_review = {str(wanted.needs_review).lower()}"
