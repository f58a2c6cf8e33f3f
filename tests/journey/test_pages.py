"""The pages in a real browser, over the whole product in real processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from stack import Stack, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
OUTAGE = "Everything is down, nobody can log in and there is no workaround"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
P1_SECONDS = 14
A_SECOND = 1.0
"""Helpdesks tell the moment of a creation without its fraction."""
POLICY = f"""
[plans.pro]
first_response = {{ P1 = "{P1_SECONDS}s", P2 = "1h", P3 = "2h", P4 = "3h" }}
[poll]
met_every = "1s"
[channels.oncall]
type = "webhook"
url = "${{RECEIVER_URL}}"
[channels.lead]
type = "webhook"
url = "${{RECEIVER_URL}}"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("pages"), POLICY)
    made.environment["PUBLIC_URL"] = made.url
    with made as running:
        yield running


def escalations(stack: Stack, ticket_id: str) -> list[dict[str, Any]]:
    told = stack.receiver.alerts("zendesk", ticket_id)
    return [body for _, body in told if body["type"] == "escalation"]


def a_row(page: Page, ticket_id: str) -> Any:
    return page.get_by_role("row").filter(has_text=f"#{ticket_id}")


def test_a_new_ticket_shows_within_two_seconds_turns_near_then_breached(
    stack: Stack, page: Page
) -> None:
    page.goto(stack.url)
    page.evaluate("window.neverReloaded = true")

    created = time.monotonic()
    ticket_id = stack.create("zendesk", OUTAGE)
    row = a_row(page, ticket_id)
    expect(row).to_contain_text("P1 Urgent", timeout=2000)
    assert time.monotonic() - created < 3
    expect(row).to_contain_text("in time")

    expect(row).to_contain_text("breach soon", timeout=P1_SECONDS * 1000)
    assert time.monotonic() - created >= P1_SECONDS / 2 - A_SECOND
    expect(row.locator(".count")).to_contain_text("0:0")
    expect(row).to_contain_text("breached", timeout=P1_SECONDS * 1000)
    expect(row.locator(".count")).to_contain_text("ago")
    assert time.monotonic() - created >= P1_SECONDS - A_SECOND
    assert page.title().startswith("(")

    reply = {"by": "agent", "public": True, "body": "We are on it."}
    stack.control("post", f"/tickets/zendesk/{ticket_id}/reply", reply)
    expect(row).to_contain_text("answered after the breach", timeout=8000)
    assert page.evaluate("window.neverReloaded")


def test_acknowledging_on_the_tickets_page_stops_the_steps_before_the_breach(
    stack: Stack, page: Page
) -> None:
    ticket_id = stack.create("zendesk", OUTAGE)
    until(lambda: escalations(stack, ticket_id), 5, "the first alert")
    page.goto(f"{stack.url}/tickets/zendesk/{ticket_id}")

    page.get_by_label("Your name").fill("Ann <b>Lee</b>")
    page.get_by_role("button", name="Acknowledge: I am on it").click()

    expect(page.get_by_role("status")).to_contain_text("Acknowledged by Ann <b>Lee</b>.")
    expect(page.locator(".headline")).to_contain_text("Acknowledged by Ann", timeout=5000)
    record = page.locator("[data-part=record]")
    expect(record).to_contain_text("75%: acknowledged by Ann", timeout=P1_SECONDS * 1000)
    steps = [alert["step"] for alert in escalations(stack, ticket_id)]
    assert set(steps) <= {"0%"}


def test_acknowledging_by_an_alerts_link_stops_the_steps_before_the_breach(
    stack: Stack, page: Page
) -> None:
    ticket_id = stack.create("zendesk", OUTAGE)
    (alert, *_) = until(lambda: escalations(stack, ticket_id), 5, "the first alert")
    page.goto(alert["acknowledge_url"])

    page.get_by_label("Your name").fill("Ann Lee")
    page.get_by_role("button", name="Acknowledge: I am on it").click()

    expect(page.get_by_role("status")).to_contain_text("Acknowledged by Ann Lee.")
    page.goto(f"{stack.url}/tickets/zendesk/{ticket_id}")
    record = page.locator("[data-part=record]")
    expect(record).to_contain_text("75%: acknowledged by Ann", timeout=P1_SECONDS * 1000)
    assert {one["step"] for one in escalations(stack, ticket_id)} <= {"0%"}


def test_a_severity_set_and_a_timer_stopped_on_the_page_are_shown_there(
    stack: Stack, page: Page
) -> None:
    ticket_id = stack.create("zendesk", OUTAGE)
    stack.written("zendesk", ticket_id)
    page.goto(f"{stack.url}/tickets/zendesk/{ticket_id}")

    page.get_by_label("Your name").fill("Ann Lee")
    page.get_by_label("Severity").select_option("P3")
    page.get_by_role("button", name="Set severity").click()

    expect(page.locator(".headline .chip")).to_have_text("P3 Medium", timeout=5000)
    expect(page.locator("[data-part=why]")).to_contain_text("where the rubric said P1 Urgent")
    until(lambda: stack.ticket("zendesk", ticket_id)["severity"] == "P3", 5, "the write")

    page.get_by_role("button", name="Stop the timer").click()
    expect(page.locator(".headline")).to_contain_text("stopped by a person", timeout=5000)


def test_hostile_text_stays_text_on_the_board_and_on_the_tickets_page(
    stack: Stack, page: Page
) -> None:
    ticket_id = stack.create("freshdesk", HOSTILE)
    stack.written("freshdesk", ticket_id)

    page.goto(stack.url)
    page.get_by_role("link", name=HOSTILE).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    expect(page.locator("body")).to_contain_text("Confidence")


def test_a_person_creates_a_ticket_in_the_sandbox_and_sees_what_was_written(
    stack: Stack, page: Page
) -> None:
    page.goto(stack.sandbox)

    page.get_by_label("Subject").fill("Nobody can send messages, the whole service is down")
    page.get_by_label("Message").fill("Since 9:40. There is no way around it.")
    page.get_by_role("button", name="Create ticket").click()

    expect(page.locator("main")).to_contain_text("P1", timeout=8000)


def test_the_page_recovers_when_redis_and_the_web_process_restart(
    stack: Stack, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    before = stack.create("zendesk", "How do I add a user?")
    stack.written("zendesk", before)
    page.goto(stack.url)
    page.evaluate("window.neverReloaded = true")
    stale = page.locator("#stale")
    expect(stale).to_be_hidden()

    stack.stop("web")
    stack.stop("redis")
    expect(stale).to_be_visible(timeout=10_000)
    expect(stale).to_contain_text("no answer for")
    expect(a_row(page, before)).to_be_visible()  # the last that is known stays

    stack._start_redis()
    stack.start("web")
    expect(stale).to_be_hidden(timeout=15_000)
    after = stack.create("zendesk", "How do I export my contacts?")
    expect(a_row(page, after)).to_be_visible(timeout=20_000)
    assert page.evaluate("window.neverReloaded")


def test_a_page_asked_for_while_redis_is_away_comes_by_itself(
    stack: Stack, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    stack.stop("redis")

    page.goto(stack.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Redis does not answer")

    stack._start_redis()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is due next", timeout=20_000)
