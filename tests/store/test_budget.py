"""One budget for an account, whoever asks, on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from redis import Redis
from requests.structures import CaseInsensitiveDict

from worker.errors import Gone, NotNow, Transient
from worker.helpdesks.freshdesk import calls as freshdesk
from worker.helpdesks.spending import ALL, Refusal, Said, Spending
from worker.helpdesks.zendesk import calls as zendesk
from worker.store import keys
from worker.store.budget import FAILURES, FIRST_REST, Budget
from worker.urgency import Urgency, urgent

ACME = "zendesk/acme"
A_MINUTE = {ALL: Said(400, 400, 60)}
"""Ours is half of it, 200: 50 at once, and then 2.5 each second."""
AT_ONCE = 50


@pytest.fixture
def budget(redis: Redis) -> Budget:
    return Budget(redis)


def pass_time(redis: Redis, seconds: float, account: str = ACME) -> None:
    """As if so many seconds had gone by: every moment is earlier."""
    key = keys.budget(account)
    for name, value in redis.hgetall(key).items():
        if name.partition(":")[0] in {"at", "until", "paused", "slot"} or name.endswith("_until"):
            redis.hset(key, name, float(value) - seconds)


def taken(budget: Budget, urgency: Urgency, most: int = 1000, **more: object) -> int:
    """How many calls are allowed before one is not."""
    for count in range(most):
        if budget.take(ACME, urgency, **more):  # type: ignore[arg-type]
            return count
    return most


def refused(budget: Budget, urgency: Urgency = Urgency.P4, account: str = ACME) -> Refusal:
    refusal = budget.take(account, urgency)
    assert refusal, "it was allowed"
    return refusal


def test_nothing_is_refused_before_the_helpdesk_said_its_limit(budget: Budget) -> None:
    assert taken(budget, Urgency.POLL, 100) == 100


def test_two_processes_share_one_bucket(budget: Budget, redis: Redis) -> None:
    other = Budget(redis)
    budget.answered(ACME, A_MINUTE)

    first = sum(budget.take(ACME, Urgency.CONFIRM) is None for _ in range(30))
    second = sum(other.take(ACME, Urgency.CONFIRM) is None for _ in range(30))

    assert first == 30
    assert AT_ONCE - 30 <= second <= AT_ONCE - 30 + 2


def test_accounts_do_not_share(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)
    taken(budget, Urgency.CONFIRM)

    assert budget.take("zendesk/other", Urgency.POLL) is None


def test_no_minute_sees_more_than_our_half(budget: Budget, redis: Redis) -> None:
    budget.answered(ACME, A_MINUTE)

    ours = taken(budget, Urgency.CONFIRM)
    for _ in range(59):
        pass_time(redis, 1)
        ours += taken(budget, Urgency.CONFIRM)

    assert 185 <= ours <= 201


def test_when_agents_used_almost_all_the_last_tenth_stays_theirs(
    budget: Budget, redis: Redis
) -> None:
    budget.answered(ACME, {ALL: Said(400, 50, 30)})

    assert taken(budget, Urgency.CONFIRM) == 10
    assert 25 < refused(budget, Urgency.CONFIRM).seconds <= 30

    pass_time(redis, 30)

    assert taken(budget, Urgency.CONFIRM) > 30


def test_the_share_is_the_policys(redis: Redis) -> None:
    budget = Budget(redis, share=0.25)
    budget.answered(ACME, A_MINUTE)

    assert AT_ONCE / 2 <= taken(budget, Urgency.CONFIRM) <= AT_ONCE / 2 + 1


def test_the_last_of_it_is_kept_for_the_most_urgent(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)

    counted = {urgency.name: taken(budget, urgency) for urgency in reversed(Urgency)}

    expected = {"POLL": 20, "P4": 5, "P3": 5, "P2": 5, "P1": 10, "CONFIRM": 5}
    assert counted == pytest.approx(expected, abs=1)


def test_a_p1_passes_when_a_p4_has_to_wait(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)
    taken(budget, Urgency.P4)

    assert refused(budget).why == "our share of its rate limit is spent"
    assert budget.take(ACME, Urgency.P1) is None


def test_what_was_begun_is_finished_first(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)
    taken(budget, Urgency.P4)

    assert budget.take(ACME, Urgency.P4)
    assert budget.take(ACME, Urgency.P4, ends=True) is None


def test_those_who_wait_come_back_one_after_the_other(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)
    taken(budget, Urgency.P4)

    waits = [refused(budget).seconds for _ in range(20)]

    assert waits == sorted(waits)
    assert waits[-1] - waits[0] == pytest.approx(19 / 2.5, abs=0.5)
    assert refused(budget, Urgency.P4).seconds <= 30


def test_updates_have_a_budget_of_their_own_beside_the_requests(budget: Budget) -> None:
    budget.answered(ACME, {ALL: Said(4000, 4000, 60), "updates": Said(40, 40, 60)})

    assert 10 <= taken(budget, Urgency.CONFIRM, part="updates") <= 11
    assert budget.take(ACME, Urgency.P4) is None


def test_a_call_that_cost_more_credits_takes_more(budget: Budget) -> None:
    budget.answered(ACME, A_MINUTE)
    budget.take(ACME, Urgency.CONFIRM)
    budget.answered(ACME, {ALL: Said(400, 395, None, used=5)})

    assert AT_ONCE - 5 <= taken(budget, Urgency.CONFIRM) <= AT_ONCE - 4


def test_a_limit_of_two_a_minute_still_lets_everything_through_in_time(
    budget: Budget, redis: Redis
) -> None:
    budget.answered(ACME, {ALL: Said(2, 2, 60)})
    taken(budget, Urgency.CONFIRM)
    assert budget.take(ACME, Urgency.POLL)

    pass_time(redis, 200)

    assert budget.take(ACME, Urgency.POLL) is None


def test_a_429_pauses_everybody_until_its_retry_after_is_over(budget: Budget, redis: Redis) -> None:
    other = Budget(redis)
    budget.pause(ACME, 20)
    budget.pause(ACME, 5)

    for urgency in Urgency:
        refusal = refused(other, urgency)
        assert refusal.why == "it asked us to pause"
        assert 19 < refusal.seconds <= 20

    pass_time(redis, 20)

    assert other.take(ACME, Urgency.POLL) is None


def test_the_breaker_opens_probes_once_and_closes(budget: Budget, redis: Redis) -> None:
    for _ in range(FAILURES):
        assert budget.take(ACME, Urgency.P1) is None
        budget.failed(ACME)

    assert refused(budget, Urgency.CONFIRM).why == "it does not answer"
    assert refused(budget).seconds == pytest.approx(FIRST_REST, abs=0.5)

    pass_time(redis, FIRST_REST)
    assert budget.take(ACME, Urgency.P4) is None, "one may try"
    assert refused(budget, Urgency.CONFIRM).seconds <= 1, "the others hear soon"

    budget.failed(ACME)
    assert refused(budget).seconds == pytest.approx(2 * FIRST_REST, abs=0.5)

    pass_time(redis, 2 * FIRST_REST)
    assert budget.take(ACME, Urgency.P4) is None
    budget.answered(ACME, {})

    assert taken(budget, Urgency.POLL, 20) == 20


def test_a_probe_that_never_reported_is_followed_by_another(budget: Budget, redis: Redis) -> None:
    for _ in range(FAILURES):
        budget.failed(ACME)
    pass_time(redis, FIRST_REST)
    assert budget.take(ACME, Urgency.P4) is None

    pass_time(redis, 15)

    assert budget.take(ACME, Urgency.P4) is None


def test_an_answer_in_between_keeps_the_breaker_closed(budget: Budget) -> None:
    for _ in range(3 * FAILURES):
        budget.failed(ACME)
        budget.answered(ACME, {})

    assert budget.take(ACME, Urgency.POLL) is None


def test_one_ticket_that_always_fails_is_no_sign_that_the_api_is_down(budget: Budget) -> None:
    for _ in range(3 * FAILURES):
        budget.failed(ACME, "Zendesk ticket 5158")

    assert budget.take(ACME, Urgency.POLL) is None


def test_a_redis_that_is_away_blocks_nobody() -> None:
    away = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2, decode_responses=True)
    budget = Budget(away)
    started = time.monotonic()

    for _ in range(200):
        assert budget.take(ACME, Urgency.P1) is None
        budget.answered(ACME, A_MINUTE)

    assert time.monotonic() - started < 3


def test_what_is_left_is_told(budget: Budget) -> None:
    assert budget.left() == []
    budget.answered(ACME, A_MINUTE | {"updates": Said(40, 40, 60)})
    taken(budget, Urgency.CONFIRM, 10)
    budget.pause(ACME, 20, part="updates")

    requests, updates = budget.left()

    assert (requests.account, requests.part, requests.limit) == (ACME, ALL, 400)
    assert requests.left == pytest.approx(40, abs=1)
    assert not requests.paused
    assert not requests.down
    assert updates.paused == pytest.approx(20, abs=1)


# What the helpdesks say -------------------------------------------------------------------------


def of(**headers: str) -> Mapping[str, str]:
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (of(x_rate_limit="700", x_rate_limit_remaining="699"), {ALL: Said(700, 699)}),
        (
            of(ratelimit_limit="700", ratelimit_remaining="5", ratelimit_reset="42"),
            {ALL: Said(700, 5, 42)},
        ),
        (
            of(**{"Zendesk-RateLimit-tickets-update": "total=100; remaining=97; resets=59"}),
            {"updates": Said(100, 97, 59)},
        ),
        (
            of(**{"zendesk-rate-limit-tickets-update": "total=20; remaining=19"}),
            {"updates": Said(20, 19)},
        ),
        (of(x_rate_limit="many", ratelimit_remaining="nan"), {}),
        (of(), {}),
    ],
)
def test_both_of_zendesks_spellings_are_read(
    headers: Mapping[str, str], expected: dict[str, Said]
) -> None:
    assert zendesk.rates(headers) == expected


def test_freshdesks_headers_are_read() -> None:
    headers = of(X_RateLimit_Total="100.0", X_RateLimit_Remaining="42")
    cost = {"x-ratelimit-used-currentrequest": "2"}

    assert freshdesk.rates(headers) == {ALL: Said(100, 42, None, 1)}
    assert freshdesk.rates(CaseInsensitiveDict({**headers, **cost})) == {
        ALL: Said(100, 42, None, 2)
    }
    assert freshdesk.rates(of()) == {}


# A call, around which the budget stands ---------------------------------------------------------


@pytest.fixture
def spending(budget: Budget) -> Spending:
    return Spending(budget, ACME, zendesk.rates)


def too_many(spending: Spending, part: str, **headers: str) -> None:
    with pytest.raises(Transient), spending.call("Zendesk ticket 1", part=part):
        raise Transient("429", status=429, retry_after=20, headers=of(**headers))


def test_a_call_is_as_urgent_as_the_job_around_it(budget: Budget, spending: Spending) -> None:
    budget.answered(ACME, A_MINUTE)
    taken(budget, Urgency.P4)

    with (
        pytest.raises(NotNow, match=r"not asked for .* s, our share") as caught,
        urgent(Urgency.P4),
        spending.call("Zendesk ticket 1"),
    ):
        pytest.fail("it was asked")
    with urgent(Urgency.P1), spending.call("Zendesk ticket 1") as told:
        told({})

    assert caught.value.retry_after


def test_a_429_without_a_word_more_pauses_everything(budget: Budget, spending: Spending) -> None:
    too_many(spending, "updates")

    assert refused(budget, Urgency.CONFIRM).why == "it asked us to pause"


def test_a_429_for_too_many_updates_pauses_only_updates(budget: Budget, spending: Spending) -> None:
    line = {"Zendesk-RateLimit-tickets-update": "total=100; remaining=0; resets=20"}
    too_many(spending, "updates", ratelimit_limit="700", ratelimit_remaining="600", **line)

    assert budget.take(ACME, Urgency.P1, part="updates")
    assert budget.take(ACME, Urgency.CONFIRM) is None


def test_a_429_for_one_tickets_own_limit_pauses_no_other_ticket(
    budget: Budget, spending: Spending
) -> None:
    line = {"Zendesk-RateLimit-tickets-update": "total=100; remaining=90; resets=20"}
    too_many(spending, "updates", ratelimit_limit="700", ratelimit_remaining="600", **line)

    assert budget.take(ACME, Urgency.P4, part="updates") is None


def test_a_refusal_is_an_answer_and_ends_the_breaker(
    budget: Budget, spending: Spending, redis: Redis
) -> None:
    for number in range(FAILURES):
        with pytest.raises(Transient), spending.call(f"Zendesk ticket {number}"):
            raise Transient("503", status=503)
    with pytest.raises(NotNow), spending.call("Zendesk ticket 1"):
        pytest.fail("it was asked")
    pass_time(redis, FIRST_REST)

    with pytest.raises(Gone), spending.call("Zendesk ticket 1"):
        raise Gone("not found")

    assert budget.take(ACME, Urgency.POLL) is None
