"""Webhooks out: a few threads send them, retry as the vendor does, and log every attempt."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from sandbox import destinations, moments

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 6
KEPT = 3000
NO_CONNECTION = 0


@dataclass(kw_only=True)
class Parcel:
    """One webhook to one address; its bytes never change, its headers are made per attempt."""

    helpdesk: str
    ticket: str
    event: str
    url: str
    body: bytes
    headers: Callable[[bytes], dict[str, str]]
    """Made anew for each attempt: a signature's timestamp is the attempt's."""
    retry_in: Callable[[int | None, str | None, int], float | None]
    """(status, Retry-After, attempts so far) to seconds; None: give up. The status is None for a
    time-out and NO_CONNECTION when nobody listened."""
    timeout: float
    number: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    state: str = "waiting"

    def listed(self) -> dict[str, Any]:
        """The log's entry. States: waiting, delivered, failed, lost, refused."""
        last = self.attempts[-1] if self.attempts else {}
        return {
            "number": self.number,
            "helpdesk": self.helpdesk,
            "ticket": self.ticket,
            "event": self.event,
            "url": self.url,
            "state": self.state,
            "status": last.get("status"),
            "attempts": list(self.attempts),
            "body": self.body.decode("utf-8", "replace"),
        }


class Courier:
    """Sends parcels in the background. Its threads start with the first parcel."""

    def __init__(self, *, anywhere: bool) -> None:
        self._anywhere = anywhere
        self._due: list[tuple[float, int, Parcel]] = []
        self._log: deque[Parcel] = deque(maxlen=KEPT)
        self._wake = threading.Condition()
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []
        self._stopped = False

    def send(self, parcel: Parcel, *, lost: bool = False) -> None:
        """Log a parcel and send it soon; a `lost` one is only logged."""
        with self._wake:
            parcel.number = next(self._numbers)
            self._log.append(parcel)
            if lost:
                parcel.state = "lost"
                return
            self._queue(parcel, 0.0)

    def _queue(self, parcel: Parcel, seconds: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), parcel))
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._run, name=f"courier-{number}", daemon=True)
                for number in range(THREADS)
            ]
            for thread in self._threads:
                thread.start()
        self._wake.notify()

    def again(self, parcel: Parcel) -> Parcel:
        """Send the same bytes once more, under the same invocation, signed now."""
        copy = replace(parcel, attempts=[], state="waiting")
        self.send(copy)
        return copy

    def find(self, helpdesk: str, ticket: str) -> list[Parcel]:
        """A ticket's parcels, oldest first."""
        with self._wake:
            return [
                parcel
                for parcel in self._log
                if parcel.helpdesk == helpdesk and parcel.ticket == ticket
            ]

    def listed(self) -> list[dict[str, Any]]:
        """Every parcel with its attempts, oldest first."""
        with self._wake:
            return [parcel.listed() for parcel in self._log]

    def clear(self) -> None:
        """Forget the log; what is under way still arrives."""
        with self._wake:
            self._log.clear()

    def stop(self) -> None:
        """End the threads; what was not sent stays unsent."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, no .netrc: what is signed here goes there
            while self._next(session):
                pass

    def _next(self, session: requests.Session) -> bool:
        with self._wake:
            while not self._stopped and (not self._due or self._due[0][0] > time.monotonic()):
                pause = self._due[0][0] - time.monotonic() if self._due else None
                self._wake.wait(pause)
            if self._stopped:
                return False
            parcel = heapq.heappop(self._due)[2]
        self._attempt(parcel, session)
        return True

    def _attempt(self, parcel: Parcel, session: requests.Session) -> None:
        began = time.monotonic()
        attempt: dict[str, Any] = {"at": moments.now().isoformat(), "status": None}
        reason = destinations.refusal(parcel.url, anywhere=self._anywhere)
        retry_after, again, code = None, False, None
        if not reason:
            try:
                answer = session.post(
                    parcel.url,
                    data=parcel.body,
                    headers=parcel.headers(parcel.body),
                    timeout=parcel.timeout,
                    allow_redirects=False,
                )
                attempt["status"] = code = answer.status_code
                retry_after = answer.headers.get("Retry-After")
                again = not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES
            except requests.Timeout:
                attempt["error"], again = f"no answer in {parcel.timeout:g} s", True
            except requests.RequestException as error:
                attempt["error"] = f"no connection ({type(error).__name__})"
                again, code = True, NO_CONNECTION
        else:
            attempt["error"] = reason
        attempt["milliseconds"] = round((time.monotonic() - began) * 1000, 1)
        with self._wake:
            parcel.attempts.append(attempt)
            pause = parcel.retry_in(code, retry_after, len(parcel.attempts)) if again else None
            if pause is not None:
                self._queue(parcel, pause)
            elif reason:
                parcel.state = "refused"
            else:
                delivered = attempt["status"] is not None and not again
                parcel.state = "delivered" if delivered else "failed"
