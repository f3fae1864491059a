"""The OpenAPI descriptions of bodies that are parsed by hand: for people and for fuzzers.

They describe what clients should send. The parsers take more: unknown fields and block types, null for what is missing.
What each dialect's bodies hold is described in its own folder.
"""

from __future__ import annotations

from router.dialects.row import ClientDialect
from router.dialects.shared.endpoint import Endpoint
from router.dialects.shared.openapi import ANY_OBJECT, BOOLEAN, SHARE, STRING, any_of, array_of, object_of
from router.dialects.table import clients
from router.types import CLIENT_DIALECTS, EFFORTS, JsonObject, Reason

# --- The bodies -------------------------------------------------------------------------------------------------------

_OPTIONS: JsonObject = object_of(
    {
        "tiers": array_of(STRING, at_least=1) | {"description": "allow only these tiers"},
        "max_quality_loss": SHARE
        | {"description": "target on the mean quality loss; not together with max_cost_usd_per_1k"},
        "max_cost_usd_per_1k": {
            "type": "number",
            "minimum": 0,
            "description": "target on the cost of 1,000 requests at the prices that the bundle was fitted with",
        },
        "explain": BOOLEAN,
    }
) | {"additionalProperties": False}


def _with_options(schema: JsonObject) -> JsonObject:
    return schema | {"properties": schema["properties"] | {"router": _OPTIONS}}


_PROMPT_BODY = object_of({"prompt": STRING, "router": _OPTIONS}, required=("prompt",), description="The ask alone")

_BODIES = {dialect: _with_options(row.body_schema) for dialect, row in clients().items()}
_ROUTE_BODY = any_of(_PROMPT_BODY, *_BODIES.values()) | {
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

_PROBABILITIES: JsonObject = {"type": "object", "additionalProperties": SHARE}
_LIMIT = any_of({"type": "number", "minimum": 0}, _PROBABILITIES)

_PROMISE = any_of(
    {"type": "null"},
    object_of(
        {
            "goal": {"enum": ["max_quality_loss", "max_cost_usd_per_1k", "tier_mix"]},
            "target": _LIMIT,
            "bound": _LIMIT,
            "confidence": SHARE,
            "n": {"type": "integer", "minimum": 0},
        },
        required=("goal", "target", "bound", "confidence", "n"),
    ),
) | {"description": "the guarantee for the threshold; null where none covers the request"}

_EFFORT: JsonObject = {
    "enum": [None, *EFFORTS],
    "description": "how much the model may think in this tier; null where that is the client's own choice",
}

_DECISION = object_of(
    {
        "decision_id": STRING,
        "dialect": {
            "enum": [dialect.value for dialect in CLIENT_DIALECTS],
            "description": "the API format of the body",
        },
        "policy": STRING | {"description": "the policy that was in force"},
        "requested": ANY_OBJECT | {"description": "what the caller asked for: headers, model name, options"},
        "tier": STRING,
        "model": STRING,
        "effort": _EFFORT,
        "candidates": array_of(
            object_of({"tier": STRING, "model": STRING, "effort": _EFFORT}, required=("tier", "model"))
        ),
        "p_adequate": _PROBABILITIES,
        "expected_quality_loss": _PROBABILITIES,
        "threshold": {"type": "number"}
        | {"description": "the largest expected quality loss with which the tier would have been chosen"},
        "value_of_an_answer_usd": {"type": ["number", "null"]}
        | {
            "description": "the tier has the least expected_quality_loss * value + cost; "
            "null where the bundle's threshold chose"
        },
        "promise": _PROMISE,
        "reason": {"enum": [reason.value for reason in Reason]},
        "estimated_cost_usd": {"type": "object", "additionalProperties": {"type": "number"}},
        "turn": STRING,
        "task": any_of({"type": "null"}, object_of({"name": STRING, "probability": SHARE})),
        "bundle": object_of({"id": STRING, "sha256": STRING}, required=("id", "sha256")),
        "latency_ms": {"type": "number", "minimum": 0},
        "steps": array_of(object_of({"step": STRING, "tier": {"type": ["string", "null"]}, "note": STRING}))
        | {"description": "the policy's steps, with `router.explain`"},
        "explanation": ANY_OBJECT | {"description": "with `router.explain`"},
    },
    required=("decision_id", "dialect", "tier", "model", "candidates", "p_adequate", "threshold", "reason"),
)

_ERROR_SCHEMAS: list[JsonObject] = []
for _row in clients().values():  # OpenAI's two dialects share one
    if _row.error_schema not in _ERROR_SCHEMAS:
        _ERROR_SCHEMAS.append(_row.error_schema)
_ERROR = any_of(*_ERROR_SCHEMAS)

_CODING = "the body's content-encoding is none of gzip, zstd, br and deflate"
_FOREIGN = "the service has no key, and a page of another site calls, or by another name than the service's"
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
            "403": {"description": _FOREIGN, **content(_ERROR)},
            "413": {"description": "the body is too large", **content(_ERROR)},
            "415": {"description": _CODING, **content(_ERROR)},
        },
    }


ROUTE_OPENAPI: JsonObject = _operation(_ROUTE_BODY, _DECISION)


_FORWARD_ERRORS = {
    "400": "the request cannot be used; the message names field or header",
    "401": _NO_KEY,
    "404": "the model is not configured, or the path names no call",
    "403": _FOREIGN,
    "413": "the body is too large",
    "415": _CODING,
    "default": "the error of the last provider that was tried, in the client's dialect",
}


def forward_openapi(client: ClientDialect, endpoint: Endpoint) -> JsonObject:
    """The description of an endpoint whose requests are answered by a model, or have their tokens counted here."""
    bodies = [_BODIES[dialect] for dialect in (client.dialect, *client.also_reads)]
    body = any_of(*bodies) if len(bodies) > 1 else bodies[0]
    content: JsonObject = {"application/json": {"schema": ANY_OBJECT}, "text/event-stream": {"schema": STRING}}
    if endpoint.info.counts:
        counted = object_of({client.count_field: {"type": "integer"}}, required=(client.count_field,))
        content = {"application/json": {"schema": counted}}
    error: JsonObject = {"content": {"application/json": {"schema": _ERROR}}}
    call: JsonObject = {"name": "call", "in": "path", "required": True, "schema": STRING}
    return {
        "parameters": [call, *_OVERRIDES] if endpoint.read is not None else _OVERRIDES,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "the answer, whole or streamed", "content": content},
            **{status: {"description": text, **error} for status, text in _FORWARD_ERRORS.items()},
        },
    }


MODELS_OPENAPI: JsonObject = {
    "responses": {"401": {"description": _NO_KEY, "content": {"application/json": {"schema": _ERROR}}}}
}
MODEL_OPENAPI: JsonObject = {
    "responses": {
        **MODELS_OPENAPI["responses"],
        "404": {"description": "no such name", "content": {"application/json": {"schema": _ERROR}}},
    }
}
BATCH_OPENAPI: JsonObject = _operation(
    array_of(_ROUTE_BODY) | {"maxItems": 1_000},
    array_of(any_of(_DECISION, _ERROR)),
)
