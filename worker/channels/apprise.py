"""Everything else, by URL, through the library Apprise: Discord, Telegram, ntfy, SMS and 130 more.

https://appriseit.com/services/ lists the URLs, https://appriseit.com/library/ the library. It tells
that a delivery failed but not why, so a failure is always tried again. Its services format text in
many ways; ours is sent as plain text whose mentions, links and code marks are spelt differently.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

import structlog
from apprise import Apprise as Library
from apprise import AppriseAsset, AppriseResultStatus, NotifyBase, NotifyFormat, NotifyType
from apprise.common import OverflowMode, PersistentStoreMode
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from worker.channels import wording
from worker.channels.base import Alert
from worker.errors import Permanent, Transient
from worker.tickets import Severity
from worker.transport import CONNECT_SECONDS, Transport, check_address

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines show parts of URLs

WHY_LIMIT = 1500
"""Characters of all reasons together: many services take 2,000 in all."""
SPELT = str.maketrans({"@": "\uff20", "<": "\u2039", ">": "\u203a", "[": "(", "]": ")", "`": "'"})
"""Characters that somewhere make a mention, a tag, a link or code, and what is shown instead."""
TYPES = {
    Severity.P1: NotifyType.FAILURE,
    Severity.P2: NotifyType.WARNING,
    Severity.P3: NotifyType.INFO,
    Severity.P4: NotifyType.INFO,
}
"""The colour or picture that a service may show."""

FOLLOWS, GATHERS = False, True

log = structlog.get_logger()


class Options(BaseModel):
    """`url`, or `urls` for several; they hold tokens, so all of them are secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr | None = None
    urls: tuple[SecretStr, ...] = Field(default=(), validate_default=True)

    @field_validator("url")
    @classmethod
    def _usable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            _service(url, 1.0)
        return url

    @field_validator("urls")
    @classmethod
    def _all_usable(
        cls, urls: tuple[SecretStr, ...], info: ValidationInfo
    ) -> tuple[SecretStr, ...]:
        if not urls and info.data.get("url", "refused") is None:
            raise ValueError("the channel needs `url`, or `urls` with at least one")
        for url in urls:
            _service(url, 1.0)
        return urls

    @property
    def all_urls(self) -> tuple[SecretStr, ...]:
        """Both keys together."""
        return (*((self.url,) if self.url else ()), *self.urls)


@dataclass(frozen=True)
class Apprise:
    """One or more services that are told the same."""

    name: str
    options: Options
    seconds: float = 10.0
    """For each answer of a service; twice that for all that one of them does."""

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Tell every service; one that fails beside others is logged, all failing is `Transient`.

        Services are made anew each time: Apprise's own objects are not for several threads.
        """
        what = f"channel {self.name}"
        library = Library(asset=_asset(self.seconds))
        for url in self.options.all_urls:
            library.add(_service(url, self.seconds))
        title = wording.headline(alert, now)
        result = library.notify(
            title=title,
            body=wording.as_text(alert, now, limit=WHY_LIMIT, plain=spelt) or title,
            notify_type=TYPES[alert.severity],
            body_format=NotifyFormat.TEXT,
        )
        if result.status is AppriseResultStatus.SUCCESS:
            return
        if result.status is AppriseResultStatus.PARTIAL:
            failed = [str(one.name) for one in result if not one]
            log.warning("some services could not be told", channel=self.name, services=failed)
            return
        if result.status is AppriseResultStatus.TIMEOUT:
            raise Transient(f"{what}: no answer within {2 * self.seconds:g} s")
        raise Transient(f"{what}: Apprise could not deliver it and does not say why")


def build(name: str, options: Options, transport: Transport) -> Apprise:  # noqa: ARG001 every channel is built alike
    """An Apprise channel; makes no call yet."""
    return Apprise(name, options)


def spelt(text: str) -> str:
    """The same for a reader, and nothing to a service that looks for mentions or markup."""
    return text.translate(SPELT)


def _asset(seconds: float) -> AppriseAsset:
    return AppriseAsset(
        app_id="Minutehand",
        app_desc="Minutehand",
        async_mode=False,
        http_redirects=False,
        interpret_emojis=False,
        interpret_escapes=False,
        service_timeout=2 * seconds,
        storage_mode=PersistentStoreMode.MEMORY,
    )


def _service(url: SecretStr, seconds: float) -> NotifyBase:
    """The service that a URL stands for; raises ValueError, which never shows it."""
    service = Library.instantiate(url.get_secret_value(), asset=_asset(seconds))
    if service is None:
        raise ValueError("is no URL that Apprise can use; https://appriseit.com/services/ has them")
    _refuse_unencrypted(service, url.get_secret_value().partition(":")[0].lower())
    service.redirects = False
    service.socket_connect_timeout = min(CONNECT_SECONDS, seconds)
    service.socket_read_timeout = seconds
    if service.overflow_mode is OverflowMode.UPSTREAM:
        service.overflow_mode = OverflowMode.TRUNCATE  # the first lines matter; refused is nothing
    return service


def _refuse_unencrypted(service: NotifyBase, scheme: str) -> None:
    """As everywhere: without TLS only to this machine or network."""
    kinds = service.protocol
    plain: tuple[str, ...] = (kinds,) if isinstance(kinds, str) else tuple(kinds or ())
    host = str(service.host or "")
    if scheme in plain and host:
        try:
            check_address(f"http://{host}", what="url")
        except (Permanent, ValueError):
            raise ValueError(
                "is not encrypted; use its other form, such as jsons instead of json"
            ) from None
