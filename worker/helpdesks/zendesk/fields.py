"""Our words and Zendesk's: severities and priorities, statuses, our fields, a ticket's JSON. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.tickets import Changes, Severity, Status, Ticket, TicketKey

PRIORITIES: Mapping[Severity, str] = {
    Severity.P1: "urgent",
    Severity.P2: "high",
    Severity.P3: "normal",
    Severity.P4: "low",
}
SEVERITIES = {word: severity for severity, word in PRIORITIES.items()}
STATUSES = {
    "pending": Status.PENDING,
    "solved": Status.SOLVED,
    "closed": Status.CLOSED,
    "deleted": Status.DELETED,
}
"""new, open, hold and any word an admin made up are open."""

SEVERITY = "SLA severity"
DEADLINE = "First response due"
STATE = "SLA state"
REVIEW = "SLA review"
META = "Meta dependency"
ATTRIBUTES = {
    SEVERITY: "severity",
    DEADLINE: "deadline",
    STATE: "state",
    REVIEW: "review",
    META: "meta_dependency",
}
"""The attribute of `Changes` that each field holds."""
TITLES = tuple(ATTRIBUTES)

MERGED_TAG = "closed_by_merge"
"""On a ticket that was closed into another. Seen in forums, not confirmed on a live account."""
_LONGEST_ID = 19
_SEVERITY_TAG = re.compile(r"sla_(p[1-4])", re.IGNORECASE)


def severity(word: Any) -> Severity | None:
    """A priority in any letter case, or None."""
    return SEVERITIES.get(word.strip().lower()) if isinstance(word, str) else None


def severity_in_tag(tag: Any) -> Severity | None:
    """`sla_p1`..`sla_p4`, which is also the value of our dropdown."""
    found = _SEVERITY_TAG.fullmatch(tag.strip()) if isinstance(tag, str) else None
    return Severity(found[1].upper()) if found else None


def title_of(text: str) -> str | None:
    """One of our titles, whatever its letter case and spaces, or None."""
    wanted = " ".join(text.split()).casefold()
    return next((title for title in TITLES if title.casefold() == wanted), None)


def custom_fields(changes: Changes) -> dict[str, Any]:
    """Title -> value for those of our fields that `changes` sets; None empties one."""
    values: dict[str, Any] = {
        SEVERITY: f"sla_{changes.severity.lower()}" if changes.severity else None,
        DEADLINE: f"{changes.deadline:%Y-%m-%dT%H:%M:%SZ}" if changes.deadline else None,
        STATE: f"sla_{changes.state}" if changes.state else None,
        REVIEW: changes.review,
        META: changes.meta_dependency,
    }
    cleared = {title for title, name in ATTRIBUTES.items() if name in (changes.clear or ())}
    return {
        title: value for title, value in values.items() if value is not None or title in cleared
    }


def update(changes: Changes, ids: Mapping[str, int]) -> dict[str, Any]:
    """The `ticket` object of an update; fields without an id are left out.

    Never `tags`, which would replace everybody's: our dropdown's value is a tag by itself.
    """
    body: dict[str, Any] = {}
    if changes.priority:
        body["priority"] = PRIORITIES[changes.priority]
    elif "priority" in (changes.clear or ()):
        body["priority"] = None
    listed = [
        {"id": ids[title], "value": value}
        for title, value in custom_fields(changes).items()
        if title in ids
    ]
    if listed:
        body["custom_fields"] = listed
    if changes.group:
        body["group_id"] = int(changes.group)
    if changes.assignee:
        body["assignee_email"] = changes.assignee
    if changes.note:
        body["comment"] = {"body": changes.note, "public": False}
    return body


def arrived(changes: Changes, ids: Mapping[str, int]) -> Changes:
    """`changes` without what has no field to go to."""
    lost = {name: None for title, name in ATTRIBUTES.items() if title not in ids}
    cleared = tuple(name for name in changes.clear or () if name not in lost)
    return changes.model_copy(update={**lost, "clear": cleared or None})


def ticket(
    raw: Mapping[str, Any],
    metric: Mapping[str, Any] | None,
    *,
    account: str,
    ids: Mapping[str, int],
    url: str,
) -> Ticket:
    """A ticket of the API; raises ValueError when it has no id or no created_at."""
    base = _ticket(raw, account)
    values = {
        field.get("id"): field.get("value")
        for field in raw.get("custom_fields") or ()
        if isinstance(field, dict)
    }
    in_field = severity_in_tag(values.get(ids.get(SEVERITY)))
    review = values.get(ids.get(REVIEW)) if REVIEW in ids else None
    return base.model_copy(
        update={
            "severity_field": in_field or base.severity_field,
            "review_field": review if isinstance(review, bool) else base.review_field,
            "fields": {
                str(number): str(value)
                for number, value in values.items()
                if value not in {None, ""} and isinstance(value, str | int | float)
            },
            "ours": {
                name: _plainly(values[ids[title]])
                for title, name in ATTRIBUTES.items()
                if title in ids and values.get(ids[title]) not in {None, ""}
            },
            "first_response_at": first_response(base.created_at, metric),
            "url": f"{url}/agent/tickets/{base.key.id}",
        }
    )


def _plainly(value: Any) -> str:
    """A value of ours as we say it: `P1` for `sla_p1`, `on_track` for `sla_on_track`."""
    in_field = severity_in_tag(value)
    return str(in_field) if in_field else str(value).removeprefix("sla_")


def ticket_in_event(detail: Mapping[str, Any], *, account: str) -> Ticket | None:
    """The ticket that an event carries, or None when it does not tell enough."""
    try:
        return _ticket(detail, account)
    except ValueError:
        return None


def first_response(created_at: datetime, metric: Mapping[str, Any] | None) -> datetime | None:
    """When the first public agent reply was made, by the ticket's metrics; None: not yet.

    `reply_time_in_minutes.calendar` counts from creation; whole minutes, so up to a minute early.
    """
    if not metric:
        return None
    seconds = _number(object_in(metric, "reply_time_in_seconds").get("calendar"))
    if seconds is not None:
        return created_at + timedelta(seconds=seconds)
    minutes = _number(object_in(metric, "reply_time_in_minutes").get("calendar"))
    return None if minutes is None else created_at + timedelta(minutes=minutes)


def _ticket(raw: Mapping[str, Any], account: str) -> Ticket:
    number, created = identifier(raw.get("id")), moment(raw.get("created_at"))
    if number is None or created is None:
        raise ValueError("a ticket without id or created_at")
    requester, submitter = identifier(raw.get("requester_id")), identifier(raw.get("submitter_id"))
    via = object_in(raw, "via")
    source = object_in(via, "source")
    labels = tags(raw.get("tags"))
    status = str(raw.get("status") or "").strip().lower()
    return Ticket(
        key=TicketKey("zendesk", account, number),
        subject=str(raw.get("subject") or raw.get("raw_subject") or ""),
        body=str(raw.get("description") or ""),
        created_at=created,
        updated_at=moment(raw.get("updated_at")),
        status=STATUSES.get(status, Status.OPEN),
        priority=severity(raw.get("priority")),
        severity_field=next((found for tag in labels if (found := severity_in_tag(tag))), None),
        review_field=True if "sla_review" in labels else None,
        tags=labels,
        requester=requester,
        opened_by_agent=bool(requester and submitter and requester != submitter),
        organization=identifier(raw.get("organization_id")),
        group=identifier(raw.get("group_id")),
        assignee=identifier(raw.get("assignee_id")),
        brand=identifier(raw.get("brand_id")),
        form=identifier(raw.get("form_id") or raw.get("ticket_form_id")),
        source=str(via.get("channel") or "").lower() or None,
        merged=MERGED_TAG in labels,
        follow_up="follow_up" in {str(source.get("rel")).lower(), str(via.get("channel")).lower()},
    )


def read_json(text: str) -> Any:
    """What a JSON text says; raises ValueError or RecursionError.

    Half an emoji, where a text was cut, is JSON but no text that can be stored: it becomes `?`.
    """
    said = json.loads(text)
    if "\\ud" in text.lower():
        said = json.loads(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
    return said


def identifier(value: Any) -> str | None:
    """An id from 5158, "5158" or "#5158"; "0", "" and null stand for none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if 0 < value < 10**_LONGEST_ID else None
    if not isinstance(value, str):
        return None
    text = value.strip().lstrip("#").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        return None
    return text.lstrip("0") or None


def moment(value: Any) -> datetime | None:
    """An ISO-8601 moment with any offset and any number of decimals, or None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip()[:60])
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def tags(value: Any) -> tuple[str, ...]:
    """A list of tags, or one text with spaces or commas between them."""
    if isinstance(value, str):
        return tuple(re.split(r"[\s,]+", value.strip())) if value.strip() else ()
    return tuple(str(tag) for tag in value) if isinstance(value, list) else ()


def truth(value: Any) -> bool:
    """true, "true" and 1."""
    return str(value).strip().lower() in {"true", "1"}


def plain_value(value: Any) -> str | None:
    """A changed field's value: bare, or inside an object with a `value`."""
    if isinstance(value, dict):
        value = value.get("value")
    if value is None or isinstance(value, dict | list):
        return None
    return str(value)


def object_in(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under `key`, or an empty one."""
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None
