"""Real parts behind the app. `minutehand web` serves it; so can any other WSGI server."""

from __future__ import annotations

from flask import Flask

from webhooks.app import create_app
from worker.logs import secrets_in, set_up_logs
from worker.settings import Settings
from worker.wiring import build, open_redis

EDGE_REDIS_SECONDS = 0.4
"""With one more try, a hanging Redis holds a webhook up for less than 2 s."""


def make_app(settings: Settings) -> Flask:
    """The app as it runs: Redis with short time-outs, logs without secrets."""
    parts = build(settings, redis=open_redis(settings, seconds=EDGE_REDIS_SECONDS))
    channels = [rule.options for rule in parts.policy.channels.values()]
    set_up_logs(secrets_in(settings, channels))
    return create_app(parts)
