"""Orders that look like rules on an answer and say what to write: "Mention the red scarf.", "Answer in Klingon."."""

from __future__ import annotations

import re

_NEGATED = re.compile(
    r"(?:please |also |and |but |always |you (?:must|should|may|will) |make sure (?:to |that you )?|be sure to "
    r"|remember to )*"
    r"(?:never|do not|don't|not|avoid|no|only if)\b",
    re.IGNORECASE,
)
_LEAD = (
    r"(?:please |also |and |but |always |only |just |you (?:must|should|will) |make sure to |be sure to "
    r"|remember to )*"
)
_SAYS_WHAT = re.compile(
    rf"{_LEAD}(?:mention|refer to|discuss|talk about|start with|end with|reveal|disclose|share|invent|make up"
    rf"|hallucinate"
    r"|guess|apologi[sz]e|swear|speculate|leak|expose|address the user as (?-i:[a-z])\w+"
    r"|ask (?:for )?clarif\w+ (?:of|on|about)"
    r"|say that you|tell the user (?:that|about))\b(?! (?:the|your) (?:answer|result|conclusion|main point))"
    rf"|{_LEAD}(?:use|include) (?:slang|emojis?)\b",
    re.IGNORECASE,
)
"""What a person orders of a text: a program only forbids it."""
_SOURCES = re.compile(r"\b(?:sources?|documents?|passages?|context|citations?|uncertain|know|sure)\b", re.IGNORECASE)
_FORM = re.compile(
    rf"{_LEAD}(?:answer|respond|reply|write|speak|communicate)(?: (?:only|always|back|to the user|me|them|the user))*"
    r" (?P<how>in|with|as|using) (?P<form>[^\n]{1,80})",
    re.IGNORECASE,
)
_KNOWN = frozenset(
    "english german french spanish italian portuguese dutch polish russian japanese chinese korean swedish"
    " turkish"
    " norwegian danish finnish czech greek ukrainian arabic hindi catalan romanian hungarian bulgarian"
    " serbian croatian slovak slovenian"
    " hebrew persian urdu bengali thai vietnamese indonesian malay language languages same user's users"
    " user customer"
    " customer's message markdown json plain html xml yaml text prose bullet bullets point points style"
    " tone voice"
    " register formal informal friendly polite concise short brief sentences sentence paragraph paragraphs"
    " words word"
    " clear simple easy everyday british american professional neutral warm calm kind helpful only most"
    " more than less"
    " a an the no not of one two three four five six ten at and or but that this it its is are was to for"
    " by your our"
    " their his her complete full whole detail details care code block blocks heading headings list lists"
    " emojis emoji"
    " steps step answer answers final itself result results number numbers valid fenced without any extra"
    " anything"
    " else unless asked explicitly wrote writes written use uses used using asks question request reply replies"
    " response under up limit about exactly maximum max limited lines line characters object key keys"
    " fields field"
    " present past tense active first person second third plain-text form format as in with on from if when"
    " possible"
    " always never please term terms well-known common possible respectful accurate factual direct precise tables"
    " caution confidence honesty brevity facts them they you i new".split()
)
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_LOCALE = re.compile(r"[a-z]{2}[-_][A-Z]{2}\b")
_CODE = re.compile(r"with three|table with|columns?\b", re.IGNORECASE)


def says_what(sentence: str) -> bool:
    """Whether a sentence that begins like a rule says what to write, or in what form that no program asks for."""
    if _NEGATED.match(sentence):
        return False
    if _SAYS_WHAT.match(sentence):
        return not _SOURCES.search(sentence)
    found = _FORM.match(sentence)
    if found is None:
        return False
    if _LOCALE.match(found["form"]):
        return False
    if _CODE.search(found["form"]):
        return True
    end = re.search(r"[,.;:!?]|\band\b", found["form"])
    words = _WORD.findall(found["form"][: end.start()] if end else found["form"])
    return bool(words) and words[0][0].isascii() and any(word.lower() not in _KNOWN for word in words)


_ASSISTANT = re.compile(
    r"\b(?:assistants?|agents?|bots?|chatbots?|ai|models?|llm|helpers?|support|desk|consultant|experts?"
    r"|engineers?|developers?"
    r"|programmers?|analysts?|tutors?|advis[eo]rs?|specialists?|concierge|copilot|employee|representative"
    r"|service|team"
    r"|assistent\w*|asistente|assistente|hilfe|now|in|running|working|operating|reviewer|writer|editor"
    r"|researcher|helpful)\b",
    re.IGNORECASE,
)
_PERSONA = re.compile(r"(?:you are|you're|act as|du bist|eres|tu es)\b", re.IGNORECASE)


def is_character(sentence: str) -> bool:
    """Whether a sentence gives a part to play, not that of an assistant: "You are a chess engine."."""
    return bool(_PERSONA.match(sentence)) and not _ASSISTANT.search(sentence)


_PROGRAM = re.compile(
    r"\b(?:scripts?|programs?|programme|loop|bot|state machine|flow|workflow|pipeline|function|app|cli|daemon"
    r"|crawler|scraper"
    r"|macro|cron|game|robot|controller|makefile|dockerfile|hook)\b",
    re.IGNORECASE,
)
_BUILDS = re.compile(r"\b(?:write|design|build|create|make|implement|code|program)\b", re.IGNORECASE)


def orders_program(ask: str) -> bool:
    """Whether a short ask orders a program: then what it is to do, and when it stops, is part of the ask."""
    return len(ask) <= _SHORT_CHARS and bool(_BUILDS.search(ask) and _PROGRAM.search(ask))


_SHORT_CHARS = 120

_REQUIRES = re.compile(
    r"\"[^\"\n]+\"|\bcolumns?\b|\bwith (?!out)\w+ and \w+|\bnamed groups\b|\b(?:[Ll]ike"
    r"|[Ii]n the style of) [A-Z]|\bin [A-Z][a-z]+\b(?<!English)(?<!Markdown)"
    r"|\brhym\w+|\b\d+[ -](?:bullets?|lines?|years?|year-olds?|columns?|rows?|items?)\b|\b[A-Z][a-z]+[A-Z]\w*",
)


def requires(body: str) -> bool:
    """Whether a short section on the form holds a requirement: column names, quoted strings, proper names."""
    return len(body) <= _BODY_CHARS and "\n" not in body and bool(_REQUIRES.search(body))


_BODY_CHARS = 80
