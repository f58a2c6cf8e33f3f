"""Many steps at once are confirmed by one read, and none by an old one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from jobs.world import HALF, OUTAGE, POLICY, World, drain, run

from worker import wiring
from worker.store import keys
from worker.store.due import Claim
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey

ONE = POLICY.replace('notify = ["team"]', "notify = []", 1)


def at_half_time(world: World, count: int) -> list[TicketKey]:
    """So many P1 tickets of Zendesk, whose step at half time is due now."""
    world.start(policy=ONE)
    found = [world.decided("zendesk", OUTAGE) for _ in range(count)]
    for key in found:
        world.pass_time(key, HALF)
    return found


def reads(world: World, since: int) -> tuple[int, int]:
    """How often many tickets were read in one call, and how often one alone."""
    asked = world.asked("zendesk", "GET", "/api/v2/tickets/")[since:]
    many = [one for one in asked if one["path"].endswith("show_many")]
    return len(many), len(asked) - len(many)


def before(world: World) -> int:
    return len(world.asked("zendesk", "GET", "/api/v2/tickets/"))


def test_many_steps_at_once_are_confirmed_by_one_read(world: World) -> None:
    found = at_half_time(world, 8)
    answered = found[3]
    world.reply(answered)
    since = before(world)

    drain(world.parts)

    assert reads(world, since) == (1, 0)
    told = {alert["ticket"]["id"]: alert["confirmed"] for alert in world.alerts()}
    assert told == {key.id: True for key in found if key != answered}
    assert world.state(answered).settled.why == "answered"


def test_a_few_steps_are_confirmed_each_by_its_own_read(world: World) -> None:
    at_half_time(world, 3)
    since = before(world)

    drain(world.parts)

    assert reads(world, since) == (0, 3)


def test_threads_that_come_together_share_one_read(world: World) -> None:
    found = at_half_time(world, 12)
    since = before(world)
    claims, _ = world.parts.due.claim()
    world.parts.due.hold(claims)

    def one(claim: Claim) -> None:
        wiring.use(world.parts)
        run(claim)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, claims))

    assert reads(world, since) == (1, 0)
    assert {alert["ticket"]["id"] for alert in world.alerts()} == {key.id for key in found}


def test_a_ticket_that_the_list_leaves_out_is_read_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = at_half_time(world, 6)
    bulk = world.parts.accounts[world.account("zendesk")].client.bulk
    read = bulk.read
    monkeypatch.setattr(
        bulk,
        "read",
        lambda ids, **more: {k: v for k, v in read(ids, **more).items() if k != found[0].id},
    )
    since = before(world)

    drain(world.parts)

    assert reads(world, since)[1] == 1
    assert len(world.alerts()) == 6


def test_a_reading_from_before_a_webhook_is_not_believed(world: World) -> None:
    found = at_half_time(world, 6)
    world.parts.due.arm(Member(Kind.STEP, str(found[5])), 9_999_999_999.0)
    drain(world.parts)
    assert world.redis.exists(keys.reading(found[0]))
    late = found[5]
    world.reply(late)
    world.touch(late)
    world.redis.zrem(keys.DUE, str(Member(Kind.EVENT, str(late))))
    world.parts.due.arm(Member(Kind.STEP, str(late)), 1.0)

    drain(world.parts)

    assert late.id not in {alert["ticket"]["id"] for alert in world.alerts()}


def test_when_the_helpdesk_is_down_all_are_told_as_not_confirmed(world: World) -> None:
    found = at_half_time(world, 6)
    world.redis.delete(keys.POLLED)
    world.fault("503", "zendesk")

    drain(world.parts)

    assert {alert["ticket"]["id"] for alert in world.alerts()} == {key.id for key in found}
    assert {alert["confirmed"] for alert in world.alerts()} == {False}
