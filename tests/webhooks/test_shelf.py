"""The open tickets in memory: as fresh as Redis, whatever happens to Redis."""

from __future__ import annotations

from typing import Any

import pytest
from pages import NOW, a_state, settled
from redis import Redis

from webhooks.shelf import Shelf
from worker.record import Settlement, State
from worker.store import keys
from worker.store.effects import Effects
from worker.store.records import Records


@pytest.fixture
def records(redis: Redis) -> Records:
    return Records(redis)


@pytest.fixture
def shelf(redis: Redis) -> Shelf:
    return Shelf(redis, fresh_seconds=0)


def put(records: Records, state: State, version: int = 0) -> None:
    assert records.commit(state.ticket.key, version, state, Effects(), now=NOW)


def numbers(shelf: Shelf) -> list[str]:
    return [card.key.id for card in shelf.look().cards]


def test_a_commit_is_seen_at_the_next_look(records: Records, shelf: Shelf) -> None:
    assert numbers(shelf) == []
    put(records, a_state("1"))
    assert numbers(shelf) == ["1"]
    put(records, a_state("2", minutes_left=3))
    assert numbers(shelf) == ["2", "1"]
    put(records, settled("1", Settlement.ANSWERED, in_time=True), version=1)
    look = shelf.look()
    assert [card.key.id for card in look.cards] == ["2"]
    assert [state.ticket.key.id for state in look.settled] == ["1"]


def test_only_what_was_committed_since_is_read_again(
    redis: Redis, records: Records, shelf: Shelf
) -> None:
    for number in range(20):
        put(records, a_state(str(number)))
    shelf.look()
    put(records, a_state("5", ticket={"subject": "changed"}), version=1)
    before = int(redis.info("commandstats")["cmdstat_hget"]["calls"])

    subjects = {card.key.id: card.subject for card in shelf.look().cards}

    assert subjects["5"] == "changed"
    assert int(redis.info("commandstats")["cmdstat_hget"]["calls"]) - before == 1


def test_nothing_new_is_one_round_trip_and_the_same_cards(records: Records, shelf: Shelf) -> None:
    put(records, a_state("1"))

    assert shelf.look().cards is shelf.look().cards


def test_within_the_fresh_time_redis_is_not_asked(redis: Redis, records: Records) -> None:
    shelf = Shelf(redis, fresh_seconds=60)
    assert numbers(shelf) == []
    put(records, a_state("1"))
    assert numbers(shelf) == []


def test_a_redis_that_lost_everything_is_believed(
    redis: Redis, records: Records, shelf: Shelf
) -> None:
    put(records, a_state("1"))
    put(records, a_state("2"))
    assert numbers(shelf) == ["1", "2"]

    redis.flushall()
    assert numbers(shelf) == []
    put(records, a_state("3"))
    assert numbers(shelf) == ["3"]


def test_a_redis_that_lost_everything_and_counted_on_is_believed_too(
    redis: Redis, records: Records, shelf: Shelf
) -> None:
    put(records, a_state("1"))
    assert numbers(shelf) == ["1"]
    redis.flushall()
    for number in (4, 5, 6):
        put(records, a_state(str(number)))
    shelf.look()

    assert numbers(shelf) == ["4", "5", "6"]


def test_more_commits_than_are_remembered_are_not_missed(
    redis: Redis, records: Records, shelf: Shelf, monkeypatch: Any
) -> None:
    monkeypatch.setattr("webhooks.shelf.CATCH_UP", 5)
    put(records, a_state("1"))
    shelf.look()
    for number in range(2, 12):
        put(records, a_state(str(number)))

    assert len(numbers(shelf)) == 11
    assert redis.zcard(keys.OPEN) == 11
