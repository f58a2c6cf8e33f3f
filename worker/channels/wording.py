"""What an alert says to people, in the same words wherever it is shown.

All of it is plain text on one line each, cut, without control characters: ticket text is still
hostile, and every channel escapes for its own place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from worker.channels.base import ABOUT_ITSELF, ASKS, Alert, Listed
from worker.note import NAMES
from worker.targets import clock_time
from worker.tickets import Severity, Target, one_line
from worker.timer import left

COLOURS = {
    Severity.P1: "#c4223b",
    Severity.P2: "#d9730d",
    Severity.P3: "#1f6fb2",
    Severity.P4: "#5f6b7a",
}
"""Beside the severity's words, never instead of them."""
MOST_LISTED = 40
"""Tickets of one digest; of the others only the number is told."""
SUBJECT_LIMIT = 300
LISTED_LIMIT = 100
"""Characters of a subject, alone and in a list."""
LONGEST_URL = 1000
LEGAL = "%/:?#[]@!$&'()*+,;=~"
"""Stays as it is in an address; all else is percent-encoded, so that none ends its own link."""


class Link(NamedTuple):
    """Something to click on."""

    label: str
    url: str


class Row(NamedTuple):
    """One ticket of a digest."""

    severity: str
    subject: str
    link: Link
    """Its `url` is "" when the helpdesk gave none."""
    state: str


def named(severity: Severity) -> str:
    """`P1 Urgent`."""
    return f"{severity} {NAMES[severity]}"


def headline(alert: Alert, now: datetime) -> str:
    """How bad, and what is asked or told; holds nothing that a ticket or a person wrote."""
    target, due = alert.target.words, due_in_words(alert.deadline, now)
    review = alert.target is Target.REVIEW
    words = {
        "escalation": f"{target} {due}",
        "review": f"please review this severity, {due}",
        "resolved": "reviewed" if review else f"{target}: nobody is waiting any more",
        "acknowledged": f"{target}: somebody is on it",
        "digest": f"digest of {len(alert.listed)} tickets",
        "test": "this is a test, no customer is waiting",
    }
    if alert.type in ABOUT_ITSELF:
        over = alert.type == "alarm over"
        return "Minutehand: this is over" if over else "Minutehand itself needs help"
    return f"{named(alert.severity)}: {words.get(alert.type, alert.type)}"


def due_in_words(deadline: datetime, now: datetime) -> str:
    """`due in 11m 15s`, `due now`, `overdue by 3m`."""
    words = left(deadline - now)
    return words if words.startswith("overdue") else f"due {words}"


def subject(alert: Alert) -> str:
    """The ticket's, or that it has none."""
    return shown(alert.ticket.subject, SUBJECT_LIMIT) or "(no subject)"


def facts(alert: Alert, now: datetime) -> list[tuple[str, str]]:
    """Label and value, the most telling first."""
    if alert.type in ABOUT_ITSELF:
        return [("Told", clock_time(alert.created_at, alert.time_zone))]
    asks = alert.type in ASKS
    found = [
        ("Severity", named(alert.severity)),
        ("Step" if asks else "What happened", shown(alert.step)),
        (f"{alert.target.words.capitalize()} due", clock_time(alert.deadline, alert.time_zone)),
    ]
    if asks:
        found.append(("Time", due_in_words(alert.deadline, now)))
    if alert.plan:
        found.append(("Plan", shown(alert.plan)))
    found.append(("Ticket", shown(f"{alert.ticket.helpdesk} {alert.ticket.id}")))
    return found


def remarks(alert: Alert) -> list[str]:
    """What else whoever is told has to know, a sentence each."""
    found = []
    if alert.instead_of:
        found.append(
            f"Told in the place of {shown(alert.instead_of)}, which failed or is closed now."
        )
    if alert.listed:
        return found  # what follows is about one ticket
    if alert.type == "review":
        found.append("Clear the field SLA review to confirm, or set another severity.")
    if not alert.confirmed:
        found.append("Could not confirm: the helpdesk did not say whether somebody has answered.")
    if alert.meta_dependency:
        found.append("Depends on Meta: the resolution may take longer; the first response may not.")
    return found


