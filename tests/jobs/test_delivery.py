"""Where an alert goes when its channel is closed, full or dead."""

from __future__ import annotations

import json
import time

from jobs.world import HALF, POLICY, QUESTION, World, drain, hurry

from worker.store.keys import Kind

SLACK = (
    POLICY.replace('notify = ["oncall"]', 'notify = ["chat", "oncall"]').replace(
        'notify = ["team"]', "notify = []", 1
    )
    + """
[channels.chat]
type = "slack"
url = "${RECEIVER_URL}/chat"
"""
)


def chat(world: World) -> list[str]:
    bodies = [one.body.decode() for one in world.receiver.posted if one.path.endswith("/chat")]
    return [json.loads(body)["text"] for body in bodies]


def test_more_than_ten_messages_in_five_minutes_become_a_digest(
    world: World, helpdesk: str
) -> None:
    world.start(policy=SLACK)
    tickets = [world.decided(helpdesk) for _ in range(14)]
    for key in tickets:
        world.pass_time(key, HALF)
    drain(world.parts)
    assert len(chat(world)) == 10
    assert len(world.alerts("oncall")) == 14  # a webhook is never gathered
    wait = world.due(Kind.DIGEST, "chat")
    assert wait
    assert 25 < wait <= 30

    hurry(world.parts, Kind.DIGEST)

    assert len(chat(world)) == 11
    assert "4 tickets" in world.receiver.posted[-1].body.decode()
    sent = [line for key in tickets for line in world.record(key, "sent") if "chat" in line]
    assert len(sent) == 14
    assert len([line for line in sent if "in a digest of 4" in line]) == 4
    hurry(world.parts)
    assert len(chat(world)) == 11


def test_what_was_answered_meanwhile_is_not_in_the_digest(world: World, helpdesk: str) -> None:
    world.start(policy=SLACK + "\n[digest]\nmost = 1\n")
    tickets = [world.decided(helpdesk) for _ in range(4)]
    for key in tickets:
        world.pass_time(key, HALF)
    drain(world.parts)
    world.reply(tickets[-1])
    world.touch(tickets[-1])
    drain(world.parts)
    hurry(world.parts, Kind.DIGEST)

    assert "2 tickets" in world.receiver.posted[-1].body.decode()


def test_a_step_may_ask_for_a_digest(world: World, helpdesk: str) -> None:
    policy = (
        SLACK
        + """
[[steps]]
at = "0%"
severities = ["P4"]
notify = ["chat"]
digest = true
"""
    )
    world.start(policy=policy)
    for _ in range(2):
        world.decided(helpdesk, QUESTION)
    assert chat(world) == []
    assert (world.due(Kind.DIGEST, "chat") or 0) > 14 * 60
    hurry(world.parts, Kind.DIGEST)
    assert len(chat(world)) == 1


def hours_that_are_over() -> str:
    """Open for an hour that begins in two hours, in UTC, every day."""
    opens = (int(time.time()) // 3600 + 2) % 24
    closes = "24:00" if opens == 23 else f"{opens + 1:02}:00"
    return f"""
[hours.later]
time_zone = "UTC"
weekdays = ["{opens:02}:00-{closes}"]
saturday = ["{opens:02}:00-{closes}"]
sunday = ["{opens:02}:00-{closes}"]
"""


CLOSED = POLICY.replace('notify = ["team"]', 'notify = ["day"]') + hours_that_are_over()


def test_outside_its_hours_the_alternate_is_told(world: World, helpdesk: str) -> None:
    day = '[channels.day]\ntype = "webhook"\nurl = "${RECEIVER_URL}/day"\nhours = "later"\n'
    world.start(policy=CLOSED + day + 'otherwise = "oncall"\n')
    key = world.decided(helpdesk, QUESTION)
    world.pass_time(key, 40 * 60 + 1)
    drain(world.parts)

    assert world.alerts("/day") == []
    (alert,) = world.alerts("oncall")
    assert alert["instead_of"] == "day"
    assert any("outside its hours, oncall is told" in line for line in world.record(key, "said"))


def test_without_an_alternate_it_waits_for_the_opening(world: World, helpdesk: str) -> None:
    day = '[channels.day]\ntype = "webhook"\nurl = "${RECEIVER_URL}/day"\nhours = "later"\n'
    world.start(policy=CLOSED + day)
    key = world.decided(helpdesk, QUESTION)
    world.pass_time(key, 40 * 60 + 1)
    drain(world.parts)

    assert world.alerts("/day") == []
    (member,) = [one for one in world.redis.zrange("mh:due", 0, -1) if one.startswith("send:")]
    assert 3_500 < (world.due(Kind.SEND, member.removeprefix("send:")) or 0) < 7_300


def test_a_p1_is_told_at_any_hour(world: World, helpdesk: str) -> None:
    day = '[channels.day]\ntype = "webhook"\nurl = "${RECEIVER_URL}/day"\nhours = "later"\n'
    world.start(policy=CLOSED + day)
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    assert [alert["step"] for alert in world.alerts("/day")] == ["25%"]


def test_a_digest_keeps_to_the_hours_of_its_channel(world: World, helpdesk: str) -> None:
    step = '\n[[steps]]\nat = "0%"\nseverities = ["P4"]\nnotify = ["chat"]\ndigest = true\n'
    world.start(policy=SLACK + step)
    tickets = [world.decided(helpdesk, QUESTION) for _ in range(2)]
    world.start(policy=SLACK.rstrip() + '\nhours = "later"\n' + step + hours_that_are_over())

    hurry(world.parts, Kind.DIGEST)

    assert chat(world) == []
    waiting = [one for one in world.redis.zrange("mh:due", 0, -1) if one.startswith("send:")]
    assert len(waiting) == len(tickets)
    assert 3_500 < (world.due(Kind.SEND, waiting[0].removeprefix("send:")) or 0) < 7_300


FALLING = (
    POLICY.replace('notify = ["team"]', 'notify = ["dead"]', 1)
    + """
[channels.dead]
type = "webhook"
url = "${DEAD_URL}/dead"
otherwise = "team"
"""
)


def test_a_dead_channel_is_passed_over_at_once(world: World, helpdesk: str) -> None:
    world.start(policy=FALLING, DEAD_URL=world.url)  # the sandbox knows no such address
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)

    (alert,) = world.alerts("team")
    assert (alert["step"], alert["instead_of"]) == ("25%", "dead")
    assert any(line.startswith("failed: 25%: channel dead") for line in world.record(key))


def test_a_channel_that_keeps_failing_is_passed_over_within_a_minute(
    world: World, helpdesk: str
) -> None:
    world.start(policy=FALLING, DEAD_URL="http://127.0.0.1:9")
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    assert world.alerts("team") == []
    (member,) = [one for one in world.redis.zrange("mh:due", 0, -1) if one.startswith("send:")]
    alert_id = member.removeprefix("send:")
    alert, _ = world.parts.records.alert(alert_id)
    assert alert
    assert alert.made_at
    older = alert.model_copy(update={"made_at": alert.made_at.replace(year=2020)})
    world.redis.hset(f"mh:alert:{alert_id}", "alert", older.model_dump_json())

    hurry(world.parts, Kind.SEND)

    assert [one["instead_of"] for one in world.alerts("team")] == ["dead"]
