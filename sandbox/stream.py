"""The demo's stream: stories become tickets, some are answered, some never.

The same seed gives the same order, helpdesks and delays.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import requests

from sandbox import acts
from sandbox.alteration import TicketClosedError
from sandbox.desk import Desk, Origin, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.records import Ticket
    from sandbox.state import Sandbox

Story = dict[str, Any]
TAKEN = 0.2
"""Part of the time to the answer after which its agent has taken the ticket."""
MOST_OPEN = 60
MOST_KEPT = 2000
"""Tickets kept per helpdesk; beyond it the oldest closed ones are forgotten."""
LONGEST_WAIT = 60.0
"""Seconds that the first story waits for Minutehand to be ready."""
DONE = {"solved", "closed"}
LAST_WORD = "Thank you for your patience. We have looked into it and consider it settled."


def stories() -> list[Story]:
    """All stories, in the order they are written."""
    text = resources.files("sandbox").joinpath("stories.toml").read_text("utf-8")
    return list(tomllib.loads(text)["story"])


def told(seed: int) -> Iterator[Story]:
    """Stories without end.

    The first is always the first one written, a clear P1; then all of them in an order that the
    seed decides, again and again.
    """
    dice = random.Random(seed)
    written = stories()
    yield written[0]
    rest = written[1:]
    while True:
        dice.shuffle(rest)
        yield from rest
        rest = list(written)


def examples() -> list[dict[str, str]]:
    """What the page's example buttons fill in."""
    written = stories()
    return [
        {"label": label} | {key: written[number][key].strip() for key in ("who", "subject", "body")}
        for label, number in _EXAMPLES
    ]


_EXAMPLES = (
    ("Outage", 0),
    ("Degraded", 9),
    ("Cosmetic", 12),
    ("Question", 3),
    ("Shouting, trivial", 5),
    ("Calm outage", 6),
    ("Meta template", 8),
    ("Hostile text", 42),
)
"""Button to story, by its place in the file."""


class Stream:
    """One thread that tells stories at a steady pace and plays out how they end."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._desks = list(sandbox.desks.values())
        self._pace = max(0.05, sandbox.settings.stream_pace_seconds)
        self._told = told(sandbox.settings.stream_seed)
        self._turns = itertools.cycle(self._desks)
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._listener = sandbox.settings.minutehand_url
        self._open: list[tuple[Desk, Ticket]] = []

    def start(self) -> None:
        """Begin in the background; the first ticket comes at once."""
        threading.Thread(target=self._run, name="stream", daemon=True).start()

    def stop(self) -> None:
        """Tell no more."""
        self._stopped.set()

    def _run(self) -> None:
        self._wait_for_the_listener()
        next_story = time.monotonic()
        while True:
            present = time.monotonic()
            if present >= next_story:
                self.tell(next(self._told), next(self._turns))
                next_story = max(next_story + self._pace, present)
            while self._later and self._later[0][0] <= present:
                self._act(heapq.heappop(self._later)[2])
            upcoming = min([next_story, *(moment for moment, *_ in self._later[:1])])
            if self._stopped.wait(max(0.0, upcoming - time.monotonic())):
                return

    def _wait_for_the_listener(self) -> None:
        """A webhook to a service that is still starting would be lost, and with it the show."""
        until = time.monotonic() + LONGEST_WAIT
        while self._listener and time.monotonic() < until and not self._stopped.is_set():
            try:
                if requests.get(f"{self._listener}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            self._stopped.wait(0.3)

    def tell(self, story: Story, desk: Desk) -> Ticket:
        """Open a story's ticket on this desk and plan what happens to it."""
        ticket = acts.open_ticket(
            desk,
            {
                "subject": story["subject"],
                "body": story["body"].strip(),
                "requester_name": story["who"],
                "organization": story["organization"],
                "plan": "pro",
            },
        )
        if "again" in story:
            more = {"by": "requester", "body": story["more"]}
            self._plan(story["again"], lambda: acts.reply(desk, ticket, more))
        if "answered" in story:
            takes = {"assignee": story["agent"], "name": story["agent"]}
            self._plan(TAKEN * story["answered"], lambda: acts.change(desk, ticket, takes))
            answer = {"by": "agent", "name": story["agent"], "body": story["answer"]}
            self._plan(story["answered"], lambda: acts.reply(desk, ticket, answer))
        if "solved" in story:
            solved = {"status": "solved", "name": story["agent"]}
            self._plan(story["solved"], lambda: acts.change(desk, ticket, solved))
        self._open.append((desk, ticket))
        self._settle_old()
        return ticket

    def _plan(self, seconds: float, act: Callable[[], object]) -> None:
        moment = time.monotonic() + seconds
        heapq.heappush(self._later, (moment, next(self._numbers), act))

    def _act(self, act: Callable[[], object]) -> None:
        try:
            act()
        except TicketClosedError:
            return  # it was closed early, to make room

    def _settle_old(self) -> None:
        """Answer and close the oldest tickets when too many are open; forget very old ones."""
        self._open = [pair for pair in self._open if pair[1].status not in DONE]
        while len(self._open) > MOST_OPEN:
            desk, ticket = self._open.pop(0)
            origin = Origin(actor=desk.agents[0])
            said = Said(body=LAST_WORD, public=True)
            desk.change(ticket, {"status": "solved"}, origin, said)
            desk.change(ticket, {"status": "closed"}, origin)
        for desk in self._desks:
            with desk.lock:
                done = [one.id for one in desk.tickets.values() if one.status in DONE]
                for number in done[: max(0, len(desk.tickets) - MOST_KEPT)]:
                    del desk.tickets[number]
