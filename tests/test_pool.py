"""RQ workers in threads, and the private hooks of rq that they rely on."""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from stack import until

from worker.pool import Pool, ThreadWorker
from worker.queues import JOBS, AllowedJob, Feeder, open_queues
from worker.settings import Settings
from worker.store import keys
from worker.store.keys import Kind, Member
from worker.wiring import Parts, build

EVENT = Member(Kind.EVENT, "zendesk/acme/1")


@pytest.fixture
def parts(redis: Redis, redis_url: str) -> Parts:
    environment = {"REDIS_URL": redis_url}
    return build(Settings.from_environment(environment), redis=redis)


@pytest.fixture
def queue_redis(redis_url: str, redis: Redis) -> Iterator[Redis]:
    client = Redis.from_url(redis_url, socket_timeout=10)
    yield client
    client.close()


def test_rq_still_has_the_hooks_that_our_worker_replaces() -> None:
    for name in (
        "dequeue_job_and_maintain_ttl",
        "heartbeat",
        "set_state",
        "check_for_suspension",
        "subscribe",
        "unsubscribe",
        "_install_signal_handlers",
    ):
        ours = inspect.signature(getattr(ThreadWorker, name)).parameters
        theirs = inspect.signature(getattr(SimpleWorker, name)).parameters
        assert list(ours) == list(theirs), name


def test_a_due_member_is_fed_worked_on_and_done(parts: Parts, queue_redis: Redis) -> None:
    feeder = Feeder(parts.due, open_queues(queue_redis))
    pool = Pool(parts, queue_redis, count=2)
    pool.start()
    parts.due.arm(EVENT, time.time())

    feeder.feed()

    until(lambda: parts.redis.zcard(keys.CLAIMED) == 0, 10, "the end of the job")
    assert pool.stop(5)
    assert parts.redis.zcard(keys.DUE) == 0


def test_steps_and_alerts_have_a_queue_of_their_own_in_due_order(
    parts: Parts, queue_redis: Redis
) -> None:
    queues = open_queues(queue_redis)
    for ago, kind in enumerate((Kind.EVENT, Kind.SEND, Kind.STEP)):
        parts.due.arm(Member(kind, "zendesk/acme/1"), time.time() - ago)
    Feeder(parts.due, queues).feed()

    assert [job_id.split("-")[0] for job_id in queues.people.job_ids] == ["step", "send"]
    assert [job_id.split("-")[0] for job_id in queues.rest.job_ids] == ["event"]


def test_a_step_is_taken_while_every_other_thread_is_busy(
    parts: Parts, queue_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr("worker.store.records.Records.inbox", lambda *_: held.wait(20) and [])
    queues = open_queues(queue_redis)
    for number in range(6):
        parts.due.arm(Member(Kind.EVENT, f"zendesk/acme/{number}"), time.time())
    Feeder(parts.due, queues).feed()
    pool = Pool(parts, queue_redis, count=2)
    pool.start()
    until(lambda: len(queues.rest.job_ids) == 4, 10, "both threads' being busy")

    parts.due.arm(Member(Kind.STEP, "zendesk/acme/1"), time.time())
    Feeder(parts.due, queues).feed()

    until(lambda: not queues.people.job_ids, 5, "the step's being taken")
    held.set()
    assert pool.stop(10)


def test_a_job_that_is_not_ours_is_never_run(
    parts: Parts, queue_redis: Redis, tmp_path: os.PathLike[str]
) -> None:
    queue = open_queues(queue_redis).rest
    witness = f"{tmp_path}/witness"
    job = Job.create(
        "os.mkdir",
        args=[witness],
        connection=queue_redis,
        serializer=JSONSerializer,
        origin=queue.name,
    )
    queue.enqueue_job(job)
    pool = Pool(parts, queue_redis, count=1)
    pool.start()

    until(lambda: not queue.job_ids, 10, "the job's being taken")
    pool.stop(5)

    assert not os.path.exists(witness)  # noqa: PTH110
    with pytest.raises(PermissionError, match="not a job of Minutehand"):
        _ = AllowedJob.fetch(job.id, connection=queue_redis, serializer=JSONSerializer).func


def test_jobs_carry_a_member_and_a_number_and_nothing_else(
    parts: Parts, queue_redis: Redis
) -> None:
    queue = open_queues(queue_redis).rest
    parts.due.arm(EVENT, time.time())
    Feeder(parts.due, open_queues(queue_redis)).feed()

    (job,) = queue.jobs

    assert job.func_name == JOBS[Kind.EVENT]
    assert job.args == [str(EVENT), 1]


def test_a_pool_that_is_told_to_stop_leaves_the_rest_in_the_queue(
    parts: Parts, queue_redis: Redis
) -> None:
    pool = Pool(parts, queue_redis, count=2)
    pool.start()
    assert pool.stop(5)
    queue = open_queues(queue_redis).rest
    parts.due.arm(EVENT, time.time())

    Feeder(parts.due, open_queues(queue_redis)).feed()
    time.sleep(0.3)

    assert len(queue.job_ids) == 1
