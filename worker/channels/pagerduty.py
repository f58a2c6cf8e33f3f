"""PagerDuty, Events API v2: a ticket's target is one PagerDuty alert from first step to answer.

Format and answers: https://github.com/PagerDuty/api-schema (reference/events-v2), lengths:
https://developer.pagerduty.com/docs/events-api-v2/trigger-events/, keys and how PagerDuty joins
events by them: https://developer.pagerduty.com/docs/events-api-v2/overview/. Later steps of the
same target carry the same key, so that they do not page again whoever has acknowledged it there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator
from requests import Response

from worker.channels import wording
from worker.channels.address import Address
from worker.channels.base import ABOUT_ITSELF, Alert
from worker.errors import Permanent
from worker.tickets import Severity
from worker.transport import Transport

SUMMARY_LIMIT = 1024
KEY_LIMIT = 255
WHY_LIMIT = 8000
"""Characters of all reasons together; an event may have 512 KB."""
SEVERITIES = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}
ACTIONS = {
    "resolved": ("resolve",),
    "acknowledged": ("acknowledge",),
    "test": ("trigger", "resolve"),
    "alarm over": ("resolve",),
}
"""Of an alert's type, what is sent; the rest triggers. A test stays open for nobody."""

FOLLOWS, GATHERS = True, False


class Options(BaseModel):
    """`routing_key` is the integration key of a service's or event orchestration's Events API v2.

    `url` is another than the US service region's, such as https://events.eu.pagerduty.com.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    routing_key: SecretStr
    url: Address = SecretStr("https://events.pagerduty.com")

    @field_validator("routing_key")
    @classmethod
    def _complete(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]{32}", key.get_secret_value()):
            raise ValueError("must be the 32 characters of an Events API v2 integration key")
        return key


@dataclass(frozen=True)
class PagerDuty:
    """One integration: one service, or one orchestration."""

    name: str
    options: Options
    transport: Transport

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Trigger, acknowledge or resolve; an event that PagerDuty refuses is `Permanent`."""
        for action in ACTIONS.get(alert.type, ("trigger",)):
            self._enqueue(event(alert, action, now))

    def _enqueue(self, content: dict[str, Any]) -> None:
        what = f"channel {self.name}"
        key = self.options.routing_key.get_secret_value()
        answer = self.transport.request(
            "POST",
            f"{self.options.url.get_secret_value().rstrip('/')}/v2/enqueue",
            what=what,
            json={"routing_key": key, **content},
        )
        if not answer.ok:
            said = f": {_why(answer, key)}" if _why(answer, key) else ""
            text = f"{what}: answered {answer.status_code}{said}"
            raise Permanent(text, status=answer.status_code)


def build(name: str, options: Options, transport: Transport) -> PagerDuty:
    """A PagerDuty channel; makes no call yet."""
    return PagerDuty(name, options, transport)


def event(alert: Alert, action: str, now: datetime) -> dict[str, Any]:
    """The body without its routing key; only a trigger says more than which alert it is about."""
    found: dict[str, Any] = {"event_action": action, "dedup_key": dedup_key(alert)}
    if action != "trigger":
        return found
    links = wording.links(alert)
    found["payload"] = {
        "summary": _summary(alert, now),
        "severity": "info" if alert.type in {"review", "digest"} else SEVERITIES[alert.severity],
        "source": wording.shown(f"{alert.ticket.helpdesk}/{alert.ticket.account}"),
        "timestamp": (alert.made_at or now).astimezone(UTC).isoformat(timespec="seconds"),
        "component": wording.ticket_name(alert),
        "class": alert.target.value,
        "custom_details": _details(alert, now),
    }
    found["links"] = [{"href": link.url, "text": link.label} for link in links]
    found["client"] = "Minutehand"
    if address := wording.web_address(alert.minutehand_url):
        found["client_url"] = address
    return found


def dedup_key(alert: Alert) -> str:
    """One for each ticket and target; a test or a digest must not meet a ticket's own alert."""
    ticket = alert.ticket
    if alert.type in ABOUT_ITSELF:
        return f"minutehand/alarm/{hashlib.sha256(ticket.id.encode()).hexdigest()[:32]}"
    own = f"{ticket.helpdesk}/{ticket.account}/{ticket.id}/{alert.target}"
    key = f"minutehand/{f'{alert.type}/{alert.id}' if alert.type in {'test', 'digest'} else own}"
    if len(key) <= KEY_LIMIT:
        return key
    return f"minutehand/{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _summary(alert: Alert, now: datetime) -> str:
    headline = wording.headline(alert, now)
    text = headline if alert.listed else f"{headline}: {wording.subject(alert)}"
    return wording.shown(text, SUMMARY_LIMIT)


def _details(alert: Alert, now: datetime) -> dict[str, Any]:
    details: dict[str, Any] = {"Subject": wording.subject(alert), **dict(wording.facts(alert, now))}
    if why := wording.reasons(alert, WHY_LIMIT):
        details["Why"] = why
    if remarks := wording.remarks(alert):
        details["Mind"] = remarks
    if rows := wording.rows(alert, now):
        lines = [f"{row.severity}: {row.subject} ({row.link.label}), {row.state}" for row in rows]
        details["Tickets"] = [*lines, *filter(None, (wording.and_more(alert),))]
    return details


def _why(answer: Response, key: str) -> str:
    """PagerDuty's own words for a refusal, without the key, should they repeat it."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    errors = said.get("errors")
    words = errors if isinstance(errors, list) and errors else [said.get("message") or ""]
    text = "; ".join(str(word) for word in words).replace(key, "[secret]").replace("://", ":")
    return wording.shown(text, 200)
