"""Everything that comes from the environment, read once, checked at once.

`.env` in the working folder is read too (the real environment wins), and `X_FILE=/path` supplies
any secret `X` from a file, as container platforms mount them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from worker.errors import Misconfigured


class Mode(StrEnum):
    """How much Minutehand does. Raising it is one setting and never touches older tickets."""

    OBSERVE = "observe"
    """Decides and runs timers; writes nothing, alerts nobody but the console."""
    TAG = "tag"
    """Writes fields and tags and alerts; no priority, no note, no assignment."""
    LIVE = "live"
    """Everything."""

    @property
    def words(self) -> str:
        """What it does, for people."""
        return {
            Mode.OBSERVE: "nothing is written, nobody but the console is alerted",
            Mode.TAG: "fields, tags and alerts; no priority, no note, no assignment",
            Mode.LIVE: "fields, tags, priority and notes are written, people are alerted",
        }[self]


SECRETS = (
    "REDIS_URL",
    "ZENDESK_CLIENT_SECRET",
    "ZENDESK_API_TOKEN",
    "ZENDESK_WEBHOOK_SECRET",
    "FRESHDESK_API_KEY",
    "FRESHDESK_WEBHOOK_SECRET",
    "BOARD_PASSWORD",
    "BOARD_VIEWER_PASSWORD",
    "SECRET_KEY",
)


class Settings(BaseModel):
    """The environment, typed. Secrets are `SecretStr`, which no log or repr shows."""

    model_config = ConfigDict(frozen=True)

    redis_url: SecretStr | None = None
    """None: `up` starts an embedded Redis and passes its address on."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path("data")
    public_url: str | None = None
    policy_file: Path = Path("policy.toml")
    mode: Mode = Mode.OBSERVE
    start_from: datetime | None = None
    worker_threads: int = Field(default=8, ge=1, le=64)
    demo: bool = False
    """Set by `minutehand demo` alone: opens the pages on loopback without a password."""
    zendesk_url: str | None = None
    zendesk_client_id: str | None = None
    zendesk_client_secret: SecretStr | None = None
    zendesk_email: str | None = None
    zendesk_api_token: SecretStr | None = None
    zendesk_webhook_secret: SecretStr | None = None
    freshdesk_url: str | None = None
    freshdesk_api_key: SecretStr | None = None
    freshdesk_webhook_secret: SecretStr | None = None
    board_password: SecretStr | None = None
    board_viewer_password: SecretStr | None = None
    board_user_header: str | None = None
    """The header in which a trusted reverse proxy names who has signed in there; None: off."""
    board_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """From which addresses that header is believed."""
    board_operators: tuple[str, ...] = ()
    """Users of the proxy who may act; `*`: all. The others only read."""
    secret_key: SecretStr | None = None
    environment: Mapping[str, str] = Field(default_factory=dict, repr=False)
    """All variables, for `${X}` in the policy; never printed."""

    def may_operate(self, user: str) -> bool:
        """Whether a user whom the proxy named may act, not only read."""
        return "*" in self.board_operators or user in self.board_operators

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, folder: Path | None = None
    ) -> Settings:
        """Read the process's environment and `.env` in `folder` (default: where we run).

        Raises `Misconfigured` with every fault at once, each naming its variable.
        """
        if environment is None:
            from_file = dotenv_values((folder or Path.cwd()) / ".env", interpolate=False)
            environment = {k: v for k, v in from_file.items() if v is not None} | dict(os.environ)
        faults: list[str] = []
        values: dict[str, Any] = {
            "environment": environment,
            "demo": environment.get("MINUTEHAND_DEMO") == "1",
        }
        for name, read in _READERS.items():
            variable = name.upper()
            try:
                text = _read(environment, variable)
            except (OSError, UnicodeDecodeError):
                faults.append(f"{variable}_FILE: the file it names cannot be read")
                continue
            if not text:
                continue
            try:
                values[name] = read(text)
            except ValueError as fault:
                faults.append(f"{variable}: {fault}")
        faults += _half_configured(values)
        if faults:
            raise Misconfigured(*faults)
        return cls(**values)


