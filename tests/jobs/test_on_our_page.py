"""What people say on a ticket's page has the effects that it promises, at the helpdesk as well."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from jobs.test_targets import REVIEW, VAGUE
from jobs.world import HALF, World, drain, hurry

from worker.events import Event, EventKind
from worker.store import keys
from worker.tickets import SlaState, TicketKey

numbers = itertools.count()


def say(world: World, key: TicketKey, kind: EventKind, **facts: str) -> None:
    now = datetime.now(UTC)
    event = Event(
        id=f"page-{next(numbers)}",
        kind=kind,
        key=key,
        received_at=now,
        happened_at=now,
        actor="Ann Lee",
        **facts,  # type: ignore[arg-type]
    )
    world.parts.due.accept_own(event)
    drain(world.parts)
    hurry(world.parts)


def test_a_confirmed_severity_stays_and_the_review_is_cleared_there_too(
    world: World, helpdesk: str
) -> None:
    world.start(policy=REVIEW)
    key = world.decided(helpdesk, VAGUE)
    before = world.state(key).decision
    assert before
    assert before.needs_review
    assert world.ticket(key)["review"] is True

    say(world, key, EventKind.CONFIRMED)

    after = world.state(key)
    assert after.decision
    assert (after.decision.severity, after.decision.needs_review) == (before.severity, False)
    assert "review" not in {timer.target for timer in after.timers()}
    assert world.ticket(key)["review"] is False
    assert "person: Ann Lee confirmed the severity, in Minutehand" in world.record(key)


def test_a_stopped_timer_alerts_nobody_and_counts_neither_as_met_nor_breached(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    there = world.ticket(key)["state"]

    say(world, key, EventKind.STOPPED)
    world.pass_time(key, 4 * HALF)
    drain(world.parts)

    state = world.state(key)
    assert state.settled
    assert (state.settled.why, state.settled.by) == ("stopped by a person", "Ann Lee")
    assert state.next_moment() is None
    assert [a["type"] for a in world.alerts() if a["type"] == "escalation"] == []
    assert world.ticket(key)["state"] == there == SlaState.ON_TRACK
    assert "settled: stopped by a person: Ann Lee" in world.record(key)


def test_an_answer_after_the_stop_changes_nothing(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    say(world, key, EventKind.STOPPED)
    world.reply(key)
    world.touch(key)
    drain(world.parts)

    settled = world.state(key).settled
    assert settled
    assert settled.why == "stopped by a person"


def test_what_the_rubric_said_is_kept_when_a_person_decides(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    say(world, key, EventKind.SEVERITY_CHOSEN, now="P3")
    say(world, key, EventKind.SEVERITY_CHOSEN, now="P2")

    decision = world.state(key).decision
    assert decision
    assert (decision.severity, decision.rubric) == ("P2", "P1")


def test_agents_who_comment_are_known_by_name(world: World) -> None:
    key = world.decided("zendesk")
    agent = world.sandbox.desks["zendesk"].agents[0]
    world.reply(key, name=agent.name)
    world.deliver(key)
    drain(world.parts)

    names = world.redis.hgetall(keys.names(world.account("zendesk")))
    assert names == {str(agent.id): agent.name}
