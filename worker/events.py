"""What happens to tickets, as webhooks and polls tell it: events and their deliveries. No I/O."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from worker.tickets import Moment, Noun, Text, Ticket, TicketKey


class EventKind(StrEnum):
    """What a webhook or a poll says has happened."""

    CREATED = "created"
    COMMENT = "comment"
    STATUS = "status"
    PRIORITY = "priority"
    FIELD = "field"
    """One of our fields changed."""
    TAGS = "tags"
    MERGED = "merged"
    MERGED_IN = "merged in"
    """Another ticket was merged into this one; made by us for the target of a merge."""
    DELETED = "deleted"
    REDACTED = "redacted"
    """Something was taken out of what people wrote; it is not to be kept here either."""
    SPAM = "spam"
    TOUCHED = "touched"
    """Something happened; the ticket has to be fetched to learn what."""
    SEEN = "seen"
    """A poll's whole reading of the ticket."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody said on our page that they are on it; `actor` is who, `field` the target, `now`
    their e-mail address, if they gave one."""
    SEVERITY_CHOSEN = "severity chosen"
    """Somebody set a severity on our page; `actor` is who, `now` the severity."""
    CONFIRMED = "confirmed"
    """Somebody confirmed a doubtful severity on our page; `actor` is who."""
    STOPPED = "stopped"
    """Somebody said on our page that nobody waits for an answer; `actor` is who."""


class Comment(Noun):
    """One message on a ticket."""

    id: str | None = None
    body: Text = ""
    public: bool
    by_agent: bool
    author: str | None = None
    author_name: Text | None = None


class Event(Noun):
    """One thing that happened to one ticket. `ticket` is None when it must be fetched."""

    id: str
    """The helpdesk's own id of the event or delivery, else a digest; for people and records."""
    kind: EventKind
    key: TicketKey
    received_at: Moment
    happened_at: Moment | None = None
    ticket: Ticket | None = None
    comment: Comment | None = None
    field: str | None = None
    """With FIELD: the title of a field of ours (`SLA severity`), else the field's id there."""
    was: str | None = None
    now: str | None = None
    """With PRIORITY, MERGED_IN and the field `SLA severity`: `P1`..`P4` or None. With another
    FIELD: the raw value."""
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    merged_into: str | None = None
    """With MERGED: the id of the ticket that this one was merged into."""
    actor: str | None = None

    @property
    def may_be_an_echo(self) -> bool:
        """True for the kinds of events by which our own writes come back to us."""
        internal = self.comment is not None and not self.comment.public
        return internal or self.kind in {EventKind.PRIORITY, EventKind.FIELD, EventKind.TAGS}

    @property
    def ends_ticket(self) -> bool:
        """True when nothing about the ticket needs to be known any more."""
        return self.kind in {EventKind.DELETED, EventKind.SPAM, EventKind.MERGED}

    @property
    def tells_all(self) -> bool:
        """True when its ticket is all that is needed to begin: a creation, or a whole reading.

        What comes later (a comment, a change) does not tell whether somebody answered before.
        """
        return self.ticket is not None and self.kind in {EventKind.CREATED, EventKind.SEEN}

    @property
    def needs_reading(self) -> bool:
        """True when the event says only that something happened, so the ticket must be fetched."""
        if self.kind in {EventKind.TOUCHED, EventKind.MERGED_IN}:
            return True
        if self.kind is EventKind.CREATED and self.ticket:
            # A severity was set by hand or inherited by a follow-up; a body was left out.
            return self.ticket.severity_field is not None or not self.ticket.body
        return self.kind in {EventKind.CREATED, EventKind.STATUS} and self.ticket is None


class Delivery(Noun):
    """A verified and parsed webhook, ready to be accepted."""

    event: Event | None
    """None: authentic, but of a kind that we have no use for (counted and ignored)."""
    seen_key: str
    """Equal for two deliveries of the same thing."""
    seen_for: timedelta
    """How long `seen_key` is remembered."""
    account_id: str | None = None
    """The helpdesk's own number of the account, when the delivery says it."""
    ignored: str = ""
    """With no event: the kind that was ignored, for the counter."""
