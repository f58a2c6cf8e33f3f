"""The budget of a helpdesk's API, as jobs feel it: nothing lost, the urgent first, no waiting."""

from __future__ import annotations

import time

import pytest
from jobs.world import HALF, OUTAGE, POLICY, QUESTION, World, drain, hurry

from worker.helpdesks.spending import ALL, Said
from worker.store import keys
from worker.store.budget import FAILURES
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey
from worker.urgency import Urgency

ONE = POLICY.replace('notify = ["team"]', "notify = []", 1)
"""One step of a P1 is due at half time, and it names one channel."""


def spend(world: World, helpdesk: str) -> None:
    """Nothing is left of what was said last, not even for confirming reads."""
    account = world.account(helpdesk)
    for _ in range(100_000):
        if world.parts.budget.take(account, Urgency.CONFIRM):
            return
    pytest.fail("there is no bottom")


def limited(world: World, helpdesk: str, a_minute: int) -> None:
    """The helpdesk allows so much from now on, and says so."""
    world.control("put", "/settings", {"requests_per_minute": a_minute})
    world.redis.delete(keys.budget(world.account(helpdesk)))
    rates = {ALL: Said(a_minute, a_minute, 60)}
    world.parts.budget.answered(world.account(helpdesk), rates)


def seconds_pass(world: World, helpdesk: str, seconds: float) -> None:
    """For the budget, and for whatever waits for it."""
    key = keys.budget(world.account(helpdesk))
    for name, value in world.redis.hgetall(key).items():
        if name.partition(":")[0] in {"at", "until", "paused", "slot"} or name.endswith("_until"):
            world.redis.hset(key, name, float(value) - seconds)
    for text, score in world.redis.zrange(keys.DUE, 0, -1, withscores=True):
        if Member.parse(text).kind is not Kind.STEP:
            world.redis.zadd(keys.DUE, {text: score - seconds})


def test_a_429_on_one_write_pauses_the_others_and_loses_none(world: World, helpdesk: str) -> None:
    world.parts.accounts[world.account(helpdesk)].client.ping()
    world.fault("429", helpdesk, method="PUT", times=1, retry_after=30)
    first = world.arrive(helpdesk, QUESTION)
    drain(world.parts)
    others = [world.arrive(helpdesk, QUESTION) for _ in range(3)]
    asked = len(world.asked(helpdesk))

    drain(world.parts)

    assert len(world.asked(helpdesk)) == asked, "nobody asks during the pause"
    for key in others:
        waits = world.due(Kind.WRITE, key) or world.due(Kind.EVENT, key) or 0
        if helpdesk == "zendesk":  # they go together
            waits = world.due(Kind.DRAIN, world.account(helpdesk)) or 0
        assert 25 < waits <= 34
    seconds_pass(world, helpdesk, 36)
    drain(world.parts)
    hurry(world.parts, Kind.WRITE, Kind.EVENT)

    for key in (first, *others):
        assert world.ticket(key)["severity"] == "P4"
        assert len(world.ticket(key)["writes"]) == 1
    assert world.parts.due.failures() == []


