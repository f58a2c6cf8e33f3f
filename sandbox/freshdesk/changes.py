"""A ticket as a client sends it, checked and turned into changes of our records.

https://developers.freshdesk.com/api/#update_ticket
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from sandbox.freshdesk import errors
from sandbox.freshdesk.wire import PRIORITIES, STATUS_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.desk import Desk
    from sandbox.records import Field

WORDS = {
    2: "open",
    3: "pending",
    4: "solved",
    5: "closed",
    6: "waiting_on_customer",
    7: "waiting_on_third_party",
}
PRIORITY_WORDS = {number: word for word, number in PRIORITIES.items()}
AS_SENT = {
    "subject": "subject",
    "type": "kind",
    "group_id": "group_id",
    "responder_id": "assignee_id",
    "due_by": "due_at",
    "fr_due_by": "first_response_due_at",
    "unique_external_id": "external_id",
}
PASSED_OVER = {
    "attachments",
    "company_id",
    "description",
    "email",
    "email_config_id",
    "internal_agent_id",
    "internal_group_id",
    "name",
    "parent_id",
    "phone",
    "product_id",
    "requester_id",
    "source",
}
"""Attributes the vendor takes and the sandbox has no use for."""
LONGEST_TAG = 32


def sent_body() -> dict[str, Any]:
    """The request's JSON object; Refused with 400 when there is none."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise errors.unreadable()
    return body


def understood(desk: Desk, sent: dict[str, Any], *, also: frozenset[str]) -> dict[str, Any]:
    """The changes asked for; Refused with 400 naming every attribute that is unknown or wrong."""
    faults: list[errors.Fault] = []
    changes: dict[str, Any] = {
        ours: sent[theirs] for theirs, ours in AS_SENT.items() if theirs in sent
    }
    checks: dict[str, Callable[[Any], Any]] = {
        "priority": _priority,
        "status": _status,
        "tags": _tags,
        "custom_fields": lambda value: _custom(desk, value, faults),
    }
    names = {"custom_fields": "values"}
    known = {*AS_SENT, *checks, *PASSED_OVER, *also}
    for attribute, value in sent.items():
        if attribute not in known:
            faults.append((attribute, "Unexpected/invalid field in request", "invalid_field"))
        elif attribute in checks:
            try:
                changes[names.get(attribute, attribute)] = checks[attribute](value)
            except TypeError as error:
                faults.append((attribute, str(error), "datatype_mismatch"))
            except ValueError as error:
                faults.append((attribute, str(error), "invalid_value"))
    if faults:
        raise errors.invalid(*faults)
    return changes


def _priority(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("It should be an Integer")
    if value not in PRIORITY_WORDS:
        raise ValueError("It should be one of these values: '1,2,3,4'")
    return PRIORITY_WORDS[value]


def _status(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("It should be an Integer")
    if value not in WORDS:
        allowed = ",".join(str(number) for number in STATUS_LABELS)
        raise ValueError(f"It should be one of these values: '{allowed}'")
    return WORDS[value]


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise TypeError("It should be a/an Array of Strings")
    if any(len(tag) > LONGEST_TAG or "," in tag for tag in value):
        raise ValueError(f"A tag has at most {LONGEST_TAG} characters and no comma")
    return value


def _custom(desk: Desk, sent: Any, faults: list[errors.Fault]) -> dict[int, Any]:
    """Only the keys sent change; the others keep their values."""
    if not isinstance(sent, dict):
        raise TypeError("It should be a/an key/value pair")
    fields = {field.name: field for field in desk.fields.values()}
    values: dict[int, Any] = {}
    for name, value in sent.items():
        field = fields.get(name)
        if field is None:
            faults.append((name, "Unexpected/invalid field in request", "invalid_field"))
            continue
        fault = _wrong(field, value)
        if fault:
            faults.append((name, *fault))
        values[field.id] = value
    return values


def _wrong(field: Field, value: Any) -> tuple[str, str] | None:
    if field.kind == "checkbox":
        return None if isinstance(value, bool) else ("It should be a Boolean", "datatype_mismatch")
    if value is None:
        return None
    if field.kind == "dropdown" and value not in field.options:
        allowed = ",".join(field.options)
        return f"It should be one of these values: '{allowed}'", "invalid_value"
    if field.kind in {"text", "textarea"} and not isinstance(value, str):
        return "It should be a String", "datatype_mismatch"
    return None
