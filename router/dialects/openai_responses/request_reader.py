"""A client's Responses body -> Conversation.

Stateless: what needs an earlier response, a conversation or a prompt kept at OpenAI has no translation, and is refused
with the cure where no provider of this dialect gets the client's own bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from router.dialects import conversation as c
from router.dialects.openai_responses.namespaces import flat_name, in_namespaces, refuse_collisions
from router.dialects.openai_responses.reasoning import read_reasoning
from router.dialects.shared import fields as get
from router.dialects.shared.json_edit import may_hold
from router.dialects.shared.openai_reader import (
    OPENAI_FIELDS,
    OpenAiReader,
    choose_tools,
    openai_fields,
    optional_effort,
    read_call,
    read_custom_call,
    read_custom_tool,
    read_format,
    read_function,
    unread,
)
from router.dialects.shared.reader import UNKNOWN, Side, kind_of
from router.errors import RequestError
from router.jsontext import decode_json
from router.types import Dialect, JsonObject, Needs

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
        *OPENAI_FIELDS,
        *_KEPT_ELSEWHERE,
    )
)
_HOSTED = ("web_search", "file_search", "code_interpreter", "image_generation", "computer", "mcp")
"""How the types of tools begin that OpenAI runs, or that only its models know."""
_NEEDING = frozenset("tools text parallel_tool_calls top_logprobs include".split())


def read_request(body: JsonObject) -> c.Conversation:
    """A Responses body as a conversation. Raises RequestError where its input cannot be read."""
    reader = _Items(Dialect.OPENAI_RESPONSES)
    turns = reader.read(body)
    return reader.conversation(
        turns,
        body,
        lambda dropped: _read_fields(body, dropped),
        needs=_needs(body),
        max_output_tokens=get.whole_number(body, "max_output_tokens"),
        metadata=body.get("metadata"),
    )


def free_text_tools(conversation: c.Conversation) -> frozenset[str]:
    """Names of the tools whose calls the client wants as text: what the answer's writers need to know."""
    return frozenset([tool.name for tool in conversation.tools if tool.free_text])


def _needs(body: JsonObject) -> Needs:
    if _NEEDING.isdisjoint(body):
        return c.NO_NEEDS
    answer_format = get.inner(get.inner(body.get("text"), "format"), "type")
    include = body.get("include")
    return Needs(
        tools=get.is_filled(body.get("tools")) and body.get("tool_choice") != "none",
        parallel_tools=body.get("parallel_tool_calls") is True,
        json_mode=answer_format == "json_object",
        json_schema=answer_format == "json_schema",
        hosted=body.get("tool_choice") != "none" and _offers_hosted(body.get("tools")),
        logprobs=get.whole_number(body, "top_logprobs") is not None
        or (isinstance(include, list) and "message.output_text.logprobs" in include),
    )


def _offers_hosted(tools: object) -> bool:
    """Whether nothing but tools that OpenAI runs is offered.

    One that comes with the client's own is not counted: Codex offers the web search with every request, and none would
    go elsewhere.
    """
    kinds = [get.inner(tool, "type") for tool in tools] if isinstance(tools, list) else []
    return bool(kinds) and all(isinstance(kind, str) and kind.startswith(_HOSTED) for kind in kinds)


# --- Fields that only other dialects need -----------------------------------------------------------------------------


