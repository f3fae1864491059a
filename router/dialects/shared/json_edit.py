"""Change a few top-level members of a JSON object in its own bytes, so that nothing else changes.

Decoding and encoding again would reorder nothing but still rewrite numbers, escapes and spaces, and a provider's prompt
cache, a signature or a client's byte count may depend on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from router.jsontext import encode_json

_WHITE = rb"[ \t\r\n]*+"
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SPACE = re.compile(_WHITE)
_STRING = re.compile(_TEXT, re.DOTALL)
_KEY = re.compile(rb"(" + _TEXT + rb")" + _WHITE + rb"(:?)" + _WHITE, re.DOTALL)
_PLAIN = re.compile(_TEXT + rb'|[^\s,:"{}\[\]]++', re.DOTALL)
_BETWEEN = rb'[^"{}\[\]]++|' + _TEXT
_TO_BRACKET = re.compile(rb"(?:" + _BETWEEN + rb")*+", re.DOTALL)


def _nested(levels: int) -> bytes:
    """A pattern of brackets within brackets, so deep."""
    inner = rb"|" + _nested(levels - 1) if levels else b""
    return rb"[{\[](?:" + _BETWEEN + inner + rb")*+[}\]]"


_SHALLOW = re.compile(_nested(5), re.DOTALL)
"""Nearly every value in one match; what is deeper is walked through."""

_OPEN, _CLOSE = b"{[", b"}]"


class Member(NamedTuple):
    """A top-level member; offsets into the text. start..end spans key, colon and value."""

    key: str
    start: int
    key_end: int
    value_start: int
    end: int


def members(raw: bytes) -> list[Member]:
    """The members of the object that the text is, in order; a repeated key is listed as often as it occurs.

    Raises ValueError where the text is not an object. What is inside the values is not checked.
    """
    at = _space(raw, 0)
    if raw[at : at + 1] != b"{":
        raise ValueError("not a JSON object")
    found: list[Member] = []
    at = _space(raw, at + 1)
    if raw[at : at + 1] == b"}":
        return found
    while True:
        member = _member(raw, at)
        found.append(member)
        at = _space(raw, member.end)
        mark = raw[at : at + 1]
        if mark == b"}":
            return found
        if mark != b",":
            raise ValueError(f"a comma or the object's end is missing at byte {at}")
        at = _space(raw, at + 1)


def _space(raw: bytes, at: int) -> int:
    match = _SPACE.match(raw, at)
    return at if match is None else match.end()


def _member(raw: bytes, start: int) -> Member:
    key = _KEY.match(raw, start)
    if key is None:
        raise ValueError(f"a key is missing at byte {start}")
    if not key[2]:
        raise ValueError(f"a colon is missing at byte {key.end()}")
    name = key[1]
    text = json.loads(name) if b"\\" in name else name[1:-1].decode()
    return Member(text, start, key.end(1), key.end(), _end_of_value(raw, key.end()))


def _end_of_value(raw: bytes, start: int) -> int:
    """Where the value ends. Brackets are counted, not matched: what is inside is not this module's to judge."""
    if raw[start : start + 1] not in (b"{", b"["):
        match = _PLAIN.match(raw, start)
        if match is None:
            raise ValueError(f"a value is missing at byte {start}")
        return match.end()
    if (shallow := _SHALLOW.match(raw, start)) is not None:
        return shallow.end()
    depth, at = 1, start + 1
    while depth:
        between = _TO_BRACKET.match(raw, at)
        at = at if between is None else between.end()
        if at >= len(raw) or raw[at] == 0x22:
            raise ValueError("a value has no end")
        depth += 1 if raw[at] in _OPEN else -1
        at += 1
    return at


_SCALAR = rb"(?:" + _TEXT + rb'|[^\s,:"{}\[\]]++)'
_VALUE = re.compile(_WHITE + rb":" + _WHITE + rb"(" + _SCALAR + rb")", re.DOTALL)
_SCALARS_TO_THE_END = re.compile(
    rb"(?:" + _WHITE + rb"," + _WHITE + _TEXT + _WHITE + rb":" + _WHITE + _SCALAR + rb")*+" + _WHITE + rb"\}" + _WHITE,
    re.DOTALL,
)


def may_hold(raw: bytes, keys: Iterable[str]) -> bool:
    """Whether a JSON text may hold one of these plain keys anywhere; False is certain, and found without parsing."""
    return b"\\u00" in raw or any(b'"%s"' % key.encode() in raw for key in keys)  # \u00: a letter, spelled out


def _lone_scalar(raw: bytes, key: str) -> tuple[int, int] | None:
    """The span of a top-level member's scalar value, if it is certain without walking through the text.

    It is certain where the key's name occurs once in the text, unescaped, and is the object's first member or has only
    scalars after it: nearly every body has its model first or near the end.
    """
    name = b'"%s"' % key.encode()
    start = raw.find(name)
    if start < 0 or b"\\u00" in raw or raw.find(name, start + 1) >= 0:
        return None
    value = _VALUE.match(raw, start + len(name))
    if value is None:
        return None
    is_first = raw[:start].strip(b" \t\r\n") == b"{"
    if is_first or _SCALARS_TO_THE_END.fullmatch(raw, value.end()):
        return value.span(1)
    return None


def edit(
    raw: bytes,
    *,
    put: Mapping[str, Any] | None = None,
    add: Mapping[str, Any] | None = None,
    remove: Collection[str] = (),
    rename: Mapping[str, str] | None = None,
    found: Sequence[Member] | None = None,
) -> bytes:
    """A valid JSON text with members changed and every other byte as it was.

    put: values to set; a member that is missing is added at the end.  add: the same, but one that is there stays.
    remove: members to leave out.  rename: new names of members; one whose new name is there already is left out.
    found: the text's `members`, where the caller has them.
    Raises ValueError where the text is not an object.
    """
    put, add, rename = put or {}, add or {}, rename or {}
    if len(put) == 1 and not may_hold(raw, {*remove, *rename, *add}) and not add:
        (key, value), *_ = put.items()
        if (span := _lone_scalar(raw, key)) is not None:
            return raw[: span[0]] + encode_json(value) + raw[span[1] :]
    found = members(raw) if found is None else found
    present = {member.key for member in found}
    gone = set(remove) | {key for key, new in rename.items() if new in present and new not in remove}
    added = {**{key: value for key, value in add.items() if key not in present}, **put}
    pieces: list[bytes] = []
    for place, member in enumerate(found):
        if member.key not in gone:
            between = raw[found[place - 1].end : member.start] if pieces else b""
            pieces += [between, _edited(raw, member, put, rename)]
    for key, value in added.items():
        if key not in present:
            pieces += [b"," if pieces else b"", encode_json(key), b":", encode_json(value)]
    start = found[0].start if found else raw.index(b"{") + 1
    end = found[-1].end if found else start
    return b"".join((raw[:start], *pieces, raw[end:]))


def _edited(raw: bytes, member: Member, put: Mapping[str, Any], rename: Mapping[str, str]) -> bytes:
    key = encode_json(rename[member.key]) if member.key in rename else raw[member.start : member.key_end]
    value = encode_json(put[member.key]) if member.key in put else raw[member.value_start : member.end]
    return key + raw[member.key_end : member.value_start] + value
