"""GET / the live list, /board.json what it polls, /tickets/<helpdesk>/<id> one ticket explained.

The pages read and never change anything. They hold moments; countdowns are the browser's, so
that what is polled every second changes only when something happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from worker.escalation import sla_state
from worker.note import NAMES
from worker.record import Line, Settlement, State
from worker.settings import Mode, Settings
from worker.store.switches import Paused
from worker.targets import arithmetic, clock_time, plan_in_words
from worker.tickets import DecidedBy, SlaState, TicketKey, one_line
from worker.timer import Step, Timer, short

OPEN_LIMIT = 200
SETTLED_LIMIT = 20
SUBJECT_LIMIT = 160
BANNERS = {
    Mode.OBSERVE: "nothing is written to the helpdesk, nobody is notified",
    Mode.TAG: "fields and tags are written and alerts are sent; no priority, no internal note",
    Mode.LIVE: "fields, tags, priorities and internal notes are written, alerts are sent",
}


class BoardSource(Protocol):
    """Where the pages read; each call is a fresh reading."""

    def open_states(self, limit: int) -> list[State]:
        """Tickets whose timer runs, earliest deadline first."""
        ...

    def settled_states(self, limit: int) -> list[State]:
        """Tickets whose timer stopped, latest first."""
        ...

    def state(self, key: TicketKey) -> State | None:
        """One ticket's state, or None when it is not known here."""
        ...

    def lines(self, key: TicketKey) -> list[Line]:
        """One ticket's record, oldest first."""
        ...

    def counts(self) -> dict[str, int]:
        """Words and figures for the top of the board: open, breached, answered, ..."""
        ...

    def paused(self) -> Paused | None:
        """Set while an operator keeps everything from being written or alerted."""
        ...

    def warnings(self) -> list[str]:
        """What an operator has to know now, worst first."""
        ...

    def find(self, helpdesk: str, ticket_id: str) -> TicketKey | None:
        """A ticket whose account nobody said."""
        ...


def board(
    source: BoardSource,
    settings: Settings,
    *,
    zone: str = "UTC",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """The pages over a source; moments are shown in `zone`."""
    pages = Blueprint("board", __name__)
    within = "a second" if settings.public_url else "a minute"  # without webhooks, polls

    @pages.get("/")
    def index() -> str:
        now = clock()
        return render_template(
            "board.html", **_content(source, settings, now, zone), now=now, zone=zone, within=within
        )

    @pages.get("/board.json")
    def content() -> Response:
        now = clock()
        answer = jsonify(_content(source, settings, now, zone))
        answer.add_etag()
        answer.make_conditional(request)
        answer.headers.pop("Date", None)  # the server's own follows
        answer.headers["X-Minutehand-Now"] = now.isoformat(timespec="milliseconds")
        return answer

    @pages.get("/tickets/<helpdesk>/<ticket_id>")
    def ticket(helpdesk: str, ticket_id: str) -> Response:
        number, account = ticket_id.lstrip("#"), request.args.get("account", "")
        key = TicketKey(helpdesk, account, number) if account else source.find(helpdesk, number)
        state = source.state(key) if key else None
        if key is None or state is None:
            page = render_template("not_found.html", helpdesk=helpdesk, number=number)
            return make_response(page, HTTPStatus.NOT_FOUND)
        now = clock()
        page = render_template(
            "ticket.html", **explained(state, source.lines(key), now, zone), now=now, zone=zone
        )
        return make_response(page)

    return pages


def _content(source: BoardSource, settings: Settings, now: datetime, zone: str) -> dict[str, Any]:
    counts, paused = source.counts(), source.paused()
    waiting = [row(state, now, zone) for state in source.open_states(OPEN_LIMIT)]
    return {
        "mode": settings.mode.value,
        "paused": paused is not None,
        "banner": _paused_words(paused, now, zone)
        if paused
        else f"MODE {settings.mode}: {BANNERS[settings.mode]}",
        "warnings": [one_line(text, 300) for text in source.warnings()],
        "counts": counts,
        "open": waiting,
        "more": max(0, counts.get("open", 0) - len(waiting)),
        "settled": [row(state, now, zone) for state in source.settled_states(SETTLED_LIMIT)],
    }


def _paused_words(paused: Paused, now: datetime, zone: str) -> str:
    why = f" ({one_line(paused.reason)})" if paused.reason else ""
    return (
        f"PAUSED since {moment(paused.since, now, zone)}{why}: nothing is written to the helpdesk, "
        "nobody is notified; tickets are decided and timers run on. `minutehand resume` ends it."
    )


def row(state: State, now: datetime, zone: str) -> dict[str, Any]:
    """One line of the list: words and moments, ready to be shown as they are."""
    key, decision, timer = state.ticket.key, state.decision, state.timer
    word, tone = standing(state, now)
    return {
        "key": str(key),
        "href": url_for(
            "board.ticket", helpdesk=key.helpdesk, ticket_id=key.id, account=key.account
        ),
        "severity": decision.severity.value if decision else "",
        "severity_name": f"{decision.severity} {NAMES[decision.severity]}" if decision else "none",
        "subject": one_line(state.ticket.subject, SUBJECT_LIMIT) or "(no subject)",
        "where": f"{key.helpdesk} #{key.id}",
        "account": key.account,
        "plan": plan_in_words(timer) if timer else "no target",
        "flags": flags(state),
        "state": word,
        "tone": tone,
        "deadline": timer.deadline.isoformat() if timer and state.running else None,
        "due": f"due {moment(timer.deadline, now, zone)}" if timer else "no deadline",
        "outcome": _outcome(state, now, zone),
        "next": _next(timer, now, zone) if timer and state.running else None,
    }


def standing(state: State, now: datetime) -> tuple[str, str]:
    """How a ticket stands, as a word for people and a tone for the style sheet."""
    if state.settled:
        if state.settled.why is not Settlement.ANSWERED:
            return str(state.settled.why), "over"
        late = state.settled.in_time is False
        return ("answered after the breach", "late") if late else ("answered", "met")
    if state.timer is None:
        return "no target", "over"
    reached = sla_state(state.timer, now)
    if reached is SlaState.BREACHED:
        return "breached", "breached"
    # What stands on the helpdesk's ticket counts too; in observe nothing stands there.
    if SlaState.NEAR in (reached, state.there.state):
        return "breach soon", "soon"
    return "in time", "fine"


def flags(state: State) -> list[str]:
    """What sets a ticket apart, in a word or two each."""
    decision = state.decision
    found = {
        "review": decision and decision.needs_review,
        "depends on Meta": decision and decision.meta_dependency,
        "acknowledged": any(timer.acknowledged for timer in state.timers()),
        "set by a person": decision and decision.by is DecidedBy.PERSON,
        "found by poll": state.recovered,
        "could not be written": state.could_not_write,
    }
    return [text for text, holds in found.items() if holds]


def moment(at: datetime, now: datetime, zone: str) -> str:
    """A time of day, with its date when that is not today's."""
    there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M:%S}" if there.date() == today.date() else f"{there:%d %b %H:%M:%S}"


