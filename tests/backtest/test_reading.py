"""Every format is recognised, read as what it says, and its faults are named by line."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from worker.backtest.reading import Bad, open_history, survey
from worker.errors import Misconfigured
from worker.helpdesks.export import Fact, Past, moment
from worker.tickets import Severity, Status

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
ZONE = ZoneInfo("UTC")


def read(path: Path, zone: ZoneInfo = ZONE) -> tuple[list[Past], list[Bad]]:
    found = [one for _, one in open_history(path, zone).rows()]
    return [one for one in found if isinstance(one, Past)], [
        one for one in found if isinstance(one, Bad)
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("zendesk.csv", "Zendesk CSV export"),
        ("zendesk.ndjson", "Zendesk JSON export"),
        ("freshdesk.csv", "Freshdesk CSV export"),
        ("freshdesk.json", "Freshdesk JSON export"),
        ("plain.jsonl", "plain tickets"),
    ],
)
def test_each_format_is_recognised_and_tells_the_same_ticket(
    exports: Path, name: str, title: str
) -> None:
    history = open_history(exports / name, ZONE)
    (first, second, *_), _ = read(exports / name)

    assert history.export.title == title
    assert {Fact.CREATED, Fact.SUBJECT, Fact.BODY, Fact.ANSWERED} <= set(history.used)
    assert first.ticket.subject == "Outage"
    assert first.ticket.body.startswith("Everything is down")
    assert first.ticket.created_at == NOON
    assert first.ticket.first_response_at == NOON + HALF_AN_HOUR
    assert first.ticket.priority is Severity.P1
    assert first.answer_known
    assert second.answer_known


def test_zendesk_csv_knows_a_zero_from_a_reply_and_keeps_quoted_line_breaks(exports: Path) -> None:
    (first, unanswered, closed), (bad,) = read(exports / "zendesk.csv")

    assert first.ticket.tags == ("vip", "web")
    assert first.ticket.organization == "Acme Cooling"
    assert unanswered.ticket.first_response_at is None
    assert unanswered.ticket.priority is Severity.P4
    assert closed.ticket.body == "How do I add\na user to my team?"
    assert closed.ended_at == NOON + timedelta(days=1) + HALF_AN_HOUR
    assert bad == (6, "'03/04/2026 12:00' is no moment that is written year first")


def test_zendesk_json_reads_metrics_comments_and_the_organisation(exports: Path) -> None:
    (metrics, comments), (bad,) = read(exports / "zendesk.ndjson")

    assert metrics.customer.name == "Acme Cooling"
    assert metrics.customer.fields == {"plan": "enterprise"}
    assert metrics.ended_at == NOON + timedelta(hours=2)
    assert comments.ticket.first_response_at == NOON + timedelta(minutes=80)  # not the note
    assert comments.ticket.requester == "78"
    assert bad == (3, "not JSON")


def test_freshdesk_s_lowest_priority_is_nobody_s_word(exports: Path) -> None:
    for name in ("freshdesk.csv", "freshdesk.json"):
        (first, second), _ = read(exports / name)
        assert first.ticket.priority is Severity.P1
        assert first.ticket.key.id == "11"
        assert first.ticket.status is Status.SOLVED
        assert second.ticket.priority is None
        assert second.ticket.first_response_at is None


def test_a_row_of_another_length_is_named(exports: Path) -> None:
    _, (bad,) = read(exports / "freshdesk.csv")

    assert bad == (4, "it has 3 columns, the first line 18")


def test_pages_arrays_and_documents_laid_out_read_the_same(tmp_path: Path, exports: Path) -> None:
    rows = [json.loads(line) for line in (exports / "plain.jsonl").read_text().splitlines()[:5]]
    page = {"tickets": rows, "next_page": None, "count": 5}
    last = {"count": 5, "tickets": rows}
    shapes = {
        "array": json.dumps(rows),
        "laid_out": json.dumps(rows, indent=2),
        "page": json.dumps(page),
        "page_laid_out": json.dumps(page, indent=1),
        "count_first": json.dumps(last, indent=1),
        "pages": json.dumps(page) + "\n" + json.dumps(last) + "\n",
        "bom": "\ufeff" + "\n".join(json.dumps(row) for row in rows),
    }
    for name, text in shapes.items():
        path = tmp_path / name
        path.write_text(text, "utf-8")
        found, bad = read(path)
        assert bad == [], name
        wanted = 10 if name == "pages" else 5
        assert [one.ticket.key.id for one in found] == ["1", "2", "3", "4", "5"] * (wanted // 5)


def test_a_document_that_breaks_off_is_read_up_to_there(tmp_path: Path, exports: Path) -> None:
    rows = [json.loads(line) for line in (exports / "plain.jsonl").read_text().splitlines()[:5]]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(rows, indent=1)[:-60])
    found, bad = read(path)

    assert len(found) == 4
    assert [one.why for one in bad] == ["not JSON from here on; nothing after it was read"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_spreadsheets_may_save_csv_as_they_like(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "t.csv"
    line = delimiter.join
    text = f"{line(['created_at', 'subject'])}\r\n{line(['2026-03-02 12:00', 'Grüße'])}\r\n"
    path.write_bytes(text.encode(encoding))
    (found,), _ = read(path, ZoneInfo("Europe/Madrid"))

    assert found.ticket.subject == "Grüße"
    assert found.ticket.created_at == NOON - timedelta(hours=1)
    assert not found.answer_known


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T13:00:00.123456789+01:00", NOON + timedelta(microseconds=123456)),
        ("2026-03-02 13:00:00 +0100", NOON),
        ("2026-03-02 12:00:00 UTC", NOON),
        ("2026-03-02 12:00", NOON),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_read_as_exports_write_them(
    written: str | None, wanted: datetime | None
) -> None:
    assert moment(written, ZONE) == wanted


def test_an_answer_before_creation_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(
        '{"subject":"a","created_at":"2026-03-02","first_response_at":"2026-03-01"}\n'
        '{"subject":"a","created_at":"2026-03-02","priority":"asap"}\n'
        '{"subject":"a","created_at":"2026-03-02"}\n[1]\n'
    )
    _, bad = read(path)

    assert [one.line for one in bad] == [1, 2, 4]
    assert bad[0].why == "it was answered before it was created"
    assert "'asap' is none of P1" in bad[1].why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04rest", "spreadsheet or a ZIP"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"abc\0\1\2", "no text"),
        (b"{broken", "not JSON"),
        (b"name,colour\nAnn,red\n", "not a ticket export that is known; its columns: colour, name"),
        (b"created_at,subject\nsoon,Hello\n", "there is no ticket in it; line 2: 'soon'"),
    ],
)
def test_what_is_no_export_is_said_in_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)

    with pytest.raises(Misconfigured, match=why) as fault:
        survey(open_history(path, ZONE))
    assert "\n" not in str(fault.value)


def test_a_survey_counts_names_the_first_five_and_finds_the_end(
    tmp_path: Path, exports: Path
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text((exports / "plain.jsonl").read_text() + "no\n" * 9)
    seen = survey(open_history(path, ZONE))

    assert (seen.tickets, seen.bad) == (5, 10)
    assert [one.line for one in seen.first_bad] == [6, 7, 8, 9, 10]
    assert seen.ends == datetime(2026, 3, 5, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize("shape", ["lines", "array", "csv"])
def test_five_thousand_long_rows_stream_through_little_memory(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "long"
    body = "The totals are wrong. " * 400
    with path.open("w") as file:
        file.write({"lines": "", "array": "[\n", "csv": "created_at,subject,body\n"}[shape])
        for number in range(5000):
            row = {"created_at": "2026-03-02T12:00:00Z", "subject": f"{number}", "body": body}
            if shape == "csv":
                file.write(",".join(row.values()) + "\n")
            else:
                file.write(json.dumps(row) + (",\n" if shape == "array" else "\n"))
    history = open_history(path, ZONE)
    tracemalloc.start()
    try:
        seen = survey(history)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert seen.tickets == 5000
    assert path.stat().st_size > 40_000_000
    assert peak < 3_000_000
