"""Every word that the pages say, from one catalogue: english.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

_CODE = re.compile("`([^`]+)`")


@cache
def catalogue() -> Mapping[str, str]:
    """`page.key` -> text, as the file has it."""
    text = resources.files(__package__).joinpath("english.toml").read_text("utf-8")
    return {
        f"{page}.{key}": said
        for page, entries in tomllib.loads(text).items()
        for key, said in entries.items()
    }


def plain(key: str, **values: object) -> str:
    """A text with its values as they are: for a template to escape, for CSV and for headers."""
    return catalogue()[key].replace("`", "").format(**values)


def say(key: str, **values: object) -> Markup:
    """A text as markup, its values escaped. Raises KeyError for one that is not there."""
    return _markup(key).format(**values)


@cache
def _markup(key: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(catalogue()[key]))))  # noqa: S704 escaped
