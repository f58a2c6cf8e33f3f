"""The policy that a ticket came under stays with it until `policy apply`: kept in Redis."""

from __future__ import annotations

from typing import NamedTuple

import structlog
from redis import Redis

from worker.policy import Policy, policy_again
from worker.record import State
from worker.severity import Rubric
from worker.store import keys

log = structlog.get_logger()

KEPT_SECONDS = 400 * 24 * 3600


class Rules(NamedTuple):
    """What a ticket is judged and guarded by."""

    policy: Policy
    rubric: Rubric


class Policies:
    """Over one Redis client (`decode_responses=True`). Safe to share between threads."""

    def __init__(self, redis: Redis, policy: Policy, rubric: Rubric) -> None:
        self._redis = redis
        self.now = Rules(policy, rubric)
        self._known = {policy.version: self.now}
        self._is_kept = False

    def of(self, state: State | None) -> Rules:
        """The rules of a ticket: those it came under, else those in force now.

        Channels are always those of now: an alert has to reach somebody today.
        """
        if state is None:
            self._keep()
            return self.now
        if state.policy is None:
            return self.now
        return self._known.get(state.policy) or self._read(state.policy)

    def _keep(self) -> None:
        if not self._is_kept:
            policy = self.now.policy
            self._redis.set(keys.policy(policy.version), policy.source, ex=KEPT_SECONDS)
            self._is_kept = True

    def _read(self, digest: str) -> Rules:
        source = self._redis.get(keys.policy(digest))
        found = self.now
        if source is not None:
            try:
                policy = policy_again(str(source), self.now.policy.channels)
                found = Rules(policy, Rubric.of(policy))
            except ValueError:
                log.warning("a ticket's policy is not understood any more", policy=digest)
        self._known[digest] = found
        return found
