"""What kind of turn a request is: a user's ask, a harness's housekeeping, a step inside a loop.

Precision before recall: a missed turn is scored like any other, a wrongly recognised one gets the wrong tier. So
harness turns are recognised by sentences of the clients that send them, or by an instruction and its object together
("title" and "conversation") in a short prompt. Only the heads of texts are searched, so the time does not grow.
"""

from __future__ import annotations

import re
from enum import StrEnum

from router.reading.characters import folded
from router.reading.turns.heartbeats import is_bare_heartbeat
from router.reading.turns.orders import asks_compaction, asks_suggestion


class TurnKind(StrEnum):
    """Kinds of turn; the words are part of the HTTP contract."""

    USER = "user"
    CONTINUATION = "continuation"
    """a short reply that approves or asks for the work before it"""
    TOOL_RESULT = "tool_result"
    """a step inside a loop: the last message is a tool's result"""
    HEARTBEAT = "heartbeat"
    """a poll without data; one with data is a user turn, and scored"""
    TITLE = "title"
    COMPACTION = "compaction"
    PROBE = "probe"
    """a test of the connection or the quota"""
    CLASSIFICATION = "classification"
    """a harness asks a yes or no about the conversation itself"""
    SUGGESTION = "suggestion"
    """what a harness shows next to the conversation: a guess at the next words, follow-ups, a commit message"""


LOOK_CHARS = 600
"""Instruction and object must be within this many characters of the ask or of a short system prompt."""

SHORT_SYSTEM_CHARS = 1_500
"""A system prompt up to this long may be an instruction; a longer one is an agent's, the same for every turn."""

SYSTEM_HEAD_CHARS = 4_000
"""How much of each system prompt is searched."""

PROBE_WORDS = frozenset({"quota", "test", "ping", "hi"})
PROBE_TOKENS = 4


def kind_of(
    ask: str,
    *,
    framed: str,
    raw: str,
    system: str,
    one_message: bool,
    max_output_tokens: int | None,
    tool_result: bool,
    continuation: bool,
) -> TurnKind:
    """The kind of turn.

    ask: the newest user message without envelopes and frames.  framed: the same with its frames: an order of a harness
        may be a template.  raw: the newest message with the user's role, as it came.
    system: the heads of the system prompts.  one_message: whether no other message of user, assistant or tool has text.
    tool_result: whether the last message is a tool's result.  continuation: whether the ask is a short approval.
    """
    if one_message and is_probe(ask, max_output_tokens):
        return TurnKind.PROBE
    if tool_result:
        return TurnKind.TOOL_RESULT
    if is_bare_heartbeat(ask):
        return TurnKind.HEARTBEAT
    asks = (ask,) if framed == ask else (ask, framed)
    orders = [folded(one[:LOOK_CHARS]) for one in asks]
    is_short = len(system) <= SHORT_SYSTEM_CHARS
    if is_short:
        orders.append(folded(system[:LOOK_CHARS]))
    if any(_asks_title(order) for order in orders) or any(sentinel in system for sentinel in TITLE_SENTINELS):
        return TurnKind.TITLE
    if any(map(asks_compaction, asks)) or (is_short and asks_compaction(system)) or _has_compaction_tag(raw):
        return TurnKind.COMPACTION
    if any(_asks_classification(order) for order in orders):
        return TurnKind.CLASSIFICATION
    # an application's system prompt may want suggestions with every answer: no order of its own
    if any(map(asks_suggestion, asks)) or (one_message and is_short and asks_suggestion(system)):
        return TurnKind.SUGGESTION
    return TurnKind.CONTINUATION if continuation else TurnKind.USER


def is_probe(ask: str, max_output_tokens: int | None) -> bool:
    """Whether a request of one message only tests the connection: one word, and at most PROBE_TOKENS of answer."""
    return max_output_tokens is not None and max_output_tokens <= PROBE_TOKENS and folded(ask) in PROBE_WORDS


