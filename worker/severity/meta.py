"""What depends on a decision or a service of Meta: by its own vocabulary, beside the model."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from worker.severity.pieces import without_marks

__all__ = ["names_meta_decision", "vocabulary"]


def names_meta_decision(text: str) -> bool:
    """True when the text speaks of a thing that only Meta decides, such as a rejected template."""
    folded = without_marks(text.casefold())
    signs, strong = vocabulary()
    return any(sign in folded for sign in signs) and bool(strong.search(folded))


@cache
def vocabulary() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """What a text must hold to be looked at more closely, and the pattern that then decides."""
    source = tomllib.loads(files(__package__).joinpath("meta.toml").read_text("utf-8"))
    strong = re.compile("|".join(without_marks(pattern) for pattern in source["strong"]))
    return tuple(without_marks(sign) for sign in source["signs"]), strong
