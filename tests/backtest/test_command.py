"""`minutehand backtest FILE` as an admin types it."""

from __future__ import annotations

import io
import json
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from worker.__main__ import minutehand
from worker.commands import backtest as command
from worker.errors import Misconfigured

Run = Callable[..., Result]

POLICY = '[channels.team]\ntype = "console"\n[channels.oncall]\ntype = "console"\n'
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x1b[31m {{ 7*7 }} </title>'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "policy.toml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "100")

    def invoke(*words: str | Path) -> Result:
        return CliRunner().invoke(minutehand, ["backtest", *map(str, words)])

    return invoke


def test_the_figures_of_a_small_history_are_the_ones_counted_by_hand(
    run: Run, exports: Path
) -> None:
    done = run(exports / "plain.jsonl")
    text = " ".join(done.output.split())

    assert done.exit_code == 0, done.output
    assert "5 tickets created 2026-03-02 to 2026-03-05 (4 days)" in text
    assert "1 row could not be read: line 6: 'yesterday' is no moment" in text
    # P1: 30 min: 0% twice, 50% twice; 80 min: all six steps. P2: 50%, 75%, 100% and closed at 3 h.
    # P4: the one that waits is 24 h old when the export ends: 90% and 100%. Meta's: in time.
    assert "P1 0% 4 - oncall 2, team 2" in text
    assert "P1 50% 4 - lead 2, oncall 2" in text
    assert "P1 75% 1 - lead 1" in text
    assert "P1 100% 1 2 lead 1" in text
    assert "P2 75% 1 - oncall 1" in text
    assert "P4 90% 1 - team 1" in text
    assert "3.8 alerts a day 15 in all, repeats left out" in text
    assert "channel lead (not configured): 5, 1.2 a day" in text
    # Compared: P1-P1, P3-P1, P2-P2, P4-P4.
    assert "Agreement: 3 of 4, 75% (95% interval 30 to 95%); within one level 75%" in text
    assert "#2 (line 2) people P3, Minutehand P1" in text
    # Breaches: 80 min on P1, closed after 3 h on P2, the P4 that waits.
    assert "P1 first response 45m 2 1 1 (100%) 45m / 45m / 45m" in text
    assert "P2 first response 2h 1 1 1 (100%) 1h / 1h / 1h" in text
    assert "P4 first response 8h 2 1 1 (100%) 48m / 48m / 48m" in text
    assert (
        "in time 2; answered late 1; closed late, without a reply 1; "
        "still unanswered when the export ends 1" in text
    )
    assert "Depend on Meta: 1 (20%). Reviews: 0 (0%)." in text
    assert "Without a known plan: 5 (100%), pro assumed" in text


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_line_is_wider_than_the_terminal(
    run: Run, exports: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = run(exports / "plain.jsonl")

    assert max(len(line) for line in done.stdout.splitlines()) <= width
    assert "\x1b" not in done.output


@pytest.mark.parametrize("name", ["zendesk.csv", "zendesk.ndjson", "freshdesk.csv", "plain.jsonl"])
def test_the_same_input_gives_the_same_bytes(run: Run, exports: Path, name: str) -> None:
    first = run(exports / name, "--html", "one.html")
    second = run(exports / name, "--html", "two.html")

    assert first.exit_code == 0, first.output
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()
    assert first.output.replace("one.html", "") == second.output.replace("two.html", "")
    assert sorted(path.name for path in Path().iterdir()) == ["one.html", "policy.toml", "two.html"]


def test_the_page_stands_alone(run: Run, exports: Path) -> None:
    run(exports / "plain.jsonl", "--html", "report.html")
    page = Path("report.html").read_text("utf-8")

    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg role") == 3 + 4  # mix, days, channels; P1, P2, P4 and together
    assert "Agreement: 3 of 4, 75% (95% interval 30 to 95%)" in page


def test_hostile_text_stays_text(run: Run, tmp_path: Path) -> None:
    rows = [
        {"id": HOSTILE, "subject": HOSTILE, "body": f"Nobody can log in {HOSTILE}."},
        {"id": "2", "subject": "Down", "body": f"Everything is down {HOSTILE}"},
    ]
    common = {"created_at": "2026-03-02T12:00:00Z", "priority": "P2", "first_response_at": None}
    path = tmp_path / "<b>&export.jsonl"
    path.write_text("".join(json.dumps(row | common) + "\n" for row in rows) + f'"{HOSTILE}"\n')
    done = run(path, "--html", "report.html")
    page = Path("report.html").read_text("utf-8")

    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output + page
    assert page.count("<script") == page.count("<img") == page.count("<b>&") == 0
    assert len(re.findall("<title>", page)) == len(re.findall("</title>", page))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_nothing_is_asked_of_the_network(
    run: Run, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        pytest.fail("a backtest opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert run(exports / "freshdesk.json").exit_code == 0


def test_what_an_export_does_not_tell_is_said_with_what_follows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "view.csv"
    path.write_text(
        "ID,Subject,Created at,Priority\n1,Everything is down,2026-03-02 12:00,Urgent\n"
    )
    text = " ".join(run(path).output.split())

    assert "Read as Zendesk CSV export. It tells: id, subject, created (created at), prio" in text
    assert "Missing: body (description or ticket description): decided by the subject" in text
    assert "Missing: first response (first reply time in minutes or first reply" in text
    assert "breaches cannot be told" in text
    assert "First responses: not told 1." in text


def test_a_limit_takes_the_first_tickets(run: Run, exports: Path) -> None:
    assert "2 tickets created" in run(exports / "plain.jsonl", "--limit", "2").output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["missing.csv"], "missing.csv: there is no such file"),
        (["policy.toml"], "policy.toml: not JSON, or no object in it"),
        (["."], "it has to be a file"),
        (["{}", "--html", "nowhere/report.html"], "--html: there is no folder nowhere"),
        (["{}", "--html", "{}"], "that is the export itself"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    run: Run, exports: Path, words: list[str], why: str
) -> None:
    path = str(exports / "plain.jsonl")
    done = run(*(path if word == "{}" else word for word in words))

    assert isinstance(done.exception, Misconfigured)
    assert why in str(done.exception)
    assert "\n" not in str(done.exception)
    assert done.output == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_file_shows_how_far_it_is_on_stderr_and_only_to_a_person(
    run: Run, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LONG", 2)
    silent = run(exports / "plain.jsonl")
    assert "replaying" not in silent.output

    seen = _Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    history = command.open_history(exports / "plain.jsonl", command.ZoneInfo("UTC"))
    with command._shown(history, 5) as rows:
        assert len(list(rows)) == 6
    assert "replaying" in seen.getvalue()


def test_several_processes_give_the_same_bytes_as_one(
    run: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (exports / "plain.jsonl").read_text().splitlines()
    long = tmp_path / "long.jsonl"
    long.write_text("\n".join(rows * 70) + "\n")  # several parts, bad rows in each
    pages = []
    for processes in (1, 3):
        monkeypatch.setattr(command, "LARGE", 0)
        monkeypatch.setattr(command, "cores", lambda n=processes: n)
        page = tmp_path / "report.html"
        done = run(long, "--html", page)
        assert done.exit_code == 0, done.output
        pages.append((done.output, page.read_bytes()))
    assert "350 tickets created" in pages[0][0]
    assert "70 rows could not be read" in pages[0][0]
    assert pages[0] == pages[1]


def test_a_file_without_a_ticket_is_one_clear_line_whoever_reads_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"created_at": "soon", "subject": "x"}\n' * 3)
    monkeypatch.setattr(command, "LARGE", 0)
    monkeypatch.setattr(command, "cores", lambda: 2)
    with pytest.raises(Misconfigured, match="there is no ticket in it; line 1: 'soon' is no"):
        CliRunner().invoke(minutehand, ["backtest", str(bad)], catch_exceptions=False)
