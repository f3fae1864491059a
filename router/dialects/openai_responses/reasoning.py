"""Thinking on its way through a Responses client: handed out as a reasoning item, read when it comes back.

Nothing is kept between requests, and providers such as DeepSeek refuse a tool loop without its thinking. Codex sends
back a reasoning item's `encrypted_content` and not its text, so that the thinking is put there too, in a form of ours.
It is not encrypted: the client has its text as well. (Codex: codex-rs/protocol/src/models.rs, ResponseItem.)
"""

from __future__ import annotations

import base64

from router.dialects.conversation import Thinking
from router.dialects.shared.fields import objects_at, text_at
from router.types import JsonObject

MARK = "tierwise."
"""How an `encrypted_content` of ours begins."""


def write_reasoning(name: str, text: str, status: str) -> JsonObject:
    """A reasoning item; "" is one that has no text yet. name: its id."""
    return {
        "id": name,
        "type": "reasoning",
        "status": status,
        "summary": [],
        "content": [write_reasoning_part(text)] if text else [],
        "encrypted_content": _kept(text) if text else None,
    }


def write_reasoning_part(text: str) -> JsonObject:
    """A reasoning item's only part."""
    return {"type": "reasoning_text", "text": text}


def read_reasoning(item: JsonObject) -> Thinking | None:
    """The thinking of a reasoning item; None where it holds none, or only what OpenAI can read."""
    kept = text_at(item, "encrypted_content")
    if kept and not kept.startswith(MARK):
        return None
    text = _text_of(kept) or _joined(item, "content") or _joined(item, "summary")
    return Thinking(text) if text else None


def _joined(item: JsonObject, key: str) -> str:
    return "\n\n".join([text for part in objects_at(item, key) if (text := text_at(part, "text"))])


def _kept(text: str) -> str:
    return MARK + base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode()


def _text_of(kept: str) -> str:
    """The text; "" where it was changed on its way."""
    try:
        return base64.urlsafe_b64decode(kept.removeprefix(MARK)).decode("utf-8", "replace")
    except ValueError:
        return ""
