"""Marking in a ticket's text what decided."""

from __future__ import annotations

import pytest

from webhooks.quoted import LONGEST, Piece, marked


def in_brackets(text: str, *quotes: str) -> str:
    return "".join(f"[{p.text}]" if p.marked else p.text for p in marked(text, quotes))


@pytest.mark.parametrize(
    ("text", "quotes", "shown"),
    [
        ("Nobody can send. Help!", ("Nobody can send.",), "[Nobody can send.] Help!"),
        ("Nobody\r\n  can send", ("Nobody can send",), "[Nobody\n  can send]"),
        ("NOBODY can send", ("nobody can send",), "[NOBODY can send]"),
        ("a b c", ("a b", "b c"), "[a b][ c]"),
        ("a.c abc", ("a.c",), "[a.c] abc"),
        ("nothing of it", ("something",), "nothing of it"),
        ("no quote", ("",), "no quote"),
        ("a\u202eb\x00c", ("abc",), "[abc]"),
        ("", ("x",), ""),
        ("one\n\n\n\n\ntwo", (), "one\n\ntwo"),
    ],
)
def test_quotes_are_found_however_they_are_spaced(
    text: str, quotes: tuple[str, ...], shown: str
) -> None:
    assert in_brackets(text, *quotes) == shown


def test_a_huge_text_is_cut_and_a_huge_quote_does_no_harm() -> None:
    pieces = marked("a " * 100_000, ["a " * 50_000, "(" * 100_000])

    assert sum(len(piece.text) for piece in pieces) <= LONGEST
    assert all(isinstance(piece, Piece) for piece in pieces)
