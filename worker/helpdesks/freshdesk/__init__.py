"""Freshdesk: webhooks from automation rules in, API v2 out. Start at README.md.

`inbound` bytes in, our nouns out · `client` the API calls, on `calls` (what an answer means),
`titles` (which fields the account has), `writing` (one write and its fall-backs) and `sweep` (how
far a poll has come) · `fields` our words and Freshdesk's · `setup` what `minutehand connect
freshdesk` makes, on `setup_account`, `setup_fields` and `setup_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.errors import Misconfigured
from worker.helpdesks.freshdesk.calls import Calls
from worker.helpdesks.freshdesk.client import FreshdeskClient
from worker.helpdesks.freshdesk.inbound import FreshdeskInbound
from worker.helpdesks.freshdesk.setup import FreshdeskSetup
from worker.helpdesks.spending import UNLIMITED, Budget
from worker.helpdesks.wishes import Question
from worker.settings import account_of, lookup, split_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.helpdesks.base import Client, Inbound, Setup
    from worker.settings import Settings
    from worker.transport import Transport


class Freshdesk:
    """Freshdesk's line in the registry."""

    name: str = "freshdesk"
    title: str = "Freshdesk"
    secret_variable: str = "FRESHDESK_WEBHOOK_SECRET"  # noqa: S105 - a variable's name
    inbound: Inbound = FreshdeskInbound()

    def account(self, settings: Settings) -> str | None:
        """The account in FRESHDESK_URL, or None when it is not set."""
        return account_of(settings.freshdesk_url) if settings.freshdesk_url else None

    def secrets(self, settings: Settings) -> tuple[str, ...]:
        """What FRESHDESK_WEBHOOK_SECRET holds: none, one, or two while one is rotated."""
        return split_secrets(settings.freshdesk_webhook_secret)

    def client(
        self, settings: Settings, transport: Transport, budget: Budget = UNLIMITED
    ) -> Client:
        """The API client; raises `Misconfigured` when Freshdesk is not configured."""
        if settings.freshdesk_url is None or settings.freshdesk_api_key is None:
            raise Misconfigured("Freshdesk needs FRESHDESK_URL and FRESHDESK_API_KEY")
        key = settings.freshdesk_api_key.get_secret_value()
        return FreshdeskClient(settings.freshdesk_url, key, transport, budget)

    def questions(self, environment: Mapping[str, str]) -> tuple[Question, ...]:
        """The address and an API key."""
        return tuple(one for one in QUESTIONS if not lookup(environment, one.variable))

    def setup(self, settings: Settings, transport: Transport) -> Setup:
        """For `minutehand connect freshdesk`; raises `Misconfigured` without address or key."""
        if settings.freshdesk_url is None or settings.freshdesk_api_key is None:
            raise Misconfigured("Freshdesk needs FRESHDESK_URL and FRESHDESK_API_KEY")
        key = settings.freshdesk_api_key.get_secret_value()
        return FreshdeskSetup(Calls(settings.freshdesk_url, key, transport))


QUESTIONS = (
    Question(
        variable="FRESHDESK_URL",
        text="The account's address, such as https://acme.freshdesk.com (not a domain of your own)",
    ),
    Question(
        variable="FRESHDESK_API_KEY",
        text="The API key of an agent made for Minutehand, role Administrator (profile settings)",
        secret=True,
    ),
)