def test_with_the_budget_spent_a_step_still_alerts_at_once(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    limited(world, helpdesk, 60)
    spend(world, helpdesk)
    world.pass_time(key, HALF)
    asked, started = len(world.asked(helpdesk)), time.monotonic()

    drain(world.parts)

    (alert,) = world.alerts()
    assert alert["confirmed"] is False
    assert len(world.asked(helpdesk)) == asked
    assert time.monotonic() - started < 3
    assert world.parts.journal.counters()["step_not_confirmed"] == 1


def test_with_little_left_a_step_is_still_confirmed_while_p4s_wait(
    world: World, helpdesk: str
) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    limited(world, helpdesk, 400)
    while not world.parts.budget.take(world.account(helpdesk), Urgency.P3):
        pass
    world.pass_time(key, HALF)
    question = world.create(helpdesk, QUESTION)
    world.poll(helpdesk)

    drain(world.parts)

    (alert,) = world.alerts()
    assert alert["confirmed"] is True
    assert (world.due(Kind.POLL, world.account(helpdesk)) or 0) > 0, "the poll waits"
    assert world.parts.records.load(question) == (None, 0)


def test_an_api_that_is_down_is_left_alone_and_alerts_go_out_at_once(
    world: World, helpdesk: str
) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.fault("503", helpdesk)
    for number in range(FAILURES):
        world.touch(key) if not number else world.arrive(helpdesk, QUESTION)
    for _ in range(FAILURES):
        hurry(world.parts)
        if any(one.down for one in world.parts.budget.left()):
            break
    assert any(one.down for one in world.parts.budget.left())
    world.pass_time(key, HALF)
    asked = len(world.asked(helpdesk))

    drain(world.parts)

    (alert,) = world.alerts()
    assert alert["confirmed"] is False
    assert len(world.asked(helpdesk)) == asked

    world.control("delete", "/faults")
    for _ in range(4):
        seconds_pass(world, helpdesk, 61)
        drain(world.parts)
    assert not any(one.down for one in world.parts.budget.left())
    assert world.parts.due.failures() == []


def until_written(world: World, helpdesk: str, tickets: list[TicketKey]) -> dict[TicketKey, int]:
    """Seconds go by until all are written, a minute of the helpdesk every 60: when each was."""
    written: dict[TicketKey, int] = {}
    for second in range(0, 1800, 2):
        drain(world.parts)
        for key in tickets:
            if key not in written and world.ticket(key)["writes"]:
                written[key] = second
        if len(written) == len(tickets):
            return written
        seconds_pass(world, helpdesk, 2)
        if second % 60 == 58:
            for windows in world.sandbox.windows:
                windows.clear()
    pytest.fail(f"{len(written)} of {len(tickets)} were ever written")


@pytest.mark.parametrize(
    ("helpdesk", "a_minute"),
    [("zendesk", 60), ("freshdesk", 200)],
    indirect=["helpdesk"],
)
def test_fifty_tickets_on_a_small_budget_are_all_written_p1_first(
    world: World, helpdesk: str, a_minute: int
) -> None:
    world.start(policy=ONE)
    world.parts.accounts[world.account(helpdesk)].client.ping()
    questions = [world.create(helpdesk, QUESTION) for _ in range(45)]
    outages = [world.create(helpdesk, OUTAGE) for _ in range(5)]
    for key in (*questions, *outages):
        world.deliver(key)
    limited(world, helpdesk, a_minute)

    at = until_written(world, helpdesk, [*questions, *outages])

    last = max(at[key] for key in outages)
    assert len([key for key in questions if at[key] < last]) < 25
    assert not [one for one in world.asked(helpdesk) if one["status"] == 429]
    assert world.redis.hgetall(keys.ATTEMPTS) == {}
    assert world.parts.due.failures() == []


def test_tickets_that_cannot_be_read_alone_are_listed_a_hundred_in_a_page(world: World) -> None:
    world.start("observe", policy=ONE)
    world.parts.accounts[world.account("freshdesk")].client.ping()
    found = [world.create("freshdesk", QUESTION) for _ in range(40)]
    for key in found:
        world.deliver(key)
    limited(world, "freshdesk", 60)
    asked = len(world.asked("freshdesk"))

    for _ in range(6):
        drain(world.parts)
        seconds_pass(world, "freshdesk", 10)
        world.poll("freshdesk")

    reads = world.asked("freshdesk", "GET")[asked:]
    assert all(world.state(key).decision.severity == "P4" for key in found)
    assert not any(world.state(key).recovered for key in found), "their webhooks had come"
    assert len(reads) < 20
    assert [one for one in reads if one["path"].endswith("/api/v2/tickets")]


def test_even_a_trials_budget_writes_every_ticket_in_the_end(world: World) -> None:
    world.start(policy=ONE)
    world.parts.accounts[world.account("freshdesk")].client.ping()
    tickets = [world.arrive("freshdesk", text) for text in (QUESTION, OUTAGE) for _ in range(10)]
    limited(world, "freshdesk", 50)

    until_written(world, "freshdesk", tickets)

    assert not [one for one in world.asked("freshdesk") if one["status"] == 429]
    assert world.parts.due.failures() == []
