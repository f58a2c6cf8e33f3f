"""What a sandbox is started with: fixed, harmless secrets and a handful of limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ZENDESK_CLIENT_ID = "minutehand-sandbox"
ZENDESK_CLIENT_SECRET = "sandbox-client-secret-not-for-production"  # noqa: S105 - public
ZENDESK_WEBHOOK_SECRET = "c2FuZGJveC1zaWduaW5nLXNlY3JldA=="  # noqa: S105 - public
FRESHDESK_API_KEY = "sandboxFreshdeskKey"
FRESHDESK_WEBHOOK_SECRET = "sandbox-freshdesk-shared-secret"  # noqa: S105 - public

PREFIX = "SANDBOX_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one sandbox behaves from its first moment; the control API changes some of it later."""

    minutehand_url: str = ""
    """Where Minutehand listens, without a path; webhooks go to `<url>/webhooks/<helpdesk>`.
    Empty: none are sent."""
    zendesk_client_id: str = ZENDESK_CLIENT_ID
    zendesk_client_secret: str = ZENDESK_CLIENT_SECRET
    zendesk_webhook_secret: str = ZENDESK_WEBHOOK_SECRET
    zendesk_email: str = ""
    """With `zendesk_api_token`: the legacy basic authentication is accepted too."""
    zendesk_api_token: str = ""
    freshdesk_api_key: str = FRESHDESK_API_KEY
    freshdesk_webhook_secret: str = FRESHDESK_WEBHOOK_SECRET
    updates_per_minute: int = 3000
    """Ticket updates per account and minute, on each helpdesk."""
    requests_per_minute: int = 6000
    """Requests (Freshdesk: credits) per account and minute, on each helpdesk."""
    exports_per_minute: int = 10
    """Zendesk incremental export calls per minute."""
    export_lag_seconds: float = 60.0
    """The Zendesk incremental export leaves out what is younger than this."""
    token_seconds: int = 1800
    """Life of a Zendesk OAuth token. Below 300 it overrules the life a client asks for, which
    Zendesk would not do: it lets a test see a token expire."""
    stream: bool = False
    """Create the demo's stream of tickets."""
    stream_pace_seconds: float = 6.0
    stream_seed: int = 1
    webhooks_anywhere: bool = False
    """Send webhooks to public addresses too; otherwise only to loopback and private ones."""
    first_ticket: int = 0
    """Number of the first ticket on each helpdesk; 0: taken from the clock, so that a restarted
    sandbox does not give a number twice."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read `SANDBOX_*`; an unset or empty variable leaves its default.

        Raises ValueError that names every variable whose value cannot be read.
        """
        texts = {
            "minutehand_url": "MINUTEHAND_URL",
            "zendesk_client_id": "ZENDESK_CLIENT_ID",
            "zendesk_client_secret": "ZENDESK_CLIENT_SECRET",
            "zendesk_webhook_secret": "ZENDESK_WEBHOOK_SECRET",
            "zendesk_email": "ZENDESK_EMAIL",
            "zendesk_api_token": "ZENDESK_API_TOKEN",
            "freshdesk_api_key": "FRESHDESK_API_KEY",
            "freshdesk_webhook_secret": "FRESHDESK_WEBHOOK_SECRET",
        }
        whole_numbers = {
            "updates_per_minute": "UPDATES_PER_MINUTE",
            "requests_per_minute": "REQUESTS_PER_MINUTE",
            "exports_per_minute": "EXPORTS_PER_MINUTE",
            "token_seconds": "TOKEN_SECONDS",
            "stream_seed": "STREAM_SEED",
            "first_ticket": "FIRST_TICKET",
        }
        seconds = {
            "export_lag_seconds": "EXPORT_LAG_SECONDS",
            "stream_pace_seconds": "STREAM_PACE",
        }
        switches = {"stream": "STREAM", "webhooks_anywhere": "WEBHOOKS_ANYWHERE"}
        kinds = (
            (texts, _text),
            (whole_numbers, _whole_number),
            (seconds, _seconds),
            (switches, _switch),
        )
        found: dict[str, object] = {}
        faults: list[str] = []
        for names, read in kinds:
            for name, variable in names.items():
                value = environment.get(PREFIX + variable, "").strip()
                if not value:
                    continue
                try:
                    found[name] = read(value)
                except ValueError as error:
                    faults.append(f"{PREFIX}{variable}={value!r}: {error}")
        if faults:
            raise ValueError("The sandbox cannot start. " + " ".join(faults))
        return cls(**found)  # type: ignore[arg-type]  # each name was read by its own kind


def _text(value: str) -> str:
    return value.rstrip("/") if value.startswith("http") else value


def _whole_number(value: str) -> int:
    number = int(value) if value.isdigit() else -1
    if number < 0:
        raise ValueError("write a whole number, 0 or more.")
    return number


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("write a number of seconds, 0 or more.")
    return number


def _switch(value: str) -> bool:
    if value not in {"0", "1"}:
        raise ValueError("write 0 or 1.")
    return value == "1"
