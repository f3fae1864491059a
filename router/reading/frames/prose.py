"""What belongs to the sentence before it: the list or the fence below a person's words.

A field whose value is a sentence, with a list or a fence below it, holds the start of an ask, not a datum.
"""

from __future__ import annotations

import re

_LEAST_WORDS = 4
_LEAST_SMALL = 2
_LOOK_CHARS = 300
_ENDS = (".", "?", "!", ":", "\u3002", "\uff1f", "\uff01", "\uff1a", "\u2026")
_CLOSING = " \t\n\"'\u201d\u00bb)"
_BELOW = re.compile(r"\s{0,40}(?:\(?(?:\d{1,2}|[a-z])[.)][ \t]|[-*+\u2022\u2013][ \t]|`{3}|~{3})")
_ITEM = re.compile(r"^[ \t]{0,8}(?:\(?\d{1,2}[.)]|[-*+\u2022])[ \t]+(?=\S)", re.MULTILINE)
_LEAST_ITEMS = 2


def is_sentence(value: str) -> bool:
    """Whether a value is a sentence of a person, not a name, a number or a word of a state."""
    words = value[:_LOOK_CHARS].split()
    if len(words) < _LEAST_WORDS:
        return False
    n_small = sum(word.islower() and word.isalpha() for word in words)
    return n_small >= _LEAST_SMALL and (value.rstrip(_CLOSING).endswith(_ENDS) or n_small > len(words) // 2)


def goes_on(text: str, place: int) -> bool:
    """Whether a list or a fence begins at a place: what is above it is its first sentence."""
    return bool(_BELOW.match(text, place))


def without_fences(text: str) -> str:
    """A text without the fenced code that it brings."""
    if "```" not in text:
        return text
    kept: list[str] = []
    is_code = False
    for line in text.split("\n"):
        is_edge = line.lstrip().startswith("```")
        if not (is_code or is_edge):
            kept.append(line)
        is_code = is_code != is_edge
    return text if is_code else "\n".join(kept)


def unlisted(line: str) -> str:
    """A line without the mark of a list before it."""
    item = _ITEM.match(line)
    return line[item.end() :] if item else line


def has_item(text: str, place: int) -> bool:
    """Whether a line after a place is an item of a list."""
    return bool(_ITEM.search(text, text.find("\n", place) + 1 or len(text)))


def brings_own(ask: str) -> bool:
    """Whether an ask has several paragraphs with a list or code of its own."""
    return "\n" in ask and ("```" in ask or len(_ITEM.findall(ask)) >= _LEAST_ITEMS)


_NAME_WORDS = 3


def is_bare_name(value: str) -> bool:
    """Whether a value is a name of at most three words: `Kim Aas`, `kim.aas`, `@kim`."""
    words = value.split(None, _NAME_WORDS)
    if not 0 < len(words) <= _NAME_WORDS or value[-1:] in _ENDS or "\n" in value:
        return False
    return all(word[0].isupper() for word in words) or (len(words) == 1 and value.isascii())
