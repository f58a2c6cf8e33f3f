"""HTML to the text that a reader sees, quotes marked with ">" as in a plain mail."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

__all__ = ["visible"]

TAG = re.compile(r"<(/?)([a-z][a-z0-9:]{0,20})(\s[^<>]{0,3000})?/?>", re.IGNORECASE)
DECLARATION = re.compile(r"<!doctype[^<>]{0,300}>|<!\[(?:end)?if[^<>]{0,200}>", re.IGNORECASE)
BREAKS = frozenset((
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p",
    "pre", "section", "table", "tr", "ul",
))  # fmt: skip
CELLS = frozenset({"td", "th"})
NAMES = BREAKS | CELLS | frozenset((
    "a", "abbr", "b", "base", "big", "body", "button", "caption", "code", "col", "colgroup",
    "del", "em", "font", "head", "html", "i", "img", "input", "ins", "kbd", "label", "link",
    "mark", "meta", "noscript", "option", "q", "s", "samp", "script", "select", "small", "span",
    "strike", "strong", "style", "sub", "sup", "svg", "tbody", "template", "textarea", "tfoot",
    "thead", "title", "tt", "u", "var", "video", "wbr", "xml",
))  # fmt: skip
"""What else stands in angle brackets, "<order number>", is text."""
CODE = re.compile(r"[{=]|\w\(")
"""Tells a real style or script from a text that names such a tag."""
WRITTEN_BY_PROGRAMS = frozenset({"html", "body", "meta"})

QUOTE = "blockquote"
QUOTES = ("gmail_quote", "yahoo_quoted", "protonmail_quote", "zmail_extra")
"""Classes and ids of elements that hold an older message, unless a quote inside them does."""
OPENINGS = ("divrplyfwdmsg", "appendonsend", "outlookmessageheader")
"""Classes and ids below which everything is older."""
OPENED = "\n----- Original Message -----\n"
DEEPEST = 4
"""Marks of quotation before a line; deeper ones say nothing more."""


def visible(text: str) -> str:
    """The text without markup and with its entities read."""
    if "<" not in text:
        return html.unescape(text)
    text = DECLARATION.sub("", _without_comments(text))
    return _Page(text).shown()


def _without_comments(text: str) -> str:
    """A comment that is never closed is no comment."""
    kept: list[str] = []
    start = 0
    while (opened := text.find("<!--", start)) >= 0:
        closed = text.find("-->", opened + 4)
        if closed < 0:
            break
        kept.append(text[start:opened])
        start = closed + 3
    return "".join([*kept, text[start:]])


class _Page:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tags = [tag for tag in TAG.finditer(text) if _is_element(tag[2].lower())]
        self._names = [tag[2].lower() for tag in self._tags]
        self._closed = _closed(self._tags, self._names)
        self._is_page = not WRITTEN_BY_PROGRAMS.isdisjoint(self._names)
        quotes = [n for n, name in enumerate(self._names) if name == QUOTE and n in self._closed]
        self._quotes_before = [0] * (len(self._tags) + 1)
        for n in quotes:
            self._quotes_before[n + 1] = 1
        for n in range(len(self._tags)):
            self._quotes_before[n + 1] += self._quotes_before[n]

    def shown(self) -> str:
        pieces: list[str] = []
        ends: set[int] = set()
        depth = start = hidden_until = 0
        anything = False
        for number, tag in enumerate(self._tags):
            if number < hidden_until:
                continue
            before = html.unescape(self._text[start : tag.start()])
            anything = anything or bool(before.strip())
            line = "\n" + "> " * min(depth, DEEPEST)
            pieces.append(before.replace("\n", line) if depth else before)
            start = tag.end()
            name = self._names[number]
            if self._is_unseen(number, anything=anything):
                hidden_until = self._closed[number] + 1
                start = self._tags[self._closed[number]].end()
            elif self._is_quote(number):
                depth += 1
                ends.add(self._closed[number])
                pieces.append("\n" + "> " * min(depth, DEEPEST))
            elif number in ends:
                depth -= 1
                pieces.append("\n" + "> " * min(depth, DEEPEST))
            elif not tag[1] and _has(tag[3], OPENINGS):
                pieces.append(OPENED.replace("\n", line))
            else:
                pieces.append(line if name in BREAKS else " " if name in CELLS else "")
        pieces.append(html.unescape(self._text[start:]))
        return "".join(pieces)

    def _is_unseen(self, number: int, *, anything: bool) -> bool:
        """A style, a script or a page's title; not a text that only names such a tag."""
        name = self._names[number]
        if name not in {"style", "script", "title"} or number not in self._closed:
            return False
        if name == "title":
            return self._is_page and not anything
        inside = self._text[self._tags[number].end() : self._tags[self._closed[number]].start()]
        return not inside.strip() or bool(CODE.search(inside))

    def _is_quote(self, number: int) -> bool:
        closed = self._closed.get(number)
        if closed is None:
            return False
        if self._names[number] == QUOTE:
            return True
        inside = self._quotes_before[closed] - self._quotes_before[number + 1]
        return not inside and _has(self._tags[number][3], QUOTES)


def _is_element(name: str) -> bool:
    return name in NAMES or ":" in name


def _closed(tags: Sequence[re.Match[str]], names: Sequence[str]) -> dict[int, int]:
    """For each opening tag that is closed, by which."""
    found: dict[int, int] = {}
    opened: dict[str, list[int]] = {}
    for number, (tag, name) in enumerate(zip(tags, names, strict=True)):
        if not tag[1]:
            opened.setdefault(name, []).append(number)
        elif opened.get(name):
            found[opened[name].pop()] = number
    return found


def _has(attributes: str | None, marks: Sequence[str]) -> bool:
    folded = (attributes or "").lower()
    return any(mark in folded for mark in marks)
