"""doctor on Redis and the processes: each check where it is not well, and where it is."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from worker.doctor.check import Check, Verdict
from worker.doctor.store import of_store
from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.helpdesks.spending import ALL, Said
from worker.store import keys
from worker.store.budget import FAILURES, Budget
from worker.store.switches import Switches
from worker.urgency import Urgency

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL


def checked(redis: Redis, now: datetime | None = None) -> dict[str, Check]:
    return {check.name: check for check in of_store(redis, now or datetime.now(UTC))}


@contextmanager
def a_redis(folder: Path, **settings: str) -> Iterator[Redis]:
    """A Redis of its own, which was started with these settings."""
    socket = socket_folder()
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    command = [*server_command(find_server(), socket, folder), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"unix://{socket}/redis.sock"
            wait_for(url, 20)
            with Redis.from_url(url, decode_responses=True) as client:
                yield client
        finally:
            server.kill()
            shutil.rmtree(socket, ignore_errors=True)


def test_a_redis_that_does_not_answer_is_all_that_is_said(redis: Redis) -> None:
    nobody = Redis.from_url("redis://127.0.0.1:9")
    (only,) = of_store(nobody, datetime.now(UTC))
    assert (only.name, only.verdict) == ("Redis", FAIL)
    assert "REDIS_URL" in only.advice
    assert checked(redis)["Redis"].verdict is OK


@pytest.mark.parametrize(
    ("appendonly", "save", "verdict"),
    [("yes", "", OK), ("no", "60 1000", WARN), ("no", "", FAIL)],
)
def test_what_a_restart_would_forget_is_said(
    tmp_path: Path, appendonly: str, save: str, verdict: Verdict
) -> None:
    with a_redis(tmp_path, appendonly=appendonly) as redis:
        redis.config_set("save", save)
        found = checked(redis)["Redis persistence"]
    assert found.verdict is verdict
    assert ("appendonly yes" in found.advice) is (verdict is not OK)


@pytest.mark.parametrize(("policy", "verdict"), [("noeviction", OK), ("allkeys-lru", FAIL)])
def test_a_store_that_may_drop_timers_fails(tmp_path: Path, policy: str, verdict: Verdict) -> None:
    with a_redis(tmp_path, **{"maxmemory-policy": policy}) as redis:
        found = checked(redis)["Redis eviction"]
    assert found.verdict is verdict
    assert ("noeviction" in found.advice) is (verdict is FAIL)


def test_a_redis_that_hides_its_settings_is_warned_about(redis: Redis, redis_url: str) -> None:
    redis.execute_command(
        "ACL", "SETUSER", "narrow", "on", ">narrow-secret", "~*", "&*", "+@all", "-config"
    )
    narrow = Redis.from_url(
        redis_url, username="narrow", password="narrow-secret", decode_responses=True
    )
    try:
        found = checked(narrow)
    finally:
        redis.execute_command("ACL", "DELUSER", "narrow")
        narrow.close()
    assert found["Redis persistence"].verdict is WARN
    assert "noeviction" in found["Redis persistence"].advice


def test_a_clock_that_is_off_is_warned_about(redis: Redis) -> None:
    assert checked(redis)["clock of this machine"].verdict is OK
    late = checked(redis, datetime.now(UTC) + timedelta(seconds=30))["clock of this machine"]
    assert late.verdict is WARN
    assert "NTP" in late.advice


@pytest.mark.parametrize("process", ["worker", "clock"])
def test_a_process_that_does_not_live_fails(redis: Redis, process: str) -> None:
    never = checked(redis)[process]
    redis.hset(keys.HEARTBEATS, f"{process} here-1", str(time.time() - 300))
    dead = checked(redis)[process]
    redis.hset(keys.HEARTBEATS, f"{process} here-2", str(time.time()))
    alive = checked(redis)[process]
    assert [never.verdict, dead.verdict, alive.verdict] == [FAIL, FAIL, OK]
    assert "minutehand" in never.advice
    assert "300 s" in dead.found or "301 s" in dead.found


@pytest.mark.parametrize(("seconds", "verdict"), [(-60, OK), (20, WARN), (300, FAIL)])
def test_a_step_that_is_late_is_said(redis: Redis, seconds: int, verdict: Verdict) -> None:
    redis.zadd(keys.DUE, {"step:zendesk/acme/1": time.time() - seconds})
    found = checked(redis)["oldest unsent step"]
    assert found.verdict is verdict
    assert ("workers" in found.advice) is (verdict is not OK)


def test_what_was_set_aside_is_warned_about(redis: Redis) -> None:
    assert checked(redis)["set aside"].verdict is OK
    redis.hset(keys.FAILED, "write:zendesk/acme/1", "{}")
    found = checked(redis)["set aside"]
    assert found.verdict is WARN
    assert "minutehand failed" in found.advice


@pytest.mark.parametrize(("unknown", "verdict"), [(0, OK), (4, OK), (5, WARN), (100, WARN)])
def test_tickets_without_a_known_plan_are_warned_about_from_a_twentieth(
    redis: Redis, unknown: int, verdict: Verdict
) -> None:
    assert checked(redis)["unknown plan"].verdict is OK
    counts = {"ticket_decided_P1": 60, "ticket_decided_P4": 40, "ticket_plan_unknown": unknown}
    redis.hset(keys.COUNTERS, mapping=counts)
    found = checked(redis)["unknown plan"]
    assert found.verdict is verdict
    assert ("[plan_from]" in found.advice) is (verdict is WARN)


def test_what_an_operator_switched_off_is_not_forgotten(redis: Redis) -> None:
    switches, now = Switches(redis), datetime.now(UTC)
    assert checked(redis)["switches"].verdict is OK
    switches.mute("team", now + timedelta(hours=1), now)
    assert checked(redis)["switches"].verdict is WARN
    switches.pause("a test", now)
    found = checked(redis)["switches"]
    assert found.verdict is FAIL
    assert "minutehand resume" in found.advice


def test_rate_headroom_is_judged_for_each_account(redis: Redis) -> None:
    budget, name = Budget(redis), "zendesk/acme requests"
    assert name not in checked(redis)
    budget.answered("zendesk/acme", {ALL: Said(400, 400, 60)})
    well = checked(redis)[name]
    for _ in range(46):
        budget.take("zendesk/acme", Urgency.CONFIRM)
    little = checked(redis)[name]
    for _ in range(FAILURES):
        budget.failed("zendesk/acme")
    away = checked(redis)[name]
    assert [well.verdict, little.verdict, away.verdict] == [OK, WARN, WARN]
    assert "50 of 50 calls left, 400 a minute" in well.found
    assert "[budget]" in little.advice
    assert "status page" in away.advice
