"""One element around an ask, and elements of facts next to it: `<message author="kim">`, `<is_pr>true</is_pr>`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from router.reading.frames.notices import is_notice
from router.reading.frames.words import ASK_TAGS, TEXT_KEYS, is_ambient_tag, is_meta_key, is_words, tag_words


class Part(NamedTuple):
    """An element at the top of a text, or the words between two of them.

    name: the tag's, "" for words.  attributes: as they are written.
    """

    name: str
    inner: str
    attributes: str = ""


_ROOT = re.compile(r"<(?P<name>[A-Za-z][\w-]{0,40})(?P<attributes>(?:\s+[\w:-]{1,40}=\"[^\"<>\n]{0,200}\"){1,12})\s*>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})=\"")
_IDENTITY = frozenset("id user author from ts source channel sender username user_name timestamp".split())
_PERSON = frozenset("user author from ts sender username user_name".split())
_MESSAGES = (
    TEXT_KEYS | ASK_TAGS | frozenset("channel event chat dm sms post reply mail email notification tweet".split())
)
_POINTS = re.compile(r"\b(?:tags?|xml|html|attributes?|elements?|markup)\b", re.IGNORECASE)
_LOOK_CHARS = 2_000


def ask_in_root(text: str) -> str | None:
    """What one element with a machine's attributes holds, where it is all of the text; None otherwise."""
    root = _ROOT.match(text)
    if not root or not text.endswith(f"</{root['name']}>"):
        return None
    inner = text[root.end() : -len(root["name"]) - 3].strip()
    keys = [tag_words(key) for key in _ATTRIBUTE.findall(root["attributes"])]
    marks = {key for key in keys if key in _IDENTITY or key.endswith("_id")}
    is_message = tag_words(root["name"]).rpartition("_")[2] in _MESSAGES
    is_known = bool(marks) if is_message else len(marks) > 1 and bool(marks & _PERSON) and all(map(is_meta_key, keys))
    if not is_known or "</" in inner or inner.startswith("<") or not is_words(inner):
        return None
    return None if _POINTS.search(inner[:_LOOK_CHARS]) else inner


_FACT_CHARS = 80
_LEAST_FACTS = 2
_FACT = re.compile(r"[^\s.?!]{0,80}|[\d*/,\- ]{1,40}")
_FACTS = frozenset(
    "id ids ts timestamp uuid number type username author sender phrase repository repo branch schedule cron trigger "
    "event channel thread source priority status state attempt session".split()
)
_CONTEXTS = frozenset("context info information metadata details".split())
_FILES = frozenset("uploaded_files repository_files attached_files workspace repository".split())
_STEPS = re.compile(r"follow (?:these|the) steps(?: below)?[^\n:]{0,60}:\n", re.IGNORECASE)
_STEP = re.compile(
    r"[ \t]*(?:\d{1,2}[.)]|[-*\u2022])[ \t]+(?:as a first step, )?(?:first |then |now |finally )?(?:explore|read|look"
    r"|find|understand|reproduce|create a script|write a (?:script|test)|implement|edit|change the source|fix|run"
    r"|re-?run|test|verify|think|check|make sure|review|submit|confirm|add (?:a )?tests?)\b[^\n]{0,200}",
    re.IGNORECASE,
)
"""A step of an agent's work on a repository."""


def ask_next_to_facts(parts: Sequence[Part]) -> str | None:
    """The one element of words among elements that hold ids, switches and contexts, where all else is notices."""
    asks = [part for part in parts if part.name and _is_prose(part)]
    others = [part for part in parts if part.name and part not in asks]
    if len(asks) != 1 or not others or not all(map(_is_fact, others)):
        return None
    name = tag_words(asks[0].name)
    n_facts = sum(not is_ambient_tag(part.name) for part in others)
    has_files = any(tag_words(part.name) in _FILES for part in others)
    is_named = name in ASK_TAGS or (n_facts >= _LEAST_FACTS and name.rpartition("_")[2] in TEXT_KEYS)
    words = [part.inner for part in parts if not part.name]
    is_frame = all(is_notice(piece) or (has_files and are_steps(piece)) for piece in words)
    return asks[0].inner if is_named and is_frame and "</" not in asks[0].inner else None


def _is_prose(part: Part) -> bool:
    return not _is_fact(part) and is_words(part.inner)


def _is_fact(part: Part) -> bool:
    """Whether an element holds an id, a switch, a time or a path that no ask needs, or is named as a context."""
    joined = tag_words(part.name)
    last = joined.rpartition("_")[2]
    is_machines = last in _FACTS or joined in _FILES or joined.startswith(("is_", "has_"))
    return last in _CONTEXTS or (is_machines and bool(_FACT.fullmatch(part.inner)))


def are_steps(piece: str) -> bool:
    """Whether words after an ask are only the steps of an agent's work on a repository."""
    head = _STEPS.match(piece)
    lines = [line for line in piece[head.end() :].split("\n") if line.strip()] if head else []
    return bool(lines) and all(map(_STEP.fullmatch, lines))


_UNTRUSTED = re.compile(r"(?:untrusted|external|raw|unsafe)_(?:user_)?(?:input|content|text|message|data)")


def ask_in_untrusted(parts: Sequence[Part]) -> str | None:
    """What the only element holds, where its name says that it is not trusted, and the rest notices."""
    named = [part for part in parts if part.name]
    is_untrusted = len(named) == 1 and bool(_UNTRUSTED.fullmatch(tag_words(named[0].name)))
    if not is_untrusted or not all(is_notice(part.inner) for part in parts if not part.name):
        return None
    return named[0].inner if is_words(named[0].inner) and "</" not in named[0].inner else None
