"""Which of our fields the account has: found by title, remembered, looked up again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from vendor import Reply

from worker.errors import Permanent, Transient
from worker.helpdesks.remembered import KEPT_SECONDS
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.helpdesks.zendesk.titles import Titles
from worker.tickets import Changes, SlaState

FIELDS = "/ticket_fields"


def test_old_ids_beat_none_for_a_minute_after_ten(desk: Any, client: ZendeskClient) -> None:
    now = [0.0]
    titles = Titles(client._calls, clock=lambda: now[0])
    known, calls = titles.known()

    assert (len(known.ids), calls) == (5, 1)
    assert titles.known() == (known, 0)
    now[0] = KEPT_SECONDS + 1
    desk.on("GET", FIELDS, Reply(500))
    assert titles.known() == (known, 1)
    assert titles.known() == (known, 0)
    now[0] += 61
    desk.list_fields({"SLA state": 5})
    assert titles.known()[0].ids == {"SLA state": 5}


def test_a_title_is_found_on_any_page_and_the_first_of_a_name_is_ours(
    desk: Any, client: ZendeskClient
) -> None:
    first = [{"id": 5, "title": " sla  STATE "}, {"id": 4, "title": "SLA state"}]
    second = [
        {"id": 6, "title": "SLA review"},
        {"id": 7, "title": "SLA severity", "active": False},
        {"id": "8", "title": "Meta dependency"},
        {"id": 9, "title": "SLA state"},
        "x",
    ]
    desk.on(
        "GET",
        FIELDS,
        Reply(content={"ticket_fields": first, "next_page": f"{desk.url}?page=2"}),
        Reply(content={"ticket_fields": second, "next_page": None}),
    )
    known, calls = client._titles.known()

    assert (known.ids, calls) == ({"SLA state": 5, "SLA review": 6}, 2)
    assert [asked.params for asked in desk.of("GET", FIELDS)] == [{}, {"page": "2"}]


def test_a_list_without_end_is_left_after_ten_pages(desk: Any, client: ZendeskClient) -> None:
    desk.on("GET", FIELDS, Reply(content={"ticket_fields": None, "next_page": "https://x"}))

    assert client._titles.known()[1] == 10


def test_threads_wait_for_one_look_up(desk: Any, client: ZendeskClient) -> None:
    desk.list_fields({"SLA state": 5}, seconds=0.1)
    threads = [threading.Thread(target=client._titles.known) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(desk.of("GET", FIELDS)) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(503, Transient), (429, Transient), (401, Permanent)]
)
def test_fields_that_cannot_be_read_yet_stop_the_write(
    desk: Any, client: ZendeskClient, status: int, error: type[Exception]
) -> None:
    desk.on("GET", FIELDS, Reply(status))

    with pytest.raises(error):
        client.write("5158", Changes(state=SlaState.MET))
    assert desk.of("PUT", "/tickets/5158") == []
