"""A ticket as a client sends it, checked and turned into changes of our records.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.desk import Desk, Said
from sandbox.moments import read, written
from sandbox.records import PRIORITIES, Field, Ticket
from sandbox.zendesk import errors
from sandbox.zendesk.wire import STATUS_IDS

TYPES = ("problem", "incident", "question", "task")
_AS_SENT = {
    "subject": "subject",
    "group_id": "group_id",
    "assignee_id": "assignee_id",
    "external_id": "external_id",
    "due_at": "due_at",
}


def understood(desk: Desk, sent: dict[str, Any]) -> dict[str, Any]:
    """The changes asked for; a wrong value is Refused with 422.

    Unknown attributes and unknown field ids are passed over, as Zendesk does.
    """
    changes: dict[str, Any] = {
        ours: sent[theirs] for theirs, ours in _AS_SENT.items() if theirs in sent
    }
    if sent.get("assignee_email"):
        wanted = str(sent["assignee_email"]).lower()
        staff = [one for one in desk.users.values() if one.is_staff]
        found = next((one for one in staff if one.email.lower() == wanted), None)
        if found is None:
            raise errors.wrong_value("assignee_email", "Assignee", wanted)
        changes["assignee_id"] = found.id
    for attribute, ours, allowed in (
        ("priority", "priority", (*PRIORITIES, None)),
        ("type", "kind", (*TYPES, None)),
        ("status", "status", tuple(STATUS_IDS)),
    ):
        if attribute in sent:
            if sent[attribute] not in allowed:
                raise errors.wrong_value(attribute, attribute.capitalize(), sent[attribute])
            changes[ours] = sent[attribute]
    if "tags" in sent:
        changes["tags"] = tags(sent["tags"])
    fields = sent.get("custom_fields", sent.get("fields"))
    if fields is not None:
        changes["values"] = _values(desk, fields)
    return changes


def tags(sent: Any) -> list[str]:
    """Tags as a list; Zendesk takes a string with blanks or commas too."""
    if isinstance(sent, str):
        return re.split(r"[\s,]+", sent.strip()) if sent.strip() else []
    if not isinstance(sent, list) or not all(isinstance(tag, str) for tag in sent):
        raise errors.wrong_value("tags", "Tags", sent)
    return sent


def comment(one: Ticket | None, sent: dict[str, Any]) -> Said | None:
    """The comment to add. Without `public` it is as public as the ticket: a note must say so."""
    wanted = sent.get("comment")
    if wanted is None:
        return None
    if isinstance(wanted, str):
        wanted = {"body": wanted}
    body = wanted.get("body") or wanted.get("html_body") if isinstance(wanted, dict) else None
    if not isinstance(body, str) or not body.strip():
        raise errors.wrong_value("comment", "Comment", "an empty body")
    public = wanted.get("public")
    if public is None:
        public = one.is_public if one else True
    return Said(body=body, public=bool(public))


def safe(one: Ticket, sent: dict[str, Any]) -> None:
    """Refuse with 409 when `safe_update` is asked for and the ticket is newer than the stamp."""
    if sent.get("safe_update") not in {True, "true"}:
        return
    stamp = sent.get("updated_stamp")
    if stamp is None:
        raise errors.wrong_value("updated_stamp", "Updated stamp", "an absent stamp")
    try:
        stale = read(stamp) < read(written(one.updated_at))
    except ValueError:
        raise errors.wrong_value("updated_stamp", "Updated stamp", stamp) from None
    if stale:
        raise errors.conflict()


def open_for_writing(one: Ticket) -> None:
    """Refuse with 422 when the ticket is closed."""
    if one.status == "closed":
        raise errors.record_invalid(errors.CLOSED)


def _values(desk: Desk, sent: Any) -> dict[int, Any]:
    pairs = (
        [(str(key), value) for key, value in sent.items()]
        if isinstance(sent, dict)
        else [(str(item.get("id")), item.get("value")) for item in sent if isinstance(item, dict)]
    )
    found: dict[int, Any] = {}
    for key, value in pairs:
        field = desk.fields.get(int(key)) if key.isdigit() else None
        if field is not None:
            found[field.id] = _value(field, value)
    return found


def _value(field: Field, value: Any) -> Any:
    if field.kind == "checkbox":
        return value in {True, "true", "1"}
    if value is None or value == "":
        return None
    if field.kind == "dropdown" and value not in field.options:
        raise errors.wrong_value(str(field.id), field.title, value)
    if field.kind == "regexp" and not _follows(field.pattern, str(value)):
        raise errors.wrong_value(str(field.id), field.title, value)
    return value if isinstance(value, bool) else str(value)


def _follows(pattern: str | None, value: str) -> bool:
    r"""Zendesk's patterns are Ruby's: their `\z` is Python's `\Z`."""
    try:
        return re.search((pattern or "").replace(r"\z", r"\Z"), value) is not None
    except re.error:
        return True