TITLE_SENTINELS = (
    "Write the title in the predominant language of the session",
    "You are coming up with a succinct title for a coding session",
)
"""Claude Code's."""

_TITLE = re.compile(
    r"\b(?:titles?|titre|titel|t[i\u00ed]tulo|titolo)\b|\u30bf\u30a4\u30c8\u30eb|\u6807\u9898|\u6a19\u984c"
)
_CONVERSATION = re.compile(
    r"\b(?:chats?|conversations?|sessions?|threads?|dialog(?:ue)?|unterhaltung|gespr\u00e4ch|conversaci\u00f3n|conversa"
    r"|conversazione)\b|\u4f1a\u8a71|\u5bf9\u8bdd|\u5c0d\u8a71"
)
_LENGTH_LIMIT = re.compile(
    r"\b(?:you title|you name|max(?:imum)?|at most|up to|only|\d+ ?(?:-|to|\u00e0|bis|a) ?\d+|\d+[- ]words?|under|short"
    r"|concise|succinct|json|h\u00f6chstens|rien d'autre)\b"
    r"|[\u2264<]|\u4ee5\u5185|\u5b57"
)
_WRITE = re.compile(
    r"\b(?:generate|write|give|provide|produce|create|make|return|output|you title|you name|you write|donne|erzeuge"
    r"|schreib|genera|escribe|gera)\b|\u51fa\u529b|\u751f\u6210"
)
_TRANSCRIPT = re.compile(r"<conversation>|<user>|^(?:user|assistant|human):", re.MULTILINE)


_TITLE_MARKS = ("tit", "t\u00ed", "\u30bf\u30a4\u30c8\u30eb", "\u6807\u9898", "\u6a19\u984c")
"""What every word of _TITLE begins with. Most texts hold none, and `in` takes a tenth of a pattern's time."""


def _asks_title(order: str) -> bool:
    head = order[:_ORDER_CHARS]
    if not any(mark in head for mark in _TITLE_MARKS) or not _TITLE.search(head):
        return False
    about = _CONVERSATION.search(head) or (_TRANSCRIPT.search(order) and head.startswith(("write", "give", "generate")))
    return bool(about and _WRITE.search(head) and _LENGTH_LIMIT.search(head))


_ORDER_CHARS = 160


_COMPACT_TAG = re.compile(r"<(?:[^<>]{0,60}\b)?compact(?:ion)?\b[^<>]{0,60}>\s*$|/compact\s*$", re.IGNORECASE)
_SUMMARY_NOW_TAG = re.compile(
    r"<(?:system|system-reminder)>context at \d+%[^<>]{0,80}(?:compact|summary)", re.IGNORECASE
)


_TAG_CHARS = 160


def _has_compaction_tag(raw: str) -> bool:
    """Whether the message ends in a harness's mark for it: `<compact>`, `<context 97%: compact now>`, `/compact`."""
    tail = raw[-_TAG_CHARS:]
    return bool(("compact" in folded(tail) and _COMPACT_TAG.search(tail)) or _SUMMARY_NOW_TAG.match(raw[:_TAG_CHARS]))


_NEW_TOPIC = re.compile(
    r"\b(?:isnewtopic|indicates a new (?:conversation )?topic|is this a new (?:conversation )?topic)\b"
)
_YES_NO = re.compile(r"\b(?:json|yes or no|true or false|respond or silent)\b")
_OF_THE_TALK = re.compile(
    r"\b(?:does the (?:user's|last assistant) message end|if the assistant\b.{0,20}\bshould respond)\b"
)


_QUESTION_CHARS = 260

_QUESTION_MARKS = ("topic", "does the", "if the assistant")
"""Every match of _NEW_TOPIC and _OF_THE_TALK contains one of these."""


def _asks_classification(order: str) -> bool:
    head = order[:_QUESTION_CHARS]
    if not any(mark in head for mark in _QUESTION_MARKS):
        return False
    return bool(_YES_NO.search(order) and (_NEW_TOPIC.search(head) or _OF_THE_TALK.search(head)))
