"""OpenAI Responses bodies -> ChatRequest.

A turn of the assistant is spread over several items here (reasoning, message, calls): those that follow each other
become one message, as in the other dialects.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from router.dialects.shared.content import (
    THINKING,
    TOOL_CALL,
    flat_strings,
    inner,
    is_filled,
    kind_of,
    needs_of,
    read_block,
    read_content,
    whole_number,
)
from router.dialects.shared.fields import as_object, as_string, expected, optional_string
from router.errors import RequestError
from router.types import ChatRequest, Dialect, JsonObject, Message


def parse_responses(body: JsonObject) -> ChatRequest:
    """A Responses body as a ChatRequest. Raises RequestError naming the field."""
    messages = (*_instructions(body.get("instructions")), *parse_input(body.get("input")))
    answer_format = inner(inner(body.get("text"), "format"), "type")
    include = body.get("include")
    return ChatRequest(
        messages=messages,
        model=optional_string(body, "model"),
        max_output_tokens=whole_number(body, "max_output_tokens"),
        dialect=Dialect.OPENAI_RESPONSES,
        needs=needs_of(
            messages,
            tools=is_filled(body.get("tools")) and body.get("tool_choice") != "none",
            parallel_tools=body.get("parallel_tool_calls") is True,
            json_mode=answer_format == "json_object",
            json_schema=answer_format == "json_schema",
            logprobs=whole_number(body, "top_logprobs") is not None
            or (isinstance(include, list) and "message.output_text.logprobs" in include),
        ),
        metadata=flat_strings(body.get("metadata")),
    )


def parse_input(value: object, *, field: str = "input") -> tuple[Message, ...]:
    """The conversation of an `input`: a string, or a non-empty array of items. Raises RequestError naming the item."""
    if isinstance(value, str):
        return (Message(role="user", text=value),)
    if not isinstance(value, list):
        raise expected("a string or an array of items", value, field=field)
    if not value:
        raise RequestError(f"{field}: expected at least one item.", field=field, code="empty")
    messages = [_parse_item(item, field=f"{field}[{index}]") for index, item in enumerate(value)]
    return tuple(_turns(messages))


def _instructions(value: object) -> tuple[Message, ...]:
    if value is None:
        return ()
    text, kinds = read_content(value, field="instructions")
    return (Message(role="system", text=text, block_types=tuple(kinds)),)


def _parse_item(value: object, *, field: str) -> Message:
    if isinstance(value, str):
        return Message(role="user", text=value)
    item = as_object(value, field=field)
    name = item.get("type")
    if name == "message" or "role" in item:
        role = as_string(item.get("role"), field=f"{field}.role").lower()
        text, kinds = read_content(item.get("content"), field=f"{field}.content")
        return Message(role="tool" if role == "function" else role, text=text, block_types=tuple(kinds))
    if not isinstance(name, str):
        return Message(role="unknown", text="", block_types=(kind_of(name),))
    if name.endswith(("_call_output", "_tool_output")):
        return _parse_output(item.get("output"), field=f"{field}.output")
    if name.endswith("_call"):
        return Message(role="assistant", text="", block_types=(TOOL_CALL,))
    if name == "reasoning":
        return Message(role="assistant", text="", block_types=(THINKING,))
    return Message(role="unknown", text="", block_types=(kind_of(name),))


def _parse_output(output: object, *, field: str) -> Message:
    """A tool's result: a string, blocks, or one block such as a screenshot; anything else has no text."""
    texts: list[str] = []
    kinds: list[str] = []
    if isinstance(output, str | list):
        text, kinds = read_content(output, field=field)
        texts = [text]
    elif isinstance(output, dict):
        read_block(output, texts, kinds, field=field)
    return Message(role="tool", text="".join(texts), block_types=tuple(kinds))


def _turns(messages: list[Message]) -> Iterator[Message]:
    """The same messages, with the assistant's neighbouring ones as one."""
    for role, group in groupby(messages, key=lambda message: message.role):
        if role != "assistant":
            yield from group
            continue
        parts = list(group)
        text = "\n".join([part.text for part in parts if part.text])
        yield Message(role=role, text=text, block_types=tuple([kind for part in parts for kind in part.block_types]))