def sandbox_port() -> int:
    """SANDBOX_PORT, else 8100; raises `Misconfigured`."""
    try:
        return _port(os.environ.get("SANDBOX_PORT", "").strip() or "8100")
    except ValueError as fault:
        raise Misconfigured(f"SANDBOX_PORT: {fault}") from None


def account_of(url: str) -> str:
    """An account's name: the first label of *.zendesk.com or *.freshdesk.com, else host:port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for vendor in (".zendesk.com", ".freshdesk.com"):
        if host.endswith(vendor):
            return host.removesuffix(vendor).split(".")[0]
    return f"{host}:{parts.port}" if parts.port else host


def split_secrets(secret: SecretStr | None) -> tuple[str, ...]:
    """The secrets in force: two, separated by a comma, while one is being rotated."""
    if secret is None:
        return ()
    return tuple(part.strip() for part in secret.get_secret_value().split(",") if part.strip())


def lookup(environment: Mapping[str, str], variable: str) -> str | None:
    """A variable's value, or the content of the file that `VARIABLE_FILE` names; else None.

    Raises OSError or UnicodeDecodeError when that file cannot be read.
    """
    if environment.get(variable):
        return environment[variable]
    path = environment.get(f"{variable}_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else None


def _read(environment: Mapping[str, str], variable: str) -> str:
    if variable in SECRETS:
        return (lookup(environment, variable) or "").strip()
    return environment.get(variable, "").strip()


def _url(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port  # raises ValueError when it is no port
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http or https address such as https://acme.zendesk.com")
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or password")
    return text.rstrip("/")


def _redis_url(text: str) -> SecretStr:
    if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must start with redis://, rediss:// or unix://")
    return SecretStr(text)


def _mode(text: str) -> Mode:
    try:
        return Mode(text.lower())
    except ValueError:
        raise ValueError("must be observe, tag or live") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a moment such as 2026-11-23T10:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _port(text: str) -> int:
    number = _whole(text)
    if not 0 <= number <= 65535:
        raise ValueError("must be between 0 and 65535")
    return number


def _threads(text: str) -> int:
    number = _whole(text)
    if not 1 <= number <= 64:
        raise ValueError("must be between 1 and 64")
    return number


def _header(text: str) -> str:
    if not text.replace("-", "").isalnum() or not text.isascii():
        raise ValueError("must be the name of a header such as X-Forwarded-User")
    return text


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part, strict=False) for part in _list(text))
    except ValueError:
        raise ValueError("must be addresses or networks such as 127.0.0.1, 10.0.0.0/8") from None


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: dict[str, Any] = {
    "redis_url": _redis_url,
    "host": str,
    "port": _port,
    "data_dir": Path,
    "public_url": _url,
    "policy_file": Path,
    "mode": _mode,
    "start_from": _moment,
    "worker_threads": _threads,
    "zendesk_url": _url,
    "zendesk_client_id": str,
    "zendesk_client_secret": SecretStr,
    "zendesk_email": str,
    "zendesk_api_token": SecretStr,
    "zendesk_webhook_secret": SecretStr,
    "freshdesk_url": _url,
    "freshdesk_api_key": SecretStr,
    "freshdesk_webhook_secret": SecretStr,
    "board_password": SecretStr,
    "board_viewer_password": SecretStr,
    "board_user_header": _header,
    "board_proxies": _networks,
    "board_operators": _list,
    "secret_key": SecretStr,
}


def _half_configured(values: Mapping[str, Any]) -> list[str]:
    faults = []
    oauth = {"zendesk_client_id", "zendesk_client_secret"} & values.keys()
    token = {"zendesk_email", "zendesk_api_token"} & values.keys()
    if "zendesk_url" in values and len(oauth) < 2 and len(token) < 2:
        faults.append(
            "ZENDESK_URL is set but not how to sign in: set ZENDESK_CLIENT_ID and "
            "ZENDESK_CLIENT_SECRET (an OAuth client made by a dedicated admin user)"
        )
    if "freshdesk_url" in values and "freshdesk_api_key" not in values:
        faults.append("FRESHDESK_URL is set but FRESHDESK_API_KEY is not")
    if "board_user_header" in values and "board_proxies" not in values:
        faults.append(
            "BOARD_USER_HEADER is set but BOARD_PROXIES is not: anybody could send that header. "
            "Set BOARD_PROXIES to the addresses of your reverse proxy"
        )
    return faults
