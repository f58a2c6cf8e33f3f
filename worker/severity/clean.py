"""What the requester wrote, and only that: no markup, no history, no signature.

Every pattern here is bounded, so that junk of any length costs time in proportion to its length.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

LONGEST = 120_000
"""Characters of a raw body that are looked at."""
KEPT = 6_000
"""Characters of the cleaned text that are judged: what matters stands early."""

SHORT_TAIL, SHORT_LINE = 6, 9
"""Lines, and words in each, that may follow a mere "thanks" and still be a signature."""
SPACES = re.compile(r"[ \t]+")
LONG_LINE = 400
POINTER = 12
"""At most so many words ("see below") stand above what is only passed on."""
POSTSCRIPT = re.compile(r"p\.?\s?s\b", re.IGNORECASE)

INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ENCODED = re.compile(r"(?:data:[\w/+.;=-]{1,80},)?[A-Za-z0-9+/=]{80,}")
ADDRESS = re.compile(r"<?(?:https?://|www\.|mailto:)[^\s<>\"']{1,2000}>?", re.IGNORECASE)
TAG = re.compile(
    r"<(/?)([a-z][a-z0-9:]{0,20})(\s[^<>]{0,3000})?/?>|<!--[^<>]{0,3000}>", re.IGNORECASE
)
BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table", "hr", "pre"}
HIDDEN = {"style", "script", "head", "title", "blockquote"}

HISTORY = re.compile(
    r"\s*(?:-{2,}|_{2,})?\s*(?:original message|forwarded message|begin forwarded message"
    r"|urspr(?:\u00fc|ue)ngliche nachricht|weitergeleitete nachricht|mensaje original"
    r"|mensaje reenviado"
    r"|mensagem original|mensagem encaminhada|message d.origine|message transf\u00e9r\u00e9"
    r"|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|pesan asli|pesan terusan"
    r"|\u8ee2\u9001\u30e1\u30c3\u30bb\u30fc\u30b8|forwarded \d{1,2} times)\s*:?\s*-*\s*$"
    r"|\s*_{20,}\s*$",
    re.IGNORECASE,
)
WROTE = re.compile(
    r"\s*(?:(?:on|am|el|em|le|il|op|pada)\s.{4,200}\s"
    r"(?:wrote|schrieb|escribi\u00f3|escreveu|a \u00e9crit|ha scritto|schreef|menulis)"
    r"|.{0,160}\u0643\u062a\u0628.{0,80}|\d{4}\u5e74.{4,120}(?:\u66f8\u304d\u307e\u3057\u305f)?)"
    r".{0,80}\s?[:\uff1a]\s*$",
    re.IGNORECASE,
)
HEADER = re.compile(
    r"\s*\*?(from|sent|to|cc|date|subject|von|gesendet|an|betreff|datum|de|enviado|enviada"
    r"|para|asunto"
    r"|assunto|fecha|data|envoy\u00e9|\u00e0|objet|da|inviato|a|oggetto|van|verzonden|aan"
    r"|onderwerp"
    r"|dari|dikirim|kepada|perihal)\s?:\*?\s",
    re.IGNORECASE,
)
SENDERS = {"from", "von", "de", "da", "van", "dari"}
DEVICE = re.compile(
    r"\s*(?:sent from my|sent from (?:mail|outlook|yahoo)|get outlook for|sent via"
    r"|von meinem .{2,30} gesendet"
    r"|gesendet von|enviado desde|enviado do meu|enviado de mi|envoy\u00e9 de mon|inviato da"
    r"|verzonden v"
    r"|dikirim dari|iphone\u304b\u3089\u9001\u4fe1)",
    re.IGNORECASE,
)
FAREWELL = re.compile(
    r"\s*(?:(?:best|kind|warm|kindest|warmest)(?: (?:regards|wishes))|regards"
    r"|yours (?:sincerely|faithfully|truly)"
    r"|sincerely(?: yours)?|respectfully|mit (?:freundlichen|besten) gr(?:\u00fc|ue)(?:\u00df"
    r"|ss)en"
    r"|(?:viele|beste|liebe) gr(?:\u00fc|ue)(?:\u00df|ss)e|mfg|saludos(?: cordiales)?"
    r"|un saludo|atentamente"
    r"|cordialmente|atenciosamente|att|abra\u00e7os?|cordialement|bien cordialement"
    r"|bien \u00e0 vous"
    r"|cordiali saluti|distinti saluti|saluti|met vriendelijke groet(?:en)?|groeten"
    r"|hormat kami|salam)"
    r"\s*(?:[,.!|-]|$)",
    re.IGNORECASE,
)
INLINE_FAREWELL = re.compile(r"(?<=[.!?,])\s+(?:best|kind|warm) regards\b.{0,2000}$", re.IGNORECASE)
SOFT_FAREWELL = re.compile(
    r"\s*(?:many thanks|thanks(?: a lot| in advance| so much)?|thank you(?: so much"
    r"| in advance)?|cheers|thx"
    r"|best|gracias|obrigad[oa]|merci|danke|grazie|bedankt|terima kasih)\s*[,.!-]*\s*$",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    r"confidentiality notice|(?:e-?mail|message)(?: and any| is confidential"
    r"|.{0,30}intended (?:solely|only))"
    r"|intended (?:solely|only) for|received this (?:e-?mail|message|communication) in error"
    r"|please consider the environment|diese e-?mail enth\u00e4lt vertrauliche"
    r"|aviso de confidencialidad"
    r"|aviso legal|unsubscribe from",
    re.IGNORECASE,
)
SEE_BELOW = re.compile(
    r"\b(?:fyi|see below|below|forward(?:ed|ing)?|fwd|s\.u\.|siehe unten|ver abajo"
    r"|veja abaixo|voir ci-dessous"
    r"|vedi sotto|zie onder)\b",
    re.IGNORECASE,
)


def clean(body: str) -> str:
    """The requester's own words, newest first, at most `KEPT` characters."""
    text = unicodedata.normalize("NFKC", INVISIBLE.sub("", body[:LONGEST].replace("\r\n", "\n")))
    text = ADDRESS.sub(" ", ENCODED.sub(" ", text))
    visible = html.unescape(_without_markup(text, hidden=HIDDEN))
    if not visible.strip():
        visible = html.unescape(_without_markup(text, hidden=HIDDEN - {"blockquote"}))
    lines = [line.rstrip()[:KEPT] for line in visible.split("\n")]
    kept = list(_newest(lines))
    if not any(line.strip() for line in kept):  # nothing but quoted lines: the newest is the ticket
        kept = list(_newest([line.lstrip(" >") for line in lines if line.count(">", 0, 40) <= 1]))
    own = "\n".join(_without_signature([line.strip() for line in kept]))
    return own.strip()[:KEPT]


