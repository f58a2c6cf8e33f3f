"""observed: whom it would have told, and where people decided otherwise, before MODE is raised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.receiver import receiving
from commands.test_look import minutehand
from jobs.world import HALF, QUESTION, World, drain, living
from redis import Redis


@pytest.fixture
def world(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[World]:
    with receiving() as receiver, living(redis_url, tmp_path, receiver) as found:
        yield found


def observed(world: World, *words: str) -> str:
    environment = {name: str(value) for name, value in world.parts.settings.environment.items()}
    done = minutehand("observed", *words, folder=world.folder, environment=environment)
    assert done.returncode == 0, done.stderr
    assert "mode observe: nothing is written" in done.stderr
    return done.stdout


def test_it_lists_what_would_have_been_sent(world: World) -> None:
    world.start("observe")
    key = world.decided("zendesk")
    world.pass_time(key, HALF)
    drain(world.parts)

    said = observed(world)

    assert "1 tickets created since" in said
    assert "Would have been sent: 2 messages about 1 tickets" in said
    assert "1  50%: oncall" in said
    assert f"{key}  50%: team (mode observe)" in said
    assert world.alerts() == []


def test_it_compares_with_what_people_set(world: World) -> None:
    world.start("observe")
    agreed, other = (world.decided("zendesk", QUESTION) for _ in range(2))
    world.change(agreed, priority="low")
    world.change(other, priority="urgent")
    for key in (agreed, other):
        world.deliver(key)
    drain(world.parts)

    said = observed(world)

    assert "of 2 tickets: 1 the same as decided (50%), 1 within one level" in said
    assert f"{other}: decided P4, a person set P1" in said
    assert f"{agreed}: decided" not in said


def test_with_nothing_to_tell_it_says_so(world: World) -> None:
    world.start("observe")
    said = observed(world, "--since", "1h")
    assert "Would have been sent: nothing" in said
    assert "no person has set a severity" in said
