"""Editing .env: only what changes, and what is written is what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.dotenv_file import changed, has_line, values_in, write_text
from worker.errors import Misconfigured

TEXT = "# top\nA=1  # why\n\n# B is\nB=\nexport C='x y'\nA2=2\n# end"


def test_only_the_line_of_the_variable_changes() -> None:
    assert changed(TEXT, {"B": "s/e+cr=et"}) == TEXT.replace("B=\n", "B=s/e+cr=et\n")
    assert changed(TEXT, {"A": "2"}) == TEXT.replace("A=1  #", "A=2  #")
    assert changed(TEXT, {"C": None}) == TEXT.replace("export C='x y'\n", "")
    assert changed(TEXT, {}) == TEXT


def test_a_new_variable_is_appended_and_taken_away_again() -> None:
    more = changed(TEXT, {"NEW": "1"})
    assert more == f"{TEXT}\nNEW=1\n"
    assert changed(more, {"NEW": None}) == f"{TEXT}\n"


@pytest.mark.parametrize("value", ["plain", "it's \\ # so", "\"both\" 'kinds'", "$HOME", "a,b", ""])
def test_what_is_written_is_read_back(value: str) -> None:
    assert values_in(changed(TEXT, {"B": value}))["B"] == value


def test_of_two_lines_the_one_that_counts_is_edited() -> None:
    assert values_in(changed("A=1\nA=2\n", {"A": "3"})) == {"A": "3"}


def test_a_value_of_several_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        changed(TEXT, {"A": "1\n2"})


def test_an_empty_line_counts_as_a_line() -> None:
    assert has_line(TEXT, "B")
    assert not has_line(TEXT, "NOT_THERE")


def test_a_link_stays_a_link_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("A=1\n")
    link.symlink_to(real)
    write_text(link, "A=2\n")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "A=2\n"
    assert real.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in sorted(tmp_path.iterdir())] == [".env", "real"]


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be written"):
        write_text(tmp_path / "file" / ".env", "A=1\n")
