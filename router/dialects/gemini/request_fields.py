"""The fields of a Gemini body that only other dialects need: parameters, tools, the answer's format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from router.dialects import conversation as c
from router.dialects.shared import fields as get
from router.dialects.shared.reader import possible_choice
from router.types import Effort, JsonObject

_READ_KEYS = frozenset(
    {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model", "labels", "serviceTier"}
)
_READ_CONFIG_KEYS = frozenset(
    "temperature topP topK maxOutputTokens stopSequences candidateCount seed presencePenalty frequencyPenalty "
    "responseMimeType responseSchema responseJsonSchema thinkingConfig responseLogprobs logprobs".split()
)
_EFFORTS: dict[str, Effort] = {
    "MINIMAL": "minimal",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "XHIGH": "xhigh",
}
_MODES: Mapping[str, Literal["auto", "required", "none"]] = {
    "ANY": "required",
    "NONE": "none",
    "AUTO": "auto",
    "VALIDATED": "auto",
}
_LOWER_CASE = re.compile(r"_([a-z])")


def camel_key(key: str) -> str:
    """The key in camelCase."""
    return _LOWER_CASE.sub(lambda match: match[1].upper(), key) if "_" in key else key


def camel_keys(item: JsonObject) -> JsonObject:
    """The object with its own keys in camelCase; what they hold stays as it is."""
    if not any("_" in key for key in item):
        return item
    return {camel_key(key): value for key, value in item.items()}


def list_of(value: object, *, field: str) -> list[tuple[str, JsonObject]]:
    """The objects of an array, or the one that was sent without it, each with its path. Raises RequestError."""
    if value is None:
        return []
    items = [value] if isinstance(value, dict) else get.as_array(value, field=field)
    return [(f"{field}[{i}]", camel_keys(get.as_object(item, field=f"{field}[{i}]"))) for i, item in enumerate(items)]


def read_fields(body: JsonObject, dropped: list[str]) -> Mapping[str, Any]:
    """The fields of `Conversation`; what has no neutral form is added to `dropped`. Raises RequestError."""
    prefix = "generationConfig."
    config = camel_keys(get.as_object(body.get("generationConfig") or {}, field="generationConfig"))
    dropped += [key for key in body if key not in _READ_KEYS]
    dropped += [f"{prefix}{key}" for key in config if key not in _READ_CONFIG_KEYS]
    if body.get("cachedContent") is not None:
        raise get.unusable(
            "content cached at Google means nothing to another provider.", field="cachedContent", code="unsupported"
        )
    tools = _read_tools(body.get("tools"), dropped)
    choice = _read_tool_choice(body.get("toolConfig"), dropped)
    effort, thinking_tokens = _read_thinking(config)
    get.optional_int(config, "maxOutputTokens", low=1, high=(1 << 31) - 1, prefix=prefix)
    return {
        "tools": tools,
        "tool_choice": possible_choice(choice, tools, dropped, field="toolConfig"),
        "answer_format": _read_format(config),
        "temperature": get.optional_number(config, "temperature", low=0, prefix=prefix),
        "top_p": get.optional_number(config, "topP", low=0, high=1, prefix=prefix),
        "top_k": get.optional_int(config, "topK", low=0, prefix=prefix),
        "stop": get.optional_strings(config, "stopSequences", prefix=prefix),
        "effort": effort,
        "thinking_tokens": thinking_tokens,
        "n": get.optional_int(config, "candidateCount", low=1, prefix=prefix) or 1,
        "seed": get.optional_int(config, "seed", prefix=prefix),
        "presence_penalty": get.optional_number(config, "presencePenalty", low=-100, prefix=prefix),
        "frequency_penalty": get.optional_number(config, "frequencyPenalty", low=-100, prefix=prefix),
        "logprobs": get.optional_bool(config, "responseLogprobs", default=False, prefix=prefix),
        "top_logprobs": get.optional_int(config, "logprobs", low=0, prefix=prefix),
    }


def _read_tools(value: object, dropped: list[str]) -> tuple[c.Tool, ...]:
    tools: list[c.Tool] = []
    for field, entry in list_of(value, field="tools"):
        dropped += [f"{field}.{key}" for key in entry if key != "functionDeclarations"]  # run by Google
        for place, item in list_of(entry.get("functionDeclarations"), field=f"{field}.functionDeclarations"):
            tools.append(_read_tool(item, field=place))
    return tuple(tools)


def _read_tool(item: JsonObject, *, field: str) -> c.Tool:
    schema: JsonObject = {"type": "object", "properties": {}}
    if item.get("parametersJsonSchema") is not None:
        schema = get.as_object(item["parametersJsonSchema"], field=f"{field}.parametersJsonSchema")
    elif item.get("parameters") is not None:
        schema = json_schema(get.as_object(item["parameters"], field=f"{field}.parameters"))
    return c.Tool(
        name=get.as_string(item.get("name"), field=f"{field}.name"),
        description=get.optional_string(item, "description", prefix=f"{field}."),
        schema=schema,
    )


def json_schema(schema: JsonObject) -> JsonObject:
    """Google's subset of OpenAPI (types in capitals, `nullable`) as JSON Schema."""
    found: JsonObject = {}
    for key, value in camel_keys(schema).items():
        if key == "type" and isinstance(value, str):
            found["type"] = value.lower()
        elif key == "properties" and isinstance(value, dict):
            found[key] = {name: json_schema(item) if isinstance(item, dict) else item for name, item in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = json_schema(value)
        elif key in ("anyOf", "prefixItems") and isinstance(value, list):
            found[key] = [json_schema(item) if isinstance(item, dict) else item for item in value]
        elif key not in ("propertyOrdering", "nullable"):
            found[key] = value
    if schema.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    return found


def _read_tool_choice(value: object, dropped: list[str]) -> c.ToolChoice | None:
    field = "toolConfig.functionCallingConfig"
    outer = camel_keys(get.as_object(value or {}, field="toolConfig"))
    config = camel_keys(get.as_object(outer.get("functionCallingConfig") or {}, field=field))
    mode = (get.optional_string(config, "mode", prefix=f"{field}.") or "MODE_UNSPECIFIED").upper()
    names = get.optional_strings(config, "allowedFunctionNames", prefix=f"{field}.")
    if mode == "ANY" and len(names) == 1:
        return c.ToolChoice("named", names[0])
    if names:
        dropped.append(f"{field}.allowedFunctionNames")
    if mode == "MODE_UNSPECIFIED":
        return None
    if mode not in _MODES:
        raise get.one_of(_MODES, mode, field=f"{field}.mode", code="unknown_choice")
    return c.ToolChoice(_MODES[mode])


def _read_format(config: JsonObject) -> c.AnswerFormat | None:
    field = "generationConfig.responseJsonSchema"
    if config.get("responseJsonSchema") is not None:
        return c.AnswerFormat("schema", schema=get.as_object(config["responseJsonSchema"], field=field))
    if config.get("responseSchema") is not None:
        schema = get.as_object(config["responseSchema"], field="generationConfig.responseSchema")
        return c.AnswerFormat("schema", schema=json_schema(schema))
    mime_type = get.optional_string(config, "responseMimeType", prefix="generationConfig.")
    if mime_type in (None, "text/plain"):
        return None
    if mime_type != "application/json":
        cure = "expected text/plain or application/json."
        raise get.unusable(cure, field="generationConfig.responseMimeType", code="unsupported")
    return c.AnswerFormat("json")


def _read_thinking(config: JsonObject) -> tuple[Effort | None, int | None]:
    field = "generationConfig.thinkingConfig"
    thinking = camel_keys(get.as_object(config.get("thinkingConfig") or {}, field=field))
    budget = get.optional_int(thinking, "thinkingBudget", low=-1, prefix=f"{field}.")
    if budget == 0:
        return "none", None
    level = get.optional_string(thinking, "thinkingLevel", prefix=f"{field}.")
    if level is not None and level.upper() != "THINKING_LEVEL_UNSPECIFIED":
        if level.upper() not in _EFFORTS:
            raise get.one_of(_EFFORTS, level, field=f"{field}.thinkingLevel", code="unknown_effort")
        return _EFFORTS[level.upper()], None
    return None, budget if budget is not None and budget > 0 else None  # -1: as the model sees fit
