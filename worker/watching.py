"""Watches over the service itself: a heartbeat for whoever listens, an alarm per fault.

The clock runs it. A dead clock sends no heartbeat; that is how somebody outside hears of it.
"""

from __future__ import annotations

import hashlib
import socket
import time
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from worker.ailments import Ailment, ailments
from worker.channels.base import Alert, AlertTicket
from worker.errors import MinutehandError
from worker.settings import Mode
from worker.store.alarms import Alarms
from worker.store.health import BEAT_IS_OLD, NEEDED, Health, Reading
from worker.tickets import Reason, Severity
from worker.transport import Transport
from worker.wiring import Held, Parts

LOOK_SECONDS = 5.0
PING_SECONDS = 5.0
SEEN_TWICE = 2
"""Looks in a row that have to find a fault before anybody is told: what passes is no fault."""

log = structlog.get_logger()


class Watch:
    """One clock's eyes on everything. Any number may run: each fault is told once."""

    def __init__(self, held: Held, transport: Transport | None = None) -> None:
        self._held = held
        self._health = Health(held.parts.redis)
        self._alarms = Alarms(held.parts.redis)
        self._transport = transport or Transport()
        self._seen: dict[str, int] = {}
        self._next_beat = 0.0

    @property
    def _parts(self) -> Parts:
        return self._held.parts

    def look(self, now: datetime) -> None:
        """Once: tell what is new and what is over, and say that we live when all is well."""
        try:
            reading = self._health.read()
            self._tell(list(ailments(reading)), now)
        except RedisError:
            return  # without it nothing runs: the heartbeat that is missing says so
        if all_run(reading):
            self._beat()

    def _tell(self, found: list[Ailment], now: datetime) -> None:
        self._seen = {one.about: self._seen.get(one.about, 0) + 1 for one in found}
        for one in found:
            if self._seen[one.about] >= SEEN_TWICE and self._alarms.raised(one, now):
                log.error("alarm", about=one.about, text=one.text)
                if not self._send("alarm", one.about, one.text, now):
                    self._alarms.forget(one.about)
                    continue
                self._parts.journal.say(one.text, now, about=f"watch {one.about}")
        for about, text in self._alarms.over({one.about for one in found}).items():
            log.info("alarm over", about=about)
            self._parts.journal.unsay(f"watch {about}")
            self._send("alarm over", about, text, now)

    def _send(self, kind: str, about: str, text: str, now: datetime) -> bool:
        """False when the channel could not be reached; it is tried again with the next look."""
        name = self._parts.policy.watch.alarms
        rule = self._parts.policy.channels.get(name) if name else None
        if name is None or rule is None:
            return True
        if self._parts.settings.mode is Mode.OBSERVE and rule.type != "console":
            return True
        try:
            alarm = message(kind, name, about, text, now, zone=self._parts.policy.time_zone)
            self._parts.channels[name].send(alarm, now=now)
        except MinutehandError as fault:
            log.error("an alarm could not be sent", why=str(fault))
            return False
        return True

    def _beat(self) -> None:
        rule = self._parts.policy.watch
        if rule.heartbeat is None or time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + rule.every.total_seconds()
        try:
            self._transport.request("GET", rule.heartbeat, what="heartbeat", timeout=PING_SECONDS)
        except MinutehandError as fault:
            log.warning("the heartbeat was not heard", why=str(fault))


def all_run(reading: Reading) -> bool:
    """A worker and a clock each were seen a moment ago."""
    return all(min(reading.ages(one), default=BEAT_IS_OLD) < BEAT_IS_OLD for one in NEEDED)


def message(kind: str, channel: str, about: str, text: str, now: datetime, *, zone: str) -> Alert:
    """An alarm, or that it is over, as channels show alerts; it is about no ticket."""
    stamp = now.astimezone(UTC).replace(microsecond=0)
    number = hashlib.sha256(f"{kind} {about} {stamp.isoformat()}".encode()).hexdigest()[:32]
    return Alert(
        id=number,
        type=kind,
        channel=channel,
        ticket=AlertTicket(
            helpdesk="minutehand", account=socket.gethostname(), id=about, subject=text, url=None
        ),
        severity=Severity.P2,
        step=kind,
        created_at=stamp,
        deadline=stamp,
        reasons=(Reason(text="Minutehand watches over itself ([watch] in the policy)"),),
        time_zone=zone,
        made_at=stamp,
    )
