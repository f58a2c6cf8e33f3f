"""Which of the open tickets a viewer wants to see: read from the URL, so that it can be shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from webhooks.card import Card
from worker.tickets import Severity, one_line

LONGEST_TEXT = 80
MOST_PAGES = 1000


class Standing(StrEnum):
    """How an open ticket stands. The last two go beside one of the first three."""

    FINE = "in-time"
    SOON = "breach-soon"
    BREACHED = "breached"
    ACKNOWLEDGED = "acknowledged"
    REVIEW = "review"


class Filters(NamedTuple):
    """What the URL asks for; empty means all."""

    severity: tuple[str, ...] = ()
    state: str = ""
    helpdesk: str = ""
    plan: str = ""
    organization: str = ""
    text: str = ""
    page: int = 1
    tv: bool = False

    @classmethod
    def read(cls, asked: MultiDict[str, str]) -> Filters:
        """From a query; what makes no sense is left out rather than refused."""
        state = asked.get("state", "")
        page = asked.get("page", "1")[:5]
        return cls(
            severity=tuple(s for s in Severity if s in asked.getlist("severity")),
            state=state if state in set(Standing) else "",
            helpdesk=_text(asked.get("helpdesk", "")),
            plan=_text(asked.get("plan", "")),
            organization=_text(asked.get("organization", "")),
            text=_text(asked.get("text", "")),
            page=min(MOST_PAGES, max(1, int(page))) if page.isdecimal() else 1,
            tv=asked.get("tv") == "1",
        )

    @property
    def any(self) -> bool:
        """True when something is left out."""
        return self._replace(page=1, tv=False) != Filters()

    def query(self, **changed: Any) -> str:
        """The URL's query for these filters, or for what differs from them; "" for all."""
        wanted = self._replace(**changed)
        pairs = [("severity", one) for one in wanted.severity]
        names = ("state", "helpdesk", "plan", "organization", "text")
        pairs += [(name, str(value)) for name in names if (value := getattr(wanted, name))]
        pairs += [("page", str(wanted.page))] if wanted.page > 1 else []
        pairs += [("tv", "1")] if wanted.tv else []
        return f"?{urlencode(pairs)}" if pairs else ""

    def of(self, cards: Iterable[Card], now: datetime) -> list[Card]:
        """The cards that fit, in their order."""
        wanted = self.text.lower()
        return [
            card
            for card in cards
            if (not self.severity or card.severity in self.severity)
            and (not self.helpdesk or card.key.helpdesk == self.helpdesk)
            and (not self.plan or card.plan == self.plan)
            and (not self.organization or card.organization == self.organization)
            and (not wanted or wanted in card.text)
            and (not self.state or self.state in standings(card, now))
        ]


class Choices(NamedTuple):
    """What there is to choose from among the open tickets."""

    helpdesks: tuple[str, ...]
    plans: tuple[str, ...]
    organizations: tuple[str, ...]


def choices(cards: Sequence[Card]) -> Choices:
    """Sorted, each once."""
    return Choices(
        tuple(sorted({card.key.helpdesk for card in cards})),
        tuple(sorted({card.plan for card in cards})),
        tuple(sorted({card.organization for card in cards if card.organization})),
    )


def time_standing(card: Card, now: datetime) -> Standing:
    """In time, breach soon or breached."""
    if now >= card.deadline:
        return Standing.BREACHED
    return Standing.SOON if card.near_at and now >= card.near_at else Standing.FINE


def standings(card: Card, now: datetime) -> tuple[Standing, ...]:
    """All that holds of a card."""
    found = [time_standing(card, now)]
    if is_acknowledged(card, now):
        found.append(Standing.ACKNOWLEDGED)
    if card.review:
        found.append(Standing.REVIEW)
    return tuple(found)


def is_acknowledged(card: Card, now: datetime) -> bool:
    """Somebody is on it, and it is not to be asked again yet."""
    return card.acknowledged_until is not None and now < card.acknowledged_until


def next_turn(cards: Iterable[Card], now: datetime) -> datetime | None:
    """When the standing of one of them changes by time alone; None: never."""
    moments = (
        moment
        for card in cards
        for moment in (card.near_at, card.deadline, card.acknowledged_until)
        if moment is not None and moment > now
    )
    return min(moments, default=None)


def _text(value: str) -> str:
    return one_line(value, LONGEST_TEXT)
