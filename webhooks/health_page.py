"""GET /health how the service itself is doing, for people; failed jobs with a way to try again."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from webhooks.board import live_answer
from webhooks.drawn import minute_columns
from webhooks.moments import moment, viewer_zone
from webhooks.sign_in import only_operators
from webhooks.text import plain, say
from worker.doctor.check import Check, Verdict
from worker.doctor.policy import of_policy
from worker.doctor.store import of_store
from worker.store.due import Failure
from worker.store.health import BEAT_IS_OLD, NEEDED, Health, Reading
from worker.tickets import one_line
from worker.timer import short
from worker.wiring import Parts

MOST_FAILURES = 50
LATE_SECONDS = 5.0
"""From here on what is due is late: it is said in red."""
POLL_IS_OLD = 180.0
"""Seconds; polls come every minute."""
EXAMINED_EVERY = 60.0


def health_page(
    parts: Parts, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Blueprint:
    """The page over the store. Nothing here calls a helpdesk or a channel."""
    pages = Blueprint("health_page", __name__)
    store, doctor = Health(parts.redis), _Doctor(parts)

    def live(now: datetime, zone: str) -> str:
        return render_template("health_live.html", **_content(parts, store, now, zone))

    @pages.get("/health")
    def show() -> str:
        now, zone = clock(), viewer_zone(parts.policy.time_zone)
        html = live(now, zone)
        said = session.pop("said", None) if parts.settings.secret_key else None
        return render_template(
            "health.html",
            live=html,
            etag=_etag(html),
            checks=doctor.look(now),
            failures=[_failure(one, now, zone) for one in parts.due.failures()[:MOST_FAILURES]],
            said=say(said[0], **said[1]) if said else "",
            now=now,
            zone=zone,
        )

    @pages.get("/live/health")
    def part() -> Response:
        now = clock()
        html = live(now, viewer_zone(parts.policy.time_zone))
        return live_answer(html, _etag(html), now, title=plain("health.title"))

    @pages.post("/health/retry")
    def retry() -> AnyResponse:
        only_operators()
        member = request.form.get("member", "")
        count = parts.due.retry_failures([member] if member else None)
        session["said"] = ["health.retried", {"count": count}, True]
        return redirect("/health", HTTPStatus.SEE_OTHER)

    return pages


class _Doctor:
    """What `minutehand doctor` finds without asking anybody outside, looked at once a minute."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: list[Check] = []

    def look(self, now: datetime) -> list[Check]:
        """Everything that is not well, worst first; empty: all is well."""
        with self._lock:
            if time.monotonic() >= self._until:
                every = [
                    *of_store(self._parts.redis, now),
                    *of_policy(self._parts.policy, self._parts.rubric),
                ]
                self._found = [one for one in every if one.verdict is not Verdict.OK]
                self._found.sort(key=lambda one: one.verdict is not Verdict.FAIL)
                self._until = time.monotonic() + EXAMINED_EVERY
            return self._found


def _content(parts: Parts, store: Health, now: datetime, zone: str) -> dict[str, Any]:
    reading = store.read()
    return {
        "mode": say(f"board.mode_{parts.settings.mode}"),
        "paused": reading.paused is not None,
        "figures": list(_figures(reading)),
        "processes": _processes(reading),
        "accounts": [_account(parts, name, now, zone) for name in parts.accounts],
        "budgets": [
            {
                "name": f"{one.account} {one.part}",
                "limit": f"{one.limit:.0f}",
                "left": f"{one.left:.0f}",
                "state": say(
                    "health.down" if one.down else "health.held" if one.paused else "health.fine",
                    seconds=f"{one.paused:.0f}",
                ),
                "bad": one.down or one.paused > 0,
            }
            for one in reading.budgets
        ],
        "counters": sorted(reading.counters.items()),
    }


def _figures(reading: Reading) -> list[dict[str, Any]]:
    late = reading.late_seconds
    return [
        {"name": say(f"health.figure_{name}"), "value": value, "bad": bad}
        for name, value, bad in (
            ("running", reading.running, False),
            ("breached", reading.breached, reading.breached > 0),
            ("queue", reading.queue, False),
            ("claimed", reading.claimed, False),
            ("due", reading.due, False),
            ("late", f"{late:.0f} s" if late < 120 else short(timedelta(seconds=int(late))),
             late > LATE_SECONDS),
            ("failed", reading.failed, reading.failed > 0),
            ("muted", reading.muted, reading.muted > 0),
        )
    ]  # fmt: skip


def _processes(reading: Reading) -> list[dict[str, Any]]:
    """Every process that was seen, and those that have to be and were not."""
    found = [
        {"name": name, "age": f"{age:.0f} s", "bad": age > BEAT_IS_OLD}
        for name, age in sorted(reading.beats.items())
    ]
    missing = [name for name in NEEDED if not reading.ages(name)]
    return [*found, *({"name": name, "age": say("health.never"), "bad": True} for name in missing)]


def _account(parts: Parts, name: str, now: datetime, zone: str) -> dict[str, Any]:
    polled, heard = parts.journal.last_poll(name), parts.journal.last_heard(name)
    minutes = parts.journal.arrivals(now).get(name, [0] * 60)
    lag = (now - polled).total_seconds() if polled else None
    return {
        "name": name,
        "lag": say("health.never") if lag is None else f"{max(0.0, lag):.0f} s",
        "late": lag is None or lag > POLL_IS_OLD,
        "heard": moment(datetime.fromtimestamp(heard, UTC), now, zone)
        if heard
        else say("health.never"),
        "per_minute": f"{sum(minutes[-6:-1]) / 5:.1f}",
        "hour": sum(minutes),
        "picture": minute_columns(minutes, plain("health.hour", account=name)),
    }


def _failure(failure: Failure, now: datetime, zone: str) -> dict[str, str]:
    return {
        "member": failure.member,
        "shown": one_line(failure.member, 80),
        "reason": one_line(failure.reason, 300),
        "at": moment(datetime.fromtimestamp(failure.at, UTC), now, zone),
    }


def _etag(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:32]
