"""What one look at something found."""

from __future__ import annotations

from enum import StrEnum

from worker.tickets import Noun


class Verdict(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    """It works, but not as well as it could, or not for long."""
    FAIL = "fail"
    """Tickets, alerts or writes are lost, late or wrong until somebody acts."""


class Check(Noun):
    """One line of the doctor's report."""

    name: str
    verdict: Verdict
    found: str
    """What was seen. Never a secret."""
    advice: str = ""
    """What to do, when it is not ok."""


def ok(name: str, found: str) -> Check:
    return Check(name=name, verdict=Verdict.OK, found=found)


def warn(name: str, found: str, advice: str) -> Check:
    return Check(name=name, verdict=Verdict.WARN, found=found, advice=advice)


def fail(name: str, found: str, advice: str) -> Check:
    return Check(name=name, verdict=Verdict.FAIL, found=found, advice=advice)
