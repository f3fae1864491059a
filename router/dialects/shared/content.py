"""The content of a message, a string or blocks, and what a conversation asks of a model: shared by the dialects.

Blocks that are no text are recorded by kind. The dialects' names for a thing that matters to the decision become one
word (`image`, `audio`, `video`, `document`, `tool_call`, `thinking`); every other type keeps the word it came with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from router.dialects.shared.fields import as_object, expected
from router.types import JsonObject, Message, Needs

TEXT_BLOCK_TYPES = frozenset({"text", "input_text", "output_text"})

TOOL_CALL = "tool_call"
THINKING = "thinking"
UNKNOWN = "unknown"
"""The kind of a block that does not say what it is."""

KIND_OF_TYPE: Mapping[str, str] = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "computer_screenshot": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
    "input_video": "video",
    "file": "document",
    "input_file": "document",
    "document": "document",
    "thinking": THINKING,
    "redacted_thinking": THINKING,
    "reasoning": THINKING,
    "tool_use": TOOL_CALL,
    "server_tool_use": TOOL_CALL,
    "mcp_tool_use": TOOL_CALL,
}


def read_content(content: object, *, field: str) -> tuple[str, list[str]]:
    """The text of a string, of blocks (joined by newlines) or of null (""); the kinds of the other blocks, in order.

    Raises RequestError naming the block.
    """
    if isinstance(content, str):
        return content, []
    if content is None:
        return "", []
    if not isinstance(content, list):
        raise expected("a string, an array of blocks or null", content, field=field)
    texts: list[str] = []
    kinds: list[str] = []
    for index, block in enumerate(content):
        read_block(block, texts, kinds, field=f"{field}[{index}]")
    return "\n".join(texts), kinds


def read_block(block: object, texts: list[str], kinds: list[str], *, field: str) -> None:
    """Append a block's text to `texts`, or its kind to `kinds`. Raises RequestError."""
    if isinstance(block, str):
        texts.append(block)
        return
    item = as_object(block, field=field)
    name = item.get("type")
    text = item.get("text")
    holds_text = isinstance(name, str) and name in TEXT_BLOCK_TYPES
    if isinstance(text, str) and (name is None or holds_text):
        texts.append(text)
    elif holds_text and text is not None:
        raise expected("a string", text, field=f"{field}.text")
    elif not holds_text:
        kinds.append(kind_of(name))


def kind_of(name: object) -> str:
    """The kind of a block from its `type`."""
    return KIND_OF_TYPE.get(name, name) if isinstance(name, str) and name else UNKNOWN


def needs_of(
    messages: Iterable[Message],
    *,
    tools: bool = False,
    parallel_tools: bool = False,
    json_mode: bool = False,
    json_schema: bool = False,
    n: int = 1,
    logprobs: bool = False,
) -> Needs:
    """What the conversation needs, beside what the body's own fields ask for.

    tools: tools are defined and may be called.  parallel_tools: several calls at once are allowed outright.
    """
    kinds: set[str] = set()
    called = called_at_once = False
    for message in messages:
        called = called or message.role == "tool"
        if message.block_types:
            kinds.update(message.block_types)
            called_at_once = called_at_once or message.block_types.count(TOOL_CALL) > 1
    with_tools = tools or called or TOOL_CALL in kinds
    return Needs(
        images="image" in kinds,
        audio="audio" in kinds,
        documents="document" in kinds,
        tools=with_tools,
        parallel_tools=called_at_once or (parallel_tools and with_tools),
        json_mode=json_mode,
        json_schema=json_schema,
        n=n,
        logprobs=logprobs,
    )


def flat_strings(value: object) -> dict[str, str]:
    """The string facts of an object; {} if it is none."""
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}


def whole_number(body: JsonObject, *keys: str) -> int | None:
    """The first positive whole number below 2**31 under one of the keys; whatever else stands there is left alone."""
    for key in keys:
        value = body.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1 << 31 and value % 1 == 0:
            return int(value)
    return None


def inner(value: object, key: str) -> Any:
    """What an object holds under a key; None if it is no object or has no such key."""
    return value.get(key) if isinstance(value, dict) else None


def is_filled(value: object) -> bool:
    """Whether a value is an array with something in it."""
    return isinstance(value, list) and bool(value)
