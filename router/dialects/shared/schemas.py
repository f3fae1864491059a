"""JSON Schemas for providers that take a part of the language only and refuse the rest."""

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


# --- Of a function's arguments ----------------------------------------------------------------------------------------

_CHOICES = ("allOf", "anyOf", "oneOf")
_REFUSED_AT_THE_TOP = frozenset({*_CHOICES, "not", "enum", "const", "$ref"})


def object_schema(schema: JsonObject) -> JsonObject:
    """A function's schema as one of an object, which is all that providers take; the same one where it is so already.

    OpenAI and Anthropic refuse a choice at the top: its members become properties, required where every one of
    them requires it (`allOf`: where one does).
    """
    if schema.get("type") == "object" and _REFUSED_AT_THE_TOP.isdisjoint(schema):
        return schema
    schema = _resolved(schema, schema)
    members = [
        (_merged(schema, _resolved(item, schema)), key == "allOf")
        for key in _CHOICES
        for item in _dicts(schema.get(key))
    ]
    properties: JsonObject = {}
    for member, _ in members:
        properties |= {key: value for key, value in _at(member, "properties").items() if key not in properties}
    flat = {key: value for key, value in schema.items() if key not in _REFUSED_AT_THE_TOP}
    if members:
        flat["properties"] = properties | _at(schema, "properties")
        flat["required"] = _required(schema, members)
        if not flat["required"]:
            del flat["required"]
    return {**flat, "type": "object"}


def _required(schema: JsonObject, members: list[tuple[JsonObject, bool]]) -> list[str]:
    names = dict.fromkeys(_strings(schema.get("required")))
    for member, counts in members:
        if counts:
            names |= dict.fromkeys(_strings(member.get("required")))
    choices = [_strings(member.get("required")) for member, counts in members if not counts]
    if choices:
        names |= {name: None for name in choices[0] if all(name in choice for choice in choices)}
    return list(names)


def _merged(top: JsonObject, item: JsonObject) -> JsonObject:
    """A member of a choice, and the members of its own `allOf`, as one."""
    for inner in _dicts(item.get("allOf")):
        found = _merged(top, _resolved(inner, top))
        required = [*_strings(item.get("required")), *_strings(found.get("required"))]
        item = {**item, "properties": _at(found, "properties") | _at(item, "properties"), "required": required}
    return item


def _dicts(value: Any) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _at(schema: JsonObject, key: str) -> JsonObject:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}


def filled_schema(schema: JsonObject, *, properties: bool = True) -> JsonObject:
    """The schema with `items` in every array and `properties` in every object, without which OpenAI refuses it.

    properties: False for providers that take objects without.
    Schemas that are true or false become objects. The same one where nothing is missing.
    """
    if _is_filled(schema):
        return schema
    filled: JsonObject = {}
    for key, value in schema.items():
        if key in _HOLD_SCHEMAS_BY_NAME and isinstance(value, dict):
            filled[key] = {name: _fill(item, properties) for name, item in value.items()}
        elif key == "items" and isinstance(value, list):  # a tuple, as drafts before 2020 have it
            filled[key] = {"anyOf": [_fill(item, properties) for item in value]} if value else {}
        elif key in _HOLD_SCHEMAS or (key == "additionalProperties" and isinstance(value, dict)):
            several = isinstance(value, list)
            filled[key] = [_fill(item, properties) for item in value] if several else _fill(value, properties)
        else:
            filled[key] = value
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if properties and "object" in kinds and not isinstance(filled.get("properties"), dict):
        filled["properties"] = {}
    if "array" in kinds and "items" not in filled and "prefixItems" not in filled:
        filled["items"] = {}
    return schema if filled == schema else filled


