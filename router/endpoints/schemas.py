"""OpenAPI descriptions of the bodies that are parsed by hand (router.wire): for people and for fuzzers."""

from __future__ import annotations

from router.types import JsonObject

_MESSAGE: JsonObject = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"type": "string"},
        "content": {
            "anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array", "items": {"type": "object"}}],
        },
    },
}

_OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "tiers": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "allow only these tiers"},
        "max_quality_loss": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "target on the mean quality loss; not together with max_cost_usd_per_1k",
        },
        "max_cost_usd_per_1k": {
            "type": "number",
            "minimum": 0,
            "description": "target on the cost of 1,000 requests at the prices that the bundle was fitted with",
        },
        "explain": {"type": "boolean"},
        "session": {"type": "string", "description": "checked, not yet used"},
        "last_tier": {"type": "string", "description": "checked, not yet used"},
        "cached_tokens": {"type": "number", "minimum": 0, "description": "checked, not yet used"},
        "idle_s": {"type": "number", "minimum": 0, "description": "checked, not yet used"},
    },
}

_ROUTE_BODY: JsonObject = {
    "type": "object",
    "description": 'Either {"prompt"} or an OpenAI chat-completions body with "messages", verbatim.',
    "properties": {
        "prompt": {"type": "string"},
        "messages": {"type": "array", "items": _MESSAGE, "minItems": 1},
        "model": {"type": "string"},
        "router": _OPTIONS,
    },
}

_PROBABILITIES: JsonObject = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}

_LIMIT: JsonObject = {"anyOf": [{"type": "number", "minimum": 0}, _PROBABILITIES]}

_PROMISE: JsonObject = {
    "description": "the guarantee behind the threshold; null where none covers the request",
    "anyOf": [
        {"type": "null"},
        {
            "type": "object",
            "required": ["goal", "target", "bound", "confidence", "n"],
            "properties": {
                "goal": {"enum": ["max_quality_loss", "max_cost_usd_per_1k", "tier_mix"]},
                "target": _LIMIT,
                "bound": _LIMIT,
                "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                "n": {"type": "integer", "minimum": 0},
            },
        },
    ],
}

_DECISION: JsonObject = {
    "type": "object",
    "required": ["decision_id", "tier", "model", "candidates", "p_adequate", "expected_quality_loss", "threshold"],
    "properties": {
        "decision_id": {"type": "string"},
        "tier": {"type": "string"},
        "model": {"type": "string"},
        "candidates": {"type": "array", "items": {"type": "object"}},
        "p_adequate": _PROBABILITIES,
        "expected_quality_loss": _PROBABILITIES,
        "threshold": {"type": "number"},
        "promise": _PROMISE,
        "reason": {"type": "string"},
        "estimated_cost_usd": {"type": "object", "additionalProperties": {"type": "number"}},
        "turn": {"type": "string"},
        "bundle": {"type": "object"},
        "latency_ms": {"type": "number"},
        "explanation": {"type": "object"},
    },
}

_ERROR: JsonObject = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def _operation(body: JsonObject, answer: JsonObject) -> JsonObject:
    def content(schema: JsonObject) -> JsonObject:
        return {"content": {"application/json": {"schema": schema}}}

    return {
        "requestBody": {"required": True, **content(body)},
        "responses": {
            "200": {"description": "the decision", **content(answer)},
            "400": {"description": "the body cannot be used; the message names the field", **content(_ERROR)},
            "413": {"description": "the body is too large", **content(_ERROR)},
        },
    }


ROUTE_OPENAPI: JsonObject = _operation(_ROUTE_BODY, _DECISION)
BATCH_OPENAPI: JsonObject = _operation(
    {"type": "array", "items": _ROUTE_BODY, "maxItems": 1_000},
    {"type": "array", "items": {"anyOf": [_DECISION, _ERROR]}},
)
