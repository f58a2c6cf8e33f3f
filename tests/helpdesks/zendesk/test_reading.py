"""Reading over real HTTP: odd answers, odd ids, and where a poll may start."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from vendor import Reply, Vendor

from worker.errors import Gone, MinutehandError, Misconfigured, Permanent, Transient
from worker.helpdesks.zendesk import Zendesk
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.settings import Settings
from worker.transport import Transport

TICKET, EXPORT = "/tickets/5158", "/incremental/tickets/cursor"


@pytest.mark.parametrize(
    ("status", "content", "meaning"),
    [
        (400, {"error": "BadRequest", "description": "no"}, (Permanent, "BadRequest: no")),
        (403, {"error": "Forbidden"}, (Permanent, "needs: to view all tickets")),
        (404, {"error": "RecordNotFound"}, (Gone, "does not exist")),
        (408, None, (Transient, "408")),
        (415, "<html>", (Permanent, "no reason given")),
        (418, {"error": {"title": "Teapot"}}, (Permanent, "Teapot")),
        (302, None, (Permanent, "redirect")),
        (200, "<html>log in</html>", (Transient, "without a JSON object")),
        (200, "[" * 100_000, (Transient, "without a JSON object")),
        (200, [], (Transient, "without a JSON object")),
        (200, {}, (Transient, "unreadable")),
        (200, {"ticket": {"id": 5158}}, (Transient, "created_at")),
    ],
)
def test_every_answer_has_its_meaning_and_shows_no_secret(
    desk: Vendor,
    client: ZendeskClient,
    status: int,
    content: Any,
    meaning: tuple[type[MinutehandError], str],
) -> None:
    error, words = meaning
    desk.on("GET", TICKET, Reply(status, content))

    with pytest.raises(error, match=words) as caught:
        client.fetch("5158")
    assert type(caught.value) is error
    for secret in ("must-never-show", "Bearer", "t1", desk.url):
        assert secret not in str(caught.value)


def test_an_id_never_becomes_another_path(desk: Vendor, client: ZendeskClient) -> None:
    with pytest.raises(Gone):
        client.fetch("5158/../../users?x=1")
    assert desk.asked[-1].path == "/tickets/5158%2F..%2F..%2Fusers%3Fx%3D1"


def test_a_poll_never_starts_less_than_a_minute_ago(desk: Vendor, client: ZendeskClient) -> None:
    desk.on("GET", EXPORT, Reply(content={"tickets": [], "end_of_stream": True}))
    page = client.changed_since(None, start=datetime.now(UTC))
    client.changed_since(page.watermark, start=datetime.now(UTC))

    first, again = (asked.params["start_time"] for asked in desk.of("GET", EXPORT))
    assert 60 < time.time() - int(first) < 90
    assert first == again == page.watermark


@pytest.mark.parametrize("user", [None, {}, {"name": None}])
def test_ping_answers_even_when_zendesk_says_little(
    desk: Vendor, client: ZendeskClient, user: Any
) -> None:
    desk.on("GET", "/users/me", Reply(content={"user": user}))

    assert client.ping() == "unnamed user (role unknown)"


def test_a_wrong_address_is_said_as_such_and_not_as_a_missing_ticket(
    desk: Vendor, client: ZendeskClient
) -> None:
    desk.on("GET", "/users/me", Reply(404))

    with pytest.raises(Permanent, match="is ZENDESK_URL") as caught:
        client.ping()
    assert not isinstance(caught.value, Gone)


def test_oauth_comes_before_the_legacy_token(desk: Any) -> None:
    legacy = {"ZENDESK_URL": desk.url, "ZENDESK_EMAIL": "ann@acme.test", "ZENDESK_API_TOKEN": "t"}
    oauth = legacy | {"ZENDESK_CLIENT_ID": "id", "ZENDESK_CLIENT_SECRET": "s"}
    desk.on("GET", "/users/me", Reply(content={"user": {}}))
    for variables in (legacy, oauth):
        Zendesk().client(Settings.from_environment(variables), Transport()).ping()

    signed = [asked.headers["Authorization"].split()[0] for asked in desk.of("GET", "/users/me")]
    assert signed == ["Basic", "Bearer"]


def test_there_is_no_client_without_a_way_to_sign_in() -> None:
    for settings in (Settings(), Settings(zendesk_url="https://acme.zendesk.com")):
        with pytest.raises(Misconfigured):
            Zendesk().client(settings, Transport())
