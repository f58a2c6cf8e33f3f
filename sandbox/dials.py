"""What can be changed while the sandbox runs, over `PUT /sandbox/settings`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from sandbox.settings import Settings


@dataclass(kw_only=True)
class Dials:
    """Limits and habits of both helpdesks. Times are seconds."""

    updates_per_minute: int = 3000
    requests_per_minute: int = 6000
    exports_per_minute: int = 10
    lists_per_minute: int = 100
    """Freshdesk's Tickets List sub-limit (Pro plan: https://developers.freshdesk.com/api/)."""
    updates_per_ticket: int = 30
    """Zendesk: updates per user and ticket in ten minutes."""
    export_lag_seconds: float = 60.0
    token_seconds: int = 1800
    job_seconds: float = 0.2
    """How long a Zendesk bulk job waits before it starts."""
    jobs_in_flight: int = 30
    webhook_timeout_seconds: float = 12.0
    zendesk_retry_seconds: float = 5.0
    """Pause before a Zendesk webhook is tried again after 409 or a time-out."""
    freshdesk_retry_seconds: list[float] = field(default_factory=lambda: [300.0, 1800.0, 3600.0])
    freshdesk_update_webhooks: bool = True
    """Run Freshdesk's ticket-update rules, so that replies and changes are told about."""
    freshdesk_rules_on_api_writes: bool = False
    """Run them for writes made with the API key too; nobody has confirmed what the vendor does."""
    freshdesk_due_seconds: float = 5.0
    """How long after creation Freshdesk's own due times appear."""
    cascading_rules: bool = True
    """Freshdesk: run every creation rule that matches; off: only the first."""
    cascading_rules_told: bool = True
    """Freshdesk: say in the list of rules which of the two it is."""
    service_user_is_admin: bool = True
    """Whether the user behind the API may set the account up; off: a plain agent."""
    bots_count_as_agents: bool = False
    """Whether a bot's public comment ends the vendor's own first-reply metric."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The dials' first positions."""
        return cls(
            updates_per_minute=settings.updates_per_minute,
            requests_per_minute=settings.requests_per_minute,
            exports_per_minute=settings.exports_per_minute,
            export_lag_seconds=settings.export_lag_seconds,
            token_seconds=settings.token_seconds,
        )

    def turn(self, wanted: dict[str, Any]) -> None:
        """Set several at once, or none: ValueError names every one that cannot be set."""
        known = {dial.name for dial in fields(self)}
        faults = []
        for name, value in wanted.items():
            if name not in known:
                faults.append(f"{name} is not a setting; there are: {', '.join(sorted(known))}.")
            elif not _fits(value, getattr(self, name)):
                faults.append(f"{name} cannot be {value!r}; now it is {getattr(self, name)!r}.")
        if faults:
            raise ValueError(" ".join(faults))
        for name, value in wanted.items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        """All positions, for an answer in JSON."""
        return asdict(self)


def _fits(value: object, present: object) -> bool:
    if isinstance(present, bool):
        return isinstance(value, bool)
    if isinstance(present, list):
        return isinstance(value, list) and all(_fits(item, 0.0) for item in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 0 and (isinstance(present, float) or isinstance(value, int))
