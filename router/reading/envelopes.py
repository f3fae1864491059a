"""What harnesses wrap around a user's words, and how it is removed.

An envelope counts only where a harness would put it: a block that opens at the start of a line and is closed, a stamp
or a command's tags at the very start, a suffix at the very end. A marker that a user mentions inside a sentence stays,
and a marker that is never closed removes nothing. Text is searched with `str.find` from left to right, each place
once: the time is linear in the length whatever a client sends.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

from router.reading.blocks import Block, Envelope, searches_in
from router.reading.harness import (
    CALLED,
    CURRENT_MESSAGE,
    HISTORY_LEAD,
    LAST_LINE,
    LEADS,
    LONE_WRAPPERS,
    MY_REQUEST,
    POINTER,
    RUNTIME,
    SENDER,
    SETUP_HEADINGS,
    TAG,
    WRAPPERS,
    wrapper_name,
)

_COMMAND_TAGS = ("command-message", "command-name", "command-args")
"""Claude Code's, before the text that a slash command expands to: `<command-name>/fix</command-name>`, and so on."""
_COMMAND_NAME = re.compile(r"/[^\s<]+")
_SPACE = re.compile(r"\s*")


def peel(text: str, extra: Sequence[Envelope] = (), *, text_starts: Sequence[int] = ()) -> str:
    """The text without what a harness put around it, stripped of outer white space; "" if it was all envelope.

    extra: the operator's own markers. They count anywhere in the text, not only at the start of a line.
    text_starts: as in Message. A harness's block that is a text block of its own ends where that does, whatever tags
    the code in it holds.
    Text between two envelopes is kept, each piece stripped, the pieces joined by a newline.
    A slash command becomes the text that it expands to, or, without one, stays as it was typed. A tag that holds the
    user's own words (`<user_query>`) is taken off them.
    """
    parts = {start: stop for start, stop in pairwise([*text_starts, len(text)])}
    if parts and _CALLED_MARK in text:
        return peel(_without_files(text, parts), extra)
    searches = searches_in(text, extra, parts)
    start, command = _after_lead(text, searches)
    said = _without_last_lines(_without_blocks(text, start, searches) if searches else text[start:].strip())
    if searches and said.startswith("<"):
        said = _without_emptied(said, text)
    if said.startswith("<") or said.endswith(">"):
        said = _unwrapped(said, with_harness=bool(searches))
    return peel(command, extra) if command and not said else said


_CALLED_MARK = "tool with the following input:"


def _without_files(text: str, parts: Mapping[int, int]) -> str:
    """Without the text blocks of files that a user named: each follows a block that says which tool was called."""
    kept: list[str] = []
    is_file = False
    for start, stop in parts.items():
        is_call = bool(CALLED.match(text, start))
        if not is_call and not is_file:
            kept.append(text[start:stop])
        is_file = is_call
    return "\n".join(kept)


def _after_lead(text: str, searches: Sequence[Block]) -> tuple[int, str]:
    """(index of the first words after stamps, blocks and a command's tags, the last command or "")."""
    place, command, looks = 0, "", True
    while True:
        before = place
        place = _after_space(text, place)
        if text[place : place + 1] in _LEAD_MARKS:
            place = _after_mark(text, place)
        if looks and text.startswith("<command-", place):
            end, typed = _command_at(text, place)
            # a second look at tags that are not a command could read the whole text again
            place, command, looks = (end, typed, True) if typed else (place, command, False)
        for search in searches:
            if search.at < len(text) and search.opens(text, place):
                place = max(place, search.end_of(text, place))
        if place == before:
            return place, command


_LEAD_MARKS = frozenset("[Sx#CT")
"""What every lead other than a block begins with."""


def _after_mark(text: str, place: int) -> int:
    """End of the stamp, event line, older messages or headings of a harness at a place; the place without one."""
    if text.startswith(SETUP_HEADINGS, place):
        last = deque(MY_REQUEST.finditer(text, place), maxlen=1)
        return last[0].end() if last else place
    if lead := LEADS.match(text, place):
        return lead.end()
    history = HISTORY_LEAD.match(text, place)
    if history and (current := text.find(CURRENT_MESSAGE, place)) >= 0:
        current += len(CURRENT_MESSAGE)
        sender = SENDER.match(text, current) if SENDER.match(text, history.end()) else None
        return sender.end() if sender else current
    return place


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


def _without_blocks(text: str, start: int, searches: Sequence[Block]) -> str:
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


def _without_emptied(said: str, text: str) -> str:
    """Without a first element that is empty since the blocks in it are gone."""
    emptied = _EMPTIED.match(said)
    return said[emptied.end() :] if emptied and emptied[0].rstrip() not in text else said


_EMPTIED = re.compile(r"<([A-Za-z][\w-]{0,40})>\s*</\1>\s*(?=\S)")


def _has_words(text: str, start: int, end: int) -> bool:
    return start < end and not text[start:end].isspace()


def _without_last_lines(text: str) -> str:
    """Without the run line and the lines of ids that a chat program puts after the user's words."""
    end, run = len(text), text.rfind(RUNTIME)
    while end:
        before = end
        if run >= 0 and text.find("\n", run + len(RUNTIME), end) < 0:
            end, run = run, text.rfind(RUNTIME, 0, run)
        elif text[end - 1] == "]":
            line = text.rfind("\n", 0, end)
            end = line if line >= 0 and LAST_LINE.fullmatch(text, line + 1, end) else end
        while end > 0 and text[end - 1].isspace():
            end -= 1
        if end == before:
            break
    return text[:end]


def _unwrapped(text: str, *, with_harness: bool) -> str:
    """What the last tag around a user's own words holds, if the text ends with such a tag.

    Or if it begins with one, and sections of the harness follow under a heading (Cline's "# task_progress").
    """
    start = TAG.match(text)
    close = text.rfind("</") if text.endswith(">") else text.find(f"</{start[1]}>\n") if start else -1
    if close < 0:
        return text
    name = text[close + 2 : text.index(">", close)]
    if not text.endswith(">") and not text[close + len(name) + 3 :].lstrip().startswith("# "):
        return text
    known = wrapper_name(name)
    if known not in WRAPPERS and not (with_harness and known in LONE_WRAPPERS):
        return text
    opener = text.rfind(f"<{name}>", 0, close)
    at_line_start = opener == 0 or (opener > 0 and text[opener - 1] == "\n")
    return POINTER.sub("", text[opener + len(name) + 2 : close].strip()) if at_line_start else text
