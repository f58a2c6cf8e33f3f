"""Microsoft Teams, through a workflow's webhook ("Send webhook alerts to a channel" and its like).

The body is a message with one Adaptive Card: https://learn.microsoft.com/microsoftteams/platform/
webhooks-and-connectors/how-to/connectors-using has its form, add-incoming-webhook beside it the
limit of 28 KB; a workflow answers 202 Accepted, before the card is shown. What a ticket says stands
in `TextRun`s only, which know no markdown, and mentions need an `msteams.entities` that we never
send: https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features and
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from worker.channels import wording
from worker.channels.address import Address
from worker.channels.base import Alert
from worker.channels.wording import MOST_LISTED, Link
from worker.errors import Permanent
from worker.tickets import Severity
from worker.transport import Transport

LONGEST_MESSAGE = 27_000
"""Bytes: a little below the limit, for what Teams adds."""
WHY_LIMIT = 2000
"""Characters of all reasons together."""
VERSION = "1.4"
"""Of Adaptive Cards: has all that is used here, and older mobile clients show it."""
COLOURS = {
    Severity.P1: "attention",
    Severity.P2: "warning",
    Severity.P3: "accent",
    Severity.P4: "default",
}
"""Beside the severity's words, never instead of them."""
SPELT = str.maketrans(
    {"[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "*": "\u2217", "`": "'", "\\": "/", "~": "-"}
)
EDGES = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
"""Underscores that are not inside a word."""
BRACKETS = str.maketrans({"(": "%28", ")": "%29", "[": "%5B", "]": "%5D", "*": "%2A"})
"""What would end or change a link in markdown."""
REFUSALS = {
    400: "the workflow does not take it; look at its runs, and at whether it is turned on",
    401: "the address lacks its signature; copy all of it again from the workflow",
    404: "there is no such workflow any more; copy its address again, or make a new one",
}
"""What an answer means, as others have met it: https://github.com/ericferon/glpi-webhook/issues/51
(401), https://github.com/caronc/apprise/issues/1405 (404 since the addresses changed)."""

FOLLOWS, GATHERS = False, True


class Options(BaseModel):
    """`url` is the address that the workflow shows; whoever has it can post, so it is a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Address


@dataclass(frozen=True)
class Teams:
    """One workflow: one Teams channel or chat."""

    name: str
    options: Options
    transport: Transport

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Post the alert; a deleted or replaced workflow is `Permanent`, with what to do."""
        what = f"channel {self.name}"
        answer = self.transport.request(
            "POST",
            self.options.url.get_secret_value(),
            what=what,
            body=message(alert, now),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        if answer.ok and not answer.text.lstrip().startswith("<"):
            return
        if answer.ok:
            raise Permanent(f"{what}: answered a web page; its url is not a workflow's")
        meant = REFUSALS.get(answer.status_code)
        status = f"answered {answer.status_code}" + (f": {meant}" if meant else "")
        raise Permanent(f"{what}: {status}", status=answer.status_code)


def build(name: str, options: Options, transport: Transport) -> Teams:
    """A Teams channel; makes no call yet."""
    return Teams(name, options, transport)


def message(alert: Alert, now: datetime) -> bytes:
    """The whole body in UTF-8; of a long digest, as many tickets as it may be long."""
    for most in range(MOST_LISTED if alert.listed else 1, 0, -1):
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": _card(alert, now, most),
        }
        whole = {"type": "message", "attachments": [attachment]}
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) <= LONGEST_MESSAGE:
            break
    return body


def unmarked(text: str) -> str:
    """For the places that know markdown: a `TextBlock`, and both sides of a fact.

    Spelt differently and not escaped, because the mobile clients' parser knows no escaped bracket:
    https://github.com/microsoft/AdaptiveCards/tree/main/source/shared/cpp/ObjectModel.
    """
    return EDGES.sub("-", text.translate(SPELT))


def _card(alert: Alert, now: datetime, most: int) -> dict[str, Any]:
    headline = wording.headline(alert, now)
    look = {"size": "large", "weight": "bolder", "color": COLOURS[alert.severity]}
    body = [_block(unmarked(headline), **look)]
    body += _list(alert, now, most) if alert.listed else _ticket(alert, now)
    body += [_block(unmarked(text), isSubtle=True) for text in wording.remarks(alert)]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "fallbackText": unmarked(headline),
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": link.label, "url": link.url}
            for link in wording.links(alert)
        ],
    }


def _ticket(alert: Alert, now: datetime) -> list[dict[str, Any]]:
    facts = [
        {"title": unmarked(label), "value": unmarked(value)}
        for label, value in wording.facts(alert, now)
    ]
    body = [
        _words(_run(wording.subject(alert), weight="bolder")),
        {"type": "FactSet", "facts": facts},
    ]
    why = wording.reasons(alert, WHY_LIMIT)
    return body + [_words(_run("Why: ", isSubtle=True), _run(line)) for line in why]


def _list(alert: Alert, now: datetime, most: int) -> list[dict[str, Any]]:
    body = []
    for row in wording.rows(alert, now, most):
        body += [
            _words(_run(f"{row.severity}: ", weight="bolder"), _run(row.subject)),
            _block(f"{_link(row.link)}: {unmarked(row.state)}", isSubtle=True, spacing="none"),
        ]
    more = wording.and_more(alert, most)
    return [*body, _block(unmarked(more))] if more else body


def _link(link: Link) -> str:
    """In markdown, since Teams does not open the link of a `TextRun` everywhere:
    https://github.com/microsoft/AdaptiveCards/issues/5804.
    """
    label, url = unmarked(link.label), link.url.translate(BRACKETS)
    return f"[{label}]({url})" if url else label


def _block(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}


def _words(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}
