"""POST /webhooks/<helpdesk>[/<account>]: read the raw bytes, verify, parse, accept, 202.

The edge decides nothing and calls no API. What a body means is the helpdesk's own folder's
business (worker/helpdesks/<name>/inbound.py), which knows no Flask; this is only its shell.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple, cast

import structlog
from flask import Blueprint, Response, request
from redis.exceptions import RedisError

from worker.errors import NoSecret, Unreadable, Unverified
from worker.events import Delivery, Event
from worker.helpdesks.base import Helpdesk
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.store.due import Accepted, DueSet
from worker.store.journal import Journal

LONGEST_BODY = 1024 * 1024
"""Bytes; both helpdesks' bodies are far smaller."""
RETRY_AFTER_SECONDS = 30
"""Below the 60 s up to which Zendesk tries a 503 again.
https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/"""

AWAY_SECONDS = 1.0
"""For so long after Redis did not answer nobody waits for it again."""

log = structlog.get_logger()


class Away:
    """Whether Redis did not answer a moment ago: then it is not asked.

    A Redis that hangs holds each asker up for a second; without this, those who queue behind eight
    askers would wait for one another. Shared between threads; a lost update costs one more asker.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def noticed(self) -> None:
        """It has just not answered."""
        self._until = time.monotonic() + AWAY_SECONDS


class _Desk(NamedTuple):
    """One helpdesk as the settings have it; worked out once, not with every webhook."""

    helpdesk: Helpdesk
    account: str | None
    secrets: tuple[str, ...]


def inbox(settings: Settings, due: DueSet, journal: Journal) -> Blueprint:
    """The webhook endpoints over a due set."""
    pages = Blueprint("inbox", __name__)
    away = Away()
    desks = {
        name: _Desk(helpdesk, helpdesk.account(settings), helpdesk.secrets(settings))
        for name, helpdesk in HELPDESKS.items()
    }

    @pages.post("/webhooks/<name>", provide_automatic_options=False)
    @pages.post("/webhooks/<name>/<account>", provide_automatic_options=False)
    def receive(name: str, account: str | None = None) -> tuple[Response, int]:
        desk = desks.get(name)
        if desk is None:
            known = ", ".join(desks)
            return _say(f"there is no helpdesk {name!r}; known: {known}", HTTPStatus.NOT_FOUND)
        try:
            delivery = _read(desk, account)
        except NoSecret as fault:
            log.error(str(fault), helpdesk=name, variable=fault.variable)
            return _say(str(fault), HTTPStatus.SERVICE_UNAVAILABLE)
        except Unverified as fault:
            _count(journal, f"webhook_refused_{fault.reason}", away)
            log.warning("webhook refused", helpdesk=name, reason=fault.reason, why=str(fault))
            return _say(str(fault), HTTPStatus.UNAUTHORIZED)
        except Unreadable as fault:
            _count(journal, "webhook_refused_unreadable", away)
            log.warning("webhook unreadable", helpdesk=name, why=str(fault))
            return _say(str(fault), HTTPStatus.BAD_REQUEST)
        answer = _accept(desk, account, delivery, due, journal, away)
        if not away:
            _hear(f"{name}/{desk.account}", journal)
        return answer

    return pages


def _read(desk: _Desk, account: str | None) -> Delivery:
    if not desk.secrets:
        raise NoSecret(desk.helpdesk.secret_variable)
    return desk.helpdesk.inbound.read(
        cast("Mapping[str, str]", request.headers),  # case-insensitive, and no copy
        request.get_data(cache=False),
        account=account or desk.account or "",
        secrets=desk.secrets,
        now=datetime.now(UTC),
    )


def _accept(
    desk: _Desk,
    account: str | None,
    delivery: Delivery,
    due: DueSet,
    journal: Journal,
    away: Away,
) -> tuple[Response, int]:
    name = desk.helpdesk.name
    if desk.account is None:
        variable = f"{name.upper()}_URL"
        log.error("webhook refused: the helpdesk is not configured", variable=variable)
        return _say(f"{variable} is not set", HTTPStatus.SERVICE_UNAVAILABLE)
    if account is not None and account != desk.account:
        return _say(f"the account {account!r} is not configured", HTTPStatus.NOT_FOUND)
    if delivery.event is None:
        _count(journal, "webhook_ignored", away)
        log.info("webhook ignored", helpdesk=name, kind=delivery.ignored)
        return _say("authentic, and of no use to us", HTTPStatus.ACCEPTED)
    accepted = None if away else _keep(due, delivery, delivery.event, away)
    if accepted is None:
        return _try_again()
    if accepted is Accepted.OTHER_ACCOUNT:
        log.warning("webhook refused: another account's events", helpdesk=name)
        return _say("these are another account's events", HTTPStatus.FORBIDDEN)
    said = "accepted" if accepted is Accepted.NEW else "seen before, nothing done"
    return _say(said, HTTPStatus.ACCEPTED)


def _keep(due: DueSet, delivery: Delivery, event: Event, away: Away) -> Accepted | None:
    """None: Redis does not answer."""
    try:
        return due.accept(delivery, event)
    except RedisError as fault:
        away.noticed()
        log.error("webhook not accepted: Redis does not answer", fault=type(fault).__name__)
        return None


def _hear(account: str, journal: Journal) -> None:
    """Webhooks arrive: `connect` waits for its test event by this. `accept` says it by itself."""
    with contextlib.suppress(RedisError):  # counting it says that too
        journal.heard(account, datetime.now(UTC))


def _try_again() -> tuple[Response, int]:
    answer, status = _say("Redis does not answer; please try again", HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer, status


def _count(journal: Journal, name: str, away: Away) -> None:
    """A counter is worth less than the answer."""
    if away:
        return
    try:
        journal.count(name)
    except RedisError:
        away.noticed()
        log.warning("could not count", counter=name)


def _say(text: str, status: HTTPStatus) -> tuple[Response, int]:
    answer = Response(json.dumps({"said": text}) + "\n", mimetype="application/json")
    return answer, int(status)
