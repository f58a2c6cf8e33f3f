"""A small Zendesk on 127.0.0.1, its fields, and tickets in its JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from vendor import Reply, Vendor, serving

from worker.helpdesks.zendesk.client import ZendeskClient
from worker.helpdesks.zendesk.token import OAuth
from worker.transport import Transport

CLIENT_SECRET = "client-secret-that-must-never-show"
IDS = {
    "SLA severity": 360,
    "First response due": 361,
    "SLA state": 362,
    "SLA review": 363,
    "Meta dependency": 364,
}


def fields_of(ids: dict[str, int]) -> dict[str, Any]:
    listed = [{"id": 1, "title": "Subject", "active": True}]
    listed += [{"id": number, "title": title, "active": True} for title, number in ids.items()]
    return {"ticket_fields": listed, "next_page": None}


class Desk(Vendor):
    """Zendesk: signs in anybody, has all of our fields, until a test says otherwise."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.on("POST", "/oauth/tokens", Reply(content={"access_token": "t1", "expires_in": 1800}))
        self.list_fields(IDS)
        self.on("PUT", "/tickets/5158", Reply(content={"ticket": {}, "audit": {}}))

    def list_fields(self, ids: dict[str, int], **reply: Any) -> None:
        self.on("GET", "/ticket_fields", Reply(content=fields_of(ids), **reply))

    def sign_ins(self) -> int:
        return len(self.of("POST", "/oauth/tokens"))


@pytest.fixture(name="desk")
def _desk() -> Iterator[Desk]:
    with serving(Desk, "/zendesk") as desk:
        yield desk


@pytest.fixture(name="client")
def _client(desk: Desk) -> ZendeskClient:
    transport = Transport()
    return ZendeskClient(desk.url, OAuth(desk.url, "id", CLIENT_SECRET, transport), transport)


@pytest.fixture(name="raw")
def _raw() -> Callable[..., dict[str, Any]]:
    """Makes a ticket in Zendesk's JSON."""

    def make(number: int = 5158, **changed: Any) -> dict[str, Any]:
        return {
            "id": number,
            "subject": "Nobody can send broadcasts",
            "description": "Since 9:00 all of them fail",
            "status": "new",
            "priority": None,
            "requester_id": 7001,
            "submitter_id": 7001,
            "organization_id": 51,
            "group_id": None,
            "brand_id": 31,
            "ticket_form_id": 41,
            "tags": ["vip"],
            "via": {"channel": "email", "source": {"rel": None}},
            "custom_fields": [{"id": 360, "value": None}, {"id": 363, "value": False}],
            "created_at": "2026-11-23T10:00:00Z",
            "updated_at": "2026-11-23T10:00:05Z",
        } | changed

    return make
