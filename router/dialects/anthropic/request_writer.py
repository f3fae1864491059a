"""Conversation -> Anthropic Messages bodies for providers, of API version 2023-06-01."""

from __future__ import annotations

import base64
from itertools import chain
from typing import Any

from router.dialects import conversation as c
from router.dialects.anthropic.request_fit import LONGEST_USER, NAMES
from router.dialects.shared.cache import MOST_MARKS, cache_control, kept_marks, lifetime_in, lifetime_of
from router.dialects.shared.names import with_names
from router.dialects.shared.parts import (
    LEAST_THINKING_TOKENS,
    arguments_object,
    cannot_send,
    clean_id,
    json_instruction,
    media_type_of,
    system_and_turns,
    unsupported_fields,
    url_of,
)
from router.dialects.shared.schemas import closed_schema, is_strict, object_schema
from router.dialects.shared.users import fitting_user
from router.types import Dialect, Effort, JsonObject

DEFAULT_MAX_TOKENS = 8_192
"""For clients that set no limit, as the API wants one."""

_NEVER = ("n", "seed", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs")


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The conversation as a body for a provider. Raises RequestError for sounds, which the API does not take."""
    dropped = list(unsupported_fields(conversation, _NEVER))
    conversation, names = with_names(conversation, NAMES)
    system, turns = system_and_turns(conversation, Dialect.ANTHROPIC)
    body: JsonObject = {
        "model": model,
        "max_tokens": conversation.max_output_tokens or DEFAULT_MAX_TOKENS,
        "messages": _write_messages(turns, own=conversation.dialect is Dialect.ANTHROPIC),
    }
    form = conversation.answer_format
    if form is not None and form.kind == "json":
        system = (*system, c.Text(json_instruction(form)))
    if system:
        body["system"] = _write_system(system, own=conversation.dialect is Dialect.ANTHROPIC)
    if conversation.user is not None:
        body["metadata"] = {"user_id": fitting_user(conversation.user, longest=LONGEST_USER)}
    if conversation.stream:
        body["stream"] = True
    _write_tools(body, conversation, dropped)
    _write_thinking(body, conversation, dropped)
    _write_sampling(body, conversation, dropped)
    _keep_few_marks(body, conversation, dropped)
    return c.Written(body, tuple(dropped), names)


def _write_system(parts: tuple[c.Part, ...], *, own: bool) -> str | list[JsonObject]:
    if own or any(lifetime_in(part) for part in parts):
        return [block for part in parts if (block := _write_part(part)) is not None]
    return "\n\n".join(part.text for part in parts if isinstance(part, c.Text))


def _write_messages(turns: tuple[c.Turn, ...], *, own: bool) -> list[JsonObject]:
    """own: the turns came in this dialect, and go back as they are."""
    messages: list[JsonObject] = []
    for turn in turns:
        blocks = [_write_part(part) for part in turn.parts]
        shown = [block for block in blocks if block is not None]
        if shown or own:
            messages.append({"role": (own and turn.label) or turn.role, "content": shown})
    if not own and messages and messages[-1]["role"] == "assistant" and messages[-1]["content"][-1]["type"] == "text":
        last = messages[-1]["content"][-1]
        last["text"] = last["text"].rstrip()  # an answer to go on with may not end in white space
    return messages


def _keep_few_marks(body: JsonObject, conversation: c.Conversation, dropped: list[str]) -> None:
    """At most as many marks as the API takes, and none that outlives one before it."""
    if conversation.cache is not None:
        body["cache_control"] = cache_control(conversation.cache)
    system = body.get("system")
    groups = [
        [block for block in blocks if "cache_control" in block]
        for blocks in (
            body.get("tools", ()),
            system if isinstance(system, list) else (),
            [block for message in body["messages"] for block in message["content"]],
        )
    ]
    asked = [[lifetime_of(block) or "5m" for block in group] for group in groups]
    kept = kept_marks(asked, most=MOST_MARKS - (conversation.cache is not None))
    for block, mark in zip(chain(*groups), chain(*kept), strict=True):
        if mark is None:
            del block["cache_control"]
            dropped.append("cache_control")
        else:
            block["cache_control"] = cache_control(mark)


def _write_part(part: c.Part) -> JsonObject | None:
    """The block of a part, with its mark for the cache."""
    block = _write_unmarked(part)
    if block is None or (lifetime := lifetime_in(part)) is None:
        return block
    return {**block, "cache_control": cache_control(lifetime)}


def _write_unmarked(part: c.Part) -> JsonObject | None:
    if isinstance(part, c.Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, c.Media):
        return _write_media(part)
    if isinstance(part, c.ToolCall):
        return {
            "type": "tool_use",
            "id": clean_id(part.id),
            "name": part.name,
            "input": arguments_object(part.arguments),
        }
    if isinstance(part, c.ToolResult):
        return part.hosted or _write_tool_result(part)
    if isinstance(part, c.Opaque):
        return dict(part.raw)
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    if part.signature is None:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _write_tool_result(result: c.ToolResult) -> JsonObject:
    block: JsonObject = {"type": "tool_result", "tool_use_id": clean_id(result.call_id)}
    texts = [part.text for part in result.parts if isinstance(part, c.Text)]
    if len(texts) == 1 == len(result.parts):
        block["content"] = texts[0]
    elif result.parts:
        shown = [part for part in result.parts if not isinstance(part, c.Text) or part.text.strip()]
        block["content"] = [_write_unmarked(part) for part in shown]
    if result.is_error:
        block["is_error"] = True
    return block


def _write_media(media: c.Media) -> JsonObject:
    if media.kind == "audio":
        raise cannot_send(media, why="Anthropic's models do not take sound.")
    block: JsonObject = {"type": media.kind}
    url = url_of(media)
    if url is not None:
        block["source"] = {"type": "url", "url": url}
    elif media.kind == "document" and (media_type_of(media) or "").startswith("text/"):
        block["source"] = {"type": "text", "media_type": "text/plain", "data": _decoded(media)}
    else:
        fallback = "image/png" if media.kind == "image" else "application/pdf"
        block["source"] = {"type": "base64", "media_type": media_type_of(media) or fallback, "data": media.data or ""}
    if media.kind == "document" and media.name:
        block["title"] = media.name
    return block


def _decoded(media: c.Media) -> str:
    try:
        return base64.b64decode(media.data or "").decode("utf-8", "replace")
    except ValueError as exc:
        raise cannot_send(media, why="the bytes are not base64.") from exc


def _write_tools(body: JsonObject, conversation: c.Conversation, dropped: list[str]) -> None:
    if not conversation.tools:
        return
    body["tools"] = [_write_tool(tool) for tool in conversation.tools]
    if any(tool.strict and "strict" not in body["tools"][index] for index, tool in enumerate(conversation.tools)):
        dropped.append("strict")
    choice = _write_tool_choice(conversation.tool_choice)
    if conversation.parallel_tools is False and (choice is None or choice["type"] != "none"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        body["tool_choice"] = choice


def _write_tool(tool: c.Tool) -> JsonObject:
    written: JsonObject = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["input_schema"] = schema = object_schema(tool.schema)
    if tool.strict is False or (tool.strict and is_strict(schema, all_required=False)):
        written["strict"] = tool.strict
    if tool.cache is not None:
        written["cache_control"] = cache_control(tool.cache)
    return written


def _write_tool_choice(choice: c.ToolChoice | None) -> JsonObject | None:
    if choice is None:
        return None
    if choice.mode == "named":
        return {"type": "tool", "name": choice.name}
    return {"type": {"auto": "auto", "required": "any", "none": "none"}[choice.mode]}


def _write_thinking(body: JsonObject, conversation: c.Conversation, dropped: list[str]) -> None:
    config: JsonObject = {}
    if conversation.answer_format is not None and conversation.answer_format.kind == "schema":
        schema, loosened = closed_schema(conversation.answer_format.schema or {})
        config["format"] = {"type": "json_schema", "schema": schema}
        if loosened:
            dropped.append("answer_format")
    effort = "none" if conversation.thinking_tokens == 0 else conversation.effort
    if effort is not None:
        fields = effort_fields(effort, forced=forces_a_call(body))
        config |= fields.pop("output_config", {})
        body |= fields
    elif conversation.thinking_tokens is not None:
        _write_budget(body, conversation, dropped, wanted=conversation.thinking_tokens)
    if config:
        body["output_config"] = config


def effort_fields(effort: Effort, *, forced: bool) -> JsonObject:
    """The members for an effort. forced: whether the request forces a call; it may then not ask for thinking."""
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    fields: JsonObject = {"output_config": {"effort": "low" if effort == "minimal" else effort}}
    return fields if forced else {**fields, "thinking": {"type": "adaptive"}}


def _write_budget(body: JsonObject, conversation: c.Conversation, dropped: list[str], *, wanted: int) -> None:
    """A budget of thinking below max_tokens; dropped where the API would refuse it.

    It refuses one when a call is forced, and amid a tool loop whose thinking (another provider's) was left out.
    """
    budget = max(LEAST_THINKING_TOKENS, wanted)
    if conversation.max_output_tokens is None:
        body["max_tokens"] = budget + DEFAULT_MAX_TOKENS
    budget = min(budget, body["max_tokens"] - 1)
    if budget < LEAST_THINKING_TOKENS or forces_a_call(body) or _amid_unsigned_loop(body["messages"]):
        dropped.append("thinking_tokens")
        body["max_tokens"] = conversation.max_output_tokens or DEFAULT_MAX_TOKENS
        return
    body["thinking"] = {"type": "enabled", "budget_tokens": budget}


def forces_a_call(body: JsonObject) -> bool:
    """Whether a body's tool_choice leaves the model no other way than a call."""
    choice = body.get("tool_choice")
    return isinstance(choice, dict) and choice.get("type") in ("any", "tool")


def _amid_unsigned_loop(messages: list[JsonObject]) -> bool:
    if len(messages) < 2 or messages[-1]["content"][0]["type"] != "tool_result":
        return False
    return messages[-2]["content"][0]["type"] not in ("thinking", "redacted_thinking")


def _write_sampling(body: JsonObject, conversation: c.Conversation, dropped: list[str]) -> None:
    stop = [text for text in conversation.stop if text.strip()]
    if len(stop) != len(conversation.stop):
        dropped.append("stop")  # white space alone is refused
    if stop:
        body["stop_sequences"] = stop
    wished: dict[str, Any] = {
        "temperature": None if conversation.temperature is None else min(1.0, max(0.0, conversation.temperature)),
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
    }
    thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    for name, value in wished.items():
        if value is None:
            continue
        if thinks and not _goes_with_thinking(name, value):
            dropped.append(name)
        else:
            body[name] = value


def _goes_with_thinking(name: str, value: float) -> bool:
    return (name == "temperature" and value == 1) or (name == "top_p" and value >= 0.95)
