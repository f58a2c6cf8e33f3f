"""The due set: accepted events, escalation steps, writes, alerts and polls, each with its moment.

One sorted set drives everything. `accept` puts an event in, durably and once; `claim` moves what
is due to *claimed* under a lease, on Redis time; `begin`, `finish`, `retry` and `set_aside` are a
job's life. Whoever dies in between loses nothing: the claim runs out and the member comes due
again. A member is never claimed twice at a time; what comes due meanwhile waits for the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from importlib import resources
from typing import Any, NamedTuple

from redis import Redis
from redis.commands.core import Script

from worker.events import Delivery, Event
from worker.store import keys
from worker.store.keys import Kind, Member

UNTIL_ENQUEUED = 5.0
"""Seconds that a feeder has to hand a claim to the queue."""
UNTIL_DONE = 60.0
"""Seconds that a queued job has to begin, and a begun one to end."""
CRASHES_ALLOWED = 5
APART = 1.5
"""Seconds between those that come back after their worker died a second time with all of them."""
ECHOES_GATHER = 1.0
"""Seconds: one write of ours comes back as several events; they are taken in together, after what
a customer waits for."""
LOOK_AGAIN = 60.0
"""Seconds after which what waits for the end of a pause is looked at, should nobody wake it."""
COARSE = 0.1
"""Seconds that a blocking command of Redis may return too late (its `hz` is 10)."""
LOOK = 0.01
"""Seconds between two looks at the bell."""
OWN_REMEMBERED = timedelta(hours=1)
LONG_QUEUE = 16
"""Jobs waiting: beyond it a claim that ran out before it began is probably waiting there too."""


class Accepted(IntEnum):
    """What became of a delivery."""

    NEW = 1
    SEEN_BEFORE = 0
    OTHER_ACCOUNT = -1


class Claim(NamedTuple):
    """The right to work on one member until the lease ends."""

    member: Member
    token: int
    attempt: int
    """1 the first time, one more after every retry."""
    due: float = 0.0
    """The moment it was due, in Unix seconds of Redis time."""


class Failure(NamedTuple):
    """A member that was set aside, as text: it may be of a kind that a newer version knows."""

    member: str
    reason: str
    at: float


class DueSet:
    """The due set over one Redis client (`decode_responses=True`, short time-outs)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = {name: load_script(redis, name) for name in _SCRIPTS}

    def accept(self, delivery: Delivery, event: Event, *, heard: bool = True) -> Accepted:
        """Keep the event and make its ticket due, unless it was seen before. One round trip.

        With `heard` it came by webhook, which is noted too: `connect` and `doctor` ask for it.
        """
        account = f"{event.key.helpdesk}/{event.key.account}"
        answer = self._scripts["accept"](
            keys=[
                keys.seen(delivery.seen_key),
                keys.inbox(event.key),
                keys.DUE,
                keys.BELL,
                keys.COUNTERS,
                keys.account_number(account),
                keys.HEARD,
            ],
            args=[
                max(1, int(delivery.seen_for.total_seconds())),
                event.model_dump_json(exclude_defaults=True),
                str(Member(Kind.EVENT, str(event.key))),
                delivery.account_id or "",
                ECHOES_GATHER if event.may_be_an_echo else 0,
                account if heard else "",
            ],
        )
        return Accepted(answer)

    def accept_own(self, event: Event) -> Accepted:
        """Keep an event that we made ourselves (a poll's reading, a merge), once per its id."""
        delivery = Delivery(
            event=event, seen_key=f"own:{event.key}:{event.id}", seen_for=OWN_REMEMBERED
        )
        return self.accept(delivery, event, heard=False)

    def claim(self, limit: int = 100) -> tuple[list[Claim], float | None]:
        """Take up to `limit` due members; also the seconds until the next is due (None: none)."""
        taken, now, nearest = self._scripts["claim"](
            keys=[
                keys.DUE,
                keys.CLAIMED,
                keys.AGAIN,
                keys.TOKENS,
                keys.CLAIMS,
                keys.ATTEMPTS,
                keys.CRASHES,
                keys.FAILED,
                keys.BEGUN,
                keys.RQ_QUEUE,
                keys.RQ_PEOPLE_QUEUE,
            ],
            args=[limit, UNTIL_ENQUEUED, CRASHES_ALLOWED, LONG_QUEUE, APART],
        )
        claims = []
        for text, token, attempt, due in taken:
            try:
                member = Member.parse(text)
            except ValueError:
                self._set_aside_unknown(text)
            else:
                claims.append(Claim(member, int(token), int(attempt), float(due)))
        return claims, max(0.0, float(nearest) - float(now)) if nearest else None

    def hold(self, claims: Sequence[Claim]) -> list[int]:
        """Renew leases; for each the attempt's number, or 0 when the claim is no longer ours."""
        return self._renew(claims, UNTIL_DONE)[1] if claims else []

    def begin(self, member: Member, token: int) -> tuple[Claim, datetime] | None:
        """Start a job: its claim for another lease, and now, on Redis time.

        All machines share that clock, so a step that is due is due for whoever runs it. None:
        the claim ran out and was given to another job; stand down.
        """
        now, (attempt,) = self._renew([Claim(member, token, 0)], UNTIL_DONE, begun=True)
        return (Claim(member, token, attempt), now) if attempt else None

    def now(self) -> datetime:
        """The moment on Redis time, for a job that has taken long since it began."""
        seconds, micros = self._redis.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)

    def finish(self, claim: Claim) -> bool:
        """The work is done; what came due meanwhile is due now. False: not our claim any more."""
        return self._release(claim, "done", "")

    def retry(self, claim: Claim, seconds: float) -> bool:
        """Try again after `seconds`."""
        return self._release(claim, "retry", f"{seconds:.3f}")

    def postpone(self, claim: Claim, seconds: float) -> bool:
        """Look again after `seconds`; nothing was tried, so it counts as no attempt."""
        return self._release(claim, "wait", f"{seconds:.3f}")

    def hold_back(self, claim: Claim) -> bool:
        """Wait for the end of the pause; due at once when it has ended meanwhile. No attempt."""
        return self._release(claim, "held", f"{LOOK_AGAIN:.3f}")

    def set_aside(self, claim: Claim, reason: str) -> bool:
        """Give up until a person says otherwise; `minutehand failed` lists it."""
        return self._release(claim, "aside", json.dumps({"at": time.time(), "reason": reason}))

    def arm(self, member: Member, moment: datetime | float, *, if_absent: bool = False) -> None:
        """Make a member due at a moment (aware, or Unix seconds)."""
        score = moment if isinstance(moment, float) else moment.timestamp()
        if if_absent and self._redis.zscore(keys.CLAIMED, str(member)) is not None:
            return
        self._redis.zadd(keys.DUE, {str(member): score}, nx=if_absent)
        self.ring()

    def ring(self) -> None:
        """Wake a feeder."""
        self._redis.lpush(keys.BELL, "1")
        self._redis.ltrim(keys.BELL, 0, 0)

    def wait(self, seconds: float) -> None:
        """Sleep until the bell rings, at most `seconds`.

        Redis looks for time-outs ten times a second, so for the last tenth we look ourselves.
        """
        until = time.monotonic() + seconds
        if seconds > COARSE and self._redis.blpop([keys.BELL], timeout=seconds - COARSE):
            return
        while (left := until - time.monotonic()) > 0:
            if self._redis.lpop(keys.BELL):
                return
            time.sleep(min(left, LOOK))

    def failures(self) -> list[Failure]:
        """Everything that was set aside, latest first."""
        found: dict[str, str] = self._redis.hgetall(keys.FAILED)  # type: ignore[assignment]
        listed = []
        for member, text in found.items():
            said: dict[str, Any] = json.loads(text)
            listed.append(Failure(member, said["reason"], float(said["at"])))
        return sorted(listed, key=lambda failure: -failure.at)

    def retry_failures(self, members: Sequence[str] | None = None) -> int:
        """Make what was set aside (these, or all of it) due now; how many there were."""
        chosen = [failure.member for failure in self.failures()] if members is None else members
        retried = 0
        for member in chosen:
            with self._redis.pipeline(transaction=True) as both:
                both.hdel(keys.FAILED, member)
                both.zadd(keys.DUE, {member: time.time()}, lt=True)
                retried += both.execute()[0]
        if retried:
            self.ring()
        return retried

    def _set_aside_unknown(self, text: str) -> None:
        """After a rollback: of a kind that only a newer version knows, and kept for it."""
        reason = json.dumps({"at": time.time(), "reason": "of a kind unknown to this version"})
        with self._redis.pipeline(transaction=True) as all_of_it:
            all_of_it.zrem(keys.CLAIMED, text)
            all_of_it.hdel(keys.TOKENS, text)
            all_of_it.hset(keys.FAILED, text, reason)
            all_of_it.execute()

    def _renew(
        self, claims: Sequence[Claim], seconds: float, *, begun: bool = False
    ) -> tuple[datetime, list[int]]:
        pairs = [part for claim in claims for part in (str(claim.member), claim.token)]
        now, *attempts = self._scripts["renew"](
            keys=[keys.CLAIMED, keys.TOKENS, keys.ATTEMPTS, keys.BEGUN],
            args=[seconds, "begun" if begun else "", *pairs],
        )
        return datetime.fromtimestamp(float(now), UTC), attempts

    def _release(self, claim: Claim, how: str, detail: str) -> bool:
        answer = self._scripts["release"](
            keys=[
                keys.DUE,
                keys.CLAIMED,
                keys.AGAIN,
                keys.TOKENS,
                keys.ATTEMPTS,
                keys.CRASHES,
                keys.FAILED,
                keys.BELL,
                keys.BEGUN,
                keys.PAUSED,
                keys.HELD,
            ],
            args=[str(claim.member), claim.token, how, detail],
        )
        return bool(answer)


_SCRIPTS = ("accept", "claim", "renew", "release")


def load_script(redis: Redis, name: str) -> Script:
    """A Lua script of this folder, bound to a client (sent once, then called by its digest)."""
    text = resources.files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")
    return redis.register_script(text)
