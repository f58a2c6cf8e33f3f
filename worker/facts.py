"""The facts that a severity is decided by: what is hit, whom, with what way round it. Pure.

Their meaning, and how they are told apart, is written down for people in corpus/LABELLING.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

__all__ = ["FACETS", "SAYS", "Env", "Fact", "Hit", "Situation", "Way", "When", "Who", "Whose"]


class Hit(StrEnum):
    """What is hit; of several things, the worst that is true now."""

    DOWN = "down"
    DATA_LOST = "data_lost"
    DATA_EXPOSED = "data_exposed"
    BUSINESS_STOPPED = "business_stopped"
    AT_RISK = "at_risk"
    MAJOR = "major"
    DEGRADED = "degraded"
    PARTIAL = "partial"
    MINOR = "minor"
    QUESTION = "question"
    REQUEST = "request"
    THANKS = "thanks"
    AUTO_REPLY = "auto_reply"
    SPAM = "spam"
    UNCLEAR = "unclear"


class Who(StrEnum):
    """Whom it touches."""

    ALL = "all"
    MANY = "many"
    SITE = "site"
    ONE = "one"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """Whether there is a workaround."""

    NONE = "none"
    TEMPORARY = "temporary"
    ACCEPTABLE = "acceptable"
    UNKNOWN = "unknown"


class Env(StrEnum):
    """Where it happens; what does not say is production."""

    PRODUCTION = "production"
    TEST = "test"


class When(StrEnum):
    """Whether it is so now."""

    NOW = "now"
    PAST = "past"
    HYPOTHETICAL = "hypothetical"


class Whose(StrEnum):
    """Whose fault or outage it is."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"


Fact = Hit | Who | Way | Env | When | Whose


class Situation(NamedTuple):
    """One ticket's facts, the whole of what a rubric decides over."""

    hit: Hit
    who: Who
    way: Way
    env: Env
    when: When
    whose: Whose


FACETS: dict[str, type[StrEnum]] = {
    "hit": Hit, "who": Who, "way": Way, "env": Env, "when": When, "whose": Whose,
}  # fmt: skip
"""The facets in the order of a `Situation`."""

SAYS: dict[Fact, str] = {
    Hit.DOWN: "The service is down",
    Hit.DATA_LOST: "Data is lost or damaged",
    Hit.DATA_EXPOSED: "Somebody sees data that is not theirs",
    Hit.BUSINESS_STOPPED: "The business stands still",
    Hit.AT_RISK: "A compromise is suspected",
    Hit.MAJOR: "A key function is unavailable",
    Hit.DEGRADED: "It is hardly usable",
    Hit.PARTIAL: "A part does not work properly",
    Hit.MINOR: "It is a small fault",
    Hit.QUESTION: "It is a question",
    Hit.REQUEST: "It asks for something to be done",
    Hit.THANKS: "It is a thank-you",
    Hit.AUTO_REPLY: "It is an automatic reply",
    Hit.SPAM: "It is advertising, nonsense or fraud",
    Hit.UNCLEAR: "Nothing says what it is about",
    Who.ALL: "Everybody is affected",
    Who.MANY: "Many are affected",
    Who.SITE: "One place or team is affected",
    Who.ONE: "One person or a handful are affected",
    Way.NONE: "There is no workaround",
    Way.TEMPORARY: "A workaround exists, but it does not last or scale",
    Way.ACCEPTABLE: "An acceptable workaround exists",
    Env.TEST: "It is not production",
    When.PAST: "It is over",
    When.HYPOTHETICAL: "It is supposed, not reported",
    Whose.ELSEWHERE: "It is somebody else's fault or outage",
}
"""Each fact for people; what is unknown or the ordinary case is not said."""
