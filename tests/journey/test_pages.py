"""The pages in a real browser: the board shows what happens, the sandbox lets a person make it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from stack import Stack

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
OUTAGE = "Everything is down, nobody can log in and there is no workaround"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
POLICY = """
[plans.pro]
first_response = { P1 = "20s", P2 = "1h", P3 = "2h", P4 = "3h" }
[poll]
met_every = "1s"
[channels.oncall]
type = "console"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("pages"), POLICY) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ.pop("DISPLAY", None)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("dialog", lambda dialog: troubles.append(f"dialog {dialog.message}"))
    opened.on(
        "console",
        lambda message: troubles.append(message.text) if message.type == "error" else None,
    )
    yield opened
    opened.close()
    assert troubles == []


def test_a_new_ticket_shows_without_a_reload_and_moves_down_when_answered(
    stack: Stack, page: Page
) -> None:
    page.goto(stack.url)

    ticket_id = stack.create("zendesk", OUTAGE)
    row = page.get_by_role("row").filter(has_text=f"#{ticket_id}")
    expect(row).to_contain_text("P1 Urgent", timeout=5000)
    expect(row).to_contain_text("in time")

    reply = {"by": "agent", "public": True, "body": "We are on it."}
    stack.control("post", f"/tickets/zendesk/{ticket_id}/reply", reply)

    expect(row).to_contain_text("answered", timeout=8000)


def test_hostile_text_stays_text_on_the_board_and_on_the_tickets_page(
    stack: Stack, page: Page
) -> None:
    ticket_id = stack.create("freshdesk", HOSTILE)
    stack.written("freshdesk", ticket_id)

    page.goto(stack.url)
    page.get_by_role("link", name=HOSTILE).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    expect(page.locator("body")).to_contain_text("confidence")


def test_a_person_creates_a_ticket_in_the_sandbox_and_sees_what_was_written(
    stack: Stack, page: Page
) -> None:
    page.goto(stack.sandbox)

    page.get_by_label("Subject").fill("Nobody can send messages, the whole service is down")
    page.get_by_label("Message").fill("Since 9:40. There is no way around it.")
    page.get_by_role("button", name="Create ticket").click()

    expect(page.locator("main")).to_contain_text("P1", timeout=8000)
