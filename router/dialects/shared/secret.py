"""Keys that cannot be printed by accident, or quoted by a provider."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from urllib.parse import quote


class Secret:
    """A key. repr, str, format and logs show '***'; `reveal` is called where a header is written, nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Take a key. Raises ValueError, without the key, for one that no HTTP header can carry."""
        value = value.strip()
        if not value or not value.isascii() or not value.isprintable():
            raise ValueError("a key must be printable ASCII on one line, and not empty")
        self._value = value

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is not pickled")


SHOWN = "***"
"""In place of a key, or of a part of one."""

SHORTEST_PART = 8
"""Characters of a key that are hidden wherever they occur; fewer may be a word of their own."""

_MASKED = re.compile(r"([A-Za-z0-9_\-]*)(?:\*{2,}|\.{3,}|…+|[xX•]{4,})([A-Za-z0-9_\-]*)")


def _key(secret: Secret) -> str:
    """The key without the scheme before it, such as `Bearer`."""
    return secret.reveal().rpartition(" ")[2]


@lru_cache(maxsize=256)
def _forms(key: str) -> tuple[str, ...]:
    """The key as an answer may hold it: itself, escaped in JSON or URLs, in hexadecimal digits, in base64."""
    hexes = [f"{code:02x}" for code in key.encode()]
    forms = [key, key.replace("/", "\\/"), "".join(hexes), quote(key, safe=""), quote(key)]
    forms.append(re.sub("%..", lambda code: code[0].lower(), forms[3]))
    for digits in (hexes, [one.upper() for one in hexes]):
        codes = [f"\\u00{one}" for one in digits]
        forms.append("".join(codes))
        forms.append("".join(char if char.isalnum() else code for char, code in zip(key, codes, strict=True)))
    return tuple(dict.fromkeys([*forms, *_in_base64(key)]))


def _in_base64(key: str) -> Iterator[str]:
    """What of base64 depends on the key alone, whatever is before it (`Bearer `, `user:`) and after it."""
    for n_before in range(3):
        coded = base64.b64encode(b"\0" * n_before + key.encode()).decode()
        n_bits = 8 * (n_before + len(key))
        core = coded[-(-8 * n_before // 6) : n_bits // 6]
        if len(core) >= SHORTEST_PART:
            yield from (core, core.replace("+", "-").replace("/", "_"))


def hidden(text: str, secrets: Collection[Secret]) -> str:
    """The text with `***` for each secret, whole, encoded, masked (`sk-ab***yz`) or in part (8 characters or more).

    secrets: as sent; a scheme before the key (`Bearer`) does not belong to it.
    """
    for secret in secrets:
        text = _without(text, _key(secret))
    return text


def without_keys(body: bytes, secrets: Collection[Secret]) -> bytes:
    """An answer's bytes with `***` for each secret that they hold whole; the same bytes where they hold none."""
    found = _pattern(tuple(secrets))
    return body if found is None or found.search(body) is None else found.sub(SHOWN.encode(), body)


@lru_cache(maxsize=256)
def _pattern(secrets: tuple[Secret, ...]) -> re.Pattern[bytes] | None:
    """Matches each secret in every form in which an answer may hold it; short ones are left out, they may be words."""
    forms = [form.encode() for form in _long_forms(secrets)]
    return re.compile(b"|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None


def _long_forms(secrets: Collection[Secret]) -> list[str]:
    keys = [_key(secret) for secret in secrets]
    return [form for key in keys if len(key) >= SHORTEST_PART for form in _forms(key)]


class StreamHiding:
    """Takes secrets out of bytes that come in parts, also where a secret begins in one part and ends in another."""

    def __init__(self, secrets: Collection[Secret]) -> None:
        self._secrets = tuple(secrets)
        self._held = b""

    def feed(self, part: bytes) -> bytes:
        """What may be passed on."""
        data = without_keys(self._held + part if self._held else part, self._secrets)
        if data.endswith(b"\n"):  # as events do, and no form holds one
            self._held = b""
            return data
        n_held = max((_n_begun(data, form.encode()) for form in _long_forms(self._secrets)), default=0)
        self._held = data[len(data) - n_held :]
        return data[: len(data) - n_held]

    def rest(self) -> bytes:
        """What is left at the end."""
        return self._held


def _n_begun(data: bytes, form: bytes) -> int:
    """Bytes at the end of the data that begin the form."""
    end = data[-(len(form) - 1) :]
    at = end.find(form[:1])
    while at >= 0 and not form.startswith(end[at:]):
        at = end.find(form[:1], at + 1)
    return len(end) - at if at >= 0 else 0


def _without(text: str, key: str) -> str:
    if len(key) < SHORTEST_PART:
        return re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", SHOWN, text)
    for form in _forms(key):
        text = text.replace(form, SHOWN)
    text = _MASKED.sub(lambda match: SHOWN if _is_masked(match, key) else match[0], text)
    return _without_parts(text, key)


def _is_masked(match: re.Match[str], key: str) -> bool:
    """Whether what is left of the mask begins the key, and what is right of it ends it."""
    start, end = match[1], match[2]
    return len(start) + len(end) >= 4 and key.startswith(start) and key.endswith(end)


def _without_parts(text: str, key: str) -> str:
    """The text without the runs of the key's characters that are long enough to tell something."""
    parts = {key[at : at + SHORTEST_PART] for at in range(len(key) - SHORTEST_PART + 1)}
    pieces, kept, at = [], 0, 0
    while at + SHORTEST_PART <= len(text):
        if text[at : at + SHORTEST_PART] not in parts:
            at += 1
            continue
        end = at + SHORTEST_PART
        while end < len(text) and text[end - SHORTEST_PART + 1 : end + 1] in parts:
            end += 1
        pieces += [text[kept:at], SHOWN]
        kept = at = end
    return "".join([*pieces, text[kept:]])
