"""Every Redis key in one place. All of our own begin with `mh:`."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from worker.tickets import TicketKey

PEOPLE_QUEUE = "minutehand-people"
"""The RQ queue of what people wait for by the second: steps and alerts."""
QUEUE = "minutehand"
"""The RQ queue of everything else."""
RQ_QUEUE = f"rq:queue:{QUEUE}"
RQ_PEOPLE_QUEUE = f"rq:queue:{PEOPLE_QUEUE}"
"""Lists, RQ's own: the jobs that wait. Only their length is read here."""
DUE = "mh:due"
"""Sorted set: member -> the moment it is due, in Unix seconds."""
CLAIMED = "mh:claimed"
"""Sorted set: member -> the moment its claim runs out."""
AGAIN = "mh:again"
"""Hash: member that came due while claimed -> its moment; back into the due set at the end."""
TOKENS = "mh:tokens"
"""Hash: claimed member -> the number of its claim; an older job with another number stands down."""
CLAIMS = "mh:claims"
"""Counter that numbers claims."""
ATTEMPTS = "mh:attempts"
"""Hash: member -> claims since it last succeeded, for the back-off."""
BEGUN = "mh:begun"
"""Set: claimed members whose job has begun; the others may just be waiting in the queue."""
CRASHES = "mh:crashes"
"""Hash: member -> claims that ran out after their job had begun, for telling a poison job."""
FAILED = "mh:failed"
"""Hash: member set aside -> JSON with the reason and the moment."""
BELL = "mh:bell"
"""List that a feeder waits on, so that new work starts at once."""
OPEN = "mh:open"
"""Sorted set: ticket with a running timer -> its deadline."""
SETTLED = "mh:settled"
"""Sorted set: ticket -> when its timer stopped; trimmed."""
CHANGED = "mh:changed"
"""Sorted set: ticket -> the number of its latest commit, for who watches many of them; trimmed."""
EPOCH = "mh:epoch"
"""A random word; another one means that this Redis has lost its memory, or is another."""
COMMITS = "mh:commits"
"""Counter that numbers commits."""
WRITTEN = "mh:written"
"""Sorted set: ticket -> when we last wrote to it; as old as records are kept."""
COUNTERS = "mh:counters"
"""Hash: what happened how often, for /metrics."""
SAID = "mh:said"
"""Hash: what it is about -> since when, and what an operator should know of it."""
START_FROM = "mh:start-from"
"""When START_FROM is unset: 8 h before the first run."""
POLLED = "mh:polled"
"""Hash: account -> when a poll of it last came to its end."""
MODE = "mh:mode"
"""Hash: the `mode` in force, and `raised_at`, when it was last raised."""
PAUSED = "mh:paused"
"""While everything is paused: since when and why, as JSON."""
RESUMED = "mh:resumed"
"""When a pause last ended."""
HELD = "mh:held"
"""Set: members of the due set that wait for the end of the pause."""
MUTED = "mh:muted"
"""Hash: channel -> until when it gets no alerts."""
HEARD = "mh:heard"
"""Hash: account -> when an authentic webhook of it came last."""
BUDGETS = "mh:budgets"
"""Set: accounts of which a budget is kept."""
MISSED = "mh:missed"
"""Hash: account -> tickets that polls found in place of webhooks, since the last webhook."""
SKEWS = "mh:skews"
"""Hash: account -> seconds that the helpdesk's clock is ahead of ours."""
ALARMS = "mh:alarms"
"""Hash: what is wrong with the service -> since when, and in words."""
HEARTBEATS = "mh:heartbeats"
"""Hash: process -> when it last said that it lives."""


def arrivals(minute: int) -> str:
    """Hash: account -> authentic webhooks of it in that minute since 1970."""
    return f"mh:arrivals:{minute}"


def seen(key: str) -> str:
    return f"mh:seen:{key}"


def inbox(key: TicketKey | str) -> str:
    """List of events of a ticket that are accepted and not yet taken in."""
    return f"mh:inbox:{key}"


def ticket(key: TicketKey | str) -> str:
    """Hash with `version` and `state`."""
    return f"mh:ticket:{key}"


