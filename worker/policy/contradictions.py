"""What a policy says that cannot all be true, or names that it does not have. Pure."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from worker.facts import FACETS, Situation
from worker.hours import ROUND_THE_CLOCK
from worker.policy.locate import Place
from worker.policy.model import Policy
from worker.policy.steps import BUILT_IN_CHANNELS, PEOPLE
from worker.tickets import Target

Fault = tuple[Place, str]


def contradictions(policy: Policy, own: Mapping[str, Any]) -> Iterator[Fault]:
    """Each with the place in the file; `own` is what the admin's own file says."""
    if policy.default_plan not in policy.plans:
        known = ", ".join(policy.plans)
        yield ("default_plan",), f"there is no plan {policy.default_plan!r}; plans are: {known}"
    yield from _plans(policy)
    undecided = _undecided(policy)
    if undecided:
        yield ("rubric",), f"no rule decides {undecided}; end with a rule that has only a severity"
    if "steps" in own:
        yield from _steps(policy)
    yield from _channels(policy)
    alarms = policy.watch.alarms
    if alarms is not None and alarms not in policy.channels:
        text = f"there is no channel {alarms!r}{meant(alarms, policy.channels)}"
        yield ("watch", "alarms"), text
    yield from _reached(policy)


def _plans(policy: Policy) -> Iterator[Fault]:
    for name, plan in policy.plans.items():
        if plan.hours != ROUND_THE_CLOCK and plan.hours not in policy.hours:
            known = {ROUND_THE_CLOCK, *policy.hours}
            yield (
                ("plans", name, "hours"),
                f"there are no hours {plan.hours!r}{meant(plan.hours, known)}",
            )
        for target in (Target.FIRST_RESPONSE, Target.NEXT_REPLY, Target.RESOLUTION):
            promised = getattr(plan, target.value)
            spans = [promised[severity] for severity in sorted(promised)]
            if any(sooner > later for sooner, later in itertools.pairwise(spans)):
                yield (
                    ("plans", name, target.value),
                    "a more severe ticket must not have more time than a less severe one",
                )
    for name in policy.tam.plans:
        if name not in policy.plans:
            yield ("tam", "plans"), f"there is no plan {name!r}{meant(name, policy.plans)}"
    for name, address in policy.tam.organizations.items():
        if "@" not in address:
            yield (
                ("tam", "organizations", name),
                f"the TAM of {name!r} must be an e-mail address such as ann@example.com",
            )


def _steps(policy: Policy) -> Iterator[Fault]:
    for number, step in enumerate(policy.steps):
        yield from _unknown(policy, step.notify, ("steps", number, "notify"))
        for plan in step.plans:
            if plan not in policy.plans:
                yield (
                    ("steps", number, "plans"),
                    f"there is no plan {plan!r}{meant(plan, policy.plans)}",
                )


def _channels(policy: Policy) -> Iterator[Fault]:
    for name, rule in policy.channels.items():
        if rule.hours is not None and rule.hours not in policy.hours:
            yield (
                ("channels", name, "hours"),
                f"there are no hours {rule.hours!r}{meant(rule.hours, policy.hours)}",
            )
        if rule.otherwise is not None and rule.otherwise not in policy.channels:
            yield (
                ("channels", name, "otherwise"),
                f"there is no channel {rule.otherwise!r}{meant(rule.otherwise, policy.channels)}",
            )
        if _comes_back(policy, name):
            yield ("channels", name, "otherwise"), "these channels name each other in a circle"


def _comes_back(policy: Policy, name: str) -> bool:
    seen: set[str] = set()
    following = policy.channels[name].otherwise
    while following and following in policy.channels and following not in seen:
        seen.add(following)
        following = policy.channels[following].otherwise
    return name in seen


def _reached(policy: Policy) -> Iterator[Fault]:
    """Whoever else is named to be told."""
    if policy.people is not None:
        rule = policy.channels.get(policy.people)
        if rule is None or rule.type != "email":
            yield ("people",), f"{policy.people!r} is no channel of type email"
    for group, names in policy.groups.items():
        yield from _unknown(policy, names, ("groups", group), people=())
    yield from _unknown(policy, policy.review.notify, ("review", "notify"))
    yield from _unknown(policy, policy.review.then, ("review", "then"))


def _unknown(
    policy: Policy, names: Sequence[str], place: Place, *, people: Sequence[str] = PEOPLE
) -> Iterator[Fault]:
    known = {*policy.channels, *BUILT_IN_CHANNELS, *people}
    for name in names:
        if name not in known:
            yield place, f"there is no channel {name!r}{meant(name, known)}"


def _undecided(policy: Policy) -> str:
    """A situation that no rule of the rubric fits, in words, or ""."""
    for values in itertools.product(*FACETS.values()):
        situation = Situation(*values)  # type: ignore[arg-type]
        if not any(rule.fits(situation) for rule in policy.rubric):
            return ", ".join(
                f"{name} = {value}" for name, value in zip(FACETS, values, strict=True)
            )
    return ""


def meant(word: Any, known: Collection[Any]) -> str:
    """What may have been meant by a word that is not known, as the end of a sentence."""
    close = difflib.get_close_matches(str(word), [str(name) for name in known], n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not known:
        return "; there are none yet"
    return f"; known: {', '.join(sorted(map(str, known)))}"
