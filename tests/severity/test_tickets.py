"""The table of tickets in tickets.toml, decided as a reader of the rubric decides them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from worker.severity import Rubric, decide

TABLE = tomllib.loads((Path(__file__).parent / "tickets.toml").read_text(encoding="utf-8"))
TICKETS = [(*row, kind) for kind, rows in TABLE.items() for row in rows]
RUBRIC = Rubric.built_in()


@pytest.mark.parametrize(
    ("accepted", "subject", "body", "kind"),
    TICKETS,
    ids=[f"{t[3]}: {t[1]}: {t[2][:30]}" for t in TICKETS],
)
def test_a_ticket_is_decided_by_what_it_says(
    accepted: str, subject: str, body: str, kind: str
) -> None:
    decision = decide(subject, body, RUBRIC)
    assert decision.severity in accepted.split(), decision
    assert 1 <= len(decision.reasons) <= 4
    assert all(reason.text and len(reason.quote) <= 120 for reason in decision.reasons)


def test_doubt_is_rare() -> None:
    reviewed = [t for t in TICKETS if decide(t[1], t[2], RUBRIC).needs_review]
    assert len(reviewed) <= len(TICKETS) * 0.15


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(TICKETS) >= 80
    assert len(TABLE["other_languages"]) >= 15
