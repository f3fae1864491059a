"""The one human text of an object that a program sends, also as Python writes it, or as a stream of events does."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json

from router.reading.frames.metadata import are_metadata, holds_metadata
from router.reading.frames.names import is_meta_name, is_query
from router.reading.frames.words import ORDER_KEYS, TEXT_KEYS, is_meta_key, is_words, tag_words

_MOST_VALUES = 400
_PYTHON_LIMIT_CHARS = 16_000

_ASK_WORDS = frozenset(
    "user chat input customer client caller visitor member raw original plain text message msg body content query "
    "question prompt ask request utterance transcript inquiry comment".split()
)
"""A key that is made of these is one for a person's words: "chatInput", "customer_question"."""
_WEAK = frozenset("description body value comment comments notes note details content".split())
"""Last words of keys that hold a person's words in the events of tickets and chats, and in much else."""
_OF_EVENTS = frozenset(
    "requester reporter sender caller visitor customer ticket conversation webhook subscription intent contact "
    "intents slots chat".split()
)
"""Words of keys that only what a person has sent has."""
_FACTS = _OF_EVENTS | frozenset(
    "event session data item object payload issue fields field property subject summary title priority status "
    "author creator "
    "assignee participant participants user display url link slots slot change topic queue form email tag "
    "tags labels project "
    "score value confidence result locale match matched reply".split()
)
"""Words of keys that such events have for the rest."""
_TITLES = ("subject", "title", "summary")
_GENERIC = frozenset("question inquiry enquiry help request query general other support message".split())
"""Titles that say nothing of what is asked."""
_SENDING = re.compile(r"(?:send|receive|post|new|create|submit)[_ -]?[A-Za-z]{0,16}")
_SSE = re.compile(r"(?:event|id|retry|data):[ \t]?([^\n]{0,64000})(?:\n|$)")
_PYTHON = re.compile(r"'(?:[^'\\\n]|\\.){0,16000}'|\"(?:[^\"\\\n]|\\.){0,16000}\"|\b(?:True|False|None)\b")
_ESCAPE = re.compile(r"\\(.)|\"")
_NAMES = {"True": "true", "False": "false", "None": "null"}


def parsed(body: str) -> dict[str, Any] | None:
    """The object of a text in JSON, or in Python where its strings are in single quotes; None of any other."""
    try:
        value = from_json(body, cache_strings="none")
    except ValueError:
        value = _python(body)
    return value if isinstance(value, dict) else None


def _python(body: str) -> Any:
    """A literal of Python's without tuples and sets, put in JSON: nothing of it is run."""
    if "'" not in body[:_HEAD_CHARS] or len(body) > _PYTHON_LIMIT_CHARS:
        return None
    try:
        return from_json(_PYTHON.sub(_as_json, body), cache_strings="none")
    except ValueError:
        return None


_HEAD_CHARS = 40


def _as_json(token: re.Match[str]) -> str:
    literal = token[0]
    return _NAMES[literal] if literal in _NAMES else f'"{_ESCAPE.sub(_escaped, literal[1:-1])}"'


def _escaped(found: re.Match[str]) -> str:
    if found[1] == "x":
        return "\\u00"
    return "'" if found[1] == "'" else found[0] if found[1] else '\\"'


def of_stream(text: str) -> str | None:
    """The data of one event of a stream, whose lines are `event:`, `id:` and `data:`; None for any other text."""
    data: list[str] = []
    for line in text.split("\n"):
        field = _SSE.fullmatch(line)
        if field is None and line.strip():
            return None
        if field is not None and line.startswith("data:"):
            data.append(field[1])
    return "\n".join(data).strip() or None


def one_text(value: dict[str, Any]) -> str | None:
    """The value under a key for words, if no other value of the object holds words or says what to do with them."""
    left: list[tuple[str, str, Any]] = [(key, "", one) for key, one in value.items()]
    found: list[tuple[str, str, str]] = []
    others: list[tuple[str, Any]] = []
    keys: list[str] = []
    holds_all = True
    n_orders = n_titles = 0
    while left and len(found) < 2 and len(keys) < _MOST_VALUES:
        key, parent, one = left.pop()
        keys.append(key)
        n_orders += key.lower() in ORDER_KEYS and not _is_done(key, one)
        n_titles += key.lower() in _TITLES and isinstance(one, str) and one.lower() not in _GENERIC
        if isinstance(one, dict):
            holds_all = holds_all and (holds_metadata(key) or is_meta_key(key))
            left += [(inner, key, each) for inner, each in one.items()]
        elif isinstance(one, list):
            left += [(key, parent, each) for each in one]
        elif isinstance(one, str) and is_words(one) and not _is_name(key, one):
            found.append((key, parent, one))
        elif not _is_done(key, one):
            others.append((key, one))
    if left or len(found) != 1:
        return None
    key, parent, said = found[0]
    if n_orders > (key.lower() in ORDER_KEYS) or is_query(said):
        return None
    if _is_for_words(key):
        is_event = (holds_all and are_metadata(others, said)) or _is_of_event(key, parent, keys)
    else:
        is_weak = tag_words(key).rpartition("_")[2] in _WEAK
        is_event = not n_titles and is_weak and _is_of_event(key, parent, keys)
    return said.strip() if is_event else None


def _is_for_words(key: str) -> bool:
    """Whether a key is one for a person's words by its own name."""
    return key.lower() in TEXT_KEYS or _ASK_WORDS.issuperset(tag_words(key).split("_"))


def _is_of_event(key: str, parent: str, keys: list[str]) -> bool:
    """Whether all other keys are those of what a person has sent."""
    words = [tag_words(one).split("_") for one in keys]
    has_event = any(not _OF_EVENTS.isdisjoint(one) for one in words)
    others = zip(keys, words, strict=True)
    is_all = all(name in (key, parent) or is_meta_name(name) or not _FACTS.isdisjoint(parts) for name, parts in others)
    return has_event and is_all


def _is_done(key: str, value: Any) -> bool:
    """Whether an `action` is what has happened ("created", "sendMessage"), and `data` an object: no order."""
    if key.lower() == "data":
        return isinstance(value, dict)
    is_action = key.lower() == "action" and isinstance(value, str)
    return is_action and (value.endswith("ed") or bool(_SENDING.fullmatch(value)))


def _is_name(key: str, value: str) -> bool:
    """Whether a value is the name of someone: "Ana Maria Lima"."""
    words = value.split()
    return (
        len(words) <= _MOST_NAMES
        and tag_words(key).rpartition("_")[2] in ("name", "author", "requester", "reporter", "sender", "from")
        and all(word[:1].isupper() and word[-1].isalpha() for word in words)
    )


_MOST_NAMES = 4
