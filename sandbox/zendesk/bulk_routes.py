"""Many tickets in one call: update_many, and the jobs that do it.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-many-tickets
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, request

from sandbox import moments
from sandbox.vendor import Refused, answer
from sandbox.zendesk import changes, errors, wire
from sandbox.zendesk.ticket_routes import MOST_AT_ONCE, apply, ids_asked, origin

if TYPE_CHECKING:
    from flask.ctx import RequestContext

    from sandbox.desk import Origin
    from sandbox.zendesk.account import ZendeskAccount

Order = tuple[int, dict[str, Any]]
_KEPT_JOBS = 500


class Jobs:
    """Bulk jobs, each in its own thread after a short wait."""

    def __init__(self, account: ZendeskAccount) -> None:
        self._account = account
        self._lock = threading.Lock()
        self.kept: dict[str, dict[str, Any]] = {}

    def in_flight(self) -> int:
        """How many are queued or at work."""
        with self._lock:
            jobs = list(self.kept.values())
        return sum(job["status"] in {"queued", "working"} for job in jobs)

    def start(self, orders: list[Order], cause: Origin, *, queued: float | None) -> dict[str, Any]:
        """Queue a job. With `queued` a ticket changed after that moment is left alone."""
        number = f"V3-{secrets.token_hex(16)}"
        job: dict[str, Any] = {
            "id": number,
            "url": wire.url(f"job_statuses/{number}"),
            "total": len(orders),
            "progress": None,
            "status": "queued",
            "message": None,
            "results": None,
        }
        with self._lock:
            while len(self.kept) >= _KEPT_JOBS:
                del self.kept[next(iter(self.kept))]
            self.kept[number] = job
        first = dict(job)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        # The documented way to hand an app to a thread; URLs in answers need the caller's host.
        context = app.test_request_context(base_url=request.host_url)
        thread = threading.Thread(
            target=self._run, args=(job, orders, cause, queued, context), daemon=True
        )
        thread.start()
        return first

    def _run(
        self,
        job: dict[str, Any],
        orders: list[Order],
        cause: Origin,
        queued: float | None,
        context: RequestContext,
    ) -> None:
        time.sleep(self._account.dials.job_seconds)
        job.update(status="working", progress=0, message="Updating ticket #0")
        results = []
        with context:
            for index, (ticket_id, sent) in enumerate(orders):
                results.append(self._one(ticket_id, sent, cause, queued))
                job.update(progress=index + 1, message=f"Updating ticket #{index + 1}")
        done = moments.now().strftime("%Y-%m-%d %H:%M:%S +0000")
        job.update(results=results, message=f"Completed at {done}", status="completed")

    def _one(
        self, ticket_id: int, sent: dict[str, Any], cause: Origin, queued: float | None
    ) -> dict[str, Any]:
        account = self._account
        try:
            with account.desk.lock:
                one = account.ticket(ticket_id)
                if queued is not None and "updated_stamp" not in sent and one.touched > queued:
                    raise errors.conflict()
                if "additional_tags" in sent or "remove_tags" in sent:
                    changes.open_for_writing(one)
                    taken = changes.tags(sent.get("remove_tags", []))
                    kept = [tag for tag in one.tags if tag not in taken]
                    sent = {**sent, "tags": kept + changes.tags(sent.get("additional_tags", []))}
                apply(account, one, sent, replace(cause, body=sent))
        except Refused as refused:
            said = refused.answer.get_json()
            details = str(said.get("details", said.get("description", "")))
            if said.get("details") == errors.CLOSED:
                details = errors.CLOSED["status"][0]["description"]
            error = "TicketNotFound" if said["error"] == "RecordNotFound" else said["error"]
            return {
                "id": ticket_id,
                "action": "update",
                "success": False,
                "error": error,
                "details": details,
            }
        return {"action": "update", "status": "Updated", "success": True, "id": ticket_id}


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_bulk", __name__)
    jobs = Jobs(account)

    @made.put("/tickets/update_many")
    def update_many() -> Response:
        if jobs.in_flight() >= account.dials.jobs_in_flight:
            body = {"error": "TooManyJobs", "description": "Wait until a queued job has ended."}
            raise Refused(answer(body, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "5"}))
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict):
            raise errors.bad_request("The body needs JSON with 'ticket' or 'tickets'.")
        if request.args.get("ids"):
            one = sent.get("ticket")
            if not isinstance(one, dict):
                raise errors.bad_request("With ?ids= the body needs an object 'ticket'.")
            orders = [(number, one) for number in ids_asked()]
            job = jobs.start(orders, origin(), queued=time.time())
        else:
            job = jobs.start(_batch(sent.get("tickets")), origin(), queued=None)
        left = account.dials.jobs_in_flight - jobs.in_flight()
        line = f"total={account.dials.jobs_in_flight}; remaining={max(0, left)}; resets=60"
        return answer({"job_status": job}, headers={"Zendesk-RateLimit-inflight-jobs": line})

    @made.get("/job_statuses/<job_id>")
    def job_status(job_id: str) -> Response:
        job = jobs.kept.get(job_id)
        if job is None:
            raise errors.not_found()
        return answer({"job_status": dict(job)})

    return made


def _batch(sent: object) -> list[Order]:
    if not isinstance(sent, list) or not sent or not all(isinstance(one, dict) for one in sent):
        raise errors.bad_request("Send 'tickets': a list of objects, each with its id.")
    if len(sent) > MOST_AT_ONCE:
        raise errors.bad_request(f"{len(sent)} tickets; at most {MOST_AT_ONCE} at once.")
    orders: list[Order] = []
    for one in sent:
        number = str(one.get("id", ""))
        if not number.isdigit():
            raise errors.bad_request("Every ticket in the batch needs its id.")
        if one.get("safe_update") and "updated_stamp" not in one:
            raise errors.bad_request(f"Ticket {number}: safe_update needs updated_stamp.")
        orders.append((int(number), one))
    return orders
