from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import a_ticket
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webhooks.board import board
from webhooks.sign_in import protect
from worker.record import Line, Settled, Settlement, State
from worker.settings import Mode, Settings
from worker.store.switches import Paused
from worker.tickets import (
    Changes,
    Confidence,
    DecidedBy,
    Decision,
    Reason,
    Severity,
    SlaState,
    TicketKey,
)
from worker.timer import Step, Timer

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e\x00'


def a_state(number: str = "5158", *, minutes_left: float = 25, **facts: Any) -> State:
    """A P1 with 45 minutes, and steps at 0, 50, 75 and 100 %."""
    deadline = NOW + timedelta(minutes=minutes_left)
    created = deadline - timedelta(minutes=45)
    labels = {"0%": 0.0, "50%": 22.5, "75%": 33.75, "100%": 45.0}
    timer = Timer(
        created_at=created,
        allowed_seconds=45 * 60,
        deadline=deadline,
        plan="pro",
        plan_known=facts.pop("plan_known", True),
        steps=tuple(
            Step(
                label=label,
                moment=created + timedelta(minutes=minutes),
                notify=("oncall", "lead"),
                state=SlaState.NEAR if 0 < minutes < 45 else None,
                repeat_seconds=900 if minutes == 45 else None,
            )
            for label, minutes in labels.items()
        ),
        handled_until=NOW,
    )
    decided = {
        "severity": Severity.P1,
        "confidence": Confidence.HIGH,
        "reasons": (Reason(text="everyone is affected", quote="nobody can send"),),
        **facts.pop("decided", {}),
    }
    key = TicketKey(facts.pop("helpdesk", "zendesk"), "acme", number)
    ticket = a_ticket(key=key, created_at=created, **facts.pop("ticket", {}))
    return State(
        **{
            "ticket": ticket,
            "read_at": NOW,
            "decision": Decision(**decided),
            "timer": timer,
            **facts,
        }
    )


def settled(number: str, why: Settlement, *, in_time: bool | None = None) -> State:
    return a_state(number, settled=Settled(why=why, at=NOW, in_time=in_time))


class Source:
    """A board source in lists."""

    def __init__(self, *states: State) -> None:
        self.states = list(states)
        self.record: list[Line] = []
        self.warned: list[str] = []
        self.halted: Paused | None = None
        self.figures = {"breached": 1, "answered": 12}

    def open_states(self, limit: int) -> list[State]:
        return [state for state in self.states if state.settled is None][:limit]

    def settled_states(self, limit: int) -> list[State]:
        return [state for state in self.states if state.settled][:limit]

    def state(self, key: TicketKey) -> State | None:
        return next((state for state in self.states if state.ticket.key == key), None)

    def lines(self, key: TicketKey) -> list[Line]:
        return self.record

    def counts(self) -> dict[str, int]:
        return {"open": len(self.open_states(10_000)), **self.figures}

    def paused(self) -> Paused | None:
        return self.halted

    def warnings(self) -> list[str]:
        return self.warned

    def find(self, helpdesk: str, ticket_id: str) -> TicketKey | None:
        keys = (state.ticket.key for state in self.states)
        return next((key for key in keys if (key.helpdesk, key.id) == (helpdesk, ticket_id)), None)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def a_client(source: Source, clock: Clock | None = None, **facts: Any) -> FlaskClient:
    settings = Settings(**{"demo": True, "public_url": "http://127.0.0.1:8000", **facts})
    app = Flask("webhooks")
    app.register_blueprint(board(source, settings, clock=clock or Clock()))
    protect(app, settings, "a key of thirty-two characters..")
    return app.test_client()


def page(source: Source, path: str = "/", **facts: Any) -> str:
    answer = a_client(source, **facts).get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def content(source: Source, clock: Clock | None = None, **facts: Any) -> Any:
    return a_client(source, clock, **facts).get("/board.json").json


def the_row(state: State, clock: Clock | None = None) -> Any:
    (row,) = content(Source(state), clock)["open"]
    return row


def test_the_earliest_deadline_comes_first_as_the_source_says() -> None:
    html = page(Source(a_state("111", minutes_left=3), a_state("222", minutes_left=30)))
    assert html.index("#111") < html.index("#222")


def test_a_row_says_severity_ticket_state_deadline_and_next_step() -> None:
    row = the_row(a_state(ticket={"subject": "Nobody can send"}))
    assert row["severity_name"] == "P1 Urgent"
    assert row["subject"] == "Nobody can send"
    assert row["where"] == "zendesk #5158"
    assert row["href"] == "/tickets/zendesk/5158?account=acme"
    assert row["state"] == "in time"
    assert row["deadline"] == "2026-11-23T17:25:00+00:00"
    assert row["due"] == "due 17:25:00"
    assert row["next"] == {"label": "50%", "who": "oncall, lead", "at": "at 17:02:30"}


def test_the_page_shows_the_same_row_without_javascript() -> None:
    html = page(Source(a_state(ticket={"subject": "Nobody can send"})))
    for words in ("P1 Urgent", "Nobody can send", "zendesk #5158", "in time", "due 17:25:00"):
        assert words in html
    assert 'href="/tickets/zendesk/5158?account=acme"' in html
    assert "50% &rarr; oncall, lead" in html


