"""The records against a real Redis: one state, replaced whole, with what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from factories import CREATED, KEY, a_ticket
from redis import Redis

from worker.alerting import alert_id
from worker.channels.base import Alert, AlertTicket
from worker.record import Settled, Settlement, State
from worker.store import keys
from worker.store.due import DueSet
from worker.store.effects import Effects
from worker.store.keys import Kind, Member
from worker.store.records import Records
from worker.tickets import Decision, Severity
from worker.timer import Step, Timer

STEP = str(Member(Kind.STEP, str(KEY)))


@pytest.fixture
def records(redis: Redis) -> Records:
    return Records(redis)


def a_timer(minutes: int = 45) -> Timer:
    deadline = CREATED + timedelta(minutes=minutes)
    return Timer(
        created_at=CREATED,
        allowed_seconds=minutes * 60,
        deadline=deadline,
        plan="pro",
        plan_known=False,
        steps=(Step(label="100%", moment=deadline, notify=("lead",)),),
        handled_until=CREATED,
    )


def a_state() -> State:
    return State(
        ticket=a_ticket(),
        read_at=CREATED,
        decision=Decision(severity=Severity.P1),
        timer=a_timer(),
    )


def settled(state: State) -> State:
    return state.model_copy(
        update={"settled": Settled(why=Settlement.ANSWERED, at=CREATED, in_time=True)}
    )


def an_alert(step: str = "100%") -> Alert:
    return Alert(
        id=alert_id(str(KEY), step),
        type="escalation",
        channel="lead",
        ticket=AlertTicket(helpdesk="zendesk", account="acme", id="5158", subject="x", url=None),
        severity=Severity.P1,
        step=step,
        created_at=CREATED,
        deadline=CREATED,
    )


def test_a_state_comes_back_as_it_was_written(records: Records, noon: datetime) -> None:
    records.commit(KEY, 0, a_state(), Effects(lines=(("decided", "P1"),)), now=noon)

    state, version = records.load(KEY)

    assert state == a_state()
    assert version == 1
    assert [line.text for line in records.lines(KEY)] == ["P1"]


def test_a_commit_on_an_old_version_changes_nothing(
    records: Records, redis: Redis, noon: datetime
) -> None:
    records.commit(KEY, 0, a_state(), Effects(), now=noon)

    late = records.commit(
        KEY, 0, settled(a_state()), Effects(alerts=(an_alert(),), lines=(("x", "y"),)), now=noon
    )

    assert late is None
    assert records.load(KEY)[0] == a_state()
    assert records.lines(KEY) == []
    assert not redis.exists(keys.alert(an_alert().id))


def test_a_running_timer_arms_its_next_step_at_its_moment(
    records: Records, redis: Redis, noon: datetime
) -> None:
    records.commit(KEY, 0, a_state(), Effects(), now=noon)

    assert redis.zscore(keys.DUE, STEP) == a_timer().deadline.timestamp()
    assert redis.zscore(keys.OPEN, str(KEY)) == a_timer().deadline.timestamp()


def test_a_settled_timer_takes_its_step_out_of_the_due_set(
    records: Records, redis: Redis, noon: datetime
) -> None:
    records.commit(KEY, 0, a_state(), Effects(), now=noon)

    records.commit(KEY, 1, settled(a_state()), Effects(), now=noon)

    assert redis.zscore(keys.DUE, STEP) is None
    assert redis.zscore(keys.OPEN, str(KEY)) is None
    assert 0 < redis.ttl(keys.ticket(KEY)) <= 35 * 86400


def test_the_record_of_a_running_timer_does_not_expire(
    records: Records, redis: Redis, noon: datetime
) -> None:
    records.commit(KEY, 0, settled(a_state()), Effects(lines=(("a", "b"),)), now=noon)
    records.commit(KEY, 1, a_state(), Effects(), now=noon)

    assert redis.ttl(keys.ticket(KEY)) == -1
    assert redis.ttl(keys.record(KEY)) == -1


def test_the_same_alert_is_armed_once_however_often_it_is_committed(
    records: Records, redis: Redis, noon: datetime
) -> None:
    first = records.commit(KEY, 0, a_state(), Effects(alerts=(an_alert(),)), now=noon)
    redis.delete(keys.DUE)

    second = records.commit(KEY, 1, a_state(), Effects(alerts=(an_alert(),)), now=noon)

    assert first is not None
    assert second is not None
    assert (first.alerts, second.alerts) == (1, 0)
    assert redis.zscore(keys.DUE, str(Member(Kind.SEND, an_alert().id))) is None


def test_whoever_commits_a_write_to_do_here_holds_its_claim(
    records: Records, redis: Redis, noon: datetime
) -> None:
    due = DueSet(redis)
    effects = Effects(write=True, write_here=True)

    committed = records.commit(KEY, 0, a_state(), effects, now=noon)

    assert committed is not None
    assert committed.claim is not None
    assert due.begin(committed.claim.member, committed.claim.token) is not None


def test_a_write_that_somebody_else_holds_follows_after_it(
    records: Records, redis: Redis, noon: datetime
) -> None:
    due = DueSet(redis)
    effects = Effects(write=True, write_here=True)
    first = records.commit(KEY, 0, a_state(), effects, now=noon)
    second = records.commit(KEY, 1, a_state(), effects, now=noon)
    assert first is not None
    assert first.claim is not None
    assert second is not None
    assert second.claim is None

    due.finish(first.claim)

    assert Member(Kind.WRITE, str(KEY)) in [claim.member for claim in due.claim()[0]]


def test_changing_a_state_starts_over_when_somebody_was_faster(
    records: Records, noon: datetime
) -> None:
    records.commit(KEY, 0, a_state(), Effects(), now=noon)
    seen: list[int] = []

    def step(state: State | None) -> tuple[State, Effects] | None:
        assert state is not None
        seen.append(1)
        if len(seen) == 1:
            records.commit(KEY, 1, state.model_copy(update={"noted": True}), Effects(), now=noon)
        return settled(state), Effects()

    records.change(KEY, step, now=noon)

    state, version = records.load(KEY)
    assert len(seen) == 2
    assert version == 3
    assert state is not None
    assert state.noted
    assert state.settled


def test_open_tickets_are_listed_by_deadline(records: Records, noon: datetime) -> None:
    for number, minutes in (("1", 120), ("2", 45)):
        key = KEY._replace(id=number)
        state = a_state().model_copy(
            update={"ticket": a_ticket(key=key), "timer": a_timer(minutes)}
        )
        records.commit(key, 0, state, Effects(), now=noon)

    assert [state.ticket.key.id for state in records.open_states(10)] == ["2", "1"]
    assert records.open_count(CREATED + timedelta(minutes=60)) == (2, 1)
