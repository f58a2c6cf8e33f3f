"""A fault of the policy file in words for the person who wrote it. Pure.

pydantic and tomllib speak to programmers ("Input should be a valid tuple"); this says the same to
an admin, and never shows a value, which may have come from the environment.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from worker.policy.contradictions import meant
from worker.policy.model import Policy

_KINDS = {
    "string_type": 'must be text in quotes, such as "pro"',
    "tuple_type": 'must be a list in brackets, such as ["oncall", "lead"]',
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number, without quotes",
}
_LIMITS = {
    "greater_than_equal": ("must be at least", "ge"),
    "greater_than": ("must be more than", "gt"),
    "less_than_equal": ("must be at most", "le"),
    "less_than": ("must be less than", "lt"),
}
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")
_REPHRASED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"Cannot declare \((.*?)\) twice"),
        lambda found: f"the table [{_dotted(found[1])}] is there twice; join the two",
    ),
    (re.compile("Cannot overwrite a value"), lambda _: "a key is there twice"),
    (re.compile("Invalid value"), lambda _: "no value that TOML knows; text goes in quotes"),
)


def of_syntax(fault: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """The line on which a file stops being TOML, and why."""
    said = str(fault)
    found = _AT_LINE.search(said)
    line = int(found[1]) if found and found[1] else max(1, len(text.splitlines()))
    words = _AT_LINE.sub("", said)
    for pattern, rephrase in _REPHRASED:
        match = pattern.search(words)
        if match:
            return line, rephrase(match)
    return line, words


def of_value(error: Mapping[str, Any], known: Collection[str] | None = None) -> str:
    """One error of pydantic's; `known` are the keys that may stand there."""
    place = tuple(part for part in error["loc"] if part != "[key]")
    kind = error["type"]
    key = place[-1] if place else "the policy"
    if kind == "extra_forbidden":
        return f"unknown key {key!r}{meant(key, known or _all_keys())}"
    if kind == "missing":
        return f"{_named(place)} is missing"
    return f"{_named(place)}: {_wanted(kind, key, error)}"


def _wanted(kind: str, key: object, error: Mapping[str, Any]) -> str:
    """What should stand there instead."""
    context = error.get("ctx", {})
    if kind == "enum":
        return f"must be {context.get('expected', 'another value')}"
    if kind in _LIMITS:
        words, limit = _LIMITS[kind]
        return f"{words} {context[limit]:g}"
    if kind == "tuple_type" and isinstance(error.get("input"), dict):
        return f"has two brackets, [[{key}]], because there may be several"
    if kind == "string_pattern_mismatch":
        return "must be the helpdesk's number of it, such as 360001"
    return _KINDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")


def _named(place: tuple[str | int, ...]) -> str:
    """`steps number 2, severities number 1`; people count from one."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f" number {part + 1}"
        elif " number " in words:
            words += f", {part}"
        else:
            words += f".{part}" if words else part
    return words


def _dotted(names: str) -> str:
    return ".".join(part.strip(" '") for part in names.split(",") if part.strip(" '"))


def _all_keys() -> set[str]:
    """Every key that any table of the policy has; one flat list is enough for a suggestion."""
    keys: set[str] = set()
    waiting: list[type[BaseModel]] = [Policy]
    while waiting:
        model = waiting.pop()
        keys |= set(model.model_fields)
        waiting += [part for field in model.model_fields.values() for part in _models(field)]
    return keys


def _models(field: Any) -> Iterator[type[BaseModel]]:
    pending = [field.annotation]
    while pending:
        part = pending.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
        pending += list(getattr(part, "__args__", ()))
