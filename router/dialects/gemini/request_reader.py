"""Gemini generateContent bodies of clients -> Conversation. Keys come in camelCase or snake_case: the API takes both.

The model and whether the answer is streamed stand in the URL, not in the body.
"""

from __future__ import annotations

import re
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
from router.dialects.gemini.request_writer import NO_SIGNATURE
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
    optional_bool,
    optional_number,
    optional_string,
)
from router.dialects.shared.shaping import arguments_text, made_up_id, media_type_of
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import JsonObject

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
_LOWER_CASE = re.compile(r"_([a-z])")


def read_request(body: JsonObject, *, model: str | None = None, stream: bool = False) -> Conversation:
    """A client's body as a conversation. model, stream: from the URL. Raises RequestError naming the field."""
    body = camel_keys(body)
    config = camel_keys(as_object(body.get("generationConfig") or {}, field="generationConfig"))
    dropped = [key for key in body if key not in _READ_KEYS]
    dropped += [f"generationConfig.{key}" for key in config if key not in _READ_CONFIG_KEYS]
    if body.get("cachedContent") is not None:
        raise unusable("content cached at Google means nothing to another provider.", field="cachedContent")
    tools = _read_tools(body.get("tools"), dropped)
    choice = _read_tool_choice(body.get("toolConfig"), dropped)
    effort, thinking_tokens = _read_thinking(config)
    prefix = "generationConfig."
    return Conversation(
        turns=_read_system(body.get("systemInstruction")) + _read_contents(body.get("contents"), dropped),
        model=model or optional_string(body, "model"),
        tools=tools,
        tool_choice=possible_choice(choice, tools, dropped, field="toolConfig"),
        answer_format=_read_format(config),
        max_output_tokens=optional_int(config, "maxOutputTokens", low=1, prefix=prefix),
        temperature=optional_number(config, "temperature", low=0, prefix=prefix),
        top_p=optional_number(config, "topP", low=0, high=1, prefix=prefix),
        top_k=optional_int(config, "topK", low=0, prefix=prefix),
        stop=optional_strings(config, "stopSequences", prefix=prefix),
        effort=effort,
        thinking_tokens=thinking_tokens,
        n=optional_int(config, "candidateCount", low=1, prefix=prefix) or 1,
        seed=optional_int(config, "seed", prefix=prefix),
        presence_penalty=optional_number(config, "presencePenalty", low=-100, prefix=prefix),
        frequency_penalty=optional_number(config, "frequencyPenalty", low=-100, prefix=prefix),
        logprobs=optional_bool(config, "responseLogprobs", default=False, prefix=prefix),
        top_logprobs=optional_int(config, "logprobs", low=0, prefix=prefix),
        stream=stream,
        include_usage=True,
        dropped=tuple(dropped),
    )


def camel_keys(item: JsonObject) -> JsonObject:
    """The object with its own keys in camelCase; what they hold stays as it is."""
    return {_LOWER_CASE.sub(lambda match: match[1].upper(), key): value for key, value in item.items()}


def _read_system(value: object) -> tuple[Turn, ...]:
    if value is None:
        return ()
    parts = _list_of(as_object(value, field="systemInstruction").get("parts"), field="systemInstruction.parts")
    texts = [
        Text(as_string(part["text"], field=f"{place}.text")) for place, part in parts if part.get("text") is not None
    ]
    return (Turn("system", tuple(texts)),) if texts else ()


def _list_of(value: object, *, field: str) -> list[tuple[str, JsonObject]]:
    """The objects of an array, or the one that stands without it, each with its path."""
    if value is None:
        return []
    items = [value] if isinstance(value, dict) else as_array(value, field=field)
    return [(f"{field}[{i}]", camel_keys(as_object(item, field=f"{field}[{i}]"))) for i, item in enumerate(items)]


class _Calls:
    """The calls so far: gives ids to those that have none, and finds which one a result without an id answers."""

    def __init__(self) -> None:
        self._n = 0
        self._unanswered: list[ToolCall] = []
        self._names: dict[str, str] = {}

    def add(self, call_id: str | None, name: str, arguments: str) -> ToolCall:
        call = ToolCall(call_id or made_up_id(seed=name, index=self._n), name, arguments)
        self._n += 1
        self._unanswered.append(call)
        self._names[call.id] = name
        return call

    def answer(self, call_id: str | None, name: str | None) -> tuple[str, str | None]:
        """Id and name of the call that is answered: the one of that id, else the oldest unanswered of that name."""
        by_id = (call for call in self._unanswered if call.id == call_id)
        by_name = (call for call in self._unanswered if call_id is None and call.name == name)
        call = next(by_id, None) or next(by_name, None)
        if call is None:
            found = call_id or made_up_id(seed=name or "", index=self._n)
            return found, name or self._names.get(found)
        self._unanswered.remove(call)
        return call.id, name or call.name


