"""What Minutehand keeps about one ticket: its state, and the lines of its record.

The state is one value, replaced whole and version-checked by the store. The record is the list of
everything that happened, in order, for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from worker.tickets import Changes, Customer, Decision, Moment, Noun, Target, Ticket
from worker.timer import Timer


class Settlement(StrEnum):
    """Why a timer stopped."""

    ANSWERED = "answered"
    CLOSED_WITHOUT_REPLY = "closed without reply"
    DELETED = "deleted"
    SPAM = "spam"
    MERGED = "merged"
    STOPPED = "stopped by a person"
    """Somebody said on the ticket's page that nobody waits for an answer."""
    GONE = "gone"
    """The helpdesk no longer lets us read or write it."""
    OUT_OF_SCOPE = "out of scope"
    """The policy's `ignore` names it: no timer and no write, ever."""


class Settled(Noun):
    """That a ticket's timer stopped, why, and when it really happened."""

    why: Settlement
    at: Moment
    """When the reply was made or the ticket closed, not when we learnt of it."""
    by: str | None = None
    in_time: bool | None = None
    """With ANSWERED: before the deadline. None: there was no deadline."""


class OurWrite(Noun):
    """One value that we set on the helpdesk, by which its echo is recognised."""

    field: str
    """A field name of `Changes`: severity, priority, ..."""
    was: str | None = None
    """None: it stood empty."""
    now: str | None = None
    at: Moment


class State(Noun):
    """All that is needed to go on with one ticket. No vendor words, no effects."""

    ticket: Ticket
    """The last reading, its body cut short."""
    read_at: Moment
    """When that reading was taken."""
    policy: str | None = None
    """The version of the policy that was in force when the ticket came; it stays with it."""
    decision: Decision | None = None
    timer: Timer | None = None
    """None: no target for this plan, or out of scope."""
    others: Mapping[Target, Timer] = Field(default_factory=dict)
    """Timers that run beside it: next reply, resolution, review."""
    customer: Customer | None = None
    """The requester's organisation, once it has been looked up."""
    settled: Settled | None = None
    there: Changes = Changes()
    """What we believe stands on the helpdesk's ticket now, whoever wrote it."""
    writes: tuple[OurWrite, ...] = ()
    """What we wrote in the last minutes, newest last."""
    wrote_at: Moment | None = None
    """When we last wrote: a reading from before then shows tags that are no longer there."""
    noted: bool = False
    """The internal note has been written."""
    tagged: bool = False
    """Our severity has arrived there, with its tag."""
    person_at: Moment | None = None
    """When a person last decided; what is older than that is history."""
    raised_at: Moment | None = None
    """When the severity was last made stricter; a deadline from before then could not be met."""
    hands_off: tuple[str, ...] = ()
    """Fields of `Changes` that a person removed; never written again."""
    recovered: bool = False
    """Its webhook never came; a poll found it."""
    could_not_write: str | None = None
    """Why the last write failed for good, for people."""
    forgotten: bool = False
    """What people wrote on it was erased and is not kept again."""
    owed: Changes = Changes()
    """What a step or an acknowledgement wants written once: a note, a group, an assignee."""

    @property
    def running(self) -> bool:
        """True while somebody is waiting for a first response."""
        return self.timer is not None and self.settled is None

    def timers(self) -> tuple[Timer, ...]:
        """All timers that run, the first response's first."""
        first = (self.timer,) if self.timer and not self.settled else ()
        return (*first, *self.others.values())

    def timer_of(self, target: Target) -> Timer | None:
        """The timer of that target, while it runs."""
        return next((timer for timer in self.timers() if timer.target is target), None)

    def next_moment(self) -> datetime | None:
        """When something is due next on any of them."""
        moments = [timer.next_moment() for timer in self.timers()]
        return min((moment for moment in moments if moment is not None), default=None)

    def with_timer(self, timer: Timer) -> State:
        """The state with this timer in the place of the one with the same target."""
        if timer.target is Target.FIRST_RESPONSE:
            return self.model_copy(update={"timer": timer})
        return self.model_copy(update={"others": {**self.others, timer.target: timer}})

    def owing(self, *notes: str, **others: str | None) -> State:
        """The state that owes the ticket these as well: notes are added, others take its place."""
        texts = [note for note in (self.owed.note, *notes) if note]
        owed = {"note": "\n\n".join(texts) or None, **others}
        return self.model_copy(update={"owed": self.owed.model_copy(update=owed)})

    def without(self, *targets: Target) -> State:
        """The state without the timers of these targets, which have ended."""
        left = {target: timer for target, timer in self.others.items() if target not in targets}
        return self if left == self.others else self.model_copy(update={"others": left})


class Line(Noun):
    """One line of a ticket's record."""

    at: Moment
    what: str
    """received, decided, armed, written, sent, skipped, would have notified, failed, settled,
    person, said."""
    text: str
    """For people; no markup. May quote the ticket, so it is hostile where it is shown."""
