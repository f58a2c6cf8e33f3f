"""escalate: at the moment of a step, the truth first, then one message to each channel."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jobs.world import HALF, POLICY, QUESTION, World, drain, hurry, run

from worker.channels.base import Alert
from worker.jobs import escalate as job
from worker.store.effects import Effects
from worker.store.keys import Kind, Member

ONE = POLICY.replace('notify = ["team"]', "notify = []", 1)
"""Without the step at 25 %: one step is due at half time, and it names one channel."""
LATE = 10 * 60 + 1
"""Seconds after which the 25 %, the 50 % and the 100 % step of a P1 are past."""


def test_a_step_tells_its_channel_after_asking_the_helpdesk(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    asked = len(world.asked(helpdesk, "GET", f"/tickets/{key.id}"))

    drain(world.parts)

    (alert,) = world.alerts()
    assert (alert["step"], alert["severity"], alert["type"]) == ("50%", "P1", "escalation")
    assert alert["confirmed"] is True
    assert alert["ticket"]["id"] == key.id
    assert len(world.asked(helpdesk, "GET", f"/tickets/{key.id}")) == asked + 1
    assert "sent: 50%: oncall" in world.record(key)
    assert world.ticket(key)["state"] == "near"
    assert 285 < (world.due(Kind.STEP, key) or 0) <= 300  # a busy machine is slow, never early


def test_the_ticket_shows_a_breach_after_its_deadline(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, LATE)

    drain(world.parts)

    assert world.ticket(key)["state"] == "breached"
    assert len(world.notes(key)) == 1


def test_a_reply_that_the_confirming_read_finds_settles_without_an_alert(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.reply(key)
    world.pass_time(key, HALF)

    drain(world.parts)
    hurry(world.parts, Kind.MET)

    assert world.alerts() == []
    assert world.state(key).settled.why == "answered"
    assert world.due(Kind.STEP, key) is None
    assert world.ticket(key)["state"] == "met"


def test_a_ticket_that_the_confirming_read_finds_solved_gets_no_alert(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, status="solved")
    world.pass_time(key, HALF)

    drain(world.parts)

    assert world.alerts() == []
    assert world.state(key).settled.why == "closed without reply"


@pytest.mark.parametrize("kind", ["soft", "permanent", "spam"])
def test_a_ticket_that_the_confirming_read_finds_gone_gets_no_alert(
    world: World, helpdesk: str, kind: str
) -> None:
    key = world.decided(helpdesk)
    world.delete(key, kind)
    world.pass_time(key, HALF)

    drain(world.parts)
    hurry(world.parts)

    assert world.alerts() == []
    assert len(world.record(key, "settled")) == 1
    assert world.due(Kind.STEP, key) is None
    assert len(world.updates(key)) == 1


def test_a_person_who_lowered_the_severity_gets_no_alert(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.change(key, severity="P3")
    world.pass_time(key, HALF)

    drain(world.parts)

    assert world.alerts() == []
    assert world.ticket(key)["severity"] == "P3"
    assert world.state(key).decision.severity == "P3"
    assert world.state(key).running


def test_what_the_confirming_read_finds_a_person_to_have_set_is_written(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, severity="P3")
    world.pass_time(key, HALF)

    drain(world.parts)

    ticket = world.ticket(key)
    created = datetime.fromisoformat(ticket["created_at"]).replace(microsecond=0)
    assert ticket["priority"] == "normal"
    assert ticket["deadline"] == f"{created + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("kind", ["503", "429", "500"])
def test_an_alert_says_when_nobody_could_be_asked(world: World, helpdesk: str, kind: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.fault(kind, helpdesk)

    drain(world.parts)

    (alert,) = world.alerts()
    assert alert["confirmed"] is False
    assert world.parts.journal.counters()["step_not_confirmed"] == 1


def test_an_alert_says_when_the_key_is_refused(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.start(policy=ONE, ZENDESK_CLIENT_SECRET="wrong", FRESHDESK_API_KEY="wrong")

    drain(world.parts)

    assert [alert["confirmed"] for alert in world.alerts()] == [False]


def test_a_poll_of_the_last_two_minutes_confirms_when_the_helpdesk_is_away(
    world: World, helpdesk: str
) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.parts.journal.polled(world.account(helpdesk), datetime.now(UTC) - timedelta(seconds=110))
    world.fault("503", helpdesk)

    drain(world.parts)

    assert [alert["confirmed"] for alert in world.alerts()] == [True]


def test_an_older_poll_confirms_nothing(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.parts.journal.polled(world.account(helpdesk), datetime.now(UTC) - timedelta(seconds=130))
    world.fault("503", helpdesk)

    drain(world.parts)

    assert [alert["confirmed"] for alert in world.alerts()] == [False]


def test_a_helpdesk_that_is_away_does_not_stop_the_next_step(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.fault("503", helpdesk)
    for _ in range(2):
        world.pass_time(key, HALF)
        drain(world.parts)

    assert [alert["step"] for alert in world.alerts()] == ["50%", "100%"]


def test_a_helpdesk_that_is_slow_delays_an_alert_by_the_limit_only(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.confirming.CONFIRM_SECONDS", 0.2)
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    world.fault("slow", helpdesk, path="/tickets/", seconds=0.8)

    began = time.monotonic()
    drain(world.parts)

    assert [alert["confirmed"] for alert in world.alerts()] == [False]
    assert time.monotonic() - began < 2  # the write of the SLA state waits for its own answer


def test_a_sign_in_that_is_slow_delays_an_alert_by_the_limit_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.jobs.confirming.CONFIRM_SECONDS", 0.2)
    world.start(policy=ONE)
    key = world.decided("zendesk")
    world.pass_time(key, HALF)
    world.start(policy=ONE)
    world.fault("slow", "zendesk", path="/oauth/", seconds=1.0)
    (claim,), _ = world.parts.due.claim()

    began = time.monotonic()
    run(claim)

    assert time.monotonic() - began < 0.9


def test_after_a_night_each_channel_gets_one_message_that_states_the_furthest(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, LATE)

    drain(world.parts)

    told = {posted.path.rpartition("/")[2] for posted in world.receiver.posted}
    assert told == {"team", "oncall"}
    assert [alert["step"] for alert in world.alerts()] == ["100%", "100%"]
    assert world.record(key, "skipped") == [
        "skipped: 100%: no notification channel lead is configured",
        "skipped: 25%: later step sent",
        "skipped: 50%: later step sent",
    ]
    assert world.due(Kind.STEP, key) is None


def test_a_ticket_found_late_sends_one_message_to_each_channel(world: World, helpdesk: str) -> None:
    created = datetime.now(UTC) - timedelta(seconds=LATE + 30)
    world.arrive(helpdesk, created_at=created.isoformat())

    drain(world.parts)

    assert [alert["step"] for alert in world.alerts()] == ["100%", "100%"]


def test_a_raised_severity_sends_one_message_for_the_steps_it_has_missed(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk, QUESTION)
    world.pass_time(key, LATE)
    world.change(key, severity="P1")
    world.touch(key)

    drain(world.parts)

    assert [alert["step"] for alert in world.alerts()] == ["100%", "100%"]
    assert world.ticket(key)["state"] == "breached"


def test_a_repeated_step_comes_again_and_again(world: World, helpdesk: str) -> None:
    repeated = ONE.replace('notify = ["oncall", "lead"]', 'notify = ["oncall"]\nrepeat = "1m"')
    world.start(policy=repeated)
    key = world.decided(helpdesk)
    world.pass_time(key, LATE)
    drain(world.parts)
    steps = [alert["step"] for alert in world.alerts()]
    for _ in range(2):
        world.pass_time(key, 60)
        drain(world.parts)

    assert steps == ["100%"]
    assert [alert["step"] for alert in world.alerts()] == ["100%", "100% +1m", "100% +2m"]
    assert 0 < (world.due(Kind.STEP, key) or 0) <= 60


def test_the_same_step_twice_makes_one_alert(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    before = world.state(key)
    drain(world.parts)

    world.parts.records.change(key, lambda _: (before, Effects()), now=datetime.now(UTC))
    drain(world.parts)

    assert len(world.alerts()) == 1


def test_a_job_that_runs_again_makes_no_second_alert(world: World, helpdesk: str) -> None:
    world.start(policy=ONE)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    (claim,), _ = world.parts.due.claim()
    run(claim)
    run(claim)

    drain(world.parts)

    assert len(world.alerts()) == 1


def test_an_answer_that_comes_while_a_step_is_worked_out_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start(policy=ONE)
    key = world.decided("zendesk")
    world.pass_time(key, HALF)
    told = job.tell
    tries: list[Alert] = []

    def tell(*words: Any, **named: Any) -> Any:
        if not tries:
            world.reply(key)
            world.deliver(key)
            (event,), _ = world.parts.due.claim()
            run(event)
        found = told(*words, **named)
        tries.extend(found.alerts)
        return found

    monkeypatch.setattr(job, "tell", tell)
    drain(world.parts)

    assert len(tries) == 1  # worked out once on the old state, and thrown away
    assert world.alerts() == []
    assert world.state(key).settled.why == "answered"


def test_another_change_while_a_step_is_worked_out_loses_neither(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start(policy=ONE)
    key = world.decided("zendesk")
    world.pass_time(key, HALF)
    told, tries = job.tell, []

    def tell(*words: Any, **named: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            world.parts.records.change(
                key,
                lambda held: (held.model_copy(update={"could_not_write": "x"}), Effects()),
                now=datetime.now(UTC),
            )
        return told(*words, **named)

    monkeypatch.setattr(job, "tell", tell)
    (claim,), _ = world.parts.due.claim()
    run(claim)

    assert len(tries) == 2
    assert world.state(key).could_not_write == "x"
    drain(world.parts)
    assert len(world.alerts()) == 1


def test_a_step_of_a_settled_ticket_is_not_due_any_more(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    (claim,), _ = world.parts.due.claim()
    world.reply(key)
    world.touch(key)
    world.parts.due.finish(claim)
    world.parts.due.arm(claim.member, time.time())
    drain(world.parts)

    assert world.alerts() == []
    assert world.due(Kind.STEP, key) is None


def test_a_step_right_after_an_event_that_has_waited_asks_first(world: World) -> None:
    """We were down for minutes; meanwhile somebody has answered, and that webhook was lost."""
    created = datetime.now(UTC) - timedelta(seconds=LATE)
    key = world.create("zendesk", created_at=created.isoformat())
    world.deliver(key, signed_at=datetime.now(UTC) - timedelta(minutes=4))
    world.reply(key)

    drain(world.parts)

    assert world.alerts() == []
    assert world.state(key).settled.why == "answered"


def test_a_step_right_after_a_polled_reading_that_has_waited_asks_first(
    world: World, helpdesk: str
) -> None:
    key = world.create(helpdesk)
    world.pass_time_there(key, LATE)
    world.parts.due.arm(Member(Kind.POLL, world.account(helpdesk)), 1.0)
    (poll,), _ = world.parts.due.claim()
    run(poll)
    world.reply(key)

    drain(world.parts)

    assert world.alerts() == []
    assert world.state(key).settled.why == "answered"


def test_an_answer_that_a_step_finds_is_counted_as_any_other(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.reply(key)
    world.pass_time(key, HALF)

    drain(world.parts)

    assert world.parts.journal.counters()["ticket_settled_answered"] == 1
