"""Every kind of notification channel: one line each; the key is its `type` in the policy."""

from __future__ import annotations

from worker.channels import console, slack, webhook
from worker.channels.base import ChannelType

CHANNELS: dict[str, ChannelType] = {
    "console": console,
    "slack": slack,
    "webhook": webhook,
}
