"""triage: one decision, one timer, one write; however often it runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jobs.world import OUTAGE, QUESTION, World, a_job, drain, hurry, run, severities

from worker.events import Comment, Event, EventKind
from worker.store import keys
from worker.store.due import Accepted
from worker.store.keys import Kind


def test_a_new_ticket_is_decided_timed_and_written_in_one_update(
    world: World, helpdesk: str
) -> None:
    key = world.arrive(helpdesk)

    drain(world.parts)

    ticket, state = world.ticket(key), world.state(key)
    assert severities(ticket) == ("P1", "urgent")
    created = datetime.fromisoformat(ticket["created_at"]).replace(microsecond=0)
    assert ticket["deadline"] == f"{created + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    assert ticket["state"] == "on_track"
    assert "sla_p1" in ticket["tags"]
    assert len(world.notes(key)) == 1
    assert len(world.updates(key)) == 1
    assert state.timer
    assert state.timer.deadline == created + timedelta(minutes=10)
    assert 140 < (world.due(Kind.STEP, key) or 0) <= 150


def test_a_job_that_runs_again_writes_nothing_more(world: World, helpdesk: str) -> None:
    key = world.arrive(helpdesk)
    (claim,), _ = world.parts.due.claim()
    run(claim)
    run(claim)

    assert len(world.updates(key)) == 1
    assert len(world.notes(key)) == 1


def test_a_worker_that_dies_before_its_commit_leaves_the_event_to_the_next(
    world: World, helpdesk: str
) -> None:
    key = world.arrive(helpdesk)
    (dead,), _ = world.parts.due.claim()
    world.redis.zadd(keys.CLAIMED, {str(dead.member): 1})  # its claim has run out

    (alive,) = drain(world.parts)
    run(dead)  # it was only slow

    assert alive.token != dead.token
    assert len(world.updates(key)) == 1
    assert len(world.record(key, "received")) == 1


def test_a_worker_that_dies_after_its_commit_leaves_the_write_to_the_next(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise SystemExit("killed")

    key = world.arrive(helpdesk)
    (claim,), _ = world.parts.due.claim()
    with monkeypatch.context() as patch:
        patch.setattr("worker.jobs.triage.write_now", killed)
        with pytest.raises(SystemExit):
            run(claim)
    assert world.updates(key) == []
    for member in world.redis.zrange(keys.CLAIMED, 0, -1):
        world.redis.zadd(keys.CLAIMED, {member: 1})

    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.updates(key)) == 1
    assert len(world.notes(key)) == 1


def test_two_events_at_once_make_one_write(world: World, helpdesk: str) -> None:
    key = world.create(helpdesk, QUESTION)
    world.reply(key, "Now everything is down, nobody can log in, no workaround", by="requester")
    assert world.deliver(key) == [Accepted.NEW, Accepted.NEW]

    drain(world.parts)

    assert len(world.updates(key)) == 1
    assert world.parts.records.inbox(key) == []


def test_a_requester_who_writes_again_may_raise_the_severity(world: World) -> None:
    key = world.decided("zendesk", QUESTION)
    assert severities(world.ticket(key)) == ("P4", "low")

    world.reply(key, OUTAGE, by="requester")
    world.deliver(key)
    drain(world.parts)
    assert severities(world.ticket(key)) == ("P1", "urgent")
    world.reply(key, "Thanks, never mind, only a question.", by="requester")
    world.deliver(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.state(key).timer.deadline == world.state(key).ticket.created_at + timedelta(
        minutes=10
    )


def test_our_own_echo_changes_nothing(world: World, helpdesk: str) -> None:
    key = world.arrive(helpdesk)
    drain(world.parts)
    before = world.state(key)

    world.deliver(key)
    world.touch(key)
    drain(world.parts)

    assert world.state(key).decision == before.decision
    assert world.record(key, "person") == []
    assert len(world.updates(key)) == 1


def test_the_timer_is_armed_even_when_the_write_fails(world: World, helpdesk: str) -> None:
    world.fault("503", helpdesk, method="PUT")
    key = world.arrive(helpdesk)

    drain(world.parts)

    assert world.updates(key) == []
    assert world.state(key).running
    assert 140 < (world.due(Kind.STEP, key) or 0) <= 150


def test_a_requesters_second_message_does_not_stop_the_timer(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)

    world.reply(key, "Hello? Anybody there?", by="requester")
    world.deliver(key)
    drain(world.parts)

    assert world.state(key).running


def test_a_private_note_by_an_agent_does_not_stop_the_timer(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)

    world.reply(key, "I wonder.", public=False)
    world.deliver(key)
    drain(world.parts)

    assert world.state(key).running


def test_a_public_reply_by_an_agent_stops_the_timer(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)

    world.reply(key)
    world.deliver(key)
    drain(world.parts)

    assert not world.state(key).running
    assert world.due(Kind.STEP, key) is None
    assert len(world.updates(key)) == 1  # `met` goes in a batch
    assert 0 < (world.due(Kind.MET, world.account(helpdesk)) or 0) <= 60


def test_a_ticket_that_was_answered_before_we_heard_of_it_needs_no_timer(
    world: World, helpdesk: str
) -> None:
    key = world.create(helpdesk)
    world.reply(key)
    world.deliver(key)

    drain(world.parts)

    assert not world.state(key).running
    assert world.due(Kind.STEP, key) is None


def test_a_merged_ticket_raises_its_target(world: World) -> None:
    target = world.decided("zendesk", QUESTION)
    source = world.decided("zendesk", OUTAGE)

    world.control(
        "post", f"/tickets/zendesk/{source.id}/merge", {"into": target.id, "webhook": "lost"}
    )
    world.deliver(source)
    world.deliver(target)
    drain(world.parts)

    assert severities(world.ticket(target)) == ("P1", "urgent")
    state = world.state(target)
    assert state.timer
    assert state.timer.deadline == state.ticket.created_at + timedelta(minutes=10)
    assert not world.state(source).running


def test_a_merged_ticket_never_lowers_its_target(world: World) -> None:
    target = world.decided("zendesk", OUTAGE)
    source = world.decided("zendesk", QUESTION)

    world.control(
        "post", f"/tickets/zendesk/{source.id}/merge", {"into": target.id, "webhook": "lost"}
    )
    world.deliver(source)
    world.deliver(target)
    drain(world.parts)

    assert severities(world.ticket(target)) == ("P1", "urgent")


def test_a_merged_ticket_raises_a_target_that_we_do_not_know(world: World) -> None:
    target = world.create("zendesk", QUESTION)
    source = world.decided("zendesk", OUTAGE)

    world.control(
        "post", f"/tickets/zendesk/{source.id}/merge", {"into": target.id, "webhook": "lost"}
    )
    world.deliver(source)
    drain(world.parts)

    assert severities(world.ticket(target)) == ("P1", "urgent")


def test_a_target_whose_severity_a_person_set_is_not_raised_by_a_merge(world: World) -> None:
    target = world.decided("zendesk", QUESTION)
    world.change(target, severity="P3")
    world.deliver(target)
    drain(world.parts)
    source = world.decided("zendesk", OUTAGE)

    world.control(
        "post", f"/tickets/zendesk/{source.id}/merge", {"into": target.id, "webhook": "lost"}
    )
    world.deliver(source)
    world.deliver(target)
    drain(world.parts)

    assert world.ticket(target)["severity"] == "P3"


def test_a_merged_ticket_is_recorded_as_merged(world: World) -> None:
    target = world.decided("zendesk", QUESTION)
    source = world.decided("zendesk", OUTAGE)

    world.control(
        "post", f"/tickets/zendesk/{source.id}/merge", {"into": target.id, "webhook": "lost"}
    )
    world.deliver(source)
    drain(world.parts)
    hurry(world.parts, Kind.MET)

    settled = world.state(source).settled
    assert settled
    assert settled.why == "merged"


def test_every_kind_of_member_has_its_job() -> None:
    assert [a_job(kind).__name__ for kind in Kind]


def test_more_events_than_one_job_takes_are_all_taken_in(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    for number in range(150):
        world.parts.due.accept_own(
            Event(
                id=f"note-{number}",
                kind=EventKind.COMMENT,
                key=key,
                received_at=datetime.now(UTC),
                comment=Comment(public=False, by_agent=True),
            )
        )

    hurry(world.parts)
    hurry(world.parts)
    drain(world.parts)

    assert world.parts.records.inbox(key) == []
