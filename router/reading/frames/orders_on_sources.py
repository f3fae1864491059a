"""Prompts of chat programs that order an answer from what a search has found: the ask follows the elements, bare.

`### Task:` and `### Guidelines:` hold the program's orders, `<context>...</context>` what was found.
"""

from __future__ import annotations

import re

from router.reading.frames.points import points_at_record
from router.reading.frames.rules import FROM_SOURCES, is_setup
from router.reading.frames.words import is_source_tag, is_words

_TASK = re.compile(
    r"(?:please )?(?:respond to|answer|reply to|address|help with) [^\n.]{0,40}"
    r"\b(?:user|users|customer|query|question|questions|request|message|prompt)\b[^\n]{0,500}",
    re.IGNORECASE,
)
_CLOSES = re.compile(r"</([A-Za-z][\w-]{0,40})>[ \t]*$", re.MULTILINE)
_ORDERS_CHARS = 6_000


def answers_user(task: str) -> bool:
    """Whether a task is only to answer the user from the sources: then the ask is somewhere else."""
    return bool(_TASK.fullmatch(task)) and bool(FROM_SOURCES.search(task))


def found_after_orders(text: str) -> tuple[str, str] | None:
    """(the orders before the first element of sources, the words after the last one); None without either."""
    opening = text.find("\n<", 0, _ORDERS_CHARS)
    end = text.rfind("</")
    closing = _CLOSES.match(text, end) if end > opening >= 0 else None
    if not closing or not is_source_tag(closing[1]):
        return None
    if not text.startswith((f"<{closing[1]}>", f"<{closing[1]} "), opening + 1):
        return None
    ask = text[closing.end() :].strip()
    is_ask = is_words(ask) and not ask.endswith((":", "\uff1a"))
    is_own = is_ask and not points_at_record(ask) and not is_setup(ask)
    return (text[:opening], ask if is_own else "")