def _is_filled(schema: Any) -> bool:
    """Whether nothing is missing for certain, in a tenth of the time that filling takes: nearly every schema."""
    if type(schema) is not dict:
        return False
    kind = schema.get("type")
    if kind in _SCALARS:
        return _HOLD_ANY.isdisjoint(schema)
    if kind == "array":
        return _HOLD_ANY.isdisjoint(schema.keys() - {"items"}) and _is_filled(schema.get("items"))
    properties = schema.get("properties")
    if kind != "object" or type(properties) is not dict or not _HOLD_OTHERS.isdisjoint(schema):
        return False
    if isinstance(schema.get("additionalProperties"), dict):
        return False
    return all(map(_is_filled, properties.values()))


def _fill(value: Any, properties: bool) -> Any:
    if isinstance(value, bool):
        return {} if value else {"not": {}}
    return filled_schema(value, properties=properties) if isinstance(value, dict) else value


_HOLD_OTHERS = frozenset({"$defs", "definitions", "additionalItems", *_HOLD_SCHEMAS})
_HOLD_ANY = _HOLD_OTHERS | {"properties"}
_SCALARS = ("string", "number", "integer", "boolean", "null")
_MOST_NODES = 20_000
"""Of a schema whose references are put in their place: one that refers to itself often would grow without end."""


def inlined_schema(schema: JsonObject) -> JsonObject:
    """The schema with its references replaced by what they refer to; a circle ends in a schema that takes anything.

    Google refuses a reference with other keys, such as the description that generators of schemas add.
    """
    if "$ref" not in repr(schema):
        return schema
    left = [_MOST_NODES]
    found = _inline(schema, schema, (), left)
    assert isinstance(found, dict), "a schema stays an object"
    return {key: value for key, value in found.items() if key not in ("$defs", "definitions")}


def _inline(value: Any, top: JsonObject, within: tuple[str, ...], left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        return {}
    if isinstance(value, list):
        return [_inline(item, top, within, left) for item in value]
    if not isinstance(value, dict):
        return value
    ref = value.get("$ref")
    if isinstance(ref, str):
        if ref in within:
            return {}
        rest = {key: item for key, item in value.items() if key != "$ref"}
        within = (*within, ref)
        value = {**_referred(ref, top), **rest}
    return {
        key: item if key in ("$defs", "definitions") else _inline(item, top, within, left)
        for key, item in value.items()
    }


def _referred(ref: str, top: JsonObject) -> JsonObject:
    """What a reference within the schema refers to; {} for any other."""
    if not ref.startswith("#"):
        return {}
    found: Any = top
    for step in ref.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _resolved(schema: JsonObject, top: JsonObject) -> JsonObject:
    """The schema, or the one that it refers to."""
    for _ in range(8):  # a reference to a reference, and so on
        if not isinstance(ref := schema.get("$ref"), str):
            break
        schema = {**_referred(ref, top), **{key: item for key, item in schema.items() if key != "$ref"}}
    return {key: item for key, item in schema.items() if key != "$ref"}


_NOT_STRICT = frozenset(
    "allOf oneOf not if then else dependentRequired dependentSchemas patternProperties unevaluatedProperties".split()
)


def is_strict(schema: Any, *, all_required: bool) -> bool:
    """Whether strict mode takes the schema: every object is closed.

    all_required: and requires all its properties, as OpenAI has it, and Anthropic does not.
    https://platform.openai.com/docs/guides/structured-outputs
    """
    if not isinstance(schema, dict):
        return False
    if not _NOT_STRICT.isdisjoint(schema):
        return False
    properties = _at(schema, "properties")
    if "object" in (schema.get("type"), *_strings(schema.get("type"))) or properties:
        if schema.get("additionalProperties") is not False:
            return False
        if all_required and {*properties} != {*_strings(schema.get("required"))}:
            return False
    inner = [*properties.values(), *_at(schema, "$defs").values(), *_at(schema, "definitions").values()]
    inner += [item for key in _HOLD_SCHEMAS for item in _list_of(schema.get(key))]
    return all(is_strict(item, all_required=all_required) for item in inner)


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
