"""Lines of a program around an ask that hold no words of a person: notices, cards, posts, entries, banners, letters.

`Queue: Finance (4 waiting)`, `r/help \u2022 posted by u/kim`, `Item 2 of 9`, `Tap to reply.`, `=====`. A line counts
where nothing is left of it without names, numbers, times, addresses and the closed class of words that programs use for
their own things (program_words.py). What has such lines inside as well is a document, not an ask, and stays whole.
"""

from __future__ import annotations

import re

from router.reading.frames.fields import is_about_records
from router.reading.frames.points import ends_pointing, is_bare_order, points_at_record
from router.reading.frames.program_lines import (
    CJK,
    LINE_CHARS,
    NO_LINE,
    RULE,
    STAMP,
    SURE,
    has_others,
    line_of,
    names_ask,
)
from router.reading.frames.program_words import ASK_NAMES, NAMES_OF_ASKS

_MOST_LINES = 16
_LEAD_CHARS = 90
_LEAST_CHARS = 12
_LEAST_WORDS = 3
_SO_SURE = 4
"""How much lines must say together for a document between them to be an ask too."""

_OPEN = re.compile(
    "(?:[-*] )?\\[ \\][ \t]+|[\u2610\u2192\u21d2\u25b6\u2794][ \t]+|(?:\\d{1,2}[.)]|\\([a-z]\\))[ \t]+"
    "|[*\u2022] |>{2,3} "
)
"""The mark of the item that is open."""


def ask_between_lines(text: str) -> str | None:
    """The ask between a program's lines before and after it; None where there are none, or the ask speaks of them."""
    if _MAIL.match(text):
        return None
    start, head, named = _after_now(text) or _after_scene(text) or _head(text)
    end, tail = _tail(text, start, alone=not (head + named))
    if end < len(text) and start and _is_ruled(text, start, end):
        head = max(head, SURE)
    if head + tail + named < SURE or _SPEAKERS.match(text):
        return None
    ask = _unmarked(text[start:end].strip(" \t\r\n"))
    if len(ask) + 2 > len(text.strip()) or not _is_ask(ask) or (head + tail + named < _SO_SURE and _has_lines(ask)):
        return None
    if not (head or named) and is_about_records(ask):
        return None
    return None if points_at_record(ask) or _OF_LINES.search(ask) or is_bare_order(ask) or ends_pointing(ask) else ask


_OF_LINES = re.compile(
    r"\b(?:this|the|that|these|those|my) (?:card|ticket|item|task|entry|post|letter|notice|notification|reminder|event"
    r"|queue|board|sprint|row|sheet|banner|invitation|appointment|deadline|meeting|caller|visitor|sender|author)s?\b",
    re.IGNORECASE,
)
"""Words of an ask for what a program's lines are about."""


_SPEAKERS = re.compile(
    r"\W{0,2}(?:user|assistant|asst|human|ai|bot|tool|system)\b"
    r"|(?:agent|operator|caller|customer|guest|visitor):[^\n]{1,300}\n"
    r"(?:agent|operator|caller|customer|client|guest|visitor):",
    re.IGNORECASE,
)
"""How a conversation begins that a person wrote down."""
_NOW = re.compile(
    r"(?:^|\n|[.!)\]] )(?:asked now|(?:new|now) (?:today|now|asked)|this time|now"
    r"|(?:the )?(?:latest|current|newest|real|actual) (?:input|message|request|question|words|ask)"
    r"(?: (?:of|from|by) [\w .]{1,30})?)[ \t]*(?::|->|=>|\n)[ \t\n]*(?=\S)"
    r"|\n[^\n]{0,60}\b(?:words|message|request|question|input|text)\b[^\n]{0,20}"
    r"\b(?:are these|follows?|is this|below)[.:]\n+",
    re.IGNORECASE,
)
_PAST = (
    *("summary", "recalled", "earlier", "before", "previous", "prior", "memor", "history", "last time", "so far"),
    *("compacted", "continued", "example", "sample", "session"),
)
"""Words of a head that tells of earlier turns."""
_MOST_PAST_CHARS = 2_000