@pytest.mark.parametrize(
    ("severity", "name"),
    [("P1", "P1 Urgent"), ("P2", "P2 High"), ("P3", "P3 Medium"), ("P4", "P4 Low")],
)
def test_a_severity_is_always_in_words(severity: str, name: str) -> None:
    assert the_row(a_state(decided={"severity": severity}))["severity_name"] == name


@pytest.mark.parametrize(
    ("minutes_left", "word", "tone"),
    [(25, "in time", "fine"), (22.5, "breach soon", "soon"), (0, "breached", "breached")],
)
def test_the_state_follows_from_the_steps_and_the_deadline(
    minutes_left: float, word: str, tone: str
) -> None:
    row = the_row(a_state(minutes_left=minutes_left))
    assert (row["state"], row["tone"]) == (word, tone)


def test_a_near_sla_state_on_the_helpdesks_ticket_is_breach_soon_here() -> None:
    assert the_row(a_state(there=Changes(state=SlaState.NEAR)))["state"] == "breach soon"


def test_after_the_deadline_the_next_step_is_a_repeat() -> None:
    row = the_row(a_state(minutes_left=-3))
    assert row["next"] == {"label": "100% again", "who": "oncall, lead", "at": "at 17:12:00"}


@pytest.mark.parametrize(
    ("why", "in_time", "word"),
    [
        (Settlement.ANSWERED, True, "answered"),
        (Settlement.ANSWERED, False, "answered after the breach"),
        (Settlement.CLOSED_WITHOUT_REPLY, None, "closed without reply"),
        (Settlement.MERGED, None, "merged"),
        (Settlement.SPAM, None, "spam"),
    ],
)
def test_settled_tickets_are_below_with_their_reason(
    why: Settlement, *, in_time: bool | None, word: str
) -> None:
    source = Source(a_state("111"), settled("222", why, in_time=in_time))
    (row,) = content(source)["settled"]
    assert (row["state"], row["outcome"]) == (word, "17:00:00, after 20m")
    html = page(source)
    assert html.index("#111") < html.index("Last settled") < html.index("#222")


def test_what_sets_a_ticket_apart_is_flagged() -> None:
    decided = {"needs_review": True, "meta_dependency": True, "by": DecidedBy.PERSON}
    row = the_row(a_state(decided=decided, plan_known=False, could_not_write="refused"))
    assert row["flags"] == ["review", "depends on Meta", "set by a person", "could not be written"]
    assert row["plan"] == "plan unknown, pro assumed"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.OBSERVE, "MODE observe: nothing is written to the helpdesk, nobody is notified"),
        (Mode.TAG, "MODE tag: "),
        (Mode.LIVE, "MODE live: "),
    ],
)
def test_the_banner_says_the_mode(mode: Mode, words: str) -> None:
    assert words in page(Source(), mode=mode)


def test_a_pause_is_said_in_the_banner_in_every_mode() -> None:
    source = Source()
    source.halted = Paused(since=NOW, reason="maintenance <b>")

    said = page(source, mode=Mode.LIVE)

    assert 'class="banner paused"' in said
    assert "(maintenance &lt;b&gt;): nothing is written to the helpdesk" in said
    assert content(source)["paused"] is True
    assert content(Source())["paused"] is False


def test_warnings_are_shown() -> None:
    source = Source()
    source.warned = ["P1 alerts reach nobody: no channel"]
    assert "<li>P1 alerts reach nobody: no channel</li>" in page(source)
    assert content(source)["warnings"] == source.warned


def test_an_empty_board_says_so_honestly() -> None:
    said = "No ticket is waiting. New ones appear here within a second."
    assert f'<p id="empty" class="empty">{said}</p>' in page(Source())
    assert "within a minute." in page(Source(), public_url=None)
    assert f'<p id="empty" class="empty" hidden>{said}</p>' in page(Source(a_state()))


def test_what_the_list_leaves_out_is_counted() -> None:
    source = Source(*(a_state(str(number)) for number in range(205)))
    found = content(source)
    assert (len(found["open"]), found["more"]) == (200, 5)
    assert "and <span>5</span> more with later deadlines" in page(source)


def test_hostile_text_is_escaped_on_every_page() -> None:
    state = a_state(
        ticket={"subject": HOSTILE, "url": "javascript:alert(1)"},
        decided={"reasons": (Reason(text=HOSTILE, quote=HOSTILE),)},
        could_not_write=HOSTILE,
    )
    source = Source(state)
    source.warned = [HOSTILE]
    source.record = [Line(at=NOW, what="said", text=f"50%: {HOSTILE}")]
    for html in (page(source), page(source, "/tickets/zendesk/5158")):
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "javascript:" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert a_client(source).get("/board.json").content_type == "application/json"


def test_a_missing_subject_can_still_be_clicked() -> None:
    assert the_row(a_state(ticket={"subject": " \u202e"}))["subject"] == "(no subject)"


