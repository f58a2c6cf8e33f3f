"""The clock: what many open timers cost, how late steps are claimed, how late alerts come."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import requests
from redis import Redis
from rq import Queue

from benchmarks import timers
from benchmarks.desk import Desk
from benchmarks.figures import Figure, quantile
from worker.queues import Feeder, open_queues
from worker.record import Settled, Settlement, State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey
from worker.wiring import open_queue_redis

OPEN = 100_000
AT_ONCE = 1000
CHANGES = 300
TICKS = 200
POLICY = """
[poll]
every = "10m"
[plans.pro]
first_response = { P1 = "10m", P2 = "10m", P3 = "10m", P4 = "10m" }
[[steps]]
at = "50%"
notify = ["oncall"]
[channels.oncall]
type = "webhook"
url = "${RECEIVER_URL}"
"""


def measure(scale: float) -> list[Figure]:
    """One run: timers at rest, claims, arming and settling; then alerts in real processes."""
    count, at_once = max(100, int(OPEN * scale)), max(20, int(AT_ONCE * scale))
    with Desk(policy=POLICY) as desk:
        rest = at_rest(desk, count)
        late = claimed(desk, at_once)
    with Desk(policy=POLICY) as desk:
        few = alerted(desk, min(50, at_once), workers=2)
    with Desk(policy=POLICY) as desk:
        many = alerted(desk, at_once, workers=2)
    return [
        *rest,
        Figure(f"claim late, p99, {at_once:,} in one second", late * 1000, "ms", at_most=250),
        Figure("alert late, p99, 50 at once", few * 1000, "ms", at_most=250),
        Figure(f"alert late, p99, {at_once:,} at once", many, "s", at_most=8),
    ]


def at_rest(desk: Desk, count: int) -> list[Figure]:
    """Memory of open timers, an idle tick with few and with many, arming and settling one."""
    parts, redis = desk.parts(), desk.redis()
    state = timers.decided(parts)
    few = idle_tick(desk)
    before = memory(redis)
    timers.fill(redis, state, count, record=False)
    each = (memory(redis) - before) / count
    many = idle_tick(desk)
    arming, settling = changed(desk, state)
    theirs = rq_timers(desk, min(count, 2000))
    return [
        Figure("Redis, one timer without its record", each / 1000, "kB", at_most=1.5),
        Figure("the same beside RQ's", each / 1000, "kB", "enqueue_at, no state", theirs[0] / 1000),
        Figure("idle tick", many * 1e6, "us", "with one timer", few * 1e6),
        Figure("arm: state, record, step", arming * 1e6, "us", "enqueue_at", theirs[1] * 1e6),
        Figure("settle: the same", settling * 1e6, "us", "job.delete", theirs[2] * 1e6),
    ]


def memory(redis: Redis) -> int:
    """Bytes that Redis holds for what is stored."""
    return int(redis.info("memory")["used_memory"])  # type: ignore[index]


def idle_tick(desk: Desk) -> float:
    """Seconds of a look at the due set when nothing is due."""
    due = desk.parts().due
    due.claim()
    began = time.perf_counter()
    for _ in range(TICKS):
        due.claim()
    return (time.perf_counter() - began) / TICKS


def changed(desk: Desk, state: State) -> tuple[float, float]:
    """Seconds to arm one more timer, and to settle it."""
    parts, now = desk.parts(), datetime.now(UTC)
    states = [_copy(state, 5_000_000_000 + number) for number in range(CHANGES)]
    effects = Effects(lines=(("decided", "P2 (medium confidence)"),))
    began = time.perf_counter()
    for one in states:
        parts.records.commit(one.ticket.key, 0, one, effects, now=now)
    armed = time.perf_counter()
    settled = Settled(why=Settlement.ANSWERED, at=now, in_time=True)
    for one in states:
        after = one.model_copy(update={"settled": settled})
        parts.records.commit(one.ticket.key, 1, after, effects, now=now)
    return (armed - began) / CHANGES, (time.perf_counter() - armed) / CHANGES


def rq_timers(desk: Desk, count: int) -> tuple[float, float, float]:
    """RQ's own: bytes of one, seconds to arm one and to take one back."""
    redis = Redis.from_url(desk.environment["REDIS_URL"])
    queue = Queue("theirs", connection=redis)
    before, later = memory(redis), datetime.now(UTC) + timedelta(hours=1)
    began = time.perf_counter()
    jobs = [queue.enqueue_at(later, "benchmarks.empty.job", number) for number in range(count)]
    armed = time.perf_counter()
    each = (memory(redis) - before) / count
    for job in jobs[:CHANGES]:
        job.delete()
    deleted = (time.perf_counter() - armed) / len(jobs[:CHANGES])
    return each, (armed - began) / count, deleted


def claimed(desk: Desk, count: int) -> float:
    """How late steps are claimed that fall due within one second; seconds, p99."""
    parts = desk.parts()
    late: list[float] = []

    class Watched(Feeder):
        def enqueue(self, claims: list[Claim]) -> None:
            now = time.time()
            late.extend(now - claim.due for claim in claims)
            super().enqueue(claims)

    start = time.time() + 1.5
    redis = desk.redis()
    redis.zadd(
        "mh:due",
        {
            str(Member(Kind.STEP, f"zendesk/none/{number}")): start + number / count
            for number in range(count)
        },
    )
    end = start + 10
    feeder = Watched(parts.due, open_queues(open_queue_redis(parts.settings)))
    feeder.run(lambda: len(late) >= count or time.time() > end)
    if len(late) < count:
        raise AssertionError(f"{len(late)} of {count} steps were claimed")
    return quantile(late, 99)


def alerted(desk: Desk, count: int, *, workers: int) -> float:
    """How late alerts arrive whose steps fall due at one moment, with real processes; p99."""
    state = timers.decided(desk.parts())
    for number in range(workers):
        desk.worker(f"work-{number}")
    desk.minutehand("clock", "clock")
    moment = state.next_moment()
    assert moment  # noqa: S101 it has just been decided
    wanted = datetime.now(UTC) + timedelta(seconds=4 + count / 1000)
    state = timers.moved(state, wanted - moment)
    created = state.ticket.created_at.isoformat()
    requests.put(f"{desk.url}/created", json=created, timeout=10).raise_for_status()
    timers.fill(desk.redis(), state, count, record=True)
    if datetime.now(UTC) > wanted:
        raise AssertionError("the machine was too slow to arm the timers in time")
    desk.until(lambda: len(desk.seen()["alerts"]) >= count, f"{count} alerts", 60)
    return quantile([at - wanted.timestamp() for _, at in desk.seen()["alerts"]], 99)


def _copy(state: State, number: int) -> State:
    key = TicketKey(*state.ticket.key)._replace(id=str(number))
    return state.model_copy(update={"ticket": state.ticket.model_copy(update={"key": key})})
