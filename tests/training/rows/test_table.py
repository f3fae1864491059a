"""The one container: every kind of column is taken by row, and what all rows share stays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.brain import Scores, scores_of
from training.labels.labels import Labels, labels_from_adequate
from training.rows.table import SHARED, Ragged, Table, ragged_columns


@dataclass(frozen=True, slots=True, eq=False)
class Everything(Table):
    absent: np.ndarray | None
    array: np.ndarray
    names: tuple[str, ...]
    ragged: Ragged
    labels: Labels
    scores: Scores
    facts: dict[str, np.ndarray]
    unit: str = field(metadata=SHARED)


def everything(n: int) -> Everything:
    return Everything(
        absent=None,
        array=np.arange(2 * n).reshape(n, 2),
        names=tuple(f"row {k}" for k in range(n)),
        ragged=Ragged.of([list(range(k)) for k in range(n)]),
        labels=labels_from_adequate(np.tile(np.arange(n)[:, None] % 2, (1, 3)).astype(np.int8)),
        scores=scores_of(np.arange(3.0 * n).reshape(n, 3) / (3 * n + 1), domain_distance=np.arange(n) / n),
        facts={"half": np.arange(n) / 2},
        unit="USD",
    )


def test_taking_rows_takes_them_of_every_column_in_their_order_repeats_included() -> None:
    table = everything(5)
    rows = np.array([4, 0, 4])
    taken = table.take(rows)
    assert (len(table), len(taken)) == (5, 3)
    assert (taken.absent, taken.unit) == (None, "USD")
    assert taken.array.tolist() == table.array[rows].tolist()
    assert taken.names == ("row 4", "row 0", "row 4")
    assert taken.ragged.lists() == [[0, 1, 2, 3], [], [0, 1, 2, 3]]
    assert taken.labels.cheapest.tolist() == table.labels.cheapest[rows].tolist()
    assert taken.scores.p_unsolved.tolist() == table.scores.p_unsolved[rows].tolist()
    assert taken.facts["half"].tolist() == [2.0, 0.0, 2.0]


def test_taking_no_rows_leaves_a_table_of_none() -> None:
    taken = everything(3).take(np.zeros(0, dtype=np.intp))
    assert (len(taken), taken.array.shape, taken.ragged.lists(), taken.labels.loss.shape) == (0, (0, 2), [], (0, 2))


def test_what_is_not_a_column_is_refused_by_name_of_its_type() -> None:
    @dataclass(frozen=True, slots=True, eq=False)
    class Wrong(Table):
        rows: np.ndarray
        price: float

    with pytest.raises(TypeError, match="not float"):
        Wrong(np.zeros(2), 1.0).take(np.array([0]))


numbers = st.lists(st.integers(0, 2**31 - 1), max_size=4)


@given(st.lists(st.tuples(numbers, numbers), max_size=6), st.data())
def test_ragged_columns_hold_what_they_are_made_of(
    rows: list[tuple[list[int], list[int]]], data: st.DataObject
) -> None:
    columns = ragged_columns(iter(rows), n_columns=2)
    for position, column in enumerate(columns):
        assert column.lists() == [row[position] for row in rows]
        assert column.sizes.tolist() == [len(row[position]) for row in rows]
        assert [column[row].tolist() for row in range(len(column))] == column.lists()
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6)) if rows else []
    assert columns[0].take(np.array(picked, dtype=np.intp)).lists() == [rows[row][0] for row in picked]
    assert Ragged.joined(columns).lists() == [*columns[0].lists(), *columns[1].lists()]
