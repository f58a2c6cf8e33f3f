"""doctor on who answers, and on how people judge the severities."""

from __future__ import annotations

from datetime import timedelta

from factories import CREATED, a_ticket

from worker.agreement import agreement
from worker.channels.registry import CHANNELS
from worker.doctor.answers import of_answers
from worker.doctor.check import Check, Verdict
from worker.people import by_person
from worker.policy import read_policy
from worker.record import Settled, Settlement, State
from worker.tickets import Decision, Severity, TicketKey

OK, WARN = Verdict.OK, Verdict.WARN
P1, P2, P3, P4 = Severity


def answered(number: int, by: str | None, seconds: int) -> State:
    at = CREATED + timedelta(seconds=seconds)
    return State(
        ticket=a_ticket(key=TicketKey("zendesk", "acme", str(number))),
        read_at=at,
        settled=Settled(why=Settlement.ANSWERED, at=at, by=by, in_time=True),
    )


def judged(number: int, decided: Severity, *by_people: Severity) -> State:
    decision = Decision(severity=decided)
    for severity in by_people:
        decision = by_person(decision, severity, "a person set the priority")
    key = TicketKey("zendesk", "acme", str(number))
    return State(ticket=a_ticket(key=key), read_at=CREATED, decision=decision)


def checked(states: list[State], ours: tuple[str, ...] = (), policy: str = "") -> dict[str, Check]:
    types = {name: channel.Options for name, channel in CHANNELS.items()}
    read = read_policy(policy, name="policy.toml", environment={}, channel_types=types)
    return {check.name: check for check in of_answers(states, ours, read)}


def test_a_user_of_ours_who_also_answers_is_warned_about() -> None:
    states = [answered(1, "Ann", 600), answered(2, "Minutehand", 600), answered(3, None, 600)]
    found = checked(states, ours=("Minutehand", "17"))["our user"]
    assert found.verdict is WARN
    assert "1 first responses" in found.found
    assert "Minutehand's alone" in found.advice
    assert checked(states[:1], ours=("Minutehand", "17"))["our user"].verdict is OK


def test_who_answers_faster_than_people_time_after_time_is_likely_a_bot() -> None:
    states = [answered(number, "Helper", seconds) for number, seconds in enumerate((2, 3, 400))]
    found = checked(states)["bots"]
    assert found.verdict is WARN
    assert "Helper (3 answers, half within 3 s)" in found.found
    assert "`bots`" in found.advice
    assert checked(states, policy='bots = ["Helper"]')["bots"].verdict is OK


def test_one_fast_answer_or_a_person_who_is_fast_at_times_is_no_bot() -> None:
    once = [answered(1, "Ann", 3), answered(2, "Ann", 4)]
    at_times = [answered(number, "Ann", seconds) for number, seconds in enumerate((3, 90, 300))]
    assert checked(once)["bots"].verdict is OK
    assert checked(at_times)["bots"].verdict is OK


def test_people_who_mostly_decide_otherwise_are_warned_about() -> None:
    other = [judged(number, P3, P1) for number in range(6)]
    same = [judged(number, P2, P2) for number in range(10, 14)]
    found = checked(other + same)["agreement"]
    assert found.verdict is WARN
    assert "10 tickets: 4 the same as decided (40%), 4 within one level" in found.found
    assert "[[rubric]]" in found.advice
    assert checked(other)["agreement"].verdict is OK, "six tickets say too little"
    assert checked(other + same * 3)["agreement"].verdict is OK


def test_agreement_counts_what_was_decided_however_often_people_change_their_mind() -> None:
    states = [judged(1, P3, P1, P3), judged(2, P3, P2, P1), judged(3, P4, P3), judged(4, P2)]
    found = agreement(states)
    assert (found.tickets, found.same, found.within_one) == (3, 1, 2)
    assert [(one.decided, one.set_by_person) for one in found.differences] == [(P3, P1), (P4, P3)]
    assert agreement([]).words == "no person has set a severity or priority yet"
