"""OpenAI Chat Completions bodies -> ChatRequest.

Content may be a string, null, or a list of blocks; blocks of unknown types are kept by type and never fail.
Fields that do not matter to the decision are left alone, whatever they hold. Cursor sends `input` items to the same
place: they are read as the Responses dialect reads them.
"""

from __future__ import annotations

from router.dialects.openai_responses.parse import parse_input
from router.dialects.shared.content import (
    THINKING,
    TOOL_CALL,
    flat_strings,
    inner,
    is_filled,
    needs_of,
    read_content,
    whole_number,
)
from router.dialects.shared.fields import as_array, as_object, as_string, optional_string
from router.errors import RequestError
from router.types import ChatRequest, Dialect, JsonObject, Message


def parse_chat(body: JsonObject) -> ChatRequest:
    """A chat-completions body as a ChatRequest. Raises RequestError naming the field."""
    if body.get("messages") is None and body.get("input") is not None:
        messages = parse_input(body["input"])
    else:
        messages = parse_messages(body.get("messages"))
    answer_format = inner(body.get("response_format"), "type")
    tool_choice = body.get("tool_choice", body.get("function_call"))
    return ChatRequest(
        messages=messages,
        model=optional_string(body, "model"),
        max_output_tokens=whole_number(body, "max_completion_tokens", "max_tokens", "max_output_tokens"),
        dialect=Dialect.OPENAI_CHAT,
        needs=needs_of(
            messages,
            tools=(is_filled(body.get("tools")) or is_filled(body.get("functions"))) and tool_choice != "none",
            parallel_tools=body.get("parallel_tool_calls") is True,
            json_mode=answer_format == "json_object",
            json_schema=answer_format == "json_schema",
            n=whole_number(body, "n") or 1,
            logprobs=body.get("logprobs") is True or whole_number(body, "top_logprobs") is not None,
        ),
        metadata=flat_strings(body.get("metadata")),
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
    text, kinds = read_content(item.get("content"), field=f"{field}.content")
    if role == "assistant":
        kinds = [*_thinking(item), *kinds, *_calls(item)]
    # `function` is what `tool` was called before.
    return Message(role="tool" if role == "function" else role, text=text, block_types=tuple(kinds))


def _thinking(item: JsonObject) -> list[str]:
    """DeepSeek's and OpenRouter's fields beside the content."""
    return [THINKING] if item.get("reasoning_content") or item.get("reasoning") else []


def _calls(item: JsonObject) -> list[str]:
    calls = item.get("tool_calls")
    if isinstance(calls, list):
        return [TOOL_CALL] * len(calls)
    return [TOOL_CALL] if isinstance(item.get("function_call"), dict) else []
