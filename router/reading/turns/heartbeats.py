"""Heartbeats: polls of an agent's monitor without data, and answers that say that there is nothing to report."""

from __future__ import annotations

import re

from router.reading.characters import folded

HEARTBEAT_LIMIT_CHARS = 900

_HEARTBEAT_LINES = re.compile(
    r"(?:current time|reference utc):[^\n]{0,120}"
    r"|heartbeat\.md: *\(?empty\)?\.?"
    r"|\[openclaw heartbeat poll\]"
)
_HEARTBEAT_SENTENCES = (
    "read heartbeat.md if it exists",
    "heartbeat: check heartbeat.md (empty)",
    "follow it strictly",
    "do not infer or repeat old tasks",
    "do not repeat old tasks",
    "if nothing needs attention",
    "follow the heartbeat monitor scratch context when provided",
    "recurring tasks are automations",
)
_SENTENCE_END = re.compile(r"\.(?:\s+|$)")
_NOTE = "heartbeat monitor scratch:"
"""OpenClaw's heading of a monitor's notes: data, whatever the last sentence is."""
_MONITOR = ("follow the heartbeat monitor scratch context", "reply no_reply.")


def is_bare_heartbeat(ask: str) -> bool:
    """Whether the ask is a known poll without data. A poll with data, such as a sensor alert, must be scored."""
    if len(ask) > HEARTBEAT_LIMIT_CHARS:
        return False
    text = folded(ask)
    if "heartbeat" not in text:
        return False
    lines = [line.strip() for line in text.split("\n")]
    if any(line.startswith(_NOTE) for line in lines):
        return False
    rest = " ".join(line for line in lines if line and not _HEARTBEAT_LINES.fullmatch(line))
    if rest.startswith(_MONITOR[0]) and rest.endswith(_MONITOR[1]):
        return True
    rest = re.sub(r" ?current time:[^\n]{0,90}$", "", rest)
    # "HEARTBEAT.md" is one word: a full stop ends a sentence only before white space
    sentences = [sentence for sentence in _SENTENCE_END.split(rest) if sentence]
    return all(
        sentence.startswith(_HEARTBEAT_SENTENCES) and len(sentence) < _SENTENCE_LIMIT_CHARS for sentence in sentences
    )


_SENTENCE_LIMIT_CHARS = 80

SILENT_LIMIT_CHARS = 80

_NO_WORDS = re.compile(r"\W+")
_SILENT = re.compile(
    r"(?:(?:no_reply|heartbeat_ok|ok|okay|acknowledged|all (?:clear|good|quiet)|no updates?"
    r"|nothing (?:new|to report|needs attention|to do))(?: |$))+"
)


def is_silent(answer: str) -> bool:
    """Whether an answer to a poll only says that there is nothing to report."""
    return len(answer) <= SILENT_LIMIT_CHARS and bool(_SILENT.fullmatch(_NO_WORDS.sub(" ", folded(answer)).strip()))
