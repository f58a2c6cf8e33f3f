"""Our words and Freshdesk's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from worker.helpdesks.freshdesk import fields
from worker.helpdesks.freshdesk.fields import Title
from worker.tickets import Changes, Severity, SlaState, Status, Ticket

CUSTOM = {Title.SEVERITY: "cf_s", Title.REVIEW: "cf_r"}


def ticket(raw: Any) -> Ticket:
    return fields.ticket(raw, account="acme", names=CUSTOM, url="https://acme.freshdesk.com")


def test_a_ticket_is_read_whole(raw: Any) -> None:
    read = ticket(
        raw(
            priority=4,
            custom_fields={"cf_s": "P2", "cf_r": True, "cf_other": "x"},
            stats={"first_responded_at": "2026-11-23T10:20:00Z"},
        )
    )
    assert str(read.key) == "freshdesk/acme/11"
    assert read.subject == "Nobody can send broadcasts"
    assert read.body == "Since 9:00 all fail & queue"
    assert read.created_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert (read.priority, read.severity_field, read.review_field) == (
        Severity.P1,
        Severity.P2,
        True,
    )
    assert read.first_response_at == datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
    assert (read.organization, read.brand, read.form, read.source) == (
        "77",
        "5",
        "Incident",
        "email",
    )
    assert (read.requester, read.group, read.tags) == ("6012691534", None, ("vip",))
    assert read.url == "https://acme.freshdesk.com/a/tickets/11"


@pytest.mark.parametrize(
    ("number", "severity"),
    [(4, "P1"), (3, "P2"), (2, "P3"), (1, None), (0, None), (9, None), (None, None), (True, None)],
)
def test_priority_one_means_unset(raw: Any, number: Any, severity: str | None) -> None:
    assert ticket(raw(priority=number)).priority == severity


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (2, Status.OPEN),
        (3, Status.PENDING),
        (4, Status.SOLVED),
        (5, Status.SOLVED),
        (6, Status.PENDING),
        (7, Status.OPEN),
        (14, Status.OPEN),
        (None, Status.OPEN),
        ("4", Status.OPEN),
    ],
)
def test_statuses_are_read_by_number(raw: Any, number: Any, status: Status) -> None:
    assert ticket(raw(status=number)).status is status


def test_deleted_and_spam_win_over_the_status(raw: Any) -> None:
    assert ticket(raw(status=4, spam=True)).status is Status.SPAM
    assert ticket(raw(status=2, spam=True, deleted=True)).status is Status.DELETED


def test_only_calls_and_outbound_mail_are_known_to_be_opened_by_an_agent(raw: Any) -> None:
    opened = [number for number in range(14) if ticket(raw(source=number)).opened_by_agent]
    assert opened == [3, 10]
    assert ticket(raw(source=3)).source == "phone"
    assert ticket(raw(source=101)).source == "101"


def test_a_description_without_its_text_loses_its_markup(raw: Any) -> None:
    assert ticket(raw(description_text=None)).body == "Since  9:00  all fail & queue"


def test_a_ticket_needs_an_id_and_its_creation(raw: Any) -> None:
    for broken in (raw(id=None), raw(created_at=None), raw(created_at="soon"), [], None, "x"):
        with pytest.raises(ValueError, match="a ticket without"):
            ticket(broken)


def test_odd_values_leave_a_fact_out_instead_of_failing(raw: Any) -> None:
    odd = raw(
        subject=None,
        tags=None,
        custom_fields=None,
        stats=None,
        source="email",
        type=None,
        updated_at="?",
        company_id=False,
    )
    read = ticket(odd)
    assert (read.subject, read.tags, read.source, read.organization) == ("", (), None, None)
    assert (read.severity_field, read.review_field, read.updated_at) == (None, None, None)


def test_fields_are_found_by_label_and_named_as_the_answer_says() -> None:
    found = fields.titles(
        [
            {"label": "  sla SEVERITY ", "name": "cf_sla_severity_297457"},
            {"label": "SLA severity", "name": "cf_second"},
            {"label": "SLA state", "name": "cf_old", "archived": True},
            {"label": "Region", "name": "cf_region"},
            {"label": None, "name": None},
            {"label": "SLA review", "name": None},
            "x",
        ]
    )
    assert found == {Title.SEVERITY: "cf_sla_severity_297457"}
    assert fields.titles({"error": 1}) == {}


def test_values_are_written_in_freshdesks_words() -> None:
    changes = Changes(
        severity=Severity.P1,
        deadline=datetime(2026, 11, 23, 10, 45, tzinfo=UTC),
        state=SlaState.ON_TRACK,
        review=False,
        meta_dependency=True,
    )
    assert fields.custom_fields(changes, {title: title.name for title in Title}) == {
        "SEVERITY": "P1",
        "DEADLINE": "2026-11-23T10:45:00Z",
        "STATE": "on_track",
        "REVIEW": False,
        "META": True,
    }
    assert fields.custom_fields(changes, {}) == {}


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        (("vip",), Changes(severity=Severity.P1), ("vip", "sla_p1")),
        (("sla_p3", "vip"), Changes(severity=Severity.P1), ("vip", "sla_p1")),
        (("sla_p1", "vip"), Changes(severity=Severity.P1), ("sla_p1", "vip")),
        (("SLA_P1",), Changes(severity=Severity.P1), ("SLA_P1",)),
        (("sla_p9", "sla_review_done"), Changes(review=False), ("sla_p9", "sla_review_done")),
        (("sla_review", "a"), Changes(review=False), ("a",)),
        (
            ("a",),
            Changes(review=True, meta_dependency=True),
            ("a", "sla_review", "meta_dependency"),
        ),
        (("meta_dependency", "sla_p2"), Changes(state=SlaState.MET), ("meta_dependency", "sla_p2")),
        (("sla_review",), Changes(severity=Severity.P2), ("sla_review", "sla_p2")),
    ],
)
def test_only_our_own_tags_change(
    before: tuple[str, ...], changes: Changes, after: tuple[str, ...]
) -> None:
    assert fields.merged_tags(before, changes) == after


def test_a_note_is_text_and_never_markup() -> None:
    assert fields.note_html('<img src=x onerror="y">\n& more\r\nend') == (
        "&lt;img src=x onerror=&quot;y&quot;&gt;<br>&amp; more<br>end"
    )
