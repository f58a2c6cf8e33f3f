"""One line per event, as JSON or as plain text, and never with a secret in it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, SecretStr
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[secret]"
LONGEST_PLAIN_PATH = 7
"""Characters; a path such as /hook or /0 is no secret and stands in many lines."""
SHORTEST = 4
"""A shorter secret would hide half of every line; the doctor refuses it anyway."""


def set_up_logs(secrets: Iterable[str]) -> None:
    """Log to stderr: plain text on a terminal or with LOG_FORMAT=plain, else JSON.

    Every string of an event, tracebacks included, is searched for `secrets`.
    """
    plain = os.environ.get("LOG_FORMAT", "plain" if sys.stderr.isatty() else "json") == "plain"
    hide = _Hide(tuple(sorted({s for s in secrets if len(s) >= SHORTEST}, key=len, reverse=True)))
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
        if plain
        else structlog.processors.JSONRenderer()
    )
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if plain else "iso", utc=True),
        structlog.processors.format_exc_info,
        hide,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *shared,
                renderer,
            ]
        )
    )
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it would print a channel's URL
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def secrets_in(*models: Any) -> set[str]:
    """Every `SecretStr` inside settings, channel options and the like, as plain text."""
    found: set[str] = set()
    waiting = list(models)
    while waiting:
        item = waiting.pop()
        if isinstance(item, SecretStr):
            whole = item.get_secret_value()
            found |= {whole, *(part.strip() for part in whole.split(","))}
            found |= _secret_parts(whole)
        elif isinstance(item, BaseModel):
            waiting += [getattr(item, name) for name in type(item).model_fields]
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item
    return found


def _secret_parts(text: str) -> set[str]:
    """What is secret inside a URL: its path with its query, and its password."""
    if "://" not in text:
        return set()
    parts = urlsplit(text)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return {part for part in (path, parts.password or "") if len(part) > LONGEST_PLAIN_PATH}


class _Hide:
    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, int | float | bool) or value is None:
            return value
        text = value if isinstance(value, str) else str(value)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text
