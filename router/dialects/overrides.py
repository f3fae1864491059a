"""A request's headers -> what they ask of the router, and the ones that rules may look at."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from router.errors import RequestError
from router.types import Overrides

_PREFIX = "x-router-"
_SWITCH = {"true": True, "1": True, "false": False, "0": False}
_SECRET_WORDS = ("authorization", "cookie", "key", "token", "secret", "password", "credential")


def parse_overrides(headers: Mapping[str, str]) -> Overrides:
    """The `x-router-*` headers of a request; other headers with this prefix are left alone.

    headers: names in lower case. Names of tiers and policies may be percent-encoded, as the answer's headers are.
    Raises RequestError naming the header.
    """
    return Overrides(
        tier=_name(headers, "tier"),
        floor=_name(headers, "floor"),
        ceiling=_name(headers, "ceiling"),
        policy=_name(headers, "policy"),
        off=_off(headers),
    )


def visible_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that rules may look at: all but those whose name says that they carry a key."""
    return {name: value for name, value in headers.items() if not any(word in name for word in _SECRET_WORDS)}


def _name(headers: Mapping[str, str], what: str) -> str | None:
    value = _value(headers, what)
    if value is None:
        return None
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as exc:
        raise _refused(what, "expected a name, percent-encoded as UTF-8") from exc


def _off(headers: Mapping[str, str]) -> bool:
    value = _value(headers, "off")
    if value is None:
        return False
    if value not in _SWITCH:
        raise _refused("off", f"expected true, false, 1 or 0, found {value[:40]!r}")
    return _SWITCH[value]


def _value(headers: Mapping[str, str], what: str) -> str | None:
    value = headers.get(_PREFIX + what)
    if value is None:
        return None
    if not (value := value.strip()):
        raise _refused(what, "expected a value, found none; leave the header out to ask for nothing")
    return value


def _refused(what: str, why: str) -> RequestError:
    name = _PREFIX + what
    return RequestError(f"{name}: {why}.", field=name, code="invalid_header")
