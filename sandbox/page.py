"""The page: create a ticket, answer it, and watch what Minutehand writes onto it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, make_response, redirect, render_template

from sandbox.stream import examples

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from sandbox.state import Sandbox

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def routes(sandbox: Sandbox) -> Blueprint:
    """The page, and the agent URLs that links to a ticket lead to."""
    made = Blueprint("page", __name__)
    shown = examples()

    @made.get("/")
    def show() -> Response:
        answer = make_response(
            render_template("sandbox.html", examples=shown, board=sandbox.settings.minutehand_url)
        )
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @made.get("/zendesk/agent/tickets/<int:ticket_id>")
    def zendesk_ticket(ticket_id: int) -> BaseResponse:
        return redirect(f"/#zendesk-{ticket_id}")

    @made.get("/freshdesk/a/tickets/<int:ticket_id>")
    def freshdesk_ticket(ticket_id: int) -> BaseResponse:
        return redirect(f"/#freshdesk-{ticket_id}")

    @made.get("/favicon.ico")
    def no_icon() -> Response:
        return Response(status=204)

    return made
