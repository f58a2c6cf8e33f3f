"""Everything around the jobs, for real: Redis, the sandbox over HTTP, a receiver, the wiring.

Nothing is mocked. Time is never faked: `pass_time` moves everything that is known of a ticket into
the past instead, here and in the sandbox.
"""

from __future__ import annotations

import importlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from channels.receiver import Receiver
from redis import Redis
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import settings as sandbox_settings
from sandbox.app import create_app
from sandbox.settings import Settings as SandboxSettings
from worker import wiring
from worker.helpdesks.registry import HELPDESKS
from worker.queues import JOBS
from worker.record import State
from worker.settings import Settings
from worker.store import keys
from worker.store.due import Accepted, Claim
from worker.store.effects import WRITE_AFTER_ALERT, Effects
from worker.store.keys import Kind, Member
from worker.tickets import Noun, TicketKey
from worker.wiring import Parts

OUTAGE = "Everything is down, nobody can log in and there is no workaround"
QUESTION = "How do I add a user to my team?"
POLICY = """
[plans.pro]
first_response = { P1 = "10m", P2 = "20m", P3 = "30m", P4 = "40m" }

[[steps]]
at = "25%"
severities = ["P1"]
notify = ["team"]

[[steps]]
at = "50%"
severities = ["P1"]
notify = ["oncall"]

[[steps]]
at = "100%"
severities = ["P1"]
notify = ["oncall", "lead"]

[[steps]]
at = "100%"
severities = ["P2", "P3", "P4"]
notify = ["team"]

[channels.team]
type = "webhook"
url = "${RECEIVER_URL}/team"

[channels.oncall]
type = "webhook"
url = "${RECEIVER_URL}/oncall"
secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0"
"""
"""`lead` is named by a step and configured nowhere."""
HALF = 5 * 60 + 1
"""Seconds after which the 50 % step of a P1 has just passed."""
MOST_JOBS = 300


def a_job(kind: Kind) -> Callable[[str, int], None]:
    module, _, name = JOBS[kind].rpartition(".")
    found: Callable[[str, int], None] = getattr(importlib.import_module(module), name)
    return found


def run(claim: Claim) -> None:
    """One job as RQ runs it: by its name, with a member and its claim's number."""
    a_job(claim.member.kind)(str(claim.member), claim.token)


def drain(parts: Parts) -> list[Claim]:
    """Claim and run until nothing is due now; what was run, in order."""
    ran: list[Claim] = []
    while True:
        _writes_now(parts)
        claims, _ = parts.due.claim()
        if not claims:
            return ran
        parts.due.hold(claims)
        for claim in claims:
            run(claim)
            ran.append(claim)
        assert len(ran) < MOST_JOBS, f"it never ends: {ran[-10:]}"


def _writes_now(parts: Parts) -> None:
    """A write that lets alerts go first waits for half a second; here it comes at once."""
    soon = parts.redis.zrangebyscore(keys.DUE, "-inf", time.time() + WRITE_AFTER_ALERT)
    for text in soon:
        if Member.parse(text).kind is Kind.WRITE:
            parts.redis.zadd(keys.DUE, {text: time.time()}, xx=True)


def hurry(parts: Parts, *kinds: Kind) -> list[Claim]:
    """The pause of everything that waits (of these kinds, but never a step) is over: drain."""
    wanted = kinds or tuple(kind for kind in Kind if kind is not Kind.STEP)
    for account in parts.accounts:
        for name in parts.redis.hkeys(keys.budget(account)):
            if name.startswith("paused:"):
                parts.redis.hdel(keys.budget(account), name)
    for text in parts.redis.zrange(keys.DUE, 0, -1):
        if Member.parse(text).kind in wanted:
            parts.redis.zadd(keys.DUE, {text: time.time() - 1})
    return drain(parts)