def record(key: TicketKey | str) -> str:
    """List of the record's lines."""
    return f"mh:record:{key}"


def wrote(key: TicketKey | str) -> str:
    """List of what we wrote to a ticket's fields, with what stood there before, oldest first."""
    return f"mh:wrote:{key}"


def endings(day: str) -> str:
    """Hash: ticket created on that day (UTC, `2026-11-23`) -> how it ended, in 100 bytes."""
    return f"mh:endings:{day}"


def told(day: str) -> str:
    """Hash: severity -> alerts made on that day (UTC)."""
    return f"mh:told:{day}"


def names(account: str) -> str:
    """Hash: an agent's id at the helpdesk -> the name, as comments and look-ups told it."""
    return f"mh:names:{account}"


def alert(alert_id: str) -> str:
    """Hash with the alert's JSON and, once sent, when."""
    return f"mh:alert:{alert_id}"


def sent(place: str) -> str:
    """Sorted set of what a channel was sent within the last minutes, for the limit."""
    return f"mh:sent:{place}"


def gathered(place: str) -> str:
    """List of ids of alerts that wait for the channel's next digest."""
    return f"mh:gathered:{place}"


def looked_up(account: str, what: str, number: str) -> str:
    """What a helpdesk said of a customer, an agent or a group, for a while."""
    return f"mh:looked-up:{account}:{what}:{number}"


def policy(digest: str) -> str:
    """What a policy said that tickets came under, as JSON."""
    return f"mh:policy:{digest}"


def watermark(account: str) -> str:
    """`account` is `helpdesk/account`, here and below."""
    return f"mh:watermark:{account}"


def met(account: str) -> str:
    """Set of ticket ids whose SLA state is to become met in the next batch."""
    return f"mh:met:{account}"


def backlog(account: str) -> str:
    """Sorted set: id of a ticket whose write waits for a batch -> severity, then since when."""
    return f"mh:backlog:{account}"


def alone(account: str) -> str:
    """Set of ids of tickets that a batch did not get through."""
    return f"mh:alone:{account}"


def reading(key: TicketKey | str) -> str:
    """JSON of a ticket as it was read a moment ago, with the moment."""
    return f"mh:reading:{key}"


def reading_turn(account: str) -> str:
    """There while somebody reads many tickets of the account for all who need one."""
    return f"mh:reading-turn:{account}"


def behind(account: str) -> str:
    """There while tickets of the account wait for a poll to list them."""
    return f"mh:behind:{account}"


def came_up(account: str, minute: int) -> str:
    """Counter of writes that came up in a minute of Unix time."""
    return f"mh:came-up:{account}:{minute}"


def budget(account: str) -> str:
    """Hash: what may be asked of the account's API; see lua/budget.lua."""
    return f"mh:budget:{account}"


def account_number(account: str) -> str:
    """The helpdesk's own number of the account, as its first authentic event said it."""
    return f"mh:account:{account}"


class Kind(StrEnum):
    """What a member of the due set is about; each kind has one job."""

    EVENT = "event"
    """A ticket has accepted events to take in: triage."""
    STEP = "step"
    """A ticket's next escalation step: escalate."""
    WRITE = "write"
    """A ticket's fields are to be written to the helpdesk: write."""
    DRAIN = "drain"
    """An account's writes that piled up are to be written in one batch: drain."""
    SEND = "send"
    """An alert is to be sent: notify."""
    DIGEST = "digest"
    """A channel's gathered alerts are to be sent as one: digest."""
    CUSTOMER = "customer"
    """A ticket's organisation could not be looked up and is to be: look_up."""
    MET = "met"
    """An account's answered tickets are to be marked in one batch: settle."""
    FORGET = "forget"
    """What people wrote on a ticket is to be erased: forget."""
    POLL = "poll"
    """An account is to be asked what changed: reconcile."""


class Member(NamedTuple):
    """One member of the due set: `step:zendesk/acme/5158`."""

    kind: Kind
    subject: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}"

    @classmethod
    def parse(cls, text: str) -> Member:
        """Read `kind:subject`; raises ValueError on anything else."""
        kind, _, subject = text.partition(":")
        return cls(Kind(kind), subject)
