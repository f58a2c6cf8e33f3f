"""Altering a ticket: attributes, status, custom fields and tags, and what that made happen.

On Zendesk a dropdown's value and a ticked checkbox are tags too, and follow each other
(https://support.zendesk.com/hc/en-us/articles/203661866).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.records import Happening

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.records import Field, Ticket, User

PLAIN = {
    "subject": "subject",
    "priority": "priority",
    "kind": "type",
    "group_id": "group_assignment",
    "assignee_id": "agent_assignment",
    "external_id": "external_id",
    "due_at": "task_due_at",
    "first_response_due_at": "first_response_due_at",
}
"""Attributes that are simply set, each with its name in Zendesk's `..._changed` event."""


class TicketClosedError(Exception):
    """A closed ticket cannot be written to (Zendesk)."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Who alters a ticket, when, and whether through the vendor's API."""

    actor: User
    at: datetime
    by_api: bool


def apply(
    ticket: Ticket,
    changes: dict[str, Any],
    fields: dict[int, Field],
    cause: Cause,
    *,
    carries_tags: bool,
) -> list[Happening]:
    """Make the changes; one happening for each thing that is really different afterwards.

    `changes` holds attributes by their name, `status`, `tags` (the whole list) and `values`
    (custom field id to value).
    """
    happened: list[Happening] = []

    def note(kind: str, previous: Any, current: Any, field: Field | None = None) -> None:
        happened.append(
            Happening(
                kind=kind,
                actor=cause.actor,
                at=cause.at,
                by_api=cause.by_api,
                previous=previous,
                current=current,
                field=field,
            )
        )

    for name, event in PLAIN.items():
        previous = getattr(ticket, name)
        if changes.get(name, previous) != previous:
            note(f"{event}_changed", previous, changes[name])
            setattr(ticket, name, changes[name])
    if changes.get("status", ticket.status) != ticket.status:
        note("status_changed", ticket.status, changes["status"])
        _set_status(ticket, changes["status"], cause.at)
    tags, values = list(ticket.tags), dict(ticket.values)
    _apply_fields(ticket, changes, fields, carries_tags=carries_tags)
    for field_id, field in fields.items():
        if values.get(field_id) != ticket.values.get(field_id):
            note("custom_field_changed", values.get(field_id), ticket.values.get(field_id), field)
    if tags != ticket.tags:
        note("tags_changed", tags, list(ticket.tags))
        happened[-1].tags_added = [tag for tag in ticket.tags if tag not in tags]
        happened[-1].tags_removed = [tag for tag in tags if tag not in ticket.tags]
    return happened


def _set_status(ticket: Ticket, status: str, at: datetime) -> None:
    if ticket.status == "solved" and status != "closed":
        ticket.reopens += 1
    ticket.status, ticket.status_updated_at = status, at
    ticket.solved_at = at if status in {"solved", "closed"} else None


def _apply_fields(
    ticket: Ticket, changes: dict[str, Any], fields: dict[int, Field], *, carries_tags: bool
) -> None:
    """Tags first, then custom fields: a dropdown sent along has the last word."""
    if "tags" in changes:
        ticket.tags = list(dict.fromkeys(changes["tags"]))
        if carries_tags:
            _follow_tags(ticket, fields)
    for field_id, value in changes.get("values", {}).items():
        if field_id in fields:
            ticket.values[field_id] = value
            if carries_tags:
                _carry(ticket, fields[field_id], value)


def _carry(ticket: Ticket, field: Field, value: Any) -> None:
    """A field's value becomes its only tag; the ticket's other tags stay."""
    if not field.tags:
        return
    wanted = value if field.kind == "dropdown" else field.tag if value else None
    others = field.tags - {wanted}
    ticket.tags = [tag for tag in ticket.tags if tag not in others]
    if wanted and wanted not in ticket.tags:
        ticket.tags.append(wanted)


def _follow_tags(ticket: Ticket, fields: dict[int, Field]) -> None:
    """A tag taken away empties its dropdown or checkbox; a tag added fills it."""
    for field in fields.values():
        if field.kind == "dropdown":
            present = [tag for tag in ticket.tags if tag in field.options]
            if ticket.values.get(field.id) not in present:
                ticket.values[field.id] = present[-1] if present else None
        elif field.tag:
            ticket.values[field.id] = field.tag in ticket.tags
