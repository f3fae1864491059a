"""Pieces of JSON schemas, for the descriptions of bodies in the OpenAPI document."""

from __future__ import annotations

from router.types import JsonObject

STRING: JsonObject = {"type": "string"}
BOOLEAN: JsonObject = {"type": "boolean"}
COUNT: JsonObject = {"type": "integer", "minimum": 1}
ANY_OBJECT: JsonObject = {"type": "object"}
SHARE: JsonObject = {"type": "number", "minimum": 0, "maximum": 1}


def object_of(properties: JsonObject, *, required: tuple[str, ...] = (), description: str | None = None) -> JsonObject:
    """An object with these properties; others are allowed."""
    schema: JsonObject = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if description is not None:
        schema["description"] = description
    return schema


def any_of(*schemas: JsonObject) -> JsonObject:
    """What fits at least one of the schemas."""
    return {"anyOf": list(schemas)}


def array_of(items: JsonObject, *, at_least: int = 0) -> JsonObject:
    """An array of such items."""
    schema: JsonObject = {"type": "array", "items": items}
    return schema | {"minItems": at_least} if at_least else schema


def block(*types: str, text: bool = False) -> JsonObject:
    """A content block of one of these types. text: it has a text."""
    kind: JsonObject = {"type": {"enum": list(types)}}
    return object_of(kind | ({"text": STRING} if text else {}), required=("type", "text") if text else ("type",))
