"""What `minutehand connect` wants a helpdesk to have, and what it found there. Plain nouns."""

from __future__ import annotations

from enum import StrEnum

from worker.tickets import Moment, Noun, Severity


class Question(Noun):
    """A setting that has to be known before anything can be asked of the helpdesk."""

    variable: str
    text: str
    """For people: what it is, and where to get it."""
    secret: bool = False


class Standing(Noun):
    """Who we are at the helpdesk, and what that allows."""

    who: str
    """`Minutehand <minutehand@acme.example>, admin`."""
    plan: str
    """What is known of the account's plan, in words."""
    rights: str
    cautions: tuple[str, ...] = ()
    """What is right enough to go on, and not good."""
    signs_as: tuple[str, ...] = ()
    """Names and ids under which a comment of our user would appear."""
    clock: Moment | None = None
    """What the helpdesk's own clock said just now, to the second."""


class State(StrEnum):
    """How far a wish has come true."""

    THERE = "is there"
    MAKE = "to be made"
    CHANGE = "to be changed"
    """We made it, and it is not any more as it has to be."""
    BLOCKED = "in the way"
    """Something that is not ours stands where ours should: a person has to decide."""
    BY_HAND = "to be made by hand"
    """Our user may not, or the plan has no such thing in its API."""
    LATER = "not made"
    """It would do harm as the account is set now; polling does without it."""


class Wish(Noun):
    """One thing that the helpdesk should have."""

    kind: str
    """`ticket field`, `ticket form`, `webhook`, `rule`."""
    title: str
    state: State
    text: str
    """For people: what it is, and what would be done."""
    id: str = ""
    """The helpdesk's id of it, when it exists."""
    advice: tuple[str, ...] = ()
    """With BLOCKED, BY_HAND and LATER: what a person has to do, line by line."""
    caution: str = ""
    """It does its work, but not all of it."""


class Made(Noun):
    """One thing that we made at the helpdesk, as the record of `connect` keeps it."""

    kind: str
    title: str
    id: str = ""
    """Empty: we were about to make it when the record was last written."""
    parts: tuple[str, ...] = ()
    """With a ticket form: the ids of the fields that we added to it."""


class Firing(Noun):
    """A rule of the account that what we write may set off."""

    title: str
    why: str


class NativeTarget(Noun):
    """A first-response target of the helpdesk's own SLA."""

    policy: str
    severity: Severity
    seconds: int
    business_hours: bool


class TestSent(Noun):
    """A test event that is on its way to PUBLIC_URL."""

    __test__ = False  # pytest takes the name for a test's

    status: int | None = None
    """What our own web process answered, when the helpdesk says so; None: it does not."""
    said: str = ""
    """The beginning of that answer."""
    ticket: str = ""
    """The id of a ticket that was opened for the test."""
