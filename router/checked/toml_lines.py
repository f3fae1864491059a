"""On which line each key of a TOML document is: tomllib does not report it.

Only for documents that tomllib has accepted: nothing is checked here.
"""

from __future__ import annotations

import re
import tomllib

from router.checked.words import Place

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|' + r"'''.*?'''(?:'{0,2})|" + r'"(?:\\.|[^"\\])*"|' + r"'[^']*'", re.DOTALL
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> dict[Place, int]:
    """The line, from 1, of every key, table and item of an array; {} for nesting deeper than Python's stack."""
    scan = _Scan(text)
    try:
        scan.document()
    except RecursionError:
        return {}
    return scan.lines


class _Scan:
    """One pass over a document."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0  # newlines before this offset are in _line
        self._tables: dict[Place, int] = {}  # arrays of tables, with how many were opened

    def document(self) -> None:
        """Headers and keys to the end."""
        current: Place = ()
        while self._skip(_BLANK) < len(self._text):
            if self._next("["):
                is_array = self._next("[")
                current = self._header(self._key(), is_array=is_array)
                self._at += 2 if is_array else 1
            else:
                self._pair(current)

    def _header(self, key: tuple[str, ...], *, is_array: bool) -> Place:
        place: Place = ()
        for depth, part in enumerate(key, start=1):
            place = (*place, part)
            if is_array and depth == len(key):
                self._tables[place] = self._tables.get(place, 0) + 1
            self._note(place)
            if place in self._tables:
                place = (*place, self._tables[place] - 1)
        self._note(place)
        return place

    def _pair(self, table: Place) -> None:
        place = table
        for part in self._key():
            place = (*place, part)
            self._note(place)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(place)

    def _value(self, place: Place) -> None:
        if self._next("["):
            index = 0
            while not self._closes("]"):
                self._note((*place, index))
                self._value((*place, index))
                index += 1
        elif self._next("{"):
            while not self._closes("}"):
                self._pair(place)
        elif string := _STRING.match(self._text, self._at):
            self._at = string.end()
        else:
            self._skip(_SCALAR)

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while not parts or self._next("."):
            self._skip(_SPACE)
            match = _STRING.match(self._text, self._at) or _BARE_KEY.match(self._text, self._at)
            assert match is not None, "tomllib accepted what has no key here"
            self._at = match.end()
            quoted = match[0][0] in "\"'"
            parts.append(tomllib.loads(f"k = {match[0]}")["k"] if quoted else match[0])
            self._skip(_SPACE)
        return tuple(parts)

    def _closes(self, bracket: str) -> bool:
        """Whether the bracket comes next, a comma before it or not."""
        self._skip(_BLANK)
        if self._next(","):
            self._skip(_BLANK)
        return self._next(bracket)

    def _next(self, character: str) -> bool:
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        assert match is not None, "the pattern matches the empty text too"
        self._at = match.end()
        return self._at

    def _note(self, place: Place) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(place, self._line)
