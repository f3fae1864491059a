"""OpenAPI descriptions of the bodies that are parsed by hand (router.wire): for people and for fuzzers.

They describe what clients should send. The parsers take more: unknown fields and block types, null for what is missing.
"""

from __future__ import annotations

from router.types import Dialect, JsonObject, Reason

_STRING: JsonObject = {"type": "string"}
_BOOLEAN: JsonObject = {"type": "boolean"}
_COUNT: JsonObject = {"type": "integer", "minimum": 1}
_ANY_OBJECT: JsonObject = {"type": "object"}
_SHARE: JsonObject = {"type": "number", "minimum": 0, "maximum": 1}


def _object(properties: JsonObject, *, required: tuple[str, ...] = (), description: str | None = None) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if description is not None:
        schema["description"] = description
    return schema


def _any(*schemas: JsonObject) -> JsonObject:
    return {"anyOf": list(schemas)}


def _array(items: JsonObject, *, at_least: int = 0) -> JsonObject:
    schema: JsonObject = {"type": "array", "items": items}
    return schema | {"minItems": at_least} if at_least else schema


def _block(*types: str, text: bool = False) -> JsonObject:
    kind: JsonObject = {"type": {"enum": list(types)}}
    return _object(kind | ({"text": _STRING} if text else {}), required=("type", "text") if text else ("type",))


# --- The bodies -------------------------------------------------------------------------------------------------------

_OPTIONS: JsonObject = _object(
    {
        "tiers": _array(_STRING, at_least=1) | {"description": "allow only these tiers"},
        "max_quality_loss": _SHARE
        | {"description": "target on the mean quality loss; not together with max_cost_usd_per_1k"},
        "max_cost_usd_per_1k": {
            "type": "number",
            "minimum": 0,
            "description": "target on the cost of 1,000 requests at the prices that the bundle was fitted with",
        },
        "explain": _BOOLEAN,
        "session": {"type": "string", "description": "checked, not yet used"},
        "last_tier": {"type": "string", "description": "checked, not yet used"},
        "cached_tokens": {"type": "number", "minimum": 0, "description": "checked, not yet used"},
        "idle_s": {"type": "number", "minimum": 0, "description": "checked, not yet used"},
    }
) | {"additionalProperties": False}

_EVERY_BODY: JsonObject = {"model": _STRING, "metadata": _ANY_OBJECT, "router": _OPTIONS}

_PROMPT_BODY = _object({"prompt": _STRING, "router": _OPTIONS}, required=("prompt",), description="The ask alone")

_CHAT_MESSAGE = _object(
    {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
        "content": _any(
            _STRING,
            {"type": "null"},
            _array(_any(_block("text", text=True), _block("image_url", "input_audio", "file", "refusal"))),
        ),
        "tool_calls": _array(_object({"id": _STRING, "type": _STRING, "function": _ANY_OBJECT})),
        "tool_call_id": _STRING,
    },
    required=("role",),
)
_CHAT_BODY = _object(
    _EVERY_BODY
    | {
        "messages": _array(_CHAT_MESSAGE, at_least=1),
        "tools": _array(_ANY_OBJECT),
        "tool_choice": _any(_STRING, _ANY_OBJECT),
        "parallel_tool_calls": _BOOLEAN,
        "response_format": _object({"type": {"enum": ["text", "json_object", "json_schema"]}}),
        "max_completion_tokens": _COUNT,
        "max_tokens": _COUNT,
        "n": _COUNT,
        "logprobs": _BOOLEAN,
    },
    required=("messages",),
    description="OpenAI Chat Completions, verbatim; also with `input` instead of `messages`",
)

_RESPONSES_ITEM = _any(
    _object(
        {
            "type": {"const": "message"},
            "role": {"enum": ["system", "developer", "user", "assistant"]},
            "content": _any(
                _STRING,
                _array(_any(_block("input_text", "output_text", text=True), _block("input_image", "input_file"))),
            ),
        },
        required=("role", "content"),
    ),
    _block("function_call", "custom_tool_call", "reasoning"),
    _object(
        {"type": {"enum": ["function_call_output", "custom_tool_call_output"]}, "output": _STRING},
        required=("type", "output"),
    ),
)
_RESPONSES_BODY = _object(
    _EVERY_BODY
    | {
        "input": _any(_STRING, _array(_RESPONSES_ITEM, at_least=1)),
        "instructions": _STRING,
        "tools": _array(_ANY_OBJECT),
        "text": _object({"format": _object({"type": {"enum": ["text", "json_object", "json_schema"]}})}),
        "max_output_tokens": _COUNT,
        "parallel_tool_calls": _BOOLEAN,
    },
    required=("input",),
    description="OpenAI Responses, verbatim",
)

