"""Slack incoming webhooks: https://api.slack.com/messaging/webhooks

The ticket's own words appear in `plain_text` objects only, which format nothing, or escaped:
https://api.slack.com/reference/surfaces/formatting#escaping. So no subject can mention a channel,
hide a link or break the message; https://api.slack.com/reference/block-kit/blocks has the limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from worker.channels.base import Alert
from worker.errors import Permanent
from worker.note import NAMES
from worker.tickets import Reason, Severity, one_line
from worker.timer import left
from worker.transport import Transport, check_address

HEADER_LIMIT = 150
TEXT_LIMIT = 3000
"""Characters of one text object."""
SUBJECT_LIMIT = 300
"""Before escaping, which makes a character five at most: still half of the limit."""
LONGEST_URL = 1000
COLOURS = {
    Severity.P1: "#c4223b",
    Severity.P2: "#d9730d",
    Severity.P3: "#1f6fb2",
    Severity.P4: "#5f6b7a",
}
"""The bar beside the message; the severity is always in words too."""
REFUSALS = {
    "no_service": "the webhook was removed or disabled; make a new one in Slack",
    "no_active_hooks": "the webhook was disabled; make a new one in Slack",
    "no_team": "the Slack workspace is gone",
    "team_disabled": "the Slack workspace is disabled",
    "invalid_token": "the webhook's address is wrong or was revoked; copy it again from Slack",
    "action_prohibited": "an admin of the Slack workspace forbids it",
    "posting_to_general_channel_denied": "an admin of the Slack workspace forbids it",
    "channel_is_archived": "the Slack channel is archived",
    "channel_not_found": "the Slack channel is gone",
    "user_not_found": "the Slack user is gone",
    "invalid_payload": "Slack could not read the message; please report this",
    "invalid_blocks": "Slack could not read the message; please report this",
}
"""Slack's word for it, and what it means:
https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks"""

FOLLOWS, GATHERS = False, True


class Options(BaseModel):
    """`url` is the incoming webhook's address; whoever has it can post, so it is a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _callable(cls, url: SecretStr) -> SecretStr:
        try:
            check_address(url.get_secret_value(), what="url")
        except (Permanent, ValueError):
            raise ValueError("must be the https address of an incoming webhook") from None
        return url


@dataclass(frozen=True)
class Slack:
    """One incoming webhook: one Slack channel."""

    name: str
    options: Options
    transport: Transport

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Post the alert; a dead or refused webhook is `Permanent`, with Slack's word for it."""
        what = f"channel {self.name}"
        answer = self.transport.request(
            "POST", self.options.url.get_secret_value(), what=what, json=message(alert, now)
        )
        said = answer.text[:100].strip()
        if answer.ok and not said.startswith("<"):
            return
        if answer.ok:
            raise Permanent(f"{what}: answered a web page; its url is not an incoming webhook")
        meant = f" ({said}): {REFUSALS[said]}" if said in REFUSALS else ""
        raise Permanent(f"{what}: answered {answer.status_code}{meant}", status=answer.status_code)


def build(name: str, options: Options, transport: Transport) -> Slack:
    """A Slack channel; makes no call yet."""
    return Slack(name, options, transport)


def message(alert: Alert, now: datetime) -> dict[str, Any]:
    """The whole body. `text` is what notifications and screen readers get."""
    headline = _headline(alert, now)
    subject = one_line(alert.ticket.subject, SUBJECT_LIMIT) or "(no subject)"
    return {
        "text": escape(f"{headline}: {subject}"),
        "parse": "none",
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "header", "text": _plain(headline, HEADER_LIMIT)}],
        "attachments": [{"color": COLOURS[alert.severity], "blocks": _blocks(alert, subject, now)}],
    }


