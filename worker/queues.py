"""From the due set to RQ: the two queues, the names of the jobs, and the feeder.

RQ carries every effect but is never the record: a job is a poke that says "look at this member",
and losing one costs a minute, not a ticket. Jobs are named as text, so that this module never
imports them; a test resolves every name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from worker.store.due import Claim, DueSet
from worker.store.keys import PEOPLE_QUEUE, QUEUE, Kind

JOBS: dict[Kind, str] = {
    Kind.EVENT: "worker.jobs.triage.triage",
    Kind.STEP: "worker.jobs.escalate.escalate",
    Kind.WRITE: "worker.jobs.write.write",
    Kind.DRAIN: "worker.jobs.drain.drain",
    Kind.SEND: "worker.jobs.notify.notify",
    Kind.DIGEST: "worker.jobs.digest.digest",
    Kind.CUSTOMER: "worker.jobs.customer.look_up",
    Kind.MET: "worker.jobs.settle.settle",
    Kind.FORGET: "worker.jobs.forget.forget",
    Kind.POLL: "worker.jobs.reconcile.reconcile",
}
FOR_PEOPLE = {Kind.STEP, Kind.SEND, Kind.DIGEST}
"""What people wait for by the second has a queue and threads of its own: no slow helpdesk, and no
backlog, stands before it."""

JOB_SECONDS = 55
"""A job that runs longer is stopped; just under the lease of its claim."""
RESULT_SECONDS = 5
FAILURE_SECONDS = 3600
REST_SECONDS = 1.0
"""The longest that a feeder sleeps: how late a claim that ran out is seen at most."""

log = structlog.get_logger()


class AllowedJob(Job):
    """A job that runs only what `JOBS` names, whatever somebody wrote into Redis."""

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in JOBS.values():
            raise PermissionError(f"{self.func_name!r} is not a job of Minutehand")
        return super().func  # type: ignore[no-any-return]


class Queues(NamedTuple):
    """The two queues."""

    people: Queue
    rest: Queue


def open_queues(redis: Redis) -> Queues:
    """The queues over a client that does not decode (RQ keeps bytes)."""
    return Queues(_open(PEOPLE_QUEUE, redis), _open(QUEUE, redis))


def _open(name: str, redis: Redis) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer, job_class=AllowedJob)


class Feeder:
    """Moves due members into the queues. Any number may run; none leads."""

    def __init__(self, due: DueSet, queues: Queues) -> None:
        self._due = due
        self._queues = queues

    def feed(self) -> float:
        """Enqueue what is due now; the seconds until it makes sense to look again."""
        claims, wait = self._due.claim()
        if claims:
            self.enqueue(claims)
            return 0.0
        return REST_SECONDS if wait is None else min(wait, REST_SECONDS)

    def enqueue(self, claims: list[Claim]) -> None:
        """Hand claims to RQ, people's first, then give them time to be worked on."""
        for_people = [claim for claim in claims if claim.member.kind in FOR_PEOPLE]
        rest = [claim for claim in claims if claim.member.kind not in FOR_PEOPLE]
        for queue, part in ((self._queues.people, for_people), (self._queues.rest, rest)):
            if part:
                self._put(queue, part)
        self._due.hold(claims)

    def _put(self, queue: Queue, claims: list[Claim]) -> None:
        queue.enqueue_many(
            [
                Queue.prepare_data(
                    JOBS[claim.member.kind],
                    args=[str(claim.member), claim.token],
                    timeout=JOB_SECONDS,
                    result_ttl=RESULT_SECONDS,
                    failure_ttl=FAILURE_SECONDS,
                    job_id=f"{claim.member.kind}-{claim.token}",
                    description=str(claim.member),
                )
                for claim in claims
            ]
        )

    def run(self, stopped: Callable[[], bool]) -> None:
        """Feed until `stopped`; a Redis that is away is waited for, nothing is lost meanwhile."""
        away = False
        while not stopped():
            try:
                wait = self.feed()
                if wait:
                    self._due.wait(wait)
                away = False
            except RedisError as fault:
                if not away:
                    log.warning("redis is away; feeding resumes when it is back", fault=str(fault))
                away = True
                _sleep(REST_SECONDS, stopped)


def _sleep(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not stopped() and time.monotonic() < until:
        time.sleep(0.05)
