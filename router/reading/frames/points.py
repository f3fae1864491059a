"""Whether an ask points at what is around it: then the frame is part of what is asked, and stays."""

from __future__ import annotations

import re

_LOOK_CHARS = 400

_RECORDS = (
    r"(?:tickets?|issues?|cases?|requests?|customers?|clients?|requesters?|reporters?|assignees?|profiles?|details"
    r"|fields?|metadata|records?|entr(?:y|ies)|labels?|headers?|incidents?|submissions?|priorit(?:y|ies)|status|sla"
    r"|queue|attachments?)"
)
_NEAR = (
    r"(?:users?|cards?|e-?mails?|messages?|notes?|passages?|context|documents?|sources?|results?|events?|tasks?"
    r"|person|people|facts?|information|info|data|text|conversation|chat|thread|snippets?|excerpts?|articles?|list"
    r"|tags?|form|header|block|reminder|memor(?:y|ies))"
)
_RECORD = re.compile(
    r"\b(?:above|below|preceding|foregoing|aforementioned|obige\w{0,2}|oben|unten|ci-dessus|arriba|acima|sopra)\b"
    rf"|\b(?:this|that|these|those|the|said|his|her|their|dies\w{{0,2}}|das|den|dem|der|die|est[ea]|cette?|questo|el"
    rf"|la|le) (?:(?!same\b)\w{{1,20}} )?{_RECORDS}\b|\b(?:this|that|these|those|said|your|his|her|their"
    rf"|dies\w{{0,2}}|est[ea]"
    rf"|cette?|questo) (?:\w{{1,20}} )?{_NEAR}\b|\bthe (?:user|customer|sources?|passages?|documents?|notes?|memories"
    r"|context|message|e-?mail)(?:'s|s'|s)?\b"
    "|\u4e0a\u9762|\u4ee5\u4e0a|\u4e0a\u8a18|\u4e0a\u8ff0|\u4e0a\u306e",
    re.IGNORECASE,
)
"""Words for a record, a person or a passage that the ask does not bring itself."""

_PRONOUN = re.compile(
    r"\b(?:this|these|those)\b|\b(?:that|it|them|him|her)[ \t]*[?.!]*$|\b(?:dies\w{0,2}|esto|ceci|cela|questo)\b"
    r"|^(?:\S+[ \t]+){0,4}(?:it|its|them|they|he|she|him|her|his|their)\b"
    "|[\u8fd9\u9019]|\u3053\u308c|\u3053\u306e",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:please |can you |could you |now )?(?:summari[sz]e|classify|triage|categori[sz]e|translate|reply|respond|answer"
    r"|prioriti[sz]e|route|tag|label|rate|grade|fix|review|explain|proofread|rewrite|shorten|extract|convert|parse"
    r"|fasse|\u00fcbersetze|resume|traduce|r\u00e9sume|traduis)\b",
    re.IGNORECASE,
)
_DRAFTS = (
    r"\b(?:draft|write|suggest|compose|prepare|propose|send) (?:me |him |her |them )?(?:a|an|the|my|our|your|one"
    r"|some) (?:[\w-]{1,20} ){0,3}(?:reply|response|answer|follow-?up)\b"
)
_DRAFT = re.compile(_DRAFTS, re.IGNORECASE)
_REPLY = re.compile(
    _DRAFTS
    + r"|\b(?:reply|respond) to\b|\b(?:what|which|who|how) (?:should|do|can) (?:i|we) (?:do|answer|reply|say)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 6
_OWN = ("\n", '"', "`", ": ", ":\n", "\u201c", "\u300c")
"""An ask with one of these may bring what "this" is for."""


def points_back(ask: str) -> bool:
    """Whether an ask may speak of what is before or after it: this, it, the ticket, the passages above."""
    first = ask[:_LOOK_CHARS]
    if points_at_record(ask) or _REPLY.search(first):
        return True
    if any(mark in ask for mark in _OWN):
        return False
    return bool(_PRONOUN.search(first)) or is_bare_order(ask)


def points_at_record(ask: str) -> bool:
    """Whether it names a record, a person or a passage that it does not bring: "this ticket", "the customer", "above".

    The beginning and the end of a long ask are looked at.
    """
    found = _RECORD.search(ask[:_LOOK_CHARS])
    return bool(found) or (len(ask) > _LOOK_CHARS and bool(_RECORD.search(ask[-_LOOK_CHARS:])))


def is_bare_order(ask: str) -> bool:
    """Whether it is a few words that order something without an object: "Summarise in one line."."""
    return len(ask.split(None, _FEW_WORDS)) <= _FEW_WORDS and bool(_ORDER.match(ask))


def ends_pointing(ask: str) -> bool:
    """Whether the last of several paragraphs speaks of what is before it."""
    at = ask.rfind("\n\n")
    return at >= 0 and points_back(ask[at:].strip())


def is_about_reply(said: str) -> bool:
    """Whether the last paragraph of a mail is an order about the mail before it: "Draft a reply."."""
    at = said.rfind("\n\n")
    return at >= 0 and orders_reply(said[at : at + _LOOK_CHARS])


def orders_reply(said: str) -> bool:
    """Whether words order a reply to something: "Draft a polite answer."."""
    return bool(_DRAFT.search(said))
