"""A timer: one ticket's tracked target, its deadline, and the steps planned on the way there.

Pure values; planned once from the policy in force when the ticket came, so a policy edited later
does not move what is already running.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.tickets import Moment, Noun, SlaState, Target


class Step(Noun):
    """One escalation step at its moment."""

    label: str
    """As in the policy: `75%`, `-10m`, `+15m`."""
    moment: Moment
    notify: tuple[str, ...] = ()
    """Names of channels in the policy, and of people: `assignee`, `group`, `tam`."""
    state: SlaState | None = None
    """What SLA state the ticket shows from this step on."""
    repeat_seconds: int | None = None
    """With a value: the step comes again every so many seconds until somebody answers."""
    digest: bool = False
    """These alerts are gathered into one message now and then, where a channel can show a list."""
    note: str | None = None
    """An internal note to be written to the ticket."""
    group: str | None = None
    """The id of the group that gets the ticket."""
    again: bool = False
    """One of a step's repeats, not the step itself."""

    def occurrences(self, after: datetime, until: datetime) -> tuple[Step, ...]:
        """This step's moments in (after, until]; of many repeats only the latest."""
        found = (self,) if after < self.moment <= until else ()
        if self.repeat_seconds is None or until <= self.moment:
            return found
        count = int((until - self.moment).total_seconds() // self.repeat_seconds)
        latest = self._repeat(count) if count else None
        return (*found, latest) if latest and latest.moment > after else found

    def next_after(self, after: datetime) -> datetime | None:
        """The first moment of this step after `after`, or None when it is over."""
        if self.moment > after:
            return self.moment
        if self.repeat_seconds is None:
            return None
        count = int((after - self.moment).total_seconds() // self.repeat_seconds) + 1
        return self._repeat(count).moment

    def _repeat(self, count: int) -> Step:
        late = timedelta(seconds=self.repeat_seconds or 0) * count
        return self.model_copy(
            update={
                "label": f"{self.label} +{short(late)}",
                "moment": self.moment + late,
                "repeat_seconds": None,
                "note": None,
                "group": None,
                "again": True,
            }
        )


class Acknowledged(Noun):
    """Somebody said that they are on it."""

    by: str
    at: Moment
    until: Moment
    """Repeats and steps before the breach are quiet up to here; then it is asked again."""


class Timer(Noun):
    """One target of one ticket on its way to a deadline."""

    target: Target = Target.FIRST_RESPONSE
    created_at: Moment
    """From when it runs: the ticket's creation, the requester's message, the doubtful decision."""
    allowed_seconds: int
    deadline: Moment
    plan: str
    plan_known: bool
    """False: the plan is assumed, and everything that shows it says so."""
    hours: str | None = None
    """The business hours in which the time runs, for people; None: around the clock."""
    steps: tuple[Step, ...] = ()
    handled_until: Moment
    """Steps up to this moment have been sent or skipped."""
    acknowledged: Acknowledged | None = None
    told: tuple[str, ...] = ()
    """Channels that were alerted; those that follow alerts hear when it is over."""

    def next_moment(self) -> datetime | None:
        """When something is due next, or None when nothing is left to do."""
        moments = [step.next_after(self.handled_until) for step in self.steps]
        if self.acknowledged and self.acknowledged.until > self.handled_until:
            moments.append(self.acknowledged.until)
        return min((moment for moment in moments if moment is not None), default=None)


def short(span: timedelta) -> str:
    """A span as people write it, exact to the second: `45m`, `2h`, `1h30m`, `90s`, `-10m`."""
    seconds = int(span.total_seconds())
    if seconds < 0:
        return "-" + short(-span)
    if seconds < 120:
        return "1m" if seconds == 60 else f"{seconds}s"
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)


def roughly(span: timedelta) -> str:
    """How long something took, for people: `40 s`, `7 min`, `2 h 5 min`, `3 days`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def roughly_seconds(seconds: float) -> str:
    """The same of seconds."""
    return roughly(timedelta(seconds=seconds))


def left(span: timedelta) -> str:
    """Time left to a deadline, for people: `in 11m 15s`, `now`, `overdue by 3m`."""
    if abs(span) < timedelta(seconds=1):
        return "now"
    words = short(abs(span)).replace("h", "h ").replace("m", "m ").rstrip()
    return f"in {words}" if span > timedelta(0) else f"overdue by {words}"
