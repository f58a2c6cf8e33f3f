"""The pages over a real Redis: states to put there, and a browser without a screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from factories import a_ticket
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from webhooks.app import create_app
from worker.record import Line, Settled, Settlement, State
from worker.settings import Settings
from worker.store import keys
from worker.store.effects import Effects
from worker.tickets import Confidence, Decision, Reason, Severity, SlaState, TicketKey
from worker.timer import Step, Timer
from worker.wiring import Parts, build

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e\x00'
POLICY = """
[channels.oncall]
type = "console"
[channels.lead]
type = "console"
"""
ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1",
    "SECRET_KEY": "a key of thirty-two characters..",
    "MINUTEHAND_DEMO": "1",
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "ZENDESK_URL": "https://acme.zendesk.com",
    "ZENDESK_CLIENT_ID": "id",
    "ZENDESK_CLIENT_SECRET": "secret",
    "FRESHDESK_URL": "https://acme.freshdesk.com",
    "FRESHDESK_API_KEY": "key",
}


def a_state(number: str = "5158", *, minutes_left: float = 25, **facts: Any) -> State:
    """A P1 with 45 minutes, and steps at 0, 50, 75 and 100 %."""
    deadline = NOW + timedelta(minutes=minutes_left)
    created = deadline - timedelta(minutes=45)
    shares = {"0%": 0.0, "50%": 22.5, "75%": 33.75, "100%": 45.0}
    timer = Timer(
        created_at=created,
        allowed_seconds=45 * 60,
        deadline=deadline,
        plan=facts.pop("plan", "pro"),
        plan_known=facts.pop("plan_known", True),
        steps=tuple(
            Step(
                label=label,
                moment=created + timedelta(minutes=minutes),
                notify=facts.get("notify", ("oncall", "lead")),
                state=SlaState.NEAR if 0 < minutes < 45 else None,
                repeat_seconds=900 if minutes == 45 else None,
            )
            for label, minutes in shares.items()
        ),
        handled_until=NOW,
        acknowledged=facts.pop("acknowledged", None),
    )
    facts.pop("notify", None)
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


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


class Pages:
    """The whole app over a Redis, as of one moment."""

    def __init__(self, redis: Redis, folder: Any, *, policy: str = POLICY, **changed: str) -> None:
        self.file = folder / "policy.toml"
        self.file.write_text(policy)
        environment = ENVIRONMENT | {"POLICY_FILE": str(self.file)} | changed
        self.redis = redis
        self.clock = Clock()
        self.settings = Settings.from_environment(environment)
        self.parts: Parts = build(self.settings, redis=redis)
        self.app = create_app(self.parts, clock=self.clock, fresh_seconds=0)
        self.client: FlaskClient = self.app.test_client()

    def put(self, *states: State) -> None:
        """Commit states, each over what is there of its ticket."""
        for state in states:
            version = int(self.redis.hget(keys.ticket(state.ticket.key), "version") or 0)
            done = self.parts.records.commit(
                state.ticket.key, version, state, Effects(), now=self.clock.now
            )
            assert done

    def record(self, key: TicketKey, *lines: Line) -> None:
        self.redis.rpush(keys.record(key), *(line.model_dump_json() for line in lines))

    def get(self, path: str = "/", **headers: str) -> str:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def live(self, etag: str = "", query: str = "") -> TestResponse:
        return self.client.get(f"/live/board{query}", headers={"If-None-Match": etag})

    def row(self, query: str = "") -> str:
        """The only row of the list, as text with single spaces."""
        (row,) = self.rows(query)
        return row

    def rows(self, query: str = "") -> list[str]:
        """The rows of open tickets, as text with single spaces."""
        html = self.live(query=query).get_data(as_text=True)
        listed = html.partition('data-part="list"')[2].partition('data-part="paging"')[0]
        found = re.findall(r"<tr [^>]*data-key.*?</tr>", listed, re.DOTALL)
        return [in_words(row) for row in found]

    def token(self, path: str) -> str:
        """What a form on that page has to send back."""
        found = re.search('name="csrf" value="([^"]+)"', self.get(path))
        assert found, "there is no form on that page"
        return found[1]


def in_words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())
