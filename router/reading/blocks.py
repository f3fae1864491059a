"""The blocks of harnesses in a text, one cursor for each kind: tags, labelled metadata, an operator's own markers.

Each cursor only moves forward, so that each place of a text is searched once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from router.reading.harness import LABEL, LABEL_LINE, LABEL_MARKS, TAG, is_harness_tag, is_listed_tag


@dataclass(frozen=True, slots=True)
class Envelope:
    """A pair of markers; the text from `start` to the next `end`, markers included, belongs to the harness.

    Raises ValueError for a blank marker.
    """

    start: str
    end: str

    def __post_init__(self) -> None:
        """A blank marker would match everywhere."""
        if not self.start.strip() or not self.end.strip():
            raise ValueError(f"an envelope needs two markers that are not blank, got {self.start!r} and {self.end!r}")


KNOWN_BLOCKS: tuple[Envelope, ...] = (
    Envelope("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"),
    Envelope("<skill>\n<name>", "</skill>"),
    Envelope("<image name=[Image #", "</image>"),
    Envelope("<permissions instructions>", "</permissions instructions>"),
)
"""Blocks of OpenClaw and Codex that no tag's name tells. Only blocks that users do not write by hand."""

_AGENTS_MD = Envelope("# AGENTS.md instructions for ", "</INSTRUCTIONS>")
"""Codex's, before the first ask; a block only when the heading is followed by the opening tag."""
_AGENTS_MD_OPENING = re.compile(r"# AGENTS\.md instructions for [^\n]+\n\n<INSTRUCTIONS>")

_TAG_KINDS = 32
"""At most this many kinds of tags are looked for in one text: each is one more search."""


def searches_in(text: str, extra: Sequence[Envelope], parts: Mapping[int, int]) -> list[Block]:
    """Searches for the blocks whose first marks the text holds; [] for most texts."""
    searches: list[Block] = []
    if "<" in text:
        searches = [_Search(block) for block in KNOWN_BLOCKS if block.start in text]
        names = dict.fromkeys(name for name in TAG.findall(text) if is_harness_tag(name))
        searches += [_tag_search(name, parts) for name in islice(names, _TAG_KINDS)]
        if _AGENTS_MD.start in text:
            searches.append(_Search(_AGENTS_MD, opening=_AGENTS_MD_OPENING))
    if any(mark in text for mark in LABEL_MARKS):
        searches.append(_Labelled())
    return searches + [_Search(block, anywhere=True) for block in extra if block.start in text]


def _tag_search(name: str, parts: Mapping[int, int]) -> _Search:
    opening = re.compile(rf"<{re.escape(name)}(?:\s[^<>]*)?>")
    block = Envelope(f"<{name}", f"</{name}>")
    return _Search(block, opening=opening, is_shown=not is_listed_tag(name), parts=parts)


_NESTED = 8
"""At most this many blocks of one name are looked for inside another."""


class Block(Protocol):
    """Finds one kind of block; its cursor only moves forward, so each place is searched once.

    anywhere: whether a block may open after words on its line.
    at: index of the next start marker; the text's length if there is none, or none that is closed.
    """

    anywhere: bool
    at: int

    def opens(self, text: str, place: int) -> bool:
        """Whether a start marker is at a place."""

    def advance(self, text: str, place: int) -> None:
        """To the first start marker at or after `place`."""

    def end_of(self, text: str, found: int) -> int:
        """End of the block that starts at `found`; -1 if none opens there, or none is closed.

        If this block is not closed, no later one is.
        """


@dataclass(slots=True)
class _Search:
    """Finds blocks between two markers.

    opening: what must match at a start marker that no ">" follows, if the marker alone is not enough.
    is_shown: whether a block after a colon is what the user speaks of, not the harness's.
    parts: end of each text block by its start, where a message has several.
    """

    block: Envelope
    anywhere: bool = False
    opening: re.Pattern[str] | None = None
    is_shown: bool = False
    parts: Mapping[int, int] = field(default_factory=dict)
    at: int = -1

    def opens(self, text: str, place: int) -> bool:
        return text.startswith(self.block.start, place)

    def advance(self, text: str, place: int) -> None:
        if self.at < place:
            found = text.find(self.block.start, place)
            self.at = found if found >= 0 else len(text)

    def end_of(self, text: str, found: int) -> int:
        start = found + len(self.block.start)
        if self.opening and not text.startswith(">", start):
            opening = self.opening.match(text, found)
            if not opening:
                return -1
            start = opening.end()
        if self.is_shown and text[max(0, found - 8) : found].rstrip().endswith((":", "\uff1a")):
            return -1
        end = text.find(self.block.end, start)
        if end < 0:
            self.at = len(text)
            return -1
        part = self.parts.get(found, 0)
        if part and text[found:part].rstrip().endswith(self.block.end):
            return part
        return self._outer(text, start, end + len(self.block.end))

    def _outer(self, text: str, start: int, end: int) -> int:
        """The end of the block that holds others of its name; the first end if they are not closed."""
        first, depth = end, 0
        for _ in range(_NESTED):
            depth += text.count(self.block.start, start, end) - 1
            if depth < 0 or not self.opening:
                return end
            start, close = end, text.find(self.block.end, end)
            if close < 0:
                break
            end = close + len(self.block.end)
        return first


@dataclass(slots=True)
class _Labelled:
    """Finds blocks of metadata under a line that names them: fenced, between "<<<" markers, or a paragraph."""

    anywhere: bool = False
    at: int = -1
    line_at: int = -1
    is_unclosed: bool = False

    def opens(self, text: str, place: int) -> bool:
        return bool(LABEL.match(text, place))

    def advance(self, text: str, place: int) -> None:
        if self.line_at < place:
            found = LABEL_LINE.search(text, place)
            self.line_at = found.start() if found else len(text)
        # a block that ends on this line leaves no words before the label
        behind = place and text[place - 1] in _LAST_MARKS and LABEL.match(text, place)
        if not self.is_unclosed:
            self.at = place if behind else self.line_at

    def end_of(self, text: str, found: int) -> int:
        label = LABEL.match(text, found)
        if not label:
            return -1
        start = label.end()
        if text.startswith("```", start):
            line = text.find("\n", start)
            fence = text.find("\n```", line) if line >= 0 else -1
            end = fence + 4 if fence >= 0 else -1
        elif text.startswith("<<<", start):
            end = text.find(">>>", max(start, text.find("<<<END_", start)))
            end = end + 3 if end >= 0 else -1
        elif "untrusted" in label[0].lower():
            end = text.find("\n\n", start)
            if end < 0 < found:
                return len(text)
        else:
            return -1
        if end < 0:
            self.at, self.is_unclosed = len(text), True
        return end


_LAST_MARKS = frozenset(">`]")
"""What the blocks of harnesses end with."""
