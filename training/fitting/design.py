"""The design matrix of the heads: dense features and hashed n-grams, each block brought to its weight.

What the weights did to the features is undone on the fitted coefficients (`fold`), so the service knows nothing of it.
A matrix of all rows is never made: each fit makes that of its own rows (on 25,292 rows 0.6 GB instead of 2.2 GB).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from router.brain.brain import LinearHeads, turn_tokens
from router.brain.calibration import Float64Array
from router.brain.encoders import Encoder
from router.brain.ngrams import BLOCKS, N_BUCKETS, NgramTable, reading_buckets
from router.reading import Reading
from router.types import FloatArray
from training.config import HeadHyper
from training.rows.splits import RowIndex
from training.rows.table import Ragged, Table, ragged_columns

_CHUNK_ROWS = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class RowBuckets(Table):
    """The distinct n-gram buckets of n rows, ascending, one column per block of ngrams.BLOCKS."""

    pieces: Ragged
    letters: Ragged

    @classmethod
    def of(cls, readings: Sequence[Reading], encoder: Encoder) -> RowBuckets:
        """The buckets of readings, cut into tokens as the service does it."""
        return cls.of_rows(reading_buckets(reading, turn_tokens(encoder, reading)) for reading in readings)

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[npt.NDArray[np.integer[Any]]]]) -> RowBuckets:
        """From the buckets of each row, block by block."""
        return cls(*ragged_columns(rows, n_columns=len(BLOCKS)))

    @property
    def blocks(self) -> tuple[Ragged, Ragged]:
        """The columns, in BLOCKS order."""
        return self.pieces, self.letters

    def __getitem__(self, row: int) -> tuple[npt.NDArray[np.int32], ...]:
        """One row's buckets, block by block."""
        return self.pieces[row], self.letters[row]

    def logits(self, table: NgramTable) -> Float64Array:
        """What the table adds to the logits of each row, as `NgramTable.logits` has it for one: (n, n_heads).

        The sums are of whole numbers far below 2**24, so float32 adds them exactly, in whatever order.
        """
        total = np.zeros((len(self), len(table.steps[0])))
        for column, weights, steps, known in zip(self.blocks, table.weights, table.steps, table.known, strict=True):
            kept = known[column.values]
            starts = np.concatenate([[0], np.cumsum(kept)])[column.starts]
            marks = np.ones(int(starts[-1]), dtype=np.float32)
            sums = sparse.csr_matrix((marks, column.values[kept], starts), shape=(len(self), N_BUCKETS)) @ weights
            n_counting = column.sizes if table.normalise_all else np.diff(starts)
            total += sums * (steps / np.sqrt(np.maximum(n_counting, 1))[:, None])
        return total

    def thinned(self, *, drop: float, rng: np.random.Generator) -> RowBuckets:
        """The buckets of each row with a random share left out."""
        return self.of_rows([block[rng.random(len(block)) >= drop] for block in self[row]] for row in range(len(self)))

    def with_copies(self, copies: Sequence[RowBuckets]) -> RowBuckets:
        """These rows, then those of each copy."""
        parts = [self, *copies]
        return RowBuckets(*(Ragged.joined([part.blocks[block] for part in parts]) for block in range(len(BLOCKS))))


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Rows that matrices can be made of, with what is needed to fold coefficients back.

    Columns: dense features, then known n-gram buckets block by block, then one column per helper (offsets of
    auxiliary sources), which falls away in `fold`.

    features, helpers: (n, n_features) and (n, n_helpers) of rows; with copies, row i means i + n, i + 2n, ...
    buckets: of the rows and then of their copies; None for a design without n-grams.
    factor: (n_features,) what each dense feature is multiplied by.
    known: for each block (N_BUCKETS,) bool, the buckets that enough rows have; empty without n-grams.
    """

    features: FloatArray | Float64Array
    helpers: Float64Array
    buckets: RowBuckets | None
    factor: Float64Array
    known: tuple[npt.NDArray[np.bool_], ...]
    hyper: HeadHyper

    @property
    def n_columns(self) -> int:
        """How many columns a matrix has."""
        return len(self.factor) + sum(int(known.sum()) for known in self.known) + int(self.helpers.shape[1])

    def matrix(self, rows: RowIndex) -> sparse.csr_matrix:
        """The matrix of some rows: (n_rows, n_columns) CSR float64; an n-gram block of a row has length `weight`."""
        buckets = [] if self.buckets is None else [column.sizes[rows] for column in self.buckets.blocks]
        at_most = len(rows) * (len(self.factor) + self.helpers.shape[1]) + sum(int(sizes.sum()) for sizes in buckets)
        values, columns = np.empty(at_most), np.empty(at_most, dtype=np.int32)  # what is not written takes no memory
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        for first in range(0, len(rows), _CHUNK_ROWS):
            parts = self._parts(rows[first : first + _CHUNK_ROWS])
            _append(parts, values, columns, starts[first : first + len(parts[0].indptr)])
        n_values = int(starts[-1])
        return sparse.csr_matrix(
            (values[:n_values], columns[:n_values], starts.astype(np.int32) if n_values < 2**31 else starts),
            shape=(len(rows), self.n_columns),
        )

    def _parts(self, rows: RowIndex) -> list[sparse.csr_matrix]:
        """The blocks of the matrix of a few rows, side by side."""
        own = rows % len(self.features)
        parts = [sparse.csr_matrix(self.features[own] * self.factor)]
        if self.buckets is not None:
            taken = self.buckets.take(rows)
            parts += [
                _block(column, known, weight=weight, hyper=self.hyper)
                for column, known, weight in zip(taken.blocks, self.known, self.hyper.ngram_weights, strict=True)
            ]
        return [*parts, sparse.csr_matrix(self.helpers[own])]

    def fold(self, coef: Float64Array, intercept: Float64Array) -> tuple[LinearHeads, NgramTable | None]:
        """The service's heads and n-gram table from fitted coefficients: (n_heads, n_columns) and (n_heads,)."""
        n_features = len(self.factor)
        heads = LinearHeads(coef=np.ascontiguousarray(coef[:, :n_features] * self.factor), intercept=intercept)
        if not self.known:
            return heads, None
        weights, steps = [], []
        start = n_features
        for known, block_weight in zip(self.known, self.hyper.ngram_weights, strict=True):
            keys = np.flatnonzero(known)
            exact = coef[:, start : start + len(keys)].T * block_weight
            start += len(keys)
            step = np.maximum(np.abs(exact).max(axis=0, initial=0.0), 1e-12) / 127.0
            block = np.zeros((N_BUCKETS, coef.shape[0]), dtype=np.int8)
            block[keys] = np.rint(exact / step).astype(np.int8)
            weights.append(block)
            steps.append(step)
        return heads, NgramTable(tuple(weights), tuple(steps), self.known, self.hyper.normalise_all)


