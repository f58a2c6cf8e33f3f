"""What each helpdesk says of us: sign-in, rights, fields, webhook or rule, clock. Only GETs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from worker.connect_plan import HEARS, believed
from worker.connecting import webhook_address
from worker.doctor.check import Check, fail, ok, warn
from worker.errors import MinutehandError
from worker.helpdesks.base import Helpdesk, Setup
from worker.helpdesks.wishes import Made, Standing, State, Wish
from worker.settings import Mode, Settings
from worker.store.journal import Journal

POLL_IS_OLD = timedelta(minutes=5)
SKEW, LARGE_SKEW = timedelta(seconds=5), timedelta(seconds=60)
"""Between this machine's clock and the helpdesk's: a signature is refused from five minutes on."""
FIELD_KINDS = ("ticket field", "ticket form")


class Account:
    """One configured account as the doctor looks at it."""

    def __init__(
        self, helpdesk: Helpdesk, setup: Setup, settings: Settings, made: tuple[Made, ...] = ()
    ) -> None:
        """`made` is what the record of `connect` says that we made there."""
        self.helpdesk = helpdesk
        self.setup = setup
        self.settings = settings
        self.made = made
        self.name = f"{helpdesk.name}/{helpdesk.account(settings)}"

    def standing(self) -> Standing | Check:
        """Who we are there, or the check that says why nobody knows."""
        try:
            return self.setup.standing()
        except MinutehandError as fault:
            advice = "check its address and credentials in .env"
            return fail(f"{self.name} sign-in", str(fault), advice)

    def checks(self, standing: Standing, now: datetime) -> Iterator[Check]:
        """All that follows once we are signed in."""
        yield ok(f"{self.name} sign-in", f"{standing.who} ({standing.plan})")
        if standing.cautions:
            yield warn(f"{self.name} rights", standing.rights, "; ".join(standing.cautions))
        else:
            yield ok(f"{self.name} rights", standing.rights)
        yield self._clock(standing, now)
        secrets = self.helpdesk.secrets(self.settings)
        address = webhook_address(self.helpdesk, self.settings)
        try:
            wishes = self.setup.wishes(address, secrets[0] if secrets else "", self.made)
        except MinutehandError as fault:
            yield fail(f"{self.name} fields", str(fault), "run this again in a minute")
            return
        yield self._fields([wish for wish in wishes if wish.kind in FIELD_KINDS])
        hearing = next((wish for wish in wishes if wish.kind in HEARS), None)
        if hearing:
            yield self._hearing(believed(hearing) if secrets else hearing)

    def _clock(self, standing: Standing, now: datetime) -> Check:
        name = f"{self.name} clock"
        if standing.clock is None:
            return ok(name, "it does not say what time it is")
        skew = abs(standing.clock - now)
        if skew <= SKEW:
            return ok(name, "as ours")
        found = f"{skew.total_seconds():.0f} s from ours"
        return (fail if skew > LARGE_SKEW else warn)(name, found, "set this machine's by NTP")

    def _fields(self, wishes: list[Wish]) -> Check:
        name = f"{self.name} fields"
        connect = f"run `minutehand connect {self.helpdesk.name}`"
        wrong = [one for one in wishes if one.state in {State.BLOCKED, State.CHANGE}]
        if wrong:
            found = f"not as they have to be: {', '.join(one.text for one in wrong)}"
            advice = "; ".join(line for one in wrong for line in one.advice) or connect
            return fail(name, found, advice)
        missing = [one for one in wishes if one.state is not State.THERE]
        if missing:
            found = f"missing: {', '.join(f'{one.kind} {one.text}' for one in missing)}"
            return (warn if self.settings.mode is Mode.OBSERVE else fail)(name, found, connect)
        cautions = [one.caution for one in wishes if one.caution]
        if cautions:
            return warn(name, "there, with the right types", "; ".join(cautions))
        return ok(name, "there, with the right types")

    def _hearing(self, wish: Wish) -> Check:
        name = f"{self.name} {wish.kind}"
        connect = f"run `minutehand connect {self.helpdesk.name}`"
        if wish.state is State.LATER:
            return warn(name, "left out: new tickets are found by polling", "; ".join(wish.advice))
        if wish.state is State.BY_HAND:
            return fail(name, "nobody made it yet", "; ".join(wish.advice))
        if wish.state is not State.THERE:
            return fail(name, f"not as it has to be: {wish.text}", connect)
        if not wish.caution:
            return ok(name, "active, and leads here")
        if wish.id:
            return fail(name, "does not do its work", wish.caution)
        return warn(name, "not seen from here", wish.caution)


def of_traffic(
    account: str, journal: Journal, settings: Settings, now: datetime
) -> Iterator[Check]:
    """Whether polls come to their end and webhooks come at all. Redis may be away."""
    try:
        polled, heard = journal.last_poll(account), journal.last_heard(account)
        weak = journal.said_about(f"poll {account}")
    except RedisError:
        return
    if polled is None:
        yield warn(f"{account} poll", "has never come to its end", "start worker and clock")
    elif now - polled > POLL_IS_OLD:
        found = f"last came to its end {int((now - polled).total_seconds() / 60)} min ago"
        yield fail(f"{account} poll", found, "look at the worker's log")
    elif weak:
        yield warn(f"{account} poll", weak, "see the helpdesk's README in worker/helpdesks")
    else:
        yield ok(f"{account} poll", f"{int((now - polled).total_seconds())} s ago")
    if settings.public_url is None:
        return
    if heard is None:
        helpdesk = account.partition("/")[0]
        advice = f"run `minutehand connect {helpdesk}`, which sends a test event"
        yield warn(f"{account} webhooks", "none has ever come", advice)
    else:
        minutes = max(0, int((now.timestamp() - heard) / 60))
        yield ok(f"{account} webhooks", f"the last came {minutes} min ago")
