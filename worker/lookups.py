"""What a helpdesk says of customers, agents and groups: asked once, kept for a while in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from pydantic import TypeAdapter
from redis import Redis

from worker.errors import Gone, Permanent, Transient
from worker.events import Event
from worker.helpdesks.base import Client
from worker.policy import PEOPLE
from worker.store import keys
from worker.tickets import Customer, Person, Ticket, TicketKey

log = structlog.get_logger()

KEPT_SECONDS = 600
ASKED_AT_ONCE = 3
NAMES_KEPT_SECONDS = 35 * 24 * 3600
"""As long as a record; every comment of an agent begins it anew."""
Found = TypeVar("Found")
_CUSTOMER = TypeAdapter(Customer)
_PEOPLE = TypeAdapter(tuple[Person, ...])


class Lookups:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def customer(self, client: Client, ticket: Ticket) -> Customer | None:
        """The ticket's organisation, empty when the helpdesk knows none; None: no organisation.

        Raises `Transient` when the helpdesk does not answer.
        """
        number = ticket.organization
        if number is None:
            return None

        def ask() -> Customer:
            try:
                return client.customer(number)
            except Gone:
                return Customer()
            except Permanent as fault:
                log.warning("customer not looked up", ticket=str(ticket.key), fault=str(fault))
                return Customer()

        return self._kept(_CUSTOMER, ticket, "customer", number, ask)

    def people(self, client: Client, ticket: Ticket, name: str) -> tuple[Person, ...]:
        """Whom `assignee` or `group` stands for; nobody when that cannot be found out."""
        assert name in PEOPLE  # noqa: S101 the policy refuses every other
        number = ticket.assignee if name == "assignee" else ticket.group
        if number is None:
            return ()

        def ask() -> tuple[Person, ...]:
            if name == "group":
                return client.members(number)
            agent = client.agent(number)
            if agent and agent.name:
                self._remember(f"{ticket.key.helpdesk}/{ticket.key.account}", {number: agent.name})
            return (agent,) if agent else ()

        try:
            return self._kept(_PEOPLE, ticket, name, number, ask)
        except (Transient, Permanent) as fault:
            log.warning("nobody looked up", ticket=str(ticket.key), who=name, fault=str(fault))
            return ()

    def hear_names(self, key: TicketKey, events: Iterable[Event]) -> None:
        """Agents who comment are known by name from then on; it costs no call."""
        said = [event.comment for event in events if event.comment and event.comment.by_agent]
        found = {one.author: one.author_name for one in said if one.author and one.author_name}
        if found:
            self._remember(f"{key.helpdesk}/{key.account}", found)

    def learn_names(self, client: Client, account: str, tickets: Iterable[Ticket]) -> None:
        """Ask for agents who have one of these tickets and whose name nobody has told yet.

        A few at a time: a name on a page is worth little of the budget, and no error.
        """
        having = dict.fromkeys(one.assignee for one in tickets if one.assignee)
        known = self.names([(account, number) for number in having])
        unknown = [number for number, name in zip(having, known, strict=True) if name is None]
        for number in unknown[:ASKED_AT_ONCE]:
            try:
                agent = client.agent(number)
            except (Transient, Permanent) as fault:
                log.info("name not learnt", account=account, fault=str(fault))
                return
            self._remember(account, {number: agent.name if agent else ""})

    def names(self, wanted: Sequence[tuple[str, str]]) -> list[str | None]:
        """The names of agents, each by account (`helpdesk/account`) and id, in one round trip.

        Only what was told before: no helpdesk is asked.
        """
        pipe = self._redis.pipeline(transaction=False)
        for account, number in wanted:
            pipe.hget(keys.names(account), number)
        return pipe.execute() if wanted else []

    def _remember(self, account: str, found: Mapping[Any, Any]) -> None:
        with self._redis.pipeline(transaction=False) as both:
            both.hset(keys.names(account), mapping=found)
            both.expire(keys.names(account), NAMES_KEPT_SECONDS)
            both.execute()

    def _kept(
        self,
        shape: TypeAdapter[Found],
        ticket: Ticket,
        what: str,
        number: str,
        ask: Callable[[], Found],
    ) -> Found:
        key = keys.looked_up(f"{ticket.key.helpdesk}/{ticket.key.account}", what, number)
        kept = self._redis.get(key)
        if kept is not None:
            return shape.validate_json(str(kept))
        found = ask()
        self._redis.set(key, shape.dump_json(found), ex=KEPT_SECONDS)
        return found
