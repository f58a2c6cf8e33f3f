"""The nouns hold what they promise, whatever they are made from."""

from __future__ import annotations

from datetime import datetime

import pytest
from factories import CREATED, a_ticket
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.events import Comment
from worker.record import State
from worker.tickets import TicketKey, one_line


def test_a_text_cut_inside_an_emoji_can_be_stored() -> None:
    ticket = a_ticket(subject="help \ud83d", body="\udd25", tags=("a\ud800",))

    assert State.model_validate_json(State(ticket=ticket, read_at=CREATED).model_dump_json())
    assert Comment(body="\ud83d", public=True, by_agent=False).model_dump_json()


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="time zone"):
        a_ticket(created_at=datetime(2026, 11, 23))  # noqa: DTZ001 that is the test


@given(st.text(), st.integers(2, 200))
def test_one_line_is_one_line_without_controls_and_no_longer_than_asked(
    text: str, limit: int
) -> None:
    flat = one_line(text, limit)

    assert len(flat) <= limit
    assert not [char for char in flat if ord(char) < 32 or char in "\u202e\u200b\x9b"]


@pytest.mark.parametrize("text", ["", "zendesk", "zendesk/acme", "zendesk/acme/", "a/b/c/d"])
def test_what_is_not_a_ticket_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="helpdesk/account/id"):
        TicketKey.parse(text)
