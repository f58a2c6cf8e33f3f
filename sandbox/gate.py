"""Every vendor request passes here: faults, limits and authentication before, the log after."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from sandbox import moments
from sandbox.vendor import Refused, Vendor

if TYPE_CHECKING:
    from sandbox.faults import Faults

KEPT = 5000
_LONGEST_BODY = 20_000
_SECRET = {"client_secret", "client_id", "access_token", "password", "token"}


class Journal:
    """The latest requests to the vendors' APIs, without authorization headers or secrets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def add(self, entry: dict[str, Any]) -> None:
        """Keep one more; the oldest goes when there are too many."""
        with self._lock:
            self._entries.append(entry)

    def listed(self, helpdesk: str = "", method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Oldest first, optionally of one helpdesk, method or part of a path."""
        with self._lock:
            entries = list(self._entries)
        return [
            entry
            for entry in entries
            if helpdesk in {"", entry["helpdesk"]}
            and method.upper() in {"", entry["method"]}
            and path in entry["path"]
        ]

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._entries.clear()


def guard(app: Flask, vendors: dict[str, Vendor], faults: Faults, journal: Journal) -> None:  # noqa: C901 - two hooks
    """Stand before the vendors' paths of this app."""

    def asked() -> tuple[str, Vendor] | None:
        name, _, rest = request.path.lstrip("/").partition("/")
        if name in vendors and rest.split("/")[0] in {"api", "oauth"}:
            return name, vendors[name]
        return None

    def arrive() -> Response | None:
        g.began, g.vendor_headers, g.lost_for = time.monotonic(), {}, None
        found = asked()
        if found is None:
            return None
        name, vendor = found
        fault = faults.hit(name, request.method, request.path)
        if fault is not None and fault.kind == "lost_answer":
            g.lost_for = fault.seconds
        elif fault is not None and fault.kind in {"slow", "timeout"}:
            time.sleep(fault.seconds)
            if fault.kind == "timeout":
                return Response("", status=HTTPStatus.GATEWAY_TIMEOUT)
        elif fault is not None:
            return vendor.faulty(fault)
        g.vendor_headers = vendor.meter()
        g.user = vendor.authenticate()
        return None

    def leave(answer: Response) -> Response:
        found = asked()
        if found is None:
            return answer
        for header, value in g.get("vendor_headers", {}).items():
            answer.headers.setdefault(header, value)
        if g.get("lost_for") is not None:
            time.sleep(g.lost_for)
            answer = Response("", status=HTTPStatus.GATEWAY_TIMEOUT)
        journal.add(
            {
                "at": moments.now().isoformat(),
                "helpdesk": found[0],
                "method": request.method,
                "path": request.path.removeprefix(f"/{found[0]}"),
                "query": request.query_string.decode("utf-8", "replace"),
                "status": answer.status_code,
                "milliseconds": round((time.monotonic() - g.began) * 1000, 1),
                "body": _body(),
            }
        )
        return answer

    app.before_request(arrive)
    app.after_request(leave)
    app.register_error_handler(Refused, lambda refused: refused.answer)


def _body() -> Any:
    text = request.get_data(as_text=True)[:_LONGEST_BODY]
    if not text and request.form:
        return _without_secrets(request.form.to_dict())
    try:
        return _without_secrets(json.loads(text)) if text else None
    except ValueError:
        return "(form)" if any(word in text for word in _SECRET) else text


def _without_secrets(body: Any) -> Any:
    if isinstance(body, dict):
        return {
            key: "(hidden)" if key in _SECRET else _without_secrets(value)
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [_without_secrets(item) for item in body]
    return body
