"""gunicorn's door: real parts, nothing else. `minutehand web` runs it."""

from __future__ import annotations

from flask import Flask

from webhooks.app import create_app
from worker.logs import secrets_in, set_up_logs
from worker.settings import Settings
from worker.wiring import build, open_redis

EDGE_REDIS_SECONDS = 0.7
"""With one more try, a hanging Redis holds a webhook up for less than 2 s."""


def _app() -> Flask:
    settings = Settings.from_environment()
    parts = build(settings, redis=open_redis(settings, seconds=EDGE_REDIS_SECONDS))
    channels = [rule.options for rule in parts.policy.channels.values()]
    set_up_logs(secrets_in(settings, channels))
    return create_app(parts)


app = _app()
