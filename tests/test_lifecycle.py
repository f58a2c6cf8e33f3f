"""What an event means for a ticket: the rules that protect people, as pure functions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import CREATED, KEY, OUTAGE, QUESTION, a_reply, a_ticket, an_event

from worker.events import Comment, Event, EventKind
from worker.lifecycle import fold
from worker.policy import Policy, read_policy
from worker.record import Settlement, State
from worker.settings import Mode
from worker.severity import Rubric
from worker.tickets import Changes, DecidedBy, Receipt, Severity, Status, Ticket
from worker.writing import about_to_write, differences, written

RUBRIC = Rubric.built_in()
SOON = CREATED + timedelta(seconds=2)
LATER = CREATED + timedelta(minutes=20)


def a_policy(text: str = "") -> Policy:
    return read_policy(text, name="policy.toml", environment={}, channel_types={})


def after(*events: Event, state: State | None = None, policy: Policy | None = None) -> State:
    outcome = fold(state, events, None, policy or a_policy(), RUBRIC, LATER)
    assert outcome is not None
    return outcome.state


def created(**facts: object) -> State:
    return after(an_event(ticket=a_ticket(**facts)))


def seen(ticket: Ticket) -> Event:
    return an_event(EventKind.SEEN, ticket=ticket)


def with_our_write(state: State) -> State:
    changes = differences(state, Mode.LIVE, "UTC", SOON)
    receipt = Receipt(written=changes)
    return written(about_to_write(state, changes, LATER), changes, receipt, LATER)


def severity(state: State) -> Severity:
    assert state.decision is not None
    return state.decision.severity


def deadline_minutes(state: State) -> float:
    assert state.timer is not None
    return (state.timer.deadline - CREATED) / timedelta(minutes=1)


def test_an_outage_is_due_45_minutes_after_it_was_created() -> None:
    state = created(subject=OUTAGE)

    assert severity(state) is Severity.P1
    assert deadline_minutes(state) == 45


def test_a_question_has_eight_hours() -> None:
    assert severity(created(subject=QUESTION)) is Severity.P4
    assert deadline_minutes(created(subject=QUESTION)) == 480


def test_a_ticket_found_late_still_counts_from_its_creation() -> None:
    state = after(seen(a_ticket(subject=OUTAGE)))

    assert deadline_minutes(state) == 45
    assert state.recovered


def test_a_public_reply_by_an_agent_stops_the_timer() -> None:
    state = after(a_reply(), state=created())

    assert state.settled is not None
    assert state.settled.why is Settlement.ANSWERED
    assert state.settled.in_time is True


def test_a_reply_after_the_deadline_is_answered_late() -> None:
    late = a_reply(at=CREATED + timedelta(minutes=46))

    state = after(late, state=created(subject=OUTAGE))

    assert state.settled is not None
    assert state.settled.in_time is False


@pytest.mark.parametrize(
    "comment",
    [{"public": False}, {"by_agent": False}, {"author": "77"}, {"author_name": "Zed Bot"}],
    ids=["internal note", "a customer", "the requester", "a bot that the policy names"],
)
def test_what_is_not_a_first_response_leaves_the_timer_running(comment: dict[str, object]) -> None:
    policy = a_policy('bots = ["Zed Bot"]')

    state = after(a_reply(**comment), state=created(), policy=policy)

    assert state.running


def test_the_opening_comment_of_an_agent_is_not_a_first_response() -> None:
    opened = created(opened_by_agent=True)

    assert after(a_reply(at=CREATED + timedelta(seconds=1)), state=opened).running
    assert not after(a_reply(at=CREATED + timedelta(minutes=1)), state=opened).running


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED])
def test_a_ticket_solved_without_a_reply_is_closed_without_reply(status: Status) -> None:
    change = an_event(EventKind.STATUS, ticket=a_ticket(status=status))

    state = after(change, state=created())

    assert state.settled is not None
    assert state.settled.why is Settlement.CLOSED_WITHOUT_REPLY


def test_a_reply_learnt_of_after_the_solving_still_counts_as_answered() -> None:
    solved = after(
        an_event(EventKind.STATUS, ticket=a_ticket(status=Status.SOLVED)), state=created()
    )

    state = after(a_reply(), state=solved)

    assert state.settled is not None
    assert state.settled.why is Settlement.ANSWERED


def test_pending_does_not_pause_the_timer() -> None:
    change = an_event(EventKind.STATUS, ticket=a_ticket(status=Status.PENDING))

    assert after(change, state=created()).running


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (EventKind.DELETED, Settlement.DELETED),
        (EventKind.SPAM, Settlement.SPAM),
        (EventKind.MERGED, Settlement.MERGED),
    ],
)
def test_a_ticket_that_ends_takes_its_timer_with_it(kind: EventKind, why: Settlement) -> None:
    state = after(an_event(kind), state=created())

    assert state.settled is not None
    assert state.settled.why is why


def test_a_priority_that_a_person_changed_is_kept_and_the_deadline_follows() -> None:
    state = with_our_write(created(subject=OUTAGE))

    changed = an_event(
        EventKind.PRIORITY, was="P1", now="P3", happened_at=LATER + timedelta(minutes=1)
    )
    state = after(changed, state=state)

    assert severity(state) is Severity.P3
    assert state.decision is not None
    assert state.decision.by is DecidedBy.PERSON
    assert deadline_minutes(state) == 240
    assert differences(state, Mode.LIVE, "UTC", LATER).priority is None
    assert differences(state, Mode.LIVE, "UTC", LATER).severity is Severity.P3


def test_the_echo_of_our_own_priority_is_not_taken_for_a_person() -> None:
    state = with_our_write(created(subject=OUTAGE))

    echoed = after(an_event(EventKind.PRIORITY, was=None, now="P1", happened_at=LATER), state=state)

    assert echoed.decision is not None
    assert echoed.decision.by is DecidedBy.RUBRIC


def test_the_severity_field_wins_over_the_priority() -> None:
    state = with_our_write(created(subject=OUTAGE))
    state = after(
        an_event(EventKind.FIELD, field="SLA severity", was="P1", now="P2", happened_at=LATER),
        state=state,
    )

    state = after(an_event(EventKind.PRIORITY, was="P1", now="P4", happened_at=LATER), state=state)

    assert severity(state) is Severity.P2


def test_a_reading_older_than_our_write_is_not_a_person() -> None:
    state = with_our_write(created(subject=OUTAGE, priority=Severity.P4))

    state = after(seen(a_ticket(subject=OUTAGE, priority=Severity.P4)), state=state)

    assert severity(state) is Severity.P1


def test_a_change_that_our_own_write_ran_over_is_put_back() -> None:
    state = with_our_write(created(subject=OUTAGE))
    before = an_event(EventKind.PRIORITY, now="P3", happened_at=LATER - timedelta(seconds=5))

    state = after(before, state=state)

    assert severity(state) is Severity.P3
    assert differences(state, Mode.LIVE, "UTC", LATER).priority is Severity.P3


def test_a_person_may_set_back_what_we_changed_a_minute_ago() -> None:
    state = with_our_write(created(subject=OUTAGE, priority=Severity.P4))
    back = a_ticket(priority=Severity.P4, updated_at=LATER + timedelta(minutes=1))

    assert severity(after(seen(back), state=state)) is Severity.P4


def test_a_severity_that_a_person_cleared_is_not_written_again() -> None:
    state = with_our_write(created(subject=OUTAGE))
    cleared = an_event(EventKind.FIELD, field="SLA severity", was="P1", now=None)

    state = after(cleared, state=state)

    assert differences(state, Mode.LIVE, "UTC", LATER).severity is None


def test_clearing_the_review_confirms_the_severity() -> None:
    state = created(subject=OUTAGE)
    assert state.decision is not None
    doubtful = state.decision.model_copy(update={"needs_review": True})
    state = with_our_write(state.model_copy(update={"decision": doubtful}))
    cleared = an_event(EventKind.FIELD, field="SLA review", was="true", now="false")

    for event in (cleared, seen(a_ticket(review_field=False, updated_at=LATER))):
        after_it = after(event, state=state)
        assert after_it.decision is not None
        assert not after_it.decision.needs_review


def test_an_unknown_ticket_that_was_over_when_we_met_it_is_left_alone() -> None:
    change = an_event(EventKind.STATUS, ticket=a_ticket(status=Status.SOLVED))

    assert fold(None, [change], None, a_policy(), RUBRIC, LATER) is None


def test_a_late_webhook_is_not_taken_for_a_fresh_reading() -> None:
    assert created(subject=OUTAGE).read_at == CREATED


def test_the_requester_may_raise_by_writing_again_but_never_lower() -> None:
    again = an_event(
        EventKind.COMMENT, comment=Comment(public=True, by_agent=False, author="77", body=OUTAGE)
    )
    calmer = an_event(
        EventKind.COMMENT, comment=Comment(public=True, by_agent=False, body="Thanks a lot!")
    )

    raised = after(again, state=created())
    calmed = after(calmer, state=raised)

    assert severity(raised) is Severity.P1
    assert deadline_minutes(raised) == 45
    assert severity(calmed) is Severity.P1


def test_what_a_person_decided_is_not_raised_by_another_message() -> None:
    state = after(an_event(EventKind.PRIORITY, now="P4"), state=created())
    again = an_event(EventKind.COMMENT, comment=Comment(public=True, by_agent=False, body=OUTAGE))

    assert severity(after(again, state=state)) is Severity.P4


@pytest.mark.parametrize(
    ("rule", "preset", "expected"),
    [
        ("raise", Severity.P2, Severity.P2),
        ("replace", Severity.P2, Severity.P4),
        ("keep", Severity.P2, Severity.P2),
    ],
)
def test_a_preset_priority_is_treated_as_the_policy_says(
    rule: str, preset: Severity, expected: Severity
) -> None:
    policy = a_policy(f'preset_priority = "{rule}"')

    state = after(an_event(ticket=a_ticket(priority=preset)), policy=policy)

    assert severity(state) is expected
    assert state.timer is not None
    assert state.timer.allowed_seconds == {"P2": 7200, "P4": 28800}[expected]


def test_a_lower_preset_priority_does_not_hold_an_outage_down() -> None:
    assert severity(created(subject=OUTAGE, priority=Severity.P4)) is Severity.P1


def test_the_priority_of_an_agent_who_opens_a_ticket_is_kept() -> None:
    state = created(subject=OUTAGE, priority=Severity.P4, opened_by_agent=True)

    assert severity(state) is Severity.P4
    assert state.decision is not None
    assert state.decision.by is DecidedBy.PERSON


def test_a_follow_up_ticket_is_decided_afresh_whatever_it_inherited() -> None:
    state = created(
        subject=QUESTION, follow_up=True, severity_field=Severity.P1, priority=Severity.P1
    )

    assert severity(state) is Severity.P4


def test_a_tag_that_a_person_removed_stays_removed() -> None:
    state = with_our_write(created(subject=OUTAGE))
    removed = an_event(
        EventKind.TAGS, tags_removed=("sla_p1",), happened_at=LATER + timedelta(hours=1)
    )

    outcome = fold(state, [removed], None, a_policy(), RUBRIC, LATER + timedelta(hours=1))

    assert outcome is not None
    assert "severity" in outcome.state.hands_off
    off = outcome.state.model_copy(update={"there": Changes()})
    assert differences(off, Mode.LIVE, "UTC", LATER).severity is None


def test_a_ticket_that_the_policy_ignores_gets_no_timer_and_no_write() -> None:
    policy = a_policy('[ignore]\ntags = ["internal"]')

    state = after(an_event(ticket=a_ticket(subject=OUTAGE, tags=("internal",))), policy=policy)

    assert not state.running
    assert state.settled is not None
    assert state.settled.why is Settlement.OUT_OF_SCOPE
    assert differences(state, Mode.LIVE, "UTC", SOON).empty


def test_a_plan_without_targets_gets_a_severity_only() -> None:
    policy = a_policy('[plans.free]\ntags = ["free"]')

    state = after(an_event(ticket=a_ticket(subject=OUTAGE, tags=("free",))), policy=policy)

    assert severity(state) is Severity.P1
    assert state.timer is None
    assert differences(state, Mode.LIVE, "UTC", SOON).severity is Severity.P1


def test_the_target_of_a_merge_takes_the_higher_severity() -> None:
    merged = an_event(EventKind.MERGED_IN, now="P1", was="42")

    assert severity(after(merged, state=created())) is Severity.P1


def test_a_comment_on_an_unknown_ticket_begins_it_and_then_counts() -> None:
    reply = a_reply(at=LATER).model_copy(update={"ticket": a_ticket(subject=OUTAGE)})

    state = after(reply)

    assert severity(state) is Severity.P1
    assert state.settled is not None
    assert state.settled.why is Settlement.ANSWERED


def test_the_same_events_twice_end_in_the_same_state() -> None:
    events = [an_event(ticket=a_ticket(subject=OUTAGE)), a_reply()]

    assert after(*events, *events) == after(*events)


def test_the_key_of_a_ticket_reads_back() -> None:
    assert KEY.parse(str(KEY)) == KEY