_ANTHROPIC_BLOCK = _any(
    _block("text", text=True),
    _block("thinking", "redacted_thinking", "tool_use", "image", "document"),
    _object(
        {"type": {"const": "tool_result"}, "content": _any(_STRING, _array(_block("text", text=True)))},
        required=("type",),
    ),
)
_ANTHROPIC_BODY = _object(
    _EVERY_BODY
    | {
        "messages": _array(
            _object(
                {
                    "role": {"enum": ["user", "assistant", "system"]},
                    "content": _any(_STRING, _array(_ANTHROPIC_BLOCK)),
                },
                required=("role", "content"),
            ),
            at_least=1,
        ),
        "system": _any(_STRING, _array(_block("text", text=True))),
        "max_tokens": _COUNT,
        "tools": _array(_ANY_OBJECT),
        "tool_choice": _object({"type": {"enum": ["auto", "any", "tool", "none"]}}),
        "output_config": _ANY_OBJECT,
        "thinking": _ANY_OBJECT,
    },
    required=("messages", "max_tokens"),
    description="Anthropic Messages, verbatim",
)

_GEMINI_PART = _any(
    _object({"text": _STRING, "thought": _BOOLEAN}, required=("text",)),
    _object({"inlineData": _object({"mimeType": _STRING, "data": _STRING})}, required=("inlineData",)),
    _object({"functionCall": _object({"name": _STRING, "args": _ANY_OBJECT})}, required=("functionCall",)),
    _object({"functionResponse": _object({"name": _STRING, "response": _ANY_OBJECT})}, required=("functionResponse",)),
)
_GEMINI_BODY = _object(
    {
        "contents": _array(
            _object({"role": {"enum": ["user", "model"]}, "parts": _array(_GEMINI_PART)}, required=("parts",)),
            at_least=1,
        ),
        "systemInstruction": _object({"parts": _array(_GEMINI_PART)}),
        "tools": _array(_ANY_OBJECT),
        "generationConfig": _object(
            {
                "maxOutputTokens": _COUNT,
                "candidateCount": _COUNT,
                "responseMimeType": _STRING,
                "responseSchema": _ANY_OBJECT,
                "responseLogprobs": _BOOLEAN,
            }
        ),
        "router": _OPTIONS,
    },
    required=("contents",),
    description="Gemini generateContent, verbatim",
)

_ROUTE_BODY = _any(_PROMPT_BODY, _CHAT_BODY, _RESPONSES_BODY, _ANTHROPIC_BODY, _GEMINI_BODY) | {
    "description": "A body of one of five dialects; the answer names the one that was seen."
}

# --- The headers ------------------------------------------------------------------------------------------------------


def _header(name: str, schema: JsonObject, description: str) -> JsonObject:
    return {"name": f"x-router-{name}", "in": "header", "required": False, "schema": schema, "description": description}


_NAME: JsonObject = {"type": "string", "minLength": 1}
_OVERRIDES = [
    _header("tier", _NAME, "this tier and no other (percent-encoded, as all names in headers)"),
    _header("floor", _NAME, "no cheaper tier than this"),
    _header("ceiling", _NAME, "no stronger tier than this"),
    _header("policy", _NAME, "the policy that decides"),
    _header(
        "off", {"enum": ["true", "false", "1", "0"]}, "decide nothing: the body's own model, else the strongest tier"
    ),
]

# --- The answers ------------------------------------------------------------------------------------------------------

_PROBABILITIES: JsonObject = {"type": "object", "additionalProperties": _SHARE}
_LIMIT = _any({"type": "number", "minimum": 0}, _PROBABILITIES)

_PROMISE = _any(
    {"type": "null"},
    _object(
        {
            "goal": {"enum": ["max_quality_loss", "max_cost_usd_per_1k", "tier_mix"]},
            "target": _LIMIT,
            "bound": _LIMIT,
            "confidence": _SHARE,
            "n": {"type": "integer", "minimum": 0},
        },
        required=("goal", "target", "bound", "confidence", "n"),
    ),
) | {"description": "the guarantee behind the threshold; null where none covers the request"}

