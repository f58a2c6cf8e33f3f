"""The sandbox against Zendesk's own OpenAPI file, which lies beside the checkout.

Three faults of that file, shown by recorded traffic, are put right first: an update's custom
fields carry only id and value; absent values are null; a custom field's value may be a boolean.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from openapi_core import OpenAPI
    from werkzeug.test import TestResponse

    from tests.sandbox.conftest import Both

openapi_core = pytest.importorskip("openapi_core", reason="it is in requirements-dev.txt")
wrappers = pytest.importorskip("openapi_core.contrib.werkzeug")
yaml = pytest.importorskip("yaml", reason="it comes with openapi-core")

FILE = Path(__file__).parents[2].parent / "shared" / "contracts" / "zendesk_oas.yaml"
PATHS = (
    "/api/v2/tickets",
    "/api/v2/tickets/{ticket_id}",
    "/api/v2/tickets/{ticket_id}/comments",
    "/api/v2/tickets/show_many",
    "/api/v2/tickets/update_many",
    "/api/v2/job_statuses/{job_status_id}",
    "/api/v2/ticket_fields",
    "/api/v2/ticket_fields/{ticket_field_id}",
    "/api/v2/ticket_forms",
    "/api/v2/incremental/tickets/cursor",
    "/api/v2/users/me",
    "/api/v2/users/{user_id}",
    "/api/v2/users/show_many",
    "/api/v2/organizations/{organization_id}",
    "/api/v2/triggers",
    "/api/v2/triggers/active",
    "/api/v2/slas/policies",
    "/api/v2/account/settings",
)
NULL_IN_RECORDINGS = {
    "TicketObject": (
        "assignee_id",
        "external_id",
        "forum_topic_id",
        "group_id",
        "organization_id",
        "priority",
        "problem_id",
        "recipient",
        "satisfaction_rating",
        "type",
    ),
    "TicketFieldObject": ("agent_description",),
    "TriggerObject": ("description",),
    "TicketMetricTimeObject": ("business", "calendar"),
    "TicketMetricObject": ("solved_at",),
    "OrganizationObject": ("details", "external_id", "group_id", "notes"),
    "UserForAdmin": ("organization_id",),
}


def nullable(schema: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        found = schema.get("properties", {}).get(name)
        if found is not None:
            found["nullable"] = True
            if "enum" in found:
                found["enum"] = [*found["enum"], None]


@pytest.fixture(scope="session", name="contract")
def _contract() -> OpenAPI:
    if not FILE.exists():
        pytest.skip("Zendesk's OpenAPI file is not beside this checkout (shared/contracts)")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with FILE.open(encoding="utf-8") as text:
        spec = yaml.load(text, Loader=loader)
    schemas = spec["components"]["schemas"]
    pair = {"id": {"type": "integer"}, "value": {"nullable": True}}
    fields = {"type": "array", "items": {"type": "object", "properties": pair}}
    schemas["TicketUpdateInput"]["properties"]["custom_fields"] = fields
    schemas["TicketObject"]["properties"]["custom_fields"] = fields
    schemas["AuditObject"]["properties"]["events"]["items"]["properties"]["value"] = {
        "nullable": True
    }
    for name, properties in NULL_IN_RECORDINGS.items():
        nullable(schemas[name], properties)
    spec["paths"] = {path: spec["paths"][path] for path in PATHS if path in spec["paths"]}
    spec["servers"] = [{"url": "http://localhost/zendesk"}]
    spec.pop("security")
    return openapi_core.OpenAPI.from_dict(spec, config=openapi_core.Config(spec_validator_cls=None))


def keeps(contract: OpenAPI, answer: TestResponse, sent: Any = None) -> Any:
    """Fails unless the request (its body was `sent`) and its answer are as the file says."""
    asked = answer.request
    again = EnvironBuilder(
        method=asked.method,
        base_url=asked.root_url,
        path=asked.path,
        query_string=asked.query_string.decode(),
        json=sent,
    )
    request = wrappers.WerkzeugOpenAPIRequest(again.get_request())
    contract.validate_request(request)
    contract.validate_response(request, wrappers.WerkzeugOpenAPIResponse(answer))
    return answer.get_json()


@pytest.fixture(name="number")
def _number(both: Both) -> str:
    return both.ticket(organization="Kirana Express")


@pytest.mark.parametrize(
    "path",
    [
        "tickets/{number}",
        "tickets/{number}?include=metric_sets",
        "tickets/{number}/comments?include=users",
        "tickets/show_many?ids={number}",
        "incremental/tickets/cursor?start_time=1&include=metric_sets",
        "ticket_fields",
        "ticket_forms",
        "users/me",
        "triggers",
        "triggers/active",
        "slas/policies",
        "account/settings",
    ],
)
def test_what_is_read_keeps_zendesks_contract(
    both: Both, contract: OpenAPI, number: str, path: str
) -> None:
    keeps(contract, both.zendesk("GET", path.format(number=number)))


def test_an_update_of_everything_at_once_keeps_the_contract(
    both: Both, contract: OpenAPI, number: str
) -> None:
    fields = both.fields()

    sent = {
        "ticket": {
            "priority": "urgent",
            "comment": {"body": "decided", "public": False},
            "custom_fields": [
                {"id": fields["SLA severity"], "value": "sla_p1"},
                {"id": fields["First response due"], "value": "2026-11-23T10:45:00Z"},
                {"id": fields["SLA review"], "value": True},
            ],
            "safe_update": True,
            "updated_stamp": "2999-01-01T00:00:00Z",
        }
    }

    answer = both.zendesk("PUT", f"tickets/{number}", sent)

    assert keeps(contract, answer, sent)["ticket"]["priority"] == "urgent"
    keeps(contract, both.zendesk("GET", f"tickets/{number}"))


@pytest.mark.parametrize("form", ["bulk", "batch"])
def test_a_bulk_update_and_its_job_keep_the_contract(
    both: Both, contract: OpenAPI, number: str, form: str
) -> None:
    if form == "bulk":
        path, body = f"tickets/update_many?ids={number},999", {"ticket": {"priority": "low"}}
    else:
        batch = [{"id": int(number), "priority": "low"}, {"id": 999, "priority": "low"}]
        path, body = "tickets/update_many", {"tickets": batch}

    started = both.zendesk("PUT", path, body)
    job = keeps(contract, started, body)["job_status"]
    both.job(path, body)

    done = keeps(contract, both.zendesk("GET", f"job_statuses/{job['id']}"))["job_status"]
    assert [result["success"] for result in done["results"]] == [True, False]


def test_a_created_ticket_keeps_the_contract(both: Both, contract: OpenAPI) -> None:
    sent = {"ticket": {"subject": "s", "comment": {"body": "b"}, "priority": "high"}}

    keeps(contract, both.zendesk("POST", "tickets", sent), sent)


def test_a_created_field_keeps_the_contract(both: Both, contract: OpenAPI) -> None:
    options = [{"name": "Gold", "value": "tier_gold"}]
    sent = {"title": "Tier", "type": "tagger", "custom_field_options": options}
    body = {"ticket_field": sent}

    keeps(contract, both.zendesk("POST", "ticket_fields", body), body)


def test_people_and_organizations_keep_the_contract(
    both: Both, contract: OpenAPI, number: str
) -> None:
    ticket = both.zendesk("GET", f"tickets/{number}").get_json()["ticket"]

    keeps(contract, both.zendesk("GET", f"users/{ticket['requester_id']}"))
    keeps(contract, both.zendesk("GET", f"users/show_many?ids={ticket['requester_id']}"))
    keeps(contract, both.zendesk("GET", f"organizations/{ticket['organization_id']}"))
