"""Which dialect a body is written in, and the readers of all dialects behind one function.

What the request's headers say counts first, then the array that holds the conversation, then marks that only one
dialect has. A body that fits two dialects (`{"messages": [{"role": "user", "content": "hi"}]}`) is read as Chat
Completions, which gives the same messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects.seen import seen
from router.dialects.shared.fields import inner
from router.dialects.table import read_body
from router.errors import RequestError
from router.types import ChatRequest, Dialect, JsonObject

_CARRIERS = ("messages", "input", "contents", "prompt")
"""The fields that hold the request's text; a body has one of them."""

# Only Anthropic's among bodies with `messages`. `thinking`, `top_k` and `metadata` are not: other servers take them.
_ANTHROPIC_FIELDS = ("system", "anthropic_version", "stop_sequences", "output_config", "context_management")
_ANTHROPIC_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"})
# Only Chat Completions' among bodies with `input`: Cursor sends such a mixture.
_CHAT_FIELDS = ("max_completion_tokens", "max_tokens", "response_format", "stop", "n", "functions")


def parse_request(body: JsonObject, *, headers: Mapping[str, str] | None = None, raw: bytes = b"") -> ChatRequest:
    """What the decision sees of a body of any dialect.

    headers: the request's, names in lower case.  raw: the bytes that the body was decoded from.
    Raises RequestError naming the field.
    """
    return seen(read_body(detect(body, headers=headers), body), raw=raw)


def detect(body: JsonObject, *, headers: Mapping[str, str] | None = None) -> Dialect:
    """The dialect of a body.

    Raises RequestError where none of the carrying fields, or more than one, is there.
    """
    carrier = _carrier(body)
    if carrier == "prompt":
        return Dialect.PROMPT
    if carrier == "contents":
        return Dialect.GEMINI
    if carrier == "input":
        return Dialect.OPENAI_CHAT if any(key in body for key in _CHAT_FIELDS) else Dialect.OPENAI_RESPONSES
    if headers is not None and "anthropic-version" in headers:
        return Dialect.ANTHROPIC
    return Dialect.ANTHROPIC if _looks_like_anthropic(body) else Dialect.OPENAI_CHAT


def _carrier(body: JsonObject) -> str:
    found = [key for key in _CARRIERS if body.get(key) is not None]
    # A stored prompt of the Responses dialect is an object next to the input.
    if found == ["input", "prompt"] and isinstance(body["prompt"], dict):
        found = ["input"]
    if not found:
        found = [key for key in _CARRIERS if key in body]  # null: the reader names what it expects
    if not found:
        raise RequestError(
            'the body needs "messages" (OpenAI chat, Anthropic), "input" (OpenAI Responses), "contents" (Gemini) '
            'or "prompt" (a string).',
            field="messages",
            code="missing_field",
        )
    if len(found) > 1:
        second = found[-1]
        raise RequestError(f"{second}: give either {second} or {found[0]}, not both.", field=second, code="ambiguous")
    return found[0]


def _looks_like_anthropic(body: JsonObject) -> bool:
    return (
        any(body.get(key) is not None for key in _ANTHROPIC_FIELDS)
        or any(inner(tool, "input_schema") is not None for tool in _items(body.get("tools")))
        or any(_has_anthropic_block(message) for message in _items(body["messages"]))
    )


def _has_anthropic_block(message: object) -> bool:
    for block in _items(inner(message, "content")):
        name = inner(block, "type")
        if isinstance(name, str) and (
            name in _ANTHROPIC_BLOCKS or (name in ("image", "document") and inner(block, "source") is not None)
        ):
            return True
    return False


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
