"""GET /healthz (alive), /readyz (everything answers), /metrics (Prometheus)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.exceptions import RedisError

from worker.store.health import BEAT_IS_OLD, NEEDED, Health, Reading


def health(store: Health) -> Blueprint:
    """The three endpoints that machines read."""
    pages = Blueprint("health", __name__)
    registry = CollectorRegistry()
    registry.register(_Collector(store))

    @pages.get("/healthz")
    def healthz() -> Response:
        return jsonify(alive=True)

    @pages.get("/readyz")
    def readyz() -> tuple[Response, int]:
        paused, told = None, dict[str, float]()
        try:
            reading = store.read()
            faults, paused, told = not_ready(reading), reading.paused, figures(reading)
        except RedisError:
            faults = ["Redis does not answer"]
        status = HTTPStatus.SERVICE_UNAVAILABLE if faults else HTTPStatus.OK
        # Paused by an operator is no fault: restarting or replacing anything would not help.
        said = paused.model_dump(mode="json") if paused else None
        return jsonify(ready=not faults, faults=faults, paused=said, figures=told), int(status)

    @pages.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return pages


def not_ready(reading: Reading) -> list[str]:
    """What is missing, in words; empty when everything runs."""
    faults = []
    for process in NEEDED:
        ages = reading.ages(process)
        if not ages:
            faults.append(f"no {process} has ever run")
        elif min(ages) > BEAT_IS_OLD:
            faults.append(f"no {process} for {min(ages):.0f} s")
    return faults


def figures(reading: Reading) -> dict[str, float]:
    """How it does, in seconds and counts, of all accounts the worst: no account's name is told."""
    shares = [one.left / one.capacity for one in reading.budgets if one.capacity]
    told = {
        "queue_seconds": reading.queue_seconds,
        "oldest_unsent_step_seconds": reading.step_seconds,
        "poll_lag_seconds": max(reading.polls.values(), default=0.0),
        "webhook_silence_seconds": max(reading.silences.values(), default=0.0),
        "clock_skew_seconds": max(map(abs, reading.skews.values()), default=0.0),
        "failed": float(reading.failed),
        "budget_left": min(shares, default=1.0),
        "worker_seen_seconds": min(reading.ages("worker"), default=-1.0),
        "clock_seen_seconds": min(reading.ages("clock"), default=-1.0),
    }
    return {name: round(value, 2) for name, value in told.items()}


class _Collector:
    """Reads Redis at every scrape: the figures are the same whichever process answers."""

    def __init__(self, store: Health) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        started = time.monotonic()
        try:
            reading = self._store.read()
        except RedisError:
            yield GaugeMetricFamily("minutehand_redis_up", "1 when Redis answers", value=0)
            return
        yield GaugeMetricFamily("minutehand_redis_up", "1 when Redis answers", value=1)
        gauges = {
            "due": ("Members of the due set", reading.due),
            "due_late_seconds": ("Age of the oldest due member", reading.late_seconds),
            "claimed": ("Members that a job has claimed", reading.claimed),
            "failed": ("Members set aside", reading.failed),
            "queue": ("Jobs waiting in the queue", reading.queue),
            "queue_seconds": ("Age of the oldest waiting job", reading.queue_seconds),
            "oldest_unsent_step_seconds": (
                "How long the oldest step or alert has been due",
                reading.step_seconds,
            ),
            "timers_running": ("Tickets waiting for a first response", reading.running),
            "timers_breached": ("Of these, past their deadline", reading.breached),
            "paused": ("1 while an operator paused writes and alerts", reading.paused is not None),
            "channels_muted": ("Notification channels that are muted", reading.muted),
            "scrape_seconds": ("What this scrape took", time.monotonic() - started),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"minutehand_{name}", text, value=float(value))
        beats = GaugeMetricFamily(
            "minutehand_heartbeat_age_seconds", "Since a process last beat", labels=["process"]
        )
        for process, age in reading.beats.items():
            beats.add_metric([process], age)
        yield beats
        yield from _accounts(reading)
        yield from _budgets(reading)
        counted = CounterMetricFamily(
            "minutehand_events", "What happened how often", labels=["what"]
        )
        for what, count in sorted(reading.counters.items()):
            counted.add_metric([what], count)
        yield counted


def _accounts(reading: Reading) -> Iterator[Metric]:
    """What is told of each account."""
    told: dict[str, tuple[str, Mapping[str, float]]] = {
        "poll_lag_seconds": ("Since a poll last came to its end", reading.polls),
        "webhook_silence_seconds": ("Since the last authentic webhook", reading.silences),
        "webhooks_missed": ("Tickets found by polls since then", reading.missed),
        "clock_skew_seconds": ("The helpdesk's clock is so far ahead of ours", reading.skews),
    }
    for name, (text, values) in told.items():
        family = GaugeMetricFamily(f"minutehand_{name}", text, labels=["account"])
        for account, value in values.items():
            family.add_metric([account], float(value))
        yield family


def _budgets(reading: Reading) -> Iterator[Metric]:
    """What may be asked of each account's API, and how it stands with it."""
    told = {
        "limit": "Calls a minute that the helpdesk allows everybody",
        "left": "Calls of our share that are left now",
        "paused": "Seconds that the helpdesk asked us to wait",
        "down": "1 while it is left alone because it does not answer",
    }
    for name, text in told.items():
        family = GaugeMetricFamily(f"minutehand_budget_{name}", text, labels=["account", "part"])
        for one in reading.budgets:
            family.add_metric([one.account, one.part], float(getattr(one, name)))
        yield family
