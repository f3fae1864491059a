"""OpenAI Chat Completions bodies -> ChatRequest.

Content may be a string, null, or a list of blocks; blocks of unknown types are kept by type and never fail.
Fields that do not matter to the decision are left alone, whatever they hold.
"""

from __future__ import annotations

from router.errors import RequestError
from router.types import ChatRequest, JsonObject, Message
from router.wire.fields import as_array, as_object, as_string, expected, optional_string

TEXT_BLOCK_TYPES = frozenset({"text", "input_text", "output_text"})


def parse_chat(body: JsonObject) -> ChatRequest:
    """A chat-completions body as a ChatRequest. Raises RequestError naming the field."""
    return ChatRequest(
        messages=parse_messages(body.get("messages")),
        model=optional_string(body, "model"),
        max_output_tokens=_max_output_tokens(body),
    )


def parse_messages(value: object, *, field: str = "messages") -> tuple[Message, ...]:
    """A non-empty array of chat messages. Raises RequestError naming the message and its field."""
    items = as_array(value, field=field)
    if not items:
        raise RequestError(f"{field}: expected at least one message.", field=field, code="empty")
    return tuple([_parse_message(item, field=f"{field}[{index}]") for index, item in enumerate(items)])


def _parse_message(value: object, *, field: str) -> Message:
    item = as_object(value, field=field)
    role = as_string(item.get("role"), field=f"{field}.role").lower()
    content = item.get("content")
    if isinstance(content, str):
        return Message(role=role, text=content)
    if content is None:
        return Message(role=role, text="")
    if not isinstance(content, list):
        raise expected("a string, an array of blocks or null", content, field=f"{field}.content")
    texts: list[str] = []
    others: list[str] = []
    for index, block in enumerate(content):
        _read_block(block, texts, others, field=f"{field}.content[{index}]")
    return Message(role=role, text="\n".join(texts), block_types=tuple(others))


def _read_block(block: object, texts: list[str], others: list[str], *, field: str) -> None:
    if isinstance(block, str):
        texts.append(block)
        return
    item = as_object(block, field=field)
    kind = item.get("type")
    text = item.get("text")
    holds_text = isinstance(kind, str) and kind in TEXT_BLOCK_TYPES
    if isinstance(text, str) and (kind is None or holds_text):
        texts.append(text)
    elif holds_text and text is not None:
        raise expected("a string", text, field=f"{field}.text")
    elif not holds_text:
        others.append(kind if isinstance(kind, str) else "unknown")


def _max_output_tokens(body: JsonObject) -> int | None:
    for key in ("max_completion_tokens", "max_tokens"):
        value = body.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31:
            return value
    return None