def _after_now(text: str) -> tuple[int, int, int] | None:
    """The head that tells of earlier turns, up to a label that says that the ask of now follows; None without one."""
    first = text[:LINE_CHARS].lower()
    found = _NOW.search(text, 0, _MOST_PAST_CHARS) if any(word in first for word in _PAST) else None
    if not found or found.start() < _LEAST_CHARS or _NOW.search(text, found.end()):
        return None
    return found.end(), SURE, SURE


_SCENE = re.compile(
    r"(?:\[scene\b|you are\b|you play\b|your part|the (?:stage|scene|setting)|imagine\b|stay in character|from now on"
    r"|pretend\b|act as\b|\W?(?-i:[A-Z])\w{1,20} (?:opens|enters|walks|leans|sits|comes|turns))[^\n]{0,500}?"
    r"(?:(?:says|asks|said|asked|wants (?:of you|to know)|their line|words follow|turns to you|leans over [^\n.]{1,30}"
    r"|smiles\*?)[.:,*]?)[ \t\n]+(?:-{3,}\n)?(?=\S)",
    re.IGNORECASE,
)
"""A scene that a program sets, up to the words of the person in it."""
_SCENE_FIRST = frozenset("[yYtTiIsSfFpPaA*")


def _after_scene(text: str) -> tuple[int, int, int] | None:
    found = _SCENE.match(text) if text[:1] in _SCENE_FIRST else None
    return (found.end(), SURE, SURE) if found else None


def _is_ruled(text: str, start: int, end: int) -> bool:
    """Whether rules are before and after the ask."""
    before, after = text[:start].strip().split("\n"), text[end:].strip().split("\n")
    return any(RULE.fullmatch(line.strip()) for line in before) and bool(RULE.fullmatch(after[0].strip()))


def _is_ask(ask: str) -> bool:
    if ask.endswith((":", "\uff1a")):
        return False
    return len(ask) >= _LEAST_CHARS and (not ask.isascii() or len(ask.split(None, _LEAST_WORDS)) >= _LEAST_WORDS)


def _has_lines(ask: str) -> bool:
    """Whether a line of it is a program's too, or has a label: then it is a document."""
    if _LABELLED.search(ask):
        return True
    return "\n" in ask and any(
        line_of(bare).score > 0 for line in ask.split("\n")[:_MOST_LINES] if (bare := line.strip())
    )


_LABELLED = re.compile(
    r"\n\[\d|\n\W{0,3}\[[ xX]\] |\n\W{0,2}(?:user|assistant|asst|tool|human|ai)\b"
    r"|\n\W{0,3}[^\W\d_a-z][\w /-]{0,24}:(?:\s|$)|\d[:.]\d\d [^\n:]{1,20}: |^\w+ ?: "
)
"""Labels, speakers, numbered passages and items of a list inside an ask."""
_MAIL = re.compile(
    r"\W{0,3}(?:from|to|cc|subject|date|received|von|an|betreff|de|para|asunto|objet|da|a): ?\S", re.IGNORECASE
)
"""The head of a mail, which has rules of its own."""
_QUOTES = {'"': '"', "\u201c": "\u201d", "\u00ab": "\u00bb"}


def _unmarked(ask: str) -> str:
    """An ask without the mark of the only open item, and without the quotation marks around all of it."""
    if opened := _OPEN.match(ask):
        ask = ask[opened.end() :].strip()
    ask = _CLOSED.sub("", ask)
    close = _QUOTES.get(ask[:1])
    is_quoted = bool(close) and ask.endswith(close or "\n") and (close or "") not in ask[1:-1]
    return ask[1:-1].strip() if is_quoted else ask


_CLOSED = re.compile(r"\s*(?:\[/\w{1,20}\]|\n<{2,3}|\n>{2,3})$")
_REPLY = re.compile(r"(?:\([a-z]\) ?)?(?:reply|answer|response|your (?:reply|answer)|a):", re.IGNORECASE)


