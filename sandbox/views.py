"""Tickets as the control API and the page show them: plain words, everything that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.freshdesk.wire import PRIORITY_LABELS, STATUS_LABELS, STATUSES, as_text

if TYPE_CHECKING:
    from sandbox.desk import Desk
    from sandbox.records import Comment, Ticket

SUMMARY_BODY = 600


def summary(desk: Desk, one: Ticket) -> dict[str, Any]:
    """One line of the page: what the customer wrote and what was written onto the ticket."""
    with desk.lock:
        return _summary(desk, one)


def _summary(desk: Desk, one: Ticket) -> dict[str, Any]:
    values = {field.title: one.values.get(field.id) for field in desk.fields.values()}
    replies = one.replies(count_bots=False)
    return {
        "helpdesk": desk.name,
        "id": str(one.id),
        "subject": one.subject,
        "body": one.description[:SUMMARY_BODY],
        "requester": one.requester.name,
        "organization": one.organization.name if one.organization else None,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
        "status": one.status,
        "status_label": _status(desk, one),
        "priority": one.priority,
        "priority_label": _priority(desk, one),
        "severity": _bare(values.get("SLA severity")),
        "deadline": values.get("First response due"),
        "state": _bare(values.get("SLA state")),
        "review": bool(values.get("SLA review")),
        "meta_dependency": bool(values.get("Meta dependency")),
        "tags": list(one.tags),
        "gone": one.gone,
        "answered_at": replies[0].created_at.isoformat() if replies else None,
        "answered_by": replies[0].author.name if replies else None,
        "writes": len(one.writes),
        "comments": [_comment(said) for said in one.comments[1:]],
    }


def whole(desk: Desk, one: Ticket) -> dict[str, Any]:
    """The whole ticket with its first message, its fields by title and every API write."""
    return summary(desk, one) | {
        "body": one.description,
        "requester_email": one.requester.email,
        "fields": {field.title: one.values.get(field.id) for field in desk.fields.values()},
        "comments": [_comment(said) for said in one.comments],
        "merged_into": str(one.merged_into) if one.merged_into else None,
        "group_id": one.group_id,
        "assignee_id": one.assignee_id,
        "writes": [
            {
                "at": write.at.isoformat(),
                "user": write.user.name,
                "request": write.request,
                "body": write.body,
            }
            for write in one.writes
        ],
    }


def _comment(said: Comment) -> dict[str, Any]:
    return {
        "author": said.author.name,
        "staff": said.author.is_staff,
        "bot": said.author.is_bot,
        "public": said.public,
        "body": as_text(said.body) if said.is_html else said.body,
        "at": said.created_at.isoformat(),
    }


def _bare(value: Any) -> str | None:
    """`sla_p1` is P1, `sla_near` is near: the same words for both helpdesks."""
    word = str(value).removeprefix("sla_") if value else None
    return word.upper() if word and word[0] == "p" and word[1:].isdigit() else word


def _status(desk: Desk, one: Ticket) -> str:
    if one.gone:
        return one.gone
    return one.status if desk.carries_tags else STATUS_LABELS[STATUSES[one.status]]


def _priority(desk: Desk, one: Ticket) -> str | None:
    if desk.carries_tags or one.priority is None:
        return one.priority
    return PRIORITY_LABELS[one.priority]
