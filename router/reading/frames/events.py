"""Events of programs: JSON and YAML objects with one human text, and objects of metadata before an ask."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json

from router.reading.frames.metadata import are_metadata, holds_metadata
from router.reading.frames.payloads import of_stream, one_text, parsed
from router.reading.frames.points import is_bare_order, points_at_record
from router.reading.frames.words import ASK_LABELS, TEXT_KEYS, is_meta_key, is_words

_OBJECT_LIMIT_CHARS = 64_000
_META_LIMIT_CHARS = 4_000
_MOST_VALUES = 400


def ask_in_object(text: str) -> str | None:
    """The one human text of a JSON object that is the whole message, also in a code fence; None otherwise."""
    lead = _EVENT_LEAD.match(text)
    text = text[lead.end() :] if lead else text
    if text.startswith(STREAM_FIRST):
        text = of_stream(text) or ""
    if not text.endswith(("}", "]", "```")) or len(text) > _OBJECT_LIMIT_CHARS:
        return None
    if text.startswith("```"):
        head = _FENCE.match(text)
        body = text[head.end() : -3].strip() if head else ""
    else:
        body = text
    if body.startswith("[") and body.endswith("]"):
        body = body[1:-1].strip()
    value = parsed(body) if body.startswith("{") else None
    return one_text(value) if value is not None else None


_EVENT_LEAD = re.compile(
    r"(?:#{1,4} |\*\*)?(?:new |incoming |inbound |received |user |chat |webhook |raw )*(?:event|message|payload|webhook"
    r"|request|input|notification|data|update)(?: (?:payload|data|received|event|body|object))?(?: \([^()\n]{1,40}\))?"
    r":(?:\*\*)?[ \t]*\n{1,2}(?=[{\[`])"
    r"|(?:please )?(?:process|handle|answer|respond to|reply to|take|here is) (?:this|the|a|an|the following|my|our)"
    r" (?:(?:new|incoming|inbound|received|raw|user|chat) )?(?:webhook|event|message|payload|notification|request"
    r"|submission|update)(?: (?:payload|event|data|body))?:[ \t]*\n{0,2}(?=\{)",
    re.IGNORECASE,
)
"""The line that names an event before it, or the order to take it."""
STREAM_FIRST = ("event:", "data:", "id:", "retry:")
"""What a stream of events begins with."""
_FENCE = re.compile(r"```(?:json5?|jsonc)?[ \t]*\n")


_LABEL = re.compile(
    r"(?:[#*_\[>]{0,4} ?[A-Z][\w '/&()-]{0,60}[\])*_]{0,4}:?[*_]{0,2}[ \t]*\n)?```(?:json5?|ya?ml)?[ \t]*\n"
)
_MATTER = re.compile(r"---[ \t]*\n((?:[A-Za-z_][\w.-]{0,40}:[^\n]{0,300}\n){1,24})---[ \t]*\n")
_FIELD = re.compile(r"^[ \t]*[\"']?([A-Za-z_][\w.-]{0,40})[\"']?[ \t]*:[ \t]*([^\n]*)", re.MULTILINE)


def ask_after_metadata(text: str) -> str | None:
    """What follows an object of metadata at the start: fenced, on its own line, or front matter; None otherwise."""
    if text.startswith("{"):
        end = text.find("}\n", 0, _META_LIMIT_CHARS) + 1
        head = text[:end] if end else ""
    elif text.startswith("---"):
        matter = _MATTER.match(text)
        end, head = (matter.end(), matter[1]) if matter else (0, "")
    else:
        label = _LABEL.match(text) if "```" in text[:_LABEL_CHARS] else None
        fence = text.find("\n```", label.end() - 1, _META_LIMIT_CHARS) if label else -1
        end, head = (fence + 4, text[label.end() : fence]) if label and fence >= 0 else (0, "")
    rest = text[end:].strip() if head else ""
    if not rest or not _is_meta(head.strip(), rest) or rest.startswith(("{", "[", "```", ",")):
        return None
    return None if _ABOUT_DATA.search(rest[:_LOOK_CHARS]) else without_label(rest)


def without_label(text: str) -> str:
    """A text without a first line that only says that the ask follows: "Message:"."""
    first, _, rest = text.partition("\n")
    is_label = len(first) <= _LABEL_CHARS and first.endswith((":", "\uff1a", "*", "]"))
    return rest.strip() if is_label and rest.strip() and first.strip(" *_#:[]\uff1a").lower() in ASK_LABELS else text


_META_LINE = re.compile(
    r"\W{0,6}(?:[\w'-]{1,20} ){0,3}(?:context|metadata|meta|info|information|details|payload|headers?|trace|environment"
    r"|session|event|data)(?: \([^()\n]{1,60}\))?\W{0,4}",
    re.IGNORECASE,
)
_PAIRED = re.compile(r"\[([a-z][\w-]{1,24})\][ \t]*\n", re.IGNORECASE)
_EQUALS = re.compile(r"^[ \t]*([A-Za-z_][\w.-]{0,40})[ \t]*[=:]([^\n]*)", re.MULTILINE)


def ask_beside_metadata(text: str) -> str | None:
    """What precedes a named, fenced object of metadata at the end, or follows a `[meta] ... [/meta]` block."""
    paired = _PAIRED.match(text)
    if paired:
        end = text.find(f"[/{paired[1]}]", paired.end(), _META_LIMIT_CHARS)
        inner = text[paired.end() : end].strip("` \t\n") if end > 0 else ""
        fields = _EQUALS.findall(inner)
        ask = text[end + len(paired[1]) + 3 :]
        is_meta = len(fields) > 1 and len(fields) == len(inner.split("\n")) and are_metadata(fields, ask)
        return _apart(ask) if is_meta else None
    if not text.endswith("\n```"):
        return None
    fence = text.rfind("\n```", max(0, len(text) - _META_LIMIT_CHARS), len(text) - 4)
    start = text.find("\n", fence + 1) if fence > 0 else -1
    line = text.rfind("\n", 0, fence) + 1
    is_named = start > 0 and line > 0 and bool(_META_LINE.fullmatch(text[line:fence]))
    ask = text[:line].rstrip(" \n-=_")
    return _apart(ask) if is_named and _is_meta(text[start:-4].strip(), ask) else None


def _apart(ask: str) -> str | None:
    ask = ask.strip()
    is_about = _ABOUT_DATA.search(ask[:_LOOK_CHARS]) or ask.endswith((":", "\uff1a")) or is_bare_order(ask)
    return None if not ask or is_about or points_at_record(ask) else ask


_LABEL_CHARS = 100
_LOOK_CHARS = 300
_ABOUT_DATA = re.compile(
    r"\b(?:json|yaml|payload|object|fields?|keys?|timestamps?|above|event|metadata|parse|schema|front ?matter"
    r"|convert)\b",
    re.IGNORECASE,
)
"""Words of an ask about the object itself."""


def _is_meta(head: str, ask: str) -> bool:
    """Whether all fields are those of a chat program's metadata, and no value holds many words."""
    if head.startswith("{"):
        value = parsed(head)
        fields = _leaves(value) if value is not None else []
        return len(fields) > 1 and are_metadata(fields, ask)
    found = _FIELD.findall(head)
    lines = [line for line in head.split("\n") if line.strip()]
    is_whole = len(found) > 1 and len(found) == len(lines) and len(max(lines, key=len)) < _LINE_CHARS
    return is_whole and are_metadata([(key, _unquoted(said)) for key, said in found], ask)


