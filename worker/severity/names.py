"""Whether a line is only a name, a title, an address: what stands in a signature."""

from __future__ import annotations

import re

from worker.severity.letters import GAP
from worker.severity.phrases import phrases

__all__ = ["begins_with_a_name", "gives_a_contact", "may_be_a_title", "says"]

TITLE_WORDS = 8
LONG = 16
"""Words from which a line says something even without an end."""
LONG_WITHOUT_CASE = 6
LONG_DENSE = 40
"""Characters, where words have no spaces."""

CONTACT = re.compile(
    rf"\S{{1,80}}@\S{{1,80}}|[+(]{{0,2}}\d[\d\s()/.+-]{{5,25}}\d|{GAP}"
    r"|(?<!\w)(?:tel|telefon|fon|phone|mobile?|mobil|fax|cell|handy|e-?mail|web|[tfmew])\s?[.:]",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W_][\w'\u2019&.]{0,60}")
ENDED = re.compile(
    r"(?<!\Wco)(?<!\Winc)(?<!ltd)(?<!\Wjr)(?<!\.\w)[.!?\u061f\u3002]\W{0,3}$", re.IGNORECASE
)
"""The end of a sentence, and not of "Ltd." or "S.A."."""
NAMED = re.compile(
    r"\W{0,3}[^\W\d_][\w.'\u2019-]{0,30}(?: [\w.'\u2019-]{1,30}){0,2} ?[,(\u2013-] ?\w"
)
"""A name and what it does: "Jo Park, accounts", "Ruth (nights)"."""
DIVIDED = re.compile(r" [|\u00b7\u2022] ")
MOTTO = re.compile(
    '\\W{0,3}["\u201c\u201d\u201e\u00ab\u300c].{3,200}["\u201d\u201c\u00bb\u300d]\\W{0,3}'
)
DENSE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
DENSE_SAYS = re.compile(
    "[\u3002\uff01\uff1f!?]|(?:ます|ません|です|でした|ました|ない|ください|った)(?:が|が、)?$"
)


def says(line: str) -> bool:
    """Whether a line is more than a name, a title, an address or a number. In doubt it is."""
    text = CONTACT.sub(" ", line).strip()
    if DENSE.search(text):
        return len(text) > LONG_DENSE or bool(DENSE_SAYS.search(text))
    words = WORD.findall(text)
    if len(words) <= 1 or MOTTO.fullmatch(text):
        return False
    ended = len(words) > 2 and bool(ENDED.search(text))
    if not any(word[0].islower() or word[0].isupper() for word in words):
        return ended or len(words) > LONG_WITHOUT_CASE
    return ended or len(words) > LONG or _is_shouted(text, words) or not _is_name(text, words)


def may_be_a_title(line: str) -> bool:
    """Right below "best regards" a few words without an end are a name or a title."""
    words = WORD.findall(line)
    if not 0 < len(words) <= TITLE_WORDS or ENDED.search(line):
        return False
    return words[0][0].isupper() and not _is_shouted(line, words)


def begins_with_a_name(line: str) -> bool:
    """Whether it begins like "Jo Park, accounts"."""
    return line[:1].isupper() and bool(NAMED.match(line))


def gives_a_contact(line: str) -> bool:
    """Whether there is an address or a number to reach somebody at."""
    return bool(CONTACT.search(line))


def _is_shouted(text: str, words: list[str]) -> bool:
    return len(words) > 3 and text.isupper()


def _is_name(text: str, words: list[str]) -> bool:
    """Whether hardly any word is one that no name or title holds."""
    if DIVIDED.search(text):
        return True
    if len(words) <= TITLE_WORDS and begins_with_a_name(text):
        return True
    particles = phrases().particles
    small = sum(1 for word in words if word[0].islower() and word.lower() not in particles)
    if len(words) == 2:
        return small != 1 or words[0][0].islower()
    return small <= 1
