"""Prompts that end in an empty label (`Thought:`, `A:`), and a program's orders on the answer's form around an ask.

The ask is the value of the last question's label. Examples with answers of their own stay whole, and so does an ask
whose answer has fields of its own.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json

from router.reading.frames.points import is_bare_order, points_at_record
from router.reading.frames.rules import is_setup

_LIMIT_CHARS = 32_000
_LEAD_CHARS = 6_000
_LEAST_CHARS = 12

_LAST = re.compile(
    r"\n[ \t]*(?:thought|answer|a|final answer|response|assistant|ai|bot|output|reply):"
    r"(?: let's (?:think|work this out|solve this)(?: [\w ,]{0,60})?\.?)?[ \t]*$",
    re.IGNORECASE,
)
"""The empty label at the end, or one with the first words of a thought."""
_ASKED = re.compile(
    r"(?:^|\n)[ \t]*(?:question|q|current task|new input|input|query|task|request|user|human):[ \t]*(?=\S)",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"\n[ \t]*(?:answer|a|final answer|response|assistant|ai|bot|observation):[ \t]*\S", re.IGNORECASE
)
_BEGIN = re.compile(r"\nbegin!?[^\n]{0,200}\n+(?=\S)", re.IGNORECASE)
_OF_AGENT = re.compile(r"\n(?:thought|action|observation|final answer|action input):", re.IGNORECASE)
"""What the set-up of an agent has before `Begin!`: its format."""
_CRITERIA = re.compile(
    r"\n\n(?:this is the expect(?:ed)? criteria for|you must return the|begin!|use the (?:tools|following))",
    re.IGNORECASE,
)
"""What the set-up of an agent has after the ask."""
_CRITERIA_LIMIT_CHARS = 2_000

_FORMAT = re.compile(
    r"(?:the (?:output|answer|response) (?:should|must) be (?:formatted as )?|(?:please )?(?:return|give|provide|format"
    r"|output|write) (?:the|your) (?:final )?(?:answer|output|result|response)\b|(?:please )?(?:respond|answer|reply) )"
    r"[^\n]{0,80}\bschema\b[^\n]{0,200}",
    re.IGNORECASE,
)
_GENERIC = frozenset(
    "answer response result final_answer finalanswer output reasoning explanation thought thoughts confidence sources "
    "source reply text content message steps step".split()
)
"""Fields of an answer that any ask may have."""
_FENCE = re.compile(r"```(?:json)?\n?|```")

_WHOSE = re.compile(
    r"(?:(?:you (?:were|are|have been) (?:mentioned|asked|called|messaged)|(?:a|the) (?:user|customer|member|caller)\b)"
    r"[^\n]{0,100}\b(?:message|request|question|words|said|asked|wrote|says|asks|writes):[ \t]*\n+"
    r"|(?:the )?(?:user|customer|caller)'s (?:spoken |voice |typed |last |latest |chat )?(?:request|message|question"
    r"|words|input):[ \t\n]*)(?=\S)",
    re.IGNORECASE,
)
"""A line that says whose words follow."""
_SIZED = re.compile(
    r"(?:please )?(?:reply|respond|answer|keep (?:it|your (?:reply|answer|response))) (?:with(?:in)?|in|to|under|below)"
    r"(?: (?:under|at most|fewer than|less than|no more than|up to|about))?"
    r" (?:\d{1,5}|(?:one|two|three|a few)(?: (?:or|to) (?:two|three|four))?)"
    r" (?:short )?(?:characters|words|sentences|lines|paragraphs)\b[^\n.]{0,60}\.?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+")
_INPUT = re.compile(r"TOOLS\n-{3,}\n[\s\S]{1,6000}\nUSER'S INPUT\n-{3,}\n[^\n]{1,300}:[ \t]*\n+(?=\S)")
_RUN = re.compile(
    r"(?:scheduled|recurring|cron|automated|automatic) (?:task|job|run|prompt|automation)\b[^\n]{0,160}\d[^\n]{0,60}\n+"
    r"(?:instructions?|prompt|task|message):[ \t]*\n?(?=\S)",
    re.IGNORECASE,
)
"""The head of a run that a program starts at a time."""


def ask_before_stub(text: str) -> str | None:
    """The ask of such a prompt; None for any other text."""
    if len(text) > _LIMIT_CHARS:
        return None
    found = _of_agent(text) or _after_head(text) or _before_format(text)
    if not found or len(found) < _LEAST_CHARS or found.endswith((":", "\uff1a")):
        return None
    return None if is_bare_order(found) or points_at_record(found) else found


def _of_agent(text: str) -> str | None:
    """The value of the one question's label before an empty label at the end."""
    last = _LAST.search(text, max(0, len(text) - _LAST_CHARS))
    if not last:
        return None
    body = text[: last.start()]
    begin = _BEGIN.search(body)
    if begin and _OF_AGENT.search(body, 0, begin.start()):
        body = body[begin.end() :]
    asked = list(_ASKED.finditer(body))
    if len(asked) != 1 or _ANSWERED.search(body):
        return None
    lead, ask = body[: asked[0].start()].strip(), body[asked[0].end() :]
    criteria = _CRITERIA.search(ask)
    if criteria and len(ask) - criteria.start() > _CRITERIA_LIMIT_CHARS:
        return None
    ask = ask[: criteria.start()].strip() if criteria else ask.strip()
    return ask if len(lead) <= _LEAD_CHARS and is_setup(lead) else None


_LAST_CHARS = 160


def _after_head(text: str) -> str | None:
    """What follows a line that says whose words they are, without a last line on the size of the answer."""
    if text.startswith("TOOLS\n"):
        tools = _INPUT.match(text)
        return text[tools.end() :].strip() if tools else None
    if run := _RUN.match(text):
        return text[run.end() :].strip()
    whose = _WHOSE.match(text)
    if not whose:
        return None
    at = text.rfind("\n", whose.end())
    sentences = _SENTENCE.split(text[at:].strip()) if at > 0 else []
    is_sized = any(map(_SIZED.fullmatch, sentences)) and all(
        _SIZED.fullmatch(one) or is_setup(one) for one in sentences
    )
    return text[whose.end() : at].strip() if is_sized else None


def _before_format(text: str) -> str | None:
    """What precedes an order to answer in a schema whose fields any answer may have."""
    if text[-1] not in "}`":
        return None
    at = text.rfind("\n\n")
    while at > 0 and not _FORMAT.match(text, at + 2):
        at = text.rfind("\n\n", max(0, at - _FORMAT_CHARS), at)
    if at <= 0:
        return None
    body = text[text.index("\n", at + 2) :] if "\n" in text[at + 2 :] else ""
    start = body.find("{")
    schema = _FENCE.sub("", body[start:]).strip() if start >= 0 and len(body) <= _FORMAT_CHARS else ""
    return text[:at].strip() if schema and _is_generic(schema) else None


_FORMAT_CHARS = 3_000


def _is_generic(schema: str) -> bool:
    try:
        value: Any = from_json(schema)
    except ValueError:
        return False
    fields = value.get("properties", value) if isinstance(value, dict) else None
    return isinstance(fields, dict) and bool(fields) and all(str(key).lower() in _GENERIC for key in fields)


_FIRST_LABELS = (
    "q:",
    "ques",
    "curr",
    "user",
    "huma",
    "you ",
    "the ",
    "cust",
    "call",
    "tool",
    "sche",
    "recu",
    "cron",
    "auto",
)


def may_have_stub(text: str) -> bool:
    """Whether a text may be such a prompt: a quick look at its first and last characters."""
    return text[-1] in ":}`" or text[:4].lower().startswith(_FIRST_LABELS)
