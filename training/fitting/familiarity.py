"""Fit the domain: which tokens point to a request like the training rows', and which to a foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.calibration import Float64Array
from router.brain.domain import MEASURES, PRIOR_TOKENS, Domain
from router.reading.progress import Progress
from training.fitting.pieces import piece_kinds

TokenIds = Sequence[Sequence[int]]

MIN_ASKS = 2
"""A token has a weight of its own where so many asks hold it. Any other weighs what its kind does: the rarer tokens of
the fitted rows represent the unknown ones of new rows (Good 1953), so that this weight is learned and not set."""

INVERSE_REGULARISATION = 10.0
_KIND_SCALE = 3.0

LOOP_SHARE = 0.25
"""Of the rows that the quantile leaves out of the domain, those that are left out for the length of their tool loop."""

COURTESY_WEIGHT = 10.0
"""Rows that a courtesy counts for: rows hold few of them, and exams begin like them ("What is the ...")."""


def fit_domain(
    fitted: TokenIds,
    held_out: TokenIds,
    *,
    n_tokens: int,
    quantile: float,
    fitted_progress: Sequence[Progress] = (),
    held_out_progress: Sequence[Progress] | None = None,
    foreign: TokenIds = (),
    foreign_kinds: Sequence[str] = (),
    courtesies: TokenIds = (),
    pieces: Sequence[str] = (),
) -> Domain:
    """The domain of the asks fitted on, reaching as far as a share `quantile` of held-out asks.

    fitted_progress, held_out_progress: how far agents have come in the rows; without them none has begun. A share
    LOOP_SHARE of the rows that the quantile leaves out is left out for their loops, the rest for their words.
    fitted, held_out, foreign: token ids of each ask, below n_tokens, without the unknown mark.
    foreign: asks of other kinds, each kind named in foreign_kinds and of equal weight. Without them only being unknown
    counts: the distance then grows with the share of unknown tokens.
    courtesies: token ids of asks that are in domain whatever the rows are, each of COURTESY_WEIGHT.
    pieces: the text of each token. Those that differ in case alone share what they learn: exams are typed with care,
    and "What" would mean an exam where "what" does not. Without them each token is its own, and all are of one kind.
    """
    own = [*fitted, *courtesies]
    if len(foreign):
        row_weights = np.repeat([1.0, COURTESY_WEIGHT], [len(fitted), len(courtesies)])
        weights, intercept = _learned(own, row_weights, foreign, foreign_kinds, _Vocabulary.of(own, n_tokens, pieces))
        power = 0.5
    else:
        n_asks = np.bincount(_all_ids(own), minlength=n_tokens)
        weights, intercept, power = np.where(n_asks > 0, 0.0, 4.0), -2.0, 1.0
    step = float(np.abs(weights).max(initial=0.0)) / 127 or 1.0
    most = _most([*fitted_progress, *(held_out_progress or ())], quantile)
    domain = Domain(np.rint(weights / step).astype(np.int8), step, intercept, power, max_distance=1.0, most=most)
    distances = domain.distances(held_out)
    if held_out_progress is not None:
        distances[[any(_is_beyond(loop, most)) for loop in held_out_progress]] = 1.0
    return replace(domain, max_distance=round(float(np.quantile(distances, quantile)), 6))


def _most(progress: Sequence[Progress], quantile: float) -> Progress:
    """For each measure the value that all rows but a share of them keep to, a value of a row."""
    share = (1.0 - quantile) * LOOP_SHARE / len(MEASURES)
    values = {name: [getattr(loop, name) for loop in progress] or [0] for name, _ in MEASURES}
    return Progress(**{name: int(np.quantile(column, 1.0 - share, method="higher")) for name, column in values.items()})


def _is_beyond(loop: Progress, most: Progress) -> list[bool]:
    return [getattr(loop, name) > getattr(most, name) for name, _ in MEASURES]


@dataclass(frozen=True, slots=True, eq=False)
class _Vocabulary:
    """The column of each token, n_columns where it has none of its own; and its kind, counted from 0."""

    columns: npt.NDArray[np.int64]
    n_columns: int
    kinds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, asks: TokenIds, n_tokens: int, pieces: Sequence[str]) -> _Vocabulary:
        kinds = piece_kinds(pieces) if pieces else np.zeros(n_tokens, dtype=np.int64)
        spellings = np.arange(n_tokens)
        if pieces:
            _, spellings = np.unique([piece.lower() for piece in pieces], return_inverse=True)
        n_asks = np.bincount(_all_ids([spellings[list(ids)].tolist() for ids in asks]), minlength=n_tokens)
        is_known = n_asks >= MIN_ASKS
        n_columns = int(is_known.sum())
        return cls(np.where(is_known, np.cumsum(is_known) - 1, n_columns)[spellings], n_columns, kinds)

    def design(self, asks: TokenIds) -> sparse.csr_matrix:
        """A column for each known spelling, then one for each kind; values over sqrt(distinct tokens + PRIOR_TOKENS).

        A token counts in its own column and in its kind's, so that one that few asks hold weighs about what others of
        its kind do.
        """
        sizes = np.array([len(set(ids)) for ids in asks])
        ids, rows = _all_ids(asks), np.repeat(np.arange(len(asks)), sizes)
        shares = 1.0 / np.repeat(np.sqrt(sizes + PRIOR_TOKENS), sizes)
        known = self.columns[ids] < self.n_columns
        values = np.concatenate([shares[known], shares * _KIND_SCALE])
        columns = np.concatenate([self.columns[ids[known]], self.n_columns + self.kinds[ids]])
        shape = (len(asks), self.n_columns + int(self.kinds.max(initial=0)) + 1)
        return sparse.csr_matrix((values, (np.concatenate([rows[known], rows]), columns)), shape=shape)

    def token_weights(self, coefficients: Float64Array) -> Float64Array:
        """The weight of each token from those of the columns: (n_tokens,)."""
        own = np.append(coefficients[: self.n_columns], 0.0)
        return own[self.columns] + coefficients[self.n_columns :][self.kinds] * _KIND_SCALE


def _all_ids(asks: TokenIds) -> npt.NDArray[np.int64]:
    """The distinct tokens of each ask, one ask after the other."""
    return np.array([one for ids in asks for one in sorted(set(ids))], dtype=np.int64)


def _learned(
    own: TokenIds,
    own_weights: Float64Array,
    foreign: TokenIds,
    foreign_kinds: Sequence[str],
    vocabulary: _Vocabulary,
) -> tuple[Float64Array, float]:
    """A logistic regression of foreign against own asks: the weight of each token, and the intercept."""
    is_foreign = np.arange(len(own) + len(foreign)) >= len(own)
    names, of, counts = np.unique(np.asarray(foreign_kinds), return_inverse=True, return_counts=True)
    row_weights = np.concatenate([own_weights, (len(own) / len(names) / counts)[of]])
    with threadpool_limits(limits=1):
        model = LogisticRegression(C=INVERSE_REGULARISATION, solver="lbfgs", max_iter=2_000, tol=1e-4)
        model.fit(vocabulary.design([*own, *foreign]), is_foreign, sample_weight=row_weights)
    return vocabulary.token_weights(model.coef_[0]), float(model.intercept_[0])
