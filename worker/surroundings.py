"""What else the account does when we write: rules that fire, its own SLA where it differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from worker.helpdesks.base import Setup
from worker.helpdesks.wishes import NativeTarget
from worker.hours import ROUND_THE_CLOCK
from worker.policy import Policy
from worker.tickets import Severity, Target, one_line
from worker.timer import short


def lines(setup: Setup, policy: Policy) -> Iterator[str]:
    """Both lists, for people; nothing when there is nothing to say. Only GETs."""
    firing = setup.firing()
    if firing:
        yield "Rules of the account that what Minutehand writes may set off (MODE=tag and live):"
    for rule in firing:
        yield f"  {one_line(rule.title)!r}: {rule.why}"
    yield from differences(setup.native_targets(), policy)


def differences(targets: Iterable[NativeTarget], policy: Policy) -> Iterator[str]:
    """Native first-response targets that no plan of the policy has for that severity. Pure."""
    said = False
    for target in targets:
        wanted = {_promise(policy, name, target.severity) for name in policy.plans}
        found = (target.seconds, target.business_hours)
        if found in wanted or wanted == {None}:
            continue
        if not said:
            yield "The helpdesk's own SLA says otherwise than the policy (agents see both):"
            said = True
        ours = _promise(policy, policy.default_plan, target.severity)
        yield (
            f"  {one_line(target.policy)!r}: {target.severity} within {_words(found)}; "
            f"the policy: {_words(ours) if ours else 'no target'} (plan {policy.default_plan})"
        )


def _promise(policy: Policy, plan: str, severity: Severity) -> tuple[int, bool] | None:
    allowed = policy.plans[plan].allowed(Target.FIRST_RESPONSE, severity)
    if allowed is None:
        return None
    return int(allowed.total_seconds()), policy.plans[plan].hours != ROUND_THE_CLOCK


def _words(promise: tuple[int, bool]) -> str:
    seconds, business_hours = promise
    span = short(timedelta(seconds=seconds))
    return f"{span} of business hours" if business_hours else span
