"""Tags around and before an ask: `<context>`, `<file_context>`, `<question>`."""

from __future__ import annotations

import re

from router.reading.frames.asking import is_asking
from router.reading.frames.metadata import are_metadata
from router.reading.frames.notices import is_notice
from router.reading.frames.points import points_back
from router.reading.frames.roots import Part, ask_in_root, ask_in_untrusted, ask_next_to_facts
from router.reading.frames.rules import is_setup
from router.reading.frames.words import (
    ASK_TAGS,
    TEXT_KEYS,
    is_ambient_tag,
    is_source_tag,
    is_words,
    tag_words,
)

_OPENING = re.compile(r"<([A-Za-z][\w-]{0,40})(\s[^<>]{0,300})?>")
_MOST_PARTS = 64
_MOST_MISSES = 8
"""A text with more elements, or more tags that are not closed, is content."""


_EMPTY = re.compile(r"<([A-Za-z][\w-]{0,40})((?:[ \t]+[\w:-]{1,40}=\"[^\"\n]{0,100}\"){1,12})[ \t]*/>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})=\"([^\"]*)\"")


def _without_empty(text: str) -> str:
    """The text without a first or last line that is one empty element with attributes of a program."""
    at = text.rfind("\n") + 1
    last = _EMPTY.fullmatch(text, at) if at and text.endswith("/>") else None
    first = _EMPTY.match(text)
    found = last or (first if first and text[first.end() : first.end() + 1] == "\n" else None)
    fields = _ATTRIBUTE.findall(found[2]) if found else []
    if not found or not (is_ambient_tag(found[1]) or len(fields) > 1):
        return text
    ask = (text[:at] if found is last else text[found.end() :]).strip()
    if not is_ambient_tag(found[1]) and not are_metadata(fields, ask):
        return text
    is_ask = len(ask.split(None, 3)) > 3 and not ask.endswith((":", "\uff1a", ">")) and "/>" not in ask
    return ask if is_ask and not points_back(ask) else text


def ask_in_tags(text: str) -> str | None:
    """The ask of a text that is made of elements: in the one that names it, or next to ambient ones; None otherwise."""
    if text.endswith("/>") or text.startswith("<"):
        alone = _without_empty(text)
        if alone != text:
            return alone
    if "</" not in text or not (text.startswith("<") or "\n<" in text):
        return None
    if (root := ask_in_root(text)) is not None:
        return root
    parts = _parts(text)
    if parts is None:
        return None
    for find in (_record_of, ask_in_untrusted, ask_next_to_facts):
        if (found := find(parts)) is not None:
            return found
    asks = [part for part in parts if part.name and tag_words(part.name) in ASK_TAGS]
    if not asks:
        inputs = [part for part in parts if tag_words(part.name) in _INPUT_TAGS]
        is_input = len(parts) > 1 and all(one in inputs or (one.name and is_ambient_tag(one.name)) for one in parts)
        asks = inputs if is_input else []
    words = [part.inner for part in parts if not part.name]
    if len(asks) == 1:
        ask = asks[0].inner
        others = [part for part in parts if part.name and part is not asks[0]]
        is_frame = all(_is_around(part, ask) for part in others) and all(map(is_setup, words))
        are_meta = are_metadata(_ATTRIBUTE.findall(asks[0].attributes), ask)
        return ask if is_frame and are_meta and _is_plain(ask) else None
    if asks or not all(is_ambient_tag(part.name) or _is_found(part) for part in parts if part.name):
        return None
    if any(_is_found(part) for part in parts) and any(points_back(piece) for piece in words):
        return None
    said = [piece for piece in words if not (is_setup(piece) or is_notice(piece))]
    if len(said) != 1 or not _is_alone(said[0], parts):
        return None
    return said[0] if all(_is_around(part, said[0]) for part in parts if part.name) else None


_ORDER_TAGS = frozenset(
    "instructions instruction system role persona rules guidelines format output_format response_format "
    "constraints_on_output reminder reminders".split()
)
_MANNER_TAGS = frozenset({"style", "tone"})
_DATA_TAGS = frozenset("source file file_content file_contents examples example code".split())
_TURN = re.compile(
    r"(?:^|\n|[<\[(])\s*[\"'*-]{0,3}(?:user|assistant|human|ai|bot|agent|customer|system|support)\b", re.IGNORECASE
)
_CHANGES = re.compile(r"\b(?:commit|changelog|diff|patch|release notes|pull request|changes?)\b", re.IGNORECASE)


