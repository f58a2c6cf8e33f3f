"""Slack incoming webhooks: https://api.slack.com/messaging/webhooks

The ticket's own words appear in `plain_text` objects only, which format nothing, or escaped:
https://api.slack.com/reference/surfaces/formatting#escaping. So no subject can mention a channel,
hide a link or break the message; https://api.slack.com/reference/block-kit/blocks has the limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from worker.channels import wording
from worker.channels.address import Address
from worker.channels.base import Alert
from worker.channels.wording import COLOURS, Link
from worker.errors import Permanent
from worker.transport import Transport

HEADER_LIMIT = 150
TEXT_LIMIT = 3000
"""Characters of one text object."""
FIELD_LIMIT = 2000
"""Characters of one of a section's fields."""
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

    url: Address


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
    headline = wording.headline(alert, now)
    about = "" if alert.listed else f": {wording.subject(alert)}"
    blocks = _list(alert, now) if alert.listed else _ticket(alert, now)
    return {
        "text": escape(f"{headline}{about}"),
        "parse": "none",
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "header", "text": _plain(headline, HEADER_LIMIT)}],
        "attachments": [{"color": COLOURS[alert.severity], "blocks": blocks}],
    }


def escape(text: str) -> str:
    """The three characters that Slack gives a meaning to."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ticket(alert: Alert, now: datetime) -> list[dict[str, Any]]:
    facts = [f"{label}: {value}" for label, value in wording.facts(alert, now)]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": _plain(wording.subject(alert), TEXT_LIMIT)},
        {"type": "section", "fields": [_plain(text, FIELD_LIMIT) for text in facts]},
    ]
    if why := wording.reasons(alert, TEXT_LIMIT - len("Why:"), escape=escape):
        text = "\n".join(("Why:", *(f"\u2022 {line}" for line in why)))
        blocks.append({"type": "section", "text": _plain(text, TEXT_LIMIT)})
    blocks += _remarks(alert)
    if found := wording.links(alert):
        # Links and not buttons: a button makes Slack call an app that an incoming webhook lacks.
        text = " \u00b7 ".join(_link(link) for link in found)
        blocks.append({"type": "section", "text": _marked(text)})
    return blocks


def _list(alert: Alert, now: datetime) -> list[dict[str, Any]]:
    """A section for each ticket: with the header and what follows, below the 50 blocks allowed."""
    blocks: list[dict[str, Any]] = []
    for row in wording.rows(alert, now):
        lines = _plain(f"{row.severity}: {row.subject}\n{row.state}", FIELD_LIMIT)
        name = _marked(_link(row.link)) if row.link.url else _plain(row.link.label, FIELD_LIMIT)
        blocks.append({"type": "section", "fields": [lines, name]})
    if more := wording.and_more(alert):
        blocks.append({"type": "section", "text": _plain(more, TEXT_LIMIT)})
    return blocks + _remarks(alert)


def _remarks(alert: Alert) -> list[dict[str, Any]]:
    elements = [_plain(text, TEXT_LIMIT) for text in wording.remarks(alert)]
    return [{"type": "context", "elements": elements}] if elements else []


def _link(link: Link) -> str:
    return f"<{escape(link.url)}|{escape(link.label).replace('|', ' ')}>"


def _marked(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, limit: int) -> dict[str, Any]:
    """Shown as it stands: no formatting, no mentions, no `:emoji:`."""
    escaped = escape(text)
    while len(escaped) > limit:  # cut before escaping, or an entity would be cut in two
        text = text[: len(text) - max(1, (len(escaped) - limit) // 5)]
        escaped = escape(text)
    return {"type": "plain_text", "text": escaped, "emoji": False}
