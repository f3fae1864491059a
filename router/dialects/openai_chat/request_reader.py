"""A client's chat-completions body -> Conversation."""

from __future__ import annotations

from router.dialects.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Part,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from router.dialects.shared.asking import optional_int, possible_choice
from router.dialects.shared.fields import (
    as_array,
    as_object,
    as_string,
    expected,
    optional_bool,
    optional_number,
    optional_string,
)
from router.dialects.shared.openai_shared import (
    TEXT_TYPES,
    arguments_text,
    free_text_arguments,
    once,
    optional_effort,
    read_audio,
    read_choice_word,
    read_document,
    read_format_schema,
    read_function,
    read_image,
    refuse,
    unread,
)
from router.errors import RequestError
from router.types import JsonObject

_CACHE_HINTS = ("prompt_cache_breakpoint", "cache_control")
_READ = frozenset(
    (
        *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "n", "seed", "stop"),
        *("max_completion_tokens", "max_tokens", "temperature", "top_p", "top_k", "reasoning_effort", "user"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "safety_identifier"),
        *("stream", "stream_options", "modalities", "functions", "function_call"),
    )
)


def read_request(body: JsonObject) -> Conversation:
    """A chat-completions body as a conversation. Raises RequestError naming the field that cannot be used."""
    _refuse_what_cannot_be_had(body)
    dropped = unread(body, _READ)
    tools, choice = _read_tools(body, dropped)
    parallel = body.get("parallel_tool_calls")
    return Conversation(
        turns=_Messages(dropped).read(body.get("messages")),
        model=optional_string(body, "model"),
        tools=tools,
        tool_choice=choice,
        parallel_tools=None if parallel is None else optional_bool(body, "parallel_tool_calls", default=True),
        answer_format=_read_format(body.get("response_format")),
        max_output_tokens=_max_output_tokens(body),
        temperature=optional_number(body, "temperature", low=0, high=2),
        top_p=optional_number(body, "top_p", low=0, high=1),
        top_k=_top_k(body),
        stop=_read_stop(body.get("stop")),
        effort=optional_effort(body.get("reasoning_effort"), field="reasoning_effort"),
        n=optional_int(body, "n", low=1, high=128) or 1,
        seed=optional_int(body, "seed", low=-(1 << 63), high=(1 << 64) - 1),
        presence_penalty=optional_number(body, "presence_penalty", low=-2, high=2),
        frequency_penalty=optional_number(body, "frequency_penalty", low=-2, high=2),
        logprobs=optional_bool(body, "logprobs", default=False),
        top_logprobs=optional_int(body, "top_logprobs", low=0, high=20),
        user=optional_string(body, "safety_identifier") or optional_string(body, "user"),
        stream=optional_bool(body, "stream", default=False),
        include_usage=_include_usage(body),
        dropped=once(dropped),
    )


# --- Parameters -------------------------------------------------------------------------------------------------------


def _refuse_what_cannot_be_had(body: JsonObject) -> None:
    if body.get("functions") or body.get("function_call") not in (None, "auto", "none"):
        raise refuse("deprecated and not translated. Send tools and tool_choice instead.", field="functions")
    modalities = body.get("modalities")
    if modalities is not None and any(kind != "text" for kind in as_array(modalities, field="modalities")):
        raise refuse('only text can be answered. Leave it out, or send ["text"].', field="modalities")


def _max_output_tokens(body: JsonObject) -> int | None:
    newer = optional_int(body, "max_completion_tokens", low=1)
    older = optional_int(body, "max_tokens", low=1)
    return older if newer is None else newer


def _top_k(body: JsonObject) -> int | None:
    """top_k is no field of OpenAI's, but of many servers; there 0 and -1 mean no limit."""
    value = optional_int(body, "top_k", low=-1)
    return value if value is not None and value > 0 else None


def _read_stop(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list):
        raise expected("a string or an array of strings", value, field="stop")
    return tuple(as_string(item, field=f"stop[{index}]") for index, item in enumerate(value))


def _include_usage(body: JsonObject) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    return optional_bool(
        as_object(options, field="stream_options"), "include_usage", default=False, prefix="stream_options."
    )


def _read_format(value: object) -> AnswerFormat | None:
    if value is None:
        return None
    item = as_object(value, field="response_format")
    kind = item.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return AnswerFormat("json")
    if kind == "json_schema":
        field = "response_format.json_schema"
        return read_format_schema(as_object(item.get("json_schema"), field=field), field=field)
    raise RequestError("response_format.type: expected text, json_object or json_schema.", field="response_format.type")


# --- Tools ------------------------------------------------------------------------------------------------------------


