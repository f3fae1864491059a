"""Paragraphs that a mail program puts around a mail: a warning of where it is from, a note of how to answer it.

`CAUTION: This email originated from outside ...`, `[EXTERNAL]`, `You have a new message from Kim:`.
What follows such a paragraph is a mail without a head. An ask that speaks of the warning or of the mail stays whole.
"""

from __future__ import annotations

import re

from router.reading.frames.closers import without_quotes
from router.reading.frames.idle import is_ask
from router.reading.frames.mail import body_of_mail
from router.reading.frames.points import ends_pointing, points_back
from router.reading.frames.prose import brings_own

FIRST_OF_BANNERS = frozenset("[*CWEANVTYyt")
"""First characters of all such paragraphs: most texts are settled by them."""
BANNER_WORDS = ("extern", "outside", "caution", "a new ", "au\u00dferhalb", "fuera", "warning", "attention", "achtung")
"""Each has one of these near its start."""
_BANNER_CHARS = 500
_LABEL = (
    r"(?:caution|warning|attention|notice|alert|external(?: (?:e-?mail|sender|mail|message))?|achtung|vorsicht"
    r"|atenci\u00f3n)"
)
_BANNER = re.compile(
    rf"[\[*]{{0,3}}{_LABEL}[\]*:!]{{1,4}}[ \t]*(?:\n|$)"
    rf"|(?:[\[*]{{0,3}}{_LABEL}[\]*:! -]{{1,5}})?(?:this|the|diese|este) (?:e-?mail|mail|message|correo)"
    r" (?:originated|originates|was sent|has been sent|came|comes|is|stammt|kommt|proviene)[^\n.]{0,30}"
    r" (?:from|von|de) [^\n.]{0,30}\b(?:outside|external|au\u00dferhalb|externen?|fuera)\b[^\n]{0,400}(?:\n|$)",
    re.IGNORECASE,
)
"""A first line that warns of a mail from outside."""
_OF_BANNER = re.compile(
    r"\b(?:banner|warning|caution|notice|alert|disclaimer|external|outside|sender|spam|phishing|suspicious|legit\w*"
    r"|safe|click|this (?:e-?mail|mail|message))\b",
    re.IGNORECASE,
)
_RECEIVED = re.compile(
    r"(?:you(?:'ve| have)? (?:just )?(?:received|got|have) |there is )?a new (?:contact )?(?:message|inquiry|enquiry"
    r"|question|request|submission|e-?mail|comment) (?:from|via|through|on|by) [^\n?!]{1,120}:[ \t]*\n\s*(?=\S)",
    re.IGNORECASE,
)
_HOW_TO_ANSWER = re.compile(
    r"(?:(?:please |just |simply |you can |to )?(?:reply|respond|answer)(?:ing)? (?:directly )?(?:to|by|via|from|in)?"
    r"[^\n.]{0,40}\b(?:this (?:e-?mail|message|notification)|directly|dashboard|inbox|link|button|here)\b"
    r"|(?:manage|change|update) your (?:notification|e-?mail) (?:settings|preferences)|unsubscribe)[^\n?]{0,160}",
    re.IGNORECASE,
)
"""A last paragraph on how to answer."""


def ask_under_banner(text: str) -> str | None:
    """What a mail asks under a warning or a note of who wrote it; None where there is none, or the ask speaks of it."""
    first = _RECEIVED.match(text, 0, _BANNER_CHARS) if text[:1] in "YyTtAa" else None
    if first:
        said = _without_answering(text[first.end() :].strip())
        return said if is_ask(said) and not (ends_pointing(said) or points_back(said)) else None
    banner = _BANNER.match(text, 0, _BANNER_CHARS)
    said = text[banner.end() :].strip() if banner else ""
    if not said or not is_ask(said) or said.endswith((":", "\uff1a")):
        return None
    mail = body_of_mail(said)
    if mail is None or not is_ask(mail) or (_OF_BANNER.search(mail[:_BANNER_CHARS]) and not brings_own(mail)):
        return None
    return None if ends_pointing(mail) else mail


def _without_answering(said: str) -> str:
    """Without a last paragraph on how to answer, and without the quotation marks around the rest."""
    at = said.rfind("\n\n")
    said = said[:at].rstrip() if at > 0 and _HOW_TO_ANSWER.fullmatch(said[at:].strip()) else said
    return without_quotes(said)
