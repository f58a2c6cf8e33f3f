"""The sandbox helpdesk with one more door: what a storm has to know of every ticket, and to move.

Served by `python -m waitress benchmarks.chaos.helpdesk:app`, in a process of its own.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request

from sandbox.app import create_app
from sandbox.control import only_from_here, sent_body
from sandbox.deliveries import Courier, Parcel
from sandbox.desk import Desk
from sandbox.records import Delivery, Happening, Ticket
from sandbox.settings import Settings
from sandbox.state import Sandbox
from sandbox.vendor import answer

SHUFFLED = 4.0
"""Seconds over which the copies of a webhook come."""
READ = re.compile(r"/(zendesk|freshdesk)/api/v2/tickets/(\d+)$")
ANSWER_EVENTS = {"zendesk": "comment_added", "freshdesk": "updated"}

Known = tuple[str, int]
"""Helpdesk and number of a ticket."""


class Seen:
    """What went by and the sandbox's own logs are too short to keep for a whole storm."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.reads: dict[Known, list[float]] = defaultdict(list)
        """When reads of the ticket began, in Unix seconds."""
        self.statuses: Counter[int] = Counter()
        """How the vendors' APIs answered."""
        self.answers: dict[Known, Parcel] = {}
        """The webhook that tells of the ticket's first answer."""
        self.calls: Counter[str] = Counter()
        """Requests of each kind: `zendesk PUT ticket`."""
        self._courier = sandbox.courier
        for desk in sandbox.desks.values():
            desk.listeners.append(partial(self._hear, desk))

    def look(self, reply: Response) -> Response:
        """After every request."""
        if request.path.startswith(("/zendesk/", "/freshdesk/")):
            self.statuses[reply.status_code] += 1
            self.calls[_kind(request.method, request.path)] += 1
            found = READ.match(request.path)
            if found and request.method == "GET":
                began = time.time() - (time.monotonic() - g.began)
                self.reads[found[1], int(found[2])].append(began)
        return reply

    def _hear(
        self, desk: Desk, ticket: Ticket, happened: list[Happening], _: Delivery = "normal"
    ) -> None:
        if any(one.comment and one.comment.public for one in happened):
            event = ANSWER_EVENTS[desk.name]
            sent = self._courier.find(desk.name, str(ticket.id))
            told = [parcel for parcel in sent if parcel.event == event]
            if told:
                self.answers.setdefault((desk.name, ticket.id), told[-1])


class Mail:
    """Webhooks as bad days have them: some are never sent, the others come several times, mixed."""

    def __init__(self, courier: Courier, *, copies: int, lost: float, seed: int) -> None:
        self._courier = courier
        self._send = courier.send
        self._copies = copies
        self._lost = lost
        self._chance = random.Random(seed)
        self.sent = 0
        self.odd: Counter[str] = Counter()
        """Answers of 5xx other than a 503 that says when to come again."""
        courier.send = self.send  # type: ignore[method-assign]

    def send(self, parcel: Parcel, *, lost: bool = False) -> None:
        """In the place of the courier's own."""
        if lost or self._chance.random() < self._lost:
            self._send(parcel, lost=True)
            return
        watched = replace(parcel, retry_in=partial(self._answered, parcel.retry_in))
        self._send(watched)
        with self._courier._wake:  # noqa: SLF001 the sandbox itself sends nothing later
            for _ in range(self._copies - 1):
                copy = replace(watched, attempts=[])
                self._courier._queue(copy, self._chance.uniform(0, SHUFFLED))  # noqa: SLF001
        self.sent += self._copies

    def _answered(
        self, retry_in: Any, status: int | None, retry_after: str | None, attempts: int
    ) -> float | None:
        if status and status >= 500 and not (status == 503 and retry_after):
            self.odd[str(status)] += 1
        found: float | None = retry_in(status, retry_after, attempts)
        return found


def _kind(method: str, path: str) -> str:
    helpdesk, _, rest = path.lstrip("/").partition("/")
    rest = re.sub(r"^api/v2/", "", rest)
    one = re.fullmatch(r"tickets/\d+", rest)
    return f"{helpdesk} {method} {'ticket' if one else re.sub(r'[0-9]+.*', '', rest)}"


def opened(settings: Settings) -> Flask:
    """The sandbox, its limits out of the way, with the door `/chaos`."""
    app = create_app(settings)
    sandbox: Sandbox = app.extensions["sandbox"]
    sandbox.dials.lists_per_minute = 100_000  # has no variable of its own
    seen = Seen(sandbox)
    mail: list[Mail] = []
    app.after_request(seen.look)

    @app.get("/chaos")
    def tickets() -> Response:
        only_from_here()
        found = [
            _told(desk, ticket, seen)
            for desk in sandbox.desks.values()
            for ticket in desk.tickets.values()
        ]
        return answer(
            {
                "tickets": found,
                "statuses": dict(seen.statuses),
                "calls": dict(seen.calls),
                "odd": dict(mail[0].odd) if mail else {},
                "webhooks": mail[0].sent if mail else 0,
            }
        )

    @app.post("/chaos/mail")
    def bad_mail() -> Response:
        only_from_here()
        mail.append(Mail(sandbox.courier, **sent_body()))
        return answer(None, HTTPStatus.NO_CONTENT)

    @app.post("/chaos/age")
    def age() -> Response:
        only_from_here()
        seconds = float(sent_body()["seconds"])
        for desk in sandbox.desks.values():
            with desk.lock:
                for ticket in desk.tickets.values():
                    _make_older(ticket, seconds)
        return answer(None, HTTPStatus.NO_CONTENT)

    return app


def _told(desk: Desk, ticket: Ticket, seen: Seen) -> dict[str, Any]:
    known = (desk.name, ticket.id)
    replies = ticket.replies(count_bots=False)
    return {
        "helpdesk": desk.name,
        "id": str(ticket.id),
        "created": ticket.created_at.timestamp(),
        "answered": replies[0].created_at.timestamp() if replies else None,
        "accepted": _accepted(seen.answers.get(known)),
        "reads": seen.reads[known],
    }


def _accepted(parcel: Parcel | None) -> float | None:
    """When Minutehand's 202 for this webhook had come."""
    for attempt in parcel.attempts if parcel else ():
        if attempt["status"] == HTTPStatus.ACCEPTED:
            took = float(attempt["milliseconds"]) / 1000
            return datetime.fromisoformat(attempt["at"]).timestamp() + took
    return None


def _make_older(ticket: Ticket, seconds: float) -> None:
    span = timedelta(seconds=seconds)
    ticket.created_at -= span
    ticket.updated_at -= span
    ticket.touched -= seconds
    for comment in ticket.comments:
        comment.created_at -= span


app = opened(Settings.from_environment(os.environ))
