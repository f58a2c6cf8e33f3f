"""What each helpdesk says of us, and how long ago it was heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from worker.doctor.check import Check, fail, ok, warn
from worker.errors import MinutehandError
from worker.store.journal import Journal
from worker.wiring import Account

POLL_IS_OLD = timedelta(minutes=5)


def of_helpdesks(
    accounts: Mapping[str, Account], journal: Journal, now: datetime
) -> Iterator[Check]:
    """Whether we may sign in, and whether polls come to their end. Redis may be away."""
    for name, account in accounts.items():
        try:
            yield ok(f"{name} sign-in", account.client.ping())
        except MinutehandError as fault:
            advice = "check its credentials in .env, and that the user may do what is named"
            yield fail(f"{name} sign-in", str(fault), advice)
        last, weak = _poll(journal, name)
        if last is None:
            yield warn(f"{name} poll", "has never come to its end", "start worker and clock")
        elif now - last > POLL_IS_OLD:
            found = f"last came to its end {int((now - last).total_seconds() / 60)} min ago"
            yield fail(f"{name} poll", found, "look at the worker's log")
        elif weak:
            yield warn(f"{name} poll", weak, "see the helpdesk's README in worker/helpdesks")
        else:
            yield ok(f"{name} poll", f"{int((now - last).total_seconds())} s ago")


def _poll(journal: Journal, account: str) -> tuple[datetime | None, str | None]:
    """When a poll last came to its end, and what the last one had to say."""
    try:
        return journal.last_poll(account), journal.said_about(f"poll {account}")
    except RedisError:
        return None, None
