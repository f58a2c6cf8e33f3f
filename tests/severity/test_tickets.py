"""The table of tickets in tickets.toml, decided as a reader of the rubric decides them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from worker.severity import Rubric, decide

TABLE = tomllib.loads((Path(__file__).parent / "tickets.toml").read_text(encoding="utf-8"))
TICKETS = [(*row, kind) for kind, rows in TABLE.items() for row in rows]
RUBRIC = Rubric.built_in()


DECIDED = [decide(subject, body, RUBRIC) for _, subject, body, _ in TICKETS]


@pytest.mark.parametrize("number", range(len(TICKETS)), ids=[f"{t[3]}: {t[1]}" for t in TICKETS])
def test_every_decision_gives_its_reasons_in_the_tickets_own_words(number: int) -> None:
    _, subject, body, _ = TICKETS[number]
    reasons = DECIDED[number].reasons
    assert 1 <= len(reasons) <= 5
    assert all(reason.text and len(reason.quote) <= 120 for reason in reasons)
    everything = " ".join(f"{subject} {body}".split())
    assert all(reason.quote.rstrip("\u2026") in everything for reason in reasons)


def test_nearly_all_tickets_are_decided_as_a_reader_of_the_rubric_decides_them() -> None:
    right = [d.severity in t[0].split() for d, t in zip(DECIDED, TICKETS, strict=True)]
    assert sum(right) >= 0.88 * len(right)


def test_no_p1_becomes_a_low_severity_in_silence() -> None:
    silent = [
        ticket
        for decision, ticket in zip(DECIDED, TICKETS, strict=True)
        if ticket[0] == "P1" and decision.severity in {"P3", "P4"} and not decision.needs_review
    ]
    assert silent == []


def test_doubt_is_rare() -> None:
    assert sum(decision.needs_review for decision in DECIDED) <= len(TICKETS) * 0.15


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(TICKETS) >= 80
    assert len(TABLE["other_languages"]) >= 15
