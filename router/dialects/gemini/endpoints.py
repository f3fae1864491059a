"""Where Gemini generateContent is served, and its bodies for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects.shared.endpoint import Endpoint, PathInfo
from router.dialects.shared.fields import as_object
from router.dialects.shared.limits import is_above
from router.dialects.shared.listing import ListedName
from router.dialects.shared.openapi import ANY_OBJECT, BOOLEAN, COUNT, STRING, any_of, array_of, object_of
from router.errors import RequestError
from router.types import JsonObject

_PART: JsonObject = any_of(
    object_of({"text": STRING, "thought": BOOLEAN}, required=("text",)),
    object_of({"inlineData": object_of({"mimeType": STRING, "data": STRING})}, required=("inlineData",)),
    object_of({"functionCall": object_of({"name": STRING, "args": ANY_OBJECT})}, required=("functionCall",)),
    object_of(
        {"functionResponse": object_of({"name": STRING, "response": ANY_OBJECT})}, required=("functionResponse",)
    ),
)
BODY: JsonObject = object_of(
    {
        "contents": array_of(
            object_of({"role": {"enum": ["user", "model"]}, "parts": array_of(_PART)}, required=("parts",)),
            at_least=1,
        ),
        "systemInstruction": object_of({"parts": array_of(_PART)}),
        "tools": array_of(ANY_OBJECT),
        "generationConfig": object_of(
            {
                "maxOutputTokens": COUNT,
                "candidateCount": COUNT,
                "responseMimeType": STRING,
                "responseSchema": ANY_OBJECT,
                "responseLogprobs": BOOLEAN,
            }
        ),
    },
    required=("contents",),
    description="Gemini generateContent, verbatim",
)

ERROR: JsonObject = object_of(
    {
        "error": object_of(
            {"code": {"type": "integer"}, "status": STRING, "message": STRING, "details": array_of(ANY_OBJECT)},
            required=("code", "status", "message"),
        )
    },
    required=("error",),
    description="for requests with `x-goog-api-key` or `contents`",
)

_CALLS = ("generateContent", "streamGenerateContent", "countTokens")


class NotACall(RequestError):
    """The path names no method of a Gemini model."""

    status = 404
    type = "not_found_error"

    def __init__(self, call: str) -> None:
        expected = ", ".join(f"MODEL:{verb}" for verb in _CALLS)
        super().__init__(f"{call[:100]!r}: expected one of {expected}.", code="not_found")


def read_path(call: str, query: Mapping[str, str]) -> PathInfo:
    """`{model}:generateContent`, `{model}:streamGenerateContent` or `{model}:countTokens`. Raises NotACall."""
    model, _, verb = call.rpartition(":")
    if not model or verb not in _CALLS:
        raise NotACall(call)
    stream = verb == "streamGenerateContent"
    return PathInfo(
        model=model.removeprefix("models/"),
        stream=stream,
        as_array=stream and query.get("alt") != "sse",
        counts=verb == "countTokens",
    )


def counted_request(body: JsonObject) -> JsonObject:
    """The request to count; the SDKs put it in a field where it is more than `contents`. Raises RequestError."""
    inner = body.get("generateContentRequest")
    return body if inner is None else as_object(inner, field="generateContentRequest")


def write_name(one: ListedName) -> JsonObject:
    """The object of a model."""
    return {
        "name": f"models/{one.name}",
        "displayName": one.title,
        "supportedGenerationMethods": list(_CALLS),
        **one.sizes("inputTokenLimit", "outputTokenLimit"),
    }


def write_names(names: list[ListedName]) -> JsonObject:
    """The only page of the list."""
    return {"models": [write_name(one) for one in names]}


ENDPOINTS = (
    Endpoint(
        "/v1beta/models/{call:path}",
        summary="Gemini generateContent",
        description="`{model}:generateContent`, `{model}:streamGenerateContent` and `{model}:countTokens`.\n\n"
        "Without `alt=sse` a stream is one JSON array.",
        aliases=("/v1/models/{call:path}",),
        read=read_path,
    ),
)


def lowered(body: JsonObject, limit: int) -> JsonObject:
    """The member that limits the answer to more than `limit` tokens, lowered to it."""
    for key in ("generationConfig", "generation_config"):
        config = body.get(key)
        if isinstance(config, dict):
            names = [name for name in ("maxOutputTokens", "max_output_tokens") if is_above(config.get(name), limit)]
            if names:
                return {key: {**config, **dict.fromkeys(names, limit)}}
    return {}
