"""A client's Responses body -> Conversation: parameters and tools. Items of the input are read in `items`.

Stateless: what would need an earlier response, a conversation or a prompt kept at OpenAI is refused with the cure.
"""

from __future__ import annotations

from router.dialects.conversation import AnswerFormat, Conversation, Effort, Text, Tool, ToolChoice, Turn
from router.dialects.openai_responses.items import read_input
from router.dialects.shared.asking import optional_int, possible_choice
from router.dialects.shared.fields import (
    as_array,
    as_object,
    as_string,
    optional_bool,
    optional_number,
    optional_string,
)
from router.dialects.shared.openai_shared import (
    FREE_TEXT_SCHEMA,
    once,
    optional_effort,
    read_choice_word,
    read_format_schema,
    read_function,
    refuse,
    unread,
)
from router.errors import RequestError
from router.types import JsonObject

_KEPT_ELSEWHERE = {
    "previous_response_id": "earlier responses are not kept here. Send the whole conversation as input.",
    "conversation": "conversations are not kept here. Send the whole conversation as input.",
    "prompt": "prompts kept at OpenAI cannot be read here. Send their text as instructions and input.",
    "background": "answers are not kept here, so none can be fetched later. Leave it out, and stream instead.",
}
_READ = frozenset(
    (
        *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"),
        *("max_output_tokens", "temperature", "top_p", "top_logprobs", "user", "safety_identifier", "stream"),
        *_KEPT_ELSEWHERE,
    )
)


def read_request(body: JsonObject) -> Conversation:
    """A Responses body as a conversation. Raises RequestError naming the field that cannot be used."""
    for key, cure in _KEPT_ELSEWHERE.items():
        if body.get(key) not in (None, False):
            raise refuse(cure, field=key)
    dropped = unread(body, _READ)
    tools, choice = _read_tools(body, dropped)
    parallel = body.get("parallel_tool_calls")
    top_logprobs = optional_int(body, "top_logprobs", low=0, high=20)
    instructions = optional_string(body, "instructions")
    turns = read_input(body.get("input"), dropped)
    return Conversation(
        turns=(Turn("system", (Text(instructions),)), *turns) if instructions else turns,
        model=optional_string(body, "model"),
        tools=tools,
        tool_choice=choice,
        parallel_tools=None if parallel is None else optional_bool(body, "parallel_tool_calls", default=True),
        answer_format=_read_text(body, dropped),
        max_output_tokens=optional_int(body, "max_output_tokens", low=1),
        temperature=optional_number(body, "temperature", low=0, high=2),
        top_p=optional_number(body, "top_p", low=0, high=1),
        effort=_read_reasoning(body, dropped),
        logprobs=bool(top_logprobs),
        top_logprobs=top_logprobs or None,
        user=optional_string(body, "safety_identifier") or optional_string(body, "user"),
        stream=optional_bool(body, "stream", default=False),
        include_usage=True,
        dropped=once(dropped),
    )


def free_text_tools(conversation: Conversation) -> frozenset[str]:
    """Names of the tools whose calls the client wants as text: what the answer's writers need to know."""
    return frozenset([tool.name for tool in conversation.tools if tool.free_text])


def _read_text(body: JsonObject, dropped: list[str]) -> AnswerFormat | None:
    if body.get("text") is None:
        return None
    text = as_object(body["text"], field="text")
    dropped += [f"text.{key}" for key in unread(text, frozenset({"format"}))]
    if text.get("format") is None:
        return None
    wanted = as_object(text["format"], field="text.format")
    kind = wanted.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return AnswerFormat("json")
    if kind == "json_schema":
        return read_format_schema(wanted, field="text.format")
    raise RequestError("text.format.type: expected text, json_object or json_schema.", field="text.format.type")


def _read_reasoning(body: JsonObject, dropped: list[str]) -> Effort | None:
    if body.get("reasoning") is None:
        return None
    reasoning = as_object(body["reasoning"], field="reasoning")
    dropped += [f"reasoning.{key}" for key in unread(reasoning, frozenset({"effort"}))]
    return optional_effort(reasoning.get("effort"), field="reasoning.effort")


# --- Tools ------------------------------------------------------------------------------------------------------------


def _read_tools(body: JsonObject, dropped: list[str]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The client's own tools; those that OpenAI would run, and namespaces of tools, are dropped by name."""
    value = body.get("tools")
    tools = []
    for index, item in enumerate([] if value is None else as_array(value, field="tools")):
        field = f"tools[{index}]"
        tool = as_object(item, field=field)
        kind = as_string(tool.get("type"), field=f"{field}.type")
        if kind == "function":
            tools.append(read_function(tool, field=field))
        elif kind == "custom":
            tools.append(_read_custom(tool, field=field))
        else:
            dropped.append(f"{field} ({kind[:60]})")
    return _choose(tuple(tools), body.get("tool_choice"), dropped)


def _read_custom(tool: JsonObject, *, field: str) -> Tool:
    """A tool that takes free text. Its grammar is told in words, as no other dialect can enforce one."""
    description = optional_string(tool, "description", prefix=f"{field}.")
    grammar = tool.get("format")
    definition = grammar.get("definition") if isinstance(grammar, dict) else None
    if isinstance(definition, str):
        description = f"{description or ''}\n\n`input` must fit this grammar:\n{definition}".strip()
    name = as_string(tool.get("name"), field=f"{field}.name")
    return Tool(name, description, FREE_TEXT_SCHEMA, free_text=True)


def _choose(tools: tuple[Tool, ...], value: object, dropped: list[str]) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools that may be called and the choice; `allowed_tools` leaves fewer tools."""
    if value is None:
        return tools, None
    if isinstance(value, str):
        return tools, possible_choice(read_choice_word(value, field="tool_choice"), tools, dropped, field="tool_choice")
    item = as_object(value, field="tool_choice")
    kind = item.get("type")
    if kind in ("function", "custom"):
        name = as_string(item.get("name"), field="tool_choice.name")
        return tools, possible_choice(ToolChoice("named", name), tools, dropped, field="tool_choice")
    if kind == "allowed_tools":
        entries = as_array(item.get("tools"), field="tool_choice.tools")
        names = {entry.get("name") for entry in entries if isinstance(entry, dict)}
        word = as_string(item.get("mode"), field="tool_choice.mode")
        mode = read_choice_word(word, field="tool_choice.mode")
        some = tuple(tool for tool in tools if tool.name in names)
        return some, possible_choice(mode, some, dropped, field="tool_choice")
    dropped.append("tool_choice")
    return tools, None
