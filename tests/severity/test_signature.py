"""A farewell ends a message only where what follows looks like a signature."""

from __future__ import annotations

import pytest

from worker.severity.clean import clean

TOLD = "The second till prints no receipts."
SEVERE = "Since ten nobody can log in and all tills are dead."


@pytest.mark.parametrize(
    "farewell",
    [
        "Thank you.", "Thanks in advance!", "Regards,", "Best regards, Jo Park", "Danke", "Merci.",
        "Cordialement,\nJo", "Gracias.", "Salam,", "Att.",
        "Kind regards\nJo Park\nHead of Retail\n",
        "-----", "--", "-- ", "Sent from my iPhone",
    ],
)  # fmt: skip
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_sentences_below_a_farewell_count(farewell: str, gap: str) -> None:
    assert (
        SEVERE
        in clean(f"{TOLD}\n{farewell}{gap}{SEVERE}\nPlease call us back about it today.").text
    )


def test_one_more_sentence_far_below_a_signature_counts() -> None:
    body = (
        f"{TOLD}\n\nBest regards,\nJo Park\nAcme Ltd.\n+49 30 1234567\n\nOne more thing: {SEVERE}"
    )
    assert SEVERE in clean(body).text


@pytest.mark.parametrize(
    "signature",
    [
        (
            "Best regards,\nJo Park\nHead of Retail\nAcme Trading Ltd.\n12 Long Street, "
            "London\nTel: +44 20 7946 0000\njo@acme.example\nwww.acme.example"
        ),
        "Thanks\njo",
        "Thanks!\nJo Park\nReception, 2nd floor",
        (
            "Mit freundlichen Grüßen\n\ni. A. Jo Park\nLeiter der Abteilung Einkauf\n\n"
            "Acme GmbH & Co. KG\nLange Straße 1 | 10115 Berlin"
        ),
        "Regards, Jo\n\nSent from my iPhone",
        "Von meinem iPhone gesendet",
        "Sent from my Galaxy S23, please excuse typos",
        "Get Outlook for iOS",
        "-- \nJo Park\nWe keep the lights on when everything is down for everyone.",
        "--\nJo Park\nAcme Ltd",
        (
            "Kind regards\nJo\n\nThis message and any attachments are confidential and "
            "intended solely for the addressee. If you are not the intended recipient, "
            "please notify the sender."
        ),
        "よろしくお願いします\n山田太郎\n株式会社サンプル 営業部\n03-1234-5678",
        "مع التحية\nسارة أحمد\nمديرة العمليات",
    ],
)
def test_a_signature_is_cut(signature: str) -> None:
    assert clean(f"{TOLD}\n\n{signature}").text == TOLD


@pytest.mark.parametrize(
    "report",
    [
        "Our customers received this message in error, and none of them can pay.",
        "This message is confidential: our customers see the data of other customers.",
        "Messages are lost:\nSent via the API since nine, none of them reached a customer.",
        "Gesendet von unserem Server wird seit neun nichts mehr, niemand kann arbeiten.",
        "Att. all: nobody can log in.",
        "Thanks\nRegards, nobody is able to log in.",
        "The link 'unsubscribe from' unsubscribes everybody.",
    ],
)
def test_ordinary_words_are_no_small_print_and_no_device(report: str) -> None:
    found = clean(f"Good morning.\n\n{report}\nPlease help.")
    assert report in found.text
    assert found.ignored == ()


def test_small_print_is_cut_by_its_paragraph_and_what_follows_is_not() -> None:
    small = (
        "If you have received this message in error, please notify the sender and delete it.\n"
        "Any unauthorised use of it is strictly prohibited."
    )
    found = clean(f"{TOLD}\n\n{small}\n\n{SEVERE}")
    assert found.text.split("\n\n") == [TOLD, SEVERE] or found.text == f"{TOLD}\n\n\n{SEVERE}"
    assert "2 lines of small print" in found.ignored


def test_a_farewell_in_mid_line_hides_no_sentence() -> None:
    assert "Nobody can log in" in clean("It fails. Kind regards, Ruth. Nobody can log in.").text
    assert clean("It fails. Kind regards, Ruth").text == "It fails."
