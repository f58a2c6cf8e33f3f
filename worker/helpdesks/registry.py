"""Every helpdesk that we can read and write: one line each."""

from __future__ import annotations

from worker.helpdesks.base import Helpdesk
from worker.helpdesks.freshdesk import Freshdesk
from worker.helpdesks.zendesk import Zendesk

HELPDESKS: dict[str, Helpdesk] = {
    "zendesk": Zendesk(),
    "freshdesk": Freshdesk(),
}
