"""What an account's API may be asked for: one bucket, shared by all threads and processes.

It fills with our share of what the helpdesk's own headers say, and is emptied call by call, the
urgent ones to its bottom. Nobody sleeps: a call is made now, or whoever wants it hears in how many
seconds to come back. It also keeps the pauses that a helpdesk asked for, and lets one that is down
rest. See docs/decisions/0011-budget.md.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any, NamedTuple

import structlog
from redis import Redis
from redis.exceptions import RedisError

from worker.helpdesks.spending import ALL, Rates, Refusal
from worker.store import keys
from worker.store.due import load_script
from worker.urgency import Urgency, urgency_now

RESERVED = {
    Urgency.CONFIRM: 0.0,
    Urgency.P1: 0.1,
    Urgency.P2: 0.3,
    Urgency.P3: 0.4,
    Urgency.P4: 0.5,
    Urgency.POLL: 0.6,
}
"""The part of the bucket that is kept for what is more urgent. A call that ends what was begun goes
a twentieth of the bucket, at least three calls, deeper than one that begins: else many would read
their tickets, and none could write."""
UNTOLD_WINDOW = 10.0
"""Seconds for which `remaining` is believed when the helpdesk does not say when its window ends."""
LONGEST_WAIT = 30.0
"""Seconds until whoever found too little is to come back at the latest."""
FAILURES = 5
WITHIN = 60.0
"""So many failures in a row, each within so many seconds of the one before: it is down."""
FIRST_REST, LONGEST_REST = 5.0, 60.0
"""Seconds that it is left alone for; twice as long after every probe that fails."""
PROBE = 15.0
"""Seconds that a probe may take before another is allowed."""
REDIS_AWAY = 5.0
"""Seconds for which a Redis that did not answer is not asked again; calls are allowed meanwhile."""
CLOCK_EVERY = 30.0
"""Seconds between two looks at a helpdesk's clock."""
WHY = {
    "paused": "it asked us to pause",
    "down": "it does not answer",
    "spent": "our share of its rate limit is spent",
}

log = structlog.get_logger()


class Left(NamedTuple):
    """How one part of an account's budget stands, for /metrics and doctor."""

    account: str
    part: str
    limit: float
    """What the helpdesk allows everybody in a minute; 0: not known."""
    capacity: float
    """The most calls that the bucket holds."""
    left: float
    paused: float
    """Seconds that the helpdesk asked us to wait; 0: it did not."""
    down: bool
    """True while it is left alone because it does not answer."""


class Budget:
    """Implements `worker.helpdesks.spending.Budget` over one Redis client.

    When Redis does not answer, calls are allowed: the helpdesk's own limit still stands.
    """

    def __init__(self, redis: Redis, *, share: float = 0.5) -> None:
        self._redis = redis
        self._share = share
        self._script = load_script(redis, "budget")
        self._away_until = 0.0
        self._clock_seen: dict[str, float] = {}

    def set_share(self, share: float) -> None:
        """Another share of the helpdesks' limits is ours from now on."""
        self._share = share

    def take(
        self, account: str, urgency: Urgency | None = None, *, part: str = "", ends: bool = False
    ) -> Refusal | None:
        """One call, as urgent as the job around it says; None: make it now."""
        how = urgency_now() if urgency is None else urgency
        answer = self._run(
            "take",
            account,
            int(how),
            RESERVED[how],
            "1" if ends else "",
            self._share,
            part,
            PROBE,
            LONGEST_WAIT,
        )
        if not answer or not answer[0]:
            return None
        return Refusal(float(answer[0]), WHY[answer[1]])

    def answered(self, account: str, rates: Rates) -> None:
        """The helpdesk is there; its limits are learned."""
        told = {
            part: {name: value for name, value in said._asdict().items() if value is not None}
            for part, said in rates.items()
        }
        self._run("answered", account, self._share, UNTOLD_WINDOW, json.dumps(told))

    def pause(self, account: str, seconds: float, *, part: str = ALL) -> None:
        """Nobody calls for so long; a later pause holds, an earlier end does not."""
        self._run("pause", account, part, seconds)

    def saw_clock(self, account: str, skew: float) -> None:
        """How far the helpdesk's clock is ahead of ours; kept every half minute."""
        if time.monotonic() < self._clock_seen.get(account, 0.0) + CLOCK_EVERY:
            return
        self._clock_seen[account] = time.monotonic()
        with contextlib.suppress(RedisError):
            self._redis.hset(keys.SKEWS, account, f"{skew:.1f}")

    def failed(self, account: str, about: str = "") -> None:
        """After five in a row the account is left alone, for longer each time; then one probes."""
        self._run("failed", account, about, FAILURES, WITHIN, FIRST_REST, LONGEST_REST)

    def left(self) -> list[Left]:
        """Every account's parts now. Raises RedisError when Redis does not answer."""
        seconds, micros = self._redis.time()
        now = seconds + micros / 1e6
        accounts: set[str] = self._redis.smembers(keys.BUDGETS)  # type: ignore[assignment]
        found = []
        for account in sorted(accounts):
            kept: dict[str, str] = self._redis.hgetall(keys.budget(account))  # type: ignore[assignment]
            found += _parts(account, {k: v for k, v in kept.items() if k != "failing"}, now)
        return found

    def _run(self, *arguments: Any) -> Any:
        if time.monotonic() < self._away_until:
            return None
        account = arguments[1]
        try:
            return self._script(
                keys=[keys.budget(account), keys.BUDGETS, keys.COUNTERS], args=list(arguments)
            )
        except RedisError as fault:
            self._away_until = time.monotonic() + REDIS_AWAY
            log.warning("the budget is not kept: redis is away", fault=str(fault))
            return None


def _parts(account: str, kept: dict[str, str], now: float) -> list[Left]:
    figures = {name: float(value) for name, value in kept.items()}
    named = {
        name.partition(":")[2] for name in figures if name.startswith(("capacity:", "paused:"))
    }
    found = []
    for part in sorted(named | {ALL}):
        capacity = figures.get(f"capacity:{part}", 0.0)
        grown = (now - figures.get(f"at:{part}", now)) * figures.get(f"rate:{part}", 0.0)
        left = min(capacity, figures.get(f"level:{part}", 0.0) + grown)
        found.append(
            Left(
                account=account,
                part=part,
                limit=figures.get(f"limit:{part}", 0.0),
                capacity=capacity,
                left=max(0.0, left),
                paused=max(0.0, figures.get(f"paused:{part}", 0.0) - now),
                down="open_until" in figures,
            )
        )
    return found
