"""One event-subscription body, already verified, as an `Event`. No I/O.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
Fields go missing, ids come as text, enums in upper case: nothing here is trusted to be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from worker.errors import Unreadable
from worker.events import Comment, Event, EventKind
from worker.helpdesks.base import ticket_key
from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.fields import identifier, moment, object_in

KINDS: Mapping[str, EventKind] = {
    "ticket.created": EventKind.CREATED,
    "ticket.comment_added": EventKind.COMMENT,
    "ticket.status_changed": EventKind.STATUS,
    "ticket.priority_changed": EventKind.PRIORITY,
    "ticket.custom_field_changed": EventKind.FIELD,
    "ticket.tags_changed": EventKind.TAGS,
    "ticket.merged": EventKind.MERGED,
    "ticket.soft_deleted": EventKind.DELETED,
    "ticket.permanently_deleted": EventKind.DELETED,
    "ticket.comment_redacted": EventKind.REDACTED,
    "ticket.marked_as_spam": EventKind.SPAM,
    "ticket.undeleted": EventKind.TOUCHED,
}
"""Zendesk's event, without `zen:event-type:` -> ours. All others are of no use to us."""

_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,19})", re.IGNORECASE)


def read(
    name: str, said: dict[str, Any], *, account: str, now: datetime, event_id: str
) -> Event | None:
    """The event, or None for a kind that we have no use for; `Unreadable` without a ticket id."""
    kind = KINDS.get(name)
    if kind is None:
        return None
    detail, event = object_in(said, "detail"), object_in(said, "event")
    in_subject = _SUBJECT.match(str(said.get("subject") or ""))
    ticket_id = identifier(detail.get("id")) or (in_subject[1] if in_subject else None)
    if ticket_id is None:
        raise Unreadable("the event says nothing of which ticket it is about")
    return Event(
        id=event_id,
        kind=kind,
        key=ticket_key("zendesk", account, ticket_id),
        received_at=now,
        happened_at=moment(said.get("time")) or moment(detail.get("updated_at")),
        ticket=fields.ticket_in_event(detail, account=account),
        actor=identifier(detail.get("actor_id")),
        **_particulars(kind, event),
    )


def _particulars(kind: EventKind, event: dict[str, Any]) -> dict[str, Any]:
    if kind is EventKind.COMMENT:
        return {"comment": _comment(object_in(event, "comment"))}
    if kind is EventKind.PRIORITY:
        was, now = fields.severity(event.get("previous")), fields.severity(event.get("current"))
        return {"was": was, "now": now}
    if kind is EventKind.FIELD:
        return _field(event)
    if kind is EventKind.TAGS:
        return {
            "tags_added": fields.tags(event.get("tags_added") or event.get("added")),
            "tags_removed": fields.tags(event.get("tags_removed") or event.get("removed")),
        }
    if kind is EventKind.MERGED:
        return {"merged_into": identifier(event.get("target_ticket_id"))}
    return {}


def _comment(raw: dict[str, Any]) -> Comment | None:
    if not raw:
        return None
    author = object_in(raw, "author")
    return Comment(
        id=identifier(raw.get("id")),
        body=str(raw.get("body") or ""),
        public=fields.truth(raw.get("is_public")),
        by_agent=fields.truth(author.get("is_staff")),
        author=identifier(author.get("id")),
        author_name=str(author.get("name") or "") or None,
    )


def _field(event: dict[str, Any]) -> dict[str, Any]:
    """A custom field's change; a value of the severity dropdown speaks for itself."""
    field = object_in(event, "custom_field")
    title = str(field.get("title") or event.get("field_name") or "").strip()
    was, now = fields.plain_value(event.get("previous")), fields.plain_value(event.get("current"))
    known = fields.title_of(title)
    severities = (fields.severity_in_tag(was), fields.severity_in_tag(now))
    if known == fields.SEVERITY or any(severities):
        return {"field": fields.SEVERITY, "was": severities[0], "now": severities[1]}
    name = known or title or identifier(field.get("id") or event.get("field_id"))
    return {"field": name, "was": was, "now": now}
