"""Strict JSON in, compact JSON out: the one decoder for everything that comes from outside.

Refused with a place: NaN and Infinity, numbers that overflow a double, nesting deeper than about 200 levels,
invalid UTF-8, anything after the value. pydantic_core's parser (jiter) does the work; a text that it refuses
for a lone surrogate (clients cut emoji in half) is read by the standard library and the surrogate replaced.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from pydantic_core import from_json, to_json


def decode_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises ValueError that says what is wrong and at which line and column.
    """
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError as exc:
        if "hex escape" not in str(exc) and "surrogate" not in str(exc):
            raise ValueError(str(exc)) from exc
        value = _decode_lone_surrogates(raw)
    _refuse_infinite(value)
    return value


def encode_json(value: object) -> bytes:
    """The value as compact UTF-8 JSON. Raises ValueError for NaN, Infinity and what JSON has no form for."""
    raw = to_json(value, inf_nan_mode="constants")
    if b"NaN" in raw or b"Infinity" in raw:  # in a text, or as a number: the standard library tells them apart
        json.dumps(value, allow_nan=False)
    return raw


def encode_json_pretty(value: object) -> bytes:
    """The value as indented UTF-8 JSON with sorted keys and a final newline: the same value, the same bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def replace_surrogates(text: str) -> str:
    """The text with each lone surrogate replaced by "?", so that it can be encoded as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _decode_lone_surrogates(raw: bytes) -> Any:
    try:
        return _clean(json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant))
    except RecursionError as exc:
        raise ValueError("recursion limit exceeded") from exc
    except json.JSONDecodeError as exc:
        raise ValueError(f"{exc.msg} at line {exc.lineno} column {exc.colno}") from exc


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {replace_surrogates(key): _clean(item) for key, item in value.items()}
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_infinite(value: Any) -> None:
    """1e999 parses to infinity; as infinity cannot be written back, it is refused like NaN."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                raise ValueError("a number is too large for a double")
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
