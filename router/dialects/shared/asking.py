"""What the readers of clients' requests share, beyond `fields`: each raises RequestError that names the field."""

from __future__ import annotations

import base64
import binascii
from typing import Literal
from urllib.parse import unquote_to_bytes

from router.dialects.conversation import Media, Tool, ToolChoice
from router.dialects.shared.fields import as_array, as_string, expected
from router.errors import RequestError
from router.types import JsonObject

LARGEST_INT = (1 << 53) - 1


def optional_int(
    body: JsonObject, key: str, *, low: int = -LARGEST_INT, high: int = LARGEST_INT, prefix: str = ""
) -> int | None:
    """The whole number in [low, high] under `key` (also as 5.0); None if it is missing or null."""
    value = body.get(key)
    field = prefix + key
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise expected("a whole number", value, field=field)
    if not low <= value <= high:
        raise RequestError(f"{field}: expected a whole number in [{low}, {high}].", field=field, code="out_of_range")
    return int(value)


def optional_strings(body: JsonObject, key: str, *, prefix: str = "") -> tuple[str, ...]:
    """The strings of the array under `key`; none if it is missing or null."""
    value = body.get(key)
    if value is None:
        return ()
    field = prefix + key
    return tuple(as_string(item, field=f"{field}[{index}]") for index, item in enumerate(as_array(value, field=field)))


def possible_choice(
    choice: ToolChoice | None, tools: tuple[Tool, ...], dropped: list[str], *, field: str
) -> ToolChoice | None:
    """The choice, unless the tools that it needs were dropped: then nothing, and the choice is named as dropped."""
    if choice is None or choice.mode in ("auto", "none"):
        return choice
    if tools and (choice.mode == "required" or choice.name in [tool.name for tool in tools]):
        return choice
    dropped.append(field)
    return None


def unusable(what: str, *, field: str) -> RequestError:
    """The error for something that means nothing outside the provider that the client had in mind."""
    return RequestError(f"{field}: {what}", field=field, code="unsupported")


def media_of_bytes(
    kind: Literal["image", "audio", "document"], *, data: str, media_type: str | None, name: str | None, field: str
) -> Media:
    """Media given as base64. The characters are checked, as a provider's own message would name no field."""
    compact = "".join(data.split())
    try:
        binascii.a2b_base64(compact, strict_mode=True)
    except ValueError as exc:
        raise RequestError(f"{field}: this is not base64 ({exc}).", field=field, code="invalid_base64") from exc
    return Media(kind, media_type=media_type, data=compact, name=name)


def media_of_url(
    kind: Literal["image", "audio", "document"], *, url: str, media_type: str | None, name: str | None, field: str
) -> Media:
    """Media at a place; a `data:` URL becomes bytes."""
    if url[:5].lower() == "data:":
        head, comma, payload = url[5:].partition(",")
        if not comma:
            raise RequestError(f"{field}: a data URL without a comma.", field=field, code="invalid_url")
        declared, *options = head.split(";")
        if "base64" not in [option.strip().lower() for option in options]:
            payload = base64.b64encode(unquote_to_bytes(payload)).decode()
        declared_type = declared.strip().lower() or media_type
        return media_of_bytes(kind, data=payload, media_type=declared_type, name=name, field=field)
    if url[:7].lower() != "http://" and url[:8].lower() != "https://":
        raise unusable("expected an http, https or data URL; other places are known to one provider only.", field=field)
    return Media(kind, media_type=media_type, url=url, name=name)
