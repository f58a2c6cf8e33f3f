"""RQ workers in threads of one process, which stop without losing what they hold.

Measured (docs/decisions/0003): the work waits for helpdesks, not for the processor, so threads do
twice the work of forked workers in a third of the memory. Two habits of a stock worker are
changed: a stop is never an exception in the middle of a dequeue (that loses the job just taken),
and the many small writes of its bookkeeping are throttled.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from typing import Any

import structlog
from redis import Redis
from redis.client import Pipeline
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from worker.queues import AllowedJob, open_queues
from worker.wiring import Held, Parts, use

BOOKKEEPING_SECONDS = 5.0
SUSPENSION_SECONDS = 1.0
HAND_OVER = 0.001
"""Seconds after which a busy thread lets another have the interpreter (Python's own: 0.005). An
alert makes a dozen round trips and waits for a busy triage after each of them."""

log = structlog.get_logger()


class ThreadWorker(SimpleWorker):
    """An RQ worker that lives in a thread. Private hooks of rq 3.0 are used; a test holds them."""

    death_penalty_class = TimerDeathPenalty
    job_class = AllowedJob
    max_connection_wait_time = 3.0

    def __init__(self, queue: Queue, *, name: str, stopping: threading.Event) -> None:
        super().__init__(
            [queue],
            name=name,
            connection=queue.connection,
            serializer=JSONSerializer,
            job_class=AllowedJob,
            worker_ttl=60,
            maintenance_interval=120,
            log_job_description=False,
        )
        self._stopping = stopping
        self._told = 0.0
        self._looked = 0.0

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait in short turns, so that a stop is seen between two jobs and never inside a pop."""
        del timeout, max_idle_time
        while not self._stopping.is_set():
            found = super().dequeue_job_and_maintain_ttl(1, 1)
            if found:
                return found
        raise StopRequested

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        if pipeline is None and time.monotonic() - self._told < BOOKKEEPING_SECONDS:
            return
        self._told = time.monotonic()
        super().heartbeat(timeout, pipeline=pipeline)

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Known here; told to Redis only where RQ is writing anyway."""
        self._state = state
        if pipeline is not None:
            super().set_state(state, pipeline=pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        if time.monotonic() - self._looked >= SUSPENSION_SECONDS:
            self._looked = time.monotonic()
            super().check_for_suspension(burst)

    def subscribe(self) -> None:
        """No remote commands: whoever writes to Redis must not be able to stop workers."""

    def unsubscribe(self) -> None:
        """See subscribe."""

    def _install_signal_handlers(self) -> None:
        """Signals belong to the process, not to a thread."""


class Pool:
    """`count` worker threads, and half as many for steps and alerts alone.

    Each is replaced when RQ gives up on it.
    """

    def __init__(self, parts: Parts | Held, redis: Redis, *, count: int) -> None:
        self._parts = parts
        self._redis = redis
        self._count = count
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        sys.setswitchinterval(HAND_OVER)
        for_people = max(2, self._count // 2)
        for number in range(self._count + for_people):
            thread = threading.Thread(
                target=self._live,
                args=[number, number >= self._count],
                name=f"worker-{number}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float) -> bool:
        """Finish what is held and end; False when something still ran after `seconds`."""
        self._stopping.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _live(self, number: int, for_people: bool) -> None:
        use(self._parts)
        queues = open_queues(self._redis)
        queue = queues.people if for_people else queues.rest
        life = 0
        while not self._stopping.is_set():
            life += 1
            name = f"{socket.gethostname()}-{os.getpid()}-{number}-{life}"
            try:
                worker = ThreadWorker(queue, name=name, stopping=self._stopping)
                worker.work(logging_level="WARNING")
            except Exception as fault:  # noqa: BLE001 whatever it was, this thread goes on
                log.warning("a worker thread starts again", fault=_plain(fault))
            self._stopping.wait(0.5 if life > 1 else 0.05)


def _plain(fault: Any) -> str:
    return f"{type(fault).__name__}: {fault}"