def _read_contents(value: object, dropped: list[str]) -> tuple[Turn, ...]:
    contents = _list_of([{"parts": [{"text": value}]}] if isinstance(value, str) else value, field="contents")
    if not contents:
        raise RequestError("contents: expected at least one content.", field="contents", code="empty")
    calls = _Calls()
    return tuple(_read_content(content, calls, dropped, field=field) for field, content in contents)


def _read_content(content: JsonObject, calls: _Calls, dropped: list[str], *, field: str) -> Turn:
    role = optional_string(content, "role", prefix=f"{field}.") or "user"
    if role not in ("user", "model", "function"):
        raise RequestError(
            f"{field}.role: expected user or model, found {role[:50]!r}.", field=f"{field}.role", code="unknown_role"
        )
    side: Literal["user", "assistant"] = "assistant" if role == "model" else "user"
    parts: list[Part] = []
    for place, part in _list_of(content.get("parts"), field=f"{field}.parts"):
        parts.extend(_read_part(part, side, calls, dropped, field=place))
    return Turn(side, tuple(parts))


def _read_part(part: JsonObject, side: str, calls: _Calls, dropped: list[str], *, field: str) -> list[Part]:
    signature = optional_string(part, "thoughtSignature", prefix=f"{field}.")
    signed: list[Part] = [Thinking("", signature)] if signature and signature != NO_SIGNATURE else []
    if part.get("functionCall") is not None:
        if side != "assistant":
            raise RequestError(f"{field}: functionCall belongs to the role model.", field=field, code="misplaced")
        return [*signed, _read_call(as_object(part["functionCall"], field=f"{field}.functionCall"), calls, field=field)]
    if part.get("functionResponse") is not None:
        if side != "user":
            raise RequestError(f"{field}: functionResponse belongs to the role user.", field=field, code="misplaced")
        return [_read_result(part["functionResponse"], calls, dropped, field=f"{field}.functionResponse")]
    if part.get("text") is not None:
        text = as_string(part["text"], field=f"{field}.text")
        if part.get("thought") is True:
            return [Thinking(text, signature or None)] if side == "assistant" else []
        return [*(signed if side == "assistant" else []), *([Text(text)] if text else [])]
    media = _read_media(part, field=field)
    if media is not None:
        return [media]
    dropped.append(field)  # code that Google ran, and what is yet to be invented
    return []


def _read_call(call: JsonObject, calls: _Calls, *, field: str) -> ToolCall:
    prefix = f"{field}.functionCall."
    args = call.get("args")
    return calls.add(
        optional_string(call, "id", prefix=prefix) or None,
        as_string(call.get("name"), field=f"{prefix}name"),
        arguments_text({} if args is None else as_object(args, field=f"{prefix}args")),
    )


def _read_result(value: object, calls: _Calls, dropped: list[str], *, field: str) -> ToolResult:
    result = as_object(value, field=field)
    response = as_object(result.get("response") or {}, field=f"{field}.response")
    call_id, name = calls.answer(
        optional_string(result, "id", prefix=f"{field}.") or None, optional_string(result, "name", prefix=f"{field}.")
    )
    parts: list[Text | Media] = [_response_text(response)]
    for place, part in _list_of(result.get("parts"), field=f"{field}.parts"):
        media = _read_media(part, field=place)
        if media is None:
            dropped.append(place)
        else:
            parts.append(media)
    return ToolResult(call_id, tuple(parts), name=name, is_error=set(response) == {"error"})


def _response_text(response: JsonObject) -> Text:
    """The result's own text where it is wrapped in the usual key; else the whole object as JSON."""
    if len(response) == 1:
        for key in ("result", "output", "error"):
            if isinstance(response.get(key), str):
                return Text(response[key])
    return Text(encode_json(response).decode())


def _read_media(part: JsonObject, *, field: str) -> Media | None:
    if part.get("inlineData") is not None:
        place = f"{field}.inlineData"
        blob = camel_keys(as_object(part["inlineData"], field=place))
        media_type = as_string(blob.get("mimeType"), field=f"{place}.mimeType")
        return media_of_bytes(
            _kind_of(media_type, field=f"{place}.mimeType"),
            data=_standard_base64(as_string(blob.get("data"), field=f"{place}.data")),
            media_type=media_type,
            name=optional_string(blob, "displayName", prefix=f"{place}."),
            field=f"{place}.data",
        )
    if part.get("fileData") is None:
        return None
    place = f"{field}.fileData"
    file = camel_keys(as_object(part["fileData"], field=place))
    url = as_string(file.get("fileUri"), field=f"{place}.fileUri")
    if url.startswith("https://generativelanguage.googleapis.com/"):
        raise unusable("a file kept at Google means nothing to another provider.", field=f"{place}.fileUri")
    declared = optional_string(file, "mimeType", prefix=f"{place}.") or media_type_of(Media("document", url=url))
    kind = _kind_of(declared or "application/octet-stream", field=f"{place}.mimeType")
    return media_of_url(kind, url=url, media_type=declared, name=None, field=f"{place}.fileUri")


