"""A test event, sent by the helpdesk to our own web process, and whether it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from worker.errors import MinutehandError
from worker.helpdesks.base import Setup
from worker.helpdesks.wishes import TestSent
from worker.tickets import one_line
from worker.transport import Transport

PATIENCE = 30.0
"""Seconds to wait for a webhook; both helpdesks send within a few."""
PAUSE = 0.2
ACCEPTED = 202


class Arrival(StrEnum):
    """How the test ended."""

    ARRIVED = "arrived"
    LOST = "lost"
    LATER = "later"
    """Nothing answers at PUBLIC_URL yet, so there was nobody to hear it."""


class Trial(NamedTuple):
    """How the test ended, and what to check."""

    arrival: Arrival
    text: str


def try_out(
    setup: Setup,
    transport: Transport,
    public_url: str,
    *,
    webhook_id: str,
    address: str,
    last_heard: Callable[[], float | None] | None,
    patience: float = PATIENCE,
) -> Trial:
    """Send one and wait for it. `last_heard` says when a webhook came last, as Redis knows it;

    None: Redis cannot be asked from here. Never raises for what the helpdesk answers.
    """
    if not _answers(transport, public_url):
        return Trial(
            Arrival.LATER,
            f"no test event: nothing answers at {public_url}/healthz as seen from here. Start "
            "everything (`make run`), then run this again",
        )
    before = last_heard() if last_heard else None
    began = time.monotonic()
    try:
        test = setup.send_test(webhook_id, address)
    except MinutehandError as fault:
        return Trial(Arrival.LOST, f"no test event could be sent: {fault}")
    if test.status is not None:
        trial = _judged(test, time.monotonic() - began)
    else:
        trial = _waited(last_heard, before, began, patience)
    try:
        setup.end_test(test)
    except MinutehandError as fault:
        return trial._replace(text=f"{trial.text}; its ticket has to be deleted by hand: {fault}")
    return trial


def _judged(test: TestSent, seconds: float) -> Trial:
    if test.status == ACCEPTED:
        return Trial(Arrival.ARRIVED, f"the test event arrived ({seconds:.1f} s)")
    why = {
        401: "the web process knows another secret: restart it, so that it reads .env again",
        404: "something else answers there: PUBLIC_URL has to lead to Minutehand's web process",
        503: "the web process has no secret or no Redis: restart it, so that it reads .env again",
    }.get(test.status or 0, "check DNS, firewall and proxy between the helpdesk and PUBLIC_URL")
    answered = f"answered {test.status}" if test.status else "did not answer"
    said = f" ({one_line(test.said, 120)})" if test.said else ""
    return Trial(Arrival.LOST, f"the test event did not arrive: PUBLIC_URL {answered}{said}; {why}")


def _waited(
    last_heard: Callable[[], float | None] | None,
    before: float | None,
    began: float,
    patience: float,
) -> Trial:
    if last_heard is None:
        return Trial(
            Arrival.LOST,
            "a test event was sent, but without Redis it cannot be seen from here whether it "
            "arrived: set REDIS_URL, or run this where `minutehand up` runs",
        )
    while time.monotonic() - began < patience:
        heard = last_heard()
        if heard is not None and heard != before:
            seconds = time.monotonic() - began
            return Trial(Arrival.ARRIVED, f"the test event arrived ({seconds:.1f} s)")
        time.sleep(PAUSE)
    return Trial(
        Arrival.LOST,
        f"the test event did not arrive within {patience:.0f} s: check that the helpdesk reaches "
        "PUBLIC_URL, that the rule is active and carries the secret of .env, and restart the web "
        "process so that it reads .env again",
    )


def _answers(transport: Transport, public_url: str) -> bool:
    try:
        answer = transport.request("GET", f"{public_url}/healthz", what="PUBLIC_URL", timeout=5.0)
    except MinutehandError:
        return False
    return answer.status_code == 200
