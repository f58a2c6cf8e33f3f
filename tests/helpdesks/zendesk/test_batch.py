"""Many tickets in one job: parts of a hundred, a bounded wait, an answer for every ticket."""

from __future__ import annotations

from typing import Any

import pytest
from vendor import Reply

from worker.helpdesks.zendesk import batch
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.tickets import Changes, SlaState

MANY, JOB = "/tickets/update_many", "/job_statuses/J"
MET = Changes(state=SlaState.MET)


def job(status: str, *results: Any) -> dict[str, Any]:
    return {"job_status": {"id": "J", "status": status, "results": list(results)}}


def update(client: ZendeskClient, numbers: range) -> tuple[dict[str, str], list[float]]:
    waited: list[float] = []
    wanted = [(str(number), MET) for number in numbers]
    known, _ = client._titles.known()
    return batch.update_many(client._calls, wanted, known.ids, sleep=waited.append), waited


def test_a_batch_goes_in_hundreds_and_a_last_one_alone_has_no_job(
    desk: Any, client: ZendeskClient
) -> None:
    parts = [
        [{"id": n, "success": True} for n in part] for part in (range(1, 101), range(101, 201))
    ]
    desk.on("PUT", MANY, *(Reply(content=job("completed", *part)) for part in parts))
    desk.on("PUT", "/tickets/201", Reply(content={"ticket": {}}))
    faults, waited = update(client, range(1, 202))

    assert faults == {str(number): "" for number in range(1, 202)}
    assert waited == []
    assert [len(asked.body["tickets"]) for asked in desk.of("PUT", MANY)] == [100, 100]


def test_a_job_is_not_waited_for_longer_than_half_a_minute(
    desk: Any, client: ZendeskClient
) -> None:
    desk.on("PUT", MANY, Reply(content=job("queued")))
    desk.on("GET", JOB, Reply(content=job("working")))
    faults, waited = update(client, range(1, 3))

    assert faults == {}
    assert sum(waited) == 30


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {"error": "Forbidden"}), "to edit tickets"),
        (Reply(content=job("failed")), "ended as failed"),
        (Reply(content=job("completed", "x", {"id": 99, "success": True})), "ended as completed"),
        (Reply(content={}), "ended as None"),
    ],
)
def test_no_ticket_is_done_unless_its_job_says_so(
    desk: Any, client: ZendeskClient, reply: Reply, words: str
) -> None:
    desk.on("PUT", MANY, reply)
    faults, _ = update(client, range(1, 3))

    assert faults.keys() == {"1", "2"}
    assert all(words in fault for fault in faults.values())


@pytest.mark.parametrize("reply", [Reply(429, {"error": "TooManyJobs"}), Reply(content="<html>")])
def test_a_batch_that_a_passing_fault_kept_away_is_to_be_tried_again(
    desk: Any, client: ZendeskClient, reply: Reply
) -> None:
    desk.on("PUT", MANY, reply)

    assert update(client, range(1, 3))[0] == {}


def test_one_part_that_fails_does_not_stop_the_next(desk: Any, client: ZendeskClient) -> None:
    desk.on("PUT", MANY, Reply(503))
    desk.on("PUT", "/tickets/101", Reply(content={"ticket": {}}))
    faults, _ = update(client, range(1, 102))

    assert faults == {"101": ""}


def test_a_batch_with_nothing_to_write_makes_no_update(desk: Any, client: ZendeskClient) -> None:
    desk.list_fields({})

    assert client.write_many([("1", MET), ("2", Changes())]) == {"1": "", "2": ""}
    assert all(asked.method != "PUT" for asked in desk.asked)
