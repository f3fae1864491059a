"""Anthropic Messages bodies -> ChatRequest, of API versions 2023-06-01 and 2026-10-21: what differs is left alone.

A tool's result stands inside a user's message here; it becomes a message of its own, before the rest of that message,
as the API wants results first. A role `system` among the messages stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.dialects.shared.content import (
    flat_strings,
    inner,
    is_filled,
    needs_of,
    read_block,
    read_content,
    whole_number,
)
from router.dialects.shared.fields import as_array, as_object, as_string, optional_string
from router.errors import RequestError
from router.types import ChatRequest, Dialect, JsonObject, Message

_TOOL_RESULT_TYPES = frozenset({"tool_result", "mcp_tool_result"})


def parse_anthropic(body: JsonObject) -> ChatRequest:
    """A Messages body as a ChatRequest. Raises RequestError naming the field."""
    items = as_array(body.get("messages"), field="messages")
    if not items:
        raise RequestError("messages: expected at least one message.", field="messages", code="empty")
    messages = [*_system(body.get("system"))]
    for index, item in enumerate(items):
        messages.extend(_parse_message(item, field=f"messages[{index}]"))
    tool_choice = body.get("tool_choice")
    answer_format = inner(body.get("output_config"), "format") or body.get("output_format")
    return ChatRequest(
        messages=tuple(messages),
        model=optional_string(body, "model"),
        max_output_tokens=whole_number(body, "max_tokens"),
        dialect=Dialect.ANTHROPIC,
        needs=needs_of(
            messages,
            tools=is_filled(body.get("tools")) and inner(tool_choice, "type") != "none",
            parallel_tools=inner(tool_choice, "disable_parallel_tool_use") is False,
            json_schema=inner(answer_format, "type") == "json_schema",
        ),
        metadata=flat_strings(body.get("metadata")),
    )


def _system(value: object) -> Iterator[Message]:
    if value is not None:
        text, kinds = read_content(value, field="system")
        yield Message(role="system", text=text, block_types=tuple(kinds))


def _parse_message(value: object, *, field: str) -> Iterator[Message]:
    """The tool results that a message holds, in order, then what else it holds."""
    item = as_object(value, field=field)
    role = as_string(item.get("role"), field=f"{field}.role").lower()
    content = item.get("content")
    if not isinstance(content, list):
        text, _ = read_content(content, field=f"{field}.content")
        yield Message(role=role, text=text)
        return
    texts: list[str] = []
    kinds: list[str] = []
    n_results = 0
    for index, block in enumerate(content):
        place = f"{field}.content[{index}]"
        if isinstance(block, dict) and _is_result(block.get("type")):
            n_results += 1
            result, inside = read_content(block.get("content"), field=f"{place}.content")
            yield Message(role="tool", text=result, block_types=tuple(inside))
        else:
            read_block(block, texts, kinds, field=place)
    if texts or kinds or not n_results:
        yield Message(role=role, text="\n".join(texts), block_types=tuple(kinds))


def _is_result(name: object) -> bool:
    return isinstance(name, str) and name in _TOOL_RESULT_TYPES
