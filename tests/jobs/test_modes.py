"""MODE: what observe, tag and live may do, and what raising it brings back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jobs.world import HALF, OUTAGE, POLICY, QUESTION, World, drain, hurry, severities

from worker.store.keys import Kind

CONSOLE = POLICY.replace('url = "${RECEIVER_URL}/team"', "").replace(
    '[channels.team]\ntype = "webhook"', '[channels.team]\ntype = "console"'
)


def no_write(world: World, helpdesk: str) -> bool:
    calls = world.asked(helpdesk)
    return not [one for one in calls if one["method"] != "GET" and "oauth" not in one["path"]]


def test_observe_decides_and_writes_nothing(world: World, helpdesk: str) -> None:
    world.start("observe")
    key = world.arrive(helpdesk)

    drain(world.parts)

    assert world.state(key).decision.severity == "P1"
    assert world.state(key).running
    assert no_write(world, helpdesk)


def test_observe_records_whom_it_would_have_told(world: World, helpdesk: str) -> None:
    world.start("observe")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)

    drain(world.parts)

    assert world.record(key, "would have notified") == [
        "would have notified: 50%: oncall (mode observe)",
        "would have notified: 50%: team (mode observe)",
    ]
    assert world.alerts() == []
    assert no_write(world, helpdesk)


def test_observe_calls_the_console(
    world: World, helpdesk: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.start("observe", CONSOLE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)

    drain(world.parts)

    printed = [line for line in capsys.readouterr().out.splitlines() if "ALERT" in line]
    assert len(printed) == 1
    assert key.id in printed[0]
    assert world.record(key, "sent") == ["sent: 50%: team"]
    assert world.alerts() == []


def test_observe_settles_without_a_write(world: World, helpdesk: str) -> None:
    world.start("observe")
    key = world.decided(helpdesk)
    world.reply(key)
    world.deliver(key)

    drain(world.parts)
    hurry(world.parts)

    assert world.state(key).settled.why == "answered"
    assert no_write(world, helpdesk)


def test_observe_settles_without_a_write_when_a_step_finds_the_reply(
    world: World, helpdesk: str
) -> None:
    world.start("observe")
    key = world.decided(helpdesk)
    world.reply(key)
    world.pass_time(key, HALF)

    drain(world.parts)
    hurry(world.parts, Kind.MET)

    assert world.state(key).settled.why == "answered"
    assert no_write(world, helpdesk)


def test_a_mode_that_was_lowered_stops_the_batch_of_met(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.reply(key)
    world.deliver(key)
    drain(world.parts)

    world.start("observe")
    hurry(world.parts, Kind.MET)

    assert len(world.updates(key)) == 1


def test_tag_writes_fields_and_tags_but_no_priority_and_no_note(
    world: World, helpdesk: str
) -> None:
    world.start("tag")
    before = {"zendesk": None, "freshdesk": "low"}[helpdesk]
    key = world.decided(helpdesk)

    assert severities(world.ticket(key)) == ("P1", before)
    assert "sla_p1" in world.ticket(key)["tags"]
    assert world.notes(key) == []
    assert len(world.updates(key)) == 1


def test_tag_alerts(world: World, helpdesk: str) -> None:
    world.start("tag")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)

    drain(world.parts)

    assert {alert["step"] for alert in world.alerts()} == {"50%"}
    assert len(world.alerts()) == 2


def test_tag_writes_no_note_when_freshdesk_refuses(world: World) -> None:
    world.start("tag")
    world.fault("required_field", "freshdesk", method="PUT")
    key = world.decided("freshdesk")

    assert world.notes(key) == []
    assert world.ticket(key)["priority"] == "low"


def test_a_raised_mode_does_not_send_steps_that_observe_has_passed(
    world: World, helpdesk: str
) -> None:
    world.start("observe")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)

    world.start("live")
    world.touch(key)
    drain(world.parts)
    assert world.alerts() == []
    world.pass_time(key, 5 * 60)
    drain(world.parts)

    assert {alert["step"] for alert in world.alerts()} == {"100%"}


def test_a_raised_mode_does_not_send_steps_that_passed_before_it(
    world: World, helpdesk: str
) -> None:
    world.start("observe")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)

    world.start("live")
    drain(world.parts)

    assert world.alerts() == []
    assert [line for line in world.record(key, "skipped") if "mode" in line]


@pytest.mark.parametrize("mode", ["tag", "live"])
def test_a_ticket_older_than_the_start_is_never_written_or_alerted(
    world: World, helpdesk: str, mode: str
) -> None:
    start = datetime.now(UTC) - timedelta(minutes=1)
    world.start(mode, START_FROM=start.isoformat())
    old = start - timedelta(minutes=30)
    key = world.create(helpdesk, OUTAGE, created_at=old.isoformat())

    world.deliver(key)
    drain(world.parts)
    world.poll(helpdesk)
    world.touch(key)
    drain(world.parts)

    assert world.alerts() == []
    assert no_write(world, helpdesk)
    assert world.parts.records.load(key) == (None, 0)
    assert world.parts.records.inbox(key) == []


def test_without_a_start_the_last_eight_hours_are_looked_at(world: World, helpdesk: str) -> None:
    now = datetime.now(UTC)
    young = world.create(helpdesk, QUESTION, created_at=(now - timedelta(hours=7)).isoformat())
    old = world.create(helpdesk, QUESTION, created_at=(now - timedelta(hours=9)).isoformat())

    world.poll(helpdesk)

    assert world.state(young).recovered
    assert world.parts.records.load(old) == (None, 0)


def test_a_write_that_waits_is_not_made_when_the_mode_is_lowered(
    world: World, helpdesk: str
) -> None:
    world.fault("503", helpdesk, method="PUT", times=1)
    key = world.arrive(helpdesk)
    drain(world.parts)

    world.start("observe")
    hurry(world.parts)

    assert world.updates(key) == []
    assert world.due(Kind.WRITE, key) is None


def test_an_alert_that_waits_is_not_sent_when_the_mode_is_lowered(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.receiver.status = 503
    drain(world.parts)
    tried = len(world.receiver.posted)

    world.start("observe")
    world.receiver.status = 200
    hurry(world.parts)

    assert len(world.receiver.posted) == tried


def test_a_start_that_is_moved_on_silences_the_timers_before_it(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)

    world.start(START_FROM=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    drain(world.parts)

    assert world.alerts() == []


def test_raising_the_mode_does_not_by_itself_touch_tickets_that_are_open(
    world: World, helpdesk: str
) -> None:
    world.start("observe")
    key = world.decided(helpdesk)

    world.start("live")
    world.poll(helpdesk)
    hurry(world.parts)

    assert world.updates(key) == []
    assert world.alerts() == []
    assert world.ticket(key)["severity"] is None
