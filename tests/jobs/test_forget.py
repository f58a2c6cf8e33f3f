"""forget: what people wrote is erased here, at once and for good, and the timer goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from jobs.world import HALF, World, drain, hurry
from redis import Redis

from worker.commands import forget as commands
from worker.errors import Misconfigured
from worker.events import Comment, Event, EventKind
from worker.store.keys import Kind
from worker.tickets import TicketKey

WORDS = ("Everything is down", "nobody can log in", "no workaround")


def forget(world: World, monkeypatch: pytest.MonkeyPatch, key: TicketKey) -> str:
    monkeypatch.setattr(commands, "build", lambda _settings: world.parts)
    done = CliRunner().invoke(commands.forget, [key.helpdesk, key.id], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def kept(redis: Redis) -> list[str]:
    """Names of the keys in which something of the ticket's words still stands."""
    found = []
    for name in redis.scan_iter("*"):
        if name.startswith("mh:policy:"):
            continue  # the policy's own examples, which no ticket wrote
        read = {
            "string": redis.get,
            "hash": redis.hgetall,
            "list": lambda one: redis.lrange(one, 0, -1),
            "set": redis.smembers,
            "zset": lambda one: redis.zrange(one, 0, -1),
        }[redis.type(name)]
        if any(words.lower() in str(read(name)).lower() for words in WORDS):
            found.append(name)
    return found


def test_no_word_of_the_ticket_is_left_and_its_timer_goes_on(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    assert kept(world.redis)
    deadline = world.state(key).timer.deadline

    said = forget(world, monkeypatch, key)

    assert "erased subject and text" in said
    assert "1 alerts" in said
    assert kept(world.redis) == []
    assert world.state(key).timer.deadline == deadline
    assert world.due(Kind.STEP, key) is not None
    assert [line.partition(":")[0] for line in world.record(key)] == ["forgotten"]


def test_later_readings_and_alerts_bring_no_word_back(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    forget(world, monkeypatch, key)

    world.touch(key)
    world.poll(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)

    assert [alert["step"] for alert in world.alerts("oncall")] == ["50%"]
    assert world.alerts("oncall")[0]["ticket"]["subject"] == ""
    assert kept(world.redis) == []


def test_a_second_time_there_is_nothing_left_to_erase(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    forget(world, monkeypatch, key)

    assert "nothing left to erase" in forget(world, monkeypatch, key)
    assert len(world.record(key, "forgotten")) == 1


def test_an_unknown_ticket_is_refused(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Misconfigured, match="is not known here"):
        forget(world, monkeypatch, TicketKey(helpdesk, "x", "999"))


def test_a_waiting_reply_loses_its_text_and_still_settles(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.parts.due.accept_own(
        Event(
            id="reply",
            kind=EventKind.COMMENT,
            key=key,
            received_at=datetime.now(UTC),
            comment=Comment(
                public=True, by_agent=True, author="7", body="You said that nobody can log in."
            ),
        )
    )

    assert "1 events that wait" in forget(world, monkeypatch, key)
    assert kept(world.redis) == []
    drain(world.parts)

    assert world.state(key).settled.why == "answered"


@pytest.mark.parametrize("kind", ["soft", "permanent"])
def test_a_deletion_at_the_helpdesk_erases_the_text_too(
    world: World, helpdesk: str, kind: str
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    world.delete(key, kind)
    world.deliver(key)
    world.touch(key)
    drain(world.parts)

    assert world.state(key).settled
    assert kept(world.redis) == []
    assert world.record(key, "settled")
    assert world.record(key, "forgotten")


def test_a_ticket_that_was_answered_before_is_erased_as_well(world: World) -> None:
    key = world.decided("zendesk")
    world.reply(key)
    world.deliver(key)
    drain(world.parts)
    world.delete(key)
    world.deliver(key)
    drain(world.parts)

    assert world.state(key).settled.why == "answered"
    assert kept(world.redis) == []


def test_a_redaction_at_the_helpdesk_erases_the_text_and_the_timer_goes_on(
    world: World,
) -> None:
    key = world.decided("zendesk")
    world.parts.due.accept_own(
        Event(id="redacted", kind=EventKind.REDACTED, key=key, received_at=datetime.now(UTC))
    )
    drain(world.parts)

    assert world.state(key).running
    assert kept(world.redis) == []
