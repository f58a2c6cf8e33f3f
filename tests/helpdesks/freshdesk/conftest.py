"""A small Freshdesk on 127.0.0.1, its fields, and tickets in its JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from vendor import Reply, Vendor, serving

from worker.helpdesks.freshdesk.client import FreshdeskClient
from worker.transport import Transport

API_KEY = "key-that-must-never-show"
NAMES = {
    "SLA severity": "cf_sla_severity_90210",
    "First response due": "cf_first_response_due",
    "SLA state": "cf_sla_state",
    "SLA review": "cf_sla_review",
    "Meta dependency": "cf_meta_dependency",
}


class Desk(Vendor):
    """Freshdesk, with all of our fields until a test says otherwise."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.on("GET", "/ticket_fields", Reply(content=fields_of(NAMES)))

    def list_fields(self, names: dict[str, str], **reply: Any) -> None:
        """Which ticket fields it has, by label."""
        self.on("GET", "/ticket_fields", Reply(content=fields_of(names), **reply))


def fields_of(names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": 1, "name": "subject", "label": "Subject"}] + [
        {"id": number, "name": name, "label": label, "type": "custom_text"}
        for number, (label, name) in enumerate(names.items(), 100)
    ]


@pytest.fixture(name="desk")
def _desk() -> Iterator[Desk]:
    with serving(Desk, "/freshdesk") as desk:
        yield desk


@pytest.fixture(name="client")
def _client(desk: Desk) -> FreshdeskClient:
    return FreshdeskClient(desk.url, API_KEY, Transport())


@pytest.fixture(name="names")
def _names() -> dict[str, str]:
    return dict(NAMES)


@pytest.fixture(name="raw")
def _raw() -> Any:
    """Makes a ticket in Freshdesk's JSON."""

    def make(number: int = 11, **changed: Any) -> dict[str, Any]:
        return {
            "id": number,
            "subject": "Nobody can send broadcasts",
            "description": "<div>Since <b>9:00</b> all fail &amp; queue</div>",
            "description_text": "Since 9:00 all fail & queue",
            "status": 2,
            "priority": 1,
            "source": 1,
            "spam": False,
            "type": "Incident",
            "requester_id": 6012691534,
            "company_id": 77,
            "group_id": None,
            "product_id": 5,
            "tags": ["vip"],
            "custom_fields": {},
            "created_at": "2026-11-23T10:00:00Z",
            "updated_at": "2026-11-23T10:00:05Z",
            "stats": {"first_responded_at": None},
        } | changed

    return make
