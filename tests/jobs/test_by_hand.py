"""`minutehand reconcile` and `failed` as a person types them, over a real helpdesk."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commands.test_look import minutehand
from jobs.world import QUESTION, World, drain

from worker.store.keys import Kind


def typed(world: World, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    settings = world.parts.settings.environment
    return minutehand(*words, given=given, environment=dict(settings), folder=Path(world.folder))


def seven_minutes_old(world: World, helpdesk: str) -> str:
    created = (datetime.now(UTC) - timedelta(minutes=7, seconds=5)).isoformat()
    return str(world.create(helpdesk, QUESTION, created_at=created))


def test_it_shows_what_was_missed_and_changes_nothing_without_a_yes(
    world: World, helpdesk: str
) -> None:
    key = seven_minutes_old(world, helpdesk)

    done = typed(world, "reconcile", "--since", "1h", given="n\n")

    assert done.returncode != 0
    assert f"{key.rpartition('/')[2]}  new ticket, 7 min late  {QUESTION}" in done.stdout
    assert "1 tickets read, 1 with news so far" in done.stderr
    assert world.redis.keys("mh:inbox:*") + world.redis.keys("mh:ticket:*") == []
    assert world.parts.journal.watermark(world.account(helpdesk)) is None
    assert world.nothing_left()


def test_after_a_yes_it_goes_the_way_of_a_webhook(world: World, helpdesk: str) -> None:
    seven_minutes_old(world, helpdesk)
    answered = world.decided(helpdesk, QUESTION)
    world.reply(answered)

    done = typed(world, "reconcile", "--since", "1h", given="y\n")
    ran = drain(world.parts)

    assert done.returncode == 0, done.stderr
    assert "2 taken in" in done.stdout
    assert "answered" in done.stdout
    assert [claim.member.kind for claim in ran].count(Kind.EVENT) == 2
    assert world.state(answered).settled.why == "answered"


def test_nothing_missed_is_said_and_nothing_asked(world: World, helpdesk: str) -> None:
    world.decided(helpdesk, QUESTION)

    done = typed(world, "reconcile")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "nothing was missed"


def test_a_span_that_cannot_be_read_is_one_clear_line(world: World) -> None:
    done = typed(world, "reconcile", "--since", "yesterday")

    assert done.returncode == 1
    assert done.stderr.startswith("minutehand: --since: ")


def test_what_was_set_aside_is_listed_with_its_reason_and_retried_one_by_one(
    world: World, helpdesk: str
) -> None:
    first, second = world.decided(helpdesk), world.decided(helpdesk)
    for key in (first, second):
        world.refusals["PUT", f"/tickets/{key.id}"] = 403
        world.change(key, severity="P2", priority="high")
        world.touch(key)
        drain(world.parts)
    world.refusals.clear()
    listed = typed(world, "failed")
    names = [line.split()[2] for line in listed.stdout.splitlines()]
    assert sorted(names) == sorted(f"write:{key}" for key in (first, second))
    assert "not allowed" in listed.stdout

    done = typed(world, "failed", "--retry", f"write:{first}")
    drain(world.parts)

    assert "1 made due again" in done.stdout
    assert [failure.member for failure in world.parts.due.failures()] == [f"write:{second}"]
    assert typed(world, "failed", "--retry").stdout.endswith("1 made due again\n")


def test_retrying_what_was_never_set_aside_is_refused(world: World) -> None:
    done = typed(world, "failed", "--retry", "write:zendesk/acme/1")

    assert done.returncode == 1
    assert "was not set aside" in done.stderr
