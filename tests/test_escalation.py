"""Which steps a timer has and who is told: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from factories import CREATED, a_ticket
from hypothesis import given
from hypothesis import strategies as st

from worker.escalation import due_steps, sla_state
from worker.policy import Policy, read_policy
from worker.targets import arithmetic, start_timer
from worker.tickets import Decision, Severity, SlaState, Ticket
from worker.timer import Timer, short


def a_policy(text: str = "") -> Policy:
    return read_policy(text, name="policy.toml", environment={}, channel_types={})


def a_timer(severity: Severity = Severity.P1, text: str = "") -> Timer:
    timer = start_timer(a_ticket(), Decision(severity=severity), a_policy(text))
    assert timer is not None
    return timer


def minutes(count: float) -> datetime:
    return CREATED + timedelta(minutes=count)


def test_on_call_and_the_team_know_of_a_p1_at_once() -> None:
    due = due_steps(a_timer(), CREATED)

    assert due is not None
    assert due.notify == ("oncall", "team")
    assert sla_state(a_timer(), CREATED) is SlaState.ON_TRACK


def test_nobody_is_told_of_a_p3_before_three_quarters_of_its_time() -> None:
    timer = a_timer(Severity.P3)

    assert due_steps(timer, minutes(179)) is None
    due = due_steps(timer, minutes(180))
    assert due is not None
    assert due.notify == ("team",)
    assert sla_state(timer, minutes(180)) is SlaState.NEAR


def test_after_hours_down_every_channel_gets_one_message_with_the_furthest_step() -> None:
    due = due_steps(a_timer(), minutes(46))

    assert due is not None
    assert due.furthest.label == "100%"
    assert sorted(due.notify) == ["lead", "oncall", "team"]
    assert [label for label, _ in due.skipped] == ["0%", "50%", "75%"]
    assert sla_state(a_timer(), minutes(46)) is SlaState.BREACHED


def test_what_was_handled_is_not_due_again() -> None:
    timer = a_timer().model_copy(update={"handled_until": CREATED})

    assert due_steps(timer, minutes(1)) is None
    assert timer.next_moment() == minutes(22.5)


def test_a_breached_p1_is_repeated_every_15_minutes_until_answered() -> None:
    timer = a_timer().model_copy(update={"handled_until": minutes(45)})

    assert timer.next_moment() == minutes(60)
    due = due_steps(timer, minutes(60))
    assert due is not None
    assert due.furthest.label == "100% +15m"
    assert due.notify == ("lead",)


def test_of_many_missed_repeats_only_the_latest_is_sent() -> None:
    timer = a_timer().model_copy(update={"handled_until": minutes(45)})

    due = due_steps(timer, minutes(45 + 61))

    assert due is not None
    assert due.furthest.label == "100% +1h"
    assert due.skipped == ()


def test_steps_may_count_from_the_deadline() -> None:
    text = """
    [[steps]]
    at = "-10m"
    notify = ["lead"]
    [[steps]]
    at = "+15m"
    notify = ["lead"]
    """
    first, second = a_timer(text=text).steps

    assert (first.moment, first.state) == (minutes(35), SlaState.NEAR)
    assert (second.moment, second.state) == (minutes(60), SlaState.BREACHED)


def test_a_step_longer_before_the_deadline_than_the_target_comes_at_creation() -> None:
    text = '[[steps]]\nat = "-2h"\nnotify = ["lead"]'

    assert a_timer(text=text).steps[0].moment == CREATED


def test_the_arithmetic_is_shown_in_the_policys_time_zone() -> None:
    assert arithmetic(a_timer(), "Europe/Madrid") == "created 13:00:00 + 45m = 13:45:00 CET"


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=40).map(sorted))
def test_however_often_we_look_every_step_of_every_channel_is_told_at_most_once(
    looks: list[int],
) -> None:
    timer = a_timer()
    told: list[tuple[str, str]] = []
    for seconds in looks:
        now = CREATED + timedelta(seconds=seconds)
        due = due_steps(timer, now)
        if due is None:
            continue
        assert due.furthest.moment <= now
        told += [(due.furthest.label, name) for name in due.notify]
        timer = timer.model_copy(update={"handled_until": now})

    assert len(told) == len(set(told))
    next_moment = timer.next_moment()
    assert next_moment is None or next_moment > CREATED + timedelta(seconds=looks[-1])


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_different_spans_are_written_differently(one: int, other: int) -> None:
    same = short(timedelta(seconds=one)) == short(timedelta(seconds=other))

    assert same == (one == other)


def labels(ticket: Ticket, decision: Decision, text: str) -> list[str]:
    timer = start_timer(ticket, decision, a_policy(text))
    assert timer
    return [step.label for step in timer.steps]


def test_a_step_may_be_for_some_plans_tags_or_metas_tickets_only() -> None:
    text = """
    [plans.gold]
    first_response = { P1 = "45m" }
    tags = ["gold"]
    [[steps]]
    at = "10%"
    plans = ["gold"]
    [[steps]]
    at = "20%"
    tags = ["vip", "press"]
    [[steps]]
    at = "30%"
    meta = true
    [[steps]]
    at = "40%"
    meta = false
    """
    plain = Decision(severity=Severity.P1)
    meta = Decision(severity=Severity.P1, meta_dependency=True)

    assert labels(a_ticket(), plain, text) == ["40%"]
    assert labels(a_ticket(tags=("gold", "press")), plain, text) == ["10%", "20%", "40%"]
    assert labels(a_ticket(tags=("vip",)), meta, text) == ["20%", "30%"]


def test_a_step_may_say_the_state() -> None:
    timer = a_timer(text='[[steps]]\nat = "50%"\nstate = "breached"\n')

    assert sla_state(timer, minutes(22)) is SlaState.ON_TRACK
    assert sla_state(timer, minutes(23)) is SlaState.BREACHED


def test_shares_count_open_time_and_minutes_are_plain_ones() -> None:
    text = """
    [plans.pro]
    hours = "office"
    first_response = { P1 = "2h" }
    [hours.office]
    time_zone = "UTC"
    weekdays = ["09:00-13:00"]
    [[steps]]
    at = "50%"
    [[steps]]
    at = "-10m"
    """
    timer = a_timer(text=text)  # a Monday at 12:00

    assert timer.deadline == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert [step.moment for step in timer.steps] == [
        datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 9, 50, tzinfo=UTC),
    ]
    assert arithmetic(timer, "UTC") == (
        "created 2026-11-23 12:00:00 + 2h of office hours = 2026-11-24 10:00:00 UTC"
    )
