"""Pack a table of vectors by product quantisation: 256 typical values for each few numbers, and a code for each row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin
from threadpoolctl import threadpool_limits

from router.brain.encoders.packed import MOST_CODES, PackedTable
from router.types import FloatArray

_SAMPLE_ROWS = 20_000
"""Typical values are learned from at most so many rows: 64 parts take 15 s then, and more rows change nothing."""

_ROUNDS = 12


def pack(vectors: FloatArray, *, width: int, seed: int = 0) -> tuple[PackedTable, FloatArray]:
    """A packed table of the rows' directions, and the weight that brings each row to its length: (n,) float32.

    vectors: (n, dim) float32, columns by falling variance, as PCA gives them; their order in the table is another, so
        that all parts have about the same variance.  width: numbers a part, a divisor of dim; dim / width bytes a row.
    Raises ValueError where width does not divide dim.
    """
    n_rows, dim = vectors.shape
    if dim % width:
        raise ValueError(f"expected a width that divides {dim}, found {width}")
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    units = np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
    directions = units[:, dealt(dim, width)].reshape(n_rows, -1, width)
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(n_rows, size=min(n_rows, _SAMPLE_ROWS), replace=False))
    # One thread: the sums, and with them the table's bytes, then do not depend on how many cores are free.
    with threadpool_limits(limits=1):
        parts = [_typical(directions[:, part], sample, seed=seed) for part in range(directions.shape[1])]
    codes = np.stack([found for found, _ in parts], axis=1)
    centres = np.stack([centre for _, centre in parts])
    step = max(float(np.abs(centres).max()), 1e-12) / 127
    packed = PackedTable(codes, np.rint(centres / step).astype(np.int8))
    table = packed.unpacked().reshape(n_rows, -1).astype(np.float32)
    shares = (table * directions.reshape(n_rows, -1)).sum(axis=1) / np.maximum((table * table).sum(axis=1), 1e-12)
    return packed, np.asarray(shares * lengths[:, 0], dtype=np.float32)


def dealt(dim: int, width: int) -> npt.NDArray[np.intp]:
    """Columns in the order of their parts: dealt out to and fro, so that each part has strong and weak ones.

    >>> dealt(8, 2).tolist()
    [0, 7, 1, 6, 2, 5, 3, 4]
    """
    rounds = np.arange(dim).reshape(width, dim // width)
    rounds[1::2] = rounds[1::2, ::-1]
    return rounds.T.reshape(-1)


def _typical(
    values: FloatArray, sample: npt.NDArray[np.intp], *, seed: int
) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """The code of each row, (n,), and what each code means, (n_codes, width): k-means on the sample's rows."""
    known = values[sample]
    different = np.unique(known, axis=0)
    if len(different) > MOST_CODES:
        means = KMeans(MOST_CODES, init="random", n_init=1, max_iter=_ROUNDS, tol=0.0, random_state=seed).fit(known)
        different = means.cluster_centers_
    centres = np.zeros((min(MOST_CODES, len(values)), values.shape[1]), dtype=np.float32)
    centres[: len(different)] = different
    return pairwise_distances_argmin(values, different).astype(np.uint8), centres