def _head(text: str) -> tuple[int, int, int]:
    """(start of the ask, how sure the lines before it are a program's, how sure a label names the ask)."""
    place = score = 0
    for _ in range(_MOST_LINES):
        end = text.find("\n", place, place + LINE_CHARS + 1)
        last = end < 0
        bare = text[place : place + LINE_CHARS if last else end].strip()
        line = NO_LINE if last else line_of(bare)
        first = not score
        if bare and not (line.score or line.is_edge):
            if lead := _lead(bare, first=first):
                return text.find(bare, place) + lead[0], score, lead[1]
            return place, score, 0
        score += line.score
        if last:
            return place, score, 0
        place = end + 1
        if bare.endswith((":", "\uff1a")) and names_ask(bare, ASK_NAMES) and not (first and has_others(bare)):
            return place, score, SURE
    return 0, 0, 0


_DATUM = re.compile(r"\w+(?: \w+)?[ \t]+[\d.,:%]+")
"""A name with a number: `Mon 82`."""


def _tail(text: str, start: int, *, alone: bool) -> tuple[int, int]:
    """(end of the ask, how sure the lines after it are a program's). alone: whether no lines precede the ask."""
    end, score, at = len(text), 0, len(text)
    is_apart = False
    for _ in range(_MOST_LINES):
        begin = text.rfind("\n", max(start, at - LINE_CHARS - 1), at)
        if begin < 0:
            break
        bare = text[begin + 1 : at].strip()
        line = line_of(bare, last=True)
        if bare and not (line.score or line.is_edge):
            break
        if bare and (not bare.endswith(":") or _REPLY.match(bare)):
            end, score = begin, score + line.score
        is_apart = (not bare or line.is_edge) if end < len(text) else False
        at = begin
    if alone and all(_DATUM.fullmatch(line.strip()) for line in text[end:].split("\n") if line.strip()):
        return len(text), 0
    is_sure = not alone or is_apart or score > SURE or (score >= SURE and bool(STAMP.search(text, end)))
    if end < len(text) and (text.count("```", start, end) % 2 or not is_sure):
        return len(text), 0
    return end, score


_LEAD = re.compile("(?::|->|=>|\u21d2|\u2192|:::| ~| \\||\\] | \u2022| -|\\))[ \t]+(?=\\S)|:::?[ \t]*(?=\\S)|\uff1a")


_LEAD_MARKS = (":", ">", ")", "]", "|", "\u21d2", "\u2192", " ~", "\u2022", " -", "\uff1a")


def _lead(bare: str, *, first: bool) -> tuple[int, int] | None:
    """(where the ask begins on a line that begins with a program's words, how sure they are); None without them.

    first: whether no line of a program precedes it.
    """
    best: tuple[int, int] | None = None
    if not any(mark in bare[:_LEAD_CHARS] for mark in _LEAD_MARKS):
        return None
    for found in _LEAD.finditer(bare, 0, _LEAD_CHARS):
        prefix = bare[: found.end()].strip()
        if _is_open(prefix) or (prefix[-1] == ")" and prefix[0] != "("):
            continue
        line = line_of(prefix)
        if prefix[-1] == "\uff1a" or CJK.search(prefix):
            return (found.end(), SURE) if line.score else None
        if line.is_edge and len(prefix) < 4 and len(bare) - found.end() >= _LEAST_CHARS and not first:
            best = (found.end(), 1)
            continue
        if not line.score or len(bare) - found.end() < _LEAST_CHARS:
            break
        if first and prefix[0] not in "([" and has_others(prefix):
            continue
        if _REPLY.match(prefix):
            return None
        is_named = names_ask(prefix, NAMES_OF_ASKS if first else ASK_NAMES)
        is_bracket = prefix[0] in "([" and prefix[-1] in ")]" and line.score >= SURE
        worth = SURE if is_named else line.score
        is_programs = worth > 1 and (STAMP.search(prefix) or prefix.count(" | ") > 1) and not _SMALL_START.match(prefix)
        if is_named or not first or is_bracket or is_programs:
            best = (found.end(), worth)
    return best


_SMALL_START = re.compile(r"(?:[\[(][^\[\]()]*[\])] )?[a-z]")


def _is_open(prefix: str) -> bool:
    """Whether a bracket is open at its end."""
    return prefix.count("(") > prefix.count(")") or prefix.count("[") > prefix.count("]")
