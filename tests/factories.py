"""Tickets, events and states to start a test from: plain functions, every fact can be overruled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from worker.events import Comment, Delivery, Event, EventKind
from worker.tickets import Ticket, TicketKey

CREATED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = TicketKey("zendesk", "acme", "5158")
OUTAGE = "Everything is down, nobody can log in and there is no workaround"
QUESTION = "How do I add a user to my team?"


def a_ticket(**facts: Any) -> Ticket:
    return Ticket(
        **{
            "key": KEY,
            "subject": QUESTION,
            "created_at": CREATED,
            "requester": "77",
            **facts,
        }
    )


def an_event(kind: EventKind = EventKind.CREATED, **facts: Any) -> Event:
    ticket = facts.pop("ticket", a_ticket() if kind is EventKind.CREATED else None)
    return Event(
        **{
            "id": f"event-{kind}",
            "kind": kind,
            "key": ticket.key if ticket else KEY,
            "received_at": CREATED,
            "happened_at": CREATED,
            "ticket": ticket,
            **facts,
        }
    )


def a_reply(at: datetime = CREATED + timedelta(minutes=5), **facts: Any) -> Event:
    comment = {"public": True, "by_agent": True, "author": "9", "author_name": "Ann", **facts}
    return an_event(EventKind.COMMENT, happened_at=at, comment=Comment(**comment))


def a_delivery(event: Event, seen_key: str | None = None, **facts: Any) -> Delivery:
    return Delivery(
        event=event, seen_key=seen_key or event.id, seen_for=timedelta(minutes=5), **facts
    )
