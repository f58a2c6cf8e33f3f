"""Every helpdesk that we can read and write: one line each."""

from __future__ import annotations

from worker.helpdesks.base import Helpdesk
from worker.helpdesks.export import Export
from worker.helpdesks.freshdesk import Freshdesk
from worker.helpdesks.freshdesk.export import FreshdeskCsv, FreshdeskJson
from worker.helpdesks.zendesk import Zendesk
from worker.helpdesks.zendesk.export import ZendeskCsv, ZendeskJson

HELPDESKS: dict[str, Helpdesk] = {
    "zendesk": Zendesk(),
    "freshdesk": Freshdesk(),
}

EXPORTS: tuple[Export, ...] = (ZendeskJson(), ZendeskCsv(), FreshdeskJson(), FreshdeskCsv())
"""Formats of ticket exports, for `backtest`; the first that fits a file reads it."""
