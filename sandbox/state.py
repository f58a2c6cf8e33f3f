"""Everything one sandbox holds, put together once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import identifiers, opening
from sandbox.deliveries import Courier
from sandbox.desk import Desk
from sandbox.dials import Dials
from sandbox.faults import Faults
from sandbox.freshdesk.account import FreshdeskAccount
from sandbox.gate import Journal
from sandbox.zendesk.account import ZendeskAccount

if TYPE_CHECKING:
    from sandbox.limits import Windows
    from sandbox.settings import Settings
    from sandbox.zendesk.access import Tokens

ZENDESK_FIRST_ID = 360_010_000_001
FRESHDESK_FIRST_ID = 82_010_000_001
SERVICE_EMAIL = "minutehand@sandbox.example"


class Sandbox:
    """Both helpdesks, the courier, the logs, the dials."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.dials = Dials.from_settings(settings)
        self.courier = Courier(anywhere=settings.webhooks_anywhere)
        self.faults = Faults()
        self.journal = Journal()
        first = settings.first_ticket or identifiers.first_ticket()
        desks = []
        for name, first_id in (
            ("zendesk", ZENDESK_FIRST_ID),
            ("freshdesk", FRESHDESK_FIRST_ID),
        ):
            desk = Desk(name, self.dials, first_ticket=first, carries_tags=name == "zendesk")
            opening.furnish(desk, first_id=first_id, service_email=SERVICE_EMAIL)
            desks.append(desk)
        self.zendesk = ZendeskAccount(settings, self.dials, desks[0], self.courier)
        self.freshdesk = FreshdeskAccount(settings, self.dials, desks[1], self.courier)
        self.desks = {desk.name: desk for desk in desks}

    @property
    def windows(self) -> tuple[Windows, ...]:
        """Every counter of a rate limit."""
        return self.zendesk.windows, self.freshdesk.windows

    @property
    def tokens(self) -> Tokens:
        """Zendesk's OAuth tokens."""
        return self.zendesk.tokens

    def stop(self) -> None:
        """End what runs in the background."""
        self.courier.stop()
