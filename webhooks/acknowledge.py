"""/acknowledge/<token>: the page behind the link in an alert. GET shows, only POST acts.

The signed link is the permission: whoever was alerted can say that they are on it without a
password. Nothing is decided here: what was said goes the way a webhook goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from webhooks.text import plain
from worker.acknowledging import LONGEST_NAME
from worker.events import Event, EventKind
from worker.links import Ask, Links
from worker.note import NAMES
from worker.policy import Policy
from worker.record import State
from worker.store.due import DueSet
from worker.store.records import Records
from worker.targets import clock_time
from worker.tickets import Severity, one_line
from worker.timer import Timer

LONGEST_EMAIL = 254


def acknowledge(
    links: Links,
    records: Records,
    due: DueSet,
    policy: Policy,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """The page over the records; what is said on it is accepted like any other event."""
    pages = Blueprint("acknowledge", __name__)

    @pages.get("/acknowledge/<token>")
    def show(token: str) -> Response:
        now = clock()
        ask = links.read(token, now)
        if ask is None:
            return _expired()
        return _page(ask, records.load(ask.key)[0], policy)

    @pages.post("/acknowledge/<token>")
    def act(token: str) -> Response:
        now = clock()
        ask = links.read(token, now)
        if ask is None:
            return _expired()
        state = records.load(ask.key)[0]
        if state is None or _timer(ask, state) is None:
            return _page(ask, state, policy)
        name = one_line(request.form.get("name", ""), LONGEST_NAME).strip()
        if not name:
            fault = plain("ticket.fault_name")
            return _page(ask, state, policy, fault=fault, status=HTTPStatus.BAD_REQUEST)
        event = _event(ask, state, token, name, now)
        if event is None:
            fault = plain("ticket.fault_severity")
            return _page(ask, state, policy, fault=fault, status=HTTPStatus.BAD_REQUEST)
        due.accept_own(event)
        return _page(ask, state, policy, done=_done(event, name))

    return pages


def _timer(ask: Ask, state: State | None) -> Timer | None:
    """The timer that the link is about; None when that wait is over, though another may run."""
    timer = state.timer_of(ask.target) if state else None
    same = timer and int(timer.created_at.timestamp()) == int(ask.since.timestamp())
    return timer if same else None


def _event(ask: Ask, state: State, token: str, name: str, now: datetime) -> Event | None:
    """What was said, or None when it makes no sense.

    The same said twice, before the first was taken in, is one event: people click twice.
    """
    chosen = request.form.get("severity", "")
    kind = EventKind.SEVERITY_CHOSEN if "set" in request.form else EventKind.ACKNOWLEDGED
    if kind is EventKind.SEVERITY_CHOSEN and chosen not in set(Severity):
        return None
    email = request.form.get("email", "").strip()[:LONGEST_EMAIL]
    address = email if "@" in email and " " not in email else None
    taken = timer.acknowledged if (timer := _timer(ask, state)) else None
    said = (token, kind, name, chosen, address, taken.until if taken else "")
    return Event(
        id=f"page-{hashlib.sha256(repr(said).encode()).hexdigest()[:20]}",
        kind=kind,
        key=ask.key,
        received_at=now,
        happened_at=now,
        field=ask.target,
        now=chosen if kind is EventKind.SEVERITY_CHOSEN else address,
        actor=name,
    )


def _done(event: Event, name: str) -> str:
    if event.kind is EventKind.SEVERITY_CHOSEN:
        return plain("ticket.done_severity", severity=event.now, name=name)
    return plain("ticket.done_acknowledge", name=name)


def _page(
    ask: Ask,
    state: State | None,
    policy: Policy,
    *,
    done: str = "",
    fault: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    timer = _timer(ask, state)
    decision = state.decision if state else None
    page = render_template(
        "acknowledge.html",
        ask=ask,
        state=state,
        timer=timer,
        subject=one_line(state.ticket.subject, 160) if state else "",
        severity=decision.severity if decision else None,
        names=NAMES,
        due=clock_time(timer.deadline, policy.time_zone) if timer else "",
        quiet=clock_time(timer.acknowledged.until, policy.time_zone)
        if timer and timer.acknowledged
        else "",
        over=_over(state) if timer is None else "",
        assigns=policy.acknowledge.assign,
        done=done,
        fault=fault,
    )
    return make_response(page, status)


def _over(state: State | None) -> str:
    """Why there is nothing to acknowledge any more."""
    if state is None or state.settled is None:
        return plain("acknowledge.over")
    why, by = state.settled.why, state.settled.by
    return plain("acknowledge.over_why", why=plain("acknowledge.by", why=why, by=by) if by else why)


def _expired() -> Response:
    page = render_template("acknowledge.html", expired=True)
    return make_response(page, HTTPStatus.GONE)
