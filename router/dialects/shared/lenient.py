"""Reading a provider's JSON, which may hold anything: what has the wrong type is as good as not there."""

from __future__ import annotations

from router.jsontext import decode_json
from router.types import JsonObject

LARGEST_COUNT = (1 << 53) - 1
"""More of anything is not believed."""


def text_at(item: JsonObject, key: str) -> str:
    """The string under the key; "" if there is none."""
    value = item.get(key)
    return value if isinstance(value, str) else ""


def object_at(item: JsonObject, key: str) -> JsonObject:
    """The object under the key; an empty one if there is none."""
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def objects_at(item: JsonObject, key: str) -> list[JsonObject]:
    """The objects of the array under the key; whatever else it holds is left out."""
    value = item.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def count_at(item: JsonObject, key: str) -> int:
    """The number of tokens, or the index, under the key: 0 or more; 0 if there is none."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(max(0, min(value, LARGEST_COUNT)))


def json_object(raw: bytes | str) -> JsonObject:
    """The JSON object that a provider sent. Raises ValueError if it is none."""
    value = decode_json(raw.encode() if isinstance(raw, str) else raw)
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")
    return value