def _standard_base64(data: str) -> str:
    """The API also takes the URL-safe alphabet, with or without padding."""
    compact = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return compact + "=" * (-len(compact) % 4)


def _kind_of(media_type: str, *, field: str) -> Literal["image", "audio", "document"]:
    family = media_type.partition("/")[0].strip().lower()
    if family == "video":
        raise unusable("video cannot be carried to another provider.", field=field)
    return cast(Literal["image", "audio"], family) if family in ("image", "audio") else "document"


def _read_tools(value: object, dropped: list[str]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for field, entry in _list_of(value, field="tools"):
        dropped += [f"{field}.{key}" for key in entry if key != "functionDeclarations"]  # run by Google
        for place, item in _list_of(entry.get("functionDeclarations"), field=f"{field}.functionDeclarations"):
            tools.append(_read_tool(item, field=place))
    return tuple(tools)


def _read_tool(item: JsonObject, *, field: str) -> Tool:
    schema: JsonObject = {"type": "object", "properties": {}}
    if item.get("parametersJsonSchema") is not None:
        schema = as_object(item["parametersJsonSchema"], field=f"{field}.parametersJsonSchema")
    elif item.get("parameters") is not None:
        schema = json_schema(as_object(item["parameters"], field=f"{field}.parameters"))
    return Tool(
        name=as_string(item.get("name"), field=f"{field}.name"),
        description=optional_string(item, "description", prefix=f"{field}."),
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


def _read_tool_choice(value: object, dropped: list[str]) -> ToolChoice | None:
    field = "toolConfig.functionCallingConfig"
    outer = camel_keys(as_object(value or {}, field="toolConfig"))
    config = camel_keys(as_object(outer.get("functionCallingConfig") or {}, field=field))
    mode = (optional_string(config, "mode", prefix=f"{field}.") or "MODE_UNSPECIFIED").upper()
    names = optional_strings(config, "allowedFunctionNames", prefix=f"{field}.")
    if mode == "ANY" and len(names) == 1:
        return ToolChoice("named", names[0])
    if names:
        dropped.append(f"{field}.allowedFunctionNames")
    if mode == "MODE_UNSPECIFIED":
        return None
    modes: dict[str, Literal["auto", "required", "none"]] = {"ANY": "required", "NONE": "none"}
    if mode not in (*modes, "AUTO", "VALIDATED"):
        raise RequestError(
            f"{field}.mode: expected AUTO, ANY, NONE or VALIDATED, found {mode[:50]!r}.",
            field=f"{field}.mode",
            code="unknown_choice",
        )
    return ToolChoice(modes.get(mode, "auto"))


def _read_format(config: JsonObject) -> AnswerFormat | None:
    field = "generationConfig.responseJsonSchema"
    if config.get("responseJsonSchema") is not None:
        return AnswerFormat("schema", schema=as_object(config["responseJsonSchema"], field=field))
    if config.get("responseSchema") is not None:
        schema = as_object(config["responseSchema"], field="generationConfig.responseSchema")
        return AnswerFormat("schema", schema=json_schema(schema))
    mime_type = optional_string(config, "responseMimeType", prefix="generationConfig.")
    if mime_type in (None, "text/plain"):
        return None
    if mime_type != "application/json":
        raise unusable("expected text/plain or application/json.", field="generationConfig.responseMimeType")
    return AnswerFormat("json")


def _read_thinking(config: JsonObject) -> tuple[Effort | None, int | None]:
    field = "generationConfig.thinkingConfig"
    thinking = camel_keys(as_object(config.get("thinkingConfig") or {}, field=field))
    budget = optional_int(thinking, "thinkingBudget", low=-1, prefix=f"{field}.")
    if budget == 0:
        return "none", None
    level = optional_string(thinking, "thinkingLevel", prefix=f"{field}.")
    if level is not None and level.upper() != "THINKING_LEVEL_UNSPECIFIED":
        if level.upper() not in _EFFORTS:
            raise RequestError(
                f"{field}.thinkingLevel: expected one of {', '.join(_EFFORTS)}, found {level[:50]!r}.",
                field=f"{field}.thinkingLevel",
                code="unknown_effort",
            )
        return _EFFORTS[level.upper()], None
    return None, budget if budget is not None and budget > 0 else None  # -1: as the model sees fit
