"""The pictures of the README and the docs, made of the demo in a real browser.

The sandbox plays its stories under the demo's policy; past weeks, which a demo of two minutes does
not have, are made up for the report. It takes about three minutes.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from redis import Redis
from stack import Stack, until

import worker.policy
from worker.links import Ask, Links
from worker.record import Settlement
from worker.report.ending import Ending
from worker.store import keys
from worker.store.records import Records
from worker.tickets import Severity, Target

PICTURES = Path(__file__).parent.parent / "docs/pictures"
DEMO = Path(worker.policy.__file__).parent / "demo.toml"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WALL = {"width": 1600, "height": 900}
LONGEST_WAIT = 300.0
WEEKS = 8
MINUTES = {Severity.P1: 45, Severity.P2: 120, Severity.P3: 240, Severity.P4: 480}
COMPANIES = ("Rossi S.p.A.", "Nordlicht GmbH", "Acme Retail", "LagosPay", "Clínica San Telmo")


def main() -> None:
    """Make every picture anew."""
    os.environ.pop("DISPLAY", None)
    folder = Path(tempfile.mkdtemp())
    stack = Stack(folder, DEMO.read_text("utf-8"), environment={"SANDBOX_STREAM": "1"})
    stack.environment["PUBLIC_URL"] = stack.url
    try:
        with stack, sync_playwright() as playwright:
            redis = Redis.from_url(stack.redis_url, decode_responses=True)
            past(redis, datetime.now(UTC))
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            take_all(browser, stack, redis)
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_all(browser: Browser, stack: Stack, redis: Redis) -> None:
    """Wait until the board shows one of everything, then picture by picture."""
    page = opened(browser, DESK)
    page.goto(stack.url)
    until(lambda: acknowledged(page, stack), LONGEST_WAIT, "a ticket to acknowledge")
    page.goto(stack.url)
    until(lambda: everything(page), LONGEST_WAIT, "a board with one of everything")
    shoot(page, "board")
    ticket = page.locator("tr.soon .what a, tr.breached .what a").first.get_attribute("href")
    for name, size, scheme, path in (
        ("board-dark", DESK, "dark", "/"),
        ("board-phone", PHONE, "light", "/"),
        ("board-wall", WALL, "dark", "/?tv=1"),
        ("ticket", {**DESK, "height": 1250}, "light", ticket or "/"),
        ("report", {**DESK, "height": 1400}, "light", "/report?weeks=13"),
        ("health", {**DESK, "height": 1250}, "light", "/health"),
    ):
        shot = opened(browser, size, scheme)
        shot.goto(f"{stack.url}{path}")
        shoot(shot, name)
    shot = opened(browser, PHONE)
    shot.goto(acknowledge_link(stack, redis))
    shoot(shot, "acknowledge")


def acknowledged(page: Page, stack: Stack) -> bool:
    """Somebody is on a P2 or P3, which stays open for a while."""
    links = page.locator("tr:has(.chip.P2) .what a, tr:has(.chip.P3) .what a")
    if links.count() < 2:
        return False
    page.goto(f"{stack.url}{links.nth(1).get_attribute('href')}")
    page.get_by_label("Your name").fill("Jonas Berg")
    page.get_by_role("button", name="Acknowledge: I am on it").click()
    return True


def everything(page: Page) -> bool:
    """In time, near, breached, acknowledged; and enough of them."""
    found = [page.locator(f"tbody tr.{tone}").count() for tone in ("soon", "breached")]
    on_it = page.get_by_text("acknowledged by").count()
    return all(found) and on_it > 0 and page.locator("tr[data-key]").count() > 8


def acknowledge_link(stack: Stack, redis: Redis) -> str:
    """What an alert about the most urgent open ticket would carry."""
    state = Records(redis).open_states(1)[0]
    ask = Ask(
        key=state.ticket.key,
        target=Target.FIRST_RESPONSE,
        deadline=state.timers()[0].deadline,
        channel="oncall",
        until=datetime.now(UTC) + timedelta(hours=1),
    )
    return Links(stack.url, stack.environment["SECRET_KEY"]).acknowledge(ask) or stack.url


def opened(browser: Browser, size: dict[str, int], scheme: str = "light") -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=2 if size is PHONE else 1,
        timezone_id="UTC",
    )
    return context.new_page()


def shoot(page: Page, name: str) -> None:
    """One picture, after a second in which live parts settle."""
    time.sleep(1.5)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    print(f"docs/pictures/{name}.png")


def past(redis: Redis, now: datetime) -> None:
    """Weeks of a small desk that gets better at answering."""
    chance = random.Random(4)
    for day in range(1, WEEKS * 7):
        at = now - timedelta(days=day)
        for number in range(chance.randrange(14, 30)):
            made = an_ending(chance, at, better=1 - day / (WEEKS * 7))
            key = f"{chance.choice(['zendesk', 'freshdesk'])}/past/{day}{number:03}"
            redis.hset(keys.endings(f"{made.created_at:%Y-%m-%d}"), key, made.as_text())
        for severity, most in zip(Severity, (22, 14, 5, 2), strict=True):
            redis.hset(keys.told(f"{at:%Y-%m-%d}"), severity, chance.randrange(most))


def an_ending(chance: random.Random, at: datetime, *, better: float) -> Ending:
    """One ticket of that day."""
    severity = chance.choices(list(Severity), (6, 20, 40, 34))[0]
    created = at.replace(hour=chance.randrange(24), microsecond=0)
    if created > at:
        created -= timedelta(days=1)
    allowed = timedelta(minutes=MINUTES[severity])
    took = allowed * chance.betavariate(1.6, 2.6) * (1.55 - 0.4 * better)
    why = chance.choices(
        [Settlement.ANSWERED, Settlement.CLOSED_WITHOUT_REPLY, Settlement.SPAM, Settlement.MERGED],
        (92, 3, 3, 2),
    )[0]
    person = chance.random() < 0.06
    return Ending(
        severity=severity,
        created_at=created,
        deadline=created + allowed,
        settled_at=created + took,
        why=why,
        rubric=chance.choice(list(Severity)) if person else None,
        person=person,
        raised_late=chance.random() < 0.01,
        plan=chance.choice(["pro", "pro", "enterprise"]),
        plan_known=chance.random() > 0.04,
        organization=chance.choice(COMPANIES),
        group=chance.choice(["21", "22"]),
    )


if __name__ == "__main__":
    main()
