"""Zendesk: event-subscription and trigger webhooks in, the Support API out. Start at README.md.

`inbound` bytes in, our nouns out (on `events`) · `client` the API calls, on `calls` (what an
answer means), `token` (OAuth), `titles` (which fields the account has), `replies` (the comments,
where metrics are missing), `polling` (what changed) and `batch` (many tickets in one job) ·
`fields` our words and Zendesk's · `setup` what `minutehand connect zendesk` makes, on
`setup_account` (who we are), `setup_fields`, `setup_forms`, `setup_webhook`,
`setup_rules` (what else fires) and `setup_calls`.
"""

from __future__ import annotations

from collections.abc import Mapping

from worker.errors import Misconfigured
from worker.helpdesks.base import Client, Inbound, Setup
from worker.helpdesks.spending import UNLIMITED, Budget
from worker.helpdesks.wishes import Question
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.helpdesks.zendesk.inbound import ZendeskInbound
from worker.helpdesks.zendesk.setup import ZendeskSetup
from worker.helpdesks.zendesk.token import ApiToken, OAuth, SignIn
from worker.settings import Settings, account_of, lookup, split_secrets
from worker.transport import Transport


class Zendesk:
    """Zendesk's line in the registry."""

    name: str = "zendesk"
    title: str = "Zendesk"
    secret_variable: str = "ZENDESK_WEBHOOK_SECRET"  # noqa: S105 - a variable's name
    inbound: Inbound = ZendeskInbound()

    def account(self, settings: Settings) -> str | None:
        """The account in ZENDESK_URL, or None when it is not set."""
        return account_of(settings.zendesk_url) if settings.zendesk_url else None

    def secrets(self, settings: Settings) -> tuple[str, ...]:
        """What ZENDESK_WEBHOOK_SECRET holds: none, one, or two while one is rotated."""
        return split_secrets(settings.zendesk_webhook_secret)

    def client(
        self, settings: Settings, transport: Transport, budget: Budget = UNLIMITED
    ) -> Client:
        """The API client; raises `Misconfigured` when Zendesk is not configured."""
        if settings.zendesk_url is None:
            raise Misconfigured("Zendesk needs ZENDESK_URL")
        sign_in = _sign_in(settings, transport)
        return ZendeskClient(settings.zendesk_url, sign_in, transport, budget)

    def questions(self, environment: Mapping[str, str]) -> tuple[Question, ...]:
        """The address, and an OAuth client unless a legacy token is set."""
        wanted = list(QUESTIONS)
        if lookup(environment, "ZENDESK_EMAIL") and lookup(environment, "ZENDESK_API_TOKEN"):
            wanted = wanted[:1]
        return tuple(one for one in wanted if not lookup(environment, one.variable))

    def setup(self, settings: Settings, transport: Transport) -> Setup:
        """For `minutehand connect zendesk`; raises `Misconfigured` without an address."""
        if settings.zendesk_url is None:
            raise Misconfigured("Zendesk needs ZENDESK_URL")
        return ZendeskSetup(Calls(settings.zendesk_url, _sign_in(settings, transport), transport))


QUESTIONS = (
    Question(
        variable="ZENDESK_URL", text="The account's address, such as https://acme.zendesk.com"
    ),
    Question(
        variable="ZENDESK_CLIENT_ID",
        text="The OAuth client's identifier (signed in as an admin user made for Minutehand: "
        "Admin Center > Apps and integrations > APIs > OAuth clients > Add, kind Confidential)",
    ),
    Question(variable="ZENDESK_CLIENT_SECRET", text="The OAuth client's secret", secret=True),
)


def _sign_in(settings: Settings, transport: Transport) -> SignIn:
    """OAuth when it is configured, else the legacy API token."""
    if settings.zendesk_client_id and settings.zendesk_client_secret:
        return OAuth(
            settings.zendesk_url or "",
            settings.zendesk_client_id,
            settings.zendesk_client_secret.get_secret_value(),
            transport,
        )
    if settings.zendesk_email and settings.zendesk_api_token:
        return ApiToken(settings.zendesk_email, settings.zendesk_api_token.get_secret_value())
    raise Misconfigured("Zendesk needs ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET")
