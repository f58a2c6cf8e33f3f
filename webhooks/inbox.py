"""POST /webhooks/<helpdesk>[/<account>]: read the raw bytes, verify, parse, accept, 202.

The edge decides nothing and calls no API. What a body means is the helpdesk's own folder's
business (worker/helpdesks/<name>/inbound.py), which knows no Flask; this is only its shell.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from flask import Blueprint, Response, jsonify, request
from redis.exceptions import RedisError
from requests.structures import CaseInsensitiveDict

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


def inbox(settings: Settings, due: DueSet, journal: Journal) -> Blueprint:
    """The webhook endpoints over a due set."""
    pages = Blueprint("inbox", __name__)
    away = Away()

    @pages.post("/webhooks/<name>", provide_automatic_options=False)
    @pages.post("/webhooks/<name>/<account>", provide_automatic_options=False)
    def receive(name: str, account: str | None = None) -> tuple[Response, int]:
        helpdesk = HELPDESKS.get(name)
        if helpdesk is None:
            known = ", ".join(HELPDESKS)
            return _say(f"there is no helpdesk {name!r}; known: {known}", HTTPStatus.NOT_FOUND)
        try:
            delivery = _read(helpdesk, settings, account)
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
        answer = _accept(helpdesk, settings, account, delivery, due, journal, away)
        if not away:
            _hear(helpdesk, settings, journal)
        return answer

    return pages


def _read(helpdesk: Helpdesk, settings: Settings, account: str | None) -> Delivery:
    secrets = helpdesk.secrets(settings)
    if not secrets:
        raise NoSecret(helpdesk.secret_variable)
    return helpdesk.inbound.read(
        CaseInsensitiveDict(request.headers.items()),
        request.get_data(cache=False),
        account=account or helpdesk.account(settings) or "",
        secrets=secrets,
        now=datetime.now(UTC),
    )


def _accept(
    helpdesk: Helpdesk,
    settings: Settings,
    account: str | None,
    delivery: Delivery,
    due: DueSet,
    journal: Journal,
    away: Away,
) -> tuple[Response, int]:
    configured = helpdesk.account(settings)
    if configured is None:
        variable = f"{helpdesk.name.upper()}_URL"
        log.error("webhook refused: the helpdesk is not configured", variable=variable)
        return _say(f"{variable} is not set", HTTPStatus.SERVICE_UNAVAILABLE)
    if account is not None and account != configured:
        return _say(f"the account {account!r} is not configured", HTTPStatus.NOT_FOUND)
    if delivery.event is None:
        _count(journal, "webhook_ignored", away)
        log.info("webhook ignored", helpdesk=helpdesk.name, kind=delivery.ignored)
        return _say("authentic, and of no use to us", HTTPStatus.ACCEPTED)
    accepted = None if away else _keep(due, delivery, delivery.event, away)
    if accepted is None:
        return _try_again()
    if accepted is Accepted.OTHER_ACCOUNT:
        log.warning("webhook refused: another account's events", helpdesk=helpdesk.name)
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


def _hear(helpdesk: Helpdesk, settings: Settings, journal: Journal) -> None:
    """Webhooks arrive: `connect` waits for its test event by this."""
    with contextlib.suppress(RedisError):  # accepting it says that too
        journal.heard(f"{helpdesk.name}/{helpdesk.account(settings)}", datetime.now(UTC))


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
    return jsonify(said=text), int(status)
