"""Sentences about the form of an answer, and the paragraphs of a program that hold nothing else.

A sentence counts when it begins like an order about the answer itself ("Answer in English", "Never mention", "If you do
not know"); what a program should do with data or code ("Return a list", "Use recursion") does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from router.reading.frames.facts import speaks_of_time
from router.reading.frames.orders import ask_after_order, brings_ask
from router.reading.frames.rule_content import is_character, says_what
from router.reading.frames.rule_sentence import RULE

_PERSONA = re.compile(
    r"(?:you are|you're|act as|your (?:name|role|job|purpose|task) is|you (?:help|assist|work|speak|support"
    r"|answer)|as an? "
    r"|below (?:is|are)|here (?:is|are)|the following (?:is|are)|write a response that"
    r"|(?:the )?(?:user|customer|caller|client) (?:[^\W\d_]{1,20} ){0,2}(?:writes|speaks|lives|works) (?:from|in"
    r"|as|at)|today is|today's date|the current (?:date|time)|current (?:date|time)|du bist|sie sind|tu es"
    r"|vous \u00eates|eres"
    r"|sei un|voc\u00ea \u00e9)\b",
    re.IGNORECASE,
)
"""How a sentence about the assistant or the day begins."""

_SOURCE = (
    r"(?:context|documents?|passages?|information|sources?|excerpts?|search results|articles?|knowledge base|snippets?)"
)
FROM_SOURCES = re.compile(
    rf"\b(?:us(?:e|ing)|based (?:only |solely |strictly )?(?:up)?on|given|from|according to|considering|with|in)\b"
    rf"[^\n.]{{0,40}}\b(?:following|provided|above|below|given|retrieved|supplied|this|these|those)\b[^\n.]{{0,30}}"
    rf"\b{_SOURCE}\b|\b{_SOURCE} (?:is |are )?(?:below|above|provided|given|information is)\b"
    r"|\bbased on (?:the )?(?:reference|retrieved|search) (?:materials?|results|documents|passages|context)\b"
    r"|\b(?:folgenden?|gegebenen?|bereitgestellten?) (?:kontext|dokumente|ausz\u00fcge|quellen|informationen)\b"
    r"|\b(?:contexte|documents|sources|extraits) (?:suivante?s?|ci-dessous|fournie?s?)\b"
    r"|\b(?:contexto|documentos|fuentes|fragmentos) (?:siguientes?|proporcionad[oa]s?)\b"
    r"|\bsiguientes? (?:contexto|documentos|fuentes|fragmentos)\b",
    re.IGNORECASE,
)
"""Says that an answer is to come from what a search has found."""

_MARKER = re.compile(
    r"(?:[-*\u2022>] +|\d{1,2}[.)] +|#{1,6} +|[(\[])*(?:\*\*|__)?"
    r"(important(?: notes?)?|remember|note|notes|nb|n\.b\.|reminder|rules|general rules|guidelines|style|tone|format"
    r"|output format|response format|answer format|instructions|instruction|constraints on (?:the )?(?:answer"
    r"|output)|constraints"
    r"|system note|system|policy|wichtig|hinweis|regeln|rappel|r\u00e8gles|importante|recuerda|reglas|nota|regras"
    r"|regole"
    r"|\u30eb\u30fc\u30eb|\u6ce8\u610f|\u89c4\u5219|\u898f\u5247|\u8981\u6c42|\uaddc\uce59)"
    r"(?:\*\*|__)?(?: ?:|\uff1a|!|\n| - | \u2013 | \u2014 )(?:\*\*|__)?[ \t]*",
    re.IGNORECASE,
)
"""The word that opens a program's remark on the answer."""

_ITEM = re.compile(r"(?:[-*\u2022>#_(\[ \t]+|\d{1,2}[.)] +|\(\d\) +)*")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[\u3002\uff01\uff1f])\s*(?=\S)|(?<=[\u3002\uff01\uff1f])\s+|\n+")
_SENTENCE_LIMIT_CHARS = 260
RULES_LIMIT_CHARS = 2_000
"""A longer text is not looked at: rules on the form are short."""

_MODE = re.compile(
    r"\W{0,4}(?:plan|act|ask|architect|read-?only|chat|agent|debug|review|build) mode (?:is (?:now )?(?:active"
    r"|on|enabled)"
    r"|active|enabled|on)\b|\W{0,4}you are (?:now |currently )?in (?:plan|planning|act|ask|architect|read-?only|review)"
    r"(?:ning)? mode\b",
    re.IGNORECASE,
)
"""How an agent's order about its mode begins."""
_MODE_SENTENCE = re.compile(
    r"(?:the user|you (?:must|may|should|can|are)|do not|don't|never|this supersedes|only|no (?:file|edit"
    r"|change|tool)|once"
    r"|when|until|present|use the|respond with a plan|edits?|any)\b",
    re.IGNORECASE,
)


