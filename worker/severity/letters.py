"""Letters as they are compared: a full-width or ornamental letter is the plain one.

Only what is compared is folded, letter by letter, so that a place in the folded text is the same
place in the ticket's own; what is shown to people keeps the requester's letters.
"""

from __future__ import annotations

import unicodedata

__all__ = ["GAP", "plain"]

GAP = "\ufffc"
"""Stands in a text where something was left out of the middle of a line."""
REMEMBERED = 4_096


class _Folds(dict[int, int]):
    """For each letter its plain form, where that is one letter too."""

    def __missing__(self, code: int) -> int:
        folded = unicodedata.normalize("NFKC", chr(code))
        found = ord(folded) if len(folded) == 1 else code
        if len(self) < REMEMBERED:
            self[code] = found
        return found


_FOLDS = _Folds()


def plain(text: str) -> str:
    """The text in plain letters, as long as it was."""
    return text if text.isascii() else text.translate(_FOLDS)
