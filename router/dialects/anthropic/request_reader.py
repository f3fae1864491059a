"""Anthropic Messages bodies of clients, of both API versions (2023-06-01 and 2026-10-21) -> Conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from router.dialects import conversation as c
from router.dialects.shared import fields as get
from router.dialects.shared.cache import lifetime_of, with_mark
from router.dialects.shared.parts import arguments_text
from router.dialects.shared.reader import Reader, kind_of, media_of_bytes, media_of_url, possible_choice
from router.errors import RequestError
from router.types import Dialect, Effort, JsonObject, Needs

BILLING_BLOCK = "x-anthropic-billing-header:"
"""How the system block begins in which Claude Code tells Anthropic whom to bill; no other provider is shown it."""

_READ_KEYS = frozenset(
    "model messages system tools tool_choice max_tokens temperature top_p top_k stop_sequences stream thinking "
    "output_config output_format metadata".split()
)
# Bound to the provider, or about how it bills and caches: nothing that another one could honour.
_PROVIDER_KEYS = frozenset(
    "cache_control service_tier container context_management diagnostics inference_geo speed betas".split()
)
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_HOSTED_BLOCKS = frozenset({"server_tool_use", "container_upload", "tool_reference", "mcp_tool_use"})
_MODES: Mapping[str, Literal["auto", "required", "none"]] = {"auto": "auto", "any": "required", "none": "none"}


def read_request(body: JsonObject) -> c.Conversation:
    """A Messages body as a conversation. Raises RequestError where it holds no messages that can be read."""
    reader = _Messages(Dialect.ANTHROPIC)
    turns = reader.read(body)
    return reader.conversation(
        turns,
        body,
        lambda dropped: _read_fields(body, dropped),
        needs=_needs(body),
        max_output_tokens=get.whole_number(body, "max_tokens"),
        metadata=body.get("metadata"),
    )


def _needs(body: JsonObject) -> Needs:
    tools, choice = get.is_filled(body.get("tools")), body.get("tool_choice")
    answer_format = get.inner(body.get("output_config"), "format") or body.get("output_format")
    if not tools and answer_format is None:
        return c.NO_NEEDS
    return Needs(
        tools=tools and get.inner(choice, "type") != "none",
        parallel_tools=get.inner(choice, "disable_parallel_tool_use") is False,
        json_schema=get.inner(answer_format, "type") == "json_schema",
        hosted=tools and get.inner(choice, "type") != "none" and any(map(_is_hosted, body["tools"])),
    )


def _is_hosted(tool: object) -> bool:
    """Whether a tool is run by Anthropic, or known to its models only.

    The search for tools is not counted: without it all tools are offered at once.
    """
    kind = get.inner(tool, "type")
    return isinstance(kind, str) and kind != "custom" and not kind.startswith("tool_search")


# --- Fields that only other dialects need -----------------------------------------------------------------------------


def _read_fields(body: JsonObject, dropped: list[str]) -> Mapping[str, Any]:
    dropped += [key for key in body if key not in _READ_KEYS and key not in _PROVIDER_KEYS]
    tools = _read_tools(body, dropped)
    choice, parallel = _read_tool_choice(body.get("tool_choice"))
    effort, thinking_tokens = _read_thinking(body)
    get.optional_int(body, "max_tokens", low=1, high=(1 << 31) - 1)
    return {
        "tools": tools,
        "tool_choice": possible_choice(choice, tools, dropped, field="tool_choice"),
        "parallel_tools": parallel,
        "answer_format": _read_format(body),
        "temperature": get.optional_number(body, "temperature", low=0),
        "top_p": get.optional_number(body, "top_p", low=0, high=1),
        "top_k": get.optional_int(body, "top_k", low=0),
        "stop": get.optional_strings(body, "stop_sequences"),
        "effort": effort,
        "thinking_tokens": thinking_tokens,
        "user": get.optional_string(get.optional_object(body, "metadata"), "user_id", prefix="metadata."),
        "stream": get.optional_bool(body, "stream", default=False),
        "include_usage": True,
        "cache": lifetime_of(body),
    }


def _read_tools(body: JsonObject, dropped: list[str]) -> tuple[c.Tool, ...]:
    tools: list[c.Tool] = []
    for field, tool in get.objects(body, "tools"):
        if tool.get("type") not in (None, "custom"):
            dropped.append(field)  # run by the provider, or known to its models only
            continue
        given = tool.get("input_schema")
        schema = (
            {"type": "object", "properties": {}}
            if given is None
            else get.as_object(given, field=f"{field}.input_schema")
        )
        description = get.optional_string(tool, "description", prefix=f"{field}.")
        strict = get.optional_flag(tool, "strict", prefix=f"{field}.")
        name = get.as_string(tool.get("name"), field=f"{field}.name")
        tools.append(c.Tool(name, description, schema, strict, cache=lifetime_of(tool)))
    return tuple(tools)


def _read_tool_choice(value: object) -> tuple[c.ToolChoice | None, bool | None]:
    if value is None:
        return None, None
    choice = get.as_object(value, field="tool_choice")
    kind = get.as_string(choice.get("type"), field="tool_choice.type")
    parallel = False if get.optional_flag(choice, "disable_parallel_tool_use", prefix="tool_choice.") else None
    if kind == "tool":
        return c.ToolChoice("named", get.as_string(choice.get("name"), field="tool_choice.name")), parallel
    if kind not in _MODES:
        raise get.one_of((*_MODES, "tool"), kind, field="tool_choice.type", code="unknown_choice")
    return c.ToolChoice(_MODES[kind]), parallel


def _read_thinking(body: JsonObject) -> tuple[Effort | None, int | None]:
    """Effort and thinking tokens: one at most. Disabled thinking wins, then a budget, then an effort."""
    thinking = get.as_object(body.get("thinking") or {}, field="thinking")
    if thinking.get("type") == "disabled":
        return "none", None
    budget = get.optional_int(thinking, "budget_tokens", low=0, prefix="thinking.")
    if thinking.get("type") == "enabled" and budget:
        return None, budget
    effort = get.optional_string(_output_config(body), "effort", prefix="output_config.")
    if effort is not None and effort not in _EFFORTS:
        raise get.one_of(_EFFORTS, effort, field="output_config.effort", code="unknown_effort")
    return cast(Effort | None, effort), None


def _output_config(body: JsonObject) -> JsonObject:
    return get.as_object(body.get("output_config") or {}, field="output_config")


def _read_format(body: JsonObject) -> c.AnswerFormat | None:
    field = "output_config.format" if _output_config(body).get("format") is not None else "output_format"
    value = _output_config(body).get("format") or body.get("output_format")
    if value is None:
        return None
    form = get.as_object(value, field=field)
    if form.get("type") != "json_schema":
        raise get.unusable("expected the type json_schema.", field=f"{field}.type", code="unsupported")
    return c.AnswerFormat("schema", schema=get.as_object(form.get("schema"), field=f"{field}.schema"))


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages(Reader):
    """Reads messages in order: results need the names of the calls before them."""

    def read(self, body: JsonObject) -> list[c.Turn]:
        """The turns, the system prompt first. Raises RequestError naming the message and its field."""
        turns: list[c.Turn] = []
        items = get.filled_array(body.get("messages"), field="messages", what="message")
        if (system := body.get("system")) is not None:
            turns.append(c.Turn("system", self._content(system, "system", field="system")))
        for index, value in enumerate(items):
            field = f"messages[{index}]"
            item = get.as_object(value, field=field)
            role, side = self.role(item, ("user", "assistant", "system"), field=field)
            parts = self._content(item.get("content"), side, field=f"{field}.content")
            turns.append(c.Turn(side, parts, None if role == side else role))
        return turns

    def _content(self, value: object, side: str, *, field: str) -> tuple[c.Part, ...]:
        """The parts of a string, of blocks or of null. Raises RequestError naming the block."""
        if isinstance(value, str):
            return (c.Text(value),)
        if value is None:
            self.problems.append(get.expected("a string or an array of blocks", value, field=field))
            return ()
        if not isinstance(value, list):
            raise get.expected("a string or an array of blocks", value, field=field)
        parts: list[c.Part] = []
        for index, item in enumerate(value):
            if type(item) is dict and item.get("type") == "text" and type(text := item.get("text")) is str:
                if side != "system" or not text.startswith(BILLING_BLOCK):
                    parts.append(c.Text(text, lifetime_of(item) if "cache_control" in item else None))
            else:
                found = self._block(item, side, field=f"{field}[{index}]")
                parts += with_mark(found, item) if isinstance(item, dict) else found
        return tuple(parts)

    def _block(self, item: object, side: str, *, field: str) -> tuple[c.Part, ...]:
        if isinstance(item, str):
            self.problems.append(get.expected("an object", item, field=field))
            return (c.Text(item),)
        block = get.as_object(item, field=field)
        if (text := self.text_block(block, field=field)) is not None:
            return (text,)
        kind = block.get("type")
        if not isinstance(kind, str):
            return (self.opaque(kind_of(kind), block, get.expected("a string", kind, field=f"{field}.type")),)
        if side == "system":  # it may hold changes of tools too, which are the provider's own
            return (self.opaque(kind_of(kind), block),)
        if kind in ("tool_result", "mcp_tool_result") and side != "result":
            return (self._read_result(block, side, field=field),)
        if kind in _ASSISTANTS_BLOCKS and side != "result":
            if side != "assistant":
                self._misplaced(block, "assistant", side, field=field)
            read = self.strictly(_ASSISTANTS_BLOCKS[kind], block, kind=kind_of(kind), field=field)
            if isinstance(read, c.ToolCall):
                self.names[read.id] = read.name
            return (read,)
        return self._shown(block, kind, field=field)

    def _misplaced(self, block: JsonObject, wanted: str, side: str, *, field: str) -> None:
        words = f"{field}: {block['type']} belongs in a message of role {wanted}, not {side}."
        self.problems.append(RequestError(words, field=field, code="misplaced"))

    def _read_result(self, block: JsonObject, side: str, *, field: str) -> c.ToolResult:
        hosted = block["type"] == "mcp_tool_result"
        if side != "user" and not hosted:
            self._misplaced(block, "user", side, field=field)
        call_id = self.string(block, "tool_use_id", field=field, required=not hosted)
        is_error = block.get("is_error")
        if is_error is not None and not isinstance(is_error, bool):
            self.problems.append(get.expected("a boolean", is_error, field=f"{field}.is_error"))
        content = block.get("content")
        parts = () if content is None else self._content(content, "result", field=f"{field}.content")
        return self.result(call_id, parts, is_error=is_error is True, hosted=block if hosted else None)

    def _shown(self, block: JsonObject, kind: str, *, field: str) -> tuple[c.Part, ...]:
        """The parts of a block that shows something: image, document, search result; else an opaque one."""
        if kind == "image":
            return (self.strictly(_read_image, block, kind="image", field=field),)
        if kind in ("document", "search_result"):
            read = self._read_document if kind == "document" else self._read_search_result
            found = self.strictly(read, block, kind=kind, field=field)
            return (found,) if isinstance(found, c.Opaque) else found
        if kind not in _HOSTED_BLOCKS and not kind.endswith("_tool_result"):
            self.dropped.append(field)
        return (self.opaque(kind_of(kind), block),)

    def _read_search_result(self, block: JsonObject, *, field: str) -> tuple[c.Part, ...]:
        heading = [get.as_string(block[key], field=f"{field}.{key}") for key in ("title", "source") if key in block]
        content = self._content(block.get("content"), "result", field=f"{field}.content")
        found = (*((c.Text("\n".join(heading)),) if heading else ()), *content)
        return found or (self.opaque("search_result", block),)

    def _read_document(self, block: JsonObject, *, field: str) -> tuple[c.Part, ...]:
        title = get.optional_string(block, "title", prefix=f"{field}.")
        source = get.as_object(block.get("source"), field=f"{field}.source")
        heading = (c.Text(title),) if title else ()
        if source.get("type") == "text":
            return (*heading, c.Text(get.as_string(source.get("data"), field=f"{field}.source.data")))
        if source.get("type") == "content":
            return (*heading, *self._content(source.get("content"), "result", field=f"{field}.source.content"))
        return (_read_media("document", source, name=title, field=f"{field}.source"),)


def _read_tool_use(block: JsonObject, *, field: str) -> c.ToolCall:
    return c.ToolCall(
        id=get.as_string(block.get("id"), field=f"{field}.id"),
        name=get.as_string(block.get("name"), field=f"{field}.name"),
        arguments=arguments_text(get.as_object(block.get("input"), field=f"{field}.input")),
    )


def _read_thinking_block(block: JsonObject, *, field: str) -> c.Thinking:
    if block["type"] == "redacted_thinking":
        return c.Thinking("", redacted=get.as_string(block.get("data"), field=f"{field}.data"))
    text = get.as_string(block.get("thinking"), field=f"{field}.thinking")
    return c.Thinking(text, signature=get.optional_string(block, "signature", prefix=f"{field}.") or None)


_ASSISTANTS_BLOCKS: Mapping[str, Callable[..., c.Part]] = {
    "tool_use": _read_tool_use,
    "thinking": _read_thinking_block,
    "redacted_thinking": _read_thinking_block,
}


def _read_image(block: JsonObject, *, field: str) -> c.Media:
    source = get.as_object(block.get("source"), field=f"{field}.source")
    return _read_media("image", source, name=None, field=f"{field}.source")


def _read_media(kind: Literal["image", "document"], source: JsonObject, *, name: str | None, field: str) -> c.Media:
    media_type = get.optional_string(source, "media_type", prefix=f"{field}.")
    if kind == "document" and media_type is None:
        media_type = "application/pdf"
    if source.get("type") == "base64":
        data = get.as_string(source.get("data"), field=f"{field}.data")
        return media_of_bytes(kind, data, field=f"{field}.data", media_type=media_type, name=name)
    if source.get("type") == "url":
        url = get.as_string(source.get("url"), field=f"{field}.url")
        return media_of_url(kind, url, field=f"{field}.url", media_type=media_type, name=name)
    cure = "expected a source of type base64 or url; a file id means nothing elsewhere."
    raise get.unusable(cure, field=field, code="unsupported")