def build_design(
    features: FloatArray | Float64Array,
    buckets: RowBuckets | None,
    helpers: Float64Array,
    *,
    n_embedding: int,
    hyper: HeadHyper,
) -> Design:
    """The design of some rows; arguments as in Design.

    n_embedding: how many of the features, from the first on, are embeddings.
    """
    factor = np.full(features.shape[1], hyper.embedding_weight)
    n_signals = features.shape[1] - n_embedding
    factor[n_embedding:] = hyper.signal_weight / np.sqrt(max(1, n_signals))
    known = () if buckets is None else tuple(_known(column, hyper.min_rows) for column in buckets.blocks)
    return Design(features, helpers, buckets, factor, known, hyper)


def _known(column: Ragged, min_rows: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.bincount(column.values, minlength=N_BUCKETS) >= min_rows)


def _block(column: Ragged, known: npt.NDArray[np.bool_], *, weight: float, hyper: HeadHyper) -> sparse.csr_matrix:
    """(n, n_known) matrix whose rows have length `weight`."""
    kept = known[column.values]
    starts = np.concatenate([[0], np.cumsum(kept)])[column.starts]
    sizes = np.diff(starts)
    counting = column.sizes if hyper.normalise_all else sizes
    values = np.repeat(weight / np.sqrt(np.maximum(counting, 1)), sizes)
    indices = (np.cumsum(known) - 1)[column.values[kept]]
    return sparse.csr_matrix((values, indices, starts), shape=(len(column), int(known.sum())))


def _append(
    parts: Sequence[sparse.csr_matrix],
    values: Float64Array,
    columns: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
) -> None:
    """Write matrices side by side as rows behind those that are written; starts[0]: where the first one begins."""
    sizes = [np.diff(part.indptr) for part in parts]
    starts[1:] = starts[0] + np.cumsum(np.sum(sizes, axis=0))
    free, first_column = starts[:-1].copy(), 0
    for part, size in zip(parts, sizes, strict=True):
        to = np.repeat(free - part.indptr[:-1], size) + np.arange(part.nnz)
        values[to], columns[to] = part.data, part.indices + first_column
        free += size
        first_column += part.shape[1]
