"""An edited policy takes effect without a restart, and one with faults does not.

Every process looks at the file when it beats. A change is read once the file has stood still from
one look to the next, so that nobody reads half of it. A file with faults, or one that is gone,
changes nothing: the policy before it stays in force, and the log and the board say so until it is
mended. Tickets keep the policy that they came under; channels are always those of now.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog
from redis.exceptions import RedisError

from worker.errors import Misconfigured
from worker.logs import secrets_in, set_up_logs
from worker.wiring import Held, policy_from, under_policy

log = structlog.get_logger()

ABOUT = "the policy file"
"""What the saying on the board is about."""


class _Stamp(NamedTuple):
    """By which an edit is seen."""

    changed: int
    size: int
    number: int
    """Of the file on its disk: an editor may put a new one in its place."""


class PolicyWatch:
    """Over the parts of one process."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._read = self._seen = _stamp(held.parts.settings.policy_file)
        self._looked = False

    def look(self, now: datetime) -> bool:
        """True when another policy is in force from now on. Never raises."""
        if not self._looked:
            self._looked = True
            self._unsay()  # we have just begun with it, so it has none
        path = self._held.parts.settings.policy_file
        stamp = _stamp(path)
        stands_still, self._seen = stamp == self._seen, stamp
        if stamp == self._read or not stands_still:
            return False
        self._read = stamp
        if stamp is None:
            self._say(f"{path}: is gone", now)
            return False
        try:
            policy = policy_from(self._held.parts.settings)
            self._held.parts = under_policy(self._held.parts, policy)
        except Misconfigured as fault:
            self._say(str(fault), now)
            return False
        channels = [rule.options for rule in policy.channels.values()]
        set_up_logs(secrets_in(self._held.parts.settings, channels))
        log.warning("an edited policy is in force", policy=policy.version)
        self._unsay()
        return True

    def _say(self, faults: str, now: datetime) -> None:
        first, *more = faults.splitlines()
        others = f" (and {len(more)} more: `minutehand policy check`)" if more else ""
        text = f"an edited policy has faults; the one before stays in force: {first}{others}"
        log.error(text)
        try:
            self._held.parts.journal.say(text, now, about=ABOUT)
        except RedisError:
            log.warning("the board could not be told")

    def _unsay(self) -> None:
        try:
            self._held.parts.journal.unsay(ABOUT)
        except RedisError:
            log.warning("the board still says that the policy has faults")


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
