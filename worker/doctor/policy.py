"""What the policy promises: its tests, and that a P1 reaches somebody."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from worker.doctor.check import Check, fail, ok, warn
from worker.policy import PEOPLE, Policy
from worker.policy_tests import try_all
from worker.severity import Rubric
from worker.tickets import Severity

SECONDS = 3.0
PORTS = {"http": 80, "https": 443}


def of_policy(policy: Policy, rubric: Rubric) -> Iterator[Check]:
    """Whether its own tests hold and everybody named is there."""
    tried = list(try_all(policy, rubric))
    wrong = [one for one in tried if one.differences]
    if wrong:
        found = f"{len(wrong)} of {len(tried)} are decided otherwise, first {wrong[0].origin}"
        yield fail("policy tests", found, "run `minutehand policy test`")
    else:
        yield ok("policy tests", f"{len(tried)} hold")
    if policy.unreached(Severity.P1):
        found = "no notification channel of the P1 steps is configured"
        yield fail("P1 alerts", found, "add one under [channels], such as [channels.oncall]")
    else:
        yield ok("P1 alerts", "reach somebody")
    named = {name for step in policy.steps for name in step.notify}
    missing = sorted(named - policy.channels.keys() - {*PEOPLE, "tam"})
    if missing:
        found = f"steps name {', '.join(missing)}, which no [channels] has"
        yield warn("channels named", found, "configure them or take them out of the steps")
    else:
        yield ok("channels named", "every one that a step names is configured")


def of_channels(policy: Policy) -> Iterator[Check]:
    """Whether each channel's other side can be reached; nothing is sent."""
    for name, rule in policy.channels.items():
        place = _place(rule.options)
        if place is None:
            yield ok(f"channel {name}", f"{rule.type}, nothing to reach")
            continue
        host, port = place
        try:
            socket.create_connection((host, port), timeout=SECONDS).close()
        except OSError as fault:
            found = f"{rule.type}: cannot be reached ({type(fault).__name__})"
            advice = f"check its address, then `minutehand channel test {name}`"
            yield fail(f"channel {name}", found, advice)
        else:
            yield ok(f"channel {name}", f"{rule.type}, can be reached")


def _place(options: object) -> tuple[str, int] | None:
    """Host and port of what a channel calls, when its keys say it."""
    host, port = getattr(options, "host", None), getattr(options, "port", None)
    if isinstance(host, str) and host:
        return host, port if isinstance(port, int) else 587
    url = getattr(options, "url", None)
    if not isinstance(url, SecretStr):
        return None
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return parts.hostname, parts.port or PORTS[parts.scheme]