def is_setup(text: str) -> bool:
    """Whether every sentence is about the form of the answer, its sources, the assistant or the day; "" is."""
    if len(text) > RULES_LIMIT_CHARS:
        return False
    return all(_is_rule(sentence) or _is_scene(sentence) for sentence in _sentences(text))


def begins_as_setup(text: str) -> bool:
    """Whether the first sentence may be one of those: a quick look."""
    end = text.find("\n", 0, _SENTENCE_LIMIT_CHARS)
    line = text[: end if end >= 0 else _SENTENCE_LIMIT_CHARS]
    word = _first_word(line)
    if line[:1].isalpha() and word not in _LINE_WORDS and word not in _SCENE_WORDS:
        lower = line.lower()
        if not any(word in lower for word in _SOURCE_WORDS):
            return False
    first = next(_sentences(line), "")
    return not first or _is_rule(first) or _is_scene(first)


def _is_scene(sentence: str) -> bool:
    """Whether a sentence is about the assistant, the day, or the sources of the answer."""
    if len(sentence) > _SENTENCE_LIMIT_CHARS:
        return False
    if _first_word(sentence) in _SCENE_WORDS and _PERSONA.match(sentence):
        return True
    lower = sentence.lower()
    return any(word in lower for word in _SOURCE_WORDS) and bool(FROM_SOURCES.search(sentence))


_SOURCE_WORDS = (
    *(
        "context",
        "document",
        "passage",
        "information",
        "source",
        "excerpt",
        "search result",
        "article",
        "knowledge",
        "materials",
    ),
    *("snippet", "kontext", "dokument", "ausz\u00fcge", "quelle", "contexto", "fuente", "extrait", "fragmento"),
)
"""Every match of FROM_SOURCES contains one of these."""


def is_mode_order(text: str) -> bool:
    """Whether a paragraph is an agent's order about its mode, such as `Plan mode is active. Do not edit files.`."""
    if len(text) > RULES_LIMIT_CHARS or not _MODE.match(text):
        return False
    return all(_MODE_SENTENCE.match(sentence) for sentence in islice(_sentences(text), 1, None))


def _sentences(text: str) -> Iterator[str]:
    """The sentences without their list marks and without a word such as "Important:" before them."""
    for piece in _SENTENCE.split(text):
        marker = _MARKER.match(piece)
        rest = piece[marker.end() :] if marker else piece
        item = _ITEM.match(rest)
        rest = rest[item.end() :] if item else rest
        if not _BARE.fullmatch(rest) and not _MARKER.fullmatch(piece + "\n"):
            yield rest


_BARE = re.compile(r"\W*(?:\d{1,2}\W*)?")
"""What is left of a line that holds only a list mark."""


def without_rules(text: str) -> str:
    """The text without a program's paragraphs about the answer or its mode after the ask, or before it."""
    return _without_last(_without_first(text))


def _without_last(text: str) -> str:
    """Without the last lines that are rules, from one that a word such as "Important:" opens, or two in a paragraph.

    Read from the end, so that one look at the last line settles most texts.
    """
    cut = at = len(text)
    are_rules = are_mode = True
    n_sentences = 0
    for _ in range(_MOST_LINES):
        start = text.rfind("\n", 0, at) + 1
        line = text[start:at].strip()
        if not start or at - start > RULES_LIMIT_CHARS:
            break
        at = start - 1
        if not line:
            continue
        if line[:1].isalpha() and line[0] < _FIRST_CJK and _first_word(line) not in _LINE_WORDS:
            break
        sentences = tuple(_sentences(line))
        is_marked = bool(_MARKER.match(line + "\n") or _OPENS.match(line))
        are_rules = are_rules and all(map(_is_rule, sentences))
        are_mode = are_mode and all(_MODE.match(one) or _MODE_SENTENCE.match(one) for one in sentences)
        if not (are_rules or are_mode):
            break
        n_sentences += len(sentences)
        is_apart = start > 1 and text[start - 2] == "\n"
        opens_rules = n_sentences > 0 and (is_marked or (is_apart and n_sentences > 1))
        if (are_rules and opens_rules) or (are_mode and _MODE.match(line)):
            cut = start
    ask = text[:cut].rstrip(" \t\r\n-=_")
    return ask if cut < len(text) and _is_ask(ask) else text


