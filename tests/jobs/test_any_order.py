"""Whatever happens in whatever order, and however its news comes: in the end the rules hold.

People, customers and our own jobs act on one ticket at random; webhooks are late, lost or doubled.
When everything has been heard at last, the ticket here and the one at the helpdesk say what the
rules say.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from jobs.world import OUTAGE, QUESTION, World, drain, hurry

from worker.record import Settlement
from worker.tickets import DecidedBy, Severity, TicketKey

ROUNDS = 40
WORDS = {"P1": "urgent", "P2": "high", "P3": "normal", "P4": "low"}
ALLOWED = {"P1": 10, "P2": 20, "P3": 30, "P4": 40}
FIRST = {OUTAGE: Severity.P1, QUESTION: Severity.P4}


class Story:
    """What was done to one ticket, and what must come of it."""

    def __init__(self, world: World, helpdesk: str, chance: random.Random) -> None:
        self.world, self.helpdesk, self.chance = world, helpdesk, chance
        self.text = chance.choice((OUTAGE, QUESTION))
        self.key = world.create(helpdesk, self.text)
        self.field: str | None = None
        self.priority: str | None = None
        self.replied = self.solved = self.merged = self.wrote_again = False
        self.told: list[str] = []

    def act(self) -> None:
        acts: dict[str, tuple[int, Callable[[], None]]] = {
            "our jobs run": (5, lambda: drain(self.world.parts) and None),
            "the webhooks come": (4, lambda: self.world.deliver(self.key) and None),
            "a webhook comes again": (2, lambda: self.world.touch(self.key)),
            "a poll": (2, lambda: self.world.poll(self.helpdesk) and None),
            "a person sets the priority": (2, self._set_priority),
            "a person sets the severity": (2, self._set_severity),
            "the requester writes": (2, self._write_again),
            "an agent replies": (1, self._reply),
            "an agent solves it": (1, self._solve),
            "it is opened again": (1, self._open_again),
            "it is merged": (1, self._merge),
        }
        names = list(acts)
        name = self.chance.choices(names, [acts[one][0] for one in names])[0]
        if self.merged and name not in names[:4]:
            return
        self.told.append(name)
        acts[name][1]()

    def end(self) -> None:
        """At last everything is heard, and our own echoes have come back."""
        for _ in range(3):
            self.world.deliver(self.key)
            self.world.touch(self.key)
            drain(self.world.parts)
            self.world.poll(self.helpdesk)
            hurry(self.world.parts)

    def _set_priority(self) -> None:
        known = self.world.ticket(self.key)["priority"]
        choices = [one for one in ALLOWED if WORDS[one] != known]
        if self.helpdesk == "freshdesk":
            choices = [one for one in choices if one != "P4"]  # its lowest means unset
        self.priority = self.chance.choice(choices)
        self.told[-1] += f" {self.priority}"
        self.world.change(self.key, priority=WORDS[self.priority])

    def _set_severity(self) -> None:
        known = self.world.ticket(self.key)["severity"]
        # What we are about to write ourselves cannot be told from our write by its value.
        ours = None if known else FIRST[self.text]
        self.field = self.chance.choice([one for one in ALLOWED if one not in {known, ours}])
        self.told[-1] += f" {self.field}"
        self.world.change(self.key, severity=self.field)

    def _write_again(self) -> None:
        self.wrote_again = True
        self.world.reply(self.key, self.chance.choice((OUTAGE, QUESTION)), by="requester")

    def _reply(self) -> None:
        self.replied = True
        self.world.reply(self.key)

    def _solve(self) -> None:
        self.solved = True
        self.world.change(self.key, status="solved")

    def _open_again(self) -> None:
        if self.world.ticket(self.key)["status"] == "solved":
            self.world.change(self.key, status="open")

    def _merge(self) -> None:
        other = self.world.create(self.helpdesk, QUESTION)
        self.merged = True
        path = f"/tickets/{self.helpdesk}/{self.key.id}/merge"
        self.world.control("post", path, {"into": other.id, "webhook": "lost"})


def check(story: Story) -> None:
    world, key = story.world, story.key
    state, _ = world.parts.records.load(key)
    if state is None:  # over before we ever heard of it
        assert story.merged or story.solved or story.replied
        return
    settled, decision, timer = state.settled, state.decision, state.timer
    assert decision
    assert timer
    assert timer.deadline == timer.created_at + timedelta(minutes=ALLOWED[decision.severity])
    if story.replied and not story.merged:
        assert settled
        assert settled.why in {Settlement.ANSWERED, Settlement.CLOSED_WITHOUT_REPLY}
    if not (story.replied or story.solved or story.merged):
        assert settled is None
        _check_severity(story, decision.severity, decision.by)
        there = world.ticket(key)
        assert there["severity"] == decision.severity
        assert f"sla_{decision.severity.lower()}" in there["tags"]
        if story.field is None:
            assert there["priority"] == WORDS[decision.severity]
    _check_said_once(world, key)


def _check_severity(story: Story, severity: Severity, by: DecidedBy) -> None:
    if story.field == FIRST[story.text] and story.helpdesk == "freshdesk":
        return  # its readings cannot tell a person's way back from what we wrote ourselves
    if story.field:
        assert (severity, by) == (story.field, DecidedBy.PERSON)
    elif story.priority and by is DecidedBy.PERSON:
        assert severity == story.priority
    elif story.priority:
        # it came with the ticket, as far as we can know: raised, never lowered
        assert severity.rank <= Severity(story.priority).rank
    else:
        assert by is DecidedBy.RUBRIC
        assert severity.rank <= FIRST[story.text].rank
        if not story.wrote_again:
            assert severity is FIRST[story.text]


def _check_said_once(world: World, key: TicketKey) -> None:
    notes = [note for note in world.notes(key) if note.startswith("Minutehand: ")]
    assert len(notes) <= 1
    alerts = [
        (one["step"], one["deadline"]) for one in world.alerts() if one["type"] == "escalation"
    ]
    assert len(alerts) == len(set(alerts))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_in_the_end_the_rules_hold(world: World, helpdesk: str, seed: int) -> None:
    story = Story(world, helpdesk, random.Random(seed))
    for _ in range(12):
        story.act()
    story.end()
    try:
        check(story)
    except AssertionError as fault:
        told = "\n  ".join([*story.told, *world.record(story.key)])
        raise AssertionError(f"{fault}\nafter: {told}") from fault
