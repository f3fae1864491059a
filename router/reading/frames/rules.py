"""Sentences about the form of an answer, and the paragraphs of a program that hold nothing else.

A sentence counts when it begins like an order about the answer itself ("Answer in English", "Never mention", "If you do
not know"); what a program should do with data or code ("Return a list", "Use recursion") does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from router.reading.frames.facts import speaks_of_time
from router.reading.frames.rule_content import is_character, says_what

_LANGUAGES = (
    r"english|german|french|spanish|italian|portuguese|dutch|polish|russian|japanese|chinese|korean|swedish|turkish"
)
_ANSWER = r"(?:answers?|responses?|repl(?:y|ies)|outputs?|messages?|explanations?)"
_FORMS = (
    rf"(?:markdown|json|plain|html|xml|prose|bullet|bullets|(?:british|american|simple|clear) english|{_LANGUAGES})"
)
_RULE = re.compile(
    r"(?:please |also |and |but |you (?:must|should|may|will|have to) |make sure (?:to |that you )?|be sure to "
    r"|remember to |always |never |only |do not |don't |just |not )*"
    r"(?:(?:answer|respond|reply|write|speak|communicate)(?: (?:only|always|back|to the user|me|them|the user))*"
    rf" (?:in|with|as|using|briefly|concisely|politely|directly|honestly|at most|no more|{_FORMS}|step by step"
    r"|from|based|truthfully|only)\b"
    rf"|keep (?:your |the |all |every )?(?:{_ANSWER}|it|things) (?:short|brief|concise|under|to|polite|below"
    rf"|within|simple)"
    r"|be (?:concise|brief|polite|friendly|helpful|honest|precise|accurate|professional|respectful|direct|kind|warm)\b"
    r"|(?:mention|reveal|disclose|share|invent|make up|hallucinate|guess|apologi[sz]e|swear|discuss|speculate"
    r"|leak|expose"
    rf"|talk about|refer to)\b"
    r"|(?:use|include|add|give|write|output|return) (?:any )?(?:emojis?|slang|preambles?|disclaimers?|small talk|filler"
    rf"|headings|tables|extra text|explanations?|commentary|{_FORMS})\b"
    r"|(?:use|prefer) (?:metric|short sentences|plain|simple|formal|informal|the metric|a (?:formal|friendly|neutral))"
    rf"|format (?:your|the|all|every) {_ANSWER}"
    r"|(?:cite|quote|name|list) (?:your|the|all|every) (?:sources?|source of)\b"
    rf"|(?:cite|refer to) (?:the )?(?:sources?|documents?|passages?)\b"
    r"|(?:give|offer|provide) (?:any )?(?:legal|medical|financial|tax|investment) advice"
    r"|keep (?:a|an|your|the) [\w-]{1,20}(?: \w{1,20})? (?:tone|style|voice|register)|stay (?:in character"
    r"|on topic|polite|professional)|break character|think (?:step by step|carefully)"
    r"|repeat (?:the|my|this) (?:question|request|prompt)|say that you|tell the user|follow (?:these|the|our"
    r"|all) (?:rules|guidelines|style|policies)"
    r"|(?:use|include|add|write|avoid|make|draw|prefer) (?:any |the |a |an )?(?:tables?|lists?|headings?|jargon"
    r"|hashtags"
    r"|citations?|footnotes?|links|placeholders?|code (?:blocks?|fences)|fences|latex|markup|exclamation|passive"
    r"|contractions"
    r"|long sentences|british|american|metric|imperial|si units|active voice|iso (?:dates|8601)|everyday language"
    r"|oxford)\b"
    r"|(?:format|write|give|show) (?:all |any |the )?(?:dates|times|numbers|amounts|units|currenc\w+|code)"
    r" (?:as|in|with|using)\b"
    r"|(?:mark|wrap|put|fence|enclose) (?:all |any )?(?:code|commands|file names|paths)\b"
    r"|write (?:in )?plain (?:text|language)"
    r"|(?:output|return|print) (?:only|just|nothing but) (?:the )?(?:answer|result|final answer|response)"
    r"|only (?:output|return|print) the (?:answer|result)"
    r"|(?:answer|reply to|respond to) (?:the )?(?:user|customer)(?:'s)? (?:message|question|request|query)"
    r"|respond to it"
    r"|reveal internal|end (?:with|your)|start with|sign (?:off|with)|address the user|ask (?:for )?clarif)"
    r"|if (?:you|the (?:answer|context|information|documents?))\b[^\n]{0,40}\b(?:not|don't|cannot|can't|aren't|unsure"
    r"|isn't|doesn't)\b"
    rf"|(?:the|your|all) {_ANSWER} (?:must|should|has to|have to|will|is|are)\b"
    r"|if (?:something|anything|information|data|the answer|a value|it) (?:is|are) (?:missing|unclear|unknown|ambiguous"
    r"|not (?:clear|known|sure|available))\b"
    r"|no (?:preamble|emojis?|tables?|lists?|headings?|links|jargon|hashtags|markdown|explanations?|small talk"
    r"|apologies|disclaimers?|filler|extra text)\b"
    rf"|(?:at most|maximum|max|under|no more than) \d+ (?:words|sentences|characters|lines)"
    # German, French, Spanish, Italian, Portuguese
    r"|(?:bitte )?antworte(?:n sie)? |erw\u00e4hne (?:nie|niemals|nicht)|halte dich (?:kurz|an)|verwende kein"
    r"|r\u00e9pond(?:s|ez) |ne mentionne|ne r\u00e9v\u00e8le|responde |contesta |responda |nunca (?:menciones|reveles)"
    r"|no (?:menciones|reveles|inventes)|rispondi |non (?:menzionare|rivelare|inventare|usare|ripetere)"
    r"|n'(?:invente|utilise|emploie)|n\u00e3o (?:use|repita|invente|mencione|revele)|erfinde (?:nichts|keine)"
    r"|\u00e9vite "
    # Chinese, Japanese
    r"|[\u8bf7\u8acb]?(?:[\u7528\u4ee5][^\s]{1,8}(?:\u56de\u7b54|\u4f5c\u7b54|\u56de\u590d)|(?:\u4e0d\u8981"
    r"|\u8bf7\u52ff|\u7981\u6b62)(?:\u4f7f\u7528|\u7528)?(?:\u8868\u683c|\u7f16\u9020|\u91cd\u590d"
    r"|\u63d0\u53ca|\u900f\u9732|\u89e3\u91ca|\u8868\u60c5|\u9053\u6b49|\u865a\u6784)|\u4fdd\u6301\u7b80\u6d01)"
    r"|\S{1,16}(?:\u3067\u7b54\u3048|\u3067\u56de\u7b54|\u306f\u4f7f\u308f\u306a\u3044"
    r"|\u3092\u4f7f\u308f\u306a\u3044|\u7e70\u308a\u8fd4\u3055\u306a\u3044)",
    re.IGNORECASE,
)
"""How a sentence about the answer begins."""

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
    *("context", "document", "passage", "information", "source", "excerpt", "search result", "article", "knowledge"),
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
"""The first words of every match of _RULE and of _PERSONA: most sentences are settled by them."""
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
    return is_candidate and bool(_RULE.match(sentence)) and not says_what(sentence)


_MOST_LINES = 24


def _without_first(text: str) -> str:
    """Without a first paragraph about the assistant and the answer, or about the mode that an agent is in."""
    if not text.startswith(_OPENERS):
        return text
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
    *(
        "You ",
        "you ",
        "Plan ",
        "PLAN ",
        "Act ",
        "Ask ",
        "# ",
        "**",
        "[",
        "Important",
        "IMPORTANT",
        "Rules",
        "Du ",
        "Today",
    ),
    *("The ", "Current", "Please ", "Answer ", "Handle ", "Process ", "Complete ", "Solve ", "Here is ", "This is "),
)
"""What every such paragraph begins with."""


def _is_ask(text: str) -> bool:
    """Whether something to do is left: not a lead that ends in a colon, not a bare word."""
    return len(text) >= _LEAST_CHARS and not text.endswith((":", "\uff1a"))


_LEAST_CHARS = 12
