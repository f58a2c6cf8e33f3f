"""A muted channel gets nothing, P1 neither; its alternate is told, or the record says why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobs.world import HALF, POLICY, World, drain, hurry

from worker.store.keys import Kind

LEAD = '\n[channels.lead]\ntype = "webhook"\nurl = "${RECEIVER_URL}/lead"\n'
OTHERWISE = POLICY.replace("[channels.oncall]", 'otherwise = "lead"\n\n[channels.oncall]') + LEAD


def mute(world: World, *names: str, hours: float = 2) -> None:
    now = datetime.now(UTC)
    for name in names:
        world.parts.switches.mute(name, now + timedelta(hours=hours), now)


def test_alerts_to_a_muted_channel_are_skipped_and_said_the_others_are_sent(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    mute(world, "team")
    world.pass_time(key, HALF)
    drain(world.parts)

    assert world.alerts("team") == []
    assert len(world.alerts("oncall")) == 1
    assert any("team muted until" in line for line in world.record(key, "skipped"))


def test_the_alternate_of_a_muted_channel_is_told_instead(world: World, helpdesk: str) -> None:
    world.start(policy=OTHERWISE)
    key = world.decided(helpdesk)
    mute(world, "team")
    world.pass_time(key, 151)
    drain(world.parts)

    assert world.alerts("team") == []
    assert len(world.alerts("lead")) == 1
    assert any("lead is told instead" in line for line in world.record(key, "said"))


def test_an_alternate_that_is_muted_too_is_passed_over(world: World, helpdesk: str) -> None:
    world.start(policy=OTHERWISE)
    key = world.decided(helpdesk)
    mute(world, "team", "lead")
    world.pass_time(key, 151)
    drain(world.parts)

    assert world.alerts() == []
    assert any("team muted until" in line for line in world.record(key, "skipped"))


def test_a_mute_ends_by_itself_or_by_unmute(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    mute(world, "oncall", hours=-1)
    mute(world, "team")
    assert world.parts.switches.unmute("team")
    world.pass_time(key, HALF)
    drain(world.parts)

    assert len(world.alerts("team")) == 1
    assert len(world.alerts("oncall")) == 1
    assert not world.parts.switches.unmute("team")


def test_what_was_gathered_for_a_channel_is_not_sent_once_it_is_muted(
    world: World, helpdesk: str
) -> None:
    world.start(
        policy=POLICY.replace(
            'type = "webhook"\nurl = "${RECEIVER_URL}/team"',
            'type = "slack"\nurl = "${RECEIVER_URL}/team"',
        ).replace(
            'severities = ["P2", "P3", "P4"]', 'digest = true\nseverities = ["P2", "P3", "P4"]'
        )
    )
    key = world.decided(helpdesk, "How do I add a user to my team?")
    world.pass_time(key, 41 * 60)
    drain(world.parts)
    mute(world, "team")
    hurry(world.parts, Kind.DIGEST)

    assert world.receiver.posted == []
    assert any("team muted until" in line for line in world.record(key, "skipped"))


def test_how_it_went_is_told_after_the_mute_to_whoever_was_alerted(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    mute(world, "oncall")
    world.reply(key)
    world.deliver(key)
    drain(world.parts)
    assert [alert["type"] for alert in world.alerts("oncall")] == ["escalation"]

    world.parts.switches.unmute("oncall")
    hurry(world.parts, Kind.SEND)

    assert [alert["type"] for alert in world.alerts("oncall")] == ["escalation", "resolved"]
