"""What is kept per ticket: its state (version-checked), its record, its alerts, its indexes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from redis import Redis

from worker.channels.base import Alert
from worker.events import Event
from worker.record import Line, State
from worker.store import keys
from worker.store.due import Claim, load_script
from worker.store.effects import Effects, as_change, day_of, ended
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey

TRIES = 20
"""Lost races on one ticket before it is somebody's bug."""


class Committed(NamedTuple):
    """What a commit brought about."""

    state: State
    claim: Claim | None
    """With `write_here`: the claim on the write, or None when another job has it."""
    alerts: int
    """Alerts that were new."""
    lines: tuple[tuple[str, str], ...] = ()
    """What went into the record."""
    send: Claim | None = None
    """With `send_here`: the claim on the first alert, when that is new."""
    alert: Alert | None = None
    """That alert."""


class Records:
    """The records over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._commit = load_script(redis, "commit")

    def load(self, key: TicketKey) -> tuple[State | None, int]:
        """A ticket's state and its version; (None, 0) when we do not know it."""
        version, text = self._redis.hmget(keys.ticket(key), "version", "state")
        return (State.model_validate_json(text), int(version or 0)) if text else (None, 0)

    def inbox(self, key: TicketKey) -> list[Event]:
        """Events that are accepted and not yet taken in, oldest first."""
        found: list[str] = self._redis.lrange(keys.inbox(key), 0, 99)  # type: ignore[assignment]
        return [Event.model_validate_json(text) for text in found]

    def drop_inbox(self, key: TicketKey, count: int) -> None:
        """Forget the oldest `count` events of a ticket; what is left is due."""
        self._redis.ltrim(keys.inbox(key), count, -1)
        if self._redis.llen(keys.inbox(key)):
            self._redis.zadd(keys.DUE, {str(Member(Kind.EVENT, str(key))): time.time()}, lt=True)

    def change(
        self,
        key: TicketKey,
        step: Callable[[State | None], tuple[State, Effects] | None],
        *,
        now: datetime,
    ) -> Committed | None:
        """Read, let `step` work out the next state, write; again when somebody was faster.

        `step` has to be pure: it may run several times. None from it changes nothing.
        """
        for _ in range(TRIES):
            state, version = self.load(key)
            worked_out = step(state)
            if worked_out is None:
                return None
            after, effects = worked_out
            effects = effects.model_copy(
                update={"counts": {**effects.counts, **ended(state, after)}}
            )
            committed = self.commit(key, version, after, effects, now=now)
            if committed:
                return committed
        raise RuntimeError(f"{key}: its state changed {TRIES} times while being written")

    def commit(
        self, key: TicketKey, version: int, state: State, effects: Effects, *, now: datetime
    ) -> Committed | None:
        """Write a state with what follows from it, or None when `version` is not current.

        The next step is armed, or disarmed, by what the state says: nobody arms it by hand.
        """
        account = f"{key.helpdesk}/{key.account}"
        write = str(Member(Kind.WRITE, str(key)))
        answer = self._commit(
            keys=[
                keys.ticket(key),
                keys.record(key),
                keys.inbox(key),
                keys.DUE,
                keys.CLAIMED,
                keys.TOKENS,
                keys.AGAIN,
                keys.CLAIMS,
                keys.ATTEMPTS,
                keys.OPEN,
                keys.SETTLED,
                keys.BELL,
                keys.COUNTERS,
                keys.met(account),
                keys.SAID,
                keys.BEGUN,
                keys.wrote(key),
                keys.WRITTEN,
                keys.CHANGED,
                keys.COMMITS,
                keys.endings(day_of(state.ticket.created_at)),
                keys.told(day_of(now)),
            ],
            args=[json.dumps(as_change(key, version, state, effects, account, write, now))],
        )
        if not answer[0]:
            return None
        token, sending = int(answer[1]), int(answer[3])
        claim = Claim(Member(Kind.WRITE, str(key)), token, 1) if token else None
        first = effects.alerts[0] if sending else None
        send = Claim(Member(Kind.SEND, first.id), sending, 1) if first else None
        return Committed(state, claim, int(answer[2]), effects.lines, send, first)

    def say(self, key: TicketKey, lines: Iterable[tuple[str, str]], *, now: datetime) -> None:
        """Add lines to a record without touching the state."""
        texts = [Line(at=now, what=what, text=text).model_dump_json() for what, text in lines]
        if texts:
            self._redis.rpush(keys.record(key), *texts)

    def lines(self, key: TicketKey) -> list[Line]:
        """A ticket's record, oldest first."""
        found: list[str] = self._redis.lrange(keys.record(key), 0, -1)  # type: ignore[assignment]
        return [Line.model_validate_json(text) for text in found]

    def alert(self, alert_id: str) -> tuple[Alert | None, bool]:
        """An alert, and whether it has been dealt with."""
        text, done = self._redis.hmget(keys.alert(alert_id), "alert", "done")
        return (Alert.model_validate_json(text) if text else None, done is not None)

    def latest_alert(self, key: TicketKey, overtakes: str) -> str | None:
        """The id of the last alert about the ticket of those that `Alert.overtakes` names."""
        found: str | None = self._redis.hget(keys.ticket(key), f"told:{overtakes}")  # type: ignore[assignment]
        return found

    def reaching(self, key: TicketKey, place: str) -> None:
        """An alert about the ticket is on its way to that `Alert.place`."""
        self._redis.hset(keys.ticket(key), f"reached:{place}", "1")

    def was_reached(self, key: TicketKey, place: str) -> bool:
        """Whether any alert about the ticket ever went out to that place."""
        return bool(self._redis.hexists(keys.ticket(key), f"reached:{place}"))

    def alert_done(self, alert_id: str, outcome: str) -> None:
        """Note that an alert was sent, or that it never will be, and why."""
        self._redis.hset(keys.alert(alert_id), "done", outcome)

    def alert_sent(self, key: TicketKey, alert_id: str, text: str, *, now: datetime) -> None:
        """The same for one that was sent, with its line for the record, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hset(keys.alert(alert_id), "done", "sent")
        pipe.rpush(keys.record(key), Line(at=now, what="sent", text=text).model_dump_json())
        pipe.hincrby(keys.COUNTERS, "alert_sent", 1)
        pipe.execute()

    def open_states(self, limit: int) -> list[State]:
        """Tickets with a running timer, earliest deadline first."""
        found: list[str] = self._redis.zrange(keys.OPEN, 0, limit - 1)  # type: ignore[assignment]
        return self.states(found)

    def settled_states(self, limit: int) -> list[State]:
        """Tickets whose timer stopped, latest first."""
        found: list[str] = self._redis.zrevrange(keys.SETTLED, 0, limit - 1)  # type: ignore[assignment]
        return self.states(found)

    def states(self, ticket_keys: Sequence[TicketKey | str]) -> list[State]:
        """Many states in one round trip; unknown tickets are left out."""
        pipe = self._redis.pipeline(transaction=False)
        for key in ticket_keys:
            pipe.hget(keys.ticket(key), "state")
        return [State.model_validate_json(text) for text in pipe.execute() if text]

    def open_count(self, now: datetime) -> tuple[int, int]:
        """How many timers run, and how many of them are past their deadline."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.zcard(keys.OPEN)
        pipe.zcount(keys.OPEN, "-inf", now.timestamp())
        running, breached = pipe.execute()
        return int(running), int(breached)