_LINE_CHARS = 160


def _leaves(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields of an object and of those in it; none where there are too many, or a value holds many words."""
    fields: list[tuple[str, Any]] = []
    left: list[tuple[str, Any]] = list(value.items())
    while left:
        key, one = left.pop()
        if isinstance(one, dict):
            if not holds_metadata(key) and not is_meta_key(key):
                return []
            left += one.items()
        elif isinstance(one, list):
            left += [(key, each) for each in one]
        else:
            fields.append((key, one))
        is_long = isinstance(one, str) and len(one.split(None, _MOST_WORDS)) > _MOST_WORDS
        if is_long or len(fields) > _MOST_VALUES or len(left) > _MOST_VALUES:
            return []
    return fields


_MOST_WORDS = 8
_ROW = re.compile(r"[\"']?([A-Za-z_][\w.-]{0,40})[\"']?:(?:[ \t]+(\S[^\n]*))?")
_BLOCK = re.compile(r"[|>][+-]?\d?")
_YAML_LIMIT_CHARS = 16_000


def ask_in_yaml(text: str) -> str | None:
    """The one human text of a message that is lines of `key: value`; None otherwise."""
    if len(text) > _YAML_LIMIT_CHARS or (text[:1] not in "#-" and not _ROW.match(text)):
        return None
    rows = _rows(text.split("\n"))
    if rows is None or len(rows) < 2:
        return None
    texts = [(key, value) for key, value in rows if is_words(value) and not _STAMP.fullmatch(value)]
    if len(texts) != 1 or texts[0][0].lower() not in TEXT_KEYS:
        return None
    key, ask = texts[0]
    others = [(name, said) for name, said in rows if name != key and (said or not holds_metadata(name))]
    return ask if are_metadata(others, ask) else None


_STAMP = re.compile(r"[\d :.,TZ+/-]+(?:UTC|GMT|[A-Z]{3,4})?")


def _rows(lines: list[str]) -> list[tuple[str, str]] | None:
    """The (key, value) rows of a YAML text, those of objects in it too; None for any other text."""
    rows: list[tuple[str, list[str], bool]] = []
    for line in lines:
        is_block = bool(rows) and rows[-1][2]
        is_inside = line[:1] in (" ", "\t") or not line.strip()
        row = None if is_block and is_inside else _ROW.fullmatch(line.strip(" \t").removeprefix("- "))
        if row:
            opens = bool(_BLOCK.fullmatch(row[2] or ""))
            rows.append((row[1], [] if opens or not row[2] else [_unquoted(row[2])], opens))
        elif is_block and is_inside:
            rows[-1][1].append(line)
        elif line.strip() not in ("", "---", "...") and not line.lstrip().startswith("#"):
            return None
    return [(key, _dedented(block)) for key, block, _ in rows]


def _dedented(lines: list[str]) -> str:
    """The lines of a block without the indentation of its first one."""
    first = next((line for line in lines if line.strip()), "")
    margin = len(first) - len(first.lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines).strip()


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        if value[0] == "'":
            return value[1:-1].replace("''", "'")
        try:
            return str(from_json(value))
        except ValueError:
            return value[1:-1]
    return value
