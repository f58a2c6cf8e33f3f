"""The composition root: the one place where real parts are put together.

Processes call `build`; jobs, which RQ starts by name, find the same parts with `parts()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from worker.channels.base import Channel, ChannelType
from worker.channels.registry import CHANNELS
from worker.errors import Misconfigured
from worker.helpdesks.base import Client
from worker.helpdesks.registry import HELPDESKS
from worker.links import Links
from worker.lookups import Lookups
from worker.policies import Policies
from worker.policy import Policy, load_policy
from worker.settings import Settings
from worker.severity import Rubric
from worker.store.backlog import Backlog
from worker.store.budget import Budget
from worker.store.due import DueSet
from worker.store.erasing import Erasing
from worker.store.gathering import Gathering
from worker.store.journal import Journal
from worker.store.readings import Readings
from worker.store.records import Records
from worker.store.switches import Switches
from worker.store.writes import Writes
from worker.tickets import TicketKey
from worker.transport import Transport

HOW_TO_MAKE_A_KEY = (
    "SECRET_KEY is not set; with REDIS_URL it is required, the same for every process. "
    'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
)


@dataclass(frozen=True)
class Account:
    """One configured account of one helpdesk."""

    helpdesk: str
    name: str
    client: Client

    def __str__(self) -> str:
        return f"{self.helpdesk}/{self.name}"


@dataclass(frozen=True)
class Parts:
    """Everything a process works with. Safe to share between threads."""

    settings: Settings
    policy: Policy
    rubric: Rubric
    redis: Redis
    budget: Budget
    """What the helpdesks' APIs may be asked for; their clients ask it before each call."""
    due: DueSet
    readings: Readings
    """Of many tickets at once, kept for seconds."""
    backlog: Backlog
    """Writes that wait for a batch."""
    records: Records
    writes: Writes
    erasing: Erasing
    journal: Journal
    switches: Switches
    """Paused, muted: what an operator threw by hand."""
    accounts: Mapping[str, Account]
    """By `helpdesk/account`."""
    channels: Mapping[str, Channel]
    follows: frozenset[str]
    """Channels that hear how it went after an alert."""
    gathers: frozenset[str]
    """Channels to which many alerts may come as one digest."""
    gathering: Gathering
    policies: Policies
    """Which policy holds for which ticket; `policy` is the one in force for new ones."""
    lookups: Lookups
    links: Links

    def account_of(self, key: TicketKey) -> Account:
        """The account of a ticket; raises `Misconfigured` when it is not configured any more."""
        name = f"{key.helpdesk}/{key.account}"
        try:
            return self.accounts[name]
        except KeyError:
            raise Misconfigured(f"{key}: the account {name} is not configured") from None


def build(settings: Settings, *, redis: Redis | None = None) -> Parts:
    """Real parts from settings; opens no connection yet. Raises `Misconfigured`."""
    policy = policy_from(settings)
    transport = Transport()
    store = redis or open_redis(settings)
    rubric = Rubric.of(policy)
    budget = Budget(store, share=policy.budget.share)
    return Parts(
        settings=settings,
        policy=policy,
        rubric=rubric,
        redis=store,
        budget=budget,
        due=DueSet(store),
        readings=Readings(store),
        backlog=Backlog(store),
        records=Records(store),
        writes=Writes(store),
        erasing=Erasing(store),
        journal=Journal(store),
        switches=Switches(store),
        accounts=_accounts(settings, transport, budget),
        channels=_channels(policy, transport),
        follows=_those(policy, lambda kind: kind.FOLLOWS),
        gathers=_those(policy, lambda kind: kind.GATHERS),
        gathering=Gathering(store),
        policies=Policies(store, policy, rubric),
        lookups=Lookups(store),
        links=Links(
            settings.public_url,
            settings.secret_key.get_secret_value() if settings.secret_key else "",
        ),
    )


def _channels(policy: Policy, transport: Transport) -> dict[str, Channel]:
    return {
        name: CHANNELS[rule.type].build(name, rule.options, transport)
        for name, rule in policy.channels.items()
    }


def _those(policy: Policy, holds: Callable[[ChannelType], bool]) -> frozenset[str]:
    """The channels of the policy whose type has a property."""
    return frozenset(name for name, rule in policy.channels.items() if holds(CHANNELS[rule.type]))


def policy_from(settings: Settings) -> Policy:
    """The policy in force. Raises `Misconfigured` with every fault of the file.

    The default file may be absent; one that POLICY_FILE names may not.
    """
    if settings.environment.get("POLICY_FILE") and not settings.policy_file.exists():
        raise Misconfigured(f"POLICY_FILE: there is no file {settings.policy_file}")
    return load_policy(
        settings.policy_file,
        environment=settings.environment,
        channel_types={name: channel.Options for name, channel in CHANNELS.items()},
    )


def open_redis(settings: Settings, *, seconds: float = 3.0) -> Redis:
    """A client for our own keys: text answers, and at most two tries of `seconds` each.

    No health checks: they would add two tries, and the second try finds a dead connection too.
    """
    return Redis.from_url(
        _redis_url(settings),
        decode_responses=True,
        socket_connect_timeout=min(seconds, 1.0),
        socket_timeout=seconds,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
    )


def open_queue_redis(settings: Settings) -> Redis:
    """A client for RQ, which wants bytes and waits in blocking calls. Never shared with the web."""
    return Redis.from_url(
        _redis_url(settings),
        socket_connect_timeout=2.0,
        socket_timeout=15.0,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
    )


class Held:
    """The parts of a process: an edited policy puts others in their place, for what begins then."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts


def under_policy(parts: Parts, policy: Policy) -> Parts:
    """The same parts under another policy. Raises `Misconfigured`."""
    rubric = Rubric.of(policy)
    parts.budget.set_share(policy.budget.share)
    return replace(
        parts,
        policy=policy,
        rubric=rubric,
        channels=_channels(policy, Transport()),
        follows=_those(policy, lambda kind: kind.FOLLOWS),
        gathers=_those(policy, lambda kind: kind.GATHERS),
        policies=Policies(parts.redis, policy, rubric),
    )


_HELD: ContextVar[Held] = ContextVar("parts")


def use(parts: Parts | Held) -> None:
    """Make these parts, or those held now and later, what jobs in this thread work with."""
    _HELD.set(parts if isinstance(parts, Held) else Held(parts))


def parts() -> Parts:
    """The parts of this thread; raises LookupError outside of a worker."""
    return _HELD.get().parts


def _accounts(settings: Settings, transport: Transport, budget: Budget) -> dict[str, Account]:
    found = {}
    for helpdesk in HELPDESKS.values():
        name = helpdesk.account(settings)
        if name is not None:
            client = helpdesk.client(settings, transport, budget)
            account = Account(helpdesk.name, name, client)
            found[str(account)] = account
    return found


def address_file(data_dir: Path) -> Path:
    """Where `up` leaves the address of its embedded Redis, for commands in another terminal."""
    return data_dir / "redis" / "address"


def _redis_url(settings: Settings) -> str:
    if settings.redis_url is None:
        if address_file(settings.data_dir).exists():
            return address_file(settings.data_dir).read_text(encoding="utf-8").strip()
        raise Misconfigured(
            "REDIS_URL is not set. Set it to your Redis (redis://host:6379/0), or run "
            "`minutehand up`, which starts one of its own."
        )
    return settings.redis_url.get_secret_value()
