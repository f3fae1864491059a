"""Fit the logistic heads: one a tier but the strongest for "not adequate though a stronger one is", one for "unsolved".

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
from training.config import FitConfig
from training.fitting.design import Design, RowBuckets, build_design, thinned
from training.fitting.hyper import HeadHyper
from training.rows.labels import UNKNOWN, Labels, Ternary
from training.rows.splits import group_folds

MIN_OF_A_CLASS = 5
"""With fewer rows of one kind a head is a constant: words cannot be learned from a handful of rows."""

MAX_ROWS_FOR_COPIES = 10_000
"""With more rows no thinned copies are made: they cost time and memory, and many rows vary enough by themselves."""

MAX_ROWS_FOR_CV = 6_000
"""C is chosen on at most this many rows (a seeded choice of groups): the optimum is flat, and fits are what costs."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadData:
    """What heads are fitted on.

    features: (n, n_features) float64, the service's own.  buckets: n-gram buckets of each row; None for no n-grams.
    targets: (n, n_heads) ternary.  reversed: (n, n_heads) bool, see HeadHyper.reversal_weight.
    weights: (n,) float64 above 0.  groups: one a row.
    auxiliary: (n,) the source's name for rows of auxiliary sources, "" for target rows.
    """

    features: Float64Array
    buckets: RowBuckets | None
    targets: Ternary
    reversed: npt.NDArray[np.bool_]
    weights: Float64Array
    groups: Sequence[str]
    auxiliary: npt.NDArray[np.str_]

    def take(self, rows: npt.NDArray[np.intp]) -> HeadData:
        """The data of some rows, in their order."""
        picked = rows.tolist()
        return HeadData(
            features=self.features[rows],
            buckets=None if self.buckets is None else [self.buckets[i] for i in picked],
            targets=self.targets[rows],
            reversed=self.reversed[rows],
            weights=self.weights[rows],
            groups=[self.groups[i] for i in picked],
            auxiliary=self.auxiliary[rows],
        )


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

    def logits(self, features: Float64Array, buckets: RowBuckets | None) -> Float64Array:
        """The heads' logits as the service computes them: (n, n_heads)."""
        logits = self.heads.logits(features)
        if self.ngrams is not None and buckets is not None:
            logits += np.array([self.ngrams.logits(row) for row in buckets]).reshape(logits.shape)
        return logits


def head_targets(labels: Labels, *, unsolved: str) -> Ternary:
    """(n, n_heads) ternary targets: the losses, then unsolved. `unsolved` as in FitConfig."""
    targets = np.concatenate([labels.loss, labels.unsolved[:, None]], axis=1)
    nobody = labels.unsolved == 1
    if unsolved == "drop":
        targets[nobody, :-1] = UNKNOWN
    elif unsolved == "strong":
        targets[nobody, :-1] = 1
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
    """Whether a source stands for the traffic that will be served."""
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
    n_heads = data.targets.shape[1]
    if len(hyper.c_grid) == 1:
        return _fit_all(data, [hyper.c_grid[0]] * n_heads, (), n_embedding=n_embedding, config=config, hyper=hyper)
    sample = data.take(_cv_rows(data, config))
    problem = _Problem.of(sample, n_embedding=n_embedding, config=config, hyper=hyper)
    folds = group_folds(sample.groups, n_folds=config.n_folds, seed=config.seed)
    grid = [(head, c, fold) for head in range(n_heads) for c in hyper.c_grid for fold in range(config.n_folds)]
    losses = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_held_out_loss)(problem, folds, head=head, c=c, fold=fold) for head, c, fold in grid
    )
    table = np.array(losses).reshape(n_heads, len(hyper.c_grid), config.n_folds)
    n_folds = np.isfinite(table).sum(axis=2)
    cv_log_loss = np.where(n_folds > 0, np.nansum(table, axis=2) / np.maximum(1, n_folds), np.nan)
    chosen = [
        hyper.c_grid[int(cv_log_loss[head].argmin())] if np.isfinite(table[head]).any() else hyper.c_grid[0]
        for head in range(n_heads)
    ]
    kept = tuple(tuple(row) for row in cv_log_loss.tolist())
    return _fit_all(data, chosen, kept, n_embedding=n_embedding, config=config, hyper=hyper)