def _without_markup(text: str, *, hidden: set[str]) -> str:
    pieces: list[str] = []
    depth, start = 0, 0
    for tag in TAG.finditer(text):
        if depth == 0:
            pieces.append(text[start : tag.start()])
        start = tag.end()
        name = (tag[2] or "").lower()
        if "gmail_quote" in (tag[3] or "") and "blockquote" in hidden and "".join(pieces).strip():
            return "".join(pieces)
        if name in hidden:
            depth = max(0, depth + (-1 if tag[1] else 1))
        if name in BREAKS and depth == 0:
            pieces.append("\n")
        elif name in {"td", "th"}:
            pieces.append(" ")
    if depth == 0:
        pieces.append(text[start:])
    return "".join(pieces)


def _newest(lines: list[str]) -> Iterator[str]:
    """The lines down to the first older message; a bare forward yields what it forwards."""
    words: list[str] = []
    opened = False  # the one forwarded block that we may read has begun
    for number, line in enumerate(lines):
        if not line:
            yield line
            continue
        if line.lstrip().startswith(">") or line.lstrip().startswith("&gt;"):
            continue
        following = next((other for other in lines[number + 1 : number + 4] if other.strip()), "")
        header = HEADER.match(line)
        older = HISTORY.match(line) or (
            header and header[1].lower() in SENDERS and HEADER.match(following)
        )
        wrote = WROTE.match(line) or (
            line[:4].strip() and WROTE.match(f"{line} {following}"[:LONG_LINE])
        )
        if wrote and following.lstrip().startswith(">"):
            continue
        if older or (wrote and len(line) < LONG_LINE):
            mere_pointer = len(words) <= POINTER and SEE_BELOW.search(" ".join(words))
            if words and (opened or not mere_pointer):
                return
            opened, words = True, []
            continue
        if header and (opened or HEADER.match(following)):
            continue
        words += line.split()[:40]
        yield line


def _without_signature(lines: list[str]) -> Iterator[str]:
    said = 0
    for number, line in enumerate(lines):
        if said > KEPT:
            return
        if said and (line in {"--", "\u2014", "__"} or DEVICE.match(line) or FAREWELL.match(line)):
            yield from (other for other in lines[number + 1 :] if POSTSCRIPT.match(other))
            return
        if said and SOFT_FAREWELL.match(line) and _is_tail(lines[number + 1 :]):
            return
        if line and not DISCLAIMER.search(line[:2_000]):
            said += len(line)
            yield SPACES.sub(" ", INLINE_FAREWELL.sub("", line))
        elif said and not line:
            yield ""


def _is_tail(lines: list[str]) -> bool:
    """A name and a few short lines, as under a letter."""
    rest = [line for line in lines if line]
    return len(rest) <= SHORT_TAIL and all(len(line.split()) <= SHORT_LINE for line in rest)
