"""Small things that are kept for people and for the next poll: counters, sayings, watermarks."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from worker.settings import Mode
from worker.store import keys

LOOK_BACK = timedelta(hours=8)
"""The longest built-in target: an older ticket is past every deadline."""


SAID_FOR = timedelta(days=1)
HEARD_EVERY = 1.0
"""Seconds."""
BEHIND_SECONDS = 60
ARRIVALS_KEPT_SECONDS = 2 * 3600
_NUMBER = re.compile(r"\d+")
_RANK = {Mode.OBSERVE: 0, Mode.TAG: 1, Mode.LIVE: 2}


class Journal:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._start: datetime | None = None
        self._heard: dict[str, tuple[float, int]] = {}
        """Account -> when it was last kept that a webhook came, and how many came since."""
        self._lock = threading.Lock()

    def count(self, name: str, by: int = 1) -> None:
        """One more of something, for /metrics."""
        self._redis.hincrby(keys.COUNTERS, name, by)

    def counters(self) -> dict[str, int]:
        found: dict[str, str] = self._redis.hgetall(keys.COUNTERS)  # type: ignore[assignment]
        return {name: int(value) for name, value in found.items()}

    def say(self, text: str, now: datetime, *, about: str | None = None) -> bool:
        """Tell the operator, on the board and in the log; True when it is new.

        A later saying about the same thing takes its place; without `about` that is the text with
        its numbers left out, so that a thousand tickets say it once. `unsay` or a day ends it.
        """
        topic = about or _NUMBER.sub("#", text)
        return bool(self._redis.hset(keys.SAID, topic, f"{now.isoformat()} {text}"))

    def said_about(self, topic: str) -> str | None:
        """What was said last about something, unless it was unsaid."""
        found = self._redis.hget(keys.SAID, topic)
        return str(found).partition(" ")[2] if found else None

    def said(self) -> list[str]:
        """What the operator was told within a day, latest first."""
        found: dict[str, str] = self._redis.hgetall(keys.SAID)  # type: ignore[assignment]
        now = datetime.now(UTC)
        oldest = (now - SAID_FOR).isoformat()
        stale = [topic for topic, said in found.items() if said < oldest]
        if stale:
            self._redis.hdel(keys.SAID, *stale)
        return sayings(found, now)

    def unsay(self, about: str) -> None:
        """It is not true any more."""
        self._redis.hdel(keys.SAID, about)

    def watermark(self, account: str) -> str | None:
        """Up to where an account (`helpdesk/account`) has been read."""
        found: str | None = self._redis.get(keys.watermark(account))  # type: ignore[assignment]
        return found

    def set_watermark(self, account: str, watermark: str) -> None:
        self._redis.set(keys.watermark(account), watermark)

    def forget_watermark(self, account: str) -> None:
        """The helpdesk does not take it any more."""
        self._redis.delete(keys.watermark(account))

    def start_from(self, configured: datetime | None, now: datetime) -> datetime:
        """Tickets created before this are left alone: as configured, else 8 h before the first run.

        Kept at the first call, so that a restart does not move it.
        """
        if configured is not None:
            return configured
        if self._start is None:
            self._redis.set(keys.START_FROM, (now - LOOK_BACK).isoformat(), nx=True)
            self._start = datetime.fromisoformat(str(self._redis.get(keys.START_FROM)))
        return self._start

    def note_mode(self, mode: Mode, now: datetime) -> None:
        """Processes say the mode they run in; a raised one leaves its moment behind."""
        before = self._redis.hget(keys.MODE, "mode")
        if before == mode:
            return
        values: dict[Any, Any] = {"mode": str(mode)}
        if before is not None and _RANK[mode] > _RANK[Mode(str(before))]:
            values["raised_at"] = now.isoformat()
        self._redis.hset(keys.MODE, mapping=values)

    def mode_raised_at(self) -> datetime | None:
        """When the mode was last raised; steps from before then are not sent any more."""
        found = self._redis.hget(keys.MODE, "raised_at")
        return datetime.fromisoformat(str(found)) if found else None

    def take_met(self, account: str, limit: int = 100) -> list[str]:
        """Ids of answered tickets that wait for their batch; they stay until `drop_met`."""
        found: list[str] = self._redis.srandmember(keys.met(account), limit)  # type: ignore[assignment]
        return sorted(found)

    def drop_met(self, account: str, ticket_ids: list[str]) -> None:
        if ticket_ids:
            self._redis.srem(keys.met(account), *ticket_ids)

    def beat(self, process: str, now: datetime) -> None:
        """This process lives."""
        self._redis.hset(keys.HEARTBEATS, process, str(now.timestamp()))

    def polled(self, account: str, now: datetime) -> None:
        """A poll of the account has read everything up to now."""
        self._redis.hset(keys.POLLED, account, str(now.timestamp()))

    def last_poll(self, account: str) -> datetime | None:
        """When a poll of the account last came to its end."""
        found = self._redis.hget(keys.POLLED, account)
        return datetime.fromtimestamp(float(str(found)), UTC) if found else None

    def fell_behind(self, account: str) -> None:
        """Tickets of the account wait for a poll to list them, as they cannot be read alone."""
        self._redis.set(keys.behind(account), "1", ex=BEHIND_SECONDS)

    def is_behind(self, account: str) -> bool:
        return bool(self._redis.exists(keys.behind(account)))

    def heard(self, account: str, now: datetime) -> None:
        """An authentic webhook of the account came; kept once a second, which costs no speed.

        What came within the second is counted with the next one.
        """
        with self._lock:
            last, waiting = self._heard.get(account, (0.0, 0))
            if now.timestamp() - last < HEARD_EVERY:
                self._heard[account] = (last, waiting + 1)
                return
            self._heard[account] = (now.timestamp(), 0)
        minute = keys.arrivals(int(now.timestamp() // 60))
        with self._redis.pipeline(transaction=False) as both:
            both.hset(keys.HEARD, account, str(now.timestamp()))
            both.hincrby(minute, account, waiting + 1)
            both.hdel(keys.MISSED, account)
            both.expire(minute, ARRIVALS_KEPT_SECONDS)
            both.execute()

    def missed(self, account: str, count: int) -> None:
        """A poll found so many tickets of which a webhook should have told."""
        self._redis.hincrby(keys.MISSED, account, count)

    def arrivals(self, now: datetime, minutes: int = 60) -> dict[str, list[int]]:
        """Account -> authentic webhooks in each of the last minutes, the present one last."""
        present = int(now.timestamp() // 60)
        pipe = self._redis.pipeline(transaction=False)
        for minute in range(present - minutes + 1, present + 1):
            pipe.hgetall(keys.arrivals(minute))
        counted = pipe.execute()
        names = sorted({name for found in counted for name in found})
        return {name: [int(found.get(name, 0)) for found in counted] for name in names}

    def last_heard(self, account: str) -> float | None:
        """When an authentic webhook of the account came last, in Unix seconds."""
        found = self._redis.hget(keys.HEARD, account)
        return float(str(found)) if found else None

    def forget_old_beats(self, now: datetime) -> None:
        """Processes that have not been seen for an hour are history."""
        oldest = (now - timedelta(hours=1)).timestamp()
        gone = [name for name, at in self.heartbeats().items() if at < oldest]
        if gone:
            self._redis.hdel(keys.HEARTBEATS, *gone)

    def heartbeats(self) -> dict[str, float]:
        """Process -> Unix seconds of its last beat."""
        found: dict[str, str] = self._redis.hgetall(keys.HEARTBEATS)  # type: ignore[assignment]
        return {name: float(value) for name, value in found.items()}


def sayings(found: Mapping[str, str], now: datetime) -> list[str]:
    """Of what is kept in `SAID`, the texts that are not older than a day, latest first."""
    oldest = (now - SAID_FOR).isoformat()
    fresh = sorted((said for said in found.values() if said >= oldest), reverse=True)
    return [said.partition(" ")[2] for said in fresh]
