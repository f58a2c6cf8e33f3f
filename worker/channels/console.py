"""Alerts as lines on standard output: what a first run shows, and the only channel in observe."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from worker.channels.base import ABOUT_ITSELF, Alert
from worker.channels.wording import and_more, rows, web_address
from worker.errors import Transient
from worker.tickets import Severity, one_line
from worker.timer import left
from worker.transport import Transport

COLOURS = {Severity.P1: "1;31", Severity.P2: "33", Severity.P3: "36", Severity.P4: "2"}
"""Terminal colours beside the words, never instead of them."""

FOLLOWS, GATHERS = True, False


class Options(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True)
class Console:
    """Writes to whatever standard output is when the alert comes."""

    name: str

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Print one line, and with a digest one more for each of its tickets.

        Raises `Transient` when standard output takes nothing.
        """
        text = in_lines(alert, now)
        if _shows_colour(sys.stdout):
            text = f"\x1b[{COLOURS[alert.severity]}m{text}\x1b[0m"
        try:
            sys.stdout.write(f"{_printable_there(text, sys.stdout)}\n")  # one write: whole lines
            sys.stdout.flush()
        except (OSError, ValueError):
            raise Transient(f"channel {self.name}: standard output cannot be written") from None


def build(name: str, options: Options, transport: Transport) -> Console:  # noqa: ARG001 every channel is built alike
    """A console channel; it calls nobody."""
    return Console(name)


def in_lines(alert: Alert, now: datetime) -> str:
    """The alert as plain text in which nothing the ticket says can move the cursor."""
    word = "ALERT" if alert.type == "escalation" else alert.type.upper()
    if alert.type in ABOUT_ITSELF:
        return f"{word}  {_inert(alert.ticket.subject)} -> {_inert(alert.channel)}"
    head = f"{word}  {alert.severity} {_inert(alert.step)}"
    if not alert.listed:
        return " ".join((head, *_ticket(alert, now), *_rest(alert)))
    lines = [
        f"  {row.severity}: {_inert(row.subject)} [{_inert(row.link.label)}] {_inert(row.state)}"
        for row in rows(alert, now)
    ]
    more = [f"  {and_more(alert)}"] if and_more(alert) else []
    return "\n".join((" ".join((head, *_rest(alert))), *lines, *more))


def _ticket(alert: Alert, now: datetime) -> list[str]:
    ticket = alert.ticket
    due = alert.deadline.astimezone(ZoneInfo(alert.time_zone))
    return [
        _inert(f"{ticket.helpdesk}/{ticket.account}/{ticket.id}"),
        f'"{_inert(ticket.subject)}"',
        f"{alert.target.words} due {due:%H:%M:%S %Z}",
        f"({left(alert.deadline - now)})",
    ]


def _rest(alert: Alert) -> list[str]:
    instead = f"told in the place of {alert.instead_of}, which failed or is closed now"
    flags = (
        (alert.type == "review", "please review this severity"),
        (alert.instead_of, instead),
        (not alert.confirmed, "could not confirm"),
        (alert.meta_dependency, "Meta dependency"),
    )
    why = _inert(alert.reasons[0].text) if alert.reasons else "no reason given"
    address = web_address(alert.acknowledge_url)
    return [
        *(f"[{_inert(text)}]" for holds, text in flags if holds),
        f"-> {_inert(alert.channel)}:" if not alert.listed else f"-> {_inert(alert.channel)}",
        *([] if alert.listed else [why]),
        *([f"acknowledge: {address}"] if address else []),
    ]


def _inert(text: str) -> str:
    """One line without anything a terminal obeys, the 8-bit controls included."""
    return "".join(char for char in one_line(text) if char.isprintable())


def _shows_colour(stream: TextIO) -> bool:
    """Only on a terminal, and not where colour is unwanted (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _printable_there(text: str, stream: TextIO) -> str:
    """What the stream's encoding lacks is spelt out: an alert must not be lost to an accent."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
