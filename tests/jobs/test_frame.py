"""What all jobs share: a fault of our own is tried again, then set aside; no ticket is lost."""

from __future__ import annotations

from typing import Any

import pytest
from jobs.world import HALF, QUESTION, World, drain, hurry, run, severities
from redis.exceptions import ConnectionError as RedisGone

from worker.jobs.frame import ATTEMPTS_OF_A_FAULT, ATTEMPTS_OF_THE_WORLD
from worker.store import keys
from worker.store.keys import Kind, Member


def broken(*_: Any) -> None:
    raise ZeroDivisionError("what nobody thought of")


def test_a_fault_of_our_own_is_tried_again_and_then_set_aside(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.arrive(helpdesk)
    pauses = []
    with monkeypatch.context() as patch:
        patch.setattr("worker.lifecycle.decide", broken)
        drain(world.parts)
        while (pause := world.due(Kind.EVENT, key)) is not None:
            pauses.append(pause)
            hurry(world.parts)

    assert len(pauses) == ATTEMPTS_OF_A_FAULT - 1
    assert all(0.9 < later / sooner / 2 < 1.2 for sooner, later in zip(pauses, pauses[1:]))  # noqa: B905, RUF007
    (failure,) = world.parts.due.failures()
    assert failure.member == str(Member(Kind.EVENT, str(key)))
    assert failure.reason == "ZeroDivisionError: what nobody thought of"
    assert world.parts.journal.counters()["job_failed"] == ATTEMPTS_OF_A_FAULT
    assert world.redis.zcard(keys.CLAIMED) == 0
    assert world.parts.records.inbox(key)


def test_what_was_set_aside_works_when_it_is_tried_again(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.arrive(helpdesk)
    with monkeypatch.context() as patch:
        patch.setattr("worker.lifecycle.decide", broken)
        drain(world.parts)
        for _ in range(ATTEMPTS_OF_A_FAULT):
            hurry(world.parts)
    assert len(world.parts.due.failures()) == 1

    assert world.parts.due.retry_failures() == 1
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.parts.due.failures() == []
    assert len(world.updates(key)) == 1


def test_a_fault_with_one_ticket_does_not_stop_another(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.lifecycle import decide

    def picky(subject: str, *words: Any) -> Any:
        if "poison" in subject:
            broken()
        return decide(subject, *words)

    monkeypatch.setattr("worker.lifecycle.decide", picky)
    world.arrive(helpdesk, "poison")
    key = world.arrive(helpdesk)

    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")


def test_a_fault_in_a_step_does_not_lose_it(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    with monkeypatch.context() as patch:
        patch.setattr("worker.jobs.escalate.tell", broken)
        drain(world.parts)
    assert world.alerts() == []
    world.redis.zadd(keys.DUE, {str(Member(Kind.STEP, str(key))): 1})

    drain(world.parts)

    assert {alert["step"] for alert in world.alerts()} == {"50%"}


def test_a_claim_that_was_given_to_another_stands_down(world: World, helpdesk: str) -> None:
    world.arrive(helpdesk)
    (claim,), _ = world.parts.due.claim()

    run(claim._replace(token=claim.token + 1000))

    assert world.asked(helpdesk) == []
    run(claim)
    assert world.asked(helpdesk) != []


def test_an_api_that_is_away_for_a_day_is_given_up_and_listed(world: World, helpdesk: str) -> None:
    world.fault("503", helpdesk, method="PUT")
    key = world.arrive(helpdesk, QUESTION)
    drain(world.parts)
    member = Member(Kind.WRITE, str(key))
    world.redis.hset(keys.ATTEMPTS, str(member), ATTEMPTS_OF_THE_WORLD - 1)

    hurry(world.parts)

    (failure,) = world.parts.due.failures()
    assert failure.member == str(member)
    assert "gave up after 200 attempts" in failure.reason
    world.no_faults()
    world.parts.due.retry_failures()
    drain(world.parts)
    assert severities(world.ticket(key)) == ("P4", "low")


def test_what_has_succeeded_since_is_not_listed_any_more(world: World) -> None:
    world.start(FRESHDESK_API_KEY="wrong")
    key = world.arrive("freshdesk")
    drain(world.parts)
    assert len(world.parts.due.failures()) == 1

    world.start()
    world.touch(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.parts.due.failures() == []


def test_a_redis_that_goes_away_under_a_job_costs_no_attempt_however_often(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise RedisGone("Connection refused")

    key = world.arrive(helpdesk)
    with monkeypatch.context() as patch:
        patch.setattr("worker.lifecycle.decide", away)
        for _ in range(ATTEMPTS_OF_A_FAULT + 2):
            hurry(world.parts, Kind.EVENT)
            assert 0 < (world.due(Kind.EVENT, key) or 0) < 1

    hurry(world.parts, Kind.EVENT)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.parts.due.failures() == []
    assert "job_failed" not in world.parts.journal.counters()