def poll(client: FlaskClient, etag: str) -> TestResponse:
    return client.get("/board.json", headers={"If-None-Match": etag})


def test_nothing_new_is_304_however_much_time_passes_until_something_changes() -> None:
    clock, source = Clock(), Source(a_state(minutes_left=25))
    client = a_client(source, clock)
    first = client.get("/board.json")
    clock.now = NOW + timedelta(seconds=149)
    again = poll(client, first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["X-Minutehand-Now"] == "2026-11-23T17:02:29.000+00:00"
    clock.now = NOW + timedelta(seconds=150)  # 50 %: breach soon
    assert poll(client, first.headers["ETag"]).status_code == 200
    clock.now = NOW
    source.states.append(a_state("6000"))
    assert poll(client, first.headers["ETag"]).status_code == 200


def test_pages_run_only_their_own_script_and_stay_in_no_cache() -> None:
    client = a_client(Source(a_state()))
    for path in ("/", "/board.json", "/tickets/zendesk/5158", "/tickets/zendesk/1", "/nothing"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/tickets/zendesk/5158", "/tickets/zendesk/1"])
def test_no_page_has_inline_script_or_style(path: str) -> None:
    html = a_client(Source(a_state())).get(path).get_data(as_text=True)
    assert html.count("<script") == html.count("<script src=")
    for inline in ("<style", " style=", " onclick", " onload"):
        assert inline not in html


def test_the_script_and_the_style_are_served() -> None:
    client = a_client(Source())
    for name in ("board.js", "board.css", "icon.svg"):
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200


def test_one_ticket_is_explained() -> None:
    decided = {"runner_up": Severity.P2, "needs_review": True}
    source = Source(a_state(decided=decided, ticket={"url": "https://acme.zendesk.com/x/5158"}))
    source.record = [
        Line(at=NOW - timedelta(minutes=20), what="sent", text="0%: oncall"),
        Line(at=NOW - timedelta(minutes=20), what="skipped", text="0%: no channel lead"),
        Line(at=NOW, what="said", text="a bot's comment is not a first response"),
    ]
    html = page(source, "/tickets/zendesk/5158")
    for words in (
        "Why P1 Urgent",
        "everyone is affected: <q>nobody can send</q>",
        "<dd>the rubric</dd>",
        "<dd>high</dd>",
        "<dd>P2 High</dd>",
        "created 16:40:00 + 45m = 17:25:00 UTC",
        "plan pro",
        "2026-11-23 17:02:30 UTC",
        "notifies oncall, lead, then every 15m",
        "<li>16:40:00 sent: oncall</li>",
        "<li>16:40:00 skipped: no channel lead</li>",
        "<li>planned</li>",
        "a bot&#39;s comment is not a first response",
        'href="https://acme.zendesk.com/x/5158"',
        "Open in Zendesk",
    ):
        assert words in html


def test_an_assumed_plan_is_said() -> None:
    html = page(Source(a_state(plan_known=False)), "/tickets/zendesk/5158")
    assert "plan unknown, pro assumed" in html


def test_a_repeat_counts_to_its_step_and_100_is_not_10() -> None:
    source = Source(a_state(minutes_left=-20))
    source.record = [Line(at=NOW, what="sent", text="100% +15m: lead")]
    html = page(source, "/tickets/zendesk/5158")
    assert html.count("17:00:00 sent: 100% +15m: lead") == 1
    assert html.count("<li>passed</li>") == 3


def test_a_settled_ticket_needs_no_further_steps() -> None:
    html = page(Source(settled("5158", Settlement.ANSWERED, in_time=True)), "/tickets/zendesk/5158")
    assert "not needed: answered" in html
    assert "data-deadline" not in html


def test_a_ticket_without_decision_or_target_is_explained_too() -> None:
    html = page(Source(a_state(decision=None, timer=None)), "/tickets/zendesk/5158")
    assert "No severity has been decided yet." in html
    assert "No first-response target" in html


def test_a_ticket_is_found_with_its_account_or_a_hash_sign() -> None:
    source = Source(a_state())
    assert page(source, "/tickets/zendesk/5158?account=acme")
    assert page(source, "/tickets/zendesk/%235158")


@pytest.mark.parametrize(
    "path", ["/tickets/zendesk/5158?account=other", "/tickets/freshdesk/5158", "/tickets/x/%3Cb%3E"]
)
def test_an_unknown_ticket_is_404_with_what_to_check(path: str) -> None:
    answer = a_client(Source(a_state())).get(path)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "is not known here" in html
    assert "START_FROM" in html
    assert "<b>" not in html


def test_moments_are_shown_in_the_zone_that_was_asked_for() -> None:
    settings = Settings(demo=True)
    app = Flask("webhooks")
    source = Source(a_state(), a_state("2", minutes_left=600))
    app.register_blueprint(board(source, settings, zone="Europe/Madrid", clock=Clock()))
    protect(app, settings, "")
    html = app.test_client().get("/").get_data(as_text=True)
    assert "due 18:25:00" in html
    assert "due 24 Nov 04:00:00" in html
    assert "Times are Europe/Madrid." in html
