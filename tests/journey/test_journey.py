"""The README's story in real processes, on both helpdesks: nothing is mocked.

created -> decided and written · a step reaches people on time · a reply settles · the same webhook
again changes nothing · a lost webhook is found by poll.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from stack import Stack, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

OUTAGE = "Everything is down, nobody can log in and there is no workaround"
QUESTION = "How do I add a user to my team?"
POLICY = """
[plans.pro]
first_response = { P1 = "3s", P2 = "1h", P3 = "2h", P4 = "3h" }

[poll]
every = "2s"
met_every = "1s"

[[steps]]
at = "50%"
severities = ["P1"]
notify = ["oncall"]

[[steps]]
at = "100%"
severities = ["P1"]
notify = ["oncall"]

[channels.oncall]
type = "webhook"
url = "${RECEIVER_URL}"
secret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0"
"""
helpdesks = pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])


def whole_second(moment: str) -> datetime:
    """Helpdesks tell created_at in whole seconds, and everything counts from what they tell."""
    return datetime.fromisoformat(moment).replace(microsecond=0)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), POLICY) as running:
        yield running


@helpdesks
def test_a_new_outage_gets_severity_priority_deadline_and_tag_in_one_update(
    stack: Stack, helpdesk: str
) -> None:
    ticket_id = stack.create(helpdesk, OUTAGE)

    ticket = stack.written(helpdesk, ticket_id)

    created = whole_second(ticket["created_at"])
    assert ticket["severity"] == "P1"
    assert ticket["priority"] == "urgent"
    assert ticket["deadline"] == f"{created + timedelta(seconds=3):%Y-%m-%dT%H:%M:%SZ}"
    assert "sla_p1" in ticket["tags"]
    assert ticket["state"] in {"on_track", "near"}
    notes = [comment for comment in ticket["comments"] if comment["staff"]]
    assert [note["public"] for note in notes] == [False]
    first = ticket["writes"][0]["body"]
    assert str(first).count("P1") or "sla_p1" in str(first)


@helpdesks
def test_a_step_reaches_the_channel_on_time_and_signed(stack: Stack, helpdesk: str) -> None:
    ticket_id = stack.create(helpdesk, OUTAGE)
    created = whole_second(stack.ticket(helpdesk, ticket_id)["created_at"])

    until(lambda: len(stack.receiver.alerts(helpdesk, ticket_id)) == 2, 12, "both alerts")

    (half_at, half), (full_at, full) = stack.receiver.alerts(helpdesk, ticket_id)
    assert (half["step"], full["step"]) == ("50%", "100%")
    assert (half["severity"], half["type"]) == ("P1", "escalation")
    assert half_at >= created.timestamp() + 1.5
    assert full_at >= created.timestamp() + 3
    assert full_at - created.timestamp() - 3 < 2
    headers = next(h for _, h, b in stack.receiver.received if b["ticket"]["id"] == ticket_id)
    assert headers["webhook-signature"].startswith("v1,")


@helpdesks
def test_a_public_reply_settles_the_timer_and_marks_it_as_met(stack: Stack, helpdesk: str) -> None:
    ticket_id = stack.create(helpdesk, OUTAGE)
    stack.written(helpdesk, ticket_id)

    stack.control(
        "post",
        f"/tickets/{helpdesk}/{ticket_id}/reply",
        {"by": "agent", "public": True, "body": "We are on it."},
    )
    until(
        lambda: stack.ticket(helpdesk, ticket_id)["state"] in {"met", "breached"},
        20,
        "the settled state",
    )

    sent = len(stack.receiver.alerts(helpdesk, ticket_id))
    time.sleep(3.5)
    assert len(stack.receiver.alerts(helpdesk, ticket_id)) == sent


@helpdesks
def test_the_same_webhook_again_changes_nothing(stack: Stack, helpdesk: str) -> None:
    ticket_id = stack.create(helpdesk, QUESTION, webhook="twice")
    stack.written(helpdesk, ticket_id)

    stack.control("post", f"/deliveries/{helpdesk}/{ticket_id}/again", {})
    time.sleep(3)

    assert stack.ticket(helpdesk, ticket_id)["severity"] == "P4"
    writes = stack.ticket(helpdesk, ticket_id)["writes"]
    assert len(writes) == 1, writes


@helpdesks
def test_a_ticket_whose_webhook_was_lost_is_found_with_its_deadline_from_creation(
    stack: Stack, helpdesk: str
) -> None:
    created = (datetime.now(UTC) - timedelta(minutes=10)).replace(microsecond=0)
    ticket_id = stack.create(helpdesk, QUESTION, webhook="lost", created_at=created.isoformat())

    ticket = stack.written(helpdesk, ticket_id, 20)

    assert ticket["severity"] == "P4"
    assert ticket["deadline"] == f"{created + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"


@helpdesks
def test_the_board_and_the_ticket_page_show_it(stack: Stack, helpdesk: str) -> None:
    ticket_id = stack.create(helpdesk, "How do I export <b>my</b> contacts?")
    stack.written(helpdesk, ticket_id)

    board = requests.get(f"{stack.url}/live/board", timeout=5)
    page = requests.get(f"{stack.url}/tickets/{helpdesk}/{ticket_id}", timeout=5)

    assert board.ok
    assert ticket_id in board.text
    assert page.ok
    assert "<b>my</b>" not in page.text
    assert "P4 Low" in page.text


def test_callers_who_send_slowly_hold_up_nobody(stack: Stack) -> None:
    head = b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf a bo"
    with contextlib.ExitStack() as open_sockets:
        for number in range(30):
            caller = open_sockets.enter_context(
                socket.create_connection(("127.0.0.1", stack.port), timeout=5)
            )
            caller.sendall(head if number % 2 else head[:40])

        assert requests.get(f"{stack.url}/healthz", timeout=2).ok


def test_a_body_over_a_megabyte_in_chunks_is_413_too(stack: Stack) -> None:
    chunks = (b'{"ticket_id": "1", "x": "' if not turn else b"x" * 65536 for turn in range(30))

    answer = requests.post(f"{stack.url}/webhooks/freshdesk", data=chunks, timeout=10)

    assert answer.status_code == 413


def test_a_redis_that_hangs_is_503_soon_and_the_next_webhook_is_taken(stack: Stack) -> None:
    def post() -> requests.Response:
        return requests.post(
            f"{stack.url}/webhooks/freshdesk",
            json={"ticket_id": "999999", "at": time.time()},
            headers={"X-Minutehand-Secret": stack.environment["FRESHDESK_WEBHOOK_SECRET"]},
            timeout=10,
        )

    stack.processes["redis"].send_signal(signal.SIGSTOP)
    try:
        answer = post()
    finally:
        stack.processes["redis"].send_signal(signal.SIGCONT)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert until(lambda: post().status_code == 202, 10, "the next webhook's being taken")


def test_nothing_secret_was_said_by_any_process(stack: Stack) -> None:
    said = stack.logs()

    secrets = [
        value
        for name, value in stack.environment.items()
        if name.endswith(("_SECRET", "_KEY", "RECEIVER_URL"))
    ]
    assert len(secrets) >= 5
    assert not [secret for secret in secrets if secret in said]
    assert "Traceback" not in said