def _read_fields(body: JsonObject, dropped: list[str]) -> Mapping[str, Any]:
    for key, cure in _KEPT_ELSEWHERE.items():
        if body.get(key) not in (None, False):
            raise get.unusable(cure, field=key)
    dropped += unread(body, _READ)
    tools, choice = _read_tools(body, dropped)
    top_logprobs = get.optional_int(body, "top_logprobs", low=0, high=20)
    text, reasoning = get.optional_object(body, "text"), get.optional_object(body, "reasoning")
    dropped += unread(text, frozenset({"format", "verbosity"}), prefix="text.")
    dropped += unread(reasoning, frozenset({"effort"}), prefix="reasoning.")
    get.optional_int(body, "max_output_tokens", low=1, high=(1 << 31) - 1)
    answer_format = get.optional_object(text, "format", prefix="text.")
    return {
        "tools": tools,
        "tool_choice": choice,
        "parallel_tools": get.optional_flag(body, "parallel_tool_calls"),
        "answer_format": read_format(answer_format, field="text.format") if text.get("format") is not None else None,
        "temperature": get.optional_number(body, "temperature", low=0, high=2),
        "top_p": get.optional_number(body, "top_p", low=0, high=1),
        "effort": optional_effort(reasoning.get("effort"), field="reasoning.effort"),
        "logprobs": bool(top_logprobs),
        "top_logprobs": top_logprobs or None,
        "user": get.optional_string(body, "safety_identifier") or get.optional_string(body, "user"),
        "stream": get.optional_bool(body, "stream", default=False),
        "include_usage": True,
        "openai": openai_fields(body, {"verbosity": text.get("verbosity")}),
    }


def _read_tools(body: JsonObject, dropped: list[str]) -> tuple[Any, Any]:
    """The client's own tools, those in namespaces as functions; those that OpenAI would run are dropped by name."""
    tools: list[tuple[str, c.Tool]] = []
    for field, tool, namespace in in_namespaces(body):
        kind = get.as_string(tool.get("type"), field=f"{field}.type")
        if kind not in ("function", "custom"):
            dropped.append(f"{field} ({kind[:60]})")
            continue
        found = read_function(tool, field=field) if kind == "function" else read_custom_tool(tool, field=field)
        if namespace is not None:
            found = replace(found, name=flat_name(namespace, found.name), namespace=namespace)
        tools.append((field, found))
    refuse_collisions(tools)
    read = tuple([tool for _, tool in tools])
    return choose_tools(read, body.get("tool_choice"), dropped, name_of=_name, kinds=("function", "custom"))


def _name(item: JsonObject, *, field: str) -> str:
    return flat_name(item.get("namespace"), get.as_string(item.get("name"), field=f"{field}.name"))


def refuse_background(raw: bytes) -> None:
    """Raise RequestError for a body whose answer is to be fetched later, from whatever provider it may be."""
    if may_hold(raw, ("background",)) and decode_json(raw).get("background") not in (None, False):
        raise get.unusable(_KEPT_ELSEWHERE["background"], field="background")


# --- Items ------------------------------------------------------------------------------------------------------------


