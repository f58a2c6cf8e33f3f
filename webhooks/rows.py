"""A card as a line of the board: words and moments, ready to be shown as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from webhooks.card import Card
from webhooks.filters import Standing, is_acknowledged, time_standing
from webhooks.moments import moment
from webhooks.text import plain
from worker.policy import PEOPLE, Policy
from worker.record import Settlement, State
from worker.tickets import Target, TicketKey, one_line
from worker.timer import short

SUBJECT_LIMIT = 160
TONES = {Standing.FINE: "fine", Standing.SOON: "soon", Standing.BREACHED: "breached"}


class Names:
    """What the ids and channel names on a page are called, as of one moment."""

    def __init__(
        self, policy: Policy, muted: Mapping[str, datetime], agents: Mapping[tuple[str, str], str]
    ) -> None:
        self._policy = policy
        self._muted = muted
        self._agents = agents

    def agent(self, key: TicketKey, number: str) -> str:
        """An agent's name, or the number where nobody has told the name yet."""
        if not number:
            return plain("board.unassigned")
        known = self._agents.get((f"{key.helpdesk}/{key.account}", number))
        return one_line(known, 60) if known else plain("board.agent", number=one_line(number, 20))

    def channels(self, names: tuple[str, ...], now: datetime) -> str:
        """Whom a step reaches, and who of them hears nothing."""
        return ", ".join(self._channel(name, now) for name in names) or plain("board.nobody")

    def _channel(self, name: str, now: datetime) -> str:
        until = self._muted.get(name)
        if until and until > now:
            return plain("board.muted_name", name=name)
        if name in self._policy.channels or name in PEOPLE or name == "tam":
            return name
        return plain("board.unconfigured", name=name)


def waiting(card: Card, names: Names, now: datetime, zone: str) -> dict[str, Any]:
    """An open ticket."""
    standing = time_standing(card, now)
    on_it = is_acknowledged(card, now)
    until = card.acknowledged_until
    return {
        **_named(card.key, card.severity, card.subject),
        "organization": _organization(card),
        "plan": plain("board.plan" if card.plan_known else "board.plan_unknown", plan=card.plan),
        "target": "" if card.target is Target.FIRST_RESPONSE else card.target.words,
        "flags": flags(card),
        "state": plain(f"state.{standing}"),
        "tone": TONES[standing],
        "acknowledged": plain(
            "board.by_until", by=card.acknowledged_by, until=moment(until, now, zone)
        )
        if on_it and until
        else "",
        "deadline": card.deadline.isoformat(),
        "due": plain("board.due", at=moment(card.deadline, now, zone)),
        "next": _next(card, names, now),
        "next_at": plain("board.at", at=moment(card.next.at, now, zone)) if card.next else "",
        "owner": names.agent(card.key, card.owner),
        "owned": bool(card.owner),
    }


def settled(state: State, now: datetime, zone: str) -> dict[str, Any]:
    """A ticket whose first response is over."""
    word, tone = ending_words(state)
    decision = state.decision
    severity = decision.severity.value if decision else ""
    return {
        **_named(state.ticket.key, severity, one_line(state.ticket.subject, SUBJECT_LIMIT)),
        "state": word,
        "tone": tone,
        "outcome": outcome(state, now, zone),
    }


def ending_words(state: State) -> tuple[str, str]:
    """How a settled ticket ended, and a tone for the style sheet."""
    ended = state.settled
    if ended is None:
        return "", "over"
    if ended.why is not Settlement.ANSWERED:
        return str(ended.why), "over"
    if ended.in_time is False:
        return plain("board.answered_late"), "late"
    return str(ended.why), "met"


def outcome(state: State, now: datetime, zone: str) -> str:
    """When a ticket was settled, and after how long; "" while somebody waits."""
    if state.settled is None:
        return ""
    taken = short(max(timedelta(), state.settled.at - state.ticket.created_at))
    return plain("board.outcome", at=moment(state.settled.at, now, zone), span=taken)


def flags(card: Card) -> list[str]:
    """What sets a ticket apart, in a word or two each."""
    found = {
        "review": card.review,
        "meta": card.meta,
        "tam": card.tam,
        "person": card.person,
        "recovered": card.recovered,
        "could_not_write": card.could_not_write,
    }
    return [plain(f"flag.{name}") for name, holds in found.items() if holds]


def address(key: TicketKey) -> str:
    """Where the ticket's page is."""
    return url_for("tickets.show", helpdesk=key.helpdesk, ticket_id=key.id, account=key.account)


def _named(key: TicketKey, severity: str, subject: str) -> dict[str, Any]:
    return {
        "key": str(key),
        "href": address(key),
        "severity": severity,
        "severity_name": plain(f"severity.{severity or 'none'}"),
        "subject": subject or plain("board.no_subject"),
        "where": f"{key.helpdesk} #{key.id}",
    }


def _organization(card: Card) -> str:
    if not card.organization or card.organization_known:
        return card.organization
    return plain("board.organization", number=card.organization)


def _next(card: Card, names: Names, now: datetime) -> str:
    if card.next is None:
        return plain("board.no_step")
    key = "board.step_again" if card.next.again else "board.step"
    return plain(key, label=card.next.label, who=names.channels(card.next.who, now))
