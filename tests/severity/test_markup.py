"""Markup becomes the text that a reader sees."""

from __future__ import annotations

import pytest

from worker.severity.clean import clean
from worker.severity.markup import visible

SEVERE = "nobody can log in and all data is lost"


@pytest.mark.parametrize(
    "tag", ["head", "title", "style", "script", "template", "blockquote", "!--"]
)
@pytest.mark.parametrize("closed", [True, False])
def test_a_text_that_names_a_tag_is_shown(tag: str, *, closed: bool) -> None:
    end = f" We do close it with </{tag}>." if closed and tag != "!--" else ""
    shown = visible(f"Since your update our <{tag}> tag is broken and {SEVERE}.{end} Please help.")
    assert SEVERE in shown
    assert "Please help" in shown


def test_a_name_in_angle_brackets_that_is_no_element_is_shown() -> None:
    assert visible("<p>Send <order number> to us</p>").strip() == "Send <order number> to us"


def test_what_a_page_holds_for_programs_is_not_shown() -> None:
    page = (
        "<!DOCTYPE html><html><head><meta charset=x><title>Mail</title>"
        "<style><!-- p {color: red} --></style>"
        "<!--[if gte mso 9]><xml><o:Settings>false</o:Settings></xml><![endif]-->"
        "<script>var x = 1</script></head><body><p>One</p>"
        "<![if !mso]><p>two</p><![endif]></body></html>"
    )
    assert clean(page).text.split() == ["One", "two"]


def test_a_style_that_is_long_is_not_shown() -> None:
    style = "p { margin: 0 }\n" * 1_000
    assert clean(f"<style>{style}</style><p>One</p>").text == "One"


@pytest.mark.parametrize(
    "entity", ["&#8203;", "&#x200b;", "&shy;", "&zwnj;", "&ZeroWidthSpace;", "\u200b"]
)
def test_no_invisible_letter_stays_in_a_word(entity: str) -> None:
    assert clean(f"<p>The plat{entity}form is do{entity}wn</p>").text == "The platform is down"


@pytest.mark.parametrize(
    "text",
    [
        "ログインできません。全員が使えない状態です",
        "无法登录，所有人都不能工作",
        "لا أحد يستطيع الدخول",
    ],
)
def test_text_right_after_an_address_stays(text: str) -> None:
    assert clean(f"https://app.acme.example/login?x=1{text}").text == text


def test_an_address_ends_before_the_sentence_does() -> None:
    assert clean("See https://acme.example/a. Nobody can log in.").text.endswith(
        ". Nobody can log in."
    )


def test_an_unclosed_comment_hides_nothing() -> None:
    assert SEVERE in visible(f"<p>x</p><!-- {SEVERE}")
