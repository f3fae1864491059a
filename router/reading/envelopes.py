"""What harnesses wrap around a user's words, and how it is removed.

An envelope counts only where a harness would put it: a block that opens at the start of a line and is closed, a stamp
or a command's tags at the very start, a suffix at the very end. A marker that a user mentions inside a sentence stays,
and a marker that is never closed removes nothing. Text is searched with `str.find` from left to right, each place
once: the time is linear in the length whatever a client sends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


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
    Envelope("<system-reminder>", "</system-reminder>"),
    Envelope("<env>", "</env>"),
    Envelope("<environment_context>", "</environment_context>"),
    Envelope("<environment_details>", "</environment_details>"),
    Envelope("<skill>\n<name>", "</skill>"),
)
"""Blocks of OpenClaw, Claude Code (two), Codex, Cline and Codex again. Only blocks that users do not write by hand."""

_AGENTS_MD = Envelope("# AGENTS.md instructions for ", "</INSTRUCTIONS>")
"""Codex's, before the first ask; a block only when the heading is followed by the opening tag."""
_AGENTS_MD_OPENING = re.compile(r"# AGENTS\.md instructions for [^\n]+\n\n<INSTRUCTIONS>")

_STAMPS = re.compile(
    # OpenClaw: "[Tue 2026-11-24 07:50 UTC] ", before the user's words
    r"\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2}(?: [\w+:/-]{1,40})?\]"
    # Claude Code: the billing line, where a proxy has folded the system prompt into the first message
    r"|x-anthropic-billing-header:[^\n]*"
)
_RUNTIME = "\n\nRuntime: agent="
"""OpenClaw's suffix on the first message of a session; one line, to the end of the text."""
_COMMAND_TAGS = ("command-message", "command-name", "command-args")
"""Claude Code's, before the text that a slash command expands to: `<command-name>/fix</command-name>`, and so on."""
_COMMAND_NAME = re.compile(r"/[^\s<]+")
_SPACE = re.compile(r"\s*")


def peel(text: str, extra: Sequence[Envelope] = ()) -> str:
    """The text without what a harness put around it, stripped of outer white space; "" if it was all envelope.

    extra: the operator's own markers. They count anywhere in the text, not only at the start of a line.
    Text between two envelopes is kept, each piece stripped, the pieces joined by a newline.
    A slash command becomes the text that it expands to, or, without one, stays as it was typed.
    """
    searches = [_Search(block, anywhere=False) for block in KNOWN_BLOCKS if block.start in text]
    if _AGENTS_MD.start in text:
        searches.append(_Search(_AGENTS_MD, anywhere=False, opening=_AGENTS_MD_OPENING))
    searches += [_Search(block, anywhere=True) for block in extra if block.start in text]
    start, command = _after_lead(text, searches)
    said = _without_runtime(_without_blocks(text, start, searches) if searches else text[start:].strip())
    return peel(command, extra) if command and not said else said


@dataclass(slots=True)
class _Search:
    """Finds the markers of one kind of block; the cursor only moves forward, so each place is searched once.

    opening: what must match at a start marker, if the marker alone is not enough.
    at: index of the next start marker; the text's length if there is none, or none that is closed.
    """

    block: Envelope
    anywhere: bool
    opening: re.Pattern[str] | None = None
    at: int = -1

    def advance(self, text: str, place: int) -> None:
        """To the first start marker at or after `place`."""
        if self.at < place:
            found = text.find(self.block.start, place)
            self.at = found if found >= 0 else len(text)

    def end_of(self, text: str, found: int) -> int:
        """End of the block that starts at `found`; -1 if none opens there, or none is closed.

        If this block is not closed, no later one is.
        """
        if self.opening and not self.opening.match(text, found):
            return -1
        end = text.find(self.block.end, found + len(self.block.start))
        if end < 0:
            self.at = len(text)
            return -1
        return end + len(self.block.end)


def _after_lead(text: str, searches: Sequence[_Search]) -> tuple[int, str]:
    """(index of the first words after stamps, blocks and a command's tags, the last command or "")."""
    place, command, looks = 0, "", True
    while True:
        before = place
        place = _after_space(text, place)
        if stamp := _STAMPS.match(text, place):
            place = stamp.end()
        if looks and text.startswith("<command-", place):
            end, typed = _command_at(text, place)
            # a second look at tags that are not a command could read the whole text again
            place, command, looks = (end, typed, True) if typed else (place, command, False)
        for search in searches:
            if search.at < len(text) and text.startswith(search.block.start, place):
                place = max(place, search.end_of(text, place))
        if place == before:
            return place, command


def _command_at(text: str, place: int) -> tuple[int, str]:
    """End of the tags of a slash command, in any order, and the command as it was typed; "" if there is none."""
    values: dict[str, str] = {}
    while tag := next((tag for tag in _COMMAND_TAGS if text.startswith(f"<{tag}>", place)), ""):
        start = place + len(f"<{tag}>")
        end = text.find(f"</{tag}>", start)
        if end < 0 or tag in values:
            break
        values[tag] = text[start:end].strip()
        place = _after_space(text, end + len(f"</{tag}>"))
    name = values.get("command-name", "")
    if "command-message" not in values or not _COMMAND_NAME.fullmatch(name):
        return place, ""
    return place, f"{name} {values.get('command-args', '')}".strip()


def _after_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _without_blocks(text: str, start: int, searches: Sequence[_Search]) -> str:
    """The text from `start` without blocks. A block opens only if no words precede it on its line."""
    kept: list[str] = []
    place = looked = start
    words = False
    for search in searches:
        search.advance(text, start)
    while (search := min(searches, key=lambda search: search.at)).at < len(text):
        found = search.at
        newline = text.rfind("\n", looked, found)
        words = _has_words(text, newline + 1, found) if newline >= 0 else words or _has_words(text, looked, found)
        looked = found
        end = search.end_of(text, found) if search.anywhere or not words else -1
        if end < 0:
            search.advance(text, found + 1)
            continue
        kept.append(text[place:found].strip())
        place, looked, words = end, end, False
        for each in searches:
            each.advance(text, end)
    kept.append(text[place:].strip())
    return "\n".join(piece for piece in kept if piece)


def _has_words(text: str, start: int, end: int) -> bool:
    return start < end and not text[start:end].isspace()


def _without_runtime(text: str) -> str:
    end = len(text)
    while (found := text.rfind(_RUNTIME, 0, end)) >= 0 and text.find("\n", found + len(_RUNTIME), end) < 0:
        end = found
        while end > 0 and text[end - 1].isspace():
            end -= 1
    return text[:end]
