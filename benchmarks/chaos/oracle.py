"""What must have become of every ticket, whatever failed: worked out apart from the service.

Severities come from the pure decision, deadlines from arithmetic, and the rest from the helpdesk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.chaos.facts import Told

PRIORITIES = {"P1": "urgent", "P2": "high", "P3": "normal", "P4": "low"}
LAST_STEP = "100%"
AROUND_A_KILL = (-1.0, 12.0)
"""Seconds from an alert's arrival to a kill after which it may have gone out unrecorded."""


@dataclass(frozen=True)
class Wanted:
    """One ticket as it must end."""

    helpdesk: str
    ticket_id: str
    severity: str
    allowed: float
    """Seconds for the first response."""


@dataclass
class Sums:
    """One row of the table."""

    tickets: int
    lost: int = 0
    wrong: int = 0
    written_twice: int = 0
    repeated_notes: int = 0
    """Of these, by an emptied Redis: one note more on a ticket at most."""
    alerted_twice: int = 0
    excused: int = 0
    """Of these, by a kill between a channel's send and its record, or by an emptied Redis."""
    not_alerted: int = 0
    latest: float = 0.0
    """Seconds after its deadline that the last step was told, at most."""
    recovered: int = 0
    words: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        unexcused = self.alerted_twice - self.excused
        written = self.written_twice - self.repeated_notes
        return not (self.lost or self.wrong or written or unexcused or self.not_alerted)


def judge(
    wanted: Sequence[Wanted],
    there: Mapping[tuple[str, str], Mapping[str, Any]],
    told: Sequence[Told],
    kills: Sequence[float],
    *,
    emptied: bool,
) -> Sums:
    """Compare; `there` is the helpdesk's own word on each ticket, `kills` are Unix seconds."""
    sums = Sums(tickets=len(wanted))
    alerts: dict[tuple[str, str], list[Told]] = {}
    for one in told:
        if one.kind == "escalation":
            alerts.setdefault((one.helpdesk, one.ticket_id), []).append(one)
    for ticket in wanted:
        known = ticket.helpdesk, ticket.ticket_id
        _judge_ticket(sums, ticket, there[known], emptied=emptied)
        _judge_alerts(sums, ticket, there[known], alerts.get(known, []), kills, emptied=emptied)
    return sums


def _judge_ticket(sums: Sums, wanted: Wanted, there: Mapping[str, Any], *, emptied: bool) -> None:
    name = f"{wanted.helpdesk} {wanted.ticket_id}"
    if not there["severity"]:
        sums.lost += 1
        sums.words.append(f"{name}: was never written to")
        return
    created = datetime.fromisoformat(there["created_at"]).replace(microsecond=0)
    due = created + timedelta(seconds=wanted.allowed)
    answered = there["answered_at"] and datetime.fromisoformat(there["answered_at"])
    states = {"breached"}
    if answered:  # a reply's moment may be known to the minute only
        in_time = answered - due
        states = {"met"} if in_time < timedelta(minutes=-1) else {"met", "breached"}
    found = {
        "severity": (there["severity"], {wanted.severity}),
        "priority": (there["priority"], {PRIORITIES[wanted.severity]}),
        "deadline": (there["deadline"], {f"{due:%Y-%m-%dT%H:%M:%SZ}"}),
        "state": (there["state"], states),
    }
    faults = [
        f"{word} {has}, not {should}" for word, (has, should) in found.items() if has not in should
    ]
    if faults:
        sums.wrong += 1
        sums.words.append(f"{name}: {'; '.join(faults)}")
    notes = [one for one in there["comments"][1:] if one["author"] == "Minutehand"]
    if len(notes) > 1 or any(one["public"] for one in notes):
        sums.written_twice += 1
        # A copy of its first webhook, right after Redis lost the memory that it was the second.
        sums.repeated_notes += emptied and len(notes) == 2
        sums.words.append(f"{name}: {len(notes)} notes")


def _judge_alerts(
    sums: Sums,
    wanted: Wanted,
    there: Mapping[str, Any],
    mine: Sequence[Told],
    kills: Sequence[float],
    *,
    emptied: bool,
) -> None:
    name = f"{wanted.helpdesk} {wanted.ticket_id}"
    counts = Counter((one.channel, one.step) for one in mine)
    extra_of_ticket = sum(count - 1 for count in counts.values())
    for (channel, step), count in counts.items():
        if count == 1:
            continue
        sums.alerted_twice += count - 1
        first = min(one.at for one in mine if (one.channel, one.step) == (channel, step))
        near = any(AROUND_A_KILL[0] <= kill - first <= AROUND_A_KILL[1] for kill in kills)
        if (near and count == 2) or (emptied and extra_of_ticket == 1):
            sums.excused += count - 1
        else:
            sums.words.append(f"{name}: {channel} was told of {step} {count} times")
    if there["answered_at"]:
        return
    last = [one.at for one in mine if one.step == LAST_STEP]
    if not last:
        sums.not_alerted += 1
        sums.words.append(f"{name}: nobody was told of the breach")
        return
    created = datetime.fromisoformat(there["created_at"]).replace(microsecond=0)
    sums.latest = max(sums.latest, min(last) - created.timestamp() - wanted.allowed)
