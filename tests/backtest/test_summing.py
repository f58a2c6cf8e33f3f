"""Figures that can be checked by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from factories import CREATED, QUESTION

from worker.backtest.charts import by_day
from worker.backtest.replaying import replay
from worker.backtest.shares import interval, percent, quantile
from worker.backtest.summing import Summary
from worker.backtest.walking import Rules
from worker.helpdesks.export import Past
from worker.tickets import Severity

MakeRules = Callable[..., Rules]
MakePast = Callable[..., Past]

ENDS = CREATED + timedelta(days=2)


def test_wilson_s_interval_is_the_one_in_the_books() -> None:
    assert interval(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert interval(0, 10) == pytest.approx((0.0, 0.278), abs=0.001)
    assert interval(0, 0) == (0.0, 1.0)


def test_quantiles_are_values_that_happened() -> None:
    counts = Counter({60: 1, 120: 2, 600: 1})

    assert [quantile(counts, share) for share in (0.25, 0.5, 0.75)] == [
        timedelta(seconds=60),
        timedelta(seconds=120),
        timedelta(seconds=120),
    ]
    assert quantile(Counter(), 0.5) is None


def test_small_shares_keep_a_decimal() -> None:
    assert [percent(1, 40), percent(1, 4), percent(0, 4), percent(0, 0)] == [
        "2.5%",
        "25%",
        "0%",
        "-",
    ]


def test_the_worst_disagreements_come_first_and_only_ten_are_kept(
    rules: MakeRules, past: MakePast
) -> None:
    summary = Summary.of(rules())
    question = {"subject": "Question", "body": QUESTION}
    given = [
        *[({"priority": Severity.P3} | question)] * 12,
        {"priority": Severity.P4},
        {"priority": Severity.P1} | question,
        {"priority": Severity.P4} | question,
        question,
        {"priority": Severity.P4, "tags": ("sla_p4",)} | question,
    ]
    for line, facts in enumerate(given, start=1):
        summary.add(line, replay(past(**facts), rules(), ENDS))

    order = [(one.people, one.decided, one.line) for _, one in summary.worst]
    assert order[:3] == [("P1", "P4", 14), ("P4", "P1", 13), ("P3", "P4", 1)]
    assert len(order) == 10
    assert (summary.compared, summary.agreed, summary.near) == (15, 1, 13)
    assert (summary.without_priority, summary.carry_ours) == (1, 1)


def test_five_thousand_tickets_cost_the_summary_no_more_than_fifty(
    rules: MakeRules, past: MakePast
) -> None:
    one = replay(past(answered=timedelta(hours=1), priority=Severity.P4), rules(), ENDS)
    summary = Summary.of(rules())
    for line in range(5000):
        summary.add(line, one)

    kept = (summary.alerts, summary.repeats, summary.days, summary.created, summary.targets)
    assert sum(len(counts) for counts in kept) < 20
    assert len(summary.worst) == 10


def test_days_without_alerts_have_columns_too_and_years_are_gathered() -> None:
    first = date(2026, 3, 2)
    days = {(first, Severity.P1): 2, (date(2026, 3, 4), Severity.P3): 1}

    assert [one.counts for one in by_day(days, first, date(2026, 3, 4))] == [
        (2, 0, 0, 0),
        (0, 0, 0, 0),
        (0, 0, 1, 0),
    ]
    years = by_day(days, first, date(2029, 3, 4))
    assert len(years) <= 62
    assert sum(one.total for one in years) == 3
