"""The due set against a real Redis."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from factories import KEY, a_delivery, an_event
from redis import Redis

from worker.events import EventKind
from worker.store import keys
from worker.store.due import Accepted, DueSet
from worker.store.keys import Kind, Member

STEP = Member(Kind.STEP, str(KEY))


@pytest.fixture
def due(redis: Redis) -> DueSet:
    return DueSet(redis)


def expire_claims(redis: Redis) -> None:
    for member in redis.zrange(keys.CLAIMED, 0, -1):
        redis.zadd(keys.CLAIMED, {member: time.time() - 1})


def test_an_accepted_event_makes_its_ticket_due_now(due: DueSet) -> None:
    event = an_event()

    assert due.accept(a_delivery(event), event) is Accepted.NEW

    (claim,), _ = due.claim()
    assert claim.member == Member(Kind.EVENT, str(KEY))
    assert claim.attempt == 1


def test_the_same_delivery_twice_keeps_one_event(due: DueSet, redis: Redis) -> None:
    event = an_event()
    due.accept(a_delivery(event), event)

    assert due.accept(a_delivery(event), event) is Accepted.SEEN_BEFORE
    assert redis.llen(keys.inbox(KEY)) == 1


def test_events_of_another_account_number_are_refused_and_nothing_is_kept(
    due: DueSet, redis: Redis
) -> None:
    event = an_event()
    due.accept(a_delivery(event, "first", account_id="1"), event)

    assert due.accept(a_delivery(event, "second", account_id="2"), event) is Accepted.OTHER_ACCOUNT
    assert redis.llen(keys.inbox(KEY)) == 1
    assert not redis.exists(keys.seen("second"))


def test_what_is_not_due_yet_is_not_claimed_and_the_wait_is_told(due: DueSet) -> None:
    due.arm(STEP, time.time() + 30)

    claims, wait = due.claim()

    assert claims == []
    assert wait == pytest.approx(30, abs=1)


def test_a_claimed_member_is_never_claimed_a_second_time(due: DueSet) -> None:
    due.arm(STEP, time.time() - 1)
    due.claim()
    due.arm(STEP, time.time() - 1)

    assert due.claim()[0] == []


def test_what_came_due_while_claimed_is_due_after_the_end(due: DueSet) -> None:
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    due.arm(STEP, time.time() - 1)
    due.claim()

    due.finish(claim)

    (again,), _ = due.claim()
    assert again.member == STEP
    assert again.token != claim.token


def test_a_claim_whose_feeder_died_comes_due_again(due: DueSet, redis: Redis) -> None:
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    expire_claims(redis)

    (again,), _ = due.claim()

    assert again.member == STEP
    assert due.begin(claim.member, claim.token) is None
    assert due.begin(again.member, again.token) is not None


def test_the_end_of_a_claim_that_ran_out_changes_nothing(due: DueSet, redis: Redis) -> None:
    due.arm(STEP, time.time() - 1)
    (lost,), _ = due.claim()
    expire_claims(redis)
    (held,), _ = due.claim()

    assert due.finish(lost) is False
    assert due.begin(held.member, held.token) is not None


def test_nothing_is_taken_back_while_the_queue_is_long(due: DueSet, redis: Redis) -> None:
    redis.rpush(keys.RQ_QUEUE, *range(101))
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    expire_claims(redis)

    assert due.claim()[0] == []
    assert due.begin(claim.member, claim.token) is not None


def test_a_member_whose_worker_dies_five_times_is_set_aside_with_its_reason(
    due: DueSet, redis: Redis
) -> None:
    due.arm(STEP, time.time() - 1)
    for _ in range(5):
        claims, _ = due.claim()
        if not claims:  # taken back, to be apart from those that died with it
            redis.zadd(keys.DUE, {str(STEP): time.time() - 1})
            claims, _ = due.claim()
        (claim,) = claims
        due.begin(claim.member, claim.token)
        expire_claims(redis)

    assert due.claim()[0] == []
    (failure,) = due.failures()
    assert failure.member == str(STEP)
    assert "died or hung 5 times" in failure.reason


def test_those_that_died_together_twice_come_back_one_after_the_other(
    due: DueSet, redis: Redis
) -> None:
    members = [Member(Kind.EVENT, f"zendesk/acme/{number}") for number in range(8)]
    for member in members:
        due.arm(member, time.time() - 1)
    for deaths in (1, 2):
        claims, _ = due.claim()
        assert len(claims) == 8, f"after {deaths - 1} deaths"
        for claim in claims:
            due.begin(claim.member, claim.token)
        expire_claims(redis)
    due.claim()

    moments = sorted(score for _, score in redis.zrange(keys.DUE, 0, -1, withscores=True))

    apart = [later - sooner for sooner, later in pairwise(moments)]
    assert all(1.4 < gap < 1.6 or gap > 10 for gap in apart)
    assert moments[-1] - time.time() < 24


def test_a_claim_that_only_waited_too_long_is_never_taken_for_a_crash(
    due: DueSet, redis: Redis
) -> None:
    due.arm(STEP, time.time() - 1)
    for _ in range(12):
        assert due.claim()[0]
        expire_claims(redis)

    assert due.claim()[0][0].member == STEP
    assert due.failures() == []


def test_a_worker_that_died_is_noticed_however_long_the_queue_is(due: DueSet, redis: Redis) -> None:
    redis.rpush(keys.RQ_QUEUE, *range(500))
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    due.begin(claim.member, claim.token)
    expire_claims(redis)

    assert due.claim()[0][0].member == STEP


def test_a_member_of_an_unknown_kind_is_set_aside_and_stops_nobody(
    due: DueSet, redis: Redis
) -> None:
    redis.zadd(keys.DUE, {"teleport:zendesk/acme/1": 1})
    due.arm(STEP, time.time() - 1)

    claims, _ = due.claim()

    assert [claim.member for claim in claims] == [STEP]
    assert [failure.member for failure in due.failures()] == ["teleport:zendesk/acme/1"]


def test_an_event_that_came_during_a_failing_job_does_not_wait_for_its_pause(
    due: DueSet,
) -> None:
    member = Member(Kind.EVENT, str(KEY))
    due.arm(member, time.time() - 1)
    (claim,), _ = due.claim()
    due.arm(member, time.time() - 1)
    due.claim()

    due.retry(claim, 300)

    assert due.claim()[0][0].member == member


def test_a_failure_that_is_retried_is_due_and_no_longer_listed(due: DueSet) -> None:
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    due.set_aside(claim, "it would not")

    assert due.retry_failures() == 1
    assert due.failures() == []
    assert due.claim()[0][0].member == STEP


def test_a_retry_waits_and_counts_its_attempts(due: DueSet, redis: Redis) -> None:
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()

    due.retry(claim, 20)

    claims, wait = due.claim()
    assert claims == []
    assert wait == pytest.approx(20, abs=1)
    redis.zadd(keys.DUE, {str(STEP): time.time() - 1})
    assert due.claim()[0][0].attempt == 2


def test_success_starts_the_count_of_attempts_anew(due: DueSet) -> None:
    for _ in range(2):
        due.arm(STEP, time.time() - 1)
        (claim,), _ = due.claim()
        due.finish(claim)

    assert claim.attempt == 1


def test_arming_if_absent_leaves_a_claimed_and_a_due_member_alone(due: DueSet) -> None:
    later = time.time() + 50
    due.arm(STEP, later)
    due.arm(STEP, time.time(), if_absent=True)
    assert due.claim()[0] == []

    due.arm(STEP, time.time() - 1)
    due.claim()
    due.arm(STEP, time.time() - 1, if_absent=True)
    assert due.claim()[0] == []


def test_the_bell_wakes_a_waiting_feeder_at_once(due: DueSet) -> None:
    due.ring()
    started = time.monotonic()

    due.wait(5)

    assert time.monotonic() - started < 1


def test_members_leave_no_trace_after_they_are_done(due: DueSet, redis: Redis) -> None:
    due.arm(STEP, time.time() - 1)
    (claim,), _ = due.claim()
    due.finish(claim)

    left = {keys.DUE, keys.CLAIMED, keys.AGAIN, keys.TOKENS, keys.ATTEMPTS, keys.CRASHES}
    assert not redis.exists(*left)


def test_what_may_be_our_own_echo_gathers_for_a_second(due: DueSet) -> None:
    event = an_event(EventKind.PRIORITY, now="P1")
    due.accept(a_delivery(event), event)

    claims, wait = due.claim()

    assert claims == []
    assert wait == pytest.approx(1, abs=0.2)


def test_a_customers_event_does_not_wait_for_an_echo_that_gathers(due: DueSet) -> None:
    for event in (an_event(EventKind.PRIORITY, now="P1"), an_event()):
        due.accept(a_delivery(event), event)

    assert len(due.claim()[0]) == 1
