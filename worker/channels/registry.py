"""Every kind of notification channel: one line each; the key is its `type` in the policy."""

from __future__ import annotations

from worker.channels import apprise, console, email, pagerduty, slack, teams, webhook
from worker.channels.base import ChannelType

CHANNELS: dict[str, ChannelType] = {
    "apprise": apprise,
    "console": console,
    "email": email,
    "pagerduty": pagerduty,
    "slack": slack,
    "teams": teams,
    "webhook": webhook,
}
