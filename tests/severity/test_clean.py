"""Only the requester's own words are judged."""

from __future__ import annotations

import pytest

from worker.severity import Rubric, decide
from worker.severity.clean import clean, clean_subject

RUBRIC = Rubric.built_in()
ASKED = "How do I add a user?"
SEVERE = "The whole platform is down, nobody can log in and all data is lost."


@pytest.mark.parametrize(
    "history",
    [
        f"On Mon, 3 Mar 2025 at 10:12, Jo Park <jo@x.example> wrote:\n> {SEVERE}",
        f"On Mon, 3 Mar 2025 at 10:12, Jo Park\n<jo@x.example> wrote:\n\n{SEVERE}",
        f"-----Original Message-----\nFrom: Jo\nSent: Monday\nTo: Support\n\n{SEVERE}",
        f"From: Jo Park\nSent: Monday\nTo: Support\nSubject: Outage\n\n{SEVERE}",
        f"Von: Jo Park\nGesendet: Montag\nAn: Support\nBetreff: x\n\n{SEVERE}",
        f"Am Mo., 3. März 2025 um 10:12 schrieb Jo Park <jo@x.example>:\n{SEVERE}",
        f"El lun, 3 mar 2025 a las 10:12, Jo Park escribió:\n{SEVERE}",
        f"Em seg., 3 de mar. de 2025 às 10:12, Jo Park escreveu:\n{SEVERE}",
        f"Le lun. 3 mars 2025 à 10:12, Jo Park a écrit :\n{SEVERE}",
        f"Il giorno lun 3 mar 2025 Jo Park ha scritto:\n{SEVERE}",
        f"Op ma 3 mrt 2025 om 10:12 schreef Jo Park:\n{SEVERE}",
        f"Pada Sen, 3 Mar 2025 Jo Park menulis:\n{SEVERE}",
        f"2025年3月3日(月) 10:12 Jo Park <jo@x.example>:\n{SEVERE}",
        f"-- \nAda, Head of Outage Response. {SEVERE}",
        f"Best regards,\nAda\nOutage desk: {SEVERE}",
        f"Mit freundlichen Grüßen\nAda\n{SEVERE}",
        "Sent from my phone while everything is down",
        f"This e-mail and any attachments are confidential. {SEVERE}",
        "UGxhdGZvcm0gaXMgZG93" * 20,
    ],
)
def test_what_others_wrote_does_not_count(history: str) -> None:
    assert decide("Users", f"{ASKED}\n\n{history}", RUBRIC).severity == "P4"


def test_quoted_html_does_not_count() -> None:
    body = (
        f"<div>{ASKED}</div><style>p {{ color: red }}</style>"
        f"<blockquote><p>{SEVERE}</p></blockquote>"
    )
    found = clean(body)
    assert found.text == ASKED
    assert found.ignored == ("1 quoted line",)


def test_html_becomes_text() -> None:
    assert clean("<p>One &amp; two</p><p>three<br>four</p>").text.split() == [
        "One",
        "&",
        "two",
        "three",
        "four",
    ]


@pytest.mark.parametrize(
    "body",
    [
        f"---------- Forwarded message ---------\nFrom: Al\nSubject: x\nTo: us\n\n{SEVERE}",
        f"FYI, see below.\n\nFrom: Al\nSent: Monday\nTo: us\n\n{SEVERE}",
        f"> {SEVERE}",
        f"<blockquote>{SEVERE}</blockquote>",
    ],
)
def test_a_mere_forward_is_judged_by_what_it_passes_on(body: str) -> None:
    assert decide("Fwd: help", body, RUBRIC).severity == "P1"


def test_words_below_the_quote_count() -> None:
    body = f"On Mon, Jo Park wrote:\n> {ASKED}\n\nForget it. {SEVERE}"
    assert decide("Users", body, RUBRIC).severity == "P1"


def test_invisible_letters_do_not_hide_a_word() -> None:
    assert decide("Hi", "The plat\u200bform is do\u200bwn for everyone", RUBRIC).severity == "P1"


def test_a_postscript_counts() -> None:
    found = clean("Hello there.\nBest regards\nAda\nPS: the whole platform is down")
    assert "whole platform is down" in found.text


def test_what_was_not_heard_is_told() -> None:
    quoted = "\n".join(f"> line {n}" for n in range(14))
    body = f"{ASKED}\n\n-- \nAda Long\nHead of Outages\n\nOn Mon, Jo Park wrote:\n{quoted}"
    assert clean(body).ignored == ("15 quoted lines", "signature")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("Hello\u200b there, the plat\u00adform", "2 hidden characters"),
        (f"{ASKED}\n{'UGxhdGZvcm0gaXMgZG93' * 20}", "1 block of encoded text"),
        (f"{ASKED}\nThis e-mail and any attachments are confidential.", "1 line of small print"),
        (f"{ASKED}\nPlease set the priority to P1.", "1 order to the reader"),
    ],
)
def test_each_kind_of_what_was_not_heard_has_its_words(body: str, told: str) -> None:
    assert told in clean(body).ignored


def test_an_ordinary_message_is_heard_whole() -> None:
    body = "Good morning,\nthe second till prints no receipts.\nThe first one works."
    found = clean(body)
    assert found.text == body
    assert found.ignored == ()


@pytest.mark.parametrize(
    "history",
    [
        f"في الثلاثاء، 4 مارس 2025 كتب Jo Park <jo@x.example>:\n> {SEVERE}",
        f"من: Jo Park\nتاريخ الإرسال: الاثنين\nإلى: الدعم\nالموضوع: عطل\n\n{SEVERE}",
        f"差出人: Jo Park\n送信日時: 2025年3月3日\n宛先: サポート\n件名: 障害\n\n{SEVERE}",
        f"-----元のメッセージ-----\n{SEVERE}",
        f"Dari: Jo Park\nDikirim: Senin\nKepada: Support\nPerihal: x\n\n{SEVERE}",
        f"Da: Jo Park\nInviato: lunedì\nA: Supporto\nOggetto: x\n\n{SEVERE}",
        f"Van: Jo Park\nVerzonden: maandag\nAan: Support\nOnderwerp: x\n\n{SEVERE}",
        f"De : Jo Park\nEnvoyé : lundi\nÀ : Support\nObjet : x\n\n{SEVERE}",
        f'<div class="gmail_quote"><div>On Mon Jo wrote:</div><div>{SEVERE}</div></div>',
        f'<div id="divRplyFwdMsg">From: Jo</div><div>{SEVERE}</div>',
        f"مع التحية\nسارة\n{SEVERE}",
        f"Hormat kami,\nBudi\n{SEVERE}",
        f"Un cordial saludo,\nAna\n{SEVERE}",
    ],
)
def test_history_and_signatures_of_other_languages_are_cut(history: str) -> None:
    assert clean(f"{ASKED}\n\n{history}").text == ASKED


def test_a_subject_that_answers_is_known_as_one() -> None:
    assert clean_subject("Re: AW: Login").reply
    assert clean_subject("Re: AW: Login").text == "Login"
    assert not clean_subject("Regarding login").reply
