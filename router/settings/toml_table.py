"""Checked access to a decoded TOML file, with errors that name the file, the line and the key."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from router.errors import ConfigError
from router.settings.toml_lines import Place


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The question that a near miss deserves, with a space before it; "" for a word that is far from all."""
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


class Table:
    """A TOML table.

    source: the file, for messages.  lines: on which line of it each value stands, see `lines_of`; {} if not known.
    place: the table's own.
    """

    def __init__(
        self, value: Mapping[str, Any], source: str, *, lines: Mapping[Place, int] | None = None, place: Place = ()
    ) -> None:
        self._value = value
        self._source = source
        self._lines = {} if lines is None else lines
        self._place = place

    def __contains__(self, key: str) -> bool:
        return key in self._value

    @property
    def keys(self) -> tuple[str, ...]:
        """The table's own keys, in their order."""
        return tuple(self._value)

    @property
    def values(self) -> Mapping[str, Any]:
        """The table as it was decoded, for a reader that checks it itself."""
        return self._value

    @property
    def where(self) -> str:
        """File and line of the table."""
        return self._where(())

    def where_of(self, key: str) -> str:
        """File and line of a key."""
        return self._where((key,))

    def is_table(self, key: str) -> bool:
        """Whether the value under `key` is a table."""
        return isinstance(self._value.get(key), dict)

    def problem(self, key: str, message: str) -> ConfigError:
        """The error for a key, with file, line and whole path; "" for the table itself."""
        path = _written((*self._place, key) if key else self._place)
        return ConfigError(f"{self._where((key,))}: {path}: {message}")

    def error(self, key: str, expected: str) -> ConfigError:
        """The error for a key that does not hold what was expected."""
        found = f", found {self._value[key]!r}" if key in self._value else ""
        return self.problem(key, f"expected {expected}{found}.")

    def only(self, *known: str) -> None:
        """Raise ConfigError for any key that is not among the known ones."""
        for key in self._value:
            if key not in known:
                raise self.problem(key, f"unknown key; known are {', '.join(known)}.{did_you_mean(key, known)}")

    def table(self, key: str) -> Table:
        """The table under `key`; an empty one if it is missing. Raises ConfigError."""
        value = self._value.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, "a table")
        return self._inner(value, key)

    def _inner(self, value: Mapping[str, Any], *inside: str | int) -> Table:
        return Table(value, self._source, lines=self._lines, place=(*self._place, *inside))

    def _where(self, inside: Place) -> str:
        """File and line of a value; of what it stands in, where it is missing."""
        place = (*self._place, *inside)
        while place and place not in self._lines:
            place = place[:-1]
        line = self._lines.get(place)
        return self._source if line is None else f"{self._source}:{line}"

    def tables(self, key: str) -> list[Table]:
        """The array of tables under `key`; [] if it is missing. Raises ConfigError."""
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.error(key, f"an array of tables, [[{_written((*self._place, key))}]]")
        return [self._inner(row, key, index) for index, row in enumerate(value)]

    def strings_or_tables(self, key: str) -> list[str | Table]:
        """The array under `key`, each item a string that is not empty or a table; [] if it is missing."""
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(
            isinstance(item, dict) or (isinstance(item, str) and item) for item in value
        ):
            raise self.error(key, "an array of strings or tables")
        return [item if isinstance(item, str) else self._inner(item, key, index) for index, item in enumerate(value)]

    def strings(self, key: str) -> tuple[str, ...]:
        """The array of strings under `key`, none empty; () if it is missing. Raises ConfigError."""
        items = [item for item in self.strings_or_tables(key) if isinstance(item, str)]
        if len(items) != len(self._value.get(key, [])):
            raise self.error(key, "an array of strings")
        return tuple(items)

    def one_or_more(self, key: str) -> tuple[str, ...]:
        """The string under `key`, or the strings of an array that has some; () if it is missing. Raises ConfigError."""
        value = self._value.get(key)
        if isinstance(value, str) and value:
            return (value,)
        if value is not None and (
            not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value)
        ):
            raise self.error(key, "a string that is not empty, or an array of some")
        return tuple(value or ())

    def flag(self, key: str) -> bool | None:
        """The truth value under `key`; None if it is missing. Raises ConfigError."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, "true or false")
        return value

    def string(self, key: str) -> str | None:
        """The string under `key`, not empty; None if it is missing. Raises ConfigError."""
        value = self._value.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.error(key, "a string that is not empty")
        return value

    def required_string(self, key: str) -> str:
        """The string under `key`, not empty. Raises ConfigError."""
        value = self.string(key)
        if value is None:
            raise self.error(key, "a string")
        return value

    def number(self, key: str, *, low: float, high: float = float("inf"), whole: bool = False) -> float | None:
        """The number in [low, high] under `key`; None if it is missing. Raises ConfigError."""
        value = self._value.get(key)
        kinds = int if whole else int | float
        top = min(high, sys.float_info.max)  # TOML has inf, and whole numbers of any length
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= top):
            span = f"in [{low:g}, {high:g}]" if high != float("inf") else f"of at least {low:g}"
            raise self.error(key, f"a {'whole ' if whole else ''}number {span}")
        return value

    def required_number(self, key: str, *, low: float) -> float:
        """The number of at least `low` under `key`. Raises ConfigError."""
        value = self.number(key, low=low)
        if value is None:
            raise self.error(key, "a number")
        return float(value)


def _written(place: Place) -> str:
    """A place as people write it: `tiers[0].models`, `catalog."openai/gpt-5.4"`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part.replace("_", "").replace("-", "").isalnum()
            text += ("." if text else "") + (part if plain else f'"{part}"')
    return text
