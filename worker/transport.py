"""The one outbound HTTP door: a time-out on every call, no redirects, nothing secret in errors.

Vendors' folders explain what a status means to them; this module knows only what is common to
all: the network failed, the other side is overloaded, or it answered.
"""

from __future__ import annotations

import email.utils
import ipaddress
import math
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from worker.errors import Permanent, Transient

CONNECT_SECONDS = 3.0
LONGEST_WAIT = 3600.0
"""Seconds."""
LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes; a page of 1,000 tickets with long bodies stays far below."""


def date_in(headers: Mapping[str, str]) -> datetime | None:
    """What the other side's clock said when it answered, to the second; None: it did not say.

    https://www.rfc-editor.org/rfc/rfc9110#name-date
    """
    try:
        found = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class Transport:
    """Makes requests for every helpdesk and channel; one connection pool per thread."""

    def __init__(self, *, user_agent: str = "Minutehand") -> None:
        self._user_agent = user_agent
        self._local = threading.local()

    def request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        json: Any = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float = 10.0,
    ) -> requests.Response:
        """One request, one answer of any status but 429 and 5xx.

        `what` names the call for people ("Zendesk ticket 5158", "channel oncall"): errors are
        made of it and never of the URL. `timeout` is in seconds, for connecting (at most 3 of
        them) and for each wait on the socket. Raises `Transient` when the network fails, on
        429 and on 5xx (with Retry-After), `Permanent` when the address is not one that we may
        call.
        """
        check_address(url, what=what)
        try:
            answer = self._session().request(
                method,
                url,
                json=json,
                data=body,
                params=params,
                headers=dict(headers or {}),
                auth=auth,
                timeout=(min(CONNECT_SECONDS, timeout), timeout),
                allow_redirects=False,
            )
        except requests.Timeout:
            raise Transient(f"{what}: no answer within {timeout:g} s") from None
        except requests.exceptions.SSLError:
            raise Transient(f"{what}: its TLS certificate could not be verified") from None
        except (requests.RequestException, HTTPError, UnicodeError) as fault:
            raise Transient(f"{what}: {_plain_cause(fault)}") from None
        if len(answer.content) > LONGEST_ANSWER:
            raise Permanent(f"{what}: its answer is larger than {LONGEST_ANSWER} bytes")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Transient(
                f"{what}: answered {answer.status_code}",
                retry_after=retry_after(answer.headers),
                status=answer.status_code,
                headers=answer.headers,
            )
        if 300 <= answer.status_code < 400:
            raise Permanent(
                f"{what}: answered {answer.status_code}, a redirect, which is never followed; "
                "configure the final address",
                status=answer.status_code,
            )
        return answer

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False  # a .netrc must never replace our Authorization header
            session.headers["User-Agent"] = self._user_agent
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=8))
            self._local.session = session
        return session


class TimeLeft:
    """A time-out that several calls share, in seconds."""

    SHORTEST = 0.05

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def seconds(self) -> float:
        """What is left of it; never quite nothing, so that a call fails as a time-out does."""
        return max(self.SHORTEST, self._until - time.monotonic())


def check_address(url: str, *, what: str) -> None:
    """Refuse what we never call: anything but https, or http to a loopback or private host.

    Raises `Permanent` with a text that names `what` and not the URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and _is_local(parts.hostname):
        return
    raise Permanent(f"{what}: its address must be https (http only to this machine or network)")


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".internal", ".local")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host  # a service name inside a compose or cluster network
    return address.is_loopback or address.is_private


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds that an answer asks us to wait (a number or an HTTP date), or None.

    At most an hour: who asks for more is asked again sooner.
    """
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = moment.replace(tzinfo=moment.tzinfo or UTC)
        seconds = (aware - (now or datetime.now(UTC))).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT)


def _plain_cause(fault: Exception) -> str:
    text = str(fault)
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "its host name cannot be resolved"
    if "Connection refused" in text:
        return "the connection was refused"
    return "the connection failed"
