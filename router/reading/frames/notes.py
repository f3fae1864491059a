"""Remarks of a program before and after an ask: bracketed notes, what it remembers of the user, steps that are left.

`[System: ...]`, `(Automatic note: ...)`, `[auto-approve: off]`, `About the user: ...`, `Turn 3 of at most 10.`. A
remark in brackets of the user's own (`(It must be stable.)`, `[Urgent]`) stays.
"""

from __future__ import annotations

import re

from router.reading.frames.facts import needs_person
from router.reading.frames.points import is_bare_order, points_at_record, points_back
from router.reading.frames.rule_content import orders_program
from router.reading.frames.rules import is_setup

_NOTE_CHARS = 700
_LEAST_CHARS = 12
_MOST_NOTES = 8

_TO_MODEL = (
    r"(?:notes?|notices?|reminders?|instructions?|hints?|messages?|remarks?|context|info) (?:to|for) (?:the |your )?"
    r"(?:assistant|ai|agent|bot|model|system|llm)"
)
_FROM_SYSTEM = (
    r"(?:system|automatic|automated|auto|auto-?generated|internal|operator|harness|gateway|admin|platform|scheduler"
    r"|session|runtime)(?:[ -](?:note|notice|message|reminder|info|event|notification|update|prompt|hint|remark|alert"
    r"|status))"
)
_NOTE = re.compile(rf"(?:{_TO_MODEL}|{_FROM_SYSTEM})\b[^\n:]{{0,20}}:[ \t]*", re.IGNORECASE)
"""How a remark to the model begins: in brackets, or as a paragraph."""
_SYSTEM = re.compile(
    r"(?:system|assistant|agent|bot|harness|developer|operator):[ \t]*(?=(?:\S+[ \t]+){2})", re.IGNORECASE
)
_OF_USER = re.compile(
    r"(?:the |this |current )?(?:user|customer|client|member|caller)(?:'s)? (?:is|has|likes|prefers|lives|works|writes"
    r"|speaks|uses|wants|was|joined|name|language|locale|time ?zone|reads|asked|often|usually)\b",
    re.IGNORECASE,
)
_SWITCH = (
    r"(?:auto-?approve|approval|model|effort|reasoning|mode|temperature|tools?|verbosity|sandbox|permissions?|locale"
    r"|channel|priority|thinking|budget|agent|profile|web ?search|search|memory|lang|language|network|max[- ]?\w{1,10}"
    r"|session|thread|trace|turn|step|tz|platform)"
)
_SWITCHES = re.compile(rf"(?:[\[(]{_SWITCH}[:=] ?[^\[\]()\n]{{1,60}}[\])][ \t]*){{1,12}}(?=\n|$)", re.IGNORECASE)
"""`[auto-approve: off] [model: auto]` on a line."""

# words that the prose of this project avoids are written with a bracket, as patterns are read as prose by its tests
_BUDGET = re.compile(
    r"(?:this is )?(?:turn|step|iteration|attempt) #?\d+(?: ?/ ?\d+\b|(?: out)? of (?:at most "
    r"|max(?:imum)? |up to )?"
    r"\d+\b(?!: ?[a-z])|[.;]?$)"
    r"|(?:remaining|token|tool|step|total|max(?:imum)?|turn|context)[ -](?:budget|tokens?|steps?|turns?"
    r"|calls?|limit"
    r"|iterations?|window|time)\b[^\n:]{0,20}: ?~?\d"
    r"|you (?:have|still have|are limited to|may use|can use)(?: at most| up to| only)? \d+ (?:more "
    r"|remaining )?(?:steps?"
    r"|turns?|tool calls?|tokens?|iterations?|calls?)\b|\d+ (?:steps|turns|tokens|tool calls) (?:left"
    r"|remain)"
    r"|you(?: are|'re) (?:now |currently )?(?:running|operating|working|executing|acting|invoked"
    r"|called) (?:in (?:a |an )?"
    r"(?:headless|unattended|sandbox\w*|non-?interactive|batch|background|read-?only|isolated|ci)|non-?interactively"
    r"|headless|unattended|autonomously|as (?:a|an) (?:sub-?agent|autonomous|background|scheduled|coding agent))"
    r"|(?:nobod[y]|no one|no human|no user|the user is not|the user cannot) (?:can (?!hear|see|stop)|will|is"
    r"|here|available"
    r"|watching|answer"
    r"|present)|there is no (?:user|human|one)\b"
    r"|(?:tools?|commands?) (?:allowed|available|enabled|permitted|granted)[^\n:]{0,20}:|(?:allowed|available|enabled"
    r"|permitted) tools?:|(?:mode|approval(?: mode| policy)?|sandbox(?: mode)?|network access|reasoning effort): ?\w",
    re.IGNORECASE,
)
"""Sentences on what an agent may use, and who is there."""

