"""Lines of a program around an ask that hold no words of a person: notices, cards, posts, entries, banners, letters.

`Queue: Finance (4 waiting)`, `r/help \u2022 posted by u/kim`, `Item 2 of 9`, `Tap to reply.`, `=====`. A line counts
where nothing is left of it without names, numbers, times, addresses and the closed class of words that programs use for
their own things (program_words.py). What has such lines inside as well is a document, not an ask, and stays whole.
"""

from __future__ import annotations

import re

from router.reading.frames.fields import is_about_records
from router.reading.frames.needed_lines import needs_lines
from router.reading.frames.points import orders_reply
from router.reading.frames.program_lines import (
    CJK,
    DONE,
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
from router.reading.frames.prose import goes_on, has_item, is_sentence, unlisted, without_fences

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
    if head + tail + named < SURE or _SPEAKERS.match(text) or _SAID.search(text, start, end):
        return None
    ask = _unmarked(text[start:end].strip(" \t\r\n"))
    if len(ask) + 2 > len(text.strip()) or not _is_ask(ask) or (head + tail + named < _SO_SURE and _has_lines(ask)):
        return None
    if (not (head or named) and is_about_records(ask)) or _OF_LINES.search(ask):
        return None
    if start and not named and goes_on(text, start) and _is_begun(_line_before(text, start)):
        return None
    lines = [line for part in (text[:start], text[end:]) for line in part.split("\n") if line.strip()]
    opened = text[max(0, start - _OPEN_CHARS) : start] if named or head else ""
    if not _is_one_open(lines, text[start:end].strip(), opened):
        return None
    facts = [line for line in lines if not DONE.match(line.strip())]
    return None if needs_lines(ask, facts, are_after=not (head or named)) else ask


def _is_one_open(lines: list[str], said: str, before: str) -> bool:
    """Whether a list with items that are done has one open item, the ask; any other text is none.

    before: the characters before what is said.
    """
    if not any(DONE.match(line.strip()) for line in lines):
        return True
    return bool(_OPEN.match(said) or _OPEN_LABEL.search(before)) and not _ITEM_LATER.search(said)


_OPEN_CHARS = 24
_OPEN_LABEL = re.compile(r"(?:(?:^|\n)(?:open|to do|todo|left|next)|message arrives):\s$", re.IGNORECASE)
_ITEM_LATER = re.compile("\n *(?:(?:[-*] )?(?:\\[.\\]|[\u2610\u2611\u2714\u2713])|[-*] |[^\\W\\d_a-z])")
"""A further item, or a sentence, after the open one."""


_OF_LINES = re.compile(
    r"\b(?:this|the|that|these|those|my) (?:card|ticket|item|task|entry|post|letter|notice|notification|reminder|event"
    r"|queue|board|sprint|row|sheet|banner|invitation|appointment|deadline|meeting|caller|visitor|sender|author)s?\b",
    re.IGNORECASE,
)
"""Words of an ask for what a program's lines are about."""


_SAID = re.compile(r"(?:^|\n)\W{0,2}[^\W\d_]\w{0,20}: \S[^\n]*\n+\W{0,2}[^\W\d_]\w{0,20}: \S|(?:^|\n)> ")
"""Two lines of speakers, or lines of a quoted mail."""
_SPEAKERS = re.compile(
    r"\W{0,2}(?:user|assistant|asst|human|ai|bot|tool|system)\b"
    r"|(?:agent|operator|caller|customer|guest|visitor):[^\n]{1,300}\n"
    r"(?:agent|operator|caller|customer|client|guest|visitor):",
    re.IGNORECASE,
)
"""How a conversation begins that a person wrote down."""
_NOW = re.compile(
    r"(?:^|\n|[.!)\]] )(?:asked now|(?:new|now) (?:today|now|asked)"
    r"|(?:the )?(?:latest|current|newest|real|actual) (?:input|message|request|question|words|ask)"
    r"(?: (?:of|from|by) [\w .]{1,30})?)[ \t]*(?::|->|=>|\n)[ \t\n]*(?=\S)"
    r"|\n[^\n]{0,60}\b(?:words|message|request|question|input|text)\b[^\n]{0,20}"
    r"\b(?:are these|follows?|is this|below)[.:]\n+",
    re.IGNORECASE,
)
_PAST = (
    *("summary", "recalled", "earlier", "before", "previous", "prior", "memor", "history", "last time", "so far"),
    *("compacted", "continued", "session"),
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
    r"|smiles\*)(?:[:*]|[.]\n))[ \t\n]+(?:-{3,}\n)?(?=[^\n]+(?:\n(?-i:[a-z])[^\n]*){0,8}$)",
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


def _is_begun(line: str) -> bool:
    """Whether the words before a list or a fence begin an ask: a sentence, or something in quotation marks."""
    return is_sentence(line) or line[:1] in _QUOTES


def _line_before(text: str, place: int) -> str:
    """The words of the line before a place, without a label; "" for an item of a list."""
    line = text[:place].rstrip().rpartition("\n")[2].strip()
    return (line.partition(": ")[2] or line) if unlisted(line) == line else ""


def _has_lines(ask: str) -> bool:
    """Whether a line of it is a program's too, or has a label: then it is a document.

    Its code is its own, and the marks of its lists say nothing.
    """
    ask = without_fences(ask)
    if _LABELLED.search(ask, 0, _MOST_PAST_CHARS):
        return True
    return "\n" in ask and any(
        line_of(bare).score > 0 for line in ask.split("\n")[:_MOST_LINES] if (bare := unlisted(line.strip()))
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
    if (opened := _OPEN.match(ask)) and not has_item(ask, opened.end()):
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
    for n_before in range(_MOST_LINES):
        end = text.find("\n", place, place + LINE_CHARS + 1)
        last = end < 0
        bare = text[place : place + LINE_CHARS if last else end].strip()
        line = NO_LINE if last else line_of(bare)
        first = not score
        if n_before and (line.score or line.is_edge) and (at := _asked_at(text, bare, place)):
            return at, score, SURE
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


def _asked_at(text: str, bare: str, place: int) -> int:
    """Where the sentence of a person begins behind a label that names an ask; 0 where there is none.

    Under a label such as "Notes" it does only with a list or a fence below it, or if a program's lines are the rest.
    """
    label, _, value = bare.partition(": ")
    if not is_sentence(value) or not names_ask(label, ASK_NAMES):
        return 0
    end = text.find(bare, place) + len(bare)
    is_ask = names_ask(label, NAMES_OF_ASKS) or goes_on(text, end) or _is_rest_of_program(text, end)
    return text.find(value, place) if is_ask else 0


def _is_rest_of_program(text: str, place: int) -> bool:
    lines = [bare for line in text[place:].split("\n", _MOST_LINES) if (bare := line.strip())]
    return bool(lines) and all(line.score or line.is_edge for line in (line_of(bare, last=True) for bare in lines))


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
    if end < len(text) and (text.count("```", start, end) % 2 or not is_sure or orders_reply(text[end:])):
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
        is_named = bool(_NAMED.fullmatch(prefix)) if first else names_ask(prefix, ASK_NAMES)
        is_bracket = prefix[0] in "([" and prefix[-1] in ")]" and line.score >= SURE
        worth = SURE if is_named else line.score
        is_programs = worth > 1 and (STAMP.search(prefix) or prefix.count(" | ") > 1) and not _SMALL_START.match(prefix)
        if is_named or not first or is_bracket or is_programs:
            best = (found.end(), worth)
    return best


_NAMES = "|".join(sorted(NAMES_OF_ASKS - {"words", "wanted", "prompt"}, key=len, reverse=True))
_OWNERS = r"(?:new|next|user|customer|visitor|incoming|client|member)(?:'s)? "
_FROM = (
    r"(?:,? ?(?:from|by|of|de|von|di|van|para)? (?-i:[A-Z])\w{1,20}(?: (?-i:[A-Z])\w{1,20})?"
    r"(?:,? \(?(?-i:[A-Z])\w{1,20}\)?)?)"
)
_NAMED = re.compile(
    rf"\W{{0,3}}(?:you have \d{{1,3}} )?(?:tre\u015b\u0107 |\u0442\u0435\u043a\u0441\u0442 )?"
    rf"(?:(?:{_OWNERS})?(?:{_NAMES})(?: pos\u00e9e)?(?: ?[/\u00b7(]{{1,2}} ?(?:{_NAMES})\)?)?"
    rf"(?: (?:no|nr)\.? \d{{1,8}})?{_FROM}?(?: \([^()]{{1,40}}\))?"
    r"|(?:[^\W\d_]\w{1,20} )?(?:asks|asked) (?:the|a|our) (?:group|team|room|bot|channel)|(?:their|his|her) words"
    r"|left for you by \w+|wants to know|for [\w-]{2,20}|\(?(?:asked|\w)\)? ?asked) ?[:>\uff1a-]{1,2}",
    re.IGNORECASE,
)
"""A label that only says that an ask follows, and whose it is."""
_SMALL_START = re.compile(r"(?:[\[(][^\[\]()]*[\])] )?[a-z]")


def _is_open(prefix: str) -> bool:
    """Whether a bracket is open at its end."""
    return prefix.count("(") > prefix.count(")") or prefix.count("[") > prefix.count("]")
