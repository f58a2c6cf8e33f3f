"""What is wrong with the service itself, from its own figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from worker.store.health import Reading
from worker.timer import roughly_seconds

WORKER_GONE = 60.0
"""Seconds; the limits that follow are seconds too."""
QUEUE_OLD = 60.0
STEP_LATE = 60.0
POLL_LATE = 300.0
SILENT = 600.0
MISSED = 3
"""Tickets that polls found in place of webhooks since the last webhook."""
SKEWED = 5.0


class Ailment(NamedTuple):
    """One thing that is wrong."""

    about: str
    """Equal for the same thing at another time."""
    text: str
    """For people: what it is and what to do."""


def ailments(reading: Reading) -> Iterator[Ailment]:
    """Everything that is wrong now."""
    ages = reading.ages("worker")
    if not ages or min(ages) > WORKER_GONE:
        since = f" for {roughly_seconds(min(ages))}" if ages else ""
        text = f"no worker runs{since}, so nothing is decided or sent: start `minutehand work`"
        yield Ailment("worker", text)
    if reading.queue_seconds > QUEUE_OLD:
        text = f"a job has waited for {roughly_seconds(reading.queue_seconds)}: add worker threads"
        yield Ailment("queue", text)
    if reading.step_seconds > STEP_LATE and reading.paused is None:
        late = roughly_seconds(reading.step_seconds)
        yield Ailment("step", f"an alert has been due for {late} and is not sent: see the logs")
    if reading.failed:
        text = f"{reading.failed} set aside after errors: see `minutehand failed`"
        yield Ailment("failed", text)
    yield from _of_accounts(reading)


def _of_accounts(reading: Reading) -> Iterator[Ailment]:
    for account, seconds in reading.polls.items():
        if seconds > POLL_LATE:
            late = roughly_seconds(seconds)
            text = f"{account} was last polled {late} ago: lost webhooks are not made up for"
            yield Ailment(f"poll {account}", text)
    for account, missed in reading.missed.items():
        silent = reading.silences.get(account)
        if missed >= MISSED and (silent is None or silent > SILENT):
            since = f"for {roughly_seconds(silent)}" if silent is not None else "yet"
            text = (
                f"no webhook of {account} came {since}, while polls found {missed} tickets: "
                "look at its webhook or rule, and at PUBLIC_URL"
            )
            yield Ailment(f"silence {account}", text)
    for account, skew in reading.skews.items():
        if abs(skew) > SKEWED:
            way = "behind" if skew > 0 else "ahead of"
            text = (
                f"this machine's clock is {roughly_seconds(abs(skew))} {way} that of {account}: "
                "set it by NTP, deadlines go by it"
            )
            yield Ailment(f"clock {account}", text)
    for one in reading.budgets:
        if one.down and one.part == "requests":
            text = f"{one.account} does not answer: alerts go out as not confirmed meanwhile"
            yield Ailment(f"down {one.account}", text)
