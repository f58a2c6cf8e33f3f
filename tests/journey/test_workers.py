"""Workers that are killed, that a ticket kills, and that are told to stop: in real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from journey.fragile_worker import LEASE, POISON
from redis import Redis
from stack import Stack, until

from worker.queues import JOB_SECONDS, REST_SECONDS
from worker.store import keys
from worker.store.due import UNTIL_DONE, DueSet
from worker.transport import CONNECT_SECONDS

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

QUESTION = "How do I add a user to my team?"
POLICY = """
[plans.pro]
first_response = { P1 = "1h", P2 = "2h", P3 = "3h", P4 = "4h" }

[poll]
every = "5m"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), POLICY) as running:
        for name in ("work", "clock"):  # the clock would hand out claims of a whole minute
            running.stop(name)
        yield running


@pytest.fixture
def redis(stack: Stack) -> Iterator[Redis]:
    client = Redis.from_url(stack.redis_url, decode_responses=True)
    yield client
    client.close()


def start(stack: Stack) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "journey.fragile_worker", "work"]
    with (stack.folder / "work.log").open("ab") as log:
        return subprocess.Popen(command, env=stack.environment, stdout=log, stderr=log)


@contextmanager
def supervised(stack: Stack) -> Iterator[list[int]]:
    """A worker that is started again whenever it dies; the list holds how each one ended."""
    ends: list[int] = []
    enough = threading.Event()

    def watch() -> None:
        while not enough.is_set():
            with start(stack) as process:
                while process.poll() is None and not enough.wait(0.05):
                    pass
                if process.poll() is None:
                    process.terminate()
                ends.append(process.wait(20))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield ends
    finally:
        enough.set()
        thread.join(30)


def test_leases_are_such_that_a_killed_workers_job_runs_again_within_75_seconds() -> None:
    assert UNTIL_DONE + REST_SECONDS < 75
    assert JOB_SECONDS < UNTIL_DONE
    assert CONNECT_SECONDS <= 3


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_job_whose_worker_was_killed_runs_again_when_its_claim_is_over(
    stack: Stack, redis: Redis, helpdesk: str
) -> None:
    order = {"kind": "slow", "helpdesk": helpdesk, "method": "PUT", "seconds": 2.5}
    stack.control("post", "/faults", order)
    worker = start(stack)
    ticket_id = stack.create(helpdesk, QUESTION)
    until(lambda: any(one.endswith(f"/{ticket_id}") for one in redis.smembers(keys.BEGUN)), 20)
    time.sleep(0.3)
    worker.kill()
    worker.wait(10)
    killed = time.monotonic()
    stack.control("delete", "/faults")

    with supervised(stack):
        stack.written(helpdesk, ticket_id, 90)
        took = time.monotonic() - killed

    # The write's claim is the longer one: it was taken over at the commit for a whole minute.
    assert took < 75
    assert len(stack.ticket(helpdesk, ticket_id)["writes"]) <= 2


def test_a_poison_ticket_is_set_aside_and_those_that_died_with_it_are_done(
    stack: Stack, redis: Redis
) -> None:
    poison = stack.create("zendesk", f"This {POISON}")
    others = [stack.create("zendesk", QUESTION) for _ in range(6)]

    with supervised(stack) as ends:
        failures = until(DueSet(redis).failures, 100, "the poison's being set aside")
        for ticket_id in others:
            stack.written("zendesk", ticket_id, 30)

    (failure,) = failures
    assert failure.member.endswith(f"/{poison}")
    assert "its worker died or hung 5 times" in failure.reason
    assert ends.count(-signal.SIGKILL) == 5
    assert stack.ticket("zendesk", poison)["severity"] is None


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_worker_that_is_told_to_stop_finishes_what_it_holds(
    stack: Stack, redis: Redis, helpdesk: str
) -> None:
    order = {"kind": "slow", "helpdesk": helpdesk, "method": "PUT", "seconds": 2}
    stack.control("post", "/faults", order)
    worker = start(stack)
    ticket_id = stack.create(helpdesk, QUESTION)
    until(lambda: any(one.endswith(f"/{ticket_id}") for one in redis.smembers(keys.BEGUN)), 20)
    time.sleep(0.5)

    worker.terminate()

    assert worker.wait(15) == 0
    stack.control("delete", "/faults")
    assert stack.ticket(helpdesk, ticket_id)["severity"] == "P4"
    assert not [one for one in redis.zrange(keys.CLAIMED, 0, -1) if ticket_id in one]
    assert len(stack.ticket(helpdesk, ticket_id)["writes"]) == 1
    assert LEASE < UNTIL_DONE
