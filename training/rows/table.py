"""The one container of training: n rows side by side, each field a column that `take` picks from.

@dataclass(frozen=True, slots=True, eq=False)
class Labels(Table):
adequate: Ternary                                   # (n, n_tiers): a column
tiers: tuple[str, ...] = field(metadata=SHARED)     # the same for every row: not a column
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from training.rows.splits import RowIndex

IntRow: TypeAlias = Sequence[int] | npt.NDArray[np.integer[Any]]

SHARED: Mapping[str, bool] = {"shared": True}
"""Metadata of a field that holds one value for all rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """n rows.

    A column is an array with n rows, a sequence of n values, another table, a mapping or dataclass of columns, or None.
    """

    def __len__(self) -> int:
        """How many rows."""
        return next(len(column) for name in _columns_of(self) if isinstance(column := getattr(self, name), _SIZED))

    def take(self, rows: RowIndex) -> Self:
        """The table of some rows, in their order; rows: positions, repeats allowed."""
        return replace(self, **{name: _take(getattr(self, name), rows) for name in _columns_of(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """A column of n lists of whole numbers, kept end to end: a hundredth of the objects, a tenth of the memory.

    values: (total,) int32.  starts: (n + 1,) int64, where each row's values begin; the last is their number.
    """

    values: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[IntRow]) -> Ragged:
        """A column of lists, read one at a time."""
        return ragged_columns(((row,) for row in rows), n_columns=1)[0]

    @classmethod
    def joined(cls, columns: Sequence[Ragged]) -> Ragged:
        """The rows of several columns, one column after the other."""
        sizes = np.concatenate([column.sizes for column in columns])
        return cls(np.concatenate([column.values for column in columns]), _starts_of(sizes))

    def __len__(self) -> int:
        """How many rows."""
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> npt.NDArray[np.int32]:
        """One row's values."""
        return self.values[self.starts[row] : self.starts[row + 1]]

    def __iter__(self) -> Iterator[npt.NDArray[np.int32]]:
        """Every row's values."""
        return (self[row] for row in range(len(self)))

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(n,) how many values each row has."""
        return np.diff(self.starts)

    def lists(self) -> list[list[int]]:
        """The rows as lists of Python numbers."""
        return [row.tolist() for row in self]

    def take(self, rows: RowIndex) -> Ragged:
        """The column of some rows, in their order."""
        picked = [self.values[:0], *(self[row] for row in rows.tolist())]
        return Ragged(np.concatenate(picked), _starts_of(self.sizes[rows]))


def ragged_columns(rows: Iterable[Sequence[IntRow]], *, n_columns: int) -> tuple[Ragged, ...]:
    """Columns of lists from rows that have one list per column, read one row at a time."""
    values, sizes = [array("i") for _ in range(n_columns)], [array("q") for _ in range(n_columns)]
    for row in rows:
        for column, numbers in enumerate(row):
            values[column].frombytes(np.asarray(numbers, dtype=np.int32).tobytes())
            sizes[column].append(len(numbers))
    return tuple(
        Ragged(np.frombuffer(v, dtype=np.int32) if v else np.zeros(0, dtype=np.int32), _starts_of(np.array(s)))
        for v, s in zip(values, sizes, strict=True)
    )


def _starts_of(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


_SIZED = (np.ndarray, Sequence, Table, Ragged)


def _columns_of(table: Table) -> Iterator[str]:
    return (field.name for field in fields(table) if "shared" not in field.metadata)


def _take(column: Any, rows: RowIndex) -> Any:
    match column:
        case None:
            return None
        case np.ndarray():
            return column[rows]
        case Table() | Ragged():
            return column.take(rows)
        case Mapping():
            return {name: _take(values, rows) for name, values in column.items()}
        case Sequence():
            return tuple(column[row] for row in rows.tolist())
        case _ if is_dataclass(column):
            return replace(column, **{field.name: _take(getattr(column, field.name), rows) for field in fields(column)})  # type: ignore[type-var]
        case _:
            raise TypeError(f"a column is an array, a sequence or a table, not {type(column).__name__}")
