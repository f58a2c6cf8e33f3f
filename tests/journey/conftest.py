"""A real headless Chromium for the tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
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
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own; a dialog or a fault of its script fails the test."""
    troubles: list[str] = []
    opened: list[Any] = []

    def open_one(**options: Any) -> Page:
        context = browser.new_context(timezone_id="UTC", **options)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: troubles.append(f"dialog {dialog.message}"))
        return page

    yield open_one
    for context in opened:
        context.close()
    assert troubles == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Iterator[Page]:
    """A page that also may not complain in its console."""
    one = open_page()
    complaints: list[str] = []
    one.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield one
    assert complaints == []
