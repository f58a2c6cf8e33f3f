"""The page about one ticket: everything explained, and only operators act."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pages import HOSTILE, NOW, Pages, a_state, settled
from redis import Redis

from worker.events import EventKind
from worker.record import Line, Settlement
from worker.store import keys
from worker.store.keys import Kind, Member
from worker.tickets import Customer, DecidedBy, Reason, Severity, Target
from worker.timer import Acknowledged

PATH = "/tickets/zendesk/5158"


def test_one_ticket_is_explained(pages: Pages) -> None:
    state = a_state(
        decided={"runner_up": Severity.P2, "needs_review": True, "ignored": ("14 quoted lines",)},
        ticket={
            "url": "https://acme.zendesk.com/x/5158",
            "subject": "Help",
            "body": "Since nine\nnobody can  send anything.",
        },
    )
    pages.put(state)
    pages.record(
        state.ticket.key,
        Line(at=NOW - timedelta(minutes=20), what="sent", text="0%: oncall"),
        Line(at=NOW - timedelta(minutes=20), what="skipped", text="0%: no channel lead"),
        Line(at=NOW, what="said", text="a bot's comment is not a first response"),
    )

    html = pages.get(PATH)

    for words in (
        "Why P1 Urgent",
        '<li>everyone is affected: <q dir="auto">nobody can send</q></li>',
        "<mark>nobody can  send</mark> anything.",
        "<dd>the rubric</dd>",
        "<dd>high</dd>",
        "<dd>P2 High</dd>",
        "<dd>14 quoted lines</dd>",
        "created 16:40:00 + 45m = 17:25:00 UTC",
        "plan pro: nothing says it, so the default is assumed",
        "notifies oncall, lead, then every 15m",
        "<li>16:40:00 sent: oncall</li>",
        "<li>16:40:00 skipped: no channel lead</li>",
        "<li>planned</li>",
        '<li class="next">',
        "a bot&#39;s comment is not a first response",
        'href="https://acme.zendesk.com/x/5158"',
        "Open in Zendesk",
    ):
        assert words in html


def test_what_says_the_plan_is_said(redis: Redis, tmp_path: Path) -> None:
    policy = """
[plans.pro]
first_response = { P1 = "45m" }
[plans.gold]
first_response = { P1 = "45m" }
organizations = ["Rossi"]
tags = ["vip"]
"""
    pages = Pages(redis, tmp_path, policy=policy)
    listed = a_state("1", plan="gold", customer=Customer(name="Rossi"))
    tagged = a_state("2", plan="gold", ticket={"tags": ("vip",)})
    unknown = a_state("3", plan_known=False)
    pages.put(listed, tagged, unknown)

    said = {number: pages.get(f"/tickets/zendesk/{number}") for number in "123"}

    assert "plan gold: the policy lists this organisation" in said["1"]
    assert "plan gold: a tag says so" in said["2"]
    assert "plan unknown, pro assumed: nothing says it" in said["3"]


def test_a_persons_severity_tells_what_the_rubric_said(pages: Pages) -> None:
    pages.put(a_state(decided={"by": DecidedBy.PERSON, "rubric": "P3"}))

    assert "<dd>a person, where the rubric said P3 Medium</dd>" in pages.get(PATH)


def test_a_repeat_counts_to_its_step_and_100_is_not_10(pages: Pages) -> None:
    state = a_state(minutes_left=-20)
    pages.put(state)
    pages.record(state.ticket.key, Line(at=NOW, what="sent", text="100% +15m: lead"))

    html = pages.get(PATH)

    assert html.count("17:00:00 sent: 100% +15m: lead") == 1
    assert html.count("<li>passed</li>") == 3


def test_a_settled_ticket_needs_no_further_steps_and_no_action(pages: Pages) -> None:
    pages.put(settled("5158", Settlement.ANSWERED, in_time=True))

    html = pages.get(PATH)

    assert "not needed: answered" in html
    assert "data-deadline" not in html
    assert "<button formaction" not in html
    assert "Nobody is waiting any more." in html


def test_a_ticket_without_decision_or_target_is_explained_too(pages: Pages) -> None:
    pages.put(a_state(decision=None, timer=None))

    html = pages.get(PATH)

    assert "No severity has been decided yet." in html
    assert "No first-response target" in html


def test_an_erased_ticket_says_so_and_nothing_else(pages: Pages) -> None:
    pages.put(a_state(forgotten=True, ticket={"subject": "", "body": ""}))

    assert "The text of this ticket was erased." in pages.get(PATH)


def test_a_ticket_is_found_with_its_account_or_a_hash_sign(pages: Pages) -> None:
    pages.put(a_state())

    assert pages.get(f"{PATH}?account=acme")
    assert pages.get("/tickets/zendesk/%235158")


@pytest.mark.parametrize(
    "path", [f"{PATH}?account=other", "/tickets/freshdesk/5158", "/tickets/x/%3Cb%3E"]
)
def test_an_unknown_ticket_is_404_with_what_to_check(pages: Pages, path: str) -> None:
    pages.put(a_state())

    answer = pages.client.get(path)

    assert answer.status_code == 404
    assert "is not known here" in answer.text
    assert "START_FROM" in answer.text
    assert "<b>" not in answer.text
    assert pages.client.get(f"/live{path}").status_code == 404


def test_the_live_part_is_304_until_something_happens(pages: Pages) -> None:
    state = a_state()
    pages.put(state)
    first = pages.client.get(f"/live{PATH}")
    etag = first.headers["ETag"]

    again = pages.client.get(f"/live{PATH}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    pages.record(state.ticket.key, Line(at=NOW, what="sent", text="0%: oncall"))
    assert pages.client.get(f"/live{PATH}", headers={"If-None-Match": etag}).status_code == 200


# What an operator may do ----------------------------------------------------------------------


def act(pages: Pages, action: str, **form: str) -> str:
    """Submit one of the page's forms; what the next page says."""
    sent = {"csrf": pages.token(PATH), "name": "Ann Lee", **form}
    answer = pages.client.post(f"{PATH}/{action}?account=acme", data=sent)
    assert answer.status_code == 303, answer.text
    return pages.get(answer.location)


