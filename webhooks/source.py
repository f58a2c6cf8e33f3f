"""What the board shows, read from the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from worker.policy import Policy
from worker.record import Line, State
from worker.store.due import DueSet
from worker.store.journal import Journal
from worker.store.records import Records
from worker.store.switches import Paused, Switches
from worker.targets import clock_time
from worker.tickets import Severity, TicketKey


class StoreSource:
    """The board's view of the records: nothing is computed here that a page does not show."""

    def __init__(
        self,
        records: Records,
        journal: Journal,
        due: DueSet,
        switches: Switches,
        policy: Policy,
        accounts: Sequence[str],
    ) -> None:
        self._records = records
        self._journal = journal
        self._due = due
        self._switches = switches
        self._policy = policy
        self._accounts = accounts

    def open_states(self, limit: int) -> list[State]:
        return self._records.open_states(limit)

    def settled_states(self, limit: int) -> list[State]:
        return self._records.settled_states(limit)

    def state(self, key: TicketKey) -> State | None:
        return self._records.load(key)[0]

    def lines(self, key: TicketKey) -> list[Line]:
        return self._records.lines(key)

    def counts(self) -> dict[str, int]:
        """Timers that run, those past their deadline, and what was settled since the start."""
        running, breached = self._records.open_count(datetime.now(UTC))
        counters = self._journal.counters()
        return {
            "open": running,
            "breached": breached,
            "answered": counters.get("ticket_settled_answered", 0),
            "closed without reply": counters.get("ticket_settled_closed_without_reply", 0),
        }

    def paused(self) -> Paused | None:
        return self._switches.paused()

    def warnings(self) -> list[str]:
        """What an operator has to know now, worst first."""
        found = []
        if self._policy.unreached(Severity.P1):
            found.append(
                "P1 alerts reach nobody: no notification channel of the P1 steps is configured. "
                "Add one to policy.toml under [channels]."
            )
        for name, until in sorted(self._switches.muted(datetime.now(UTC)).items()):
            end = clock_time(until, self._policy.time_zone)
            found.append(f"channel {name} is muted until {end}: its alerts are skipped, P1 too")
        failures = len(self._due.failures())
        if failures:
            found.append(f"{failures} set aside after errors: see `minutehand failed`")
        return found + self._journal.said()

    def find(self, helpdesk: str, ticket_id: str) -> TicketKey | None:
        for account in self._accounts:
            name, _, rest = account.partition("/")
            key = TicketKey(name, rest, ticket_id)
            if name == helpdesk and self._records.load(key)[0] is not None:
                return key
        return None
