"""Events in XML: elements and attributes of a program's metadata around one human text."""

from __future__ import annotations

import re
from html import unescape

from router.reading.frames.metadata import are_metadata, holds_metadata
from router.reading.frames.words import ASK_TAGS, TEXT_KEYS, is_meta_key, is_words, tag_words

_LIMIT_CHARS = 64_000
_MOST_TAGS = 80
_LEAST_FIELDS = 2

_PROLOGUE = re.compile(r"(?:<\?xml[^<>]{0,120}\?>|<!--(?:[^-]|-(?!->)){0,400}-->|\s)+")
_TAG = re.compile(
    r"<(?:(?P<close>/)?(?P<name>[A-Za-z_][\w.:-]{0,60})"
    r"(?P<attributes>(?:\s+[\w.:-]{1,60}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/)?>|!\[CDATA\[(?P<data>(?:[^\]]|\](?!\]>))*)\]\]>|!--(?:[^-]|-(?!->))*-->)"
)
_ATTRIBUTE = re.compile(r"([\w.:-]{1,60})\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")


def ask_in_markup(text: str) -> str | None:
    """The one human text of an XML document of an event, in an element or an attribute; None otherwise.

    No document type is read, so that no entity is expanded but those of a character.
    """
    if not text.endswith(">") or len(text) > _LIMIT_CHARS:
        return None
    prologue = _PROLOGUE.match(text)
    values = _values(text, prologue.end() if prologue else 0)
    if values is None or len(values) < _LEAST_FIELDS:
        return None
    said = [(name, value) for name, value in values if is_words(value)]
    if len(said) != 1 or not _is_text(said[0][0]):
        return None
    others = [
        (_local(name), value) for name, value in values if (name, value) != said[0] and not name.startswith("xmlns")
    ]
    return said[0][1] if others and are_metadata(others, said[0][1]) else None


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(":")[2]


def _is_known(name: str) -> bool:
    """Whether an element may be an event, a part of one, or a field: a `<translate>` or an `<item>` is data."""
    local = _local(name)
    return holds_metadata(local) or is_meta_key(local) or _is_text(name)


def _is_text(name: str) -> bool:
    joined = tag_words(_local(name))
    return joined in TEXT_KEYS or joined in ASK_TAGS


def _values(text: str, place: int) -> list[tuple[str, str]] | None:
    """(name, text) of the elements without elements in them and of the attributes; None for no one whole element."""
    values: list[tuple[str, str]] = []
    opened: list[str] = []
    said = ""
    for _ in range(_MOST_TAGS):
        tag = _TAG.match(text, place)
        if tag is None:
            next_tag = text.find("<", place)
            if next_tag < 0 or not opened:
                return None
            said += text[place:next_tag]
            if (tag := _TAG.match(text, next_tag)) is None:
                return None
        place = tag.end()
        if tag["data"] is not None:
            said += tag["data"]
        elif tag["close"]:
            if not opened or opened.pop() != tag["name"]:
                return None
            if said.strip():
                values.append((tag["name"], unescape(said).strip()))
            said = ""
        elif tag["name"]:
            if said.strip() or not _is_known(tag["name"]):
                return None
            attributes = _ATTRIBUTE.findall(tag["attributes"])
            values += [(name, unescape(one or two)) for name, one, two in attributes]
            if not tag["empty"]:
                opened.append(tag["name"])
        if not opened:
            return values if place == len(text) else None
    return None
