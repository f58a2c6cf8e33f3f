"""The nouns that everything else speaks in: no I/O, no vendor words, times are aware UTC.

A helpdesk's adapter turns its bytes into these, decisions are functions over these, and a
helpdesk's client turns a `Changes` back into its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """How bad it is for the customer, P1 worst."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def rank(self) -> int:
        """1 for P1 to 4 for P4: a smaller rank is more severe."""
        return int(self.value[1])

    def worse_than(self, other: Severity) -> bool:
        """True when this severity asks for a faster answer than the other."""
        return self.rank < other.rank


class TicketKey(NamedTuple):
    """A ticket's identity everywhere: `helpdesk/account/id`."""

    helpdesk: str
    account: str
    id: str

    def __str__(self) -> str:
        return f"{self.helpdesk}/{self.account}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> TicketKey:
        """Read `helpdesk/account/id`; raises ValueError on anything else."""
        parts = text.split("/")
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is not helpdesk/account/id")
        return cls(*parts)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
"""A point in time, aware, held in UTC."""


def _storable(text: str) -> str:
    """Half an emoji, where a text was cut, is valid JSON but no text that can be stored."""
    return text.encode("utf-8", "replace").decode("utf-8")


Text = Annotated[str, AfterValidator(_storable)]
"""What people wrote, wherever it came from."""


class Noun(BaseModel):
    """Frozen and strict about names: a misspelt field is a fault, not a silent extra."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """A ticket's state at the helpdesk, in our words."""

    OPEN = "open"
    """New, open, on hold, waiting, or any status an admin made up."""
    PENDING = "pending"
    """Waiting for the requester; the first-response timer runs on all the same."""
    SOLVED = "solved"
    CLOSED = "closed"
    """Can no longer be written to."""
    SPAM = "spam"
    DELETED = "deleted"

    @property
    def over(self) -> bool:
        """True when nobody is waiting for a first response any more."""
        return self in {Status.SOLVED, Status.CLOSED, Status.SPAM, Status.DELETED}


class Target(StrEnum):
    """What a timer guards."""

    FIRST_RESPONSE = "first_response"
    """From creation to the first public comment by a human agent."""
    NEXT_REPLY = "next_reply"
    """From a later message of the requester to the next such comment."""
    RESOLUTION = "resolution"
    """From creation to solved or closed."""
    REVIEW = "review"
    """From a doubtful decision to a person's word on it."""

    @property
    def words(self) -> str:
        """For people: `first response`."""
        return self.value.replace("_", " ")


class SlaState(StrEnum):
    """What the field `SLA state` says on the helpdesk's ticket."""

    ON_TRACK = "on_track"
    NEAR = "near"
    BREACHED = "breached"
    MET = "met"


class Ticket(Noun):
    """One ticket as its helpdesk told it last; absent facts are None or empty.

    `priority` and `severity_field` are what the ticket carries there now, whoever set them.
    `first_response_at` is the first public comment by a human agent after creation, when the
    source of this reading knows it.
    """

    key: TicketKey
    subject: Text = ""
    body: Text = ""
    created_at: Moment
    updated_at: Moment | None = None
    status: Status = Status.OPEN
    priority: Severity | None = None
    severity_field: Severity | None = None
    review_field: bool | None = None
    tags: tuple[Text, ...] = ()
    requester: str | None = None
    """Their id at the helpdesk."""
    assignee: str | None = None
    """The id at the helpdesk of the agent who has it."""
    opened_by_agent: bool = False
    """Somebody other than the requester submitted it."""
    organization: str | None = None
    """Its id at the helpdesk (Freshdesk: the company's)."""
    group: str | None = None
    brand: str | None = None
    form: str | None = None
    source: str | None = None
    """The channel it came through, in the helpdesk's word, lower case: email, web, chat."""
    follow_up: bool = False
    """Opened from a closed ticket: tags and fields on it are inherited, hence stale."""
    merged: bool = False
    """It was closed because it was merged into another, where its helpdesk tells so."""
    first_response_at: Moment | None = None
    replied_at: Moment | None = None
    """The latest public comment by an agent, when the source of this reading knows it."""
    fields: Mapping[str, Text] = Field(default_factory=dict)
    """The custom fields that the policy reads, by their key at the helpdesk."""
    ours: Mapping[str, Text] = Field(default_factory=dict)
    """What stands in our own fields, by their name in `Changes`; webhooks do not tell it."""
    url: str | None = None
    """Where an agent reads it."""


class Reason(Noun):
    """Why a decision came out as it did: the rule in words and the ticket's own words."""

    text: str
    quote: str = ""


class Confidence(StrEnum):
    """Coarse on purpose: a percentage would claim more than the words can carry."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class DecidedBy(StrEnum):
    """Who a severity comes from; a person's is never overwritten."""

    RUBRIC = "rubric"
    PERSON = "person"


class Person(Noun):
    """Somebody whom an alert may reach."""

    name: str = ""
    email: str


class Customer(Noun):
    """The organisation of a requester, as its helpdesk describes it."""

    name: Text = ""
    fields: Mapping[str, Text] = Field(default_factory=dict)
    """Its custom fields, by their key at the helpdesk."""
    tags: tuple[Text, ...] = ()


class Decision(Noun):
    """A severity with its reasons: what goes on the ticket and what it stands on."""

    severity: Severity
    confidence: Confidence = Confidence.MEDIUM
    needs_review: bool = False
    meta_dependency: bool = False
    reasons: tuple[Reason, ...] = ()
    ignored: tuple[str, ...] = ()
    """What of the ticket's text was not heard, for people: "14 quoted lines", "signature"."""
    runner_up: Severity | None = None
    by: DecidedBy = DecidedBy.RUBRIC
    rubric: Severity | None = None
    """With a person's decision: what the rubric had decided before."""


class Changes(Noun):
    """What to write to one helpdesk ticket in one update; None leaves a thing as it is."""

    severity: Severity | None = None
    """The field `SLA severity`."""
    priority: Severity | None = None
    """The helpdesk's own priority, as the severity it stands for."""
    deadline: Moment | None = None
    """The field `First response due`."""
    state: SlaState | None = None
    review: bool | None = None
    meta_dependency: bool | None = None
    note: str | None = None
    """An internal note in plain text; the adapter escapes it for its helpdesk. Never public."""
    group: str | None = None
    """The id of the group that is to have the ticket."""
    assignee: str | None = None
    """The e-mail address of the agent who is to have the ticket."""
    clear: tuple[str, ...] | None = None
    """Names of fields above that are to stand empty: what stood there before we wrote."""

    @property
    def empty(self) -> bool:
        """True when there is nothing to write."""
        return all(value is None for value in self.__dict__.values())


class Receipt(Noun):
    """What a helpdesk did with a `Changes`."""

    written: Changes
    """What really arrived there; fields that the account lacks are absent."""
    said: tuple[str, ...] = ()
    """What an operator should know, such as a missing field or a refused value."""
    try_again: str = ""
    """What a passing fault kept away (the rest arrived), for people; "" when nothing."""
    calls: int = 1
    """API calls it took."""


CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


def one_line(text: str, limit: int = 120) -> str:
    """Ticket text for a list, an alert or a log: no control or direction marks, cut at `limit`."""
    flat = " ".join(CONTROL.sub("", text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "\u2026"
