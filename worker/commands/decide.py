"""The commands that decide a ticket's severity without any helpdesk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import click

from worker.errors import Misconfigured
from worker.note import NAMES
from worker.settings import Settings
from worker.severity import Rubric, decide
from worker.targets import arithmetic, plan_in_words, start_timer
from worker.tickets import Decision, Reason, Ticket, TicketKey, one_line
from worker.wiring import policy_from


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
def classify(file: TextIO) -> None:
    """Decide tickets: JSON lines in, JSON lines out.

    Example: echo '{"subject": "All sites are down", "body": ""}' | minutehand classify -
    """
    rubric = Rubric.of(policy_from(Settings.from_environment()))
    for line in [_answer(row, rubric) for row in _rows(file)]:
        click.echo(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))


@click.command()
@click.argument("text")
@click.option("--plan", help="The customer's plan; default: the policy's default plan.")
def simulate(text: str, plan: str | None) -> None:
    """Show what would happen to a ticket with this text, created now.

    Example: minutehand simulate "Nobody can send messages since 9:40" --plan pro
    """
    found = policy_from(Settings.from_environment())
    if plan is not None and plan not in found.plans:
        raise Misconfigured(f"there is no plan {plan!r}; plans are: {', '.join(found.plans)}")
    now = datetime.now(UTC).replace(microsecond=0)
    decision = decide("", text, Rubric.of(found))
    ticket = Ticket(key=TicketKey("simulated", "here", "1"), subject=text, created_at=now)
    timer = start_timer(
        ticket,
        decision,
        found.model_copy(update={"default_plan": plan}) if plan else found,
    )
    for line in decision_lines(decision):
        click.echo(line)
    if timer is None:
        click.echo("no first-response target in this plan")
        return
    words = f"plan {plan}" if plan else plan_in_words(timer)
    click.echo(f"{arithmetic(timer, found.time_zone)}, {words}")
    for step in timer.steps:
        known = [
            name if name in found.channels else f"{name} (not configured)" for name in step.notify
        ]
        again = f", then every {step.repeat_seconds} s" if step.repeat_seconds else ""
        click.echo(f"  {step.label:>5}  {step.moment:%H:%M:%S} UTC  {', '.join(known)}{again}")


def _rows(file: TextIO) -> Iterator[dict[str, Any]]:
    try:
        lines = file.readlines()
    except UnicodeDecodeError:
        raise Misconfigured("the input is not UTF-8 text") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise Misconfigured(f"line {number}: not JSON") from None
        if not isinstance(row, dict):
            raise Misconfigured(f"line {number}: not a JSON object")
        for key in ("subject", "body"):
            if not isinstance(row.get(key, ""), str | None):
                raise Misconfigured(f"line {number}: {key} is not text")
        yield row


def _answer(row: dict[str, Any], rubric: Rubric) -> dict[str, Any]:
    decision = decide(row.get("subject") or "", row.get("body") or "", rubric)
    rest = {key: value for key, value in row.items() if key not in {"subject", "body"}}
    return rest | {
        "severity": decision.severity,
        "confidence": decision.confidence,
        "needs_review": decision.needs_review,
        "meta_dependency": decision.meta_dependency,
        "reasons": [_reason(reason) for reason in decision.reasons],
    }


def decision_lines(decision: Decision) -> Iterator[str]:
    """A decision for the terminal, with its reasons and what was not heard."""
    review = ", asks for a review" if decision.needs_review else ""
    meta = ", depends on Meta" if decision.meta_dependency else ""
    name = NAMES[decision.severity]
    yield f"{decision.severity} {name} ({decision.confidence} confidence{review}{meta})"
    for reason in decision.reasons:
        yield f"  because {_reason(reason)}"
    if decision.runner_up:
        yield f"  runner-up: {decision.runner_up}"
    if decision.ignored:
        yield f"  ignored: {', '.join(decision.ignored)}"


def _reason(reason: Reason) -> str:
    return f'{reason.text}: "{one_line(reason.quote)}"' if reason.quote else reason.text
