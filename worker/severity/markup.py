"""HTML to the text that a reader sees; what it quotes is left out."""

from __future__ import annotations

import html
import re

__all__ = ["visible"]

TAG = re.compile(
    r"<(/?)([a-z][a-z0-9:]{0,20})(\s[^<>]{0,3000})?/?>|<!--[^<>]{0,3000}>", re.IGNORECASE
)
BREAKS = frozenset(
    [
        "br",
        "p",
        "div",
        "li",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "table",
        "hr",
        "pre",
        "section",
        "article",
        "header",
        "footer",
    ]
)
CELLS = frozenset({"td", "th"})
UNSEEN = frozenset({"style", "script", "head", "title", "template"})
QUOTES = "blockquote"
QUOTE_MARKS = (
    "gmail_quote", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "divrplyfwdmsg", "appendonsend",
    "protonmail_quote", "zmail_extra", "outlookmessageheader",
)  # fmt: skip
"""Ids and classes from which, in each mail program, everything is an older message."""


def visible(text: str) -> tuple[str, int]:
    """The text without markup, and how many lines stood in quotes.

    A body that is nothing but a quote is shown with it.
    """
    shown, quoted = _shown(text, quotes=False)
    if not shown.strip() and quoted:
        shown, quoted = _shown(text, quotes=True)
    return html.unescape(shown), quoted


def _shown(text: str, *, quotes: bool) -> tuple[str, int]:
    hidden = UNSEEN if quotes else UNSEEN | {QUOTES}
    pieces: list[str] = []
    depth = start = quoted = 0
    inside = ""
    for tag in TAG.finditer(text):
        before = text[start : tag.start()]
        name = (tag[2] or "").lower()
        if depth == 0:
            pieces.append(before)
        elif inside == QUOTES and before.strip():
            quoted += 1
        start = tag.end()
        if not quotes and depth == 0 and _opens_quote(tag[3]) and "".join(pieces).strip():
            rest = TAG.sub("\n", text[start:])
            return "".join(pieces), quoted + sum(1 for line in rest.split("\n") if line.strip())
        if name in hidden:
            inside = name if depth == 0 else inside
            depth = max(0, depth + (-1 if tag[1] else 1))
        if depth == 0:
            pieces.append("\n" if name in BREAKS else " " if name in CELLS else "")
    if depth == 0:
        pieces.append(text[start:])
    return "".join(pieces), quoted


def _opens_quote(attributes: str | None) -> bool:
    folded = (attributes or "").lower()
    return any(mark in folded for mark in QUOTE_MARKS)
