"""Checked access to a decoded TOML file, with errors that name the file and the key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from router.errors import ConfigError


class Table:
    """A TOML table.

    source: the file, for messages.  path: the table's own place, ending in "." unless it is the root.
    """

    def __init__(self, value: Mapping[str, Any], source: str, path: str) -> None:
        self._value = value
        self._source = source
        self._path = path

    def error(self, key: str, expected: str) -> ConfigError:
        """The error for a key that does not hold what was expected."""
        found = f", found {self._value[key]!r}" if key in self._value else ""
        return ConfigError(f"{self._source}: {self._path}{key}: expected {expected}{found}.")

    def only(self, *known: str) -> None:
        """Raise ConfigError for any key that is not among the known ones."""
        for key in self._value:
            if key not in known:
                raise ConfigError(f"{self._source}: {self._path}{key}: unknown key; known are {', '.join(known)}.")

    def table(self, key: str) -> Table:
        """The table under `key`; an empty one if it is missing. Raises ConfigError."""
        value = self._value.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, "a table")
        return Table(value, self._source, f"{self._path}{key}.")

    def tables(self, key: str) -> list[Table]:
        """The array of tables under `key`; [] if it is missing. Raises ConfigError."""
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.error(key, f"an array of tables, [[{self._path}{key}]]")
        return [Table(row, self._source, f"{self._path}{key}[{index}].") for index, row in enumerate(value)]

    def strings_or_tables(self, key: str) -> list[str | Table]:
        """The array under `key`, each item a string that is not empty or a table; [] if it is missing."""
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(
            isinstance(item, dict) or (isinstance(item, str) and item) for item in value
        ):
            raise self.error(key, "an array of strings or tables")
        return [
            item if isinstance(item, str) else Table(item, self._source, f"{self._path}{key}[{index}].")
            for index, item in enumerate(value)
        ]

    def strings(self, key: str) -> tuple[str, ...]:
        """The array of strings under `key`, none empty; () if it is missing. Raises ConfigError."""
        items = [item for item in self.strings_or_tables(key) if isinstance(item, str)]
        if len(items) != len(self._value.get(key, [])):
            raise self.error(key, "an array of strings")
        return tuple(items)

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
