"""Fill a template: the ask in the escaping that the template states, names, times, paths and ids by draw. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

_SLOT = re.compile(r"\{\{([a-z]+)(\d*)(?:\|([a-z]+))?\}\}")

_INDENT = " " * 4

_ESCAPES: Mapping[str, Callable[[str], str]] = {
    "": lambda ask: ask,
    "json": lambda ask: json.dumps(ask, ensure_ascii=False)[1:-1],
    "indent": lambda ask: "\n".join(f"{_INDENT}{line}" if line else "" for line in ask.split("\n")),
    "quoted": lambda ask: "\n".join(f"> {line}".rstrip() for line in ask.split("\n")),
    "xml": lambda ask: html.escape(ask, quote=False),
    "csv": lambda ask: ask.replace('"', '""'),
    "cell": lambda ask: ask.replace("|", r"\|").replace("\n", "<br>"),
    "slashes": lambda ask: "\n".join(f"// {line}".rstrip() for line in ask.split("\n")),
}
"""`{{ask|json}}`: inside of a JSON string.  indent: a YAML block.  quoted: a mail's "> ".  xml: an element's text.

csv: inside of a quoted field.  cell: of a Markdown table.  slashes: a comment, a line at a time.
"""


def fill(template: str, ask: str, tables: Mapping[str, Sequence[str]], rng: np.random.Generator) -> str:
    """The template around the ask. A slot that is there twice has one value; `first` and `first2` have two.

    tables: values by slot, see forms/slots.toml; they may hold slots themselves.  What the ask says is never filled.
    """
    return _Draw(ask, tables, rng).filled(template)


def unknown_slots(template: str, tables: Mapping[str, Sequence[str]]) -> list[str]:
    """The template's slots that nothing fills, for a check of the tables."""
    return [
        match.group()
        for match in _SLOT.finditer(template)
        if (match[3] or "") not in _ESCAPES or (match[1] != "ask" and match[1] not in tables and match[1] not in _MADE)
    ]


class _Draw:
    """The values of one filling, drawn when they are first needed."""

    def __init__(self, ask: str, tables: Mapping[str, Sequence[str]], rng: np.random.Generator) -> None:
        self._ask = ask
        self._tables = tables
        self._rng = rng
        self._values: dict[str, str] = {}

    def filled(self, template: str) -> str:
        return _SLOT.sub(self._of, template)

    def _of(self, match: re.Match[str]) -> str:
        name, number, escape = match[1], match[2], match[3] or ""
        return _ESCAPES[escape](self._ask) if name == "ask" else self.value(name, number)

    def value(self, name: str, number: str = "") -> str:
        """The value of a slot: from the tables, or made up."""
        key = name + number
        if key not in self._values:
            made = _MADE.get(name)
            self._values[key] = made(self, number) if made else self._from_table(name)
        return self._values[key]

    def _from_table(self, name: str) -> str:
        """A value that no other slot of this filling has, as long as the table has one."""
        values = self._tables[name]
        start = int(self._rng.integers(len(values)))
        for step in range(len(values)):
            value = values[(start + step) % len(values)]
            if value not in self._values.values():
                return self.filled(value) if "{{" in value else value
        return values[start]

    def below(self, end: int) -> int:
        """A whole number from 0 to end - 1."""
        return int(self._rng.integers(end))

    def digits(self, n_digits: int) -> str:
        """So many hexadecimal digits."""
        return self._rng.bytes((n_digits + 1) // 2).hex()[:n_digits]

    def date(self, number: str) -> tuple[str, str, str]:
        """Year, month and day, as two and four digits."""
        year, month, day = self.value("year", number), self.value("monthnumber", number), int(self.value("day", number))
        return year, month, f"{day:02d}"


def _handle(draw: _Draw, number: str) -> str:
    first, last = draw.value("first", number).lower(), draw.value("last", number).lower()
    return (f"{first}.{last}", f"{first}{last[:1]}", f"{first}_{draw.below(100)}", f"{last}{first[:1]}")[draw.below(4)]


def _iso(draw: _Draw, number: str) -> str:
    joint, zone = "T "[draw.below(2)], ("Z", "", "+02:00", ":07Z")[draw.below(4)]
    return f"{'-'.join(draw.date(number))}{joint}{draw.value('clock', number)}{zone}"


_MADE: Mapping[str, Callable[[_Draw, str], str]] = {
    "year": lambda draw, _: str(2023 + draw.below(5)),
    "monthnumber": lambda draw, _: f"{1 + draw.below(12):02d}",
    "day": lambda draw, _: str(1 + draw.below(28)),
    "date": lambda draw, number: "-".join(draw.date(number)),
    "clock": lambda draw, _: f"{draw.below(24):02d}:{draw.below(60):02d}",
    "iso": _iso,
    "handle": _handle,
    "email": lambda draw, n: f"{draw.value('first', n)}.{draw.value('last', n)}@{draw.value('domain', n)}".lower(),
    "phone": lambda draw, _: f"+{1 + draw.below(98)} 555 {draw.below(10_000):04d}",
    "path": lambda draw, number: f"{draw.value('folder', number)}/{draw.value('file', number)}",
    "number": lambda draw, _: str(1_000 + draw.below(9_999_000)),
    "small": lambda draw, _: str(2 + draw.below(40)),
    "digit": lambda draw, _: str(draw.below(10)),
    "hex": lambda draw, _: draw.digits(8 + 2 * draw.below(5)),
    "uuid": lambda draw, _: "-".join(draw.digits(n) for n in (8, 4, 4, 4, 12)),
    "ip": lambda draw, _: f"10.{draw.below(256)}.{draw.below(256)}.{1 + draw.below(254)}",
    "version": lambda draw, _: f"{1 + draw.below(9)}.{draw.below(20)}.{draw.below(10)}",
    "project": lambda draw, _: ("OPS", "WEB", "HR", "DATA", "APP", "IT", "KB")[draw.below(7)],
}
"""Slots that are made up instead of listed."""
