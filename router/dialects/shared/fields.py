"""Reading single fields of a decoded JSON object: strict ones raise RequestError, lenient ones (`..._at`) never do.

Errors name the field, what was expected there and what was found.
"""

from __future__ import annotations

import math
from typing import Any

from router.errors import RequestError
from router.jsontext import decode_json
from router.types import JsonObject

LARGEST_INT = (1 << 53) - 1
"""Whole numbers above it are not exact in every JSON reader."""


def describe(value: object) -> str:
    """What a value is, in JSON's words: for messages of the form "expected X, found Y"."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, dict):
        return "an object"
    return type(value).__name__


def expected(what: str, value: object, *, field: str | None) -> RequestError:
    """The error for a value of the wrong type."""
    place = field or "the body"
    return RequestError(f"{place}: expected {what}, found {describe(value)}.", field=field, code="wrong_type")


def unusable(what: str, *, field: str, code: str = "unsupported_value") -> RequestError:
    """The error for a value that no other dialect can carry; `what` ends with the cure."""
    return RequestError(f"{field}: {what}", field=field, code=code)


def one_of(words: Any, value: object, *, field: str, code: str = "invalid_value") -> RequestError:
    """The error for a word that is not among those that are known."""
    found = f"{value[:50]!r}" if isinstance(value, str) else describe(value)
    return RequestError(f"{field}: expected one of {', '.join(words)}, found {found}.", field=field, code=code)


# --- Strict -----------------------------------------------------------------------------------------------------------


def as_object(value: object, *, field: str | None) -> JsonObject:
    """The value as an object. Raises RequestError."""
    if not isinstance(value, dict):
        raise expected("an object", value, field=field)
    return value


def as_array(value: object, *, field: str) -> list[Any]:
    """The value as an array. Raises RequestError."""
    if not isinstance(value, list):
        raise expected("an array", value, field=field)
    return value


def as_string(value: object, *, field: str) -> str:
    """The value as a string. Raises RequestError."""
    if not isinstance(value, str):
        raise expected("a string", value, field=field)
    return value


def filled_array(value: object, *, field: str, what: str) -> list[Any]:
    """The value as an array of at least one `what`. Raises RequestError."""
    if not (items := as_array(value, field=field)):
        raise RequestError(f"{field}: expected at least one {what}.", field=field, code="empty")
    return items


def objects(body: JsonObject, key: str, *, prefix: str = "") -> list[tuple[str, JsonObject]]:
    """The objects of the array under `key`, each with its path; none if it is missing or null. Raises RequestError."""
    if (value := body.get(key)) is None:
        return []
    items = enumerate(as_array(value, field=prefix + key))
    return [(place := f"{prefix}{key}[{index}]", as_object(item, field=place)) for index, item in items]


def optional_object(body: JsonObject, key: str, *, prefix: str = "") -> JsonObject:
    """The object under `key`; an empty one if it is missing or null. Raises RequestError."""
    value = body.get(key)
    return {} if value is None else as_object(value, field=prefix + key)


def optional_string(body: JsonObject, key: str, *, prefix: str = "") -> str | None:
    """The string under `key`; None if it is missing or null. Raises RequestError."""
    value = body.get(key)
    return None if value is None else as_string(value, field=prefix + key)


def optional_strings(body: JsonObject, key: str, *, prefix: str = "") -> tuple[str, ...]:
    """The strings of the array under `key`; none if it is missing or null. Raises RequestError."""
    if (value := body.get(key)) is None:
        return ()
    field = prefix + key
    return tuple(as_string(item, field=f"{field}[{index}]") for index, item in enumerate(as_array(value, field=field)))


def optional_flag(body: JsonObject, key: str, *, prefix: str = "") -> bool | None:
    """The boolean under `key`; None if it is missing or null. Raises RequestError."""
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise expected("a boolean", value, field=prefix + key)
    return value


def optional_bool(body: JsonObject, key: str, *, default: bool, prefix: str = "") -> bool:
    """The boolean under `key`, or the default if it is missing or null. Raises RequestError."""
    value = optional_flag(body, key, prefix=prefix)
    return default if value is None else value


def optional_number(
    body: JsonObject, key: str, *, low: float, high: float = math.inf, prefix: str = ""
) -> float | None:
    """The number in [low, high] under `key`; None if it is missing or null. Raises RequestError."""
    value = body.get(key)
    field = prefix + key
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise expected("a number", value, field=field)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not (low <= number <= high) or math.isinf(number):
        span = f"in [{low:g}, {high:g}]" if math.isfinite(high) else f"of at least {low:g}"
        raise RequestError(f"{field}: expected a finite number {span}.", field=field, code="out_of_range")
    return number


def optional_int(
    body: JsonObject, key: str, *, low: int = -LARGEST_INT, high: int = LARGEST_INT, prefix: str = ""
) -> int | None:
    """The whole number in [low, high] under `key` (also as 5.0); None if it is missing or null. Raises RequestError."""
    value = body.get(key)
    field = prefix + key
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise expected("a whole number", value, field=field)
    if not low <= value <= high:
        raise RequestError(f"{field}: expected a whole number in [{low}, {high}].", field=field, code="out_of_range")
    return int(value)


# --- Lenient: a value of the wrong type counts as missing -------------------------------------------------------------


def inner(value: object, key: str) -> Any:
    """What an object holds under a key; None if it is not an object or has no such key."""
    return value.get(key) if isinstance(value, dict) else None


def is_filled(value: object) -> bool:
    """Whether a value is an array with something in it."""
    return isinstance(value, list) and bool(value)


def text_at(item: JsonObject, key: str) -> str:
    """The string under the key; "" if there is none."""
    value = item.get(key)
    return value if isinstance(value, str) else ""


def object_at(item: JsonObject, key: str) -> JsonObject:
    """The object under the key; an empty one if there is none."""
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def objects_at(item: JsonObject, key: str) -> list[JsonObject]:
    """The objects of the array under the key; its other values are left out."""
    value = item.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def count_at(item: JsonObject, key: str) -> int:
    """The number of tokens, or the index, under the key: in [0, LARGEST_INT]; 0 if there is none."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(max(0, min(value, LARGEST_INT)))


def whole_number(body: JsonObject, *keys: str) -> int | None:
    """The first whole number in [1, 2**31) under one of the keys; other values are ignored."""
    for key in keys:
        value = body.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1 << 31 and value % 1 == 0:
            return int(value)
    return None


def flat_strings(value: object) -> dict[str, str]:
    """The string values of an object; {} if it is not an object."""
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}


def json_object(raw: bytes | str) -> JsonObject:
    """The JSON object that a provider sent. Raises ValueError if it is not one."""
    value = decode_json(raw.encode() if isinstance(raw, str) else raw)
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")
    return value