@pytest.mark.parametrize(
    ("action", "form", "kind", "value", "said"),
    [
        ("acknowledge", {}, EventKind.ACKNOWLEDGED, None, "Acknowledged by Ann Lee."),
        ("severity", {"severity": "P3"}, EventKind.SEVERITY_CHOSEN, "P3", "Set to P3 by Ann Lee."),
        ("confirm", {}, EventKind.CONFIRMED, None, "Confirmed by Ann Lee."),
        ("stop", {}, EventKind.STOPPED, None, "Stopped by Ann Lee."),
    ],
)
def test_what_an_operator_says_goes_the_way_a_webhook_goes(
    pages: Pages, action: str, form: dict[str, str], kind: EventKind, value: str | None, said: str
) -> None:
    state = a_state(decided={"needs_review": True})
    pages.put(state)

    page = act(pages, action, **form)

    assert said in page
    assert 'value="Ann Lee"' in page  # asked only once
    (event,) = pages.parts.records.inbox(state.ticket.key)
    assert (event.kind, event.now, event.actor) == (kind, value, "Ann Lee")
    assert pages.redis.zscore(keys.DUE, str(Member(Kind.EVENT, str(state.ticket.key))))


def test_a_message_is_said_once(pages: Pages) -> None:
    pages.put(a_state())

    assert 'class="done"' in act(pages, "acknowledge")
    assert 'class="done"' not in pages.get(PATH)


def test_an_acknowledgement_is_of_the_target_that_runs(pages: Pages) -> None:
    state = settled("5158", Settlement.ANSWERED, in_time=True)
    assert state.timer
    waits = state.timer.model_copy(update={"target": Target.NEXT_REPLY})
    pages.put(state.model_copy(update={"others": {Target.NEXT_REPLY: waits}}))

    act(pages, "acknowledge")

    (event,) = pages.parts.records.inbox(state.ticket.key)
    assert event.field == "next_reply"


