"""Whether an ask needs what is before it: facts, passages, a date, fields of a record."""

from __future__ import annotations

import re

from router.reading.frames.idle import WORD
from router.reading.frames.points import is_bare_order

_TIME = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|until|till|from now|today|tonight|tomorrow|yesterday"
    r"|dates?|when"
    r"|ago|since|now|next|latest|deadline|due|old|age|christmas|easter|new year|weekend|monday|tuesday|wednesday"
    r"|thursday|friday|saturday|sunday|time|calendar|heute|morgen|gestern|tage?n?|wochen?|wann|bis|jours?|semaines?"
    r"|aujourd'hui|demain|quand|d\u00edas?|semanas?|hoy|ma\u00f1ana|cu\u00e1ndo|giorni|oggi|domani|quando)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:who|whose|which|which one)\b[^?\n]{0,40}\b(?:more|most|less|least|fewer|first|last|\w{2,}est|\w{2,}er"
    r"|of (?:all|them))\b"
    r"|\bhow many\b|\bwhat follows\b|\bwhich (?:one|is|are|of)\b|\bin common\b|\bdifference between them\b"
    r"|\b(?:next|first|last) (?:chapter|scene|verse)\b|\bthe (?:two|three|four|other) \w+\b|\b[a-z] (?:times"
    r"|plus|minus"
    r"|squared|divided)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:suggest|recommend|gifts?|may i|can i|could i|should i|must i|i should|am i|dose|doses|dosage|diet"
    r"|meals?|recipe|carbs"
    r"|calories|for me|safe for)\b",
    re.IGNORECASE,
)
"""What depends on the person who asks."""
_ON_TEXT = re.compile(
    r"(?:please )?(?:extract|count|list all|list every|find all|find every|summari[sz]e|translate|classify"
    r"|rewrite|quote|who"
    r" (?:paid|said|wrote|asked|won|owes))\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:[\w'-]+ ){0,4}(?:it|he|she|they|them|him|her)\b(?! (?:possible|true|safe|legal|better|worth|normal|ok))", re.I
)
_VALUE = re.compile(r"\b[a-z] ?(?:=|is) ?-?\d")
_LEAST_CHARS = 4
_STEM_CHARS = 6
_COMMON = frozenset(
    "about after answer because been before being below between could does down each every from give good have"
    " here into"
    " just know like list make many more most much need only other over same should some such tell than that"
    " their them"
    " then there these they thing this those what when where which while will with work would write your user users"
    " questions question please context using source sources document documents information explain example examples"
    " english language short long also used uses name names number numbers".split()
)


def speaks_of_time(ask: str) -> bool:
    """Whether an ask may need the date or the time zone: "how many days until ...", "when must I ..."."""
    return bool(_TIME.search(ask))


def needs_facts(facts: str, ask: str) -> bool:
    """Whether an ask needs the facts before it: it shares a word with them, compares, or has no topic of its own."""
    if len(ask) > _SHORT_CHARS or len(facts) > _FACTS_CHARS:
        return False
    if _COMPARES.search(ask) or _ON_TEXT.match(ask) or _BARE.match(ask) or _VALUE.search(facts) or is_bare_order(ask):
        return True
    return bool(_stems(ask) & _stems(facts))


_SHORT_CHARS = 160
_FACTS_CHARS = 300


def needs_person(facts: str, ask: str) -> bool:
    """Whether an ask needs what is known of its person: it asks for advice, or needs the facts otherwise."""
    return (len(ask) <= _SHORT_CHARS and bool(_ADVICE.search(ask))) or needs_facts(facts, ask)


def _stems(text: str) -> set[str]:
    """The first letters of the words of content; a name counts however short it is."""
    words = WORD.findall(text)
    return {
        word.casefold()[:_STEM_CHARS]
        for word in words
        if (len(word) >= _LEAST_CHARS or (len(word) > 2 and word[0].isupper() and word[1:].islower()))
        and word.casefold() not in _COMMON
    } - _SMALL


_SMALL = frozenset("the and for are was you our how why who has had can did its".split())

_WRITES = re.compile(
    r"(?:please )?(?:write|draft|propose|suggest|create|prepare|recommend|compose|give me|make|plan)\b", re.IGNORECASE
)
_TOPIC = re.compile(
    r"\b(?:about|on|for|that|how|of|from|why|explaining|saying|which|what|in (?!one|two|\d|pytest))\b", re.IGNORECASE
)
_FEW_WORDS = 9


def has_no_topic(ask: str) -> bool:
    """Whether an ask orders a text without saying on what: "Write a root cause analysis"."""
    return len(ask.split(None, _FEW_WORDS)) <= _FEW_WORDS and bool(_WRITES.match(ask)) and not _TOPIC.search(ask)