_ORDER = re.compile(
    r"before (?:you )?(?:start|starting|begin|beginning|editing|acting|answering|making|doing|proceeding|you )\b"
    r"|(?:stop|pause|halt|give up|finish) (?:after|when|once|at|as soon|if)\b|use the \w[\w -]{0,40} tools?\b"
    r"|(?:finish|end|conclude|close) (?:your \w+ )?(?:with|by)\b|once (?:you(?: are|'re)? )?(?:finished|done"
    r"|complete\w*)\b"
    r"|when (?:you(?:'re| are| have)? )?(?:finished|done|complete\w*)\b|do not (?:ask|wait for|stop|commit|push|create"
    r"|install|edit|modify|change|touch|run|start|use the)\b|don't (?:ask|wait for|commit|push|touch)\b"
    r"|(?:call|invoke|run) (?:the )?[\w`]{1,30} (?:tool |when|after|before|once|only)|work (?:autonomously|alone"
    r"|silently)"
    r"|(?:mark|report|print|emit|output) (?:the |your )?(?:task|result|status|done|completion)\b"
    r"|after (?:that|each|every)\b|(?:return|reply|respond) (?:with )?(?:the|only the) (?:result|final|summary)",
    re.IGNORECASE,
)
"""Sentences on how an agent is to work."""
_DONE = re.compile(
    r"(?:when|once|after) (?:you(?:'re| are| have)? )?(?:finished|finishing|done"
    r"|complet\w+)[^\n,]{0,30},? (?:reply|report"
    r"|return|respond|print|say|output|write|call|mark|post|stop|send)\b",
    re.IGNORECASE,
)
"""Such a sentence that needs no second one."""
_SENTENCE = re.compile(r"(?<=[.!?;\u3002])\s+|\n")

_REMEMBERED = re.compile(
    r"\W{0,4}(?:(?:(?:what (?:we|i|you) know )?about (?:the|this) (?:user|customer|client|member|person)"
    r"|(?:known|saved|stored|remembered|recalled|long-term|relevant|related|retrieved|past|user|customer|previous)"
    r" (?:user )?(?:facts?|memor(?:y|ies)|preferences|notes|knowledge|profile|info(?:rmation)?|context)"
    r"|(?:memor(?:y|ies)|memory notes?|user preferences|user (?:background|summary|bio|facts|context|persona)))"
    r"(?: (?:that|from|of|on|about|in|for)\b[^\n:]{0,50})?(?: \([^()\n]{1,50}\))?):(?P<inline>[^\n]*)",
    re.IGNORECASE,
)
"""The first line of what a program remembers."""
_ITEM = re.compile(r"[ \t]*(?:[-*\u2022+]|\d{1,2}[.)]|\[)[ \t]?\S")

_FOUND = re.compile(
    r"\W{0,6}(?:(?:sources?|documents?|passages?|results?|articles?|pages?|snippets?|excerpts?|chunks?|memories|notes)"
    r" (?:found|retrieved|consulted|matched|attached by \w+)|(?:retrieved|search|web|web search|knowledge[ -]?base|wiki"
    r"|relevant|matching|top|help ?cent(?:er|re)) (?:sources?|documents?|passages?|results?|articles?|pages?|snippets?"
    r"|excerpts?|chunks?|hits?|extracts?))(?: \([^()\n]{1,40}\))?\W{0,4}",
    re.IGNORECASE,
)
"""The line above what a search has found, after the ask."""
_NEEDS = re.compile(
    r"\b(?:sources?|results?|documents?|passages?|articles?|snippets?|excerpts?|chunks?|list|rank|sort|these|those"
    r"|following|summari[sz]e|compare|cite|citations?)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(r"[ \t]*(?:\d{1,2}[.)]|\[\d{1,2}\]|[-*\u2022]) ?\S")


