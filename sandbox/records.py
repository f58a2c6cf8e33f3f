"""What exists on a helpdesk: people, fields, tickets, comments, and what happened to them.

Both helpdesks share these records. Statuses and priorities are held in Zendesk's words; the
`freshdesk` package turns them into its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

PRIORITIES = ("low", "normal", "high", "urgent")
STATUSES = (
    "new",
    "open",
    "pending",
    "hold",
    "solved",
    "closed",
    "waiting_on_customer",
    "waiting_on_third_party",
)
Role = Literal["end-user", "agent", "admin"]
Delivery = Literal["normal", "lost", "twice"]
"""How the webhooks of one action are sent: once, never, or two times."""


@dataclass(kw_only=True)
class Organization:
    """A customer: Zendesk's organization, Freshdesk's company."""

    id: int
    name: str
    plan: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class User:
    """A person, or a bot that writes as one."""

    id: int
    name: str
    email: str
    role: Role = "end-user"
    is_bot: bool = False
    organization_id: int | None = None

    @property
    def is_staff(self) -> bool:
        """True for agents, admins and bots."""
        return self.role != "end-user"


@dataclass(kw_only=True)
class Field:
    """One ticket field. `options` are the values a dropdown allows."""

    id: int
    title: str
    kind: Literal["text", "regexp", "dropdown", "checkbox", "integer", "date", "textarea"]
    name: str = ""
    """Freshdesk's key, `cf_...`; unused on Zendesk."""
    options: dict[str, str] = field(default_factory=dict)
    """Value to the label people see."""
    tag: str | None = None
    """A checkbox's tag (Zendesk)."""
    pattern: str | None = None
    vendor: dict[str, Any] = field(default_factory=dict)
    """What else was sent when the field was created, to be answered as it came."""
    created_at: datetime

    @property
    def tags(self) -> set[str]:
        """Every tag this field can put on a ticket."""
        if self.kind == "dropdown":
            return set(self.options)
        return {self.tag} if self.tag else set()


@dataclass(kw_only=True)
class Comment:
    """One message on a ticket."""

    id: int
    author: User
    body: str
    public: bool
    created_at: datetime
    is_html: bool = False
    is_note: bool = False
    """Freshdesk: a note, even when public, is no reply."""


@dataclass(kw_only=True)
class Write:
    """One write to a ticket that came through the vendor's API, kept to be looked at."""

    at: datetime
    user: User
    request: str
    body: Any


@dataclass(kw_only=True)
class Ticket:
    """One ticket with everything on it."""

    id: int
    subject: str
    description: str
    requester: User
    submitter: User
    organization: Organization | None
    created_at: datetime
    updated_at: datetime
    touched: float
    """Moment of the last change, Unix seconds with a fraction: what exports are ordered by."""
    channel: str = "email"
    status: str = "new"
    priority: str | None = None
    kind: str | None = None
    tags: list[str] = field(default_factory=list)
    values: dict[int, Any] = field(default_factory=dict)
    """Custom field id to value."""
    group_id: int | None = None
    assignee_id: int | None = None
    external_id: str | None = None
    due_at: str | None = None
    first_response_due_at: str | None = None
    comments: list[Comment] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    gone: Literal["", "deleted", "spam", "permanently"] = ""
    merged_into: int | None = None
    follows: int | None = None
    """The closed ticket this one is a follow-up of (Zendesk)."""
    status_updated_at: datetime
    solved_at: datetime | None = None
    reopens: int = 0

    def replies(self, *, count_bots: bool) -> list[Comment]:
        """Public answers by staff after creation: what a first-reply metric counts.

        An agent-opened ticket's opening comment is not one
        (https://support.zendesk.com/hc/en-us/articles/4408834848154).
        """
        return [
            comment
            for comment in self.comments[1:]
            if comment.public
            and not comment.is_note
            and comment.author.is_staff
            and (count_bots or not comment.author.is_bot)
        ]

    @property
    def is_public(self) -> bool:
        """True when any comment is public."""
        return any(comment.public for comment in self.comments)


@dataclass(kw_only=True)
class Happening:
    """One thing that happened to a ticket: what a webhook can tell about.

    `kind` is Zendesk's event name without its prefix, for example `priority_changed`.
    """

    kind: str
    actor: User
    at: datetime
    previous: Any = None
    current: Any = None
    tags_added: list[str] = field(default_factory=list)
    tags_removed: list[str] = field(default_factory=list)
    comment: Comment | None = None
    target_id: int | None = None
    by_api: bool = False
    field: Field | None = None