class _Items(OpenAiReader):
    """Reads items in order. Neighbouring ones of one side make one turn, as a model's text and calls do elsewhere."""

    taken = "input_text, input_image or input_file"

    def read(self, body: JsonObject) -> list[c.Turn]:
        """The turns of instructions and input. Raises RequestError naming the item's field."""
        self._turns: list[c.Turn] = []
        self._last = ""  # what may join the last turn: `assistant`, `results`, or nothing
        self._parts: list[c.Part] = []  # of that turn
        if (instructions := body.get("instructions")) is not None:
            if not isinstance(instructions, str):
                self.problems.append(get.expected("a string", instructions, field="instructions"))
            self._add("system", "", self.content(instructions, field="instructions"))
        value = body.get("input")
        if isinstance(value, str):
            self._add("user", "", [c.Text(value)] if value else [])
            return self._turns
        if not isinstance(value, list):
            raise get.expected("a string or an array of items", value, field="input")
        for index, item in enumerate(get.filled_array(value, field="input", what="item")):
            self._read_item(item, field=f"input[{index}]")
        self._close()
        return self._turns

    def _add(self, side: Side, group: str, parts: list[c.Part], label: str | None = None) -> None:
        """Add to the open turn where the group is the same, else as a turn of its own; `""` is never joined."""
        if group and self._last == group:
            self._parts += parts
            return
        self._close()
        self._last = group
        if group:
            self._parts = parts
        else:
            self._turns.append(c.Turn(side, tuple(parts), label))

    def _close(self) -> None:
        if self._last:
            self._turns.append(c.Turn("assistant" if self._last == "assistant" else "user", tuple(self._parts)))
            self._last = ""

    def _read_item(self, value: object, *, field: str) -> None:
        if isinstance(value, str):
            self.problems.append(get.expected("an object", value, field=field))
            self._add("user", "", [c.Text(value)])
            return
        item = get.as_object(value, field=field)
        name = item.get("type")
        if name == "message" or "role" in item:
            self._read_message(item, field=field)
        elif name == "function_call" or name == "custom_tool_call":
            read = self._read_custom_call if name == "custom_tool_call" else self._read_call
            self._add("assistant", "assistant", [self.strictly(read, item, kind="tool_call", field=field)])
        elif isinstance(name, str) and name.endswith(("_call_output", "_tool_output")):
            self._add("user", "results", [self._read_result(item, name, field=field)])
        else:
            self._read_other(item, name, field=field)

    def _read_message(self, item: JsonObject, *, field: str) -> None:
        role, side = self.role(item, ("user", "assistant", "system", "developer"), field=field)
        parts = self.content(item.get("content"), field=f"{field}.content")
        if role in ("function", "tool"):
            self._add("user", "results", [self.result("", parts)])
            return
        if side == "system" and any(isinstance(part, c.Media) for part in parts):
            cure = "expected text only in this role. Send media as the user."
            self.problems.append(get.unusable(cure, field=f"{field}.content"))
        self._add(side, "assistant" if side == "assistant" else "", parts, None if role == side else role)

    def _read_other(self, item: JsonObject, name: object, *, field: str) -> None:
        """An item that only OpenAI understands: a reasoning item is bound to it, and so are its hosted tools' calls."""
        if name == "reasoning" and (thinking := read_reasoning(item)) is not None:
            self._add("assistant", "assistant", [thinking])
            return
        problem: RequestError | None = None
        if not isinstance(name, str):
            problem = get.expected("a string", name, field=f"{field}.type" if "type" in item else f"{field}.role")
        elif name == "item_reference":
            problem = get.unusable("items are not kept here. Send the item itself.", field=field)
        else:
            self.dropped.append(f"{field} ({name[:60]})")
        hosted_call = isinstance(name, str) and name.endswith("_call")
        part = self.opaque("tool_call" if hosted_call else kind_of(name), item, problem)
        if hosted_call or name == "reasoning":
            self._add("assistant", "assistant", [part])
        else:
            self._add("user", "", [part], UNKNOWN)

    def _read_call(self, item: JsonObject, *, field: str) -> c.ToolCall:
        call_id = get.as_string(item.get("call_id"), field=f"{field}.call_id")
        return self._named(read_call(item, call_id, field=field), item)

    def _read_custom_call(self, item: JsonObject, *, field: str) -> c.ToolCall:
        call_id = get.as_string(item.get("call_id"), field=f"{field}.call_id")
        return self._named(read_custom_call(item, call_id, field=field), item)

    def _named(self, call: c.ToolCall, item: JsonObject) -> c.ToolCall:
        if (namespace := item.get("namespace")) is not None:
            call = replace(call, name=flat_name(namespace, call.name))
        self.names[call.id] = call.name
        return call

    def _read_result(self, item: JsonObject, name: str, *, field: str) -> c.ToolResult:
        output = item.get("output")
        own = name in ("function_call_output", "custom_tool_call_output")
        field, place, n_problems = f"{field}.output", field, len(self.problems)
        parts: list[c.Part] = []
        if isinstance(output, str | list):
            parts = self.content(output, field=field)
        elif isinstance(output, dict):
            parts = [self.part(output, field=field)]
        if not (output is None or isinstance(output, str | list)):
            self.problems.append(get.expected("a string or an array of parts", output, field=field))
        call_id = self.string(item, "call_id", field=place, required=True)
        if not own:  # of a tool that OpenAI runs: other dialects get its text
            del self.problems[n_problems:]
            self.dropped.append(f"{place} ({name[:60]})")
        return self.result(call_id, parts, hosted=None if own else item)
