"""Calls that set an account up, and whole lists read page by page.

https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.errors import Transient
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.fields import object_in

NOT_OURS = {403, 404}
"""Statuses of what our user may not see, or the plan does not have."""
_PAGES = 20


class SetupCalls:
    """Over one account's signed calls."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def call(self, method: str, path: str, *, what: str, **more: Any) -> dict[str, Any]:
        """One call that is no ticket's; raises as `Calls.call` does."""
        return self.calls.call(
            method,
            path,
            what=f"Zendesk {what}",
            right="an admin's role",
            about_ticket=False,
            **more,
        )

    def listed(self, path: str, name: str, what: str) -> list[dict[str, Any]]:
        """Every page of a list, by page number or by cursor, as the list itself goes on."""
        found: list[dict[str, Any]] = []
        params: dict[str, str] = {}
        for page in range(2, _PAGES + 2):
            content = self.call("GET", path, what=what, params=params or None)
            found += [one for one in content.get(name) or () if isinstance(one, dict)]
            meta = object_in(content, "meta")
            if meta.get("has_more") is True and meta.get("after_cursor"):
                params = {"page[size]": "100", "page[after]": str(meta["after_cursor"])}
            elif content.get("next_page"):
                params = {"page": str(page)}
            else:
                break
        return found


def id_of(content: Mapping[str, Any], name: str) -> str:
    """The id of what was just made."""
    number = object_in(content, name).get("id")
    if not number:
        raise Transient(f"Zendesk made the {name.replace('_', ' ')} but told no id; run this again")
    return str(number)
