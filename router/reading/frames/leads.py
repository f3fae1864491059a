"""Sentences before an ask that ask nothing: "Here is my question:", "ok so", "Sorry to bother you,".

They are found by the closed classes of words in `lead_words`. What speaks of the sentence before it keeps it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from router.reading.frames.asides import is_idle_aside
from router.reading.frames.brought import is_title, speaks_of_first
from router.reading.frames.idle import Idle, is_ask, is_unspaced
from router.reading.frames.introductions import FIRST_OF_INTRODUCTION, is_idle_introduction
from router.reading.frames.lead_words import (
    ASKED_FOR,
    BARE,
    LABELS,
    LEADS,
    NOT_BEFORE_COMMA,
    PHRASES,
    SHOUTED,
    SOLO,
    SOLO_COLON,
)
from router.reading.frames.points import is_bare_order

_IDLE = Idle(LEADS)
_SENTENCE = re.compile(
    r"[\u00a1\u00bf(]{0,2}(?P<words>[^\n.!?:;\u2026\u3002\uff01\uff1f\uff1a\u061f\u0964()\[\]{}<>\"`]{1,100})"
    r"(?P<end>(?:[.!?:;\u2026]+(?=\s)|[\u3002\uff01\uff1f\uff1a\u061f\u0964]+|\n)\s*)"
)
_PHRASE = re.compile(
    r"(?P<words>[^\n.!?:;,\u2026\u3001\u3002\uff0c\uff01\uff1f\uff1a\u060c\u061f()\[\]{}<>\"`]{1,60}?)"
    r"(?P<end>(?:,(?=\s)|[\u3001\uff0c\u060c]|\s[-\u2013\u2014](?=\s))\s*)"
)
_MOST_WORDS = 14
_ORDERED = frozenset("need want like get".split())
_ORDERED_THINGS = frozenset("question questions topic topics subject task thing something".split())
_AFTER_PLEASE = frozenset("help assist excuse pardon forgive answer see could can".split())

_POINTS = re.compile(
    r"(?:(?:is|was|does|who says|who said|what does|what is) (?:that|this)|it|its|they|he|she|that|this|these"
    r"|those)\b(?!['\u2019]s)",
    re.IGNORECASE,
)
_POINTS_LATER = re.compile(
    r"\b(?:this|that|the|my|these|above) (?:\w{1,15} )?(?:sentences?|phrases?|message|wording|text|line|grammar"
    r"|tone|expression|idiom|greeting)\b|\b(?:this|that) word\b|\bwhich tense\b"
    r"|\b(?:this|that|it|more|too|less|sound) (?:polite|formal|friendly)\b",
    re.IGNORECASE,
)
_OWN = ('"', "\u201c", ": ", ":\n", "`", "\u00ab", "\u300c", "\n")
"""What speaks of a sentence before it."""

_LAST_ORDER = re.compile(
    r"(?:^|[.!?:\n] ?|\s{2})(?:please |can you |could you |now )?(?:translat\w+|rephras\w+|rewrit\w+|proofread"
    r"|correct|paraphras\w+|summari[sz]e|polish|shorten|make|fix|reply|answer|\u00fcbersetz\w*|traduci\w*"
    r"|traduis\w*|vertaal"
    r"|\u043f\u0435\u0440\u0435\u0432\u0435\u0434\w*)"
    r"(?: \w+){0,6}[.!?]*$",
    re.IGNORECASE,
)
_LABELS = re.compile(
    r"\b(?:question|answer|frage|antwort|pregunta|respuesta|domanda|risposta|pergunta|resposta|vraag|antwoord|q|a"
    r"|\u0432\u043e\u043f\u0440\u043e\u0441|\u043e\u0442\u0432\u0435\u0442)[ \t]*#?\d{0,3}[ \t]*[:)]"
    r"|(?:\u95ee\u9898|\u554f\u984c|\u8cea\u554f|\u7b54)[^\n]{0,3}[:\uff1a]",
    re.IGNORECASE,
)
"""Labels of a quiz or a list of questions, of which a lead is the first."""

_FIRST_OF_ASIDE = ("by",)
_LOOK_CHARS = 600
_NEAR_CHARS = 160
_TAIL_CHARS = 100
_FIRST_WORDS = (
    _IDLE.first_words
    | SOLO
    | SOLO_COLON
    | {phrase.split()[0] for phrase in (*BARE, *PHRASES)}
    | {"urgent", "urgente", *_FIRST_OF_ASIDE}
)
_WORDS = (
    _IDLE.last_words
    | SOLO
    | {word for phrase in PHRASES for word in phrase.split()}
    | {"#"}
    | {str(n) for n in range(100)}
)


def without_lead(text: str) -> str:
    """The text without a first sentence that asks nothing; the text itself where there is none."""
    head = text[:_HEAD_CHARS].lstrip("\u00a1\u00bf(").replace("\u2019", "'").split(None, _LOOK_WORDS)
    first = head[0].strip(_MARKS).casefold() if head else ""
    is_person = first in FIRST_OF_INTRODUCTION or (len(head) > 1 and head[1].startswith("here"))
    if not is_person and not is_unspaced(first) and first not in _FIRST_WORDS:
        return text
    if text[0] == "(" or first in _FIRST_OF_ASIDE:
        return _without_aside(text)
    if not is_unspaced(first) and not _may_be_idle(head):
        is_person = is_person and any(word[0].isupper() for word in head[1:])
        if not is_person:
            return _without_shout(text) if head[0] in SHOUTED else _without_bare(text)
    sentence, phrase = _SENTENCE.match(text), _PHRASE.match(text)
    for found in (sentence, phrase):
        if found and found.end() < len(text) and _is_lead(found["words"], found["end"].strip(), text[found.end() :]):
            return text[found.end() :]
    if sentence and (is_person or is_unspaced(first)):
        is_idle = is_idle_introduction(sentence[0].strip(), text[sentence.end() :]) and is_ask(text[sentence.end() :])
        return text[sentence.end() :] if is_idle and not speaks_of_lead(text[sentence.end() :]) else text
    return _without_bare(text)


def _may_be_idle(head: list[str]) -> bool:
    """Whether the first words, up to a mark, are all words of idle sentences."""
    for word in head[:_LOOK_WORDS]:
        if word.strip(_MARKS).casefold() not in _WORDS and word not in _MARKS:
            return word is head[0]
        if not word[-1].isalnum():
            return True
    return True


_LOOK_WORDS = 3


def _without_aside(text: str) -> str:
    """Without a first remark such as `(by the way, it rains here)`."""
    found = _ASIDE.match(text)
    if found is None or not is_ask(ask := text[found.end() :]):
        return text
    return ask if is_idle_aside(found["inner"] or found["plain"], ask) else text


_ASIDE = re.compile(
    r"\((?P<inner>[^\n()]{8,90}?)[.!]?\)[.!]?\s+|(?P<plain>by the way,? [^\n.!?()]{8,90})[.!]+\s+", re.IGNORECASE
)
_HEAD_CHARS = 60
_MARKS = ",.:;!?\u2026-\u2013\u2014"
_BARE_FIRST = {phrase.split()[0] for phrase in BARE}


def _is_lead(written: str, end: str, ask: str) -> bool:
    if written.count(" ") > _MOST_WORDS:
        return False
    words = _IDLE.words_of(written)
    if not 0 < len(words) <= _MOST_WORDS or not is_ask(ask):
        return False
    if len(words) == 1:
        is_idle = words[0] in (SOLO_COLON if end[:1] in (":", "\uff1a") else SOLO) and "?" not in end
    else:
        is_idle = " ".join(words) in PHRASES or (_IDLE.holds(words) and not _is_order(words))
    if is_idle and end[:1] in ("?", "\uff1f", "\u061f"):
        is_idle = " ".join(words) in PHRASES or (any(word in ASKED_FOR for word in words) and words[0] != "what")
    if is_idle and end[:1] in (",", "\u060c"):
        is_idle = not any(word in NOT_BEFORE_COMMA for word in words)
    if not is_idle or speaks_of_lead(ask) or (end[:1] == ":" and ask[0] in _MARKED):
        return False
    if len(words) <= _FEW and (speaks_of_first(ask) or (end in _SOFT and is_title(ask, SOLO))):
        return False
    is_label = any(word in LABELS or is_unspaced(word) for word in words)
    return not (is_label and _LABELS.search(ask, 0, _LOOK_CHARS))


_MARKED = frozenset("&*<=")
"""What follows a colon in code: `let question: &str`."""
_FEW = 2
_SOFT = frozenset((",", ".", "!"))


def _is_order(words: list[str]) -> bool:
    """Whether it orders a question or a thing rather than to announce one: "Ask me a question"."""
    is_please = words[0] == "please" and words[1] not in _AFTER_PLEASE
    if is_please or (words[0] == "what" and words[1] not in _SPEAKERS):
        return True
    pairs = set(pairwise(words))
    if ("ask", "me") in pairs or (words[0] in ("answer", "see") and "me" in words):
        return True
    is_ordered = any(word in _ORDERED for word in words) and any(word in _ORDERED_THINGS for word in words)
    return is_ordered and not any(word in ("ask", "help", "what") for word in words)


_SPEAKERS = ("i", "i'd", "we", "we'd", "i'm")


def speaks_of_lead(ask: str) -> bool:
    """Whether an ask may be about the sentence before it, or holds the list that the sentence begins."""
    if _POINTS.match(ask) or is_bare_order(ask) or _LAST_ORDER.search(ask, max(0, len(ask) - _TAIL_CHARS)):
        return True
    return bool(_POINTS_LATER.search(ask, 0, _NEAR_CHARS)) and not any(mark in ask for mark in _OWN)


def _without_shout(text: str) -> str:
    """`URGENT where is ...`: a word of urgency in capitals, before a text that is not."""
    ask = text.partition(" ")[2]
    second = ask.split(None, 1)[:1]
    return ask if second and not (second[0].isupper() and len(second[0]) > 1) and is_ask(ask) else text


def _without_bare(text: str) -> str:
    """`ok so what is ...`: a filler without a mark behind it."""
    words = text[:_HEAD_CHARS].split(None, 2)
    if not words or words[0].casefold() not in _BARE_FIRST:
        return text
    for n_words in (2, 1):
        if len(words) > n_words and " ".join(words[:n_words]).casefold() in BARE:
            ask = text.split(None, n_words)[n_words]
            return ask if len(ask.split(None, 3)) > _LEAST_BEHIND_FILLER else text
    return text


_LEAST_BEHIND_FILLER = 2
