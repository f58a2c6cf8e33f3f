"""The Flask app: webhooks in; board, tickets, report and health out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, jsonify, make_response, render_template, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from webhooks.acknowledge import acknowledge
from webhooks.board import Board, board
from webhooks.health import health
from webhooks.health_page import health_page
from webhooks.inbox import LONGEST_BODY, RETRY_AFTER_SECONDS, inbox
from webhooks.report import report
from webhooks.shelf import FRESH_SECONDS, Shelf
from webhooks.sign_in import protect
from webhooks.text import catalogue
from webhooks.tickets import tickets
from worker.store.endings import Endings
from worker.store.health import Health
from worker.tickets import CONTROL, one_line
from worker.wiring import Parts


def create_app(
    parts: Parts,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    fresh_seconds: float = FRESH_SECONDS,
) -> Flask:
    """An app over real parts; the parts' Redis client should have short time-outs.

    What the board shows is at most `fresh_seconds` old.
    """
    settings, zone = parts.settings, parts.policy.time_zone
    app = Flask(__name__)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "finalize": _printable}
    app.session_interface = _PagesOnly()
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LONGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.context_processor(lambda: {"in_mode": settings.mode})  # every page says it
    app.jinja_env.globals["one_line"] = one_line
    app.register_blueprint(inbox(settings, parts.due, parts.journal))
    app.register_blueprint(health(Health(parts.redis)))
    app.register_blueprint(acknowledge(parts.links, parts.records, parts.due, parts.policy))
    shelf = Shelf(parts.redis, fresh_seconds=fresh_seconds)
    source = Board(shelf, parts.lookups, parts.policy, settings)
    app.register_blueprint(board(source, zone=zone, clock=clock))
    app.register_blueprint(tickets(parts, clock=clock))
    app.register_blueprint(report(Endings(parts.redis), zone=zone, clock=clock))
    app.register_blueprint(health_page(parts, clock=clock))
    protect(app, settings, settings.secret_key.get_secret_value() if settings.secret_key else "")
    app.register_error_handler(RedisError, _redis_away)
    app.register_error_handler(HTTPException, _fault)
    return app


class _PagesOnly(SecureCookieSessionInterface):
    """A helpdesk has no session: no cookie is read or written for its webhooks."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith("/webhooks/"):
            return self.make_null_session(app)
        return super().open_session(app, request)


def _printable(value: Any) -> Any:
    """No control or direction mark of anybody's text reaches a page, whoever forgot about it."""
    return type(value)(CONTROL.sub("", value)) if isinstance(value, str) else value


def _redis_away(_fault: RedisError) -> Response:
    """Machines and live pages get a line, people a page that tries again by itself."""
    if request.path.startswith(("/live/", "/webhooks/")) or request.method != "GET":
        answer = jsonify(said="Redis does not answer; please try again")
    else:
        page = render_template(
            "fault.html", title="site.unavailable_title", text="site.unavailable", again=True
        )
        answer = make_response(page)
    answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _fault(fault: HTTPException) -> HTTPException | Response:
    """Webhooks get JSON, people a page in our words; both keep the status and its headers."""
    for_people = not request.path.startswith("/webhooks/")
    title = f"fault.{fault.code}"
    if for_people and title not in catalogue():
        return fault
    answer = fault.get_response()
    said = (
        make_response(render_template("fault.html", title=title, text=f"{title}_why"))
        if for_people
        else jsonify(said=fault.description)
    )
    for name, value in answer.headers:
        if name.lower() not in {"content-type", "content-length"}:
            said.headers[name] = value
    said.status_code = fault.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    return said
