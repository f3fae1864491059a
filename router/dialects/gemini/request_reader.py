"""Gemini generateContent bodies of clients -> Conversation. Keys come in camelCase or snake_case: the API takes both.

The model and whether the answer is streamed are in the URL, not in the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from router.dialects.conversation import (
    NO_NEEDS,
    AnswerFormat,
    Conversation,
    Effort,
    Media,
    Opaque,
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
from router.dialects.shared.fields import (
    as_array,
    as_object,
    as_string,
    expected,
    inner,
    is_filled,
    one_of,
    optional_bool,
    optional_int,
    optional_number,
    optional_string,
    optional_strings,
    unusable,
    whole_number,
)
from router.dialects.shared.reader import UNKNOWN, Reader, media_of_bytes, media_of_url, possible_choice
from router.dialects.shared.shaping import arguments_text, made_up_id, media_type_of
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import Dialect, JsonObject, Needs

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
_BESIDE_THE_DATA = frozenset({"thought", "thoughtSignature", "videoMetadata"})
_SIDES: Mapping[str, Literal["user", "assistant"]] = {"model": "assistant"}
_LABELS = {"model": None, "user": None, "function": "tool"}
_LOWER_CASE = re.compile(r"_([a-z])")


def read_request(body: JsonObject, *, model: str | None = None, stream: bool = False) -> Conversation:
    """A generateContent body as a conversation. Raises RequestError where it holds no contents that can be read.

    model, stream: from the URL.
    """
    keys = {camel_key(key): key for key in body}  # as the client wrote them: errors name these
    body = camel_keys(body)
    reader = _Contents(Dialect.GEMINI)
    turns = reader.read(body, system_key=keys.get("systemInstruction", ""))
    config = camel_keys(given) if isinstance(given := body.get("generationConfig"), dict) else {}
    return reader.conversation(
        turns,
        body,
        lambda dropped: {**_read_fields(body, dropped), "stream": stream, "include_usage": True},
        needs=_needs(body, config),
        max_output_tokens=whole_number(config, "maxOutputTokens"),
        metadata=body.get("labels"),
        model=model,
    )


def camel_key(key: str) -> str:
    """The key in camelCase."""
    return _LOWER_CASE.sub(lambda match: match[1].upper(), key) if "_" in key else key


def camel_keys(item: JsonObject) -> JsonObject:
    """The object with its own keys in camelCase; what they hold stays as it is."""
    if not any("_" in key for key in item):
        return item
    return {camel_key(key): value for key, value in item.items()}


def _camel(value: object, key: str) -> JsonObject:
    """The object under a key, with keys in camelCase; an empty one if there is none."""
    found = inner(value, key)
    return camel_keys(found) if isinstance(found, dict) else {}


def _needs(body: JsonObject, config: JsonObject) -> Needs:
    tools = is_filled(body.get("tools"))
    if not tools and not config:
        return NO_NEEDS
    calling = _camel(_camel(body, "toolConfig"), "functionCallingConfig")
    with_schema = any(config.get(key) is not None for key in ("responseSchema", "responseJsonSchema"))
    return Needs(
        tools=tools and calling.get("mode") != "NONE",
        json_mode=config.get("responseMimeType") == "application/json" and not with_schema,
        json_schema=with_schema,
        n=whole_number(config, "candidateCount") or 1,
        logprobs=config.get("responseLogprobs") is True or whole_number(config, "logprobs") is not None,
    )


# --- Fields that only other dialects need -----------------------------------------------------------------------------


def _read_fields(body: JsonObject, dropped: list[str]) -> Mapping[str, Any]:
    prefix = "generationConfig."
    config = camel_keys(as_object(body.get("generationConfig") or {}, field="generationConfig"))
    dropped += [key for key in body if key not in _READ_KEYS]
    dropped += [f"{prefix}{key}" for key in config if key not in _READ_CONFIG_KEYS]
    if body.get("cachedContent") is not None:
        raise unusable(
            "content cached at Google means nothing to another provider.", field="cachedContent", code="unsupported"
        )
    tools = _read_tools(body.get("tools"), dropped)
    choice = _read_tool_choice(body.get("toolConfig"), dropped)
    effort, thinking_tokens = _read_thinking(config)
    optional_int(config, "maxOutputTokens", low=1, high=(1 << 31) - 1, prefix=prefix)
    return {
        "tools": tools,
        "tool_choice": possible_choice(choice, tools, dropped, field="toolConfig"),
        "answer_format": _read_format(config),
        "temperature": optional_number(config, "temperature", low=0, prefix=prefix),
        "top_p": optional_number(config, "topP", low=0, high=1, prefix=prefix),
        "top_k": optional_int(config, "topK", low=0, prefix=prefix),
        "stop": optional_strings(config, "stopSequences", prefix=prefix),
        "effort": effort,
        "thinking_tokens": thinking_tokens,
        "n": optional_int(config, "candidateCount", low=1, prefix=prefix) or 1,
        "seed": optional_int(config, "seed", prefix=prefix),
        "presence_penalty": optional_number(config, "presencePenalty", low=-100, prefix=prefix),
        "frequency_penalty": optional_number(config, "frequencyPenalty", low=-100, prefix=prefix),
        "logprobs": optional_bool(config, "responseLogprobs", default=False, prefix=prefix),
        "top_logprobs": optional_int(config, "logprobs", low=0, prefix=prefix),
    }


# --- Contents ---------------------------------------------------------------------------------------------------------


def _list_of(value: object, *, field: str) -> list[tuple[str, JsonObject]]:
    """The objects of an array, or the one that was sent without it, each with its path. Raises RequestError."""
    if value is None:
        return []
    items = [value] if isinstance(value, dict) else as_array(value, field=field)
    return [(f"{field}[{i}]", camel_keys(as_object(item, field=f"{field}[{i}]"))) for i, item in enumerate(items)]


class _Contents(Reader):
    """Reads contents in order: gives ids to calls without one, and finds the call of a response without an id."""

    def read(self, body: JsonObject, *, system_key: str) -> list[Turn]:
        """The turns, the system instruction first. Raises RequestError naming the content and its field."""
        self._n_calls = 0
        self._unanswered: list[ToolCall] = []
        turns = []
        system, contents = body.get("systemInstruction"), body.get("contents")
        if isinstance(system, str):
            self.problems.append(expected("an object", system, field=system_key))
            turns.append(Turn("system", (Text(system),)))
        elif system is not None:
            given = as_object(system, field=system_key).get("parts")
            turns.append(Turn("system", self._parts(given, "system", field=f"{system_key}.parts")))
        if isinstance(contents, str):
            contents = {"parts": [{"text": contents}]}
        items = _list_of(contents, field="contents")
        if contents is None:
            raise expected("an array", contents, field="contents")
        if not items:
            raise RequestError("contents: expected at least one content.", field="contents", code="empty")
        turns += [self._content(content, field=field) for field, content in items]
        return turns

    def _content(self, content: JsonObject, *, field: str) -> Turn:
        given = optional_string(content, "role", prefix=f"{field}.") or "user"
        role = given.lower()
        if given not in _LABELS:
            self.problems.append(one_of(("user", "model"), given, field=f"{field}.role", code="unknown_role"))
        side = _SIDES.get(role, "user")
        return Turn(side, self._parts(content.get("parts"), side, field=f"{field}.parts"), _LABELS.get(role, role))

    def _parts(self, value: object, side: str, *, field: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        for place, part in _list_of(value, field=field):
            text = part.get("text")
            if len(part) == 1 and type(text) is str:
                if text:
                    parts.append(Text(text))
            else:
                parts += self._part(part, side, field=place)
        return tuple(parts)

    def _part(self, part: JsonObject, side: str, *, field: str) -> list[Part]:
        signed: list[Part] = []
        signature = part.get("thoughtSignature")
        if signature and not isinstance(signature, str):
            self.problems.append(expected("a string", signature, field=f"{field}.thoughtSignature"))
        elif signature and signature != NO_SIGNATURE and side == "assistant":
            signed = [Thinking("", signature)]
        if part.get("text") is not None:
            text = as_string(part["text"], field=f"{field}.text")
            if part.get("thought") is True:
                return [Thinking(text, signature if signed else None)]
            return [*signed, *([Text(text)] if text else [])]
        if part.get("functionCall") is not None:
            self._only_in("assistant", side, "functionCall belongs to the role model.", field=field)
            return [*signed, self.strictly(self._read_call, part, kind="tool_call", field=field)]
        if part.get("functionResponse") is not None:
            self._only_in("user", side, "functionResponse belongs to the role user.", field=field)
            return [self._read_result(part["functionResponse"], field=f"{field}.functionResponse")]
        media = self._media(part, field=field)
        if media is not None:
            return [media]
        self.dropped.append(field)  # code that Google ran, and what is yet to be invented
        return [self.opaque(next((key for key in part if key not in _BESIDE_THE_DATA), UNKNOWN), part)]

    def _only_in(self, wanted: str, side: str, words: str, *, field: str) -> None:
        if side != wanted:
            self.problems.append(RequestError(f"{field}: {words}", field=field, code="misplaced"))

    def _read_call(self, part: JsonObject, *, field: str) -> ToolCall:
        prefix = f"{field}.functionCall."
        call = as_object(part["functionCall"], field=f"{field}.functionCall")
        name, args = as_string(call.get("name"), field=f"{prefix}name"), call.get("args")
        made = ToolCall(
            optional_string(call, "id", prefix=prefix) or made_up_id(seed=name, index=self._n_calls),
            name,
            arguments_text({} if args is None else as_object(args, field=f"{prefix}args")),
        )
        self._n_calls += 1
        self._unanswered.append(made)
        self.names[made.id] = name
        return made

    def _answered(self, call_id: str | None, name: str | None) -> tuple[str, str | None]:
        """Id and name of the call that is answered: the one of that id, else the oldest unanswered of that name."""
        by_id = (call for call in self._unanswered if call.id == call_id)
        by_name = (call for call in self._unanswered if call_id is None and call.name == name)
        call = next(by_id, None) or next(by_name, None)
        if call is None:
            found = call_id or made_up_id(seed=name or "", index=self._n_calls)
            return found, name or self.names.get(found)
        self._unanswered.remove(call)
        return call.id, name or call.name

    def _read_result(self, value: object, *, field: str) -> ToolResult:
        result = self.strictly(as_object, value, kind=UNKNOWN, field=field)
        if isinstance(result, Opaque):
            return ToolResult("", ())
        ids: dict[str, str | None] = {}
        for key in ("id", "name"):
            found = self.strictly(
                lambda item, field, key=key: optional_string(item, key, prefix=f"{field}."),
                result,
                kind=UNKNOWN,
                field=field,
            )
            ids[key] = found if isinstance(found, str) and found else None
        response = result.get("response")
        parts: list[Text | Media | Opaque] = []
        if response is not None and not isinstance(response, dict):
            self.problems.append(expected("an object", response, field=f"{field}.response"))
        else:
            parts.append(_response_text(response or {}))
        for place, part in _list_of(result.get("parts"), field=f"{field}.parts"):
            media = self._media(part, field=place)
            if media is None:
                self.dropped.append(place)
            else:
                parts.append(media)
        call_id, name = self._answered(ids["id"], ids["name"])
        return ToolResult(
            call_id, tuple(parts), name, is_error=isinstance(response, dict) and set(response) == {"error"}
        )

    def _media(self, part: JsonObject, *, field: str) -> Media | Opaque | None:
        """The part's media; opaque where no other dialect can carry them; None where there are none."""
        key = "inlineData" if part.get("inlineData") is not None else "fileData"
        if part.get(key) is None:
            return None
        family = _family(_camel(part, key).get("mimeType"))
        kind = family if family in ("image", "audio", "video") else "document"
        return self.strictly(_read_blob if key == "inlineData" else _read_file, part, kind=kind, field=field)


