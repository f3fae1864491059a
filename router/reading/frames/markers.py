"""Two lines that mark where a person's words begin and end: `===== BEGIN USER INPUT =====`, `END OF USER PROMPT`.

The lines are equal but for the words for begin and end, and name a person's words. Outside of them only notices about
the marked text may be; an order about it keeps all. Also DSPy's `[[ ## question ## ]]`.
"""

from __future__ import annotations

import re

from router.reading.frames.names import is_about_frame
from router.reading.frames.notices import is_notice
from router.reading.frames.words import is_words

_LIMIT_CHARS = 64_000
_MOST_LINES = 8
_LINE_CHARS = 90
_NEAR_CHARS = 900

_WORD = re.compile(r"[^\W\d_]+(?:'s)?")
_ENDS = frozenset({"END", "STOP", "FINISH"})
_BEGINS = frozenset({"BEGIN", "START", "BEGINNING"})
_NOUNS = frozenset(
    "INPUT PROMPT MESSAGE REQUEST QUESTION QUERY TEXT CONTENT TASK ASK BODY MAIL EMAIL TRANSCRIPT INQUIRY INSTRUCTION "
    "UTTERANCE INPUTS CONTENTS WORDS TICKET".split()
)
_OTHERS = frozenset(
    "USER USER'S USERS CUSTOMER CUSTOMER'S CLIENT HUMAN EXTERNAL UNTRUSTED INCOMING INBOUND RAW WEBHOOK OF THE "
    "ORIGINAL CURRENT NEW VERBATIM CHAT VISITOR CALLER ID".split()
)
_MARKS = re.compile(r"[=\-*#<>~+_\[\]{}|/ \t]{2,}")
_ID = re.compile(r" (?:id=\"?|#)?[\w-]{0,40}\d[\w-]{0,40}\"?(?=\W*$)")


def may_have_markers(text: str) -> bool:
    """Whether the end of a text holds what such a frame ends with: a quick look."""
    tail = text[-_NEAR_CHARS:]
    return "END" in tail or "[[ ## " in tail


def ask_between_markers(text: str) -> str | None:
    """What is between two such lines, where all else is notices; None for any other text."""
    if len(text) > _LIMIT_CHARS or not may_have_markers(text):
        return None
    if "[[ ## " in text:
        return _in_field(text)
    place = 0
    for _ in range(_MOST_LINES):
        end = text.find("\n", place)
        if end < 0:
            return None
        key = _key_of(text[place:end], is_end=False)
        if key and (close := _closing(text, key, end)):
            inside, after = text[end : close[0]], text[close[1] :]
            ask = _without_labels(inside.strip())
            is_framed = is_notice(text[:place]) and is_notice(after)
            return ask if is_framed and is_words(ask) and not _has_marker(ask) and not is_about_frame(ask) else None
        place = end + 1
    return None


def _key_of(line: str, *, is_end: bool) -> frozenset[str]:
    """The words of a line that marks where a person's words begin or end; none for any other line."""
    bare = line.strip()
    if not 0 < len(bare) <= _LINE_CHARS:
        return frozenset()
    is_marked = bool(_MARKS.match(bare)) or bare.endswith(":")
    words = [word.upper() for word in _WORD.findall(_ID.sub("", bare).replace("_", " "))]
    is_loud = bare.upper() == bare
    closing, opening = _ENDS.intersection(words), _BEGINS.intersection(words)
    if bool(closing) != is_end or not (is_loud or (is_marked and (closing or opening))):
        return frozenset()
    if not (is_marked or closing or opening):
        return frozenset()
    key = frozenset(words) - _ENDS - _BEGINS - {"OF", "THE"}
    return key if key & _NOUNS and key <= _NOUNS | _OTHERS else frozenset()


def _closing(text: str, key: frozenset[str], least: int) -> tuple[int, int] | None:
    """(start, end) of the line near the end that answers the first one."""
    end = len(text)
    for _ in range(_MOST_LINES):
        start = text.rfind("\n", least, end)
        if start < 0:
            return None
        if _key_of(text[start + 1 : end], is_end=True) == key:
            return start, end
        end = start
    return None


def _has_marker(ask: str) -> bool:
    """Whether it holds such a line too: then there are several texts."""
    return "END" in ask and any(_key_of(line, is_end=True) for line in ask.split("\n"))


_LABEL = re.compile(r"[A-Z][A-Za-z -]{0,24}: ?[^\n]{0,200}")
_RULE = "\n---\n"


def _without_labels(inside: str) -> str:
    """Without the lines `From: ...` up to a rule of dashes."""
    head, rule, rest = inside.partition(_RULE)
    lines = head.split("\n")
    are_labels = bool(rule) and len(lines) <= _MOST_LINES and all(map(_LABEL.fullmatch, lines))
    return rest.strip() if are_labels else inside


_FIELD = re.compile(
    r"(?:(?:your |the |these )?(?:inputs?|fields?)\b[^\n?]{0,60}:\s*)?\[\[ ## (?P<name>\w{1,40}) ## \]\]\n",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\n(?:respond|reply|answer|continue|write|output)\b[^\n]{0,200}`?\[\[ ## \w", re.IGNORECASE)


def _in_field(text: str) -> str | None:
    """What DSPy's only input field holds: its last paragraph names the fields to write."""
    opening = _FIELD.match(text)
    at = text.rfind("\n\n")
    if not opening or at <= opening.end() or not _TAIL.match(text, at + 1):
        return None
    ask = text[opening.end() : at].strip()
    is_other = f"[[ ## {opening['name']} ## ]]" not in text[at:]
    return ask if is_other and "[[ ## " not in ask and is_words(ask) else None
