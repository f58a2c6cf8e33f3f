"""The Flask app: webhooks in, board and health out."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Request, Response, jsonify, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from webhooks.acknowledge import acknowledge
from webhooks.board import board
from webhooks.health import health
from webhooks.inbox import LONGEST_BODY, RETRY_AFTER_SECONDS, inbox
from webhooks.sign_in import protect
from webhooks.source import StoreSource
from worker.store.health import Health
from worker.wiring import Parts


def create_app(parts: Parts) -> Flask:
    """An app over real parts; the parts' Redis client should have short time-outs."""
    settings = parts.settings
    app = Flask(__name__)
    app.session_interface = _PagesOnly()
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LONGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    source = StoreSource(
        parts.records,
        parts.journal,
        parts.due,
        parts.switches,
        parts.policy,
        tuple(parts.accounts),
    )
    app.register_blueprint(inbox(settings, parts.due, parts.journal))
    app.register_blueprint(health(Health(parts.redis)))
    app.register_blueprint(acknowledge(parts.links, parts.records, parts.due, parts.policy))
    app.register_blueprint(board(source, settings, zone=parts.policy.time_zone))
    protect(app, settings, settings.secret_key.get_secret_value() if settings.secret_key else "")
    app.register_error_handler(RedisError, _redis_away)
    app.register_error_handler(HTTPException, _machine_answer)
    return app


class _PagesOnly(SecureCookieSessionInterface):
    """A helpdesk has no session: no cookie is read or written for its webhooks."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith("/webhooks/"):
            return self.make_null_session(app)
        return super().open_session(app, request)


def _redis_away(_fault: RedisError) -> tuple[Response, int]:
    answer = jsonify(said="Redis does not answer; please try again")
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer, int(HTTPStatus.SERVICE_UNAVAILABLE)


def _machine_answer(fault: HTTPException) -> HTTPException | Response:
    """Webhooks get JSON, people keep Werkzeug's pages; both keep the status and its headers."""
    if not request.path.startswith("/webhooks/"):
        return fault
    answer = fault.get_response()
    said = jsonify(said=fault.description)
    for name, value in answer.headers:
        if name.lower() not in {"content-type", "content-length"}:
            said.headers[name] = value
    said.status_code = fault.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    return said
