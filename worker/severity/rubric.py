"""The written rubric as a table: for every situation its severity.

The rules are the policy's; the model only says how likely each fact is. What the ticket's severity
may be follows from both, so that a changed rule changes decisions without any training.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.facts import FACETS, Situation
from worker.policy import RubricRule
from worker.tickets import Severity

__all__ = ["Likelihoods", "RubricTable", "Weighed"]

Floats = npt.NDArray[np.float32]
Likelihoods = Mapping[str, Floats]
"""For each facet, how likely each of its values is, in the order of its enumeration."""
SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True, eq=False)
class RubricTable:
    """Every situation's severity, as an array with one axis a facet and one for the severity."""

    table: Floats

    @classmethod
    def of(cls, rules: Sequence[RubricRule]) -> RubricTable:
        """The table that these rules make. The first rule that fits decides."""
        shape = [len(values) for values in FACETS.values()]
        table = np.zeros([*shape, len(SEVERITIES)], np.float32)
        for place in itertools.product(*map(range, shape)):
            situation = situation_at(place)
            rule = next(rule for rule in rules if rule.fits(situation))
            table[(*place, SEVERITIES.index(rule.severity))] = 1.0
        return cls(table)

    def weigh(self, likely: Likelihoods) -> Weighed:
        """How likely each situation is, and so each severity: the sum of what makes it."""
        joint = np.ones(1, np.float32)
        for facet in FACETS:
            joint = np.multiply.outer(joint, likely[facet]).ravel()
        by_severity = self.table.reshape(-1, len(SEVERITIES))
        return Weighed(joint @ by_severity, joint, by_severity)


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What a ticket may be by the rubric."""

    severities: Floats
    """How likely P1 to P4 are."""
    _joint: Floats
    _by_severity: Floats

    def likeliest(self, severity: Severity) -> Situation:
        """The likeliest of the situations that make this severity: what explains it."""
        fitting = self._joint * self._by_severity[:, SEVERITIES.index(severity)]
        shape = [len(values) for values in FACETS.values()]
        return situation_at([int(n) for n in np.unravel_index(int(fitting.argmax()), shape)])


def situation_at(place: Sequence[int]) -> Situation:
    """The situation at these coordinates of the table."""
    values = [list(values)[number] for values, number in zip(FACETS.values(), place, strict=True)]
    return Situation(*values)  # type: ignore[arg-type]