class World:
    """One Minutehand and one sandbox, both empty."""

    def __init__(self, redis_url: str, folder: Path, receiver: Receiver) -> None:
        self.receiver = receiver
        self.folder = folder
        self.refusals: dict[tuple[str, str], int] = {}
        """(method, part of a path) -> the status that the sandbox answers there."""
        self.logs: list[Any] = []
        """What was logged, as structlog's events."""
        self._redis_url = redis_url
        self._delivered: set[int] = set()
        self.app = create_app(
            SandboxSettings(
                minutehand_url="http://127.0.0.1:9",
                export_lag_seconds=0,
                exports_per_minute=100_000,
                updates_per_minute=100_000,
                requests_per_minute=100_000,
            )
        )
        self.sandbox = self.app.extensions["sandbox"]
        self.sandbox.dials.job_seconds = 0.0
        self.sandbox.dials.lists_per_minute = 100_000
        self._control = self.app.test_client()
        self.server = make_server("127.0.0.1", 0, self._door, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._parts: Parts | None = None

    def _door(self, environ: dict[str, Any], answer: Any) -> Any:
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        for (method, path), status in self.refusals.items():
            if method in {"", asked[0]} and path in asked[1]:
                answer(f"{status} Refused", [("Content-Type", "application/json")])
                return [b'{"error": "Forbidden"}']
        return self.app.wsgi_app(environ, answer)

    # Minutehand ----------------------------------------------------------------------------

    def start(self, mode: str = "live", policy: str = POLICY, **environment: str) -> Parts:
        """Minutehand's parts, as a process that has just started with these settings has them."""
        path = self.folder / "policy.toml"
        path.write_text(policy)
        settings = {
            "REDIS_URL": self._redis_url,
            "MODE": mode,
            "POLICY_FILE": str(path),
            "DATA_DIR": str(self.folder),
            "RECEIVER_URL": self.receiver.url,
            "ZENDESK_URL": f"{self.url}/zendesk",
            "ZENDESK_CLIENT_ID": sandbox_settings.ZENDESK_CLIENT_ID,
            "ZENDESK_CLIENT_SECRET": sandbox_settings.ZENDESK_CLIENT_SECRET,
            "ZENDESK_WEBHOOK_SECRET": sandbox_settings.ZENDESK_WEBHOOK_SECRET,
            "FRESHDESK_URL": f"{self.url}/freshdesk",
            "FRESHDESK_API_KEY": sandbox_settings.FRESHDESK_API_KEY,
            "FRESHDESK_WEBHOOK_SECRET": sandbox_settings.FRESHDESK_WEBHOOK_SECRET,
            **environment,
        }
        self._parts = wiring.build(Settings.from_environment(settings))
        wiring.use(self._parts)
        self._parts.journal.note_mode(self._parts.settings.mode, datetime.now(UTC))
        return self._parts

    @property
    def parts(self) -> Parts:
        """Of the process that was started last; at first one in MODE=live."""
        return self._parts or self.start()

    @property
    def redis(self) -> Redis:
        return self.parts.redis

    def state(self, key: TicketKey) -> State:
        state, _ = self.parts.records.load(key)
        assert state is not None, f"{key} is not known"
        return state

    def record(self, key: TicketKey, what: str = "") -> list[str]:
        lines = self.parts.records.lines(key)
        return [f"{line.what}: {line.text}" for line in lines if what in {"", line.what}]

    def due(self, kind: Kind, subject: object) -> float | None:
        """In how many seconds a member is due, or None when it is not."""
        score = self.redis.zscore(keys.DUE, str(Member(kind, str(subject))))
        return None if score is None else score - time.time()

    def nothing_left(self) -> bool:
        """Neither due nor claimed nor set aside."""
        left = self.redis.zrange(keys.DUE, 0, -1) + self.redis.zrange(keys.CLAIMED, 0, -1)
        return not left and not self.parts.due.failures()

    def poll(self, helpdesk: str) -> list[Claim]:
        self.parts.due.arm(Member(Kind.POLL, self.account(helpdesk)), time.time())
        return drain(self.parts)

    def account(self, helpdesk: str) -> str:
        return f"{helpdesk}/127.0.0.1:{self.server.server_port}"

    # The helpdesk --------------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._control.open(f"/sandbox{path}", method=method.upper(), json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status} {answer.text}"
        return dict(answer.get_json()) if answer.data else {}

    def create(self, helpdesk: str, text: str = OUTAGE, **facts: Any) -> TicketKey:
        """A customer writes; the webhook is made and waits for `deliver`."""
        sent = {"helpdesk": helpdesk, "subject": text, "body": text, "webhook": "lost", **facts}
        number = self.control("post", "/tickets", sent)["id"]
        return TicketKey.parse(f"{self.account(helpdesk)}/{number}")

    def arrive(self, helpdesk: str, text: str = OUTAGE, **facts: Any) -> TicketKey:
        """The same, and its webhook came."""
        key = self.create(helpdesk, text, **facts)
        self.deliver(key)
        return key

    def decided(self, helpdesk: str, text: str = OUTAGE, **facts: Any) -> TicketKey:
        """The same, and everything that is due has been done, our echoes included."""
        key = self.arrive(helpdesk, text, **facts)
        drain(self.parts)
        self.deliver(key)
        drain(self.parts)
        return key

    def deliver(
        self, key: TicketKey, *events: str, signed_at: datetime | None = None
    ) -> list[Accepted]:
        """Every webhook of the ticket (or those named) that has not come yet comes now.

        With `signed_at` it was sent then, of what had happened then, and has waited since.
        """
        helpdesk = HELPDESKS[key.helpdesk]
        secrets = helpdesk.secrets(self.parts.settings)
        now = signed_at or datetime.now(UTC)
        accepted = []
        for parcel in self.sandbox.courier.find(key.helpdesk, key.id):
            if parcel.number in self._delivered or (events and parcel.event not in events):
                continue
            self._delivered.add(parcel.number)
            body = _of_then(parcel.body, signed_at) if signed_at else parcel.body
            headers = helpdesk.inbound.sample(body, secret=secrets[0], now=now)
            delivery = helpdesk.inbound.read(
                headers, body, account=key.account, secrets=secrets, now=now
            )
            if delivery.event:
                accepted.append(self.parts.due.accept(delivery, delivery.event))
        # What may be an echo gathers for a second; here it comes at once.
        self.redis.zadd(keys.DUE, {str(Member(Kind.EVENT, str(key))): time.time()}, lt=True)
        return accepted

    def touch(self, key: TicketKey) -> None:
        """A webhook that says only "look at this ticket", and was never seen before."""
        body = json.dumps({"ticket_id": key.id, "at": time.time()}).encode()
        helpdesk = HELPDESKS[key.helpdesk]
        now = datetime.now(UTC)
        secrets = helpdesk.secrets(self.parts.settings)
        headers = helpdesk.inbound.sample(body, secret=secrets[0], now=now)
        delivery = helpdesk.inbound.read(
            headers, body, account=key.account, secrets=secrets, now=now
        )
        assert delivery.event
        assert self.parts.due.accept(delivery, delivery.event) is Accepted.NEW

    def reply(self, key: TicketKey, body: str = "We are on it.", **facts: Any) -> None:
        sent = {"body": body, "webhook": "lost", **facts}
        self.control("post", f"/tickets/{key.helpdesk}/{key.id}/reply", sent)

    def change(self, key: TicketKey, **facts: Any) -> None:
        """A person changes the ticket."""
        sent = {"webhook": "lost", **facts}
        self.control("post", f"/tickets/{key.helpdesk}/{key.id}/change", sent)

    def delete(self, key: TicketKey, kind: str = "soft") -> None:
        sent = {"kind": kind, "webhook": "lost"}
        self.control("post", f"/tickets/{key.helpdesk}/{key.id}/delete", sent)

    def ticket(self, key: TicketKey) -> dict[str, Any]:
        return self.control("get", f"/tickets/{key.helpdesk}/{key.id}")

    def notes(self, key: TicketKey) -> list[str]:
        """What we said inside; fails when anything of ours was public."""
        ours = [one for one in self.ticket(key)["comments"] if one["author"] == "Minutehand"]
        assert not [one for one in ours if one["public"]]
        return [one["body"] for one in ours]

    def asked(self, helpdesk: str, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Requests to the vendor's API."""
        query = f"helpdesk={helpdesk}&method={method}&path={path}"
        return list(self.control("get", f"/requests?{query}")["requests"])

    def updates(self, key: TicketKey) -> list[dict[str, Any]]:
        """Updates of this ticket that the helpdesk took."""
        asked = self.asked(key.helpdesk, "PUT", f"/tickets/{key.id}")
        return [one for one in asked if one["status"] < 300]

    def fault(self, kind: str, helpdesk: str = "", **facts: Any) -> None:
        self.control("post", "/faults", {"kind": kind, "helpdesk": helpdesk, **facts})

    def no_faults(self) -> None:
        self.control("delete", "/faults")

    # Channels and time ---------------------------------------------------------------------

    def alerts(self, channel: str = "") -> list[dict[str, Any]]:
        return [
            json.loads(posted.body)
            for posted in self.receiver.posted
            if posted.path.endswith(channel)
        ]

    def there(self, key: TicketKey) -> Any:
        """The sandbox's own ticket, to set what only the helpdesk knows."""
        return self.sandbox.desks[key.helpdesk].tickets[int(key.id)]

    def pass_time(self, key: TicketKey, seconds: float) -> None:
        """As if so many seconds had gone by for this ticket, here and at the helpdesk."""
        span = timedelta(seconds=seconds)
        self.pass_time_there(key, seconds)
        self.parts.records.change(
            key,
            lambda state: (_earlier(state, span), Effects()) if state else None,
            now=datetime.now(UTC),
        )
        for name, at in self.redis.hgetall(keys.POLLED).items():
            self.redis.hset(keys.POLLED, name, str(float(at) - seconds))
        raised = self.parts.journal.mode_raised_at()
        if raised:
            self.redis.hset(keys.MODE, "raised_at", (raised - span).isoformat())

    def pass_time_there(self, key: TicketKey, seconds: float) -> None:
        """The same at the helpdesk alone, for a ticket that we do not know yet."""
        span = timedelta(seconds=seconds)
        desk = self.sandbox.desks[key.helpdesk]
        with desk.lock:
            there = desk.tickets[int(key.id)]
            there.created_at -= span
            there.updated_at -= span
            there.touched -= seconds
            for comment in there.comments:
                comment.created_at -= span


def _of_then(body: bytes, moment: datetime) -> bytes:
    """A Zendesk event's body as it would be had it happened then."""
    said, then = json.loads(body), f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    said["time"] = said["detail"]["updated_at"] = then
    return json.dumps(said).encode()


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing."""


def _earlier(value: Any, span: timedelta) -> Any:
    """A noun with every moment in it moved into the past."""
    if isinstance(value, datetime):
        return value - span
    if isinstance(value, tuple):
        return tuple(_earlier(one, span) for one in value)
    if isinstance(value, dict):
        return {name: _earlier(one, span) for name, one in value.items()}
    if isinstance(value, Noun):
        moved = {name: _earlier(one, span) for name, one in value}
        return value.model_copy(update=moved)
    return value


@contextmanager
def living(redis_url: str, folder: Path, receiver: Receiver) -> Iterator[World]:
    world = World(redis_url, folder, receiver)
    thread = threading.Thread(target=world.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield world
    finally:
        world.server.shutdown()
        thread.join(5)
        world.server.server_close()
        world.sandbox.stop()


def severities(ticket: Mapping[str, Any]) -> tuple[Any, ...]:
    """What always belongs together: severity, priority."""
    return ticket["severity"], ticket["priority"]
