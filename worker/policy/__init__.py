"""The behaviour that an admin writes in `policy.toml`, over the built-in policy. Pure, but for
the reading of the file itself.
"""

from worker.policy.load import load_policy, policy_again, read_policy
from worker.policy.model import Policy, PolicyTest, Preset, RubricRule
from worker.policy.plans import Plan
from worker.policy.steps import PEOPLE, ChannelRule, Review, StepRule

__all__ = [
    "PEOPLE",
    "ChannelRule",
    "Plan",
    "Policy",
    "PolicyTest",
    "Preset",
    "Review",
    "RubricRule",
    "StepRule",
    "load_policy",
    "policy_again",
    "read_policy",
]