@pytest.mark.parametrize(
    ("action", "form", "facts", "said"),
    [
        ("acknowledge", {"name": " "}, {}, "Please say who you are"),
        ("severity", {"severity": "P9"}, {}, "Please choose one of the severities."),
        ("confirm", {}, {}, "no review is asked for"),
        ("retry", {}, {}, "nothing failed to be written"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_done(
    pages: Pages, action: str, form: dict[str, str], facts: dict[str, Any], said: str
) -> None:
    state = a_state(**facts)
    pages.put(state)

    page = act(pages, action, **form)

    assert said in page
    assert 'class="fault" role="alert"' in page
    assert pages.parts.records.inbox(state.ticket.key) == []


@pytest.mark.parametrize("set_aside", [True, False])
def test_a_failed_write_is_due_again_and_nothing_else_is(pages: Pages, *, set_aside: bool) -> None:
    state = a_state(could_not_write="the form wants a field")
    pages.put(state)
    write = str(Member(Kind.WRITE, str(state.ticket.key)))
    if set_aside:
        pages.redis.hset(keys.FAILED, write, '{"reason": "x", "at": 1}')
    pages.redis.hset(keys.FAILED, "send:another", '{"reason": "x", "at": 1}')

    assert "It is written again now" in act(pages, "retry")

    assert pages.redis.zscore(keys.DUE, write)
    assert pages.redis.hkeys(keys.FAILED) == ["send:another"]


def test_only_actions_that_make_sense_are_offered(pages: Pages) -> None:
    pages.put(a_state())
    plain = pages.get(PATH)
    pages.put(a_state(could_not_write="refused", decided={"needs_review": True}))
    doubtful = pages.get(PATH)

    assert "/acknowledge?account=acme" in plain
    assert "/confirm?" not in plain
    assert "/retry?" not in plain
    assert "/confirm?" in doubtful
    assert "/retry?" in doubtful


def test_without_the_forms_own_token_nothing_is_done(pages: Pages) -> None:
    state = a_state()
    pages.put(state)
    pages.get(PATH)

    for form in ({"name": "Mallory"}, {"name": "Mallory", "csrf": "guessed"}):
        answer = pages.client.post(f"{PATH}/stop?account=acme", data=form)
        assert answer.status_code == 400
        assert "Nothing was done" in answer.text
    assert pages.parts.records.inbox(state.ticket.key) == []


def test_unknown_actions_and_tickets_are_404_and_get_acts_never(pages: Pages) -> None:
    state = a_state()
    pages.put(state)
    form = {"csrf": pages.token(PATH), "name": "Ann"}

    assert pages.client.post(f"{PATH}/delete?account=acme", data=form).status_code == 404
    assert pages.client.post("/tickets/zendesk/1/stop", data=form).status_code == 404
    assert pages.client.get(f"{PATH}/stop?account=acme").status_code == 405
    assert pages.parts.records.inbox(state.ticket.key) == []


def a_viewer(redis: Redis, folder: Path) -> Pages:
    pages = Pages(redis, folder, BOARD_PASSWORD="act", BOARD_VIEWER_PASSWORD="look")
    sign_in(pages, "look")
    return pages


def sign_in(pages: Pages, password: str) -> None:
    form = {"csrf": pages.token("/sign-in"), "password": password, "next": "/"}
    assert pages.client.post("/sign-in", data=form).status_code == 303


def test_a_viewer_sees_everything_and_can_do_nothing(redis: Redis, tmp_path: Path) -> None:
    pages = a_viewer(redis, tmp_path)
    state = a_state(could_not_write="refused", decided={"needs_review": True})
    pages.put(state)

    html = pages.get(PATH)
    assert "<button formaction" not in html
    assert "You are signed in as a viewer" in html

    with pages.client.session_transaction() as session:
        token = session["csrf"]
    for action in ("acknowledge", "severity", "confirm", "stop", "retry"):
        form = {"csrf": token, "name": "Eve", "severity": "P4"}
        answer = pages.client.post(f"{PATH}/{action}?account=acme", data=form)
        assert answer.status_code == 403
        assert "Only operators may do this" in answer.text
    assert pages.parts.records.inbox(state.ticket.key) == []
    assert pages.redis.zscore(keys.DUE, str(Member(Kind.WRITE, str(state.ticket.key)))) is None


def test_an_operator_signs_in_and_acts(redis: Redis, tmp_path: Path) -> None:
    pages = Pages(redis, tmp_path, BOARD_PASSWORD="act", BOARD_VIEWER_PASSWORD="look")
    sign_in(pages, "act")
    pages.put(a_state())

    assert "Acknowledged by Ann Lee." in act(pages, "acknowledge")


# Hostile text ---------------------------------------------------------------------------------

HOSTILE_TEXTS = {
    "script": HOSTILE,
    "huge": "<b>" + "A" * 100_000,
    "turned": "\u202egnp.\u2066exe\u2069\u200f",
    "null": "a\x00b\x08c\x1b[31m",
    "template": "{{ 7777*7777 }}{% raw %}{0}{name}",
    "ends": "</textarea></title></script><!-- ]]>",
}


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_hostile_text_is_inert_on_every_page(pages: Pages, text: str) -> None:
    state = a_state(
        ticket={"subject": text, "body": text, "url": "javascript:alert(1)", "assignee": text[:99]},
        decided={"reasons": (Reason(text=text, quote=text),), "ignored": (text[:200],)},
        could_not_write=text,
        customer=Customer(name=text),
        plan=text[:200],
        acknowledged=Acknowledged(by=text, at=NOW, until=NOW + timedelta(hours=1)),
        others={},
    )
    pages.put(state)
    pages.record(state.ticket.key, Line(at=NOW, what="said", text=f"50%: {text}"))
    pages.parts.switches.pause(text, NOW)
    pages.redis.hset(keys.names("zendesk/acme"), text[:99], text)

    for path in ("/", "/live/board", PATH, f"/live{PATH}"):
        html = pages.get(path)
        assert len(html) < 150_000
        for bad in (
            "<script>alert",
            "<img src=x",
            "javascript:",
            "<b>A",
            "</textarea>",
            "60481729",
        ):
            assert bad not in html
        for mark in "\u202e\u2066\u2069\u200f\x00\x08\x1b":
            assert mark not in html
        assert html.count("<title>") <= 1
        assert "{0}{name}" in html or "{0}" not in text


def test_pages_run_only_their_own_script_and_stay_in_no_cache(pages: Pages) -> None:
    pages.put(a_state())
    for path in ("/", "/live/board", PATH, "/tickets/zendesk/1", "/nothing"):
        answer = pages.client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.text.count("<script") == answer.text.count("<script src=")
        for inline in ("<style", " style=", " onclick", " onload"):
            assert inline not in answer.text


def test_the_script_and_the_style_are_served(pages: Pages) -> None:
    for name in ("live.js", "pages.css", "icon.svg"):
        with pages.client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200
