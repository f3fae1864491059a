"""Anthropic Messages bodies of clients, of both API versions (2023-06-01 and 2026-10-21) -> Conversation."""

from __future__ import annotations

from typing import Literal, cast

from router.dialects.conversation import (
    AnswerFormat,
    Conversation,
    Effort,
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
from router.dialects.shared.asking import (
    media_of_bytes,
    media_of_url,
    optional_int,
    optional_strings,
    possible_choice,
    unusable,
)
from router.dialects.shared.fields import (
    as_array,
    as_object,
    as_string,
    expected,
    optional_bool,
    optional_number,
    optional_string,
)
from router.dialects.shared.shaping import arguments_text, names_of_calls
from router.errors import RequestError
from router.types import JsonObject

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
_HOSTED_BLOCKS = frozenset({"server_tool_use", "container_upload", "tool_reference", "mcp_tool_use", "mcp_tool_result"})


def read_request(body: JsonObject) -> Conversation:
    """A client's body as a conversation. Raises RequestError naming the field."""
    dropped = [key for key in body if key not in _READ_KEYS and key not in _PROVIDER_KEYS]
    tools = _read_tools(body.get("tools"), dropped)
    choice, parallel = _read_tool_choice(body.get("tool_choice"))
    effort, thinking_tokens = _read_thinking(body)
    turns = _read_system(body.get("system")) + _read_messages(body.get("messages"), dropped)
    return Conversation(
        turns=_with_tool_names(turns),
        model=optional_string(body, "model"),
        tools=tools,
        tool_choice=possible_choice(choice, tools, dropped, field="tool_choice"),
        parallel_tools=parallel,
        answer_format=_read_format(body),
        max_output_tokens=optional_int(body, "max_tokens", low=1),
        temperature=optional_number(body, "temperature", low=0),
        top_p=optional_number(body, "top_p", low=0, high=1),
        top_k=optional_int(body, "top_k", low=0),
        stop=optional_strings(body, "stop_sequences"),
        effort=effort,
        thinking_tokens=thinking_tokens,
        user=_read_user(body.get("metadata")),
        stream=optional_bool(body, "stream", default=False),
        include_usage=True,
        dropped=tuple(dropped),
    )


def _read_user(value: object) -> str | None:
    return None if value is None else optional_string(as_object(value, field="metadata"), "user_id", prefix="metadata.")


def _read_system(value: object) -> tuple[Turn, ...]:
    if value is None:
        return ()
    texts = _read_texts(value, field="system")
    parts = tuple(part for part in texts if not part.text.startswith(BILLING_BLOCK))
    return (Turn("system", parts),) if parts else ()


def _read_texts(value: object, *, field: str) -> tuple[Text, ...]:
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise expected("a string or an array of blocks", value, field=field)
    texts = []
    for index, item in enumerate(value):
        block = as_object(item, field=f"{field}[{index}]")
        if block.get("type") == "text":  # a system turn may also hold tool changes, which are the provider's own
            texts.append(Text(as_string(block.get("text"), field=f"{field}[{index}].text")))
    return tuple(texts)


def _read_messages(value: object, dropped: list[str]) -> tuple[Turn, ...]:
    items = as_array(value, field="messages")
    if not items:
        raise RequestError("messages: expected at least one message.", field="messages", code="empty")
    return tuple(_read_message(item, dropped, field=f"messages[{index}]") for index, item in enumerate(items))


def _read_message(value: object, dropped: list[str], *, field: str) -> Turn:
    item = as_object(value, field=field)
    role = as_string(item.get("role"), field=f"{field}.role")
    content = item.get("content")
    if role == "system":
        return Turn("system", _read_texts(content, field=f"{field}.content"))
    if role not in ("user", "assistant"):
        raise RequestError(
            f"{field}.role: expected user, assistant or system, found {role[:50]!r}.",
            field=f"{field}.role",
            code="unknown_role",
        )
    side = cast(Literal["user", "assistant"], role)
    return Turn(side, _read_content(content, side, dropped, field=f"{field}.content"))


def _read_content(value: object, role: str, dropped: list[str], *, field: str) -> tuple[Part, ...]:
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise expected("a string or an array of blocks", value, field=field)
    parts: list[Part] = []
    for index, item in enumerate(value):
        place = f"{field}[{index}]"
        block = as_object(item, field=place)
        kind = as_string(block.get("type"), field=f"{place}.type")
        if kind == "tool_result":
            parts.append(_read_tool_result(_only_in("user", role, block, field=place), dropped, field=place))
        elif kind == "tool_use":
            parts.append(_read_tool_use(_only_in("assistant", role, block, field=place), field=place))
        elif kind in ("thinking", "redacted_thinking"):
            parts.append(_read_thinking_block(_only_in("assistant", role, block, field=place), field=place))
        else:
            parts.extend(_read_shown(block, kind, dropped, field=place))
    return tuple(parts)


def _only_in(wanted: str, role: str, block: JsonObject, *, field: str) -> JsonObject:
    if role != wanted:
        raise RequestError(
            f"{field}: {block['type']} belongs in a message of role {wanted}, not {role}.",
            field=field,
            code="misplaced",
        )
    return block


def _read_tool_use(block: JsonObject, *, field: str) -> ToolCall:
    return ToolCall(
        id=as_string(block.get("id"), field=f"{field}.id"),
        name=as_string(block.get("name"), field=f"{field}.name"),
        arguments=arguments_text(as_object(block.get("input"), field=f"{field}.input")),
    )


def _read_tool_result(block: JsonObject, dropped: list[str], *, field: str) -> ToolResult:
    content = block.get("content")
    parts = () if content is None else _read_shown_content(content, dropped, field=f"{field}.content")
    return ToolResult(
        call_id=as_string(block.get("tool_use_id"), field=f"{field}.tool_use_id"),
        parts=parts,
        is_error=optional_bool(block, "is_error", default=False, prefix=f"{field}."),
    )


def _read_thinking_block(block: JsonObject, *, field: str) -> Thinking:
    if block["type"] == "redacted_thinking":
        return Thinking("", redacted=as_string(block.get("data"), field=f"{field}.data"))
    text = as_string(block.get("thinking"), field=f"{field}.thinking")
    return Thinking(text, signature=optional_string(block, "signature", prefix=f"{field}.") or None)


def _read_shown_content(value: object, dropped: list[str], *, field: str) -> tuple[Text | Media, ...]:
    if isinstance(value, str):
        return (Text(value),)
    parts: list[Text | Media] = []
    for index, item in enumerate(as_array(value, field=field)):
        place = f"{field}[{index}]"
        block = as_object(item, field=place)
        kind = as_string(block.get("type"), field=f"{place}.type")
        parts.extend(_read_shown(block, kind, dropped, field=place))
    return tuple(parts)


def _read_shown(block: JsonObject, kind: str, dropped: list[str], *, field: str) -> tuple[Text | Media, ...]:
    """The parts of a block that shows something: text, image, document, search result; none for what is dropped."""
    if kind == "text":
        return (Text(as_string(block.get("text"), field=f"{field}.text")),)
    if kind == "image":
        return (_read_media("image", block, name=None, field=field),)
    if kind == "document":
        return _read_document(block, dropped, field=field)
    if kind == "search_result":
        heading = [as_string(block[key], field=f"{field}.{key}") for key in ("title", "source") if key in block]
        texts = _read_shown_content(block.get("content"), dropped, field=f"{field}.content")
        return (Text("\n".join(heading)), *texts)
    if kind not in _HOSTED_BLOCKS and not kind.endswith("_tool_result"):
        dropped.append(field)
    return ()


def _read_document(block: JsonObject, dropped: list[str], *, field: str) -> tuple[Text | Media, ...]:
    title = optional_string(block, "title", prefix=f"{field}.")
    source = as_object(block.get("source"), field=f"{field}.source")
    heading = (Text(title),) if title else ()
    if source.get("type") == "text":
        return (*heading, Text(as_string(source.get("data"), field=f"{field}.source.data")))
    if source.get("type") == "content":
        content = _read_shown_content(source.get("content"), dropped, field=f"{field}.source.content")
        return (*heading, *content)
    return (_read_media("document", block, name=title, field=field),)


def _read_media(kind: Literal["image", "document"], block: JsonObject, *, name: str | None, field: str) -> Media:
    source = as_object(block.get("source"), field=f"{field}.source")
    media_type = optional_string(source, "media_type", prefix=f"{field}.source.")
    if kind == "document" and media_type is None:
        media_type = "application/pdf"
    if source.get("type") == "base64":
        data = as_string(source.get("data"), field=f"{field}.source.data")
        return media_of_bytes(kind, data=data, media_type=media_type, name=name, field=f"{field}.source.data")
    if source.get("type") == "url":
        url = as_string(source.get("url"), field=f"{field}.source.url")
        return media_of_url(kind, url=url, media_type=media_type, name=name, field=f"{field}.source.url")
    raise unusable(
        "expected a source of type base64 or url; a file id means nothing elsewhere.", field=f"{field}.source"
    )


def _with_tool_names(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    names = names_of_calls(turns)

    def named(part: Part) -> Part:
        if not isinstance(part, ToolResult):
            return part
        return ToolResult(part.call_id, part.parts, name=names.get(part.call_id), is_error=part.is_error)

    return tuple(Turn(turn.role, tuple(named(part) for part in turn.parts)) for turn in turns)


def _read_tools(value: object, dropped: list[str]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for index, item in enumerate([] if value is None else as_array(value, field="tools")):
        field = f"tools[{index}]"
        tool = as_object(item, field=field)
        if tool.get("type") not in (None, "custom"):
            dropped.append(field)  # run by the provider, or known to its models only
            continue
        schema = tool.get("input_schema")
        tools.append(
            Tool(
                name=as_string(tool.get("name"), field=f"{field}.name"),
                description=optional_string(tool, "description", prefix=f"{field}."),
                schema={"type": "object", "properties": {}}
                if schema is None
                else as_object(schema, field=f"{field}.input_schema"),
                strict=_optional_flag(tool, "strict", prefix=f"{field}."),
            )
        )
    return tuple(tools)


def _optional_flag(item: JsonObject, key: str, *, prefix: str) -> bool | None:
    return None if item.get(key) is None else optional_bool(item, key, default=False, prefix=prefix)


def _read_tool_choice(value: object) -> tuple[ToolChoice | None, bool | None]:
    if value is None:
        return None, None
    choice = as_object(value, field="tool_choice")
    kind = as_string(choice.get("type"), field="tool_choice.type")
    parallel = (
        False if optional_bool(choice, "disable_parallel_tool_use", default=False, prefix="tool_choice.") else None
    )
    if kind == "tool":
        return ToolChoice("named", as_string(choice.get("name"), field="tool_choice.name")), parallel
    modes: dict[str, Literal["auto", "required", "none"]] = {"auto": "auto", "any": "required", "none": "none"}
    if kind not in modes:
        raise RequestError(
            f"tool_choice.type: expected auto, any, tool or none, found {kind[:50]!r}.",
            field="tool_choice.type",
            code="unknown_choice",
        )
    return ToolChoice(modes[kind]), parallel


def _read_thinking(body: JsonObject) -> tuple[Effort | None, int | None]:
    """Effort and thinking tokens: one at most. Disabled thinking wins, then a budget, then an effort."""
    thinking = as_object(body.get("thinking") or {}, field="thinking")
    if thinking.get("type") == "disabled":
        return "none", None
    budget = optional_int(thinking, "budget_tokens", low=0, prefix="thinking.")
    if thinking.get("type") == "enabled" and budget:
        return None, budget
    effort = optional_string(_output_config(body), "effort", prefix="output_config.")
    if effort is not None and effort not in _EFFORTS:
        raise RequestError(
            f"output_config.effort: expected one of {', '.join(_EFFORTS)}, found {effort[:50]!r}.",
            field="output_config.effort",
            code="unknown_effort",
        )
    return cast(Effort | None, effort), None


def _output_config(body: JsonObject) -> JsonObject:
    return as_object(body.get("output_config") or {}, field="output_config")


def _read_format(body: JsonObject) -> AnswerFormat | None:
    field = "output_config.format" if _output_config(body).get("format") is not None else "output_format"
    value = _output_config(body).get("format") or body.get("output_format")
    if value is None:
        return None
    form = as_object(value, field=field)
    if form.get("type") != "json_schema":
        raise unusable("expected the type json_schema.", field=f"{field}.type")
    return AnswerFormat("schema", schema=as_object(form.get("schema"), field=f"{field}.schema"))
