"""Fit the logistic heads: for each tier but the strongest "not adequate though a stronger one is", then "unsolved".

Helpers that fold away afterwards: block weights (fitting.design), an offset for each auxiliary source, so that a
source with another base rate does not bend the words, and thinned copies of rows, so that no single word may decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.brain import LinearHeads
from router.brain.calibration import Float64Array, sigmoid
from router.brain.ngrams import NgramTable
from router.types import FloatArray
from training.config import FitConfig, HeadHyper
from training.fitting.design import Design, RowBuckets, build_design
from training.labels.labels import UNKNOWN, Labels, Ternary
from training.rows.splits import RowIndex, group_folds
from training.rows.table import Table

MIN_OF_A_CLASS = 5
"""With fewer rows of one kind, a head is a constant: words cannot be learned from a handful of rows."""

MAX_ROWS_FOR_COPIES = 10_000
"""With more rows no thinned copies are made: they cost time and memory, and many rows vary enough by themselves."""

MAX_ROWS_FOR_CV = 6_000
"""C is chosen on at most this many rows (a seeded choice of groups): the optimum is flat, and fits are what costs."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadData(Table):
    """What heads are fitted on.

    features: (n, n_features) float32 or float64, the service's own.  buckets: n-grams; None for none.
    targets: (n, n_heads) ternary.  reversed: (n, n_heads) bool, see HeadHyper.reversal_weight.
    weights: (n,) float64 above 0.  groups: (n,) names.
    auxiliary: (n,) the source's name for rows of auxiliary sources, "" for target rows.
    """

    features: FloatArray | Float64Array
    buckets: RowBuckets | None
    targets: Ternary
    reversed: npt.NDArray[np.bool_]
    weights: Float64Array
    groups: npt.NDArray[np.str_]
    auxiliary: npt.NDArray[np.str_]

    def with_rows(self, others: Sequence[HeadData]) -> HeadData:
        """These rows, then those of each other; all of them with n-grams, or none."""
        if not others:
            return self
        columns = {
            name: np.concatenate([getattr(part, name) for part in (self, *others)])
            for name in ("features", "targets", "reversed", "weights", "groups", "auxiliary")
        }
        more = [other.buckets for other in others if other.buckets is not None]
        return HeadData(buckets=None if self.buckets is None else self.buckets.with_copies(more), **columns)


@dataclass(frozen=True, slots=True, eq=False)
class FittedHeads:
    """Fitted heads, and how their regularisation was chosen.

    ngrams: the n-gram table; None for heads without n-grams.  c: (n_heads) chosen inverse strengths.
    cv_log_loss: for each head the mean log-loss on held-out target rows by C, in c_grid order, nan where no fold has
        anything to say; () for a grid of one.
    """

    heads: LinearHeads
    ngrams: NgramTable | None
    c: tuple[float, ...]
    cv_log_loss: tuple[tuple[float, ...], ...]

    def logits(self, features: FloatArray | Float64Array, buckets: RowBuckets | None) -> Float64Array:
        """The heads' logits as the service computes them: (n, n_heads)."""
        return linear_logits(self.heads, self.ngrams, features, buckets)


def linear_logits(
    heads: LinearHeads, ngrams: NgramTable | None, features: FloatArray | Float64Array, buckets: RowBuckets | None
) -> Float64Array:
    """The logits of many rows, the same numbers as the service's for each: (n, n_heads).

    buckets: needed where there are n-grams.
    """
    logits = heads.logits(features.astype(np.float64, copy=False))
    if ngrams is not None:
        if buckets is None:
            raise ValueError("these heads weigh n-grams, but the rows were prepared without")
        logits += buckets.logits(ngrams)
    return logits


def head_targets(labels: Labels, *, unsolved: str) -> Ternary:
    """(n, n_heads) ternary targets: the losses, then unsolved. `unsolved` as in FitConfig."""
    targets = np.concatenate([labels.loss, labels.unsolved[:, None]], axis=1)
    is_unsolved = labels.unsolved == 1
    if unsolved == "drop":
        targets[is_unsolved, :-1] = UNKNOWN
    elif unsolved == "strong":
        targets[is_unsolved, :-1] = 1
    return targets


