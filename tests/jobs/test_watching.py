"""The service watches over itself: a heartbeat while all runs, one alarm per fault and its end."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jobs.world import POLICY, QUESTION, World

from worker.ailments import MISSED
from worker.store import keys
from worker.store.budget import FAILURES
from worker.store.keys import Kind, Member
from worker.watching import Watch
from worker.wiring import Held

WATCHED = (
    POLICY
    + """
[watch]
heartbeat = "${HEARTBEAT_URL}"
every = "1s"
alarms = "team"
"""
)


@pytest.fixture
def watch(world: World) -> Watch:
    url = f"{world.receiver.url}/heartbeat"
    parts = world.start(policy=WATCHED, HEARTBEAT_URL=url, PUBLIC_URL="https://sla.example.com")
    lives(world)
    return Watch(Held(parts))


def lives(world: World, *, ago: float = 0.0) -> None:
    then = datetime.now(UTC) - timedelta(seconds=ago)
    world.redis.delete(keys.HEARTBEATS)
    world.parts.journal.beat("worker a", then)
    world.parts.journal.beat("clock a", datetime.now(UTC))


def looks(watch: Watch, count: int = 2) -> None:
    for _ in range(count):
        watch.look(datetime.now(UTC))


def heard(world: World) -> list[tuple[str, str]]:
    """Type and text of each message that came to the channel of alarms."""
    return [(one["type"], one["ticket"]["subject"]) for one in world.alerts("/team")]


def beats(world: World) -> int:
    return len([one for one in world.receiver.asked if one.endswith("/heartbeat")])


def test_a_dead_worker_is_told_once_and_so_is_its_end(world: World, watch: Watch) -> None:
    lives(world, ago=90)

    looks(watch, 5)
    (alarm,) = heard(world)
    assert alarm[0] == "alarm"
    assert "no worker runs for 1 min" in alarm[1]
    assert any("no worker runs" in one for one in world.parts.journal.said())

    lives(world)
    looks(watch, 3)

    assert [kind for kind, _ in heard(world)] == ["alarm", "alarm over"]
    assert world.parts.journal.said() == []


def test_two_clocks_tell_it_once(world: World, watch: Watch) -> None:
    other = Watch(Held(world.parts))
    lives(world, ago=90)

    for _ in range(3):
        looks(watch)
        looks(other)

    assert len(heard(world)) == 1


def test_what_passes_at_once_is_no_fault(world: World, watch: Watch) -> None:
    lives(world, ago=90)
    looks(watch, 1)
    lives(world)
    looks(watch, 3)

    assert heard(world) == []


def test_an_alarm_that_could_not_be_sent_is_tried_again(world: World, watch: Watch) -> None:
    lives(world, ago=90)
    world.receiver.status = 503
    looks(watch, 3)
    world.receiver.status = 204

    looks(watch, 1)

    assert "alarm" in [kind for kind, _ in heard(world)]
    assert world.redis.hlen(keys.ALARMS) == 1


@pytest.mark.parametrize("what", ["queue", "step", "poll", "silence", "failed", "clock", "down"])
def test_each_fault_has_its_alarm(world: World, watch: Watch, what: str) -> None:
    account = world.account("zendesk")
    redis, parts = world.redis, world.parts
    words = {
        "queue": "a job has waited for 1 min",
        "step": "an alert has been due for 1 min",
        "poll": f"{account} was last polled 6 min ago",
        "silence": f"no webhook of {account} came for 20 min, while polls found 3 tickets",
        "failed": "1 set aside after errors",
        "clock": f"this machine's clock is 9 s behind that of {account}",
        "down": f"{account} does not answer",
    }
    if what == "queue":
        redis.rpush(keys.RQ_QUEUE, "event-1")
        then = (datetime.now(UTC) - timedelta(seconds=70)).isoformat()
        redis.hset("rq:job:event-1", "enqueued_at", then)
    elif what == "step":
        parts.due.arm(Member(Kind.STEP, f"{account}/1"), time.time() - 70)
    elif what == "poll":
        parts.journal.polled(account, datetime.now(UTC) - timedelta(minutes=6))
    elif what == "silence":
        parts.journal.heard(account, datetime.now(UTC) - timedelta(minutes=20))
        for _ in range(MISSED):
            created = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
            world.create("zendesk", QUESTION, created_at=created)
        world.poll("zendesk")
    elif what == "failed":
        redis.hset(keys.FAILED, "write:zendesk/acme/1", json.dumps({"at": 1, "reason": "x"}))
    elif what == "clock":
        parts.budget.saw_clock(account, 9.0)
    else:
        for _ in range(FAILURES):
            parts.budget.failed(account)

    looks(watch, 3)

    (text,) = [text for kind, text in heard(world) if kind == "alarm"]
    assert words[what] in text


def test_a_helpdesks_answers_tell_how_far_its_clock_is_off(world: World, watch: Watch) -> None:
    world.parts.accounts[world.account("zendesk")].client.ping()

    skew = float(world.redis.hget(keys.SKEWS, world.account("zendesk")))

    assert abs(skew) < 2


def test_the_heartbeat_comes_while_all_runs_and_stops_with_the_worker(
    world: World, watch: Watch
) -> None:
    looks(watch, 3)
    assert beats(world) == 1, "once in `every`"
    time.sleep(1.05)
    looks(watch, 1)
    assert beats(world) == 2

    lives(world, ago=30)
    time.sleep(1.05)
    looks(watch, 1)

    assert beats(world) == 2


def test_in_observe_mode_no_channel_hears_an_alarm(world: World) -> None:
    parts = world.start("observe", policy=WATCHED, HEARTBEAT_URL="https://127.0.0.1:9/")
    watch = Watch(Held(parts))
    lives(world, ago=90)

    looks(watch, 3)

    assert world.alerts() == []
    assert any("no worker runs" in one for one in world.parts.journal.said())


def test_the_heartbeats_address_is_neither_kept_nor_logged(world: World, watch: Watch) -> None:
    source = world.parts.policy.source
    world.receiver.status = 503
    looks(watch, 1)

    assert "heartbeat" not in source
    assert world.receiver.url not in repr(world.parts.policy.watch)
    told: list[Any] = [one for one in world.logs if "heartbeat" in one["event"]]
    assert len(told) == 1
    assert world.receiver.url not in str(told)
