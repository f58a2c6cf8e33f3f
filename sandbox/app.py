"""The sandbox as one Flask app: two vendors, the control API and the page on one port."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox import control, control_room, page
from sandbox.freshdesk import account_routes, setup_routes
from sandbox.freshdesk import ticket_routes as freshdesk_tickets
from sandbox.gate import guard
from sandbox.state import Sandbox
from sandbox.stream import Stream
from sandbox.vendor import answer
from sandbox.zendesk import (
    access,
    bulk_routes,
    export_routes,
    field_routes,
    form_routes,
    people_routes,
    search_routes,
    webhook_routes,
)
from sandbox.zendesk import ticket_routes as zendesk_tickets

if TYPE_CHECKING:
    from sandbox.settings import Settings

LARGEST_BODY = 2_000_000
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def create_app(settings: Settings) -> Flask:
    """A sandbox that answers at once; its state is in `app.extensions["sandbox"]`.

    Its threads start with the first webhook and, with `settings.stream`, with the demo's stream.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    sandbox = Sandbox(settings)
    app.extensions["sandbox"] = sandbox
    guard(
        app,
        {"zendesk": sandbox.zendesk, "freshdesk": sandbox.freshdesk},
        sandbox.faults,
        sandbox.journal,
    )
    account = sandbox.zendesk
    app.register_blueprint(
        access.routes(settings, sandbox.dials, account.tokens), url_prefix="/zendesk"
    )
    for routes in (
        zendesk_tickets.routes,
        bulk_routes.routes,
        export_routes.routes,
        field_routes.routes,
        form_routes.routes,
        webhook_routes.routes,
        people_routes.routes,
        search_routes.routes,
    ):
        app.register_blueprint(routes(account), url_prefix="/zendesk/api/v2")
    for made in (
        freshdesk_tickets.routes(sandbox.freshdesk),
        setup_routes.routes(sandbox.freshdesk),
        account_routes.routes(sandbox.freshdesk),
    ):
        app.register_blueprint(made, url_prefix="/freshdesk/api/v2")
    app.register_blueprint(control.routes(sandbox))
    app.register_blueprint(control_room.routes(sandbox))
    app.register_blueprint(page.routes(sandbox))
    app.register_error_handler(HTTPException, _refused)
    app.wsgi_app = _without_json_suffix(app.wsgi_app)  # type: ignore[method-assign, assignment]
    if settings.stream:
        Stream(sandbox).start()
    return app


def _refused(error: HTTPException) -> Response:
    """A path or method that nobody has, in the shape of whoever was asked."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if request.path.startswith("/zendesk/"):
        return answer({"error": "InvalidEndpoint", "description": "Not found"}, status)
    if request.path.startswith("/freshdesk/"):
        return answer(None, status)
    return answer({"error": f"{error.name}: {request.method} {request.path}"}, status)


def _without_json_suffix(inner: Wsgi) -> Wsgi:
    """Zendesk answers at `tickets/1` and at `tickets/1.json` alike."""

    def outer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/zendesk/api/") and path.endswith(".json"):
            environ["PATH_INFO"] = path.removesuffix(".json")
        return inner(environ, start_response)

    return outer