def row_weights(sources: npt.NDArray[np.str_], config: FitConfig) -> Float64Array:
    """The weight of each row: 1 for target rows, auxiliary_weight for others, less where a source is above its cap."""
    weights = np.ones(len(sources))
    for source in np.unique(sources):
        of_source = sources == source
        base = 1.0 if is_target(str(source), config) else config.auxiliary_weight
        weights[of_source] = base * min(1.0, config.source_cap / int(of_source.sum()))
    return weights


def is_target(source: str, config: FitConfig) -> bool:
    """Whether a source represents the traffic that will be served."""
    return config.target_sources is None or source in config.target_sources


def reversals(labels: Labels) -> npt.NDArray[np.bool_]:
    """(n, n_heads) where the tier sufficed and some stronger one is known not to; never for the last head."""
    adequate = labels.adequate
    n_rows, n_tiers = adequate.shape
    out = np.zeros((n_rows, n_tiers), dtype=np.bool_)
    for tier in range(n_tiers - 1):
        out[:, tier] = (adequate[:, tier] == 1) & (adequate[:, tier + 1 :] == 0).any(axis=1)
    return out


def fit_heads(data: HeadData, *, n_embedding: int, config: FitConfig, hyper: HeadHyper) -> FittedHeads:
    """Choose C for each head by grouped cross-validation, then fit on all rows.

    n_embedding: how many of the features, from the first on, are embeddings; the rest are signals.
    """
    grid, c, cv_log_loss = hyper.c_grid, (hyper.c_grid[0],) * data.targets.shape[1], np.zeros((0, 0))
    if len(grid) > 1:
        sample = data.take(_cv_rows(data, config))
        folds = group_folds(sample.groups, n_folds=config.n_folds, seed=config.seed)
        cv_log_loss = _cross_validated(_Problem.of(sample, n_embedding, config, hyper), folds, grid)
        # nan is above every number; a head of which no fold says anything has the first C
        c = tuple(grid[int(np.where(np.isnan(losses), np.inf, losses).argmin())] for losses in cv_log_loss)
    problem = _Problem.of(data, n_embedding, config, hyper)
    fitted = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_fit_head)(problem, np.arange(len(data)), head=head, c=c[head]) for head in range(len(c))
    )
    heads, ngrams = problem.design.fold(np.stack([coef for coef, _ in fitted]), np.array([b for _, b in fitted]))
    return FittedHeads(heads, ngrams, c, tuple(tuple(row) for row in cv_log_loss.tolist()))


def _cross_validated(problem: _Problem, folds: npt.NDArray[np.int64], grid: Sequence[float]) -> Float64Array:
    """(n_heads, n_grid) the mean over folds of the log-loss on held-out target rows; nan where no fold has one."""
    n_heads, n_folds = problem.targets.shape[1], int(folds.max()) + 1
    losses = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_held_out_losses)(problem, folds, grid, head=head, fold=fold)
        for head in range(n_heads)
        for fold in range(n_folds)
    )
    table = np.array(losses).reshape(n_heads, n_folds, len(grid))
    n_known = np.isfinite(table).sum(axis=1)
    return np.where(n_known > 0, np.nansum(table, axis=1) / np.maximum(1, n_known), np.nan)


