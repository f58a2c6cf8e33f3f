"""The catalogue: every word that a page says is in it, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import webhooks
from webhooks.text import catalogue, say

FOLDER = Path(webhooks.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))


def sources() -> str:
    files = [*FOLDER.glob("*.py"), *TEMPLATES]
    return "\n".join(path.read_text("utf-8") for path in files)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path) -> None:
    text = path.read_text("utf-8")
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"<!doctype html>|<[^>]*>|&\w+;", " ", text)

    assert not re.search(r"[A-Za-z]{2}", text), text.split()


def begun() -> tuple[str, ...]:
    """What code begins and a value ends: `severity.P1`."""
    in_python = re.findall(r"""f"(\w+\.\w*)\{""", sources())
    in_templates = re.findall(r"""say\(\s*["']([\w.]+)["'] ~""", sources())
    return tuple({*in_python, *in_templates})


def test_every_text_is_used() -> None:
    text = sources()
    unused = [
        key
        for key in catalogue()
        if f'"{key}"' not in text and f"'{key}'" not in text and not key.startswith(begun())
    ]

    assert unused == []


def test_every_text_that_is_asked_for_exists() -> None:
    asked = re.findall(r"""(?:say|plain)\(\s*["']([\w.-]+)["']\s*[,)]""", sources())

    assert len(asked) > 80
    assert set(asked) <= set(catalogue())


def test_values_are_escaped_and_backticks_in_them_are_no_code() -> None:
    said = str(say("board.unconfigured", name="<b>`x`</b>"))

    assert said == "&lt;b&gt;`x`&lt;/b&gt; (not configured)"
    assert "<code>policy.toml</code>" in say("board.p1_unreached")


def test_a_text_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("board.no_such_text")
