"""A client's chat-completions body -> Conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from router.dialects import conversation as c
from router.dialects.shared import fields as get
from router.dialects.shared.cache import lifetime_of, with_mark
from router.dialects.shared.openai_reader import (
    OPENAI_FIELDS,
    OpenAiReader,
    choose_tools,
    openai_fields,
    optional_effort,
    read_call,
    read_custom_call,
    read_format,
    read_function,
    thinking_text,
    unread,
)
from router.dialects.shared.reader import Side
from router.types import Dialect, JsonObject, Needs

_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
"""Names of the limit on the answer, the one that counts first; the last is of Responses, and some clients send it."""
_READ = frozenset(
    (
        *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "n", "seed", "stop"),
        *(*_LIMITS, "temperature", "top_p", "top_k", "reasoning_effort", "user", "safety_identifier"),
        *(*OPENAI_FIELDS, "cache_control"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
        *("stream", "stream_options", "modalities", "functions", "function_call"),
    )
)
_NEEDING = frozenset("tools functions response_format parallel_tool_calls n logprobs top_logprobs".split())
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_SIDES: Mapping[str, Side] = {side: side for side in ("system", "user", "assistant")}


def read_request(body: JsonObject) -> c.Conversation:
    """A chat-completions body as a conversation. Raises RequestError where it holds no messages that can be read."""
    reader = _Messages(Dialect.OPENAI_CHAT)
    turns = reader.read(body.get("messages"))
    return reader.conversation(
        turns,
        body,
        lambda dropped: _read_fields(body, dropped),
        needs=_needs(body),
        max_output_tokens=get.whole_number(body, *_LIMITS),
        metadata=body.get("metadata"),
    )


def with_chat_fields(items: c.Conversation, body: JsonObject) -> c.Conversation:
    """A conversation that was read from `input` items, in a body whose other fields are those of chat."""
    read_rest = items.rest
    assert read_rest is not None, "a reader leaves fields for later"
    fields = {
        **vars(items),
        "dialect": Dialect.OPENAI_CHAT,
        "needs": _needs(body),
        "max_output_tokens": get.whole_number(body, *_LIMITS),
        # The answer is in chat: there usage is for clients that ask for it.
        "rest": lambda: {
            **read_rest(),
            "include_usage": get.inner(body.get("stream_options"), "include_usage") is True,
        },
    }
    return c.Conversation.read(**fields)


def _needs(body: JsonObject) -> Needs:
    if _NEEDING.isdisjoint(body):
        return c.NO_NEEDS
    answer_format = get.inner(body.get("response_format"), "type")
    declared = get.is_filled(body.get("tools")) or get.is_filled(body.get("functions"))
    return Needs(
        tools=declared and body.get("tool_choice", body.get("function_call")) != "none",
        parallel_tools=body.get("parallel_tool_calls") is True,
        json_mode=answer_format == "json_object",
        json_schema=answer_format == "json_schema",
        n=get.whole_number(body, "n") or 1,
        logprobs=body.get("logprobs") is True or get.whole_number(body, "top_logprobs") is not None,
    )


# --- Fields that only other dialects need -----------------------------------------------------------------------------


def _read_fields(body: JsonObject, dropped: list[str]) -> Mapping[str, Any]:
    _refuse_deprecated_and_sound(body)
    dropped += unread(body, _READ)
    tools = _read_tools(body, dropped)
    chosen, choice = choose_tools(
        tuple(tools),
        body.get("tool_choice"),
        dropped,
        name_of=_function_name,
        kinds=("function",),
        allowed_in="allowed_tools",
    )
    for name in _LIMITS:
        get.optional_int(body, name, low=1, high=(1 << 31) - 1)
    top_k = get.optional_int(body, "top_k", low=-1)
    answer_format = body.get("response_format")
    stop = body.get("stop")
    return {
        "tools": chosen,
        "tool_choice": choice,
        "parallel_tools": get.optional_flag(body, "parallel_tool_calls"),
        "answer_format": None
        if answer_format is None
        else read_format(
            get.as_object(answer_format, field="response_format"), field="response_format", schema_in="json_schema"
        ),
        "temperature": get.optional_number(body, "temperature", low=0, high=2),
        "top_p": get.optional_number(body, "top_p", low=0, high=1),
        "top_k": top_k if top_k is not None and top_k > 0 else None,  # many servers know it: 0 and -1 mean no limit
        "stop": ((stop,) if stop else ()) if isinstance(stop, str) else get.optional_strings(body, "stop"),
        "effort": optional_effort(body.get("reasoning_effort"), field="reasoning_effort"),
        "n": get.optional_int(body, "n", low=1, high=128) or 1,
        "seed": get.optional_int(body, "seed", low=-(1 << 63), high=(1 << 64) - 1),
        "presence_penalty": get.optional_number(body, "presence_penalty", low=-2, high=2),
        "frequency_penalty": get.optional_number(body, "frequency_penalty", low=-2, high=2),
        "logprobs": get.optional_bool(body, "logprobs", default=False),
        "top_logprobs": get.optional_int(body, "top_logprobs", low=0, high=20),
        "user": get.optional_string(body, "safety_identifier") or get.optional_string(body, "user"),
        "stream": get.optional_bool(body, "stream", default=False),
        "cache": lifetime_of(body),
        "openai": openai_fields(body),
        "include_usage": get.optional_bool(
            get.optional_object(body, "stream_options"), "include_usage", default=False, prefix="stream_options."
        ),
    }


def _read_tools(body: JsonObject, dropped: list[str]) -> list[c.Tool]:
    tools = []
    for field, tool in get.objects(body, "tools"):
        kind = get.as_string(tool.get("type", "function"), field=f"{field}.type")
        if kind == "function":
            function = get.as_object(tool.get("function"), field=f"{field}.function")
            cache = lifetime_of(tool) or lifetime_of(function)  # OpenRouter's place, and LiteLLM's
            tools.append(replace(read_function(function, field=field), cache=cache))
        else:
            dropped.append(f"{field} ({kind})")
    return tools


def _refuse_deprecated_and_sound(body: JsonObject) -> None:
    if body.get("functions") or body.get("function_call") not in (None, "auto", "none"):
        raise get.unusable("deprecated and not translated. Send tools and tool_choice instead.", field="functions")
    modalities = body.get("modalities")
    if modalities is not None and any(kind != "text" for kind in get.as_array(modalities, field="modalities")):
        raise get.unusable('only text can be answered. Leave it out, or send ["text"].', field="modalities")


def _function_name(item: JsonObject, *, field: str) -> str:
    function = get.as_object(item.get("function"), field=f"{field}.function")
    return get.as_string(function.get("name"), field=f"{field}.function.name")


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages(OpenAiReader):
    """Reads messages in order: results need the names of the calls before them."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._results: list[c.Part] = []  # of the messages just read: one turn holds them all
        self._legacy_calls = 0

    def read(self, value: object) -> list[c.Turn]:
        """The turns. Raises RequestError naming the message and its field."""
        turns: list[c.Turn] = []
        for index, item in enumerate(get.filled_array(value, field="messages", what="message")):
            if type(item) is dict and len(item) == 2 and type(content := item.get("content")) is str and content:
                side = _SIDES.get(role) if type(role := item.get("role")) is str else None
                if side is not None:  # most messages, in a fifth of the time
                    self._close_results(turns)
                    turns.append(c.Turn(side, (c.Text(content),)))
                    continue
            self._read_message(get.as_object(item, field=f"messages[{index}]"), turns, field=f"messages[{index}]")
        self._close_results(turns)
        return turns

    def _close_results(self, turns: list[c.Turn]) -> None:
        if self._results:
            turns.append(c.Turn("user", tuple(self._results)))
            self._results = []

    def _read_message(self, item: JsonObject, turns: list[c.Turn], *, field: str) -> None:
        role, side = self.role(item, _ROLES, field=field)
        parts = self.content(item.get("content"), field=f"{field}.content")
        if role in ("tool", "function"):
            result: list[c.Part] = [self._read_result(item, role, parts, field=field)]
            self._results += with_mark(result, item) if "cache_control" in item else result
            return
        self._close_results(turns)
        if side == "assistant":
            parts = self._read_assistant(item, parts, field=field)
        elif side == "system" and not all(isinstance(part, c.Text) for part in parts):
            self.problems.append(get.unusable("expected text only in this role.", field=f"{field}.content"))
        marked = with_mark(parts, item) if "cache_control" in item else tuple(parts)
        name = item.get("name")
        turns.append(c.Turn(side, marked, None if role == side else role, name if type(name) is str else None))

    def _read_result(self, item: JsonObject, role: str, parts: list[c.Part], *, field: str) -> c.ToolResult:
        if role == "function":  # the older way to call has no ids
            name = self.string(item, "name", field=field, required=True)
            return self.result(_legacy_id(self._legacy_calls), parts, name=name)
        return self.result(self.string(item, "tool_call_id", field=field, required=True), parts)

    def _read_assistant(self, item: JsonObject, parts: list[c.Part], *, field: str) -> list[c.Part]:
        # What compatible servers send, clients send back.
        thinking = next((item[key] for key in ("reasoning_content", "reasoning") if item.get(key)), None)
        if thinking is not None:
            parts.insert(0, c.Thinking(thinking_text(thinking)))
        if refusal := self.string(item, "refusal", field=field):
            parts.append(c.Text(refusal))
        if item.get("audio") is not None:
            self.dropped.append(f"{field}.audio")
        calls = self.calls(item, "tool_calls", _read_tool_call, field=field)
        if not calls and (legacy := item.get("function_call")) is not None:
            self._legacy_calls += 1
            calls = [self.strictly(self._read_legacy, legacy, kind="tool_call", field=f"{field}.function_call")]
        self.names.update({call.id: call.name for call in calls if isinstance(call, c.ToolCall)})
        return [*parts, *calls]

    def _read_legacy(self, value: object, *, field: str) -> c.ToolCall:
        return read_call(get.as_object(value, field=field), _legacy_id(self._legacy_calls), field=field)


def _read_tool_call(value: object, *, field: str) -> c.ToolCall:
    call = get.as_object(value, field=field)
    call_id = get.as_string(call.get("id"), field=f"{field}.id")
    if call.get("type") == "custom":
        field = f"{field}.custom"
        return read_custom_call(get.as_object(call.get("custom"), field=field), call_id, field=field)
    return read_call(get.as_object(call.get("function"), field=f"{field}.function"), call_id, field=f"{field}.function")


def _legacy_id(count: int) -> str:
    return f"call_function_{count}"
