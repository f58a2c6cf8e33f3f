"""One helpdesk's state and everything that can happen to a ticket on it.

A desk knows nothing of HTTP. Each change happens under one lock, and whoever listens is told
afterwards what happened, so that webhooks can be sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox import alteration, identifiers, moments
from sandbox.records import (
    Comment,
    Delivery,
    Field,
    Happening,
    Organization,
    Ticket,
    User,
    Write,
)

if TYPE_CHECKING:
    from sandbox.dials import Dials

Listener = Callable[[Ticket, list[Happening], Delivery], None]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment about to be added."""

    body: str
    public: bool
    is_html: bool = False
    is_note: bool = False
    author: User | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who does something, through which door, and how its webhooks are to travel."""

    actor: User
    request: str = ""
    """Method and path when it came through the vendor's API, else empty."""
    body: Any = None
    delivery: Delivery = "normal"

    @property
    def by_api(self) -> bool:
        """True for a write through the vendor's API."""
        return bool(self.request)


class Desk:
    """Tickets, people, organizations and fields of one helpdesk account."""

    def __init__(self, name: str, dials: Dials, *, first_ticket: int, carries_tags: bool) -> None:
        self.name = name
        self.dials = dials
        self.lock = threading.RLock()
        self.tickets: dict[int, Ticket] = {}
        self.users: dict[int, User] = {}
        self.organizations: dict[int, Organization] = {}
        self.fields: dict[int, Field] = {}
        self.service_user: User
        self.bot: User
        self.agents: list[User] = []
        self.groups: dict[int, tuple[str, list[User]]] = {}
        """Number -> name and members."""
        self.listeners: list[Listener] = []
        self.carries_tags = carries_tags
        """Zendesk: a dropdown's value and a ticked checkbox are tags too."""
        self._ticket_numbers = identifiers.counter(first_ticket)
        self.numbers = identifiers.counter(int(time.time() * 1000))
        """Ids of everything that is made later: comments, people, audits, fields, rules."""

    # People ------------------------------------------------------------------------------

    def person(self, name: str, email: str, organization: Organization | None = None) -> User:
        """The requester with this address; made when there is none."""
        with self.lock:
            for user in self.users.values():
                if user.email.lower() == email.lower():
                    return user
            user = User(id=next(self.numbers), name=name, email=email)
            user.organization_id = organization.id if organization else None
            self.users[user.id] = user
            return user

    def organization(self, name: str, plan: str | None = None) -> Organization:
        """The organization with this name; made when there is none. A plan given is kept."""
        with self.lock:
            for found in self.organizations.values():
                if found.name.lower() == name.lower():
                    found.plan = plan or found.plan
                    return found
            made = Organization(id=next(self.numbers), name=name, plan=plan)
            self.organizations[made.id] = made
            return made

    # Tickets -----------------------------------------------------------------------------

    def create(
        self,
        *,
        subject: str,
        body: str,
        requester: User,
        origin: Origin,
        created_at: datetime | None = None,
        is_html: bool = False,
        changes: dict[str, Any] | None = None,
    ) -> Ticket:
        """Open a ticket; `changes` are attributes it has from the start.

        A back-dated ticket is older than it looks only in `created_at`: it was updated now, so
        that polls find it.
        """
        present = moments.now()
        born = created_at or present
        with self.lock:
            ticket = Ticket(
                id=next(self._ticket_numbers),
                subject=subject,
                description=body,
                requester=requester,
                submitter=origin.actor,
                organization=self.organizations.get(requester.organization_id or 0),
                created_at=born,
                updated_at=present,
                touched=time.time(),
                channel="api" if origin.by_api else ("web" if origin.actor.is_staff else "email"),
                status_updated_at=born,
                follows=(changes or {}).get("follows"),
            )
            ticket.comments.append(
                Comment(
                    id=next(self.numbers),
                    author=origin.actor,
                    body=body,
                    public=True,
                    created_at=born,
                    is_html=is_html,
                )
            )
            self._apply(ticket, changes or {}, origin, present)
            self._record(ticket, origin, present)
            self.tickets[ticket.id] = ticket
        made = Happening(kind="created", actor=origin.actor, at=born, by_api=origin.by_api)
        self._tell(ticket, [made], origin.delivery)
        return ticket

    def change(
        self, ticket: Ticket, changes: dict[str, Any], origin: Origin, said: Said | None = None
    ) -> list[Happening]:
        """Apply attributes, custom field `values` and a comment in one step; tell what changed.

        Raises TicketClosedError for a closed ticket. `updated_at` moves only when something
        really changed (Zendesk documents this for its incremental export).
        """
        present = moments.now()
        with self.lock:
            if ticket.status == "closed" and self.carries_tags:
                raise alteration.TicketClosedError
            happened = self._apply(ticket, changes, origin, present)
            if said is not None:
                happened.append(self._add_comment(ticket, said, origin, present))
            if happened:
                ticket.updated_at = present
                ticket.touched = time.time()
            self._record(ticket, origin, present)
        self._tell(ticket, happened, origin.delivery)
        return happened

    def merge(self, source: Ticket, target: Ticket, origin: Origin) -> None:
        """Close `source` into `target`, with a private note on the target."""
        with self.lock:
            source.merged_into = target.id
        merged = Happening(kind="merged", actor=origin.actor, at=moments.now(), target_id=target.id)
        tags = [*source.tags, "closed_by_merge"] if self.carries_tags else source.tags
        self.change(source, {"status": "closed", "tags": tags}, origin)
        note = f"Ticket #{source.id} was merged into this one. Its first message:\n"
        self.change(target, {}, origin, Said(body=note + source.description, public=False))
        self._tell(source, [merged], origin.delivery)

    def remove(self, ticket: Ticket, kind: str, origin: Origin) -> None:
        """Delete a ticket: `soft`, `permanent` or `spam`. A permanent one loses its text."""
        gone = {"soft": "deleted", "permanent": "permanently", "spam": "spam"}[kind]
        event = {
            "soft": "soft_deleted",
            "permanent": "permanently_deleted",
            "spam": "marked_as_spam",
        }[kind]
        present = moments.now()
        with self.lock:
            ticket.gone = gone  # type: ignore[assignment]  # one of the three literals above
            ticket.updated_at, ticket.touched = present, time.time()
            if kind == "permanent":
                ticket.subject = ticket.description = "SCRUBBED"
                ticket.comments = ticket.comments[:1]
                ticket.comments[0].body = "SCRUBBED"
        gone_now = Happening(kind=event, actor=origin.actor, at=present)
        self._tell(ticket, [gone_now], origin.delivery)

    # Steps of a change ---------------------------------------------------------------------

    def _apply(
        self, ticket: Ticket, changes: dict[str, Any], origin: Origin, present: datetime
    ) -> list[Happening]:
        cause = alteration.Cause(actor=origin.actor, at=present, by_api=origin.by_api)
        return alteration.apply(ticket, changes, self.fields, cause, carries_tags=self.carries_tags)

    def _add_comment(
        self, ticket: Ticket, said: Said, origin: Origin, present: datetime
    ) -> Happening:
        comment = Comment(
            id=next(self.numbers),
            author=said.author or origin.actor,
            body=said.body,
            public=said.public,
            created_at=(said.at or present).astimezone(UTC),
            is_html=said.is_html,
            is_note=said.is_note,
        )
        ticket.comments.append(comment)
        return Happening(
            kind="comment_added",
            actor=origin.actor,
            at=present,
            comment=comment,
            by_api=origin.by_api,
        )

    def _record(self, ticket: Ticket, origin: Origin, present: datetime) -> None:
        if origin.by_api:
            ticket.writes.append(
                Write(at=present, user=origin.actor, request=origin.request, body=origin.body)
            )

    def _tell(self, ticket: Ticket, happened: list[Happening], delivery: Delivery) -> None:
        if happened:
            for listener in self.listeners:
                listener(ticket, happened, delivery)
