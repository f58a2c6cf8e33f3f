"""What Redis and the processes on it say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError

from worker.doctor.check import Check, fail, ok, warn
from worker.store.budget import Left
from worker.store.health import BEAT_IS_OLD, NEEDED, Health, Reading

LATE, VERY_LATE = 5.0, 60.0
"""Seconds that the oldest due member may wait."""
HEADROOM = 0.1
"""The share of our calls to an account that should be left."""
UNKNOWN_PLANS = 0.05
"""The share of tickets without a known plan from which on somebody should look."""
SKEW = 2.0
"""Seconds between this machine's clock and Redis's from which on logs mislead."""


def of_store(redis: Redis, now: datetime) -> Iterator[Check]:
    """Whether Redis keeps what it is given, and whether somebody works on it."""
    try:
        reading = Health(redis).read()
    except RedisError as fault:
        found = f"does not answer ({type(fault).__name__})"
        yield fail("Redis", found, "check REDIS_URL and that Redis runs")
        return
    yield ok("Redis", "answers")
    yield from _keeping(redis)
    yield _clock(redis, now)
    yield from _processes(reading)
    yield _late(reading)
    if reading.failed:
        advice = "read `minutehand failed`, then `minutehand failed --retry`"
        yield warn("set aside", f"{reading.failed} after errors", advice)
    else:
        yield ok("set aside", "nothing")
    yield _plans(reading)
    yield _switches(reading)
    for one in reading.budgets:
        yield _budget(one)


def _keeping(redis: Redis) -> Iterator[Check]:
    told = {name: _config(redis, name) for name in ("appendonly", "save", "maxmemory-policy")}
    if None in told.values():
        yield warn(
            "Redis persistence",
            "cannot be read (a managed Redis hides it)",
            "make sure that it persists and that its eviction policy is noeviction",
        )
        return
    if told["appendonly"] == "yes":
        yield ok("Redis persistence", "append-only file")
    elif told["save"]:
        found = "snapshots only: a crash loses minutes, which the next poll makes up for"
        yield warn("Redis persistence", found, "set `appendonly yes`")
    else:
        found = "none: a restart forgets every timer until the next poll"
        yield fail("Redis persistence", found, "set `appendonly yes`")
    if told["maxmemory-policy"] == "noeviction":
        yield ok("Redis eviction", "noeviction")
    else:
        found = f"{told['maxmemory-policy']}: timers may vanish when memory is short"
        yield fail("Redis eviction", found, "set `maxmemory-policy noeviction`")


def _config(redis: Redis, name: str) -> str | None:
    try:
        found = redis.config_get(name)
    except RedisError:
        return None
    return str(found[name]) if isinstance(found, dict) and name in found else None


def _clock(redis: Redis, now: datetime) -> Check:
    seconds, micros = redis.time()
    skew = abs(now.timestamp() - (seconds + micros / 1e6))
    if skew > SKEW:
        found = f"{skew:.0f} s from Redis's"
        return warn(
            "clock of this machine",
            found,
            "set both machines by NTP; deadlines go by Redis's clock",
        )
    at = datetime.fromtimestamp(seconds, UTC)
    return ok("clock of this machine", f"{at:%Y-%m-%d %H:%M:%S} UTC, as Redis has it")


def _processes(reading: Reading) -> Iterator[Check]:
    for process in NEEDED:
        ages = reading.ages(process)
        alive = [age for age in ages if age <= BEAT_IS_OLD]
        if alive:
            yield ok(process, f"{len(alive)} running")
        else:
            found = f"none for {min(ages):.0f} s" if ages else "has never run"
            yield fail(
                process, found, f"start it: `minutehand up` or `minutehand {_verb(process)}`"
            )


def _verb(process: str) -> str:
    return "work" if process == "worker" else process


def _late(reading: Reading) -> Check:
    name, seconds = "oldest unsent step", reading.late_seconds
    if seconds <= LATE:
        return ok(name, "none is late")
    found = f"something has been due for {seconds:.0f} s"
    advice = "look at the workers' logs; more worker threads or another machine help"
    return (fail if seconds > VERY_LATE else warn)(name, found, advice)


def _budget(one: Left) -> Check:
    name = f"{one.account} {one.part}"
    if one.down:
        return warn(name, "left alone: it does not answer", "look at the helpdesk's status page")
    if one.paused:
        return warn(name, f"it asked us to pause for {one.paused:.0f} s", "wait")
    if not one.capacity:
        return ok(name, "no limit known yet")
    if one.left < one.capacity * HEADROOM:
        found = f"{one.left:.0f} of {one.capacity:.0f} calls left, {one.limit:.0f} a minute"
        advice = "raise `share` in [budget], or find what else uses the account's API"
        return warn(name, found, advice)
    return ok(name, f"{one.left:.0f} of {one.capacity:.0f} calls left, {one.limit:.0f} a minute")


def _switches(reading: Reading) -> Check:
    if reading.paused:
        found = f"everything is paused since {reading.paused.since:%Y-%m-%d %H:%M} UTC"
        return fail("switches", found, "`minutehand resume` when it may go on")
    if reading.muted:
        found = f"{reading.muted} notification channels are muted"
        return warn("switches", found, "`minutehand channel list` says until when")
    return ok("switches", "nothing is paused or muted")


def _plans(reading: Reading) -> Check:
    decided = sum(
        count for name, count in reading.counters.items() if name.startswith("ticket_decided_")
    )
    unknown = reading.counters.get("ticket_plan_unknown", 0)
    share = unknown / decided if decided else 0.0
    found = f"{share:.0%} of {decided} tickets"
    if share >= UNKNOWN_PLANS:
        advice = "name in [plan_from] or [plans.*] where a customer's plan is written"
        return warn("unknown plan", found, advice)
    return ok("unknown plan", found)
