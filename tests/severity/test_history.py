"""Older messages are told from the newest, and opened when it only passes them on."""

from __future__ import annotations

import pytest

from worker.severity import Rubric, decide
from worker.severity.clean import clean

RUBRIC = Rubric.built_in()
ASKED = "How do I add a user to our team?"
SEVERE = "The whole platform is down, nobody can log in and all data is lost."
OUTLOOK = (
    '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">'
    '<p class="MsoNormal"><b>From:</b> Al &lt;al@acme.example&gt;<br>'
    "<b>Sent:</b> Monday, 3 March 2025 10:12<br>"
    "<b>To:</b> Support<br><b>Subject:</b> Tills</p></div></div>"
    f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">{SEVERE}</p>'
)
GMAIL = (
    '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
    "---------- Forwarded message ---------<br>From: <strong>Al</strong> "
    "<span>&lt;al@acme.example&gt;</span><br>"
    "Date: Mon, Mar 3, 2025 at 10:12<br>Subject: Tills<br>"
    f"To: &lt;jo@acme.example&gt;<br></div><br><br><p>{SEVERE}</p></div>"
)
PLAIN = f"From: Al <al@acme.example>\nSent: Monday\nTo: Support\nSubject: Tills\n\n{SEVERE}"
MARKED = f"On Mon, 3 Mar 2025 at 10:12, Al <al@acme.example> wrote:\n> {SEVERE}\n> Al"


@pytest.mark.parametrize("older", [OUTLOOK, GMAIL, PLAIN, MARKED])
@pytest.mark.parametrize(
    "above",
    [
        "",
        "FYI",
        "FYI, see below.",
        (
            "Hi team,\nplease see the mail below from our Berlin office.\n\nBest regards,\n"
            "Jo Park\nHead of Retail"
        ),
        "Hello, forwarding this to you. Can you look?",
        "Sent from my iPhone",
        "Siehe unten.\n\nViele Grüße\nJo Park",
    ],
)
def test_a_message_that_only_points_is_judged_by_what_it_passes_on(above: str, older: str) -> None:
    glue = f"<div>{'<br>'.join(above.splitlines())}</div>" if "<" in older[:1] else f"{above}\n\n"
    assert decide("Fwd: tills", glue + older, RUBRIC).severity == "P1"


@pytest.mark.parametrize("older", [OUTLOOK, PLAIN, MARKED])
@pytest.mark.parametrize(
    "above",
    [
        ASKED,
        f"{ASKED} See below.",
        "Thanks a lot, that solved it.",
        "The text below the logo has the wrong colour on one of our pages.",
    ],
)
def test_a_message_that_says_something_is_judged_alone(above: str, older: str) -> None:
    assert SEVERE not in clean(f"{above}\n\n{older}").text


def test_a_forward_of_a_forward_is_opened_to_the_first_that_says_something() -> None:
    older = f"FYI\n\n-----Original Message-----\n{PLAIN}\n\n-----Original Message-----\n{ASKED}"
    found = clean(f"see below\n\nFrom: Jo\nSent: Monday\nTo: us\n\n{older}")
    assert SEVERE in found.text
    assert ASKED not in found.text
    assert found.forwarded


@pytest.mark.parametrize(
    "body",
    [
        (
            "Hi, see my answers below.\n\nOn Mon, Jo Park wrote:\n> Since when?\nSince "
            f"nine.\n> What fails?\n{SEVERE}\n> Thanks"
        ),
        (
            "My answers in red.\n\nFrom: Jo\nSent: Monday\nTo: us\nSubject: x\n\nSince "
            f"nine.\n{SEVERE}"
        ),
        (
            "Answers inline.\n\n-----Original Message-----\nFrom: Jo\nSent: Monday\n\n> "
            f"What fails?\n\n{SEVERE}"
        ),
        (
            "<div>See my answers below</div>"
            '<div class="gmail_quote"><div class="gmail_attr">On Mon, 3 Mar 2025, Jo wrote:</div>'
            "<blockquote>Since when?</blockquote><div>Since nine.</div>"
            f"<blockquote>What fails?</blockquote><div>{SEVERE}</div></div>"
        ),
        f"Hi\n-- \nAda\n\nOn Mon, Jo Park wrote:\n> What fails?\n{SEVERE}\n> Thanks",
    ],
)
def test_answers_between_quoted_lines_count(body: str) -> None:
    found = clean(body)
    assert SEVERE in found.text
    assert "What fails?" not in found.text


