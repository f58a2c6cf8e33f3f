"""What the environment says: secrets, addresses, mode. No I/O but one look at PUBLIC_URL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from urllib.parse import urlsplit

from pydantic import SecretStr

from worker.doctor.check import Check, fail, ok, warn
from worker.errors import Permanent, Transient
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Mode, Settings
from worker.transport import Transport

SHORTEST_SECRET = 16
"""Characters; what a person types is guessed, what a program makes is longer."""
TOKENS_END = date(2027, 4, 30)
"""Zendesk's API tokens stop working on this day."""


def of_settings(settings: Settings, transport: Transport, now: datetime) -> Iterator[Check]:
    """Everything that follows from the environment alone."""
    yield from _secrets(settings)
    yield _key(settings)
    yield _mode(settings)
    yield _public_url(settings, transport)
    yield _pages(settings)
    if settings.zendesk_api_token is not None and settings.zendesk_client_secret is None:
        left = (TOKENS_END - now.date()).days
        found = f"Zendesk API tokens stop working on {TOKENS_END:%Y-%m-%d}, in {left} days"
        advice = "make an OAuth client and set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"
        yield (fail if left <= 0 else warn)("API token", found, advice)
    elif settings.zendesk_client_secret is not None:
        yield ok("API token", "none is used: signing in goes by an OAuth client")


def _secrets(settings: Settings) -> Iterator[Check]:
    for helpdesk in HELPDESKS.values():
        if helpdesk.account(settings) is None:
            continue
        name, variable = f"{helpdesk.title} webhook secret", helpdesk.secret_variable
        secrets = helpdesk.secrets(settings)
        if not secrets:
            advice = f"set {variable}; until then webhooks are refused and only polls find tickets"
            yield (fail if settings.public_url else warn)(name, "not set", advice)
        elif min(map(len, secrets)) < SHORTEST_SECRET:
            advice = f"make {variable} at least {SHORTEST_SECRET} characters, by a program"
            yield warn(name, "short enough to be guessed", advice)
        else:
            rotating = ", two while one is being rotated" if len(secrets) > 1 else ""
            yield ok(name, f"set{rotating}")
    if not any(helpdesk.account(settings) for helpdesk in HELPDESKS.values()):
        yield fail("helpdesk", "none is configured", "fill in .env as .env.example says")


def _key(settings: Settings) -> Check:
    key = settings.secret_key
    if key is None and settings.redis_url is None:
        return ok("secret key", "made by `minutehand up`, in DATA_DIR")
    if key is None:
        advice = "set SECRET_KEY, the same for every process; without it `web` does not start"
        return fail("secret key", "not set, and REDIS_URL is", advice)
    if len(key.get_secret_value()) < SHORTEST_SECRET:
        advice = "make SECRET_KEY by a program: whoever guesses it can acknowledge any alert"
        return warn("secret key", "short enough to be guessed", advice)
    return ok("secret key", "set")


def _mode(settings: Settings) -> Check:
    found = f"{settings.mode}: {settings.mode.words}"
    if settings.mode is Mode.OBSERVE:
        advice = "read `minutehand observed`, then set MODE=tag; older tickets stay untouched"
        return warn("mode", found, advice)
    return ok("mode", found)


def _public_url(settings: Settings, transport: Transport) -> Check:
    url = settings.public_url
    if url is None:
        found = "not set: no webhooks, no links in alerts; new tickets are seen within a minute"
        return warn("PUBLIC_URL", found, "set it to the https address of this machine")
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        return fail("PUBLIC_URL", "not https", "put a TLS proxy in front and use its address")
    try:
        answer = transport.request("GET", f"{url}/healthz", what="PUBLIC_URL", timeout=5.0)
    except (Transient, Permanent) as fault:
        return fail("PUBLIC_URL", str(fault), "check DNS, the proxy and that `web` runs")
    if answer.status_code != 200:
        return fail("PUBLIC_URL", f"/healthz answered {answer.status_code}", "check the proxy")
    return ok("PUBLIC_URL", "answers")


def _pages(settings: Settings) -> Check:
    password: SecretStr | None = settings.board_password
    if password is None:
        return warn("board password", "not set: pages are closed", "set BOARD_PASSWORD")
    kept = password.get_secret_value()
    if not kept.startswith("scrypt:") and len(kept) < SHORTEST_SECRET:
        return warn("board password", "short enough to be guessed", "use a longer one")
    return ok("board password", "set")