def escape(text: str) -> str:
    """The three characters that Slack gives a meaning to."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _headline(alert: Alert, now: datetime) -> str:
    severity = f"{alert.severity} {NAMES[alert.severity]}"
    if alert.type == "escalation":
        return f"{severity}: first response {_due(alert, now)}"
    words = {
        "resolved": "nobody is waiting any more",
        "acknowledged": "acknowledged",
        "review": "please review this severity",
        "digest": "digest",
        "test": "this is a test, no customer is waiting",
    }
    return f"{severity}: {words.get(alert.type, alert.type)}"


def _blocks(alert: Alert, subject: str, now: datetime) -> list[dict[str, Any]]:
    due = alert.deadline.astimezone(ZoneInfo(alert.time_zone))
    fields = [
        f"Severity: {alert.severity} {NAMES[alert.severity]}",
        f"Step: {one_line(alert.step)}",
        f"First response due: {due:%Y-%m-%d %H:%M:%S %Z}",
        f"Time: {_due(alert, now)}",
    ]
    if alert.plan:
        fields.append(f"Plan: {one_line(alert.plan)}")
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": _plain(subject, TEXT_LIMIT)},
        {"type": "section", "fields": [_plain(text, TEXT_LIMIT) for text in fields]},
    ]
    if alert.reasons:
        blocks.append({"type": "section", "text": _plain(_why(alert.reasons), TEXT_LIMIT)})
    notes = []
    if not alert.confirmed:
        notes.append("Could not confirm: the helpdesk did not say whether somebody has answered.")
    if alert.meta_dependency:
        notes.append("Depends on Meta: the resolution may take longer; the first response may not.")
    if notes:
        elements = [_plain(text, TEXT_LIMIT) for text in notes]
        blocks.append({"type": "context", "elements": elements})
    links = " \u00b7 ".join(_links(alert))
    if links:
        # Links and not buttons: a button makes Slack call an app that an incoming webhook lacks.
        text = {"type": "mrkdwn", "text": links, "verbatim": True}
        blocks.append({"type": "section", "text": text})
    return blocks


def _why(reasons: tuple[Reason, ...]) -> str:
    """As many reasons as fit after escaping, the first ones first."""
    text = "Why:"
    for reason in reasons:
        quote = f': "{one_line(reason.quote, 200)}"' if reason.quote else ""
        line = f"\n\u2022 {one_line(reason.text, 200)}{quote}"
        if len(escape(text + line)) > TEXT_LIMIT:
            break
        text += line
    return text


def _links(alert: Alert) -> list[str]:
    ticket = alert.ticket
    name = escape(one_line(f"{ticket.helpdesk} ticket {ticket.id}", 60)).replace("|", " ")
    wanted = (
        (ticket.url, f"Open {name}"),
        (alert.acknowledge_url, "Acknowledge"),
        (alert.minutehand_url, "Why and what next"),
    )
    return [f"<{_address(url)}|{label}>" for url, label in wanted if url and _address(url)]


def _address(url: str) -> str:
    """A URL that cannot end its own link, or nothing when it is not one for people."""
    clean = one_line(url, LONGEST_URL + 1)
    if urlsplit(clean).scheme not in {"http", "https"} or len(clean) > LONGEST_URL:
        return ""
    for char, code in (("<", "%3C"), (">", "%3E"), ("|", "%7C"), (" ", "%20")):
        clean = clean.replace(char, code)
    return clean.replace("&", "&amp;")


def _plain(text: str, limit: int) -> dict[str, Any]:
    """Shown as it stands: no formatting, no mentions, no `:emoji:`."""
    escaped = escape(text)
    while len(escaped) > limit:  # cut before escaping, or an entity would be cut in two
        text = text[: len(text) - max(1, (len(escaped) - limit) // 5)]
        escaped = escape(text)
    return {"type": "plain_text", "text": escaped, "emoji": False}


def _due(alert: Alert, now: datetime) -> str:
    words = left(alert.deadline - now)
    return words if words.startswith("overdue") else f"due {words}"