def reasons(alert: Alert, limit: int, *, escape: Callable[[str], str] = str) -> list[str]:
    """As many as fit into `limit` characters once they are escaped, the first ones first."""
    found: list[str] = []
    for reason in alert.reasons:
        quoted = f': "{shown(reason.quote, 200)}"' if reason.quote else ""
        line = f"{shown(reason.text, 200)}{quoted}"
        limit -= len(escape(line)) + 3  # a bullet and a line break
        if limit < 0:
            break
        found.append(line)
    return found


def links(alert: Alert) -> list[Link]:
    """To the ticket, to say that one is on it, and to why; none in a digest, which has many."""
    if alert.listed:
        return []
    wanted = (
        (f"Open {ticket_name(alert)}", alert.ticket.url),
        ("Acknowledge", alert.acknowledge_url),
        ("Why and what next", alert.minutehand_url),
    )
    return [Link(label, address) for label, url in wanted if (address := web_address(url))]


def rows(alert: Alert, now: datetime, most: int = MOST_LISTED) -> list[Row]:
    """The tickets of a digest, at most so many."""
    return [_row(one, alert.time_zone, now) for one in alert.listed[:most]]


def and_more(alert: Alert, most: int = MOST_LISTED) -> str:
    """`and 7 more`, or "" when all are shown."""
    count = len(alert.listed) - most
    return f"and {count} more" if count > 0 else ""


def as_text(alert: Alert, now: datetime, *, limit: int, plain: Callable[[str], str] = str) -> str:
    """All of it below the headline, for people; `plain` is applied to all but addresses."""
    parts = [plain("\n".join(_paragraph(alert, now)))] if not alert.listed else []
    if why := reasons(alert, limit, escape=plain):
        parts.append(plain("\n".join(("Why:", *(f"- {line}" for line in why)))))
    for row in rows(alert, now):
        lines = plain(f"{row.severity}: {row.subject}\n{row.link.label}: {row.state}")
        parts.append(f"{lines}\n{row.link.url}".rstrip())
    if more := and_more(alert):
        parts.append(more)
    parts += [plain(line) for line in remarks(alert)]
    parts.append("\n".join(f"{plain(link.label)}: {link.url}" for link in links(alert)))
    return "\n\n".join(part for part in parts if part)


def shown(text: str, limit: int = 120) -> str:
    """One line of text that every encoding can hold."""
    return one_line(text.encode("utf-8", "replace").decode(), limit)


def ticket_name(alert: Alert | Listed) -> str:
    """`zendesk ticket 5158`."""
    return shown(f"{alert.ticket.helpdesk} ticket {alert.ticket.id}", 60)


def web_address(url: str | None) -> str:
    """A URL that cannot end its own link, or "" when it is not one for people."""
    clean = quote(shown(url or "", LONGEST_URL + 1), safe=LEGAL)
    try:
        scheme = urlsplit(clean).scheme
    except ValueError:
        return ""
    return clean if scheme in {"http", "https"} and len(clean) <= LONGEST_URL else ""


def _paragraph(alert: Alert, now: datetime) -> list[str]:
    return [subject(alert), "", *(f"{label}: {value}" for label, value in facts(alert, now))]


def _row(one: Listed, zone: str, now: datetime) -> Row:
    due = f"due {clock_time(one.deadline, zone)} ({left(one.deadline - now)})"
    return Row(
        severity=named(one.severity),
        subject=shown(one.ticket.subject, LISTED_LIMIT) or "(no subject)",
        link=Link(ticket_name(one), web_address(one.ticket.url)),
        state=f"{one.target.words}, {shown(one.step)}, {due}",
    )
