"""Gemini generateContent bodies of clients -> Conversation. Keys come in camelCase or snake_case: the API takes both.

The model and whether the answer is streamed are in the URL, not in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from router.dialects import conversation as c
from router.dialects.gemini.request_fields import camel_key, camel_keys, list_of, read_fields
from router.dialects.gemini.request_writer import NO_SIGNATURE
from router.dialects.shared import fields as get
from router.dialects.shared.parts import arguments_text, made_up_id, media_type_of
from router.dialects.shared.reader import UNKNOWN, Reader, media_of_bytes, media_of_url
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import Dialect, JsonObject, Needs

_BESIDE_THE_DATA = frozenset({"thought", "thoughtSignature", "videoMetadata"})
_SIDES: Mapping[str, Literal["user", "assistant"]] = {"model": "assistant"}
_LABELS = {"model": None, "user": None, "function": "tool"}


def read_request(body: JsonObject, *, model: str | None = None, stream: bool = False) -> c.Conversation:
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
        lambda dropped: {**read_fields(body, dropped), "stream": stream, "include_usage": True},
        needs=_needs(body, config),
        max_output_tokens=get.whole_number(config, "maxOutputTokens"),
        metadata=body.get("labels"),
        model=model,
    )


def _camel(value: object, key: str) -> JsonObject:
    """The object under a key, with keys in camelCase; an empty one if there is none."""
    found = get.inner(value, key)
    return camel_keys(found) if isinstance(found, dict) else {}


def _needs(body: JsonObject, config: JsonObject) -> Needs:
    tools = get.is_filled(body.get("tools"))
    if not tools and not config:
        return c.NO_NEEDS
    calling = _camel(_camel(body, "toolConfig"), "functionCallingConfig")
    with_schema = any(config.get(key) is not None for key in ("responseSchema", "responseJsonSchema"))
    return Needs(
        tools=tools and calling.get("mode") != "NONE",
        hosted=tools and calling.get("mode") != "NONE" and _offers_hosted(body["tools"]),
        json_mode=config.get("responseMimeType") == "application/json" and not with_schema,
        json_schema=with_schema,
        n=get.whole_number(config, "candidateCount") or 1,
        logprobs=config.get("responseLogprobs") is True or get.whole_number(config, "logprobs") is not None,
    )


def _offers_hosted(tools: object) -> bool:
    """Whether a tool is offered that Google runs: every member but the declarations of functions is one."""
    items = tools if isinstance(tools, list) else [tools]
    return any(camel_key(key) != "functionDeclarations" for item in items if isinstance(item, dict) for key in item)


# --- Contents ---------------------------------------------------------------------------------------------------------


class _Contents(Reader):
    """Reads contents in order: gives ids to calls without one, and finds the call of a response without an id."""

    def read(self, body: JsonObject, *, system_key: str) -> list[c.Turn]:
        """The turns, the system instruction first. Raises RequestError naming the content and its field."""
        self._n_calls = 0
        self._unanswered: list[c.ToolCall] = []
        turns = []
        system, contents = body.get("systemInstruction"), body.get("contents")
        if isinstance(system, str):
            self.problems.append(get.expected("an object", system, field=system_key))
            turns.append(c.Turn("system", (c.Text(system),)))
        elif system is not None:
            given = get.as_object(system, field=system_key).get("parts")
            turns.append(c.Turn("system", self._parts(given, "system", field=f"{system_key}.parts")))
        if isinstance(contents, str):
            contents = {"parts": [{"text": contents}]}
        items = list_of(contents, field="contents")
        if contents is None:
            raise get.expected("an array", contents, field="contents")
        if not items:
            raise RequestError("contents: expected at least one content.", field="contents", code="empty")
        turns += [self._content(content, field=field) for field, content in items]
        return turns

    def _content(self, content: JsonObject, *, field: str) -> c.Turn:
        given = get.optional_string(content, "role", prefix=f"{field}.") or "user"
        role = given.lower()
        if given not in _LABELS:
            self.problems.append(get.one_of(("user", "model"), given, field=f"{field}.role", code="unknown_role"))
        side = _SIDES.get(role, "user")
        return c.Turn(side, self._parts(content.get("parts"), side, field=f"{field}.parts"), _LABELS.get(role, role))

    def _parts(self, value: object, side: str, *, field: str) -> tuple[c.Part, ...]:
        parts: list[c.Part] = []
        for place, part in list_of(value, field=field):
            text = part.get("text")
            if len(part) == 1 and type(text) is str:
                if text:
                    parts.append(c.Text(text))
            else:
                parts += self._part(part, side, field=place)
        return tuple(parts)

    def _part(self, part: JsonObject, side: str, *, field: str) -> list[c.Part]:
        signed: list[c.Part] = []
        signature = part.get("thoughtSignature")
        if signature and not isinstance(signature, str):
            self.problems.append(get.expected("a string", signature, field=f"{field}.thoughtSignature"))
        elif signature and signature != NO_SIGNATURE and side == "assistant":
            signed = [c.Thinking("", signature)]
        if part.get("text") is not None:
            text = get.as_string(part["text"], field=f"{field}.text")
            if part.get("thought") is True:
                return [c.Thinking(text, signature if signed else None)]
            return [*signed, *([c.Text(text)] if text else [])]
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

    def _read_call(self, part: JsonObject, *, field: str) -> c.ToolCall:
        prefix = f"{field}.functionCall."
        call = get.as_object(part["functionCall"], field=f"{field}.functionCall")
        name, args = get.as_string(call.get("name"), field=f"{prefix}name"), call.get("args")
        made = c.ToolCall(
            get.optional_string(call, "id", prefix=prefix) or made_up_id(seed=name, index=self._n_calls),
            name,
            arguments_text({} if args is None else get.as_object(args, field=f"{prefix}args")),
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

    def _read_result(self, value: object, *, field: str) -> c.ToolResult:
        if not isinstance(value, dict):
            self.problems.append(get.expected("an object", value, field=field))
            return c.ToolResult("", ())
        result = value
        given_id, given_name = (self.string(result, key, field=field) or None for key in ("id", "name"))
        response = result.get("response")
        parts: list[c.Text | c.Media | c.Opaque] = []
        if response is not None and not isinstance(response, dict):
            self.problems.append(get.expected("an object", response, field=f"{field}.response"))
        else:
            parts.append(_response_text(response or {}))
        for place, part in list_of(result.get("parts"), field=f"{field}.parts"):
            media = self._media(part, field=place)
            if media is None:
                self.dropped.append(place)
            else:
                parts.append(media)
        call_id, name = self._answered(given_id, given_name)
        is_error = isinstance(response, dict) and response.keys() == {"error"}
        return c.ToolResult(call_id, tuple(parts), name, is_error)

    def _media(self, part: JsonObject, *, field: str) -> c.Media | c.Opaque | None:
        """The part's media; opaque where no other dialect can carry them; None where there are none."""
        key = "inlineData" if part.get("inlineData") is not None else "fileData"
        if part.get(key) is None:
            return None
        family = _family(_camel(part, key).get("mimeType"))
        kind = family if family in ("image", "audio", "video") else "document"
        return self.strictly(_read_blob if key == "inlineData" else _read_file, part, kind=kind, field=field)