def _cv_rows(data: HeadData, config: FitConfig) -> npt.NDArray[np.intp]:
    """All rows, or a seeded choice of whole groups that holds about MAX_ROWS_FOR_CV of them."""
    n_rows = len(data.weights)
    if n_rows <= MAX_ROWS_FOR_CV:
        return np.arange(n_rows)
    n_parts = -(-n_rows // MAX_ROWS_FOR_CV)
    return np.flatnonzero(group_folds(data.groups, n_folds=n_parts, seed=config.seed + 1) == 0)


def _fit_all(
    data: HeadData,
    c: Sequence[float],
    cv_log_loss: tuple[tuple[float, ...], ...],
    *,
    n_embedding: int,
    config: FitConfig,
    hyper: HeadHyper,
) -> FittedHeads:
    problem = _Problem.of(data, n_embedding=n_embedding, config=config, hyper=hyper)
    rows = np.arange(problem.n_rows)
    fitted = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_fit_head)(problem, rows, head=head, c=c[head]) for head in range(data.targets.shape[1])
    )
    heads, ngrams = problem.design.fold(np.stack([coef for coef, _ in fitted]), np.array([b for _, b in fitted]))
    return FittedHeads(heads=heads, ngrams=ngrams, c=tuple(c), cv_log_loss=cv_log_loss)


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
    def of(cls, data: HeadData, *, n_embedding: int, config: FitConfig, hyper: HeadHyper) -> _Problem:
        """The problem of some rows; copies are drawn from the seed."""
        n_rows = len(data.weights)
        n_copies = hyper.copies if data.buckets is not None and n_rows <= MAX_ROWS_FOR_COPIES else 0
        rng = np.random.default_rng(config.seed)
        buckets = data.buckets
        if buckets is not None:
            copies = [thinned(buckets, drop=hyper.drop, rng=rng) for _ in range(n_copies)]
            buckets = [row for part in (buckets, *copies) for row in part]
        is_target = data.auxiliary == ""
        names = [name for name in np.unique(data.auxiliary) if name] if is_target.any() else []
        offsets = np.array([data.auxiliary == name for name in names], dtype=np.float64).reshape(len(names), n_rows).T
        return cls(
            design=build_design(
                np.tile(data.features, (n_copies + 1, 1)),
                buckets,
                np.tile(offsets, (n_copies + 1, 1)),
                n_embedding=n_embedding,
                hyper=hyper,
            ),
            targets=data.targets,
            weights=data.weights[:, None] * np.where(data.reversed, hyper.reversal_weight, 1.0),
            is_target=is_target,
            n_rows=n_rows,
            n_copies=n_copies,
        )

    def with_copies(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The rows and their copies."""
        return np.concatenate([rows + copy * self.n_rows for copy in range(self.n_copies + 1)])


def _fit_head(problem: _Problem, rows: npt.NDArray[np.intp], *, head: int, c: float) -> tuple[Float64Array, float]:
    """Coefficients and intercept of one head on some rows; a constant where the target hardly varies."""
    y = problem.targets[rows, head]
    rows, y = rows[y != UNKNOWN], y[y != UNKNOWN]
    n_ones = int((y == 1).sum())
    if min(n_ones, len(y) - n_ones) < MIN_OF_A_CLASS:
        rate = (n_ones + 0.5) / (len(y) + 1.0)
        return np.zeros(problem.design.matrix.shape[1]), float(np.log(rate / (1.0 - rate)))
    repeats = problem.n_copies + 1
    # One thread: the sums, and with them the bundle's bytes, then do not depend on how many cores are free.
    with threadpool_limits(limits=1):
        model = LogisticRegression(C=c, solver="lbfgs", max_iter=2_000, tol=1e-4)
        model.fit(
            problem.design.matrix[problem.with_copies(rows)],
            np.tile(y, repeats),
            sample_weight=np.tile(problem.weights[rows, head], repeats),
        )
    return model.coef_[0], float(model.intercept_[0])


def _held_out_loss(problem: _Problem, folds: npt.NDArray[np.int64], *, head: int, c: float, fold: int) -> float:
    """Mean log-loss on the fold's target rows; nan where the fold has nothing to say."""
    known = problem.targets[:, head] != UNKNOWN
    held_out = np.flatnonzero((folds == fold) & known & (problem.is_target | ~problem.is_target.any()))
    train = np.flatnonzero((folds != fold) & known)
    y = problem.targets[train, head]
    if held_out.size == 0 or y.min(initial=1) == y.max(initial=0):
        return float("nan")
    coef, intercept = _fit_head(problem, train, head=head, c=c)
    p = np.clip(sigmoid(problem.design.matrix[held_out] @ coef + intercept), 1e-12, 1 - 1e-12)
    target = problem.targets[held_out, head]
    return float(np.average(-np.log(np.where(target == 1, p, 1 - p)), weights=problem.weights[held_out, head]))