_DECISION = _object(
    {
        "decision_id": _STRING,
        "dialect": {"enum": [dialect.value for dialect in Dialect], "description": "the language of the body"},
        "policy": _STRING | {"description": "the policy that was in force"},
        "requested": _ANY_OBJECT | {"description": "what the caller asked for: headers, model name, options"},
        "tier": _STRING,
        "model": _STRING,
        "candidates": _array(_object({"tier": _STRING, "model": _STRING}, required=("tier", "model"))),
        "p_adequate": _PROBABILITIES,
        "expected_quality_loss": _PROBABILITIES,
        "threshold": {"type": "number"},
        "promise": _PROMISE,
        "reason": {"enum": [reason.value for reason in Reason]},
        "estimated_cost_usd": {"type": "object", "additionalProperties": {"type": "number"}},
        "turn": _STRING,
        "task": _any({"type": "null"}, _object({"name": _STRING, "probability": _SHARE})),
        "bundle": _object({"id": _STRING, "sha256": _STRING}, required=("id", "sha256")),
        "latency_ms": {"type": "number", "minimum": 0},
        "steps": _array(_object({"step": _STRING, "tier": {"type": ["string", "null"]}, "note": _STRING}))
        | {"description": "the policy's steps, with `router.explain`"},
        "explanation": _ANY_OBJECT | {"description": "with `router.explain`"},
    },
    required=("decision_id", "dialect", "tier", "model", "candidates", "p_adequate", "threshold", "reason"),
)

_OPENAI_ERROR = _object(
    {
        "error": _object(
            {
                "message": _STRING,
                "type": _STRING,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            required=("message", "type"),
        )
    },
    required=("error",),
)
_ANTHROPIC_ERROR = _object(
    {
        "type": {"const": "error"},
        "error": _object({"type": _STRING, "message": _STRING, "details": _ANY_OBJECT}, required=("type", "message")),
    },
    required=("type", "error"),
    description="for requests with `anthropic-version`",
)
_GEMINI_ERROR = _object(
    {
        "error": _object(
            {"code": {"type": "integer"}, "status": _STRING, "message": _STRING, "details": _array(_ANY_OBJECT)},
            required=("code", "status", "message"),
        )
    },
    required=("error",),
    description="for requests with `x-goog-api-key` or `contents`",
)
_ERROR = _any(_OPENAI_ERROR, _ANTHROPIC_ERROR, _GEMINI_ERROR)


_NO_KEY = "the service has a key, and this request does not show it"


def _operation(body: JsonObject, answer: JsonObject) -> JsonObject:
    def content(schema: JsonObject) -> JsonObject:
        return {"content": {"application/json": {"schema": schema}}}

    return {
        "parameters": _OVERRIDES,
        "requestBody": {"required": True, **content(body)},
        "responses": {
            "200": {"description": "the decision", **content(answer)},
            "400": {"description": "the request cannot be used; the message names field or header", **content(_ERROR)},
            "401": {"description": _NO_KEY, **content(_ERROR)},
            "413": {"description": "the body is too large", **content(_ERROR)},
        },
    }


ROUTE_OPENAPI: JsonObject = _operation(_ROUTE_BODY, _DECISION)


def _forwarded(body: JsonObject, *, counts: str | None = None) -> JsonObject:
    """A drop-in endpoint. counts: the field of an answer that is a number of tokens; None where a model answers."""
    answer = _ANY_OBJECT if counts is None else _object({counts: {"type": "integer"}}, required=(counts,))
    whole: JsonObject = {"application/json": {"schema": answer}}
    streamed: JsonObject = {} if counts is not None else {"text/event-stream": {"schema": _STRING}}
    error: JsonObject = {"content": {"application/json": {"schema": _ERROR}}}
    said = {
        "400": "the request cannot be used; the message names field or header",
        "401": _NO_KEY,
        "404": "the model is not configured, or the path names no call",
        "413": "the body is too large",
        "default": "what the last provider that was tried said, in the client's dialect",
    }
    return {
        "parameters": _OVERRIDES,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "the answer, whole or streamed", "content": whole | streamed},
            **{status: {"description": text, **error} for status, text in said.items()},
        },
    }


MODELS_OPENAPI: JsonObject = {
    "responses": {"401": {"description": _NO_KEY, "content": {"application/json": {"schema": _ERROR}}}}
}
CHAT_OPENAPI = _forwarded(_any(_CHAT_BODY, _RESPONSES_BODY))
RESPONSES_OPENAPI = _forwarded(_RESPONSES_BODY)
MESSAGES_OPENAPI = _forwarded(_ANTHROPIC_BODY)
COUNT_OPENAPI = _forwarded(_ANTHROPIC_BODY, counts="input_tokens")
GEMINI_OPENAPI = _forwarded(_GEMINI_BODY)
BATCH_OPENAPI: JsonObject = _operation(
    _array(_ROUTE_BODY) | {"maxItems": 1_000},
    _array(_any(_DECISION, _ERROR)),
)
