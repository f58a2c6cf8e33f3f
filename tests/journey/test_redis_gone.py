"""Redis goes away, hangs, or comes back empty under real processes: nothing lost, nothing twice."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from stack import Stack, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

OUTAGE = "Everything is down, nobody can log in and there is no workaround"
QUESTION = "How do I add a user to my team?"
POLICY = """
[plans.pro]
first_response = { P1 = "30s", P2 = "1h", P3 = "2h", P4 = "3h" }

[poll]
every = "2s"
met_every = "1s"

[[steps]]
at = "0%"
severities = ["P1"]
notify = ["oncall"]

[[steps]]
at = "100%"
severities = ["P1"]
notify = ["oncall"]

[channels.oncall]
type = "webhook"
url = "${RECEIVER_URL}"
"""
helpdesks = pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), POLICY) as running:
        yield running


@pytest.fixture(autouse=True)
def _everything_lives_on(stack: Stack) -> Iterator[None]:
    yield
    stack.control("delete", "/faults")
    assert {name: process.poll() for name, process in stack.processes.items()} == dict.fromkeys(
        stack.processes
    )


def post(stack: Stack, number: int) -> tuple[requests.Response, float]:
    """A webhook about some ticket, and how long its answer took."""
    began = time.monotonic()
    answer = requests.post(
        f"{stack.url}/webhooks/freshdesk",
        json={"ticket_id": str(900_000 + number), "at": time.time()},
        headers={"X-Minutehand-Secret": stack.environment["FRESHDESK_WEBHOOK_SECRET"]},
        timeout=20,
    )
    return answer, time.monotonic() - began


def record(stack: Stack, helpdesk: str, ticket_id: str) -> str:
    return requests.get(f"{stack.url}/tickets/{helpdesk}/{ticket_id}", timeout=5).text


def ready(stack: Stack) -> None:
    until(stack._is_ready, 30, "being ready again")


@helpdesks
def test_a_webhook_that_redis_could_not_keep_is_503_and_its_ticket_is_found_by_poll(
    stack: Stack, helpdesk: str
) -> None:
    stack.stop("redis", kill=True)
    answer, _ = post(stack, 1)
    ticket_id = stack.create(helpdesk, QUESTION, webhook="lost")
    time.sleep(6)
    stack._start_redis()

    ticket = stack.written(helpdesk, ticket_id, 30)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert ticket["severity"] == "P4"
    assert "recovered by poll, " in record(stack, helpdesk, ticket_id)
    assert len(ticket["writes"]) == 1
    ready(stack)


@helpdesks
def test_jobs_under_which_redis_was_killed_are_done_once_and_soon(
    stack: Stack, helpdesk: str
) -> None:
    stack.control("post", "/faults", {"kind": "slow", "helpdesk": helpdesk, "seconds": 1.5})
    found = [stack.create(helpdesk, QUESTION) for _ in range(6)]
    time.sleep(1)
    stack.stop("redis", kill=True)
    time.sleep(2)
    stack._start_redis()
    back = time.monotonic()

    for ticket_id in found:
        ticket = stack.written(helpdesk, ticket_id, 30)
        assert ticket["severity"] == "P4"
    took = time.monotonic() - back
    stack.control("delete", "/faults")
    time.sleep(3)

    assert took < 20
    assert [len(stack.ticket(helpdesk, one)["writes"]) for one in found] == [1] * 6


def test_a_redis_that_hangs_holds_no_webhook_for_two_seconds_however_many_come(
    stack: Stack,
) -> None:
    ready(stack)
    stack.processes["redis"].send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(24) as callers:
            answers = list(callers.map(lambda number: post(stack, number), range(48)))
    finally:
        stack.processes["redis"].send_signal(signal.SIGCONT)

    assert {answer.status_code for answer, _ in answers} == {503}
    assert max(took for _, took in answers) < 2
    assert until(
        lambda: post(stack, 99)[0].status_code == 202, 10, "the next webhook's being taken"
    )


@helpdesks
def test_an_emptied_redis_is_filled_from_the_helpdesk_and_repeats_one_alert_at_most(
    stack: Stack, helpdesk: str
) -> None:
    ticket_id = stack.create(helpdesk, OUTAGE)
    stack.written(helpdesk, ticket_id)
    until(lambda: stack.receiver.alerts(helpdesk, ticket_id), 10, "the alert at creation")
    answered = stack.create(helpdesk, OUTAGE)
    stack.written(helpdesk, answered)
    reply = {"by": "agent", "public": True, "body": "We are on it.", "webhook": "lost"}
    stack.control("post", f"/tickets/{helpdesk}/{answered}/reply", reply)
    told = len(stack.receiver.alerts(helpdesk, answered))
    stack.stop("redis", kill=True)
    shutil.rmtree(Path(stack.folder) / "redis")
    stack._start_redis()

    created = datetime.fromisoformat(stack.ticket(helpdesk, ticket_id)["created_at"])
    breach = created.replace(microsecond=0).timestamp() + 30
    until(
        lambda: any(b["step"] == "100%" for _, b in stack.receiver.alerts(helpdesk, ticket_id)),
        45,
        "the breach's alert",
    )

    steps = [body["step"] for _, body in stack.receiver.alerts(helpdesk, ticket_id)]
    (at,) = [at for at, b in stack.receiver.alerts(helpdesk, ticket_id) if b["step"] == "100%"]
    assert 0 <= at - breach < 2
    assert steps.count("0%") <= 2
    assert len(stack.receiver.alerts(helpdesk, answered)) == told
    assert datetime.now(UTC).timestamp() > breach
    notes = [one for one in stack.ticket(helpdesk, ticket_id)["comments"] if one["staff"]]
    assert len(notes) == 1


def test_no_process_left_a_traceback_or_a_thread_behind(stack: Stack) -> None:
    ready(stack)

    assert "Traceback" not in stack.logs()
    assert threading.active_count() < 60
