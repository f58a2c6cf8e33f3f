"""A message is read sentence by sentence; long ones in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.severity.sentences import MOST, sentences


def test_the_subject_comes_first_even_when_it_is_empty() -> None:
    found = sentences("", "One. Two! Three?")
    assert [s.text for s in found] == ["", "One.", "Two!", "Three?"]
    assert [s.subject for s in found] == [True, False, False, False]


def test_a_question_is_known_by_its_mark_in_every_script() -> None:
    asked = ["How?", "كيف؟", "どうやって？", "追加できますか。"]
    assert all(sentences(text, text)[1].asks for text in asked)
    assert not sentences("x", "It fails.")[1].asks


def test_a_long_sentence_is_read_in_parts_that_say_something() -> None:
    long = "we tried the other browser, " * 12
    parts = [s.text for s in sentences("", long)[1:]]
    assert len(parts) > 2
    assert all(20 < len(part) <= 140 for part in parts)


def test_a_line_broken_by_the_mail_program_is_one_sentence() -> None:
    assert [s.text for s in sentences("", "the tills print\nno receipts")[1:]] == [
        "the tills print no receipts"
    ]


LONG = 3 * (
    "Since 10:45 on v2.3.1 the export of 12,000 rows (e.g. the tills, i.e. no. 5 and approx. 30 "
    "more) fails at x:8080/a,b for everybody、全員が対象で、何もできません、再起動しても、"
    "and the log says a:b;c at 11:02:33 again, "
)


@pytest.mark.parametrize(
    "cut", ["10:45", "12,000", "v2.3.1", "e.g. the", "i.e. no. 5", "approx. 30", "11:02:33"]
)
def test_numbers_and_abbreviations_are_not_cut(cut: str) -> None:
    assert any(cut in sentence.text for sentence in sentences("", LONG))


def test_every_sentence_stands_in_the_text_to_the_letter() -> None:
    found = sentences("", LONG)[1:]
    assert len(found) > 4
    assert all(sentence.text in LONG for sentence in found)


@given(st.text(alphabet="ab1 ,.:;()-\n\u3001\u3002\uff1a\u2026", max_size=600))
def test_any_sentence_stands_in_the_text_but_for_line_breaks(text: str) -> None:
    assert all(s.text in text.replace("\n", " ") for s in sentences("", text))


@given(st.text(max_size=2_000))
def test_any_text_gives_a_bounded_number_of_sentences(text: str) -> None:
    assert 1 <= len(sentences(text, text)) <= MOST
