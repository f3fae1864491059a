"""What of a client's history its own provider would refuse, because another provider had answered in between.

What such an answer thought goes to the client without a signature (see `shared.unsigned`), and comes back with the
next request. Both functions leave the bytes alone where there is none of it.
"""

from __future__ import annotations

from typing import Any

from router.dialects.gemini.request_writer import NO_SIGNATURE
from router.dialects.shared.json_edit import edit
from router.jsontext import decode_json


def without_unsigned_thinking(raw: bytes) -> bytes:
    """An Anthropic body without thinking that has no signature; a message that was nothing else goes too."""
    if b'"thinking"' not in raw:
        return raw
    messages = _objects(decode_json(raw), "messages")
    kept = [_message(message) for message in messages]
    if kept == messages:
        return raw
    return edit(raw, put={"messages": [message for message in kept if message is not None]})


def _message(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    kept = [block for block in content if not _is_unsigned(block)]
    if len(kept) == len(content):
        return message
    return {**message, "content": kept} if kept else None


def _is_unsigned(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and not block.get("signature")


def with_signed_calls(raw: bytes) -> bytes:
    """A Gemini body in which no model turn calls without a signature: the first call gets the one that says none."""
    if b"unctionCall" not in raw and b"unction_call" not in raw:
        return raw
    contents = _objects(decode_json(raw), "contents")
    signed = [_content(content) for content in contents]
    return raw if signed == contents else edit(raw, put={"contents": signed})


def _content(content: Any) -> Any:
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list) or content.get("role") != "model" or any(_signature(part) for part in parts):
        return content
    for place, part in enumerate(parts):
        if isinstance(part, dict) and (part.get("functionCall") or part.get("function_call")):
            return {
                **content,
                "parts": [*parts[:place], {**part, "thoughtSignature": NO_SIGNATURE}, *parts[place + 1 :]],
            }
    return content


def _signature(part: Any) -> Any:
    return isinstance(part, dict) and (part.get("thoughtSignature") or part.get("thought_signature"))


def _objects(body: Any, key: str) -> list[Any]:
    value = body.get(key) if isinstance(body, dict) else None
    return value if isinstance(value, list) else []
