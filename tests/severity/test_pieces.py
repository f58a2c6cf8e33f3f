"""Words are cut into the likeliest known pieces; case, pressure and exact numbers never count."""

from __future__ import annotations

import pytest

from worker.severity.pieces import BEGIN, END, MOST_IN_SENTENCE, UNKNOWN, Pieces, fold

PIECES = Pieces(
    ["\u2581log", "\u2581", "log", "in", "\u2581login", "l"], [-3.0, -2.0, -4.0, -3.0, -5.0, -6.0]
)


def test_the_likeliest_cut_is_taken() -> None:
    assert PIECES.ids("login") == [BEGIN, 7, END]
    assert PIECES.ids("log in") == [BEGIN, 3, 4, 6, END]


def test_letters_that_are_in_no_piece_are_unknown() -> None:
    assert UNKNOWN in PIECES.ids("\u4e00")


def test_a_sentence_has_a_bounded_number_of_pieces() -> None:
    found = PIECES.ids("log " * 500)
    assert len(found) == MOST_IN_SENTENCE
    assert found[-1] == END


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NOBODY CAN LOG IN", "nobody can log in"),
        ("it fails!!!", "it fails!"),
        ("URGENT: it fails, asap", ": it fails,"),
        ("\uff21\uff22\uff23", "abc"),
        ("200 users", "600 users"),
        ("\u7dca\u6025 \u52d5\u304b\u306a\u3044", "\u52d5\u304b\u306a\u3044"),
    ],
)
def test_what_never_counts_is_read_alike(one: str, other: str) -> None:
    assert fold(one).split() == fold(other).split()


def test_three_users_are_not_three_hundred() -> None:
    assert fold("3 users") != fold("300 users")
