"""The rules of the policy decide over the facts."""

from __future__ import annotations

import numpy as np
import pytest

from worker.errors import Misconfigured
from worker.facts import FACETS, Env, Hit, Situation, Way, When, Who, Whose
from worker.policy import Policy, read_policy
from worker.severity import Rubric, decide
from worker.severity.rubric import RubricTable
from worker.tickets import Severity


def policy(text: str = "") -> Policy:
    return read_policy(text, name="policy.toml", environment={}, channel_types={})


def situation(  # one argument a facet
    hit: Hit,
    who: Who = Who.UNKNOWN,
    way: Way = Way.UNKNOWN,
    env: Env = Env.PRODUCTION,
    when: When = When.NOW,
    whose: Whose = Whose.OURS,
) -> Situation:
    return Situation(hit, who, way, env, when, whose)


CASES = [
    ("P1", situation(Hit.DOWN)),
    ("P1", situation(Hit.DATA_LOST, Who.MANY, Way.NONE)),
    ("P1", situation(Hit.BUSINESS_STOPPED, Who.SITE)),
    ("P1", situation(Hit.DATA_EXPOSED, Who.ONE, Way.ACCEPTABLE)),
    ("P2", situation(Hit.DOWN, Who.ALL, Way.TEMPORARY)),
    ("P2", situation(Hit.DOWN, Who.SITE)),
    ("P2", situation(Hit.MAJOR, Who.ALL, Way.NONE)),
    ("P2", situation(Hit.DEGRADED)),
    ("P2", situation(Hit.AT_RISK)),
    ("P3", situation(Hit.DOWN, Who.ONE, Way.NONE)),
    ("P3", situation(Hit.MAJOR, Who.ONE)),
    ("P3", situation(Hit.PARTIAL)),
    ("P3", situation(Hit.DOWN, env=Env.TEST)),
    ("P4", situation(Hit.PARTIAL, Who.ONE, Way.ACCEPTABLE)),
    ("P4", situation(Hit.MINOR, Who.ALL, Way.NONE)),
    ("P4", situation(Hit.DOWN, when=When.PAST)),
    ("P4", situation(Hit.DATA_LOST, when=When.HYPOTHETICAL)),
    ("P4", situation(Hit.DOWN, whose=Whose.ELSEWHERE)),
    ("P4", situation(Hit.QUESTION)),
]


@pytest.mark.parametrize(("severity", "facts"), CASES)
def test_the_built_in_rules_say_what_the_rubric_says(severity: str, facts: Situation) -> None:
    rule = next(rule for rule in policy().rubric if rule.fits(facts))
    assert rule.severity == severity


def test_the_table_is_the_rules_and_nothing_else() -> None:
    rules = policy().rubric
    table = RubricTable.of(rules)
    assert table.table.sum() == np.prod([len(values) for values in FACETS.values()])
    for severity, facts in CASES:
        likely = {
            facet: np.array([value == wanted for value in values], np.float32)
            for (facet, values), wanted in zip(FACETS.items(), facts, strict=True)
        }
        assert table.weigh(likely).severities[int(severity[1]) - 1] == 1.0
        assert table.weigh(likely).likeliest(Severity(severity)) == facts


def test_a_rule_of_your_own_changes_the_decision_without_training() -> None:
    told = ("Printer", "The label printer at our Leeds site has been out of order since Monday.")
    usual = decide(*told, Rubric.of(policy()))
    strict = policy('[[rubric]]\nseverity = "P1"\nhit = ["thanks"]\n[[rubric]]\nseverity = "P2"\n')
    assert usual.severity is not Severity.P1
    assert decide(*told, Rubric.of(strict)).severity is Severity.P2


def test_rules_that_leave_a_ticket_undecided_are_refused_with_an_example() -> None:
    with pytest.raises(Misconfigured, match="no rule decides hit = data_lost"):
        policy('[[rubric]]\nseverity = "P1"\nhit = ["down"]\n')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[rubric]]\nseverity = "P1"\nhit = ["outage"]\n', "policy.toml:3: rubric"),
        ('[[rubric]]\nseverity = "P9"\n', "policy.toml:2: rubric number 1, severity: must be"),
        ('[[rubric]]\nseverity = "P1"\nhitt = ["down"]\n', "did you mean 'hit'"),
        ("[review]\nnarrow = 7\n", "review.narrow"),
        ('[[tests]]\nsubject = "x"\nseverity = "P5"\n', "policy.toml:3: tests number 1, severity"),
    ],
)
def test_faults_of_the_rubric_are_named_with_their_place(text: str, told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        policy(text)
    assert told in str(caught.value)
