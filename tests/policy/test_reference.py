"""docs/policy.md says only what is true: every block of it is a policy that is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from worker.channels.registry import CHANNELS
from worker.policy import Policy
from worker.policy.budget import BudgetRule
from worker.policy.contradictions import contradictions
from worker.policy.load import _built_in, _over
from worker.policy.plans import Plan
from worker.policy.steps import Acknowledge, ChannelRule, Digest, Review, StepRule
from worker.policy.watch import WatchRule

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


ELSEWHERE = {"source", "severity", "rubric", "support", "meta_dependency", "faq", "options"}
"""What is not a key of its own, or is told in rubric.toml."""


def together() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in BLOCKS:
        for key, value in tomllib.loads(block).items():
            if isinstance(value, dict):
                found.setdefault(key, {}).update(value)
            elif isinstance(value, list):
                found.setdefault(key, []).extend(value)
            else:
                found[key] = value
    return found


def test_the_blocks_together_are_a_policy_without_faults() -> None:
    own = together()
    channels = {}
    for name, keys in own.pop("channels").items():
        common = {key: keys.pop(key) for key in ChannelRule.model_fields if key in keys}
        options = CHANNELS[common["type"]].Options.model_validate(keys)
        channels[name] = ChannelRule.model_validate({**common, "options": options})
    built_in = _over(_built_in(), own)
    policy = Policy.model_validate({**built_in, "channels": {**channels, "lead": channels["team"]}})

    assert policy.plans["enterprise"].hours == "office"
    assert list(contradictions(policy, own)) == []


def test_every_key_is_told() -> None:
    rules = (Acknowledge, BudgetRule, ChannelRule, Digest, Plan, Review, StepRule, WatchRule)
    for model in (Policy, *rules):
        for key in set(model.model_fields) - ELSEWHERE:
            assert re.search(rf"\b{key}\b", TEXT), (
                f"{model.__name__}.{key} is not in docs/policy.md"
            )