@pytest.mark.parametrize(
    "form",
    [
        f"Name: Jo Park\nFrom: Acme\nTo: Berlin\nDate: today\nMessage: {SEVERE}",
        (
            "New request\n\nFrom: Jo Park <jo@acme.example>\nSubject: Help\n\nMessage Body:"
            f"\n{SEVERE}\n\n-- \nThis mail is sent via the contact form"
        ),
        f"Kontaktformular\nVon: Jo Park\nBetreff: Hilfe\nTelefon: 030 123456\nNachricht:\n{SEVERE}",
        f"Name: Jo\nE-mail: jo@acme.example\n--------------\nMessage: {SEVERE}",
        (
            "You have a new message from your website\nFrom: Jo Park <jo@acme.example>\n"
            f"Subject: Help\n\n{SEVERE}"
        ),
        f"Name: Jo\n____________________________\n{SEVERE}",
        (
            "<table><tr><td>From:</td><td>Jo</td></tr><tr><td>Subject:</td><td>x</td></tr>"
            f"<tr><td>Message:</td><td>{SEVERE}</td></tr></table>"
        ),
        f"The customer cannot book.\nFrom: Berlin\nTo: Paris\nDate: 3 March\n\n{SEVERE}",
    ],
)
def test_the_fields_of_a_form_are_no_mails_head(form: str) -> None:
    assert SEVERE in clean(form).text


@pytest.mark.parametrize(
    "report",
    [
        f"Our customer wrote:\n{SEVERE}",
        f"On Monday the branch manager wrote:\n{SEVERE}",
        f"2025年3月3日 10:12 次のエラー:\n{SEVERE}",
        f"Original message:\n{SEVERE}",
    ],
)
def test_what_a_requester_reports_of_others_is_the_report(report: str) -> None:
    assert SEVERE in clean(f"Hello, this reached us.\n{report}").text


@pytest.mark.parametrize(
    "delimiter",
    [
        "##- Please type your reply above this line -##",
        "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
        "##- この行より上に返信を入力してください -##",
        "##- الرجاء كتابة ردك فوق هذا السطر -##",
        "-- reply above this line --",
    ],
)
def test_what_a_helpdesk_sent_is_not_the_answer_to_it(delimiter: str) -> None:
    assert (
        clean(f"{ASKED}\n\n{delimiter}\n\nYour request (4711) was updated.\n{SEVERE}").text == ASKED
    )


@pytest.mark.parametrize(
    "wrote",
    [
        (
            "في الثلاثاء، 4 مارس 2025 في 10:12 ص كتب \u202a"
            "Jo Park\u202c\u200f <\u202ajo@x.example\u202c\u200f>:"
        ),
        "في الثلاثاء، 4 مارس 2025 في 10:12 ص تمت كتابة ما يلي بواسطة Jo Park <jo@x.example>:",
        "في ثلاثاء، ٤ مارس ٢٠٢٥ ١٠:١٢ كتب\nJo Park <jo@x.example>:",
        "2025/03/03 10:12、山田太郎 <taro@x.example>のメール:",
        "2025/03/03 10:12、山田太郎のメール：",
        "2025年3月3日(月) 10:12 Jo Park <jo@x.example>:",
    ],
)
def test_history_of_arabic_and_japanese_mail_programs_is_cut(wrote: str) -> None:
    for mark in ("", "> "):
        assert clean(f"{ASKED}\n\n{wrote}\n\n{mark}{SEVERE}").text == ASKED
