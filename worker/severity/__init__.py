"""A ticket's severity from its own words: the same text and rubric, the same decision.

    rubric = Rubric.built_in()
    decision = decide(subject, body, rubric)

The words and the rules are in signals.toml; nothing is learnt and nothing leaves the machine.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

from worker.severity.clean import clean
from worker.severity.rules import Kinds, Rule, judge, weigh
from worker.severity.signals import Lexicon
from worker.tickets import Decision

__all__ = ["Rubric", "decide"]

REPLY = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|wg|rv|enc|tr|r)\s*:\s*){1,20}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rubric:
    """The compiled signals and rules."""

    lexicon: Lexicon
    rules: tuple[Rule, ...]
    kinds: Kinds

    @classmethod
    def built_in(cls) -> Rubric:
        """The rubric that comes with the product."""
        return cls.read(files(__name__).joinpath("signals.toml").read_text(encoding="utf-8"))

    @classmethod
    def read(cls, text: str) -> Rubric:
        """A rubric from the text of a signals file."""
        source = tomllib.loads(text)
        facts = source["facts"]
        return cls(
            lexicon=Lexicon(source),
            rules=tuple(Rule.read(row) for row in source["rules"]),
            kinds=Kinds(
                says={name: fact["says"] for name, fact in facts.items()},
                trouble=frozenset(n for n, fact in facts.items() if fact.get("trouble")),
                lasting=frozenset(n for n, fact in facts.items() if fact.get("lasting")),
            ),
        )


def decide(subject: str, body: str, rubric: Rubric) -> Decision:
    """How severe the ticket is by the rubric, and why."""
    own_words = clean(body)
    title = REPLY.sub("", clean(subject[:1_000]).replace("\n", " "))
    text = f"{title}\n\n{own_words}"
    facts = weigh(rubric.lexicon.hits(text), rubric.kinds, _marks(text, own_words))
    return judge(facts, rubric.rules, rubric.kinds)


def _marks(text: str, own_words: str) -> list[str]:
    """What is plain without any lexicon: it asks, it has no body, its script is a foreign one."""
    letters = [letter for letter in text if letter.isalpha()]
    found = {
        "asks": "?" in text or "\u061f" in text,
        "empty": not any(letter.isalnum() for letter in own_words),
        "unread": sum(not letter.isascii() for letter in letters) * 2 > len(letters),
    }
    return [name for name, holds in found.items() if holds]
