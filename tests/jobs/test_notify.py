"""notify: one alert, one channel, until it arrives or never can."""

from __future__ import annotations

import time

import pytest
from channels.receiver import HOSTILE
from jobs.world import HALF, OUTAGE, POLICY, World, drain, hurry, run

from worker.jobs import escalate
from worker.store import keys
from worker.store.due import Claim
from worker.store.keys import Kind
from worker.tickets import TicketKey

ONE = POLICY.replace('notify = ["team"]', "notify = []", 1)


def a_due_alert(world: World, helpdesk: str, text: str = OUTAGE) -> TicketKey:
    world.start(policy=ONE)
    key = world.decided(helpdesk, text)
    world.pass_time(key, HALF)
    return key


def committed(world: World, monkeypatch: pytest.MonkeyPatch) -> Claim:
    """The step has been committed; its worker died before it could send the alert.

    Its claim has run out, and the alert is claimed again and not yet sent.
    """
    (step,), _ = world.parts.due.claim()
    with monkeypatch.context() as dead:
        dead.setattr(escalate, "under", lambda *_: None)
        run(step)
    for member in world.redis.zrange(keys.CLAIMED, 0, -1):
        world.redis.zadd(keys.CLAIMED, {member: time.time() - 1})
    claims, _ = world.parts.due.claim()
    (send,) = [claim for claim in claims if claim.member.kind is Kind.SEND]
    return send


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_receiver_that_is_away_gets_the_alert_later_and_once(
    world: World, helpdesk: str, status: int
) -> None:
    key = a_due_alert(world, helpdesk)
    world.receiver.status = status
    drain(world.parts)
    assert world.record(key, "sent") == []

    world.receiver.status = 200
    hurry(world.parts)
    hurry(world.parts)

    assert world.record(key, "sent") == ["sent: 50%: oncall"]
    first, second = world.receiver.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert world.parts.journal.counters()["alert_sent"] == 1


def test_a_receiver_may_say_when_to_come_again(world: World, helpdesk: str) -> None:
    a_due_alert(world, helpdesk)
    world.receiver.status, world.receiver.headers = 429, {"Retry-After": "33"}

    drain(world.parts)

    (member,) = [m for m in world.redis.zrange("mh:due", 0, -1) if m.startswith("send:")]
    assert 32 < (world.due(Kind.SEND, member.removeprefix("send:")) or 0) <= 37


@pytest.mark.parametrize("status", [404, 410, 401, 302])
def test_a_receiver_that_refuses_is_said_and_not_asked_again(
    world: World, helpdesk: str, status: int
) -> None:
    key = a_due_alert(world, helpdesk)
    world.receiver.status = status

    drain(world.parts)
    hurry(world.parts)

    (failed,) = world.record(key, "failed")
    assert str(status) in failed
    assert "oncall" in failed
    (said,) = world.parts.journal.said()
    assert "oncall" in said
    assert world.receiver.url not in f"{failed} {said}"
    assert len(world.receiver.posted) == 1
    assert world.parts.due.failures() == []


def test_an_answer_between_commit_and_send_stops_the_alert(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = a_due_alert(world, helpdesk)
    send = committed(world, monkeypatch)
    world.reply(key)
    world.touch(key)
    (event,), _ = world.parts.due.claim()
    run(event)

    run(send)
    drain(world.parts)

    assert world.alerts() == []
    assert "skipped: 50%: oncall: answered meanwhile" in world.record(key)
    assert world.due(Kind.SEND, send.member.subject) is None


def test_an_alert_that_was_sent_is_not_sent_again(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_due_alert(world, helpdesk)
    send = committed(world, monkeypatch)
    run(send)
    world.parts.due.arm(send.member, 1.0)

    drain(world.parts)

    assert len(world.alerts()) == 1


def test_a_channel_that_left_the_policy_is_said(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = a_due_alert(world, helpdesk)
    send = committed(world, monkeypatch)
    world.start(policy=ONE.replace("[channels.oncall]", "[channels.triage]"))

    run(send)

    assert [line for line in world.record(key, "failed") if "oncall is gone" in line]
    assert world.alerts() == []


def test_hostile_text_arrives_inert(world: World, helpdesk: str) -> None:
    a_due_alert(world, helpdesk, f"{OUTAGE}\n{HOSTILE[:300]}")
    key_text = HOSTILE[:20]

    drain(world.parts)

    (alert,) = world.alerts()  # it is JSON
    assert key_text in alert["ticket"]["subject"]
    assert set(alert) >= {
        "type",
        "ticket",
        "severity",
        "target",
        "step",
        "created_at",
        "deadline",
        "sent_at",
        "reasons",
        "acknowledge_url",
    }
    assert set(alert["ticket"]) == {"helpdesk", "account", "id", "subject", "url"}
    (posted,) = world.receiver.posted
    assert posted.headers["Content-Type"] == "application/json"
    assert not [value for value in posted.headers.values() if "evil" in value]


def test_an_alert_about_a_severity_that_no_longer_holds_is_not_sent(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = a_due_alert(world, helpdesk)
    send = committed(world, monkeypatch)
    world.change(key, severity="P4")
    world.touch(key)
    (event,), _ = world.parts.due.claim()
    run(event)

    run(send)

    assert world.alerts() == []


def test_after_an_outage_of_the_channel_only_the_furthest_step_arrives(
    world: World, helpdesk: str
) -> None:
    key = a_due_alert(world, helpdesk)
    world.receiver.status = 503
    drain(world.parts)
    world.pass_time(key, HALF)
    drain(world.parts)

    world.receiver.status = 200
    tried = len(world.receiver.posted)
    hurry(world.parts)
    hurry(world.parts)

    arrived = world.receiver.posted[tried:]
    assert len(arrived) == 1
    assert world.record(key, "sent") == ["sent: 100%: oncall"]
    assert "skipped: 50%: oncall: later step sent" in world.record(key, "skipped")


def test_an_alert_links_to_the_ticket_however_we_learnt_of_it(world: World, helpdesk: str) -> None:
    key = a_due_alert(world, helpdesk)

    drain(world.parts)

    (alert,) = world.alerts()
    assert str(alert["ticket"]["url"]).startswith("http")
    assert alert["ticket"]["url"].endswith(key.id)
