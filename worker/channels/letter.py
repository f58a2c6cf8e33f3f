"""An alert as an e-mail: headers that nothing can be smuggled into, text, and the same as HTML.

`Auto-Submitted` (https://www.rfc-editor.org/rfc/rfc3834#section-5) and `X-Auto-Response-Suppress`
(https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail) keep out-of-office
answers away. All e-mails about a ticket answer one that never was, so that they form one thread:
https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from worker.channels import wording
from worker.channels.base import Alert
from worker.channels.wording import COLOURS, Link
from worker.tickets import Severity

WHY_LIMIT = 5000
"""Characters of all reasons together."""
ABOUT_LIMIT = 150
"""Characters of the e-mail's own subject, that a phone may show all of the headline."""


def letter(alert: Alert, sender: str, to: list[str], now: datetime) -> EmailMessage:
    """Ready to be sent; `sender` and `to` are addresses that were checked before."""
    headline = wording.headline(alert, now)
    about = headline if alert.listed else f"{headline}: {wording.subject(alert)}"
    domain = sender.rpartition("@")[2]
    found = EmailMessage(policy=SMTP)
    found["Subject"] = wording.shown(about, ABOUT_LIMIT)
    found["From"] = f"Minutehand <{sender}>"
    found["To"] = ", ".join(to)
    found["Date"] = format_datetime(now)
    found["Message-ID"] = f"<{_word(alert.id)}@{domain}>"
    if not alert.listed:
        ticket = alert.ticket
        thread = f"<{_word(f'{ticket.helpdesk}/{ticket.account}/{ticket.id}')}@{domain}>"
        found["In-Reply-To"] = thread
        found["References"] = thread
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "All"
    if alert.severity is Severity.P1:
        found["Importance"] = "high"
    text = f"{headline}\n\n{wording.as_text(alert, now, limit=WHY_LIMIT)}\n"
    found.set_content(text, cte="quoted-printable")  # every server takes it, however long a line
    found.add_alternative(_page(alert, headline, now), subtype="html", cte="quoted-printable")
    return found


def _word(text: str) -> str:
    """What may stand before the @ of a Message-ID, always the same for the same text."""
    plain = text.isascii() and text.isalnum() and len(text) <= 64
    return text if plain else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _page(alert: Alert, headline: str, now: datetime) -> str:
    """Styles stand in the elements and nothing is loaded: many mail programs allow no more."""
    colour = COLOURS[alert.severity]
    style = f"font-size:18px;border-left:6px solid {colour};padding-left:10px"
    parts = [f'<p style="{style}"><strong>{escape(headline)}</strong></p>']
    parts += _list(alert, now) if alert.listed else _ticket(alert, now)
    parts += [f"<p><em>{escape(text)}</em></p>" for text in wording.remarks(alert)]
    if links := wording.links(alert):
        parts.append(f"<p>{' &middot; '.join(_anchor(link) for link in links)}</p>")
    inside = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(headline)}</title></head>\n"
        f'<body style="font-family:sans-serif;font-size:15px">\n{inside}\n</body></html>\n'
    )


def _ticket(alert: Alert, now: datetime) -> list[str]:
    rows = "".join(
        f'<tr><th align="left" style="padding-right:14px">{escape(label)}</th>'
        f"<td>{escape(value)}</td></tr>"
        for label, value in wording.facts(alert, now)
    )
    parts = [f"<p>{escape(wording.subject(alert))}</p>", f"<table>{rows}</table>"]
    if why := wording.reasons(alert, WHY_LIMIT):
        lines = "".join(f"<li>{escape(line)}</li>" for line in why)
        parts.append(f"<p>Why:</p><ul>{lines}</ul>")
    return parts


def _list(alert: Alert, now: datetime) -> list[str]:
    rows = "".join(
        f"<li><strong>{escape(row.severity)}</strong>: {escape(row.subject)} "
        f"({_anchor(row.link)})<br>{escape(row.state)}</li>"
        for row in wording.rows(alert, now)
    )
    more = wording.and_more(alert)
    return [f"<ul>{rows}</ul>", *([f"<p>{escape(more)}</p>"] if more else [])]


def _anchor(link: Link) -> str:
    label = escape(link.label)
    return f'<a href="{escape(link.url)}">{label}</a>' if link.url else label
