"""How one ticket ended, in 100 bytes, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import NOW, a_state, settled

from worker.record import Settlement
from worker.report.ending import Ending, ending_of
from worker.tickets import Customer, DecidedBy, Severity

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 the zone is given beside it
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=0))
names = st.text(max_size=60).filter(lambda text: "\ud800" not in text)
endings = st.builds(
    Ending,
    severity=st.sampled_from(Severity),
    created_at=moments,
    deadline=st.none() | moments,
    settled_at=st.none() | moments,
    why=st.none() | st.sampled_from(Settlement),
    rubric=st.none() | st.sampled_from(Severity),
    raised_late=st.booleans(),
    plan=names,
    plan_known=st.booleans(),
    organization=names,
    group=names,
    person=st.booleans(),
)


@given(ending=endings)
def test_what_is_written_is_read_back(ending: Ending) -> None:
    assert Ending.parse(ending.as_text()) == ending


@pytest.mark.parametrize("text", ["", "{}", "[]", "[9]", "null", '["P1",1,2,3,4,5,6,7,8,9]'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Ending.parse(text)


def test_it_takes_about_a_hundred_bytes() -> None:
    state = settled("1", Settlement.ANSWERED, in_time=True)
    ending = ending_of(state.model_copy(update={"customer": Customer(name="Rossi S.p.A.")}))

    assert ending
    assert len(ending.as_text()) < 100


def test_no_text_that_people_wrote_is_in_it() -> None:
    state = a_state(ticket={"subject": "SECRET", "body": "SECRET", "requester": "SECRET"})
    ending = ending_of(state)

    assert ending
    assert "SECRET" not in ending.as_text()
    assert "nobody can send" not in ending.as_text()


def test_half_a_second_after_the_deadline_is_after_it() -> None:
    state = a_state()
    assert state.timer
    late = state.timer.deadline + timedelta(milliseconds=500)
    over = settled("1", Settlement.ANSWERED, in_time=False).settled
    assert over
    ending = ending_of(state.model_copy(update={"settled": over.model_copy(update={"at": late})}))

    assert ending
    again = Ending.parse(ending.as_text())
    assert again.settled_at
    assert again.deadline
    assert again.settled_at > again.deadline


def test_out_of_scope_and_undecided_tickets_have_none() -> None:
    assert ending_of(settled("1", Settlement.OUT_OF_SCOPE)) is None
    assert ending_of(a_state(decision=None)) is None


def test_a_severity_raised_after_its_new_deadline_is_raised_late() -> None:
    late = ending_of(a_state(raised_at=NOW + timedelta(minutes=26)))
    in_time = ending_of(a_state(raised_at=NOW))

    assert late
    assert in_time
    assert (late.raised_late, in_time.raised_late) == (True, False)


def test_what_the_rubric_said_is_told_only_of_a_persons_decision() -> None:
    ours = ending_of(a_state())
    theirs = ending_of(a_state(decided={"by": DecidedBy.PERSON, "rubric": "P3"}))

    assert ours
    assert theirs
    assert (ours.rubric, theirs.rubric) == (None, "P3")
