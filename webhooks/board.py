"""GET / the board: open tickets by time left. /live/board the part of it that changes.

The page holds moments; countdowns are the browser's. So the part that is polled every second is the
same text, and one answer for all viewers with the same filters, until something happened or a
moment has passed at which a ticket stands differently.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, render_template, request

from webhooks.card import Card
from webhooks.filters import Filters, Standing, choices, next_turn, standings
from webhooks.moments import moment, viewer_zone
from webhooks.rows import Names, settled, waiting
from webhooks.shelf import Look, Shelf
from webhooks.text import plain, say
from worker.lookups import Lookups
from worker.policy import Policy
from worker.settings import Settings
from worker.tickets import Severity, one_line

PAGE = 50
WALL = 12
KEPT = 64
"""Answers kept, each for one set of filters and one zone."""


class Answer(NamedTuple):
    """The live part for one set of filters, and how long it stays true."""

    basis: tuple[object, ...]
    """What it was made from."""
    until: datetime | None
    html: str
    etag: str
    title: str


class Board:
    """Makes the live part, once for all who ask for the same. Safe to share between threads."""

    def __init__(self, shelf: Shelf, lookups: Lookups, policy: Policy, settings: Settings) -> None:
        self._shelf = shelf
        self._lookups = lookups
        self._policy = policy
        self._settings = settings
        self._kept: OrderedDict[tuple[Filters, str], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, filters: Filters, now: datetime, zone: str) -> Answer:
        """The answer for these filters as of now. Raises RedisError."""
        look = self._shelf.look()
        basis = (
            look.epoch,
            look.number,
            look.paused,
            tuple(look.muted.items()),
            look.failed,
            look.said,
        )
        kept = self._kept.get((filters, zone))
        if kept and kept.basis == basis and (kept.until is None or now < kept.until):
            return kept
        html = render_template("board_live.html", **self._content(look, filters, now, zone))
        breached = sum(card.deadline <= now for card in look.cards)
        turns = (next_turn(look.cards, now), *(at for at in look.muted.values() if at > now))
        made = Answer(
            basis=basis,
            until=min((at for at in turns if at), default=None),
            html=html,
            etag=hashlib.sha256(html.encode()).hexdigest()[:32],
            title=_title(breached),
        )
        with self._lock:
            self._kept[filters, zone] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """What the filters may be set to."""
        return choices(self._shelf.look().cards)._asdict()

    def _content(self, look: Look, filters: Filters, now: datetime, zone: str) -> dict[str, Any]:
        fitting = filters._replace(state="").of(look.cards, now)
        shown = filters.of(fitting, now)
        size = WALL if filters.tv else PAGE
        pages = max(1, -(-len(shown) // size))
        page = min(filters.page, pages)
        part = shown[(page - 1) * size : page * size]
        names = Names(self._policy, look.muted, self._agents(part))
        return {
            "filters": filters,
            "banner": self._banner(look, now, zone),
            "banner_tone": "paused" if look.paused else self._settings.mode.value,
            "warnings": self._warnings(look, now, zone),
            "counts": _counts(fitting, filters, now),
            "rows": [waiting(card, names, now, zone) for card in part],
            "page": page,
            "pages": pages,
            "first": (page - 1) * size + 1,
            "last": (page - 1) * size + len(part),
            "total": len(shown),
            "settled": [settled(state, now, zone) for state in look.settled],
            "within": say("board.a_second" if self._settings.public_url else "board.a_minute"),
            "zone": zone,
        }

    def _agents(self, cards: list[Card]) -> dict[tuple[str, str], str]:
        wanted = sorted({(f"{c.key.helpdesk}/{c.key.account}", c.owner) for c in cards if c.owner})
        found = self._lookups.names(wanted)
        return {who: name for who, name in zip(wanted, found, strict=True) if name}

    def _banner(self, look: Look, now: datetime, zone: str) -> str:
        paused = look.paused
        if paused is None:
            return say(f"board.mode_{self._settings.mode}")
        why = say("board.why", reason=one_line(paused.reason)) if paused.reason else ""
        return say("board.paused", since=moment(paused.since, now, zone), why=why)

    def _warnings(self, look: Look, now: datetime, zone: str) -> list[str]:
        """What an operator has to know now, worst first."""
        found = [say("board.p1_unreached")] if self._policy.unreached(Severity.P1) else []
        for name, until in sorted(look.muted.items()):
            if until > now:
                found.append(say("board.muted", name=name, until=moment(until, now, zone)))
        if look.failed:
            key = "board.failed_one" if look.failed == 1 else "board.failed"
            found.append(say(key, count=look.failed))
        return [*found, *(one_line(text, 300) for text in look.said)]


def board(
    source: Board, *, zone: str = "UTC", clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Blueprint:
    """The board's page; moments are shown in the viewer's zone, else in `zone`."""
    pages = Blueprint("board", __name__)

    @pages.get("/")
    def index() -> str:
        now, filters, here = clock(), Filters.read(request.args), viewer_zone(zone)
        answer = source.answer(filters, now, here)
        return render_template(
            "board.html",
            live=answer.html,
            etag=answer.etag,
            title=answer.title,
            filters=filters,
            choices=source.choices(),
            now=now,
            zone=here,
        )

    @pages.get("/live/board")
    def live() -> Response:
        now = clock()
        answer = source.answer(Filters.read(request.args), now, viewer_zone(zone))
        return live_answer(answer.html, answer.etag, now, title=answer.title)

    return pages


def live_answer(html: str, etag: str, now: datetime, *, title: str) -> Response:
    """The part of a page that changes, or 304 when it is what the browser has."""
    answer = make_response(html)
    answer.set_etag(etag)
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # the server's own follows
    answer.headers["X-Minutehand-Now"] = now.isoformat(timespec="milliseconds")
    answer.headers["X-Minutehand-Title"] = title.encode("ascii", "replace").decode()
    return answer


def _title(breached: int) -> str:
    title = plain("board.title")
    return f"{plain('site.breached_title', count=breached)} {title}" if breached else title


def _counts(cards: list[Card], filters: Filters, now: datetime) -> list[dict[str, Any]]:
    """How many there are of each state, each a link to these alone."""
    found = Counter(standing for card in cards for standing in standings(card, now))
    whole = {"word": say("board.open"), "count": len(cards), "state": ""}
    rest = [{"word": say(f"state.{s}"), "count": found[s], "state": str(s)} for s in Standing]
    return [
        {
            **one,
            "href": f"/{filters.query(state=one['state'], page=1)}",
            "here": one["state"] == filters.state,
        }
        for one in (whole, *rest)
    ]