def _response_text(response: JsonObject) -> c.Text:
    """The result's own text where it is wrapped in the usual key; else the whole object as JSON."""
    if len(response) == 1:
        for key in ("result", "output", "error"):
            if isinstance(response.get(key), str):
                return c.Text(response[key])
    return c.Text(encode_json(response).decode())


def _read_blob(part: JsonObject, *, field: str) -> c.Media:
    field = f"{field}.inlineData"
    blob = camel_keys(get.as_object(part["inlineData"], field=field))
    media_type = get.as_string(blob.get("mimeType"), field=f"{field}.mimeType")
    return media_of_bytes(
        _kind_of(media_type, field=f"{field}.mimeType"),
        _standard_base64(get.as_string(blob.get("data"), field=f"{field}.data")),
        field=f"{field}.data",
        media_type=media_type,
        name=get.optional_string(blob, "displayName", prefix=f"{field}."),
    )


def _read_file(part: JsonObject, *, field: str) -> c.Media:
    field = f"{field}.fileData"
    file = camel_keys(get.as_object(part["fileData"], field=field))
    url = get.as_string(file.get("fileUri"), field=f"{field}.fileUri")
    if url.startswith("https://generativelanguage.googleapis.com/"):
        cure = "a file kept at Google means nothing to another provider."
        raise get.unusable(cure, field=f"{field}.fileUri", code="unsupported")
    declared = get.optional_string(file, "mimeType", prefix=f"{field}.") or media_type_of(c.Media("document", url=url))
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
        raise get.unusable("video cannot be carried to another provider.", field=field, code="unsupported")
    return cast(Literal["image", "audio"], family) if family in ("image", "audio") else "document"