def _response_text(response: JsonObject) -> Text:
    """The result's own text where it is wrapped in the usual key; else the whole object as JSON."""
    if len(response) == 1:
        for key in ("result", "output", "error"):
            if isinstance(response.get(key), str):
                return Text(response[key])
    return Text(encode_json(response).decode())


def _read_blob(part: JsonObject, *, field: str) -> Media:
    field = f"{field}.inlineData"
    blob = camel_keys(as_object(part["inlineData"], field=field))
    media_type = as_string(blob.get("mimeType"), field=f"{field}.mimeType")
    return media_of_bytes(
        _kind_of(media_type, field=f"{field}.mimeType"),
        _standard_base64(as_string(blob.get("data"), field=f"{field}.data")),
        field=f"{field}.data",
        media_type=media_type,
        name=optional_string(blob, "displayName", prefix=f"{field}."),
    )


def _read_file(part: JsonObject, *, field: str) -> Media:
    field = f"{field}.fileData"
    file = camel_keys(as_object(part["fileData"], field=field))
    url = as_string(file.get("fileUri"), field=f"{field}.fileUri")
    if url.startswith("https://generativelanguage.googleapis.com/"):
        cure = "a file kept at Google means nothing to another provider."
        raise unusable(cure, field=f"{field}.fileUri", code="unsupported")
    declared = optional_string(file, "mimeType", prefix=f"{field}.") or media_type_of(Media("document", url=url))
    kind = _kind_of(declared or "application/octet-stream", field=f"{field}.mimeType")
    return media_of_url(kind, url, field=f"{field}.fileUri", media_type=declared)


def _standard_base64(data: str) -> str:
    """The API also takes the URL-safe alphabet, with or without padding."""
    compact = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return compact + "=" * (-len(compact) % 4)


def _family(media_type: object) -> str:
    return media_type.partition("/")[0].strip().lower() if isinstance(media_type, str) else ""


def _kind_of(media_type: str, *, field: str) -> Literal["image", "audio", "document"]:
    family = _family(media_type)
    if family == "video":
        raise unusable("video cannot be carried to another provider.", field=field, code="unsupported")
    return cast(Literal["image", "audio"], family) if family in ("image", "audio") else "document"


# --- Tools, format, thinking -----------------------------------------------------------------------------------------


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
    if mode not in _MODES:
        raise one_of(_MODES, mode, field=f"{field}.mode", code="unknown_choice")
    return ToolChoice(_MODES[mode])


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
        cure = "expected text/plain or application/json."
        raise unusable(cure, field="generationConfig.responseMimeType", code="unsupported")
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
            raise one_of(_EFFORTS, level, field=f"{field}.thinkingLevel", code="unknown_effort")
        return _EFFORTS[level.upper()], None
    return None, budget if budget is not None and budget > 0 else None  # -1: as the model sees fit
