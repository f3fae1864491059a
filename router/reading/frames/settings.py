"""The one value with words among settings: INI, TOML, environment variables, `ask.body -> ...`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic_core import from_json

from router.reading.frames.metadata import are_metadata
from router.reading.frames.names import is_about_frame, is_meta_name, is_query, orders, takes_ask, takes_words
from router.reading.frames.remarks import is_remark
from router.reading.frames.words import is_words

_ROW = re.compile(
    r"[ \t]*(?:export |set |\$env:|setx )?(?P<key>[A-Za-z_][\w.-]{0,40})[ \t]*"
    r"(?P<sep>->|=>|:=|=)[ \t]*(?P<value>[^\n]*)"
)
_HEADER = re.compile(r"\[{1,2}[A-Za-z][\w .:/-]{0,40}\]{1,2}[ \t]*")
_COMMENT = re.compile(r"[ \t]*(?:[;#]|//)[ \t]*(?P<said>[^\n]{0,100})")
_MOST_ROWS = 24
_VALUE_CHARS = 80


@dataclass(frozen=True, slots=True)
class _Value:
    """The row with words. n_before: other rows and headers before it; start: of the value."""

    key: str
    separator: str
    start: int
    n_before: int


def ask_in_settings(text: str) -> str | None:
    """The one value with words, if its key is one for a person's words and the others are metadata; None otherwise."""
    row = _first(text)
    if row is None:
        return None
    end, n_after = _quoted_end(text, row), 0
    if end < 0:
        end, n_after = _last(text, row)
    elif text[end:].strip():
        cut, n_after = _last(text, _Value(row.key, row.separator, end, 0))
        if text[end:cut].strip():
            return None
    value = _plain(text[row.start : end].strip())
    others = row.n_before + n_after
    if not others or not is_words(value) or is_query(value) or is_about_frame(value):
        return None
    if not (others > 1 or takes_ask(row.key) or row.n_before):
        return None
    fields = [*_fields(text[: row.start].rpartition("\n")[0]), *_fields(text[end:])]
    return value if are_metadata(fields, value) else None


def _fields(text: str) -> list[tuple[str, str]]:
    """The settings of some lines."""
    rows = (_ROW.fullmatch(line) for line in text.split("\n"))
    return [(row["key"], row["value"].strip().strip("\"';")) for row in rows if row]


def _first(text: str) -> _Value | None:
    """The first row whose key takes words; None where a line before it may be a person's."""
    place = n_before = 0
    for _ in range(_MOST_ROWS):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)]
        row = _ROW.fullmatch(line)
        if row and takes_words(row["key"]) and (is_words(row["value"]) or row["value"] in ('"""', "'''")):
            return _Value(row["key"], row["sep"], place + row.start("value"), n_before)
        if not _is_meta(line, row):
            return None
        n_before += bool(line.strip())
        if end < 0:
            return None
        place = end + 1
    return None


def _is_meta(line: str, row: re.Match[str] | None) -> bool:
    """Whether a line is empty, a header, a comment on the file, or a setting that is metadata."""
    if row:
        value = row["value"].strip().strip("\"'")
        is_short = len(value) <= _VALUE_CHARS and (not is_words(value) or bool(_MACHINE.fullmatch(value)))
        return is_short and is_meta_name(row["key"]) and not orders(row["key"])
    if not line.strip() or _HEADER.fullmatch(line):
        return True
    comment = _COMMENT.fullmatch(line)
    return bool(comment) and (is_remark(comment["said"]) if comment else False)


_MACHINE = re.compile(r"[\w+./:-]{1,40}(?: [\w+./:-]{1,24}){0,3}")


def _quoted_end(text: str, row: _Value) -> int:
    """End of a value in quotation marks that ends its line; -1 for one without."""
    mark = text[row.start]
    triple = text[row.start : row.start + 3]
    if triple in ('"""', "'''"):
        end = text.rfind(triple)
        return end + 3 if end > row.start else -1
    if mark not in "\"'":
        return -1
    found = _QUOTED[mark].match(text, row.start)
    return found.end() if found and text[found.end() : found.end() + 1] in ("", "\n", ";") else -1


_QUOTED = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL),
}


def _plain(value: str) -> str:
    if value[:3] in ('"""', "'''") and value.endswith(value[:3]):
        return value[3:-3].strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(from_json(value.replace("\n", "\\n"))).strip()
        except ValueError:
            return value[1:-1].replace('\\"', '"').strip()
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] == "'" else value


def _last(text: str, row: _Value) -> tuple[int, int]:
    """(end of the value, rows after it): the last lines that are metadata are not the value's."""
    end = at = len(text)
    n_after = 0
    for _ in range(_MOST_ROWS):
        start = text.rfind("\n", row.start, at) + 1
        if start <= row.start:
            break
        line = text[start:at]
        found = _ROW.fullmatch(line)
        if not _is_meta(line, found) or (found and found["sep"] != row.separator):
            break
        n_after += bool(line.strip())
        end, at = start - 1, start - 1
    ends_open = text[row.start : end].rstrip().endswith((":", "\uff1a")) and n_after
    return (len(text), 0) if ends_open else (max(end, row.start), n_after)