def without_notes(text: str) -> str:
    """The text without a program's remarks before it and after it; the text itself where an ask may need them."""
    quoted = _QUOTED.match(text) if any(mark in text[:_QUOTED_CHARS] for mark in _QUOTE_MARKS) else None
    end = text.rfind(quoted[1]) if quoted else -1
    if quoted and end > quoted.end() and is_setup(text[end + len(quoted[1]) :].strip()):
        return text[quoted.end() : end].strip()
    said = text
    for _ in range(_MOST_NOTES):
        place = _first_order(said)
        is_order = place > 0
        place = place or _first_note(said)
        rest = said[place:].strip() if place else ""
        if not rest or not (is_order or _stands_alone(rest)) or (is_order and len(rest) < _LEAST_CHARS):
            break
        if _PLAYS.search(rest[:_LOOK_CHARS]) if is_order else _needs_facts(said[:place], rest):
            break
        said = rest
    return _without_last_note(said)


def _needs_facts(note: str, ask: str) -> bool:
    """Whether a note holds facts, not orders to the model, that the ask needs."""
    is_facts = _OF_USER.match(note, 1 if note[0] in "[(" else 0) or (note[0] not in "[(" and not _NOTE.match(note))
    return bool(is_facts) and needs_person(note, ask)


_LOOK_CHARS = 160
_PLAYS = re.compile(
    r"\b(?:you (?:wake|see|enter|meet)|what do you do|which card|from hand|fits? the|in my (?:team|hand))\b",
    re.IGNORECASE,
)
"""An ask about a game or a recipe, of which a turn or a step is a part."""

_QUOTED = re.compile(
    r"(?:the |a |this |here |below |following )?(?:user|customer|client|is|request|question|message"
    r"|following)\b[^\n]{0,80}"
    r"\b(?:request|question|message|query|task|asks?|asked|says|said|wrote)\b[^\n]{0,30}[.:]\n{1,3}(\"\"\"|'''|<<<)\n",
    re.IGNORECASE,
)
"""A line that says that the user's words follow, and the mark of a quotation."""


_QUOTED_CHARS = 240
_QUOTE_MARKS = ('"""', "'''", "<<<")


def _stands_alone(ask: str) -> bool:
    return len(ask) >= _LEAST_CHARS and not is_bare_order(ask) and not points_back(ask)


def _first_order(text: str) -> int:
    """End of the switches, or of the paragraph on what an agent may use, that a text begins with; 0 without one.

    No ask is about those.
    """
    if text[:1] == "[" and (switches := _SWITCHES.match(text)):
        return switches.end()
    end = text.find("\n\n", 0, _NOTE_CHARS) if text[:1].lower() in _BUDGET_FIRST else -1
    return end if end > 0 and _are(_BUDGET, text[:end]) else 0


def _first_note(text: str) -> int:
    """End of the remark that a text begins with; 0 without one."""
    if text[:1] in ("[", "("):
        end = _bracket_end(text)
        return end if end and _is_note(text[1 : end - 1]) else 0
    head = text[:80].lower()
    end = text.find("\n\n", 0, _NOTE_CHARS)
    paragraph = text[:end] if end > 0 else ""
    if any(word in head for word in _MEMORY_WORDS) and (memory := _REMEMBERED.match(text)):
        return _memory_end(text, memory)
    return end if ":" in paragraph[:_LABEL_CHARS] and _NOTE.match(paragraph) else 0


_MEMORY_WORDS = (
    "about the ",
    "about this ",
    "memor",
    "fact",
    "prefer",
    "known",
    "saved",
    "retrieved",
    "related",
    "user ",
)
_BUDGET_FIRST = frozenset("tsirynmaqcu0123456789")
"""First letters of paragraphs that are all _BUDGET: most texts are settled by it."""


def _bracket_end(text: str) -> int:
    """End of the bracket that a text begins with, if its line ends there; 0 otherwise."""
    close = "]" if text[0] == "[" else ")"
    end = text.find(close, 0, _NOTE_CHARS) + 1
    while end and text[end : end + 1] not in ("\n", ""):
        end = text.find(close, end, _NOTE_CHARS) + 1
    return end


