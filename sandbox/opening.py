"""What a helpdesk holds before anybody wrote to it: people, customers and ticket fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox import moments
from sandbox.records import Field, Organization, Role, User

if TYPE_CHECKING:
    from sandbox.desk import Desk

AGENTS = ("Amara Okafor", "Lena Brandt", "Diego Fuentes", "Mei Tanaka")
CUSTOMERS = (
    ("Blue Harbour Travel", "pro"),
    ("Kirana Express", "pro"),
    ("Northwind Clinics", "pro"),
    ("Casa Verde Imóveis", "growth"),
    ("Steinmann Logistik", None),
)
SEVERITIES = ("p1", "p2", "p3", "p4")
STATES = {
    "on_track": "On track",
    "near": "Breach soon",
    "breached": "Breached",
    "met": "Answered in time",
}
DEADLINE_PATTERN = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"
TITLES = ("SLA severity", "First response due", "SLA state", "SLA review", "Meta dependency")
"""The five fields Minutehand writes, found by these titles."""


def furnish(desk: Desk, *, first_id: int, service_email: str) -> None:
    """Put people, customers and fields on an empty desk; ids count up from `first_id`."""
    roles: list[tuple[str, str, Role, bool]] = [
        ("Minutehand", service_email, "admin", False),
        ("Answer Bot", "answer-bot@sandbox.example", "agent", True),
    ]
    roles += [
        (name, f"{name.split()[0].lower()}@sandbox.example", "agent", False) for name in AGENTS
    ]
    for offset, (name, email, role, is_bot) in enumerate(roles):
        user = User(id=first_id + offset, name=name, email=email, role=role, is_bot=is_bot)
        desk.users[user.id] = user
    desk.service_user, desk.bot, *desk.agents = desk.users.values()
    for offset, (name, plan) in enumerate(CUSTOMERS):
        tags = [f"plan_{plan}"] if plan else []
        made = Organization(id=first_id + 100 + offset, name=name, plan=plan, tags=tags)
        desk.organizations[made.id] = made
    lay_fields(desk, list(TITLES), first_id=first_id + 200)
    desk.groups[first_id + 300] = ("Second line", list(desk.agents))


def lay_fields(desk: Desk, titles: list[str], *, first_id: int | None = None) -> None:
    """Make exactly these of Minutehand's five fields exist; the others are taken away.

    Raises ValueError for a title that is none of the five.
    """
    strangers = [title for title in titles if title not in TITLES]
    if strangers:
        raise ValueError(f"{strangers[0]!r} is not one of Minutehand's fields: {TITLES}.")
    with desk.lock:
        present = {field.title: field.id for field in desk.fields.values()}
        for title in TITLES:
            if title not in titles and title in present:
                del desk.fields[present[title]]
        for number, title in enumerate(TITLES):
            if title in titles and title not in present:
                made = first_id + number if first_id else next(desk.numbers)
                shape = _ZENDESK[title] if desk.carries_tags else _FRESHDESK[title]
                desk.fields[made] = Field(id=made, title=title, created_at=moments.now(), **shape)


_ZENDESK: dict[str, dict[str, Any]] = {
    "SLA severity": {
        "kind": "dropdown",
        "options": {f"sla_{name}": name.upper() for name in SEVERITIES},
    },
    "First response due": {"kind": "regexp", "pattern": DEADLINE_PATTERN},
    "SLA state": {
        "kind": "dropdown",
        "options": {f"sla_{value}": label for value, label in STATES.items()},
    },
    "SLA review": {"kind": "checkbox", "tag": "sla_review"},
    "Meta dependency": {"kind": "checkbox", "tag": "meta_dependency"},
}
_FRESHDESK: dict[str, dict[str, Any]] = {
    "SLA severity": {
        "kind": "dropdown",
        "name": "cf_sla_severity",
        "options": {name.upper(): name.upper() for name in SEVERITIES},
    },
    "First response due": {"kind": "text", "name": "cf_first_response_due_418207"},
    "SLA state": {
        "kind": "dropdown",
        "name": "cf_sla_state_418208",
        "options": {value: value for value in STATES},
    },
    "SLA review": {"kind": "checkbox", "name": "cf_sla_review"},
    "Meta dependency": {"kind": "checkbox", "name": "cf_meta_dependency"},
}
