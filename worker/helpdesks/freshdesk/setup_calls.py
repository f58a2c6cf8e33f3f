"""Calls that set an account up, and whole lists read page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worker.helpdesks.freshdesk.calls import Calls

RIGHT = "the role Administrator"
_PAGES = 20


class SetupCalls:
    """Over one account's signed calls."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def call(self, method: str, path: str, *, what: str, **more: Any) -> Any:
        """One call that is no ticket's; what a GET answered. Raises as `Calls.call` does."""
        return self.calls.call(
            method, path, what=f"Freshdesk {what}", right=RIGHT, about_ticket=False, **more
        ).content

    def listed(self, path: str, *, what: str) -> list[dict[str, Any]]:
        """Every page of a list (https://developers.freshdesk.com/api/#pagination)."""
        found: list[dict[str, Any]] = []
        for page in range(1, _PAGES + 1):
            answer = self.calls.call(
                "GET",
                path,
                what=f"Freshdesk {what}",
                right=RIGHT,
                about_ticket=False,
                params={"page": str(page)} if page > 1 else None,
            )
            listed = answer.content if isinstance(answer.content, list) else []
            found += [one for one in listed if isinstance(one, dict)]
            if not answer.more:
                break
        return found
