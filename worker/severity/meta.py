"""What depends on a decision or a service of Meta: by its own vocabulary, beside the model."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["names_meta_decision"]

MARKS = re.compile("[\u0300-\u036f\u064b-\u0655\u0640]")


def names_meta_decision(text: str) -> bool:
    """True when the text speaks of a thing that only Meta decides, such as a rejected template."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return bool(_strong().search(unicodedata.normalize("NFC", MARKS.sub("", folded))))


@cache
def _strong() -> re.Pattern[str]:
    source = tomllib.loads(files(__package__).joinpath("meta.toml").read_text("utf-8"))
    plain = [unicodedata.normalize("NFKD", pattern) for pattern in source["strong"]]
    return re.compile("|".join(unicodedata.normalize("NFC", MARKS.sub("", p)) for p in plain))
