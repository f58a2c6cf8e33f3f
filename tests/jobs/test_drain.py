"""Writes that pile up go in batches, the most severe first, each ticket's outcome its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from jobs.world import OUTAGE, QUESTION, World, drain, hurry, run, severities

from worker.store.keys import Kind, Member
from worker.tickets import TicketKey

LIMIT = 3
HARD = "Some of our users cannot export their reports, there is a workaround"


@pytest.fixture
def storm(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """From the fourth write in a minute on they go together."""
    monkeypatch.setattr("worker.store.backlog.STORM", LIMIT)
    monkeypatch.setattr("worker.helpdesks.zendesk.batch.PAUSE", 0.02)
    for _ in range(LIMIT):
        world.decided("zendesk", QUESTION)
    return world


def batches(world: World) -> list[list[str]]:
    """Ids of each batch that the helpdesk took."""
    asked = world.asked("zendesk", "PUT", "/tickets/update_many")
    return [[str(one["id"]) for one in found["body"]["tickets"]] for found in asked]


def singles(world: World, key: TicketKey) -> int:
    return len(world.updates(key))


def test_a_storms_writes_go_in_one_batch_the_most_severe_first(storm: World) -> None:
    questions = [storm.arrive("zendesk", QUESTION) for _ in range(3)]
    outage = storm.arrive("zendesk", OUTAGE)
    drain(storm.parts)
    assert batches(storm) == []
    assert storm.parts.backlog.size(storm.account("zendesk")) == 4
    assert all(storm.due(Kind.STEP, key) is not None for key in (*questions, outage))

    hurry(storm.parts, Kind.DRAIN)

    assert batches(storm) == [[outage.id, *(key.id for key in questions)]]
    assert severities(storm.ticket(outage)) == ("P1", "urgent")
    assert len(storm.notes(outage)) == 1
    for key in (*questions, outage):
        assert len(storm.ticket(key)["writes"]) == 1
        assert storm.record(key, "written") != []
        assert singles(storm, key) == 0
    assert storm.parts.backlog.size(storm.account("zendesk")) == 0
    assert storm.parts.due.failures() == []


def test_nothing_is_written_again_after_a_batch(storm: World) -> None:
    keys = [storm.arrive("zendesk", QUESTION) for _ in range(4)]
    drain(storm.parts)
    hurry(storm.parts)
    for key in keys:
        storm.deliver(key)
        storm.touch(key)

    hurry(storm.parts)
    hurry(storm.parts)

    assert [len(storm.ticket(key)["writes"]) for key in keys] == [1] * 4
    assert all(storm.state(key).decision.by == "rubric" for key in keys)


def test_a_ticket_that_a_batch_does_not_get_through_says_why_and_stops_no_other(
    storm: World,
) -> None:
    closed, other = storm.arrive("zendesk", QUESTION), storm.arrive("zendesk", QUESTION)
    drain(storm.parts)
    storm.change(closed, status="closed")

    hurry(storm.parts, Kind.DRAIN, Kind.WRITE)

    assert storm.ticket(other)["severity"] == "P4"
    assert storm.state(closed).settled.why in {"gone", "closed without reply"}
    assert storm.parts.backlog.size(storm.account("zendesk")) == 0
    assert storm.parts.due.failures() == []


def test_what_a_person_set_while_a_ticket_waited_is_not_overwritten(storm: World) -> None:
    key, other = storm.arrive("zendesk", QUESTION), storm.arrive("zendesk", QUESTION)
    drain(storm.parts)
    storm.pass_time(key, 90)  # the reading is old by now
    storm.change(key, priority="high")

    hurry(storm.parts, Kind.DRAIN)

    assert severities(storm.ticket(key)) == ("P2", "high")
    assert storm.ticket(other)["severity"] == "P4"
    (read,) = storm.asked("zendesk", "GET", "/tickets/show_many")
    assert key.id in read["query"]


@pytest.mark.parametrize("kind", ["503", "lost_answer", "429"])
def test_a_batch_that_fails_in_passing_is_tried_again_and_nothing_written_twice(
    storm: World, kind: str
) -> None:
    keys = [storm.arrive("zendesk", OUTAGE) for _ in range(3)]
    drain(storm.parts)
    fault: dict[str, Any] = {"method": "PUT", "times": 1, "path": "update_many", "seconds": 0.01}
    storm.fault(kind, "zendesk", **fault)
    hurry(storm.parts, Kind.DRAIN)
    assert storm.parts.backlog.size(storm.account("zendesk")) == 3

    hurry(storm.parts, Kind.DRAIN)

    for key in keys:
        assert severities(storm.ticket(key)) == ("P1", "urgent")
        assert len(storm.notes(key)) == 1, "a note is written once, whoever lost an answer"
    assert storm.parts.backlog.size(storm.account("zendesk")) == 0


def test_what_comes_up_while_a_batch_is_under_way_is_written_after_it(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = storm.arrive("zendesk", QUESTION), storm.arrive("zendesk", QUESTION)
    drain(storm.parts)
    bulk = storm.parts.accounts[storm.account("zendesk")].client.bulk
    write = bulk.write

    def meanwhile(wanted: Any) -> Any:
        answer = write(wanted)
        if not storm.record(key, "person"):
            storm.change(key, severity="P1")
            storm.deliver(key)
            claims, _ = storm.parts.due.claim()
            storm.parts.due.hold(claims)
            for claim in claims:
                run(claim)
        return answer

    monkeypatch.setattr(bulk, "write", meanwhile)
    hurry(storm.parts, Kind.DRAIN)
    hurry(storm.parts)

    assert severities(storm.ticket(key)) == ("P1", "urgent")
    assert storm.state(key).decision.by == "person"
    assert storm.ticket(other)["severity"] == "P4"


def test_a_deadline_that_passes_while_a_batch_is_under_way_is_written_after_it(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = storm.arrive("zendesk", OUTAGE), storm.arrive("zendesk", QUESTION)
    drain(storm.parts)
    bulk = storm.parts.accounts[storm.account("zendesk")].client.bulk
    write = bulk.write

    def meanwhile(wanted: Any) -> Any:
        answer = write(wanted)
        time.sleep(max(0.0, (deadline - datetime.now(UTC)).total_seconds() + 0.1))
        storm.parts.due.arm(Member(Kind.STEP, str(key)), 1.0)
        drain(storm.parts)  # the step, and the write that gives way to the batch
        return answer

    monkeypatch.setattr(bulk, "write", meanwhile)
    left = (storm.state(key).timer.deadline - datetime.now(UTC)).total_seconds()
    storm.pass_time(key, left - 3)
    deadline = storm.state(key).timer.deadline
    hurry(storm.parts, Kind.DRAIN)
    hurry(storm.parts)

    assert storm.ticket(key)["state"] == "breached"


def test_a_calm_account_writes_each_ticket_at_once_and_alone(world: World) -> None:
    keys = [world.decided("zendesk", QUESTION) for _ in range(5)]

    assert [singles(world, key) for key in keys] == [1] * 5
    assert batches(world) == []


def test_freshdesk_has_no_batches_and_writes_go_on_one_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.store.backlog.STORM", 1)
    keys = [world.decided("freshdesk", QUESTION) for _ in range(4)]

    assert [world.ticket(key)["severity"] for key in keys] == ["P4"] * 4