def _outcome(state: State, now: datetime, zone: str) -> str:
    if state.settled is None:
        return ""
    taken = short(max(timedelta(), state.settled.at - state.ticket.created_at))
    return f"{moment(state.settled.at, now, zone)}, after {taken}"


def _next(timer: Timer, now: datetime, zone: str) -> dict[str, Any] | None:
    at = timer.next_moment()
    if at is None:
        return None
    steps = [step for step in timer.steps if step.next_after(timer.handled_until) == at]
    names = dict.fromkeys(name for step in steps for name in step.notify)
    again = " again" if steps[-1].moment != at else ""
    return {
        "label": f"{steps[-1].label}{again}",
        "who": ", ".join(names) or "nobody",
        "at": f"at {moment(at, now, zone)}",
    }


def explained(state: State, lines: list[Line], now: datetime, zone: str) -> dict[str, Any]:
    """All that the page about one ticket shows."""
    timer, url = state.timer, state.ticket.url
    return {
        "row": row(state, now, zone),
        "state": state,
        "decision": state.decision,
        "names": NAMES,
        "url": url if url and urlsplit(url).scheme in {"http", "https"} else None,
        "arithmetic": arithmetic(timer, zone) if timer else None,
        "steps": [_step(step, state, lines, now, zone) for step in timer.steps] if timer else [],
        "others": [
            {
                "words": other.target.words,
                "arithmetic": arithmetic(other, zone),
                "next": _next(other, now, zone),
            }
            for other in state.others.values()
        ],
        "acknowledged": _acknowledged(state, zone),
        "lines": [(clock_time(line.at, zone), line.what, line.text) for line in lines],
        "read_at": clock_time(state.read_at, zone),
    }


def _acknowledged(state: State, zone: str) -> str | None:
    said = [one.acknowledged for one in state.timers() if one.acknowledged]
    if not said:
        return None
    return f"by {said[0].by}, quiet until {clock_time(said[0].until, zone)}"


def _step(step: Step, state: State, lines: list[Line], now: datetime, zone: str) -> dict[str, Any]:
    """A step with what the record says about it; its repeats (`100% +15m: lead`) count to it."""
    starts = (f"{step.label}:", f"{step.label} +")
    found = [
        f"{moment(line.at, now, zone)} {line.what}: {line.text.removeprefix(starts[0]).strip()}"
        for line in lines
        if line.text.startswith(starts)
    ]
    every = step.repeat_seconds
    return {
        "label": step.label,
        "at": clock_time(step.moment, zone),
        "who": ", ".join(step.notify) or "nobody",
        "again": f"then every {short(timedelta(seconds=every))}" if every else "",
        "happened": found or [_nothing_happened(step, state)],
    }


def _nothing_happened(step: Step, state: State) -> str:
    if state.timer and step.moment <= state.timer.handled_until:
        return "passed"
    return f"not needed: {state.settled.why}" if state.settled else "planned"
