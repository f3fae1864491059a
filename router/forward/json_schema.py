"""A value against a JSON Schema: the part of the language that structured outputs and tools are written in. Pure.

Checked are: type, enum, const, required, properties, additionalProperties, items, prefixItems, minItems, maxItems,
minimum, maximum, anyOf, oneOf (as anyOf), allOf, and `$ref` into the same schema. Every other keyword passes, and so
does a schema that makes no sense: a finding leads to a more expensive answer, so only what is sure is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from router.types import JsonObject

DEEPEST = 64
"""Schemas within schemas that are followed; a `$ref` may lead to itself."""

MOST_STEPS = 50_000
"""Schemas that are checked for one value: a client's schema may refer to itself twice at each level, without end."""


def violation(value: Any, schema: JsonObject) -> str | None:
    """The first place where the value is not what the schema asks for, in words without the value; None if it is."""
    try:
        return next(_Look(schema).at(value, schema, "the value", 0), None)
    except _TooMuch:
        return None


class _TooMuch(Exception):
    """The look has cost enough."""


class _Look:
    """One look at one value. root: the whole schema, for references into it."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._steps = 0

    def at(self, value: Any, schema: Any, where: str, depth: int) -> Iterator[str]:
        """What is wrong with a value inside, one after the other. Raises _TooMuch."""
        self._steps += 1
        if self._steps > MOST_STEPS or depth > DEEPEST:
            raise _TooMuch
        if schema is False:
            yield f"{where} is not allowed"
        if not isinstance(schema, dict):
            return
        if (reference := schema.get("$ref")) is not None:
            yield from self.at(value, _referred(reference, self._root), where, depth + 1)
        yield from _own(value, schema, where)
        for part in _list(schema, "allOf"):
            yield from self.at(value, part, where, depth + 1)
        for key in ("anyOf", "oneOf"):
            choices = _list(schema, key)
            if choices and all(any(True for _ in self.at(value, one, where, depth + 1)) for one in choices):
                yield f"{where} fits none of {key}"
        if isinstance(value, dict):
            yield from self._in_object(value, schema, where, depth)
        if isinstance(value, list):
            yield from self._in_array(value, schema, where, depth)

    def _in_object(self, value: JsonObject, schema: JsonObject, where: str, depth: int) -> Iterator[str]:
        for name in _list(schema, "required"):
            if isinstance(name, str) and name not in value:
                yield f"{where} lacks {name!r}"
        found = schema.get("properties")
        properties = found if isinstance(found, dict) else {}
        # A name that matches a pattern is not refused here.
        rest = True if "patternProperties" in schema else schema.get("additionalProperties", True)
        for name, item in value.items():
            inside = f"{where}.{name}" if name in properties else f"a further key of {where}"
            yield from self.at(item, properties.get(name, rest), inside, depth + 1)

    def _in_array(self, value: list[Any], schema: JsonObject, where: str, depth: int) -> Iterator[str]:
        if _is_number(least := schema.get("minItems")) and len(value) < least:
            yield f"{where} has too few items"
        if _is_number(most := schema.get("maxItems")) and len(value) > most:
            yield f"{where} has too many items"
        first = _list(schema, "prefixItems")
        rest = schema.get("items", True)
        for place, item in enumerate(value):
            one = first[place] if place < len(first) else rest
            yield from self.at(item, one, f"an item of {where}", depth + 1)


def _own(value: Any, schema: JsonObject, where: str) -> Iterator[str]:
    """What is wrong with the value itself, whatever is inside it."""
    kinds = schema.get("type")
    if kinds is not None and not any(_is_a(kind, value) for kind in (kinds if isinstance(kinds, list) else [kinds])):
        yield f"{where} is not {' or '.join(map(str, kinds)) if isinstance(kinds, list) else kinds}"
    if isinstance(schema.get("enum"), list) and not any(_same(value, one) for one in schema["enum"]):
        yield f"{where} is not in enum"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{where} is not const"
    if _is_number(value):
        if _is_number(low := schema.get("minimum")) and value < low:
            yield f"{where} is under minimum"
        if _is_number(high := schema.get("maximum")) and value > high:
            yield f"{where} is over maximum"


def _referred(reference: Any, root: JsonObject) -> Any:
    """The schema that `#/$defs/name` refers to; True, which everything fits, where there is none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            return True
        found = found[name]
    return found


def _list(schema: JsonObject, key: str) -> list[Any]:
    found = schema.get(key)
    return found if isinstance(found, list) else []


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_a(kind: Any, value: Any) -> bool:
    match str(kind).lower():  # Gemini's schemas shout
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "number":
            return _is_number(value)
        case "integer":
            return _is_number(value) and float(value).is_integer()
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case _:
            return True


def _same(value: Any, other: Any) -> bool:
    """Equal as JSON is: 1 is 1.0, and true is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
