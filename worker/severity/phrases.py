"""What mail programs, signatures and pressing people write, from phrases.toml, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Phrases", "phrases"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Bounded patterns: junk of any length costs time in proportion to its length."""

    rule: re.Pattern[str]
    """A whole line above an older message."""
    wrote: re.Pattern[str]
    """The line that says who wrote what follows, and when."""
    wrote_in_two: re.Pattern[str]
    """The same, broken in two by the mail program."""
    header: re.Pattern[str]
    """A head of a copied message; group 1 is its name."""
    senders: frozenset[str]
    pointer: re.Pattern[str]
    signature_rule: re.Pattern[str]
    device: re.Pattern[str]
    farewell: re.Pattern[str]
    inline_farewell: re.Pattern[str]
    soft_farewell: re.Pattern[str]
    disclaimer: re.Pattern[str]
    order_clause: re.Pattern[str]
    order_line: re.Pattern[str]
    pressure: re.Pattern[str]


@cache
def phrases() -> Phrases:
    """The phrases that come with the product."""
    source = tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))
    mail, signature, orders = source["history"], source["signature"], source["orders"]
    opened = rf"(?:{_any(mail['openings'])})\s.{{3,200}}\s?(?:{_any(mail['verbs'])}).{{0,80}}"
    heads = _any([*mail["senders"], *mail["others"]])
    farewell = rf"(?:{_any(signature['farewells'])})"
    return Phrases(
        rule=_compile(
            rf"\s*[-_=*>\s]{{0,60}}(?:{_any(mail['rules'])})\s*:?[-_=*\s]{{0,60}}$|\s*_{{20,400}}\s*$"
        ),
        wrote=_compile(rf"\s*(?:{_any([opened, *mail['whole']])})\s?:\s*$"),
        wrote_in_two=_compile(rf"\s*(?:{opened})\s?:\s*$"),
        header=_compile(rf"\s*\*{{0,2}}({heads})\s?:\*{{0,2}}(?:\s|$)"),
        senders=frozenset(mail["senders"]),
        pointer=_compile(rf"(?<!\w)(?:{_any(mail['pointers'])})(?!\w)|{_cjk(mail['pointers'])}"),
        signature_rule=_compile(rf"\s*(?:{_any(signature['rules'])})\s*$"),
        device=_compile(rf"\s*(?:{_any(signature['devices'])})"),
        farewell=_compile(rf"\s*{farewell}\s*(?:[,.!|\-،、。]|$)"),
        inline_farewell=_compile(r"(?<=[.!?,])\s+(?:best|kind|warm) regards\b.{0,2000}$"),
        soft_farewell=_compile(
            rf"\s*(?:{_any(signature['soft_farewells'])})\s*[,.!。،-]{{0,5}}\s*$"
        ),
        disclaimer=_compile(_any(signature["disclaimers"])),
        order_clause=_compile(_any(orders["clauses"]), re.MULTILINE),
        order_line=_compile(rf"(?:{_any(orders['lines'])}).*", re.MULTILINE),
        pressure=_compile(rf"(?<!\w)(?:{_any(_longest_first(source['pressure']['words']))})(?!\w)"),
    )


def _compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | flags)


def _any(patterns: Iterable[str]) -> str:
    return "|".join(patterns)


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def _cjk(patterns: Iterable[str]) -> str:
    """Scripts without spaces have no word edges."""
    return _any(p for p in patterns if re.search("[\u3040-\u9fff]", p))
