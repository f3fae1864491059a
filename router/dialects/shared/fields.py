"""Reading single fields of a decoded JSON object, with errors that name the field and what was found."""

from __future__ import annotations

import math
from typing import Any

from router.errors import RequestError
from router.types import JsonObject


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
    """The error for a value of the wrong kind."""
    place = field or "the body"
    return RequestError(f"{place}: expected {what}, found {describe(value)}.", field=field, code="wrong_type")


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


def optional_string(body: JsonObject, key: str, *, prefix: str = "") -> str | None:
    """The string under `key`; None if it is missing or null. Raises RequestError."""
    value = body.get(key)
    return None if value is None else as_string(value, field=prefix + key)


def optional_bool(body: JsonObject, key: str, *, default: bool, prefix: str = "") -> bool:
    """The boolean under `key`, or the default if it is missing or null. Raises RequestError."""
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise expected("a boolean", value, field=prefix + key)
    return value


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
