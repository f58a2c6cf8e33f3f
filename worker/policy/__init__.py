"""The behaviour that an admin writes in `policy.toml`, over the built-in policy. Pure, but for
the reading of the file itself.
"""

from worker.policy.load import load_policy, read_policy
from worker.policy.model import Plan, Policy, PolicyTest, Preset, Review, RubricRule, StepRule

__all__ = [
    "Plan",
    "Policy",
    "PolicyTest",
    "Preset",
    "Review",
    "RubricRule",
    "StepRule",
    "load_policy",
    "read_policy",
]
