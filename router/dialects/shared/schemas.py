"""JSON Schemas for providers that hold a model to a part of the language only and refuse the rest."""

from __future__ import annotations

from typing import Any

from router.types import JsonObject

# What Anthropic's structured outputs refuse: bounds on numbers, texts and arrays, and rules about other keys.
_REFUSED = frozenset(
    "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength maxItems uniqueItems contains "
    "minContains maxContains minProperties maxProperties patternProperties propertyNames dependentRequired "
    "dependentSchemas if then else not unevaluatedProperties unevaluatedItems".split()
)
_HOLD_SCHEMAS_BY_NAME = frozenset({"properties", "$defs", "definitions"})
_HOLD_SCHEMAS = frozenset({"items", "anyOf", "allOf", "oneOf", "prefixItems"})


def closed_schema(schema: JsonObject) -> tuple[JsonObject, bool]:
    """The schema with every object closed to further keys and without what is refused; and whether that loosens it."""
    lost: list[str] = []
    return _close(schema, lost), bool(lost)


def _close(schema: JsonObject, lost: list[str]) -> JsonObject:
    closed: JsonObject = {}
    for key, value in schema.items():
        if key in _REFUSED or (key == "minItems" and value not in (0, 1)):
            lost.append(key)
        elif key in _HOLD_SCHEMAS_BY_NAME and isinstance(value, dict):
            closed[key] = {name: _close_any(item, lost) for name, item in value.items()}
        elif key in _HOLD_SCHEMAS:
            closed[key] = _close_any(value, lost)
        else:
            closed[key] = value
    if closed.get("type") == "object" or "properties" in closed:
        if closed.get("additionalProperties", False) is not False:
            lost.append("additionalProperties")
        closed["additionalProperties"] = False
    return closed


def _close_any(value: Any, lost: list[str]) -> Any:
    if isinstance(value, dict):
        return _close(value, lost)
    return [_close_any(item, lost) for item in value] if isinstance(value, list) else value
