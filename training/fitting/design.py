"""The design matrix of the heads: dense features and hashed n-grams, each block brought to its weight.

What the weights did to the features is undone on the fitted coefficients (`fold`), so the service knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from router.brain.brain import LinearHeads
from router.brain.calibration import Float64Array
from router.brain.ngrams import BLOCKS, N_BUCKETS, Buckets, NgramTable
from training.fitting.hyper import HeadHyper

RowBuckets = Sequence[tuple[Buckets, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A matrix with what is needed to fold coefficients back.

    matrix: (n, n_columns) CSR float64: dense features, then known n-gram buckets block by block, then one column a
        helper (offsets of auxiliary sources), which falls away in `fold`.
    factor: (n_features,) what each dense feature was multiplied by.
    keys: for each block the known buckets, ascending; empty for a design without n-grams.
    """

    matrix: sparse.csr_matrix
    factor: Float64Array
    keys: tuple[Buckets, ...]
    hyper: HeadHyper

    def fold(self, coef: Float64Array, intercept: Float64Array) -> tuple[LinearHeads, NgramTable | None]:
        """The service's heads and n-gram table from fitted coefficients: (n_heads, n_columns) and (n_heads,)."""
        n_features = len(self.factor)
        heads = LinearHeads(coef=np.ascontiguousarray(coef[:, :n_features] * self.factor), intercept=intercept)
        if not self.keys:
            return heads, None
        weights, steps, known = [], [], []
        start = n_features
        for keys, block_weight in zip(self.keys, self.hyper.ngram_weights, strict=True):
            exact = coef[:, start : start + len(keys)].T * block_weight
            start += len(keys)
            step = np.maximum(np.abs(exact).max(axis=0, initial=0.0), 1e-12) / 127.0
            block = np.zeros((N_BUCKETS, coef.shape[0]), dtype=np.int8)
            block[keys] = np.rint(exact / step).astype(np.int8)
            seen = np.zeros(N_BUCKETS, dtype=np.bool_)
            seen[keys] = True
            weights.append(block)
            steps.append(step)
            known.append(seen)
        return heads, NgramTable(tuple(weights), tuple(steps), tuple(known), self.hyper.normalise_all)


def build_design(
    features: Float64Array,
    buckets: RowBuckets | None,
    helpers: Float64Array,
    *,
    n_embedding: int,
    hyper: HeadHyper,
) -> Design:
    """The design of some rows.

    features: (n, n_features) the service's own.  n_embedding: how many of them, from the first on, are embeddings.
    buckets: distinct n-gram buckets of each row, block by block; None for a design without n-grams.
    helpers: (n, n_helpers) columns that only help to fit.
    """
    factor = np.full(features.shape[1], hyper.embedding_weight)
    n_signals = features.shape[1] - n_embedding
    factor[n_embedding:] = hyper.signal_weight / np.sqrt(max(1, n_signals))
    parts = [sparse.csr_matrix(features * factor)]
    keys: tuple[Buckets, ...] = ()
    if buckets is not None:
        blocks = [
            _block([row[k] for row in buckets], weight=weight, hyper=hyper)
            for k, weight in zip(range(len(BLOCKS)), hyper.ngram_weights, strict=True)
        ]
        keys = tuple(found for found, _ in blocks)
        parts += [matrix for _, matrix in blocks]
    parts.append(sparse.csr_matrix(helpers))
    return Design(matrix=sparse.hstack(parts, format="csr"), factor=factor, keys=keys, hyper=hyper)


def thinned(buckets: RowBuckets, *, drop: float, rng: np.random.Generator) -> list[tuple[Buckets, ...]]:
    """The buckets of each row with a random share left out."""
    return [tuple(block[rng.random(len(block)) >= drop] for block in row) for row in buckets]


def _block(rows: Sequence[Buckets], *, weight: float, hyper: HeadHyper) -> tuple[Buckets, sparse.csr_matrix]:
    """(known buckets ascending, (n, n_known) matrix whose rows have length `weight`)."""
    counts = np.bincount(np.concatenate([*rows, np.zeros(0, dtype=np.int64)]), minlength=N_BUCKETS)
    known: npt.NDArray[np.bool_] = counts >= hyper.min_rows
    column = np.cumsum(known) - 1
    kept = [row[known[row]] for row in rows]
    sizes = np.array([len(row) for row in kept])
    counting = np.array([len(row) for row in rows]) if hyper.normalise_all else sizes
    values = np.repeat(weight / np.sqrt(np.maximum(counting, 1)), sizes)
    indices = column[np.concatenate([*kept, np.zeros(0, dtype=np.int64)])]
    matrix = sparse.csr_matrix(
        (values, indices, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(rows), int(known.sum()))
    )
    return np.flatnonzero(known), matrix
