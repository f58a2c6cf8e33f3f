"""Pages for everybody: 0 violations by axe-core, keyboard, phone, roles, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pages import NOW, Pages, a_state, settled
from playwright.sync_api import Page, expect
from redis import Redis
from werkzeug.serving import WSGIRequestHandler, make_server

from worker.helpdesks.spending import ALL, Said
from worker.links import Ask
from worker.record import Line, Settlement
from worker.store import keys
from worker.tickets import Customer, Target
from worker.timer import Acknowledged

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
AXE = (Path(__file__).parent / "axe/axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
PHONE = {"width": 360, "height": 740}
PASSWORDS = {"MINUTEHAND_DEMO": "0", "BOARD_PASSWORD": "act", "BOARD_VIEWER_PASSWORD": "look"}


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def serve(redis: Redis, tmp_path: Path) -> Iterator[Callable[..., tuple[str, Pages]]]:
    """The whole app over a real Redis, served over real HTTP."""
    servers = []

    def start(**changed: str) -> tuple[str, Pages]:
        pages = Pages(redis, tmp_path, **changed)
        server = make_server("127.0.0.1", 0, pages.app, threaded=True, request_handler=_Quiet)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}", pages

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fill(pages: Pages) -> None:
    """A board with one of everything."""
    on_it = Acknowledged(by="Ann Lee", at=NOW, until=NOW + timedelta(minutes=10))
    doubtful = a_state(
        "5158",
        decided={"needs_review": True, "meta_dependency": True, "runner_up": "P2"},
        ticket={"body": "Since nine nobody can send.", "subject": "Help", "assignee": "7"},
        customer=Customer(name="Rossi S.p.A."),
        could_not_write="the form wants a field",
        notify=("oncall", "tam", "nobody"),
        recovered=True,
    )
    pages.put(
        doubtful,
        a_state("2", minutes_left=5, decided={"severity": "P2"}, acknowledged=on_it),
        a_state("3", minutes_left=-4, decided={"severity": "P3"}, plan_known=False),
        a_state("4", minutes_left=300, decided={"severity": "P4"}, helpdesk="freshdesk"),
        settled("5", Settlement.ANSWERED, in_time=True),
        settled("6", Settlement.ANSWERED, in_time=False),
        settled("7", Settlement.SPAM),
    )
    pages.record(
        doubtful.ticket.key,
        Line(at=NOW, what="decided", text="P1 (high confidence): everyone is affected"),
        Line(at=NOW, what="sent", text="0%: oncall"),
    )
    pages.parts.journal.beat("worker a-1", datetime.now(UTC))
    pages.parts.journal.heard("zendesk/acme", NOW)
    pages.parts.budget.answered("zendesk/acme", {ALL: Said(400, 400, 60)})
    pages.parts.switches.mute("lead", NOW + timedelta(hours=1), NOW)
    pages.redis.hset(keys.FAILED, "write:zendesk/acme/5158", '{"reason": "a form", "at": 1}')
    pages.redis.hset(keys.FAILED, "send:1", '{"reason": "x", "at": 1}')
    pages.redis.hset(keys.told("2026-11-23"), mapping={"P1": 12, "P2": 3})


def violations(page: Page) -> list[str]:
    """What axe-core finds, one line for each place."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    assert len(found["passes"]) > 5
    return [
        f"{one['id']}: {node['html'][:150]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def an_acknowledge_link(pages: Pages) -> str:
    ask = Ask(
        key=a_state().ticket.key,
        target=Target.FIRST_RESPONSE,
        since=a_state().timers()[0].created_at,
        channel="oncall",
        until=NOW + timedelta(days=3650),
    )
    url = pages.parts.links.acknowledge(ask)
    assert url
    return url.removeprefix("http://127.0.0.1:8000")


PATHS = {
    "board": "/",
    "filtered": "/?severity=P1&text=help",
    "nothing fits": "/?text=nothing-like-this",
    "wall": "/?tv=1",
    "ticket": "/tickets/zendesk/5158",
    "settled ticket": "/tickets/zendesk/6",
    "unknown ticket": "/tickets/zendesk/999",
    "report": "/report",
    "health": "/health",
    "no such page": "/nothing",
    "expired link": "/acknowledge/x",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_any_page_in_either_theme(
    serve: Callable[..., tuple[str, Pages]],
    open_page: Callable[..., Page],
    scheme: str,
    size: dict[str, int],
) -> None:
    url, pages = serve()
    fill(pages)
    page = open_page(color_scheme=scheme, viewport=size)
    found = {}
    for name, path in {**PATHS, "acknowledge": an_acknowledge_link(pages)}.items():
        page.goto(f"{url}{path}")
        page.evaluate(OPEN_ALL)
        found[name] = violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found[name].append(f"{wide} pixels too wide")

    assert "\n".join(f"{name}: {one}" for name, bad in found.items() for one in bad) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_closed_empty_and_sign_in_pages(
    serve: Callable[..., tuple[str, Pages]], open_page: Callable[..., Page], scheme: str
) -> None:
    empty, _ = serve()
    guarded, _ = serve(**PASSWORDS)
    closed, _ = serve(MINUTEHAND_DEMO="0")
    page = open_page(color_scheme=scheme)
    found = {}
    for address in (f"{empty}/", f"{empty}/report", f"{empty}/health", guarded, closed):
        page.goto(address)
        found[address] = violations(page)
    page.goto(guarded)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    found["wrong password"] = violations(page)

    assert "\n".join(f"{name}: {one}" for name, bad in found.items() for one in bad) == ""


def sign_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_viewer_reads_everything_and_finds_nothing_to_press(
    serve: Callable[..., tuple[str, Pages]], page: Page
) -> None:
    url, pages = serve(**PASSWORDS)
    fill(pages)
    sign_in(page, url, "look")

    page.get_by_role("link", name="Help").click()

    expect(page.locator(".acts")).to_contain_text("You are signed in as a viewer")
    assert page.locator(".acts button").count() == 0
    page.goto(f"{url}/health")
    assert page.get_by_role("button", name="Try").count() == 0


def test_wrong_passwords_are_throttled_and_the_right_one_waits_too(
    serve: Callable[..., tuple[str, Pages]], open_page: Callable[..., Page]
) -> None:
    url, _ = serve(**PASSWORDS)
    page = open_page()
    for _ in range(5):
        sign_in(page, url, "wrong")
        expect(page.get_by_role("alert")).to_have_text("That is not the password.")

    sign_in(page, url, "act")

    expect(page.get_by_role("alert")).to_have_text("Too many wrong passwords. Wait a minute.")


def test_the_keyboard_reaches_a_ticket_and_focus_survives_an_update(
    serve: Callable[..., tuple[str, Pages]], page: Page
) -> None:
    url, pages = serve()
    fill(pages)
    page.goto(url)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    link = page.get_by_role("link", name="Help")
    for _ in range(30):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    expect(link).to_be_focused()

    pages.put(a_state("1", minutes_left=1))  # comes before it
    pages.put(a_state("5158", ticket={"subject": "Help us"}))  # and the row itself changes
    expect(page.get_by_role("row").filter(has_text="#5158")).to_contain_text("Help us")
    expect(page.get_by_role("link", name="Help us")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Help us")


def test_moments_come_in_the_zone_of_the_browser(
    serve: Callable[..., tuple[str, Pages]], browser: Any
) -> None:
    url, pages = serve()
    pages.put(a_state())
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()

    page.goto(url)

    expect(page.locator(".foot")).to_contain_text("Times are Asia/Tokyo.")
    expect(page.get_by_role("row").filter(has_text="#5158")).to_contain_text("due 02:25:00")
    context.close()


def test_without_javascript_the_board_can_be_read(
    serve: Callable[..., tuple[str, Pages]], open_page: Callable[..., Page]
) -> None:
    url, pages = serve()
    fill(pages)
    page = open_page(java_script_enabled=False)

    page.goto(url)

    expect(page.get_by_role("row").filter(has_text="#5158")).to_contain_text("17:25:00")
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
