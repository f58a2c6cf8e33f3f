"""The one internal note that agents find on a ticket."""

from __future__ import annotations

import pytest
from factories import CREATED, OUTAGE, QUESTION, a_ticket

from worker.lifecycle import begin
from worker.note import internal_note
from worker.policy import read_policy
from worker.record import State
from worker.severity import Rubric
from worker.tickets import Severity

RUBRIC = Rubric.built_in()


def a_state(subject: str, text: str = "", **facts: object) -> State:
    policy = read_policy(text, name="policy.toml", environment={}, channel_types={})
    ticket = a_ticket(subject=subject, body="It began this morning.", **facts)
    return begin(ticket, policy, RUBRIC, CREATED, read_at=CREATED).state


def test_a_p1_is_explained_with_its_deadline_its_words_and_how_to_overrule() -> None:
    note = internal_note(a_state(OUTAGE), "Europe/Madrid") or ""

    assert "Minutehand: P1 Urgent" in note
    assert "First response due 2026-11-23 13:45:00 CET" in note
    assert "created 13:00:00 + 45m = 13:45:00 CET, plan unknown, pro assumed" in note
    assert 'and there is no workaround"' in note
    assert "set the field SLA severity or the priority" in note


def test_a_known_plan_is_named() -> None:
    state = a_state(OUTAGE, '[plans.pro]\ntags = ["gold"]', tags=("gold",))

    assert "13:45:00 CET, plan pro\n" in (internal_note(state, "Europe/Madrid") or "")


@pytest.mark.parametrize("facts", [{}, {"severity_field": Severity.P1}], ids=["a P4", "a person's"])
def test_what_needs_no_explaining_gets_no_note(facts: dict[str, object]) -> None:
    assert internal_note(a_state(QUESTION, **facts), "UTC") is None
