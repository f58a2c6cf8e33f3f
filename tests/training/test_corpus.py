"""The corpus keeps what its README promises."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter

import pytest

from training.corpus import ROOT, Labelled, decided, fingerprint, statements, tickets
from worker.facts import FACETS
from worker.policy import read_policy
from worker.severity.meta import vocabulary
from worker.severity.model_file import read_model, shipped_model
from worker.severity.pieces import without_marks
from worker.tickets import Severity

RULES = read_policy("", name="built-in", environment={}, channel_types={}).rubric
TRAIN, TEST = tickets("train"), tickets("test")
LANGUAGES = {"en", "es", "pt", "id", "hi-en", "ar", "fr", "de", "it", "nl", "ja"}
HARD_KINDS = {
    "shouting_trivial", "calm_outage", "negated", "resolved_report", "hypothetical",
    "quoted_history", "workaround_exists", "workaround_failed", "workaround_unscalable", "one_user",
    "one_site", "everyone", "elsewhere", "critical_typo", "staging", "leak", "suspended",
    "several_issues", "trade_impact", "empty_body", "auto_reply", "thanks", "spam",
}  # fmt: skip


def bare(ticket: Labelled) -> str:
    text = unicodedata.normalize("NFKC", f"{ticket.subject} {ticket.body}").casefold()
    return re.sub(r"\W+", " ", text).strip()


def test_there_are_enough_tickets_of_every_language_and_severity() -> None:
    assert len(TRAIN) + len(TEST) >= 4_000
    assert len(TEST) >= 1_500
    assert {ticket.language for ticket in TRAIN} == LANGUAGES
    languages = Counter(ticket.language for ticket in TEST)
    assert set(languages) == LANGUAGES
    assert min(languages.values()) >= 50
    assert sum(ticket.severity is Severity.P1 for ticket in TEST) >= 150


@pytest.mark.parametrize("part", [TRAIN, TEST], ids=["train", "test"])
def test_every_hard_kind_is_there(part: list[Labelled]) -> None:
    assert {ticket.kind for ticket in part} >= HARD_KINDS


def test_every_severity_is_what_the_rubric_makes_of_the_facts() -> None:
    wrong = [t.id for t in [*TRAIN, *TEST] if decided(t.situation, RULES) != t.severity]
    assert wrong == []


def test_every_quote_stands_in_its_ticket_to_the_letter() -> None:
    wrong = [
        (t.id, facet)
        for t in [*TRAIN, *TEST]
        for facet, quote in t.quotes.items()
        if quote not in t.subject and quote not in t.body
    ]
    assert wrong == []


def test_no_author_scenario_or_text_is_on_both_sides() -> None:
    assert not {t.author for t in TRAIN} & {t.author for t in TEST}
    assert not _long_texts(TRAIN) & _long_texts(TEST)
    assert not (_scenarios("train") & _scenarios("test"))


def _long_texts(part: list[Labelled]) -> set[str]:
    """Two people may both write "help"."""
    return {text for text in map(bare, part) if len(text.split()) > 4}


def _scenarios(part: str) -> set[str]:
    return {
        json.loads(line)["scenario"]
        for path in (ROOT / part).glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
        if "scenario" in json.loads(line)
    }


def test_no_ticket_is_there_twice() -> None:
    ids = Counter(ticket.id for ticket in [*TRAIN, *TEST])
    assert max(ids.values()) == 1
    texts = Counter(bare(t) for t in [*TRAIN, *TEST] if t.kind != "rubric")
    assert [text for text, count in texts.items() if count > 1 and len(text.split()) > 4] == []


def test_no_real_address_or_phone_number_is_in_it() -> None:
    address = re.compile(
        r"[\w.+-]+@(?!example\b|\w+\.example\b)[\w-]+\.(?:com|net|org|de|es|it|fr)\b"
    )
    found = [t.id for t in [*TRAIN, *TEST] if address.search(t.body) and "example" not in t.body]
    assert found == []


def test_the_shipped_model_was_trained_on_this_corpus() -> None:
    with shipped_model() as file:
        _, about = read_model(file)
    assert about["corpus"] == fingerprint()


def test_statements_name_known_facts_and_every_language_has_denials() -> None:
    found = statements()
    assert len(found) >= 8_000
    for one in found:
        assert one.facet in FACETS
        assert one.value == "none" or one.value in list(FACETS[one.facet])
    context = Counter(one.language for one in found if one.value == "none")
    assert set(context) == LANGUAGES
    assert min(context.values()) >= 50


def test_no_ticket_that_names_a_decision_of_metas_is_without_its_signs() -> None:
    signs, strong = vocabulary()
    for ticket in TRAIN + TEST:
        text = without_marks(f"{ticket.subject}\n{ticket.body}".casefold())
        assert not strong.search(text) or any(sign in text for sign in signs), ticket.id
