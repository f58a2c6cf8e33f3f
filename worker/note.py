"""The one internal note that agents find on a P1, a P2 or a ticket that asks for a review. Pure."""

from __future__ import annotations

from worker.record import State
from worker.targets import arithmetic, clock_time, plan_in_words
from worker.tickets import DecidedBy, Severity, one_line

NAMES = {
    Severity.P1: "Urgent",
    Severity.P2: "High",
    Severity.P3: "Medium",
    Severity.P4: "Low",
}
"""The names of the severities for people."""


def internal_note(state: State, zone: str) -> str | None:
    """Plain text for agents, or None when this ticket gets no note. Never public."""
    decision, timer = state.decision, state.timer
    if decision is None or decision.by is DecidedBy.PERSON:
        return None
    if decision.severity not in {Severity.P1, Severity.P2} and not decision.needs_review:
        return None
    lines = [f"Minutehand: {decision.severity} {NAMES[decision.severity]}"]
    if timer:
        lines += [
            f"First response due {clock_time(timer.deadline, zone)}",
            f"{arithmetic(timer, zone)}, {plan_in_words(timer)}",
        ]
    lines.append(f"Why ({decision.confidence} confidence):")
    for reason in decision.reasons:
        quote = f': "{one_line(reason.quote)}"' if reason.quote else ""
        lines.append(f"- {reason.text}{quote}")
    if decision.ignored:
        lines.append(f"Not heard: {', '.join(decision.ignored)}")
    if decision.meta_dependency:
        lines.append("Depends on Meta: the resolution may take longer; the first response may not.")
    if decision.needs_review:
        lines.append("Please review: clear the field SLA review to confirm.")
    lines.append("To overrule, set the field SLA severity or the priority; the deadline follows.")
    return "\n".join(lines)
