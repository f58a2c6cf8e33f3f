"""undo: what we wrote is put back, what a person touched after us stays, and it says which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from jobs.world import HALF, QUESTION, World, drain, hurry, severities

from worker.commands import undo as commands
from worker.store import keys
from worker.store.keys import Kind
from worker.tickets import TicketKey

OURS = ("SLA severity", "First response due", "SLA state")


def undo(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *words: str,
    answer: str = "",
    code: int = 0,
) -> str:
    monkeypatch.setattr(commands, "build", lambda _settings: world.parts)
    done = CliRunner().invoke(commands.undo, ["--since", "1h", *words], input=answer)
    assert done.exit_code == code, done.output
    return done.output


def fields(world: World, key: TicketKey) -> dict[str, Any]:
    """Title -> value of our fields at the helpdesk."""
    desk, there = world.sandbox.desks[key.helpdesk], world.there(key)
    return {one.title: there.values.get(one.id) for one in desk.fields.values()}


def stands_as_it_came(world: World, key: TicketKey, priority: str | None) -> bool:
    there, values = world.ticket(key), fields(world, key)
    return (
        there["priority"] == priority
        and not any(tag.startswith("sla_") for tag in there["tags"])
        and all(values.get(title) in {None, ""} for title in OURS)
    )


def unset(helpdesk: str) -> str | None:
    return {"zendesk": None, "freshdesk": "low"}[helpdesk]


def test_every_field_goes_back_to_what_stood_there_before_in_one_update(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)
    before = len(world.updates(key))

    shown = undo(world, monkeypatch, "--yes")

    assert "severity         P1 -> empty" in shown
    assert "note             stays: an internal note cannot be taken back" in shown
    assert stands_as_it_came(world, key, unset(helpdesk))
    assert len(world.updates(key)) == before + 1
    (line,) = world.record(key, "undone")
    assert "severity P1" in line
    assert any("note" in line for line in world.record(key, "not undone"))


def test_a_priority_that_the_ticket_came_with_comes_back(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk, priority="high")
    assert severities(world.ticket(key)) == ("P1", "urgent")

    undo(world, monkeypatch, "--yes")

    assert severities(world.ticket(key)) == (None, "high")


def test_what_was_undone_is_not_written_again_and_its_echo_is_no_person(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    undo(world, monkeypatch, "--yes")
    before = len(world.updates(key))

    world.deliver(key)
    drain(world.parts)
    world.touch(key)
    drain(world.parts)
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)
    world.reply(key)
    world.deliver(key)
    drain(world.parts)
    hurry(world.parts, Kind.MET)

    assert len(world.updates(key)) == before
    assert world.record(key, "person") == []
    assert world.state(key).settled.why == "answered"
    assert world.alerts("oncall")[0]["step"] == "50%"
    assert stands_as_it_came(world, key, unset(helpdesk))


def test_a_field_that_a_person_changed_after_us_stays(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.change(key, priority="high")

    shown = undo(world, monkeypatch, "--yes")

    assert "priority         stays: a person changed it after" in shown
    assert severities(world.ticket(key)) == (None, "high")
    assert any("priority: a person" in line for line in world.record(key, "not undone"))


def test_what_follows_from_a_persons_decision_stays(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.change(key, priority="high")
    world.touch(key)
    drain(world.parts)
    assert severities(world.ticket(key)) == ("P2", "high")

    shown = undo(world, monkeypatch, "--yes")

    assert "severity         stays: it says what a person decided" in shown
    assert severities(world.ticket(key)) == ("P2", "high")


def test_a_dry_run_and_a_no_change_nothing(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    before = world.ticket(key)

    assert "1 tickets to put back" in undo(world, monkeypatch, "--dry-run")
    undo(world, monkeypatch, answer="n\n", code=1)

    assert world.ticket(key) == before
    assert world.state(key).hands_off == ()


def test_only_what_was_written_since_then_is_put_back(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    early = datetime.now(UTC) - timedelta(hours=3)
    wrote = [one.model_copy(update={"at": early}) for one in world.parts.writes.of(key)]
    world.redis.delete(keys.wrote(key))
    world.redis.rpush(keys.wrote(key), *(one.model_dump_json(exclude_none=True) for one in wrote))
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)

    shown = undo(world, monkeypatch, "--yes")

    assert "state            near -> on_track" in shown
    assert "severity" not in shown
    assert severities(world.ticket(key))[0] == "P1"


def test_one_ticket_alone_and_a_second_time(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = world.decided(helpdesk), world.decided(helpdesk)

    undo(world, monkeypatch, "--ticket", helpdesk, key.id, "--yes")

    assert severities(world.ticket(key))[0] is None
    assert severities(world.ticket(other))[0] == "P1"
    assert "0 tickets to put back" in undo(world, monkeypatch, "--ticket", helpdesk, key.id)
    assert len(world.record(key, "undone")) == 1


def test_a_ticket_that_is_gone_is_said_and_the_others_are_put_back(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = world.decided(helpdesk), world.decided(helpdesk)
    world.delete(gone, "permanent")

    shown = undo(world, monkeypatch, "--yes")

    assert "stays: the ticket is gone" in shown
    assert severities(world.ticket(other))[0] is None


def test_a_closed_ticket_stays_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = world.decided("zendesk")
    world.there(key).status = "closed"

    assert "stays: the ticket is closed" in undo(world, monkeypatch, "--yes")


def test_a_refused_undo_is_said_with_a_failing_exit_code(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.refusals["PUT", f"/tickets/{key.id}"] = 403

    assert "not undone:" in undo(world, monkeypatch, "--yes", code=1)
    world.refusals.clear()
    undo(world, monkeypatch, "--yes")

    assert severities(world.ticket(key))[0] is None


def test_a_review_that_is_put_back_is_not_taken_for_a_confirmation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.arrive("zendesk", "Hello there")
    drain(world.parts)
    if not world.state(key).decision.needs_review:
        pytest.skip("this text is not doubtful any more")
    undo(world, monkeypatch, "--yes")

    world.deliver(key)
    drain(world.parts)

    assert world.state(key).decision.needs_review
    assert world.record(key, "person") == []


def test_undo_works_while_everything_is_paused_and_in_observe(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk, QUESTION)
    world.start("observe")
    world.parts.switches.pause("it wrote nonsense", datetime.now(UTC))

    undo(world, monkeypatch, "--yes")

    assert stands_as_it_came(world, key, unset(helpdesk))


def test_what_an_undo_needs_is_bounded_and_goes_with_the_ticket(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    assert world.redis.ttl(keys.wrote(key)) == -1
    world.reply(key)
    world.deliver(key)
    drain(world.parts)

    assert world.redis.ttl(keys.wrote(key)) > 0
    assert sum(map(len, world.redis.lrange(keys.wrote(key), 0, -1))) < 1000
