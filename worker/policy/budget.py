"""How much of a helpdesk's API Minutehand may use."""

from __future__ import annotations

from pydantic import Field

from worker.tickets import Noun


class BudgetRule(Noun):
    """`[budget]`."""

    share: float = Field(default=0.5, gt=0, le=1)
    """The part of the account's requests and updates a minute that is ours; the rest is for agents
    and other apps."""