_RULE_WORDS = frozenset(
    "please also and but you make be remember always never only do don't just not answer respond reply write speak "
    "communicate keep mention mark wrap put fence enclose avoid make draw print reveal disclose share invent"
    " hallucinate guess apologize apologise swear "
    "discuss speculate "
    "leak expose talk refer use include add give output return prefer format cite quote name list stay break "
    "think repeat "
    "say tell follow end start sign address ask if the your all no at maximum max under offer provide bitte antworte "
    "antworten erfinde n'invente n'utilise \u00e9vite n\u00e3o erw\u00e4hne halte verwende r\u00e9ponds"
    " r\u00e9pondez ne responde contesta responda nunca rispondi "
    "non".split()
)
_SCENE_WORDS = frozenset(
    "user customer caller client you you're act as your today today's the current du sie tu vous eres sei "
    "voc\u00ea below here write".split()
)
"""The first words of every match of RULE and of _PERSONA: most sentences are settled by them."""
_LINE_WORDS = _RULE_WORDS | frozenset(
    "plan act architect read-only readonly chat agent debug review build this only once when until present "
    "edit edits any "
    "important note notes nb n reminder rules general guidelines style tone output response instructions instruction "
    "constraints system policy wichtig hinweis regeln rappel r\u00e8gles importante recuerda reglas nota "
    "regras regole".split()
)
"""The first words of lines that are rules, orders about a mode, or open either."""
_FIRST_CJK = "\u3040"
_WORD = re.compile(r"\W{0,4}([\w'-]+)")


def _first_word(sentence: str) -> str:
    word = _WORD.match(sentence)
    return word[1].lower() if word else ""


_OPENS = re.compile(r"\W{0,3}(?:[Rr]emember (?:to|that)|ALWAYS|NEVER|DO NOT|YOU MUST)\b")
"""What else opens a program's remark."""


def _is_rule(sentence: str) -> bool:
    is_candidate = len(sentence) <= _SENTENCE_LIMIT_CHARS and (
        _first_word(sentence) in _RULE_WORDS or sentence[:1] >= _FIRST_CJK
    )
    if not is_candidate or not RULE.match(sentence) or says_what(sentence):
        return False
    return not (": " in sentence and brings_ask(sentence))


_MOST_LINES = 24


def _without_first(text: str) -> str:
    """Without a first paragraph about the assistant and the answer, or about the mode that an agent is in."""
    if not text.startswith(_OPENERS):
        return text
    if start := ask_after_order(text):
        return text[start:]
    end = text.find("\n\n", 0, RULES_LIMIT_CHARS)
    if end < 0:
        return text
    first, rest = text[:end], text[end:].strip()
    if not _is_ask(rest):
        return text
    if is_mode_order(first) or _INTRODUCES.fullmatch(first):
        return rest
    sentences = tuple(_sentences(first))
    is_dated = any(_DATES.match(sentence) for sentence in sentences)
    if any(map(is_character, sentences)) or (is_dated and speaks_of_time(rest[:RULES_LIMIT_CHARS])):
        return text
    return rest if (is_dated or any(map(_is_rule, sentences))) and is_setup(first) else text


_DATES = re.compile(r"(?:today is|today's date|(?:the )?current (?:date|time))\b", re.IGNORECASE)
_INTRODUCES = re.compile(
    r"(?:please )?(?:help with|answer|handle|process|address|complete|solve|work on|here is|this is) [^\n]{0,60}"
    r"\b(?:request|question|query|task)\b[^\n:]{0,30}:",
    re.IGNORECASE,
)
"""A line that only says that the ask follows."""


_OPENERS = (
    *("You ", "you ", "Plan ", "PLAN ", "Act ", "Ask ", "# ", "**", "[", "Important", "IMPORTANT", "Rules"),
    *(
        "Du ",
        "Today",
        "The ",
        "Current",
        "Please ",
        "Answer ",
        "Handle ",
        "Process ",
        "Complete ",
        "Solve ",
        "Here is ",
    ),
    "This is ",
)
"""What every such paragraph begins with."""


def _is_ask(text: str) -> bool:
    """Whether something to do is left: not a lead that ends in a colon, not a bare word."""
    return len(text) >= _LEAST_CHARS and not text.endswith((":", "\uff1a"))


_LEAST_CHARS = 12