def _cv_rows(data: HeadData, config: FitConfig) -> RowIndex:
    """All rows, or a seeded choice of whole groups that holds about MAX_ROWS_FOR_CV of them."""
    if len(data) <= MAX_ROWS_FOR_CV:
        return np.arange(len(data))
    n_parts = -(-len(data) // MAX_ROWS_FOR_CV)
    return np.flatnonzero(group_folds(data.groups, n_folds=n_parts, seed=config.seed + 1) == 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Rows and, behind them, their thinned copies: row i's copies are rows i + n_rows, i + 2 * n_rows, ..."""

    design: Design
    targets: Ternary
    weights: Float64Array
    is_target: npt.NDArray[np.bool_]
    n_rows: int
    n_copies: int

    @classmethod
    def of(cls, data: HeadData, n_embedding: int, config: FitConfig, hyper: HeadHyper) -> _Problem:
        """The problem of some rows; copies are drawn from the seed."""
        n_rows, n_copies, buckets = len(data), 0, data.buckets
        if buckets is not None and n_rows <= MAX_ROWS_FOR_COPIES:
            n_copies, rng = hyper.copies, np.random.default_rng(config.seed)
            buckets = buckets.with_copies([buckets.thinned(drop=hyper.drop, rng=rng) for _ in range(n_copies)])
        is_target = data.auxiliary == ""
        names = [name for name in np.unique(data.auxiliary) if name] if is_target.any() else []
        offsets = np.array([data.auxiliary == name for name in names], dtype=np.float64).reshape(len(names), n_rows).T
        return cls(
            design=build_design(data.features, buckets, offsets, n_embedding=n_embedding, hyper=hyper),
            targets=data.targets,
            weights=data.weights[:, None] * np.where(data.reversed, hyper.reversal_weight, 1.0),
            is_target=is_target,
            n_rows=n_rows,
            n_copies=n_copies,
        )

    def with_copies(self, rows: RowIndex) -> RowIndex:
        """The rows and their copies."""
        return np.concatenate([rows + copy * self.n_rows for copy in range(self.n_copies + 1)])


def _fit_head(problem: _Problem, rows: RowIndex, *, head: int, c: float) -> tuple[Float64Array, float]:
    """Coefficients and intercept of one head on some rows; a constant where the target hardly varies."""
    return _fit_c(problem, rows, head=head, grid=(c,))[0]


def _fit_c(problem: _Problem, rows: RowIndex, *, head: int, grid: Sequence[float]) -> list[tuple[Float64Array, float]]:
    """The same for each C, on one matrix."""
    y = problem.targets[rows, head]
    rows, y = rows[y != UNKNOWN], y[y != UNKNOWN]
    n_ones = int((y == 1).sum())
    if min(n_ones, len(y) - n_ones) < MIN_OF_A_CLASS:
        rate = (n_ones + 0.5) / (len(y) + 1.0)
        return [(np.zeros(problem.design.n_columns), float(np.log(rate / (1.0 - rate))))] * len(grid)
    repeats = problem.n_copies + 1
    matrix = problem.design.matrix(problem.with_copies(rows))
    target, weights = np.tile(y, repeats), np.tile(problem.weights[rows, head], repeats)
    fitted = []
    # One thread: the sums, and with them the bundle's bytes, then do not depend on how many cores are free.
    with threadpool_limits(limits=1):
        for c in grid:
            model = LogisticRegression(C=c, solver="lbfgs", max_iter=2_000, tol=1e-4)
            model.fit(matrix, target, sample_weight=weights)
            fitted.append((model.coef_[0], float(model.intercept_[0])))
    return fitted


def _held_out_losses(
    problem: _Problem, folds: npt.NDArray[np.int64], grid: Sequence[float], *, head: int, fold: int
) -> list[float]:
    """For each C the mean log-loss on the fold's target rows; nan where the fold cannot say."""
    known = problem.targets[:, head] != UNKNOWN
    held_out = np.flatnonzero((folds == fold) & known & (problem.is_target | ~problem.is_target.any()))
    train = np.flatnonzero((folds != fold) & known)
    y = problem.targets[train, head]
    if held_out.size == 0 or y.min(initial=1) == y.max(initial=0):
        return [float("nan")] * len(grid)
    target, weights = problem.targets[held_out, head], problem.weights[held_out, head]
    asked = problem.design.matrix(held_out)
    losses = []
    for coef, intercept in _fit_c(problem, train, head=head, grid=grid):
        p = np.clip(sigmoid(asked @ coef + intercept), 1e-12, 1 - 1e-12)
        losses.append(float(np.average(-np.log(np.where(target == 1, p, 1 - p)), weights=weights)))
    return losses
