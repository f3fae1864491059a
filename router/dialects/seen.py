"""What the decision sees of a conversation: roles, texts, the kinds of the other parts, and what a model must do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

from router.dialects.conversation import Conversation, Media, Opaque, Part, Text, Thinking, ToolCall, ToolResult
from router.types import ChatRequest, Dialect, Message, Needs

_TOOL_CALL = "tool_call"


def seen(conversation: Conversation, *, raw: bytes = b"") -> ChatRequest:
    """The request that is decided on.

    A tool's result becomes a message of its own with the role `tool`, before the rest of its turn.
    raw: the bytes of the body, where they are at hand.
    """
    messages: list[Message] = []
    for turn in conversation.turns:
        parts = turn.parts
        role = turn.label or turn.role
        if len(parts) == 1 and type(parts[0]) is Text:
            messages.append(Message(role, parts[0].text))
        else:
            messages.extend(_messages(role, parts))
    return ChatRequest(
        messages=tuple(messages),
        model=conversation.model,
        max_output_tokens=conversation.max_output_tokens,
        dialect=conversation.dialect or Dialect.PROMPT,
        needs=_needs(messages, conversation.needs),
        metadata=conversation.metadata or {},
        raw=raw,
    )


def _messages(role: str, parts: tuple[Part, ...]) -> Iterable[Message]:
    others: list[Part] = []
    for part in parts:
        if isinstance(part, ToolResult):
            yield _message("tool", part.parts)
        else:
            others.append(part)
    if others or not parts:
        yield _message(role, others)


def _message(role: str, parts: Iterable[Part]) -> Message:
    texts: list[str] = []
    kinds: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
        elif isinstance(part, Media | Opaque):
            kinds.append(part.kind)
        elif isinstance(part, ToolCall):
            kinds.append(_TOOL_CALL)
        elif not isinstance(part, Thinking) or part.text or part.redacted:  # else it is only the next part's signature
            kinds.append("thinking")
    starts = accumulate((len(text) + 1 for text in texts[:-1]), initial=0) if len(texts) > 1 else ()
    return Message(role, "\n".join(texts), tuple(kinds), tuple(starts))


def _needs(messages: Iterable[Message], asked: Needs) -> Needs:
    """What the fields ask for, with what the messages hold."""
    kinds: set[str] = set()
    called = called_at_once = False
    for message in messages:
        called = called or message.role == "tool"
        if message.block_types:
            kinds.update(message.block_types)
            called_at_once = called_at_once or message.block_types.count(_TOOL_CALL) > 1
    if not kinds and not called:
        return asked if asked.tools or not asked.parallel_tools else replace(asked, parallel_tools=False)
    with_tools = asked.tools or called or _TOOL_CALL in kinds
    return Needs(
        images="image" in kinds,
        audio="audio" in kinds,
        documents="document" in kinds,
        tools=with_tools,
        parallel_tools=called_at_once or (asked.parallel_tools and with_tools),
        json_mode=asked.json_mode,
        json_schema=asked.json_schema,
        n=asked.n,
        logprobs=asked.logprobs,
        hosted=asked.hosted,
    )