def _read_tools(body: JsonObject, dropped: list[str]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    value = body.get("tools")
    tools = []
    for index, item in enumerate([] if value is None else as_array(value, field="tools")):
        field = f"tools[{index}]"
        tool = as_object(item, field=field)
        kind = as_string(tool.get("type", "function"), field=f"{field}.type")
        if kind == "function":
            tools.append(read_function(as_object(tool.get("function"), field=f"{field}.function"), field=field))
        else:
            dropped.append(f"{field} ({kind})")
    return _choose(tuple(tools), body.get("tool_choice"), dropped)


def _choose(tools: tuple[Tool, ...], value: object, dropped: list[str]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools that may be called and the choice; `allowed_tools` leaves fewer tools."""
    if value is None:
        return tools, None
    if isinstance(value, str):
        return tools, possible_choice(read_choice_word(value, field="tool_choice"), tools, dropped, field="tool_choice")
    item = as_object(value, field="tool_choice")
    kind = item.get("type")
    if kind == "function":
        name = _function_name(item, field="tool_choice")
        return tools, possible_choice(ToolChoice("named", name), tools, dropped, field="tool_choice")
    if kind == "allowed_tools":
        field = "tool_choice.allowed_tools"
        allowed = as_object(item.get("allowed_tools"), field=field)
        names = {
            _function_name(as_object(entry, field=f"{field}.tools[{index}]"), field=f"{field}.tools[{index}]")
            for index, entry in enumerate(as_array(allowed.get("tools"), field=f"{field}.tools"))
            if not (isinstance(entry, dict) and entry.get("type", "function") != "function")
        }
        mode = read_choice_word(as_string(allowed.get("mode"), field=f"{field}.mode"), field=f"{field}.mode")
        some = tuple(tool for tool in tools if tool.name in names)
        return some, possible_choice(mode, some, dropped, field="tool_choice")
    dropped.append("tool_choice")
    return tools, None


def _function_name(item: JsonObject, *, field: str) -> str:
    function = as_object(item.get("function"), field=f"{field}.function")
    return as_string(function.get("name"), field=f"{field}.function.name")


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages:
    """Reads messages in order: results need the names of the calls before them."""

    def __init__(self, dropped: list[str]) -> None:
        self._dropped = dropped
        self._turns: list[Turn] = []
        self._results_open = False  # the last turn is one of results, and another result joins it
        self._names: dict[str, str] = {}
        self._legacy_calls = 0

    def read(self, value: object) -> tuple[Turn, ...]:
        items = as_array(value, field="messages")
        if not items:
            raise RequestError("messages: expected at least one message.", field="messages", code="empty")
        for index, item in enumerate(items):
            self._read_message(as_object(item, field=f"messages[{index}]"), field=f"messages[{index}]")
        return tuple(self._turns)

    def _read_message(self, item: JsonObject, *, field: str) -> None:
        role = as_string(item.get("role"), field=f"{field}.role")
        if role in ("tool", "function"):
            self._add_result(self._read_result(item, role, field=field))
            return
        self._results_open = False
        if role == "user":
            self._turns.append(Turn("user", tuple(self._read_content(item.get("content"), field=f"{field}.content"))))
        elif role in ("system", "developer"):
            self._turns.append(Turn("system", self._read_texts(item, field=f"{field}.content")))
        elif role == "assistant":
            self._turns.append(Turn("assistant", tuple(self._read_assistant(item, field=field))))
        else:
            raise RequestError(
                f"{field}.role: expected system, developer, user, assistant or tool.", field=f"{field}.role"
            )

    # ... results

    def _add_result(self, result: ToolResult) -> None:
        if self._results_open:
            last = self._turns.pop()
            self._turns.append(Turn("user", (*last.parts, result)))
        else:
            self._turns.append(Turn("user", (result,)))
            self._results_open = True

    def _read_result(self, item: JsonObject, role: str, *, field: str) -> ToolResult:
        parts = tuple(
            part
            for part in self._read_content(item.get("content"), field=f"{field}.content")
            if isinstance(part, Text | Media)
        )
        if role == "function":
            name = as_string(item.get("name"), field=f"{field}.name")
            return ToolResult(call_id=_legacy_id(self._legacy_calls), parts=parts, name=name)
        call_id = as_string(item.get("tool_call_id"), field=f"{field}.tool_call_id")
        return ToolResult(call_id=call_id, parts=parts, name=self._names.get(call_id))

    # ... the model's turns

    def _read_assistant(self, item: JsonObject, *, field: str) -> list[Part]:
        parts: list[Part] = []
        for key in ("reasoning_content", "reasoning"):  # what compatible servers send, clients send back
            thinking = item.get(key)
            if isinstance(thinking, str) and thinking:
                parts.append(Thinking(thinking))
                break
        parts += self._read_content(item.get("content"), field=f"{field}.content")
        refusal = optional_string(item, "refusal", prefix=f"{field}.")
        if refusal:
            parts.append(Text(refusal))
        if item.get("audio") is not None:
            self._dropped.append(f"{field}.audio")
        return [*parts, *self._read_calls(item, field=field)]

    def _read_calls(self, item: JsonObject, *, field: str) -> list[ToolCall]:
        value = item.get("tool_calls")
        calls = [
            self._read_call(as_object(call, field=f"{field}.tool_calls[{index}]"), field=f"{field}.tool_calls[{index}]")
            for index, call in enumerate([] if value is None else as_array(value, field=f"{field}.tool_calls"))
        ]
        legacy = item.get("function_call")
        if legacy is not None and not calls:
            self._legacy_calls += 1
            call_id = _legacy_id(self._legacy_calls)
            calls = [_read_function_call(legacy, call_id, field=f"{field}.function_call")]
        self._names.update({call.id: call.name for call in calls})
        return calls

    def _read_call(self, call: JsonObject, *, field: str) -> ToolCall:
        call_id = as_string(call.get("id"), field=f"{field}.id")
        if call.get("type") != "custom":
            return _read_function_call(call.get("function"), call_id, field=f"{field}.function")
        custom = as_object(call.get("custom"), field=f"{field}.custom")
        name = as_string(custom.get("name"), field=f"{field}.custom.name")
        text = as_string(custom.get("input"), field=f"{field}.custom.input")
        return ToolCall(call_id, name, free_text_arguments(text))

    # ... contents

    def _read_texts(self, item: JsonObject, *, field: str) -> tuple[Text, ...]:
        parts = self._read_content(item.get("content"), field=field)
        for part in parts:
            if not isinstance(part, Text):
                raise RequestError(f"{field}: expected text only in this role.", field=field, code="unsupported_value")
        return tuple(part for part in parts if isinstance(part, Text))

    def _read_content(self, value: object, *, field: str) -> list[Part]:
        """Parts of a content; empty texts are left out, as no other dialect takes them."""
        if value is None:
            return []
        if isinstance(value, str):
            return [Text(value)] if value else []
        if not isinstance(value, list):
            raise expected("a string, an array of parts or null", value, field=field)
        parts = [self._read_part(item, field=f"{field}[{index}]") for index, item in enumerate(value)]
        return [part for part in parts if part != Text("")]

    def _read_part(self, value: object, *, field: str) -> Part:
        if isinstance(value, str):
            return Text(value)
        item = as_object(value, field=field)
        self._dropped += [hint for hint in _CACHE_HINTS if item.get(hint)]
        kind = as_string(item.get("type"), field=f"{field}.type")
        if kind in TEXT_TYPES:
            return Text(as_string(item.get("text"), field=f"{field}.text"))
        if kind == "refusal":
            return Text(as_string(item.get("refusal"), field=f"{field}.refusal"))
        if kind == "image_url":
            return _read_image_part(item.get("image_url"), field=f"{field}.image_url")
        if kind == "input_audio":
            return read_audio(
                as_object(item.get("input_audio"), field=f"{field}.input_audio"), field=f"{field}.input_audio"
            )
        if kind == "file":
            return _read_file(as_object(item.get("file"), field=f"{field}.file"), field=f"{field}.file")
        if kind == "thinking":
            return Thinking(_thinking_text(item.get("thinking")))
        raise refuse(
            f"content of type {kind[:60]!r} cannot be translated. Send text, image_url, input_audio or file.",
            field=f"{field}.type",
        )


def _legacy_id(count: int) -> str:
    return f"call_function_{count}"


def _read_function_call(value: object, call_id: str, *, field: str) -> ToolCall:
    function = as_object(value, field=field)
    return ToolCall(
        id=call_id,
        name=as_string(function.get("name"), field=f"{field}.name"),
        arguments=arguments_text(function.get("arguments"), field=f"{field}.arguments"),
    )


def _read_image_part(value: object, *, field: str) -> Media:
    if isinstance(value, str):  # several clients send the place alone
        return read_image(value, None, field=field)
    item = as_object(value, field=field)
    url = as_string(item.get("url"), field=f"{field}.url")
    return read_image(url, optional_string(item, "detail", prefix=f"{field}."), field=f"{field}.url")


def _read_file(item: JsonObject, *, field: str) -> Media:
    if item.get("file_id") is not None and item.get("file_data") is None:
        raise refuse("files kept at OpenAI cannot be read here. Send file_data.", field=f"{field}.file_id")
    data = as_string(item.get("file_data"), field=f"{field}.file_data")
    name = optional_string(item, "filename", prefix=f"{field}.")
    return read_document(data, name, field=f"{field}.file_data")


def _thinking_text(value: object) -> str:
    """Mistral's thinking parts hold text parts."""
    if isinstance(value, str):
        return value
    items = value if isinstance(value, list) else []
    return "".join([item["text"] for item in items if isinstance(item, dict) and isinstance(item.get("text"), str)])
