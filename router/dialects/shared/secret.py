"""Keys that cannot be printed by accident."""

from __future__ import annotations


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
