"""What mail programs, signatures and pressing people write, from phrases.toml, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Phrases", "phrases"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Bounded patterns: junk of any length costs time in proportion to its length."""

    rule: re.Pattern[str]
    """A whole line above an older message."""
    forward: re.Pattern[str]
    """The same above what the requester passes on."""
    delimiter: re.Pattern[str]
    """A helpdesk's line, above which answers are written."""
    wrote: re.Pattern[str]
    """The line that says who wrote what follows, and when."""
    wrote_bare: re.Pattern[str]
    """The same without an opening word, so that it needs more to be believed."""
    header: re.Pattern[str]
    """A head of a copied message; group 1 is its name."""
    senders: frozenset[str]
    sent_heads: frozenset[str]
    """When a mail was sent: no form has it."""
    subject_heads: frozenset[str]
    form_field: re.Pattern[str]
    """A line of a web form that no mail's head has."""
    pointer: re.Pattern[str]
    signature_rule: re.Pattern[str]
    particles: frozenset[str]
    """Small words that names and titles hold too."""
    device: re.Pattern[str]
    farewell: re.Pattern[str]
    inline_farewell: re.Pattern[str]
    """A farewell in mid-line; group "rest" is what follows."""
    soft_farewell: re.Pattern[str]
    small_print: re.Pattern[str]
    small_print_sign: re.Pattern[str]
    order_clause: re.Pattern[str]
    """An order about the severity; group "before" is no part of it."""
    order_opening: re.Pattern[str]
    """Where a machine is spoken to; group "before" is no part of it."""
    order_sign: re.Pattern[str]
    pressure: re.Pattern[str]


@cache
def phrases() -> Phrases:
    """The phrases that come with the product."""
    source = tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))
    mail, signature, orders = source["history"], source["signature"], source["orders"]
    opened = rf"(?:{_any(mail['openings'])})\s.{{3,200}}\s?(?:{_any(mail['verbs'])}).{{0,80}}"
    lists = ("senders", "sent_heads", "subject_heads", "other_heads")
    heads = _any(head for name in lists for head in mail[name])
    farewell = rf"(?:{_any(signature['farewells'])})"
    begins = r"^|(?<=[.!?;:,()\[\]\"\u201c\u3002\u2013\u2014-])\s?"
    clause, claim, opening = _orders(orders)
    return Phrases(
        rule=_ruled_off([*mail["rules"], *mail["forwards"]]),
        forward=_ruled_off(mail["forwards"]),
        delimiter=_compile(rf"\s*(?:{_any(mail['delimiters'])})\s*$"),
        wrote=_compile(rf"\s*(?:{opened})\s?:\s*$"),
        wrote_bare=_compile(rf"\s*(?:{_any(mail['whole'])})\s?:\s*$"),
        header=_compile(rf"\s*\*{{0,2}}({heads})\s?:\*{{0,2}}(?:\s|$)"),
        senders=frozenset(mail["senders"]),
        sent_heads=frozenset(mail["sent_heads"]),
        subject_heads=frozenset(mail["subject_heads"]),
        form_field=_compile(rf"\s*\*{{0,2}}(?:{_any(mail['form_fields'])})\s?:(?:\s|$|\*)"),
        pointer=_compile(rf"(?<!\w)(?:{_any(mail['pointers'])})(?!\w)|{_cjk(mail['pointers'])}"),
        signature_rule=_compile(rf"\s*(?:{_any(signature['rules'])})\s*$"),
        particles=frozenset(signature["particles"]),
        device=_compile(rf"\s*(?:{_any(signature['devices'])})[.!]?\s*"),
        farewell=_compile(rf"\s*{farewell}\s*(?:[,.!|\-،、。]|$)"),
        inline_farewell=_compile(
            r"(?<=[.!?,])\s(?:best|kind|warm) regards\b[\s,.!]{0,3}(?P<rest>.{0,400})$"
        ),
        soft_farewell=_compile(
            rf"\s*(?:{_any(signature['soft_farewells'])})\s*[,.!。،-]{{0,5}}\s*$"
        ),
        small_print=_compile(_any(signature["small_print"])),
        small_print_sign=_compile(_any(signature["small_print_signs"])),
        order_clause=_compile(
            rf"(?P<before>{begins}|(?<!\w)(?:{_any(orders['polite'])})\s)(?:{clause})|{claim}",
            re.MULTILINE,
        ),
        order_opening=_compile(
            rf"(?P<before>{begins}|(?<!\w)(?:please|and|then)\s)(?:{opening})", re.MULTILINE
        ),
        order_sign=_compile(_any(orders["signs"])),
        pressure=_compile(rf"(?<!\w)(?:{_any(_longest_first(source['pressure']['words']))})(?!\w)"),
    )


def _ruled_off(titles: Iterable[str]) -> re.Pattern[str]:
    return _compile(rf"\s*[-_=*>\s]{{0,60}}(?:{_any(titles)})\s*:?[-_=*\s]{{0,60}}$")


def _orders(orders: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """What follows on a beginning, what stands anywhere, and how a machine is addressed."""
    verbs, names, levels = (_any(orders[name]) for name in ("verbs", "names", "levels"))
    link = (
        r"(?:\s?(?:[:=#\u2013\u2014-]|\b(?:is|ist|es|est|è|to|as|at|a|auf|en|must|should|be|set|of"
        r"|level|has|muss|debe|doit|deve|sein|ser|être|essere)\b))"
    )
    named = rf"\b(?:{names})\b{link}{{0,5}}\s{{0,2}}\b(?:{levels})\b"
    claim = (
        rf"\b(?:{names})\b{link}{{1,5}}\s{{0,2}}\b(?:{levels})\b"
        rf"|\b(?:{names})\s(?:{levels})\b(?=\s?(?:[.!?,;)\]]|$))"
    )
    orders_about = [
        r".{0,60}?\b(?:p|sev) ?[0-4]\b",
        rf".{{0,30}}?{named}",
        rf".{{0,40}}?\b(?:{levels})\W{{0,2}}(?:{names})\b",
        r".{0,40}?\bas\b.{0,30}?\b(?:critical|urgent|highest|an? (?:\w{1,12} )?outage|emergency)\b",
        rf"(?:\s\w{{1,12}}){{0,3}}\s(?:{names})(?=\s?(?:[.!?,;]|$))",
    ]
    clause = rf"(?:{verbs})\b(?:{_any(orders_about)})"
    signed = rf"(?:{_any(orders['speakers'])})(?=.{{0,160}}?(?:{_any(orders['signs'])}))"
    claim = _any([claim, *orders["verbs_last"]])
    return clause, rf"{claim}|^\W{{0,4}}p ?[0-4]\W{{0,6}}$", rf"{_any(orders['openings'])}|{signed}"


def _compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | flags)


def _any(patterns: Iterable[str]) -> str:
    return "|".join(patterns)


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def _cjk(patterns: Iterable[str]) -> str:
    """Scripts without spaces have no word edges."""
    return _any(p for p in patterns if re.search("[\u3040-\u9fff]", p))
