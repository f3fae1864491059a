"""A conversation that goes on from a summary of itself: where the summary ends and what the user typed begins.

After a compaction a client sends the summary as the user's words, often with the next ask in the same message (Claude
Code). The summary is not an ask: what was typed is; where nothing was, the work goes on as the summary has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from router.types import Message

_OPENING = re.compile(
    # Claude Code, Cline
    r"(?:this|the) (?:session|conversation|chat|task) (?:is being|has been|was|is) (?:continued|resumed|picked up)"
    r"\b[^\n]{0,40}\b(?:previous|earlier|prior|last) (?:conversation|session|chat|context|one)"
    # Codex
    r"|another (?:language )?model (?:has )?started (?:to solve |working on |on )?this"
    # OpenClaw, pi
    r"|the (?:conversation|history|conversation history)[^\n]{0,40} (?:was|has been|is) (?:compacted|summari[sz]ed) "
    r"(?:into|in|to) the (?:following )?summary"
    r"|(?:here|below|the following) is (?:a|the) summary of (?:the|our|this) (?:conversation|session|chat) "
    r"(?:so far|until now)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^[^\n]*(?:\bcontinue (?:the conversation|the work|with the last task|working on the last task)\b"
    r"|\bfrom where (?:it|we|you) left\b|\bwithout asking (?:the user )?(?:any )?(?:further|more) questions\b"
    r"|\bresume directly\b|\bas if the break never happened\b|\bmessages are preserved verbatim\b"
    r"|\bread the full transcript at\b|</summary>)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The last lines that clients put under a summary."""

_LIST_LINE = re.compile(r"^[ \t]*(?:[-*\u2022#]|\d{1,2}[.)])", re.MULTILINE)
_FREE_LINE = re.compile(r"(?![ \t]*(?:[-*\u2022#<]|\d{1,2}[.)]))\S")
_TYPED_LIMIT_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Resumed:
    """A user's message that begins with a summary. typed: what he wrote after it, "" if nothing."""

    summary: str
    typed: str


def resumed(message: Message, said: str, peeled: Callable[[str], str]) -> Resumed | None:
    """The two parts of a message whose text begins with the summary of an earlier conversation; None for others.

    said: the message's text without envelopes.  peeled: takes envelopes off a text.
    """
    if not _OPENING.match(said):
        return None
    for start, stop in pairwise(message.text_starts):
        if block := peeled(message.text[start:stop]):
            typed = _after_closing(peeled(message.text[stop:]))
            if typed and _OPENING.match(block):
                return Resumed(_body(block), typed)
            break
    summary, typed = _parts(said)
    return Resumed(_body(summary), typed)


def _parts(said: str) -> tuple[str, str]:
    """(summary, typed) of one text: after the client's last lines, or the last paragraph after a list."""
    typed = _after_closing(said)
    if typed != said:
        return said[: len(said) - len(typed)], typed
    place = said.rfind("\n\n") + 2
    last = said[place:].strip()
    if place > 1 and len(last) <= _TYPED_LIMIT_CHARS and _FREE_LINE.match(last) and _LIST_LINE.search(said, 0, place):
        return said[:place], last
    return said, ""


def _after_closing(text: str) -> str:
    """What follows the client's last line under a summary; the whole text if it has none."""
    end = max((line.end() for line in _CLOSING.finditer(text)), default=0)
    return text[end:].strip() if end else text


def _body(summary: str) -> str:
    """A summary without the client's sentences around it."""
    _, _, below = summary.partition("\n")
    return _CLOSING.sub("", below).strip() or summary.strip()