def _is_around(part: Part, ask: str) -> bool:
    """Whether an element next to an ask is apart from what it asks.

    An order is part of what is asked where the rest asks nothing, and so are a manner, examples, and a source that the
    ask names.
    """
    name = tag_words(part.name)
    last = name.rpartition("_")[2]
    if name in _MANNER_TAGS or (name in _ORDER_TAGS and not is_setup(part.inner)):
        return name not in _MANNER_TAGS and "<" not in part.inner and is_asking(ask) and " " in part.inner
    if name in _DATA_TAGS:
        return False
    if last in ("changes", "diff") and _CHANGES.search(ask):
        return False
    if last == "history":
        return bool(_TURN.search(part.inner))
    if name in ("settings", "memory") and "<" in part.inner:
        return False
    if name in _ORDER_TAGS and not is_asking(ask):
        return len(ask.split(None, _FEW_WORDS)) > _FEW_WORDS
    return is_source_tag(part.name) or _is_found(part)


_FEW_WORDS = 12


_INPUT_TAGS = frozenset("input utterance text content body msg user_text".split())
_FOUND_TAGS = frozenset(
    "documents passages sources search_results results references retrieved_documents retrieved_passages "
    "knowledge_base chunks snippets articles excerpts".split()
)


def _is_found(part: Part) -> bool:
    """Whether an element holds several things that a search has found, each in an element of its own."""
    return tag_words(part.name) in _FOUND_TAGS and bool(_OPENING.match(part.inner))


def _record_of(parts: list[Part]) -> str | None:
    """The one human text of an element whose elements are the fields of a message."""
    inner = _parts(parts[0].inner) if len(parts) == 1 and parts[0].inner.startswith("<") else None
    if not inner or len(inner) < _LEAST_FIELDS or not all(part.name for part in inner):
        return None
    texts = [part for part in inner if tag_words(part.name) in TEXT_KEYS or tag_words(part.name) in ASK_TAGS]
    others = [part for part in inner if part not in texts]
    if len(texts) != 1 or not _is_plain(texts[0].inner):
        return None
    are_short = all(len(part.inner) <= _FIELD_CHARS for part in others)
    fields = [(part.name, part.inner) for part in others]
    return texts[0].inner if are_short and are_metadata(fields, texts[0].inner) else None


_LEAST_FIELDS = 2
_FIELD_CHARS = 80


def _is_plain(ask: str) -> bool:
    """Whether an element holds words, not fields of a record."""
    return bool(ask) and not _OPENING.match(ask) and (len(ask.split(None, 1)) > 1 or is_words(ask))


_POINTS = re.compile(
    r"\b(?:tags?|xml|html|block|element|markup|above|below|following|context|snippet|format this|kontext|contexto)\b"
    r"|^(?:please )?reply\b",
    re.IGNORECASE,
)


def _is_alone(ask: str, parts: list[Part]) -> bool:
    """Whether an ask is before or after all elements and does not speak of them."""
    at = next(at for at, part in enumerate(parts) if not part.name and part.inner == ask)
    names = [bool(part.name) for part in parts]
    if any(names[:at]) and any(names[at + 1 :]):
        return False
    if ask.endswith((":", "\uff1a")) or ask.startswith(("<", ">")):
        return False
    return (len(ask.split(None, 2)) > 2 or is_words(ask)) and not _POINTS.search(ask[:_LOOK_CHARS])


_LOOK_CHARS = 2_000


def _parts(text: str) -> list[Part] | None:
    """The elements that begin at line starts or after one another, and the words between; None without an element."""
    parts: list[Part] = []
    place = start = misses = 0
    has_element = False
    while len(parts) <= _MOST_PARTS and misses < _MOST_MISSES:
        opening = _OPENING.match(text, place)
        end = text.find(f"</{opening[1]}>", opening.end()) if opening else -1
        if opening and end >= 0:
            if words := text[start:place].strip():
                parts.append(Part("", words))
            parts.append(Part(opening[1], text[opening.end() : end].strip(), opening[2] or ""))
            has_element = True
            place = start = end + len(opening[1]) + 3
            while place < len(text) and text[place].isspace():
                place += 1
            if place < len(text) and text[place] == "<":
                continue
        misses += bool(opening) and end < 0
        place = text.find("\n<", max(start, place)) + 1
        if not place:
            if words := text[start:].strip():
                parts.append(Part("", words))
            return parts if has_element else None
    return None
