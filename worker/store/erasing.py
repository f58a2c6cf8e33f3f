"""Erasing what people wrote on one ticket from everything that is kept beside its state."""

from __future__ import annotations

from typing import NamedTuple

from redis import Redis
from redis.client import Pipeline

from worker.channels.base import Alert
from worker.events import Event
from worker.forgetting import TOLD_ON, event_without_text
from worker.record import Line
from worker.store import keys
from worker.tickets import TicketKey


class Erased(NamedTuple):
    """How many of each lost their text; all 0 the second time."""

    lines: int
    alerts: int
    events: int


class Erasing:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def erase(self, key: TicketKey) -> Erased:
        """The record's lines go; alerts and waiting events stay, as they still do their work."""
        return Erased(self._lines(key), self._alerts(key), self._events(key))

    def _lines(self, key: TicketKey) -> int:
        texts: list[str] = self._redis.lrange(keys.record(key), 0, -1)  # type: ignore[assignment]
        quoting = [text for text in texts if Line.model_validate_json(text).what not in TOLD_ON]
        with self._redis.pipeline(transaction=True) as all_of_it:
            for text in quoting:
                all_of_it.lrem(keys.record(key), 0, text)
            all_of_it.execute()
        return len(quoting)

    def _alerts(self, key: TicketKey) -> int:
        fields: list[str] = self._redis.hkeys(keys.ticket(key))  # type: ignore[assignment]
        ids = [name.partition(":")[2] for name in fields if name.startswith("alert:")]
        return sum(self._alert(keys.alert(one)) for one in ids)

    def _alert(self, name: str) -> bool:
        text = self._redis.hget(name, "alert")
        if text is None:
            return False
        alert = Alert.model_validate_json(str(text))
        blank = alert.model_copy(
            update={
                "ticket": alert.ticket.model_copy(update={"subject": ""}),
                "reasons": tuple(one.model_copy(update={"quote": ""}) for one in alert.reasons),
            }
        )
        if blank == alert:
            return False
        self._redis.hset(name, "alert", blank.model_dump_json())
        return True

    def _events(self, key: TicketKey) -> int:
        """The job that takes them in may run meanwhile; then it is done again over what is left."""
        done: list[Event] = []

        def blank_them(pipe: Pipeline) -> None:
            done.clear()
            texts: list[str] = pipe.lrange(keys.inbox(key), 0, -1)  # type: ignore[assignment]
            pipe.multi()
            for place, text in enumerate(texts):
                event = Event.model_validate_json(text)
                blank = event_without_text(event)
                if blank != event:
                    pipe.lset(keys.inbox(key), place, blank.model_dump_json(exclude_defaults=True))
                    done.append(blank)

        self._redis.transaction(blank_them, keys.inbox(key))
        return len(done)
