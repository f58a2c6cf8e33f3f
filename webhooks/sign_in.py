"""Who may see the pages: two passwords and a cookie, or the user whom a trusted proxy names; and
the headers that keep pages to themselves.

Fail-closed: without a password the pages are shut, but for the demo on this very machine.
Webhooks and health checks have their own rules and pass.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response as AnyResponse

from webhooks.attempts import Attempts, RecentAttempts
from webhooks.origin import comes_from, is_here, local_path, where_from
from webhooks.text import plain, say
from worker.errors import Misconfigured
from worker.settings import Settings
from worker.tickets import one_line

OPEN_PATHS = ("/healthz", "/readyz", "/sign-in")
OPEN_FOLDERS = ("/webhooks/", "/static/", "/acknowledge/")
"""Each has a lock of its own, or nothing to lock: signatures, files, signed links."""
SIGNED_IN_FOR = timedelta(days=7)
LONGEST_PASSWORD = 1000
LONGEST_USER = 80
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def protect(
    app: Flask, settings: Settings, secret_key: str, attempts: Attempts | None = None
) -> None:
    """Put every page of the app, present and future, behind the sign-in.

    Raises `Misconfigured` when there is a password and no key to sign cookies with.
    """
    door = _Door(settings, secret_key, attempts or RecentAttempts())
    if door.passwords and not secret_key:
        raise Misconfigured("SECRET_KEY is not set, and BOARD_PASSWORD needs it to sign cookies")
    app.secret_key = secret_key or None
    app.config.update(
        SESSION_COOKIE_NAME="minutehand",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=(settings.public_url or "").startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SIGNED_IN_FOR,
    )
    app.before_request(door.guard)
    app.after_request(_seal)
    app.context_processor(door.words_for_pages)
    app.add_url_rule("/sign-in", view_func=door.form, endpoint="sign_in")
    app.add_url_rule("/sign-in", view_func=door.sign_in, methods=["POST"], endpoint="signing_in")
    app.add_url_rule("/sign-out", view_func=door.sign_out, methods=["POST"])


class _Door:
    def __init__(self, settings: Settings, secret_key: str, attempts: Attempts) -> None:
        found = {"operator": settings.board_password, "viewer": settings.board_viewer_password}
        self.passwords = {
            role: secret.get_secret_value()
            for role, secret in found.items()
            if secret and secret.get_secret_value()
        }
        self._settings = settings
        self._demo = settings.demo
        self._key = secret_key.encode()
        self._attempts = attempts

    def guard(self) -> AnyResponse | None:
        """Let the request through (None), or answer it here."""
        g.role = g.user = None
        if request.path in OPEN_PATHS or request.path.startswith(OPEN_FOLDERS):
            return None
        g.user = self._named_by_proxy()
        if g.user:
            g.role = "operator" if self._settings.may_operate(g.user) else "viewer"
            return self._same_site()
        if not self.passwords:
            if self._demo and is_here():
                g.role = "operator"
                return self._same_site()
            if request.path == "/metrics" and is_here():
                return None  # figures without a word of any ticket, for a scraper on this machine
            return make_response(render_template("closed.html"), HTTPStatus.FORBIDDEN)
        g.role = self._signed_in_as()
        return self._same_site() if g.role else self._turn_away()

    def _same_site(self) -> AnyResponse | None:
        """A form has to come from a page of ours: it sends back what only that page was told."""
        if "csrf" not in session and _from_elsewhere():
            return _ask_again()
        token = session.setdefault("csrf", secrets.token_urlsafe(16)) if self._key else ""
        if request.method in {"GET", "HEAD", "OPTIONS"} or request.path == "/sign-out":
            return None
        if _same(request.form.get("csrf", ""), token):
            return None
        page = render_template("fault.html", title="sign_in.expired", text="fault.expired")
        return make_response(page, HTTPStatus.BAD_REQUEST)

    def _named_by_proxy(self) -> str | None:
        """The user whom a trusted proxy names, when one is configured and it is the one asking."""
        header = self._settings.board_user_header
        if not header or not comes_from(self._settings.board_proxies):
            return None
        return one_line(request.headers.get(header, ""), LONGEST_USER).strip() or None

    def _turn_away(self) -> AnyResponse | None:
        if request.path == "/metrics":
            return self._basic()
        if request.path.startswith("/live/") or request.method not in {"GET", "HEAD"}:
            return _refused(HTTPStatus.UNAUTHORIZED, "sign in first")
        if _from_elsewhere():
            return _ask_again()
        return redirect(url_for("sign_in", next=_wanted()))

    def form(self) -> AnyResponse:
        """GET /sign-in."""
        if not self.passwords:
            return redirect("/")
        return self._page(HTTPStatus.OK, "")

    def sign_in(self) -> AnyResponse:
        """POST /sign-in: the only place where a cookie is given."""
        address = where_from(self._settings.board_proxies)
        if not self.passwords:
            return redirect("/")
        if not self._attempts.allowed(address):
            answer = self._page(HTTPStatus.TOO_MANY_REQUESTS, plain("sign_in.throttled"))
            answer.headers["Retry-After"] = "60"
            return answer
        if not _same(request.form.get("csrf", ""), session.get("csrf", "")):
            return self._page(HTTPStatus.BAD_REQUEST, plain("sign_in.expired"))
        role = self._role_of(request.form.get("password", ""))
        if role is None:
            self._attempts.failed(address)
            return self._page(HTTPStatus.UNAUTHORIZED, plain("sign_in.wrong"))
        session.clear()
        session.permanent = True
        session.update(role=role, proof=self._proof(role), csrf=secrets.token_urlsafe(16))
        return redirect(local_path(request.form.get("next", "")), HTTPStatus.SEE_OTHER)

    def sign_out(self) -> AnyResponse:
        """POST /sign-out."""
        if not _same(request.form.get("csrf", ""), session.get("csrf", "")):
            return _refused(HTTPStatus.BAD_REQUEST, "this form had expired; try again")
        session.clear()
        return redirect(url_for("sign_in"), HTTPStatus.SEE_OTHER)

    def words_for_pages(self) -> dict[str, Any]:
        """For every template: who is signed in, and what a form has to send back."""
        role, user = g.get("role"), g.get("user")
        return {
            "role": role,
            "user": user,
            "signed_in": bool(self.passwords) and bool(role) and not user,
            "csrf": session.get("csrf", "") if role else "",
            "say": say,
        }

    def _page(self, status: HTTPStatus, fault: str) -> Response:
        token = session.setdefault("csrf", secrets.token_urlsafe(16))
        target = local_path(request.values.get("next", ""))
        page = render_template("sign_in.html", fault=fault, token=token, target=target)
        return make_response(page, status)

    def _basic(self) -> AnyResponse | None:
        """A scraper signs in with every request: any user name, either password."""
        sent = request.authorization
        address = where_from(self._settings.board_proxies)
        if not self._attempts.allowed(address):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords")
        if sent and sent.type == "basic":
            g.role = self._role_of(sent.password or "")
            if g.role:
                return None
            self._attempts.failed(address)
        answer = _refused(HTTPStatus.UNAUTHORIZED, "a password is needed (HTTP Basic)")
        answer.headers["WWW-Authenticate"] = 'Basic realm="Minutehand", charset="UTF-8"'
        return answer

    def _signed_in_as(self) -> str | None:
        role = session.get("role")
        if role in self.passwords and _same(session.get("proof", ""), self._proof(role)):
            return str(role)
        return None

    def _proof(self, role: str) -> str:
        """Binds a cookie to the password of its day: a changed password signs everybody out."""
        text = f"{role}\x00{self.passwords[role]}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def _role_of(self, password: str) -> str | None:
        """All passwords are compared, so that the time taken tells nothing."""
        found = [role for role, kept in self.passwords.items() if _matches(kept, password)]
        return found[0] if found else None


def _from_elsewhere() -> bool:
    """A link in a chat or an e-mail was followed."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site"


def _ask_again() -> AnyResponse:
    """A Strict cookie stays behind when somebody comes from another site. Asked again from a page
    of ours, the browser sends it. https://web.dev/articles/samesite-cookies-explained
    """
    return make_response(render_template("bounce.html", target=_wanted()))


def only_operators() -> None:
    """Before anything that changes something: a viewer only reads (403)."""
    if g.get("role") != "operator":
        abort(HTTPStatus.FORBIDDEN)


def _wanted() -> str:
    return local_path(request.full_path.removesuffix("?"))


def _same(sent: str, kept: str) -> bool:
    return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())


def _matches(kept: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    if not kept.startswith("scrypt:"):
        return _same(password, kept)
    try:
        return check_password_hash(kept, password)
    except ValueError:  # not a hash after all: nobody knows its password
        return False


def _refused(status: HTTPStatus, said: str) -> Response:
    answer = jsonify(said=said)
    answer.status_code = status
    return answer


def _seal(response: Response) -> Response:
    """No page may run foreign script, be framed, or stay in a cache."""
    said = {name.lower() for name, _ in response.headers}
    response.headers.extend([header for header in HEADERS.items() if header[0].lower() not in said])
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
