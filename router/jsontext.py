"""Strict JSON in, compact JSON out: the one decoder for everything that comes from outside.

Refused, with the place: NaN and Infinity, numbers that overflow a double or 64 bits, duplicate keys of an object,
nesting deeper than about 200 levels, invalid UTF-8, anything after the value. The parser is pydantic_core's (jiter);
lone surrogates (clients cut emoji in half) are replaced and the text is parsed again.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pydantic_core import from_json, to_json


def decode_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises ValueError with the fault, its line and its column.
    """
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError as exc:
        if "hex escape" not in str(exc) and "surrogate" not in str(exc):
            raise ValueError(str(exc)) from exc
        raw = _ESCAPE.sub(_without_lone_surrogate, raw)
        value = from_json(raw, allow_inf_nan=False)
    n_keys, numbers_fit = _survey(value)
    if not numbers_fit:
        raise ValueError(_large_number(raw))
    if n_keys < _most_keys(raw) and (duplicate := _duplicate_key(raw)) is not None:
        raise ValueError(duplicate)
    return value


def encode_json(value: object) -> bytes:
    """The value as compact UTF-8 JSON. Raises ValueError for NaN, Infinity and values that JSON cannot hold."""
    raw = to_json(value, inf_nan_mode="constants")
    if b"NaN" in raw or b"Infinity" in raw:  # in a text, or as a number: the standard library distinguishes them
        json.dumps(value, allow_nan=False)
    return raw


def encode_json_pretty(value: object) -> bytes:
    """The value as indented UTF-8 JSON with sorted keys and a final newline: the same value, the same bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def replace_surrogates(text: str) -> str:
    """The text with each lone surrogate replaced by "?", so that it can be encoded as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


# A pair of surrogates, a lone one, or any other escape (which is skipped, so that `\\ud800` stays as it is).
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """A text to print in a terminal: what would move, colour, clear or turn round is written as an escape.

    Ids of rows, bundles and models come from files of others. Line ends and tabs stay.
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _without_lone_surrogate(match: re.Match[bytes]) -> bytes:
    # As long as the text it replaces, so that places in later messages stay right.
    return match[0] if match[1] is None else rb"\u003f"


def _survey(value: Any) -> tuple[int, bool]:
    """The number of keys of all objects, and whether every number fits a double or 64 bits."""
    n_keys = 0
    stack: list[Any] = [(value,)]
    while stack:
        container = stack.pop()
        if type(container) is dict:
            n_keys += len(container)
            container = container.values()
        for item in container:
            kind = type(item)
            if kind is str:
                continue
            if kind is dict or kind is list:
                stack.append(item)
            elif kind is float:
                if not math.isfinite(item):
                    return n_keys, False
            elif kind is int and not -(1 << 63) <= item < 1 << 64:
                return n_keys, False
    return n_keys, True


# A quote and a colon after at least 0, 1, 2, ... backslashes: JSON within JSON within JSON needs the first few.
_KEY_ENDS = [re.compile(rb"\\" * n_backslashes + rb'"[ \t\r\n]*:') for n_backslashes in range(9)]


def _most_keys(raw: bytes) -> int:
    """An upper bound on the number of keys in a valid JSON text, usually exact; found without parsing.

    A key ends in a quote and a colon. Inside a string a quote has an odd number of backslashes before it, at a string's
    end an even one: adding and subtracting in turn leaves the even ones. Parsers drop a repeated key, so a value with
    fewer keys than this may hold a duplicate.
    """
    n_keys = 0
    for n_backslashes, pattern in enumerate(_KEY_ENDS):
        n_found = len(pattern.findall(raw))
        if not n_found:
            break
        n_keys += -n_found if n_backslashes % 2 else n_found
    return n_keys


_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# What opens or closes an object, or is a key; other strings are skipped.
_KEY_OR_BRACE = re.compile(
    rb'(?:[^"{}]++|' + _STRING + rb"(?![ \t\r\n]*:))*+([{}]|" + _STRING + rb"(?=[ \t\r\n]*:))", re.DOTALL
)
_NUMBER = re.compile(rb"(?:[^\"0-9-]++|" + _STRING + rb")*+(-?[0-9][0-9.eE+-]*+)", re.DOTALL)


def _duplicate_key(raw: bytes) -> str | None:
    """The first duplicate key of a valid JSON text, and its place; None without one."""
    keys: set[str] = set()
    outer: list[set[str]] = []
    for match in _KEY_OR_BRACE.finditer(raw):
        token = match[1]
        if token == b"{":
            outer.append(keys)
            keys = set()
        elif token == b"}":
            keys = outer.pop()
        else:
            key = json.loads(token) if b"\\" in token else token[1:-1].decode()
            if key in keys:
                return f"duplicate key {_shown(token)} at {_place(raw, match.start(1))}"
            keys.add(key)
    return None


def _large_number(raw: bytes) -> str:
    """The first number of a valid JSON text that does not fit, and its place."""
    places = (match.start(1) for match in _NUMBER.finditer(raw) if not _fits(match[1]))
    return f"a number is too large for a double or 64 bits at {_place(raw, next(places, 0))}"


def _fits(number: bytes) -> bool:
    if number.lstrip(b"-").isdigit():
        return -(1 << 63) <= int(number) < 1 << 64
    return math.isfinite(float(number))


def _shown(key: bytes) -> str:
    text = key.decode()
    return text if len(text) <= 80 else f'{text[:76]}..."'


def _place(raw: bytes, position: int) -> str:
    line = raw.count(b"\n", 0, position) + 1
    column = position - raw.rfind(b"\n", 0, position)
    return f"line {line} column {column}"
