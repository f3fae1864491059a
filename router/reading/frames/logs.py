"""A line of a log that holds what a person wrote: a time, a level, names and `key=value` pairs before the ask."""

from __future__ import annotations

import re

from router.reading.frames.asking import begins_asking, is_asking
from router.reading.frames.metadata import are_metadata
from router.reading.frames.names import is_query
from router.reading.frames.words import TEXT_KEYS, is_words

_LINE = re.compile(
    r"[\[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d\S{0,16}|(?:[A-Z][a-z]{2} {1,2}\d{1,2} )?\d\d:\d\d:\d\d\S{0,10})[\])]?"
    r"(?:[ \t]+(?:\||-)?[ \t]*\[?(?:INFO|DEBUG|TRACE|NOTICE|info|debug|notice)\]?(?=[\s:|]):?)?"
    r"(?P<rest>[^\n]+(?:\n[^\n]+)*)"
)
_PAIR = re.compile(
    r"[\s,;|]*(?P<key>[A-Za-z_][\w.-]{0,40})=(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s\"]{1,120}))"
)
_NAMES = re.compile(
    r"(?:[ \t]*(?:[\[(][^\[\]()\n]{1,60}[\])]|\||-|[\w.#/@-]{1,40}(?=[:\]|\t]|[ \t]+[\[|-]))[: \t]*){1,8}"
)
_SAYS = re.compile(
    r"[^\n:=\"]{0,60}\b(?:user|message|prompt|request|query|question|input|inbound|incoming|received|said|says|asks|asked|chat)"
    r"\b[^\n:=\"]{0,40}(?::|->|=>|>)[ \t]+",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": ""}
_MOST_PAIRS = 24


def ask_in_log_line(text: str) -> str | None:
    """What a person wrote in a line of a log; None for any other text, and for a line that says what a program did."""
    line = _LINE.fullmatch(text)
    if line is None:
        return None
    rest = line["rest"].strip()
    names = _NAMES.match(rest)
    after = rest[names.end() :] if names else rest
    ask = _in_pairs(rest) or _in_pairs(after)
    if ask is None and (says := _SAYS.match(after) or _SAYS.match(rest)):
        said = says.string[says.end() :].strip()
        ask = said[1:-1] if said[:1] == '"' and said[-1:] == '"' and '"' not in said[1:-1] else said
        if _TELLS.search(says[0]) or not (_OF_PERSON.search(says[0]) or is_asking(ask)):
            return None
    if not ask or not is_words(ask) or is_query(ask):
        return None
    # a question on a line after the first one may be about the line of the log
    return None if any(map(begins_asking, ask.split("\n")[1:])) else ask


_TELLS = re.compile(
    r"\b(?:failed|fails|failure|error|rejected|invalid|refused|timed out|timeout|exception|denied|dropped)\b|\bI\b"
    r"|\b(?:we|he|she|they|you)\b",
    re.IGNORECASE,
)
"""What a program says of a message, and a person's own story."""
_OF_PERSON = re.compile(r"\b(?:users?|customer|from|visitor|guest|human|inbound)\b", re.IGNORECASE)
_SENDERS = frozenset("user username sender channel from author session chat chat_id user_id session_id room".split())


def _in_pairs(rest: str) -> str | None:
    """The one text of words among `key=value` pairs of metadata."""
    asks: list[str] = []
    others: list[tuple[str, str]] = []
    place = 0
    for _ in range(_MOST_PAIRS):
        pair = _PAIR.match(rest, place)
        if pair is None:
            break
        place = pair.end()
        value = pair["quoted"] if pair["quoted"] is not None else pair["bare"]
        if pair["key"].lower() in TEXT_KEYS and is_words(value):
            asks.append(_ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value))
        else:
            others.append((pair["key"], value))
    if len(asks) != 1 or rest[place:].strip() or not are_metadata(others, asks[0]):
        return None
    is_said = any(key.lower() in _SENDERS for key, _ in others)
    return asks[0] if is_said or is_asking(asks[0]) else None
