"""Pause and resume: nothing is written or alerted meanwhile, and nothing is lost or doubled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from jobs.world import HALF, POLICY, World, drain, hurry, severities

from worker.store import keys
from worker.store.keys import Kind
from worker.store.switches import SEEN_WITHIN, Switches

GATHERING = POLICY + "\n[digest]\nmost = 1\n"


def pause(world: World, reason: str = "") -> None:
    world.parts.switches.pause(reason, datetime.now(UTC))


def resume(world: World) -> int | None:
    return world.parts.switches.resume(datetime.now(UTC))


def attempts(world: World, kind: Kind) -> list[int]:
    found = world.redis.hgetall(keys.ATTEMPTS)
    return [int(count) for member, count in found.items() if member.startswith(f"{kind}:")]


def test_while_paused_a_ticket_is_decided_and_armed_and_nothing_is_written(
    world: World, helpdesk: str
) -> None:
    pause(world)
    key = world.arrive(helpdesk)

    drain(world.parts)

    assert world.state(key).decision.severity == "P1"
    assert world.due(Kind.STEP, key) is not None
    assert world.updates(key) == []
    assert world.notes(key) == []


def test_resume_writes_once_what_should_stand_there_now(world: World, helpdesk: str) -> None:
    pause(world)
    key = world.arrive(helpdesk)
    drain(world.parts)
    hurry(world.parts)
    world.change(key, priority="high")
    world.touch(key)
    drain(world.parts)
    assert world.updates(key) == []

    assert resume(world) == 1
    drain(world.parts)

    assert severities(world.ticket(key))[1] == "high"
    assert "sla_p2" in world.ticket(key)["tags"]
    assert len(world.updates(key)) == 1
    assert world.due(Kind.WRITE, key) is None


def test_of_the_steps_that_passed_only_the_furthest_is_sent_to_each_channel(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    pause(world)
    world.pass_time(key, 151)
    drain(world.parts)
    world.pass_time(key, 10 * 60)
    hurry(world.parts, Kind.STEP)
    assert world.alerts() == []

    resume(world)
    drain(world.parts)

    assert [alert["step"] for alert in world.alerts("team")] == ["100%"]
    assert [alert["step"] for alert in world.alerts("oncall")] == ["100%"]
    skipped = world.record(key, "skipped")
    assert "skipped: 25%: later step sent" in skipped
    assert "skipped: 50%: later step sent" in skipped


def test_an_alert_that_waited_gives_way_to_the_later_step_of_its_channel(
    world: World, helpdesk: str
) -> None:
    world.start(policy=POLICY.replace('notify = ["oncall"]', 'notify = ["team"]', 1))
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    world.receiver.status = 503
    drain(world.parts)
    tried = len(world.receiver.posted)
    world.receiver.status = 200
    pause(world)
    hurry(world.parts)
    assert len(world.receiver.posted) == tried
    world.pass_time(key, 150)

    resume(world)
    drain(world.parts)

    assert [alert["step"] for alert in world.alerts("team")[tried:]] == ["50%"]
    assert any("later step sent" in line for line in world.record(key, "skipped"))


def test_a_ticket_answered_during_the_pause_alerts_nobody_afterwards(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    pause(world)
    world.pass_time(key, HALF)
    drain(world.parts)
    world.reply(key)
    world.deliver(key)
    drain(world.parts)
    assert world.state(key).settled.why == "answered"

    resume(world)
    drain(world.parts)
    hurry(world.parts)

    assert world.alerts() == []
    assert world.nothing_left()


def test_answered_tickets_are_marked_after_the_pause(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    before = len(world.updates(key))
    world.reply(key)
    world.deliver(key)
    drain(world.parts)
    pause(world)
    hurry(world.parts, Kind.MET)
    assert len(world.updates(key)) == before

    resume(world)
    drain(world.parts)

    assert len(world.updates(key)) == before + 1
    assert world.state(key).there.state == "met"


def test_what_waits_grows_no_attempts_and_is_never_given_up(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    world.receiver.status = 503
    drain(world.parts)
    before = attempts(world, Kind.SEND)
    pause(world)

    for _ in range(8):
        hurry(world.parts)

    assert attempts(world, Kind.SEND) == before
    assert world.parts.due.failures() == []


def test_gathered_alerts_wait_too(world: World, helpdesk: str) -> None:
    world.start(policy=GATHERING)
    pause(world)
    world.parts.due.arm(keys.Member(Kind.DIGEST, "team"), datetime.now(UTC))
    drain(world.parts)

    assert 0 < (world.due(Kind.DIGEST, "team") or 0) <= 60
    assert resume(world) == 1
    assert (world.due(Kind.DIGEST, "team") or 0) <= 0


def test_another_process_sees_a_pause_within_seconds(world: World) -> None:
    there = Switches(world.redis)
    assert there.paused() is None
    pause(world, "maintenance")
    assert there.paused() is None
    assert SEEN_WITHIN <= 3

    there._seen = (there._seen[0] - SEEN_WITHIN, there._seen[1])

    assert there.paused().reason == "maintenance"


def test_a_job_that_saw_the_pause_as_it_ended_does_not_wait(world: World, helpdesk: str) -> None:
    world.parts.switches.pause("", datetime.now(UTC))
    world.parts.switches.look()
    Switches(world.redis).resume(datetime.now(UTC))

    key = world.arrive(helpdesk)
    drain(world.parts)

    assert len(world.updates(key)) == 1


def test_resume_without_a_pause_changes_nothing(world: World) -> None:
    assert resume(world) is None


def test_pausing_again_keeps_the_moment_and_replaces_the_reason(world: World) -> None:
    first = datetime.now(UTC) - timedelta(minutes=5)
    assert world.parts.switches.pause("one", first)
    assert not world.parts.switches.pause("two", datetime.now(UTC))

    paused = world.parts.switches.paused()

    assert paused.since == first
    assert paused.reason == "two"


def test_a_channel_that_fails_after_a_long_pause_is_tried_again_before_the_next_is_told(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    world.receiver.status = 503
    drain(world.parts)
    pause(world)
    for name in world.redis.scan_iter("mh:alert:*"):
        alert = json.loads(world.redis.hget(name, "alert"))
        alert["made_at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        world.redis.hset(name, "alert", json.dumps(alert))
    resume(world)
    drain(world.parts)
    assert world.record(key, "failed") == []

    world.receiver.status = 200
    hurry(world.parts)

    assert world.record(key, "sent") == ["sent: 25%: team"]
