"""settle: what was answered is shown at the helpdesk, many tickets at a time."""

from __future__ import annotations

import pytest
from jobs.world import HALF, OUTAGE, QUESTION, World, drain, hurry

from worker.store.keys import Kind
from worker.tickets import TicketKey


def answered(world: World, helpdesk: str, count: int) -> list[TicketKey]:
    """So many tickets whose answers have reached us and wait for their batch."""
    found = [world.arrive(helpdesk, QUESTION) for _ in range(count)]
    drain(world.parts)
    for key in found:
        world.reply(key)
        world.touch(key)
    drain(world.parts)
    return found


def test_answered_tickets_are_marked_as_met(world: World, helpdesk: str) -> None:
    found = answered(world, helpdesk, 3)
    assert {world.ticket(key)["state"] for key in found} == {"on_track"}

    hurry(world.parts, Kind.MET)

    assert {world.ticket(key)["state"] for key in found} == {"met"}
    assert world.record(found[0], "written")[-1] == "written: SLA state met"


def test_zendesk_is_asked_once_for_the_whole_batch(world: World) -> None:
    answered(world, "zendesk", 3)
    before = len(world.asked("zendesk", "PUT"))

    hurry(world.parts, Kind.MET)

    (call,) = world.asked("zendesk", "PUT")[before:]
    assert call["path"] == "/api/v2/tickets/update_many"
    assert len(call["body"]["tickets"]) == 3


def test_a_closed_ticket_in_the_batch_does_not_stop_the_others(world: World) -> None:
    found = answered(world, "zendesk", 3)
    world.change(found[1], status="closed")

    hurry(world.parts, Kind.MET)
    hurry(world.parts, Kind.MET)

    states = [world.ticket(key)["state"] for key in found]
    assert states == ["met", "on_track", "met"]
    assert len(world.record(found[1], "failed")) == 1
    assert world.due(Kind.MET, world.account("zendesk")) is None


def test_a_deleted_ticket_in_the_batch_does_not_stop_the_others(
    world: World, helpdesk: str
) -> None:
    found = answered(world, helpdesk, 3)
    world.delete(found[1])

    hurry(world.parts, Kind.MET)

    assert [world.ticket(key)["state"] for key in (found[0], found[2])] == ["met", "met"]
    assert len(world.record(found[1], "failed")) == 1


def test_an_answer_after_the_deadline_leaves_the_breach(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, OUTAGE)
    world.pass_time(key, 2 * HALF)
    drain(world.parts)
    assert world.ticket(key)["state"] == "breached"
    world.pass_time(key, 60)
    world.reply(key)
    world.touch(key)

    drain(world.parts)
    hurry(world.parts)

    assert world.ticket(key)["state"] == "breached"
    assert world.state(key).settled.in_time is False


def test_a_ticket_that_was_solved_without_a_word_is_marked_too(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, QUESTION)
    world.change(key, status="solved")
    world.touch(key)

    drain(world.parts)
    hurry(world.parts, Kind.MET)

    assert world.state(key).settled.why == "closed without reply"
    assert world.ticket(key)["state"] == "met"


def test_a_batch_is_written_once(world: World, helpdesk: str) -> None:
    (key,) = answered(world, helpdesk, 1)
    hurry(world.parts, Kind.MET)
    written = len(world.updates(key))

    world.touch(key)
    drain(world.parts)
    hurry(world.parts, Kind.MET)

    assert len(world.updates(key)) == written


@pytest.mark.parametrize("kind", ["503", "429", "500"])
def test_a_passing_fault_delays_the_batch_and_loses_nothing(
    world: World, helpdesk: str, kind: str
) -> None:
    found = answered(world, helpdesk, 2)
    world.fault(kind, helpdesk, method="PUT")

    hurry(world.parts, Kind.MET)
    world.no_faults()
    hurry(world.parts)
    hurry(world.parts)

    assert {world.ticket(key)["state"] for key in found} == {"met"}