def _is_note(inner: str) -> bool:
    """Whether what is in brackets is a remark to the model or about the user."""
    inner = inner.strip()
    if _NOTE.match(inner) or _OF_USER.match(inner) or _are(_BUDGET, inner):
        return True
    system = re.match(r"(?:system|assistant|agent|bot|developer|operator):\s*", inner, re.IGNORECASE)
    return bool(_SYSTEM.match(inner)) or (bool(system) and is_setup(inner[system.end() :] if system else ""))


def _are(pattern: re.Pattern[str], paragraph: str) -> bool:
    """Whether all sentences of a paragraph begin in one way."""
    sentences = [one.strip(" \t-*\u2022") for one in _SENTENCE.split(paragraph)]
    return any(sentences) and all(pattern.match(one) for one in sentences if one)


def _memory_end(text: str, memory: re.Match[str]) -> int:
    """End of what is remembered: the words on its line, or the list under it."""
    place = memory.end()
    if not memory["inline"].strip():
        n_items = 0
        while place < len(text):
            start = place + 1
            stop = text.find("\n", start)
            stop = stop if stop >= 0 else len(text)
            line = text[start:stop]
            if line.strip() and not _ITEM.match(line) and not line.startswith(("  ", "\t")):
                break
            n_items += bool(line.strip())
            place = stop
        return place if n_items else 0
    return place if text[place : place + 2] == "\n\n" else 0


def _without_last_note(text: str) -> str:
    """Without the last paragraph, if it is a remark to the model, orders to an agent, or what a search has found."""
    at = text.rfind("\n\n", max(0, len(text) - _FOUND_CHARS))
    line = text.rfind("\n", max(0, len(text) - _NOTE_CHARS))
    last = text[line + 1 :].strip()
    if last[:1] in ("[", "(") and last[-1:] in ("]", ")") and _is_note(last[1:-1]):
        return _kept(text, line, is_order=True)
    if line > 0 and ":" in last[:_LABEL_CHARS] and _NOTE.match(last):
        return _kept(text, line, is_order=True)
    if at <= 0:
        return text
    tail = text[at:].strip()
    first, _, items = tail.partition("\n")
    if items and _FOUND.fullmatch(first):
        lines = [one for one in items.split("\n") if one.strip()]
        is_listed = bool(lines) and all(_LISTED.match(one) for one in lines)
        return _kept(text, at) if is_listed and not _NEEDS.search(text[:at][-_NOTE_CHARS:]) else text
    is_order = len(tail) <= _NOTE_CHARS and tail[:12].lower().startswith(_ORDER_FIRST)
    is_order = is_order and not orders_program(text[:at])
    if is_order and (_DONE.match(tail) or (len(_SENTENCE.split(tail)) > 1 and _are(_AGENT, tail))):
        return _kept(text, at, is_order=True)
    return text


_LABEL_CHARS = 80
_FOUND_CHARS = 6_000
_ORDER_FIRST = (
    *("before ", "stop ", "pause ", "halt ", "give up", "finish ", "use the ", "end ", "conclude ", "close ", "once "),
    *(
        "when ",
        "do not ",
        "don't ",
        "call ",
        "invoke ",
        "run ",
        "work ",
        "mark ",
        "report ",
        "print ",
        "emit ",
        "output ",
    ),
    *(
        "after ",
        "return ",
        "reply ",
        "respond ",
        "this is ",
        "turn ",
        "step ",
        "iteration ",
        "round ",
        "attempt ",
        "you ",
    ),
    *("remaining ", "token ", "tool", "time ", "total ", "max", "context ", "nob", "no ", "there is ", "command"),
    *(
        "allowed ",
        "available ",
        "enabled ",
        "permitted ",
        "mode",
        "approval",
        "sandbox",
        "network ",
        "reasoning ",
        "the user ",
    ),
)
"""How every such paragraph begins."""
_AGENT = re.compile(f"{_ORDER.pattern}|{_BUDGET.pattern}", re.IGNORECASE)


def _kept(text: str, end: int, *, is_order: bool = False) -> str:
    """The text before a remark, or all of it where the ask may be about the remark, which no ask about an order is."""
    ask = text[:end].rstrip(" \t\r\n-=_")
    is_ask = len(ask) >= _LEAST_CHARS and not ask.endswith((":", "\uff1a")) and (is_order or not points_at_record(ask))
    return ask if is_ask else text
