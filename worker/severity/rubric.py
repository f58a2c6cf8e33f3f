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

__all__ = ["Likelihoods", "RubricTable"]

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

    def severities(self, likely: Likelihoods) -> Floats:
        """How likely each severity is: the situations' likelihoods, summed by what they make."""
        left = self.table
        for facet in FACETS:
            left = np.tensordot(likely[facet], left, axes=(0, 0))
        return left

    def likeliest(self, likely: Likelihoods, severity: Severity) -> Situation:
        """The likeliest of the situations that make this severity: what explains it."""
        joint = self.table[..., SEVERITIES.index(severity)]
        for axis, facet in enumerate(FACETS):
            shape = [1] * len(FACETS)
            shape[axis] = -1
            joint = joint * likely[facet].reshape(shape)
        return situation_at([int(n) for n in np.unravel_index(int(joint.argmax()), joint.shape)])


def situation_at(place: Sequence[int]) -> Situation:
    """The situation at these coordinates of the table."""
    values = [list(values)[number] for values, number in zip(FACETS.values(), place, strict=True)]
    return Situation(*values)  # type: ignore[arg-type]
