"""/tickets/<helpdesk>/<id>: one ticket explained, and what an operator may do about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from webhooks.actions import act, possible
from webhooks.board import live_answer
from webhooks.explained import Known, explained
from webhooks.moments import viewer_zone
from webhooks.rows import Names, address
from webhooks.sign_in import only_operators
from webhooks.text import say
from worker.tickets import Severity, TicketKey
from worker.wiring import Parts


def tickets(
    parts: Parts, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Blueprint:
    """The pages about one ticket each, over the store."""
    pages = Blueprint("tickets", __name__)
    zone = parts.policy.time_zone

    @pages.get("/tickets/<helpdesk>/<ticket_id>")
    def show(helpdesk: str, ticket_id: str) -> Response:
        key, now = _find(parts, helpdesk, ticket_id), clock()
        known = _read(parts, key, now) if key else None
        if key is None or known is None:
            page = render_template("not_found.html", helpdesk=helpdesk, number=ticket_id)
            return make_response(page, HTTPStatus.NOT_FOUND)
        here = viewer_zone(zone)
        html = _live(parts, known, now, here)
        said = session.pop("said", None) if parts.settings.secret_key else None
        page = render_template(
            "ticket.html",
            live=html,
            etag=_etag(html),
            **explained(known, now, here),
            live_url=f"/live{address(key)}",
            said=say(said[0], **said[1]) if said else "",
            done=bool(said and said[2]),
            now=now,
            zone=here,
        )
        return make_response(page)

    @pages.get("/live/tickets/<helpdesk>/<ticket_id>")
    def live(helpdesk: str, ticket_id: str) -> Response:
        key, now = _find(parts, helpdesk, ticket_id), clock()
        known = _read(parts, key, now) if key else None
        if known is None:
            abort(HTTPStatus.NOT_FOUND)
        here = viewer_zone(zone)
        html = _live(parts, known, now, here)
        title = f"{known.state.ticket.key.helpdesk} #{known.state.ticket.key.id}"
        return live_answer(html, _etag(html), now, title=title)

    @pages.post("/tickets/<helpdesk>/<ticket_id>/<action>")
    def do(helpdesk: str, ticket_id: str, action: str) -> AnyResponse:
        only_operators()
        key, now = _find(parts, helpdesk, ticket_id), clock()
        state = parts.records.load(key)[0] if key else None
        if key is None or state is None:
            abort(HTTPStatus.NOT_FOUND)
        form: dict[str, str] = request.form.to_dict()
        if g.get("user"):
            form["name"] = g.user  # a proxy has said who it is; nobody acts under another name
        said = act(action, state, form, parts.due, now)
        if said is None:
            abort(HTTPStatus.NOT_FOUND)
        session["said"] = [said.text, dict(said.values), said.done]
        if said.done:
            session["name"] = form.get("name", "")[:80]
        return redirect(address(key), HTTPStatus.SEE_OTHER)

    return pages


def _find(parts: Parts, helpdesk: str, ticket_id: str) -> TicketKey | None:
    """The ticket's key; nobody may have said its account."""
    number, account = ticket_id.lstrip("#"), request.args.get("account", "")
    if account:
        return TicketKey(helpdesk, account, number)
    for one in parts.accounts.values():
        key = TicketKey(helpdesk, one.name, number)
        if one.helpdesk == helpdesk and parts.records.load(key)[0] is not None:
            return key
    return None


def _read(parts: Parts, key: TicketKey, now: datetime) -> Known | None:
    state = parts.records.load(key)[0]
    if state is None:
        return None
    account, owner = f"{key.helpdesk}/{key.account}", state.ticket.assignee
    (name,) = parts.lookups.names([(account, owner)]) if owner else (None,)
    agents = {(account, owner): name} if owner and name else {}
    muted = parts.switches.muted(now)
    return Known(
        state=state,
        lines=parts.records.lines(key),
        policy=parts.policies.of(state).policy,
        names=Names(parts.policy, muted, agents),
    )


def _live(parts: Parts, known: Known, now: datetime, zone: str) -> str:
    """Everything that changes, what the viewer may do among it."""
    content: dict[str, Any] = explained(known, now, zone)
    key = known.state.ticket.key
    there = [one for one in parts.accounts.values() if one.helpdesk == key.helpdesk]
    return render_template(
        "ticket_live.html",
        **content,
        may=possible(known.state),
        account=key.account if len(there) > 1 else "",
        act_url=partial(_act_url, key),
        severities=list(Severity),
        name=g.get("user") or session.get("name", ""),
    )


def _act_url(key: TicketKey, action: str) -> str:
    return url_for(
        "tickets.do", helpdesk=key.helpdesk, ticket_id=key.id, action=action, account=key.account
    )


def _etag(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:32]
