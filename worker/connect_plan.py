"""What `connect` found and would do, as people are shown it before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from worker.errors import Misconfigured
from worker.helpdesks.wishes import Standing, State, Wish

DOING = {State.MAKE: "make", State.CHANGE: "change"}
SHOWN = {
    State.THERE: "is there",
    State.MAKE: "make",
    State.CHANGE: "change",
    State.BLOCKED: "IN THE WAY",
    State.BY_HAND: "by hand",
    State.LATER: "leave out",
}
HEARS = {"webhook", "rule"}
"""Kinds of things through which the helpdesk tells us of tickets."""


class Plan(NamedTuple):
    """What `connect` found, and what it would do."""

    standing: Standing
    wishes: tuple[Wish, ...]
    store: Mapping[str, str | None]
    """Variable -> value for `.env`; None: the helpdesk says it once the webhook is made."""
    address: str | None
    secret: str
    test: str
    """What the test event will be, in words."""

    @property
    def to_do(self) -> tuple[Wish, ...]:
        return tuple(wish for wish in self.wishes if wish.state in DOING)

    @property
    def hearing(self) -> Wish | None:
        """The webhook or rule, when there is to be one."""
        return next((wish for wish in self.wishes if wish.kind in HEARS), None)

    @property
    def changes_nothing(self) -> bool:
        return not self.to_do and not self.store

    def lines(self) -> Iterator[str]:
        """The plan, for people; no secret in it."""
        for wish in self.wishes:
            yield f"  {SHOWN[wish.state]:10} {wish.kind} {wish.text}"
            for line in wish.advice:
                yield f"             {line}"
            if wish.caution:
                yield f"             caution: {wish.caution}"
        if self.store:
            yield f"  {'store':10} {', '.join(self.store)} in .env"
        if self.hearing is not None and self.hearing.state in {State.THERE, *DOING}:
            yield f"  {'try':10} {self.test}, where PUBLIC_URL answers"
        if self.address is None:
            yield (
                "  PUBLIC_URL is not set, so no webhook: new tickets are found by polling, within "
                "a minute or two. Set it and run this again to hear of them at once"
            )


def refuse(plan: Plan) -> None:
    """Raise `Misconfigured` for each thing that stands in the way; nothing was made."""
    blocked = [line for wish in plan.wishes if wish.state is State.BLOCKED for line in wish.advice]
    if blocked:
        raise Misconfigured(*blocked)


def believed(wish: Wish) -> Wish:
    """A webhook that only a person may make has been made, when its secret is in `.env`."""
    if wish.kind not in HEARS or wish.state is not State.BY_HAND:
        return wish
    caution = "our user may not look at it; its secret is in .env, so it is believed to be there"
    return wish.model_copy(update={"state": State.THERE, "advice": (), "caution": caution})
