from __future__ import annotations

import io
import sys

import pytest
from channels.receiver import HOSTILE, NOW, a_digest, a_hostile_alert, an_alert

from worker.channels.base import Alert
from worker.channels.console import Options, build
from worker.errors import Transient
from worker.tickets import Severity, Target
from worker.transport import Transport


def printed(capsys: pytest.CaptureFixture[str], alert: Alert) -> str:
    build("oncall", Options(), Transport()).send(alert, now=NOW)
    return capsys.readouterr().out


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_an_alert_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, an_alert()) == (
        'ALERT  P1 75% zendesk/acme/123 "Nobody can log in" first response due 10:45:00 UTC '
        "(in 11m 15s) -> oncall: everyone is affected\n"
    )


def test_a_passed_deadline_is_said_as_overdue(capsys: pytest.CaptureFixture[str]) -> None:
    assert "(overdue by 3m 45s)" in printed(capsys, an_alert(deadline="2026-11-23T10:30:00Z"))


def test_the_deadline_is_in_the_alerts_time_zone(capsys: pytest.CaptureFixture[str]) -> None:
    assert "due 11:45:00 CET" in printed(capsys, an_alert(time_zone="Europe/Madrid"))


def test_doubt_meta_and_other_types_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    line = printed(capsys, an_alert(type="test", confirmed=False, meta_dependency=True, reasons=()))
    assert line.startswith("TEST  P1 ")
    assert "[could not confirm] [Meta dependency] -> oncall: no reason given" in line


def test_the_target_in_question_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "next reply due 10:45" in printed(capsys, an_alert(target=Target.NEXT_REPLY))
    line = printed(capsys, an_alert(type="review", target=Target.REVIEW))
    assert line.startswith("REVIEW  P1 75% ")
    assert "review due 10:45:00 UTC (in 11m 15s) [please review this severity]" in line


def test_whose_place_it_takes_and_how_to_acknowledge_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = "https://minutehand.example/ack?a=1"
    line = printed(capsys, an_alert(instead_of="lead\x1b[2J", acknowledge_url=url))
    assert "[told in the place of lead[2J, which failed or is closed now] -> oncall: " in line
    assert line.endswith(f" acknowledge: {url}\n")


def test_a_digest_is_a_line_for_each_ticket(capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = printed(capsys, a_digest(3, "Printer jams")).splitlines()
    assert head == "DIGEST  P4 3 tickets -> oncall"
    assert lines == [
        f"  P4 Low: Printer jams [zendesk ticket {number}] "
        "resolution, 90%, due 2026-11-23 10:45:00 UTC (in 11m 15s)"
        for number in range(3)
    ]


def test_a_hostile_digest_stays_inert_and_short(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, a_digest(50, "\xad\U000e0041" + HOSTILE)).splitlines()
    assert len(lines) == 42
    assert lines[-1] == "  and 10 more"
    assert all(line.isprintable() and len(line) < 300 for line in lines)


def test_a_hostile_subject_stays_one_inert_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = printed(capsys, a_hostile_alert())
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert len(line) < 500


@pytest.mark.parametrize("severity", Severity)
def test_colour_is_for_terminals_only(
    monkeypatch: pytest.MonkeyPatch, severity: Severity, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "\x1b" not in printed(capsys, an_alert(severity=severity))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    build("oncall", Options(), Transport()).send(an_alert(severity=severity), now=NOW)
    assert terminal.getvalue().startswith("\x1b[")
    assert terminal.getvalue().endswith("\x1b[0m\n")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    build("oncall", Options(), Transport()).send(an_alert(severity=severity), now=NOW)
    assert "\x1b" not in terminal.getvalue()


def test_an_accent_that_the_terminal_lacks_loses_no_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, encoding="ascii"))
    build("oncall", Options(), Transport()).send(an_alert(ticket={"subject": "caf\xe9"}), now=NOW)
    assert b'"caf\\xe9"' in output.getvalue()


def test_a_closed_output_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    closed_but_asked = Terminal()
    monkeypatch.setattr(closed_but_asked, "write", closed.write)
    monkeypatch.setattr(sys, "stdout", closed_but_asked)
    with pytest.raises(Transient, match="channel oncall: standard output cannot be written"):
        build("oncall", Options(), Transport()).send(an_alert(), now=NOW)
