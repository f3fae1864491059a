"""Fit the domain: which tokens point to a request like the training rows', and which to a foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.calibration import Float64Array
from router.brain.domain import PRIOR_TOKENS, Domain

TokenIds = Sequence[Sequence[int]]

MIN_ASKS = 2
"""A token is known where so many asks hold it. The rarer tokens of the fitted rows represent the unknown ones of new
rows (Good 1953), so that being unknown gets a weight that is learned and not set."""

INVERSE_REGULARISATION = 10.0
_UNKNOWN_SCALE = 3.0

COURTESIES: tuple[str, ...] = (
    *("hi!", "hey", "hello", "hello there", "good morning", "good evening", "thanks", "thank you", "thanks a lot"),
    *("ok thanks", "yes", "no", "yep", "go on", "go ahead", "proceed", "do it", "keep going", "try again", "cancel"),
    *("help", "status", "status?", "ping", "health check", "heartbeat ok", "are you there?", "are you online?"),
    *("is this working?", "who are you?", "what can you do?", "can you hear me?", "what's up", "how are you?", "bye"),
    *("cool", "great", "sounds good", "hallo", "salut", "bonjour", "gracias", "hola", "merci", "danke", "ciao", "test"),
    *("What is the capital of Spain?", "What is the capital city of Japan?", "What is the population of Brazil?"),
    *("How many days are in a leap year?", "Who wrote Romeo and Juliet?", "When did the Berlin wall fall?"),
    *("What does HTTP 404 mean?", "How tall is Mount Everest?", "What is the currency of Switzerland?"),
    *("What is the largest planet?", "How many ounces are in a pound?", "Which country is Lisbon in?"),
)
"""Courtesies, checks and everyday questions that belong everywhere, written for this: rows may hold none of them."""


def fit_domain(
    fitted: TokenIds,
    held_out: TokenIds,
    *,
    n_tokens: int,
    quantile: float,
    foreign: TokenIds = (),
    foreign_kinds: Sequence[str] = (),
) -> Domain:
    """The domain of the asks fitted on, reaching as far as a share `quantile` of held-out asks.

    fitted, held_out, foreign: token ids of each ask, below n_tokens, without the unknown mark.
    foreign: asks of other kinds, each kind named in foreign_kinds and of equal weight. Without them only being unknown
    counts: the distance then grows with the share of unknown tokens.
    """
    n_asks = np.bincount(np.array([i for ids in fitted for i in set(ids)], dtype=np.int64), minlength=n_tokens)
    if len(foreign):
        weights, intercept = _learned(fitted, foreign, foreign_kinds, n_asks >= MIN_ASKS)
        power = 0.5
    else:
        weights, intercept, power = np.where(n_asks > 0, 0.0, 4.0), -2.0, 1.0
    step = float(np.abs(weights).max(initial=0.0)) / 127 or 1.0
    domain = Domain(np.rint(weights / step).astype(np.int8), step, intercept, power, max_distance=1.0)
    return replace(domain, max_distance=round(float(np.quantile(domain.distances(held_out), quantile)), 6))


def _learned(
    fitted: TokenIds, foreign: TokenIds, foreign_kinds: Sequence[str], known: npt.NDArray[np.bool_]
) -> tuple[Float64Array, float]:
    """A logistic regression of foreign against fitted on known tokens and the number of unknown ones."""
    design = _design([*fitted, *foreign], known)
    is_foreign = np.arange(design.shape[0]) >= len(fitted)
    names, of, counts = np.unique(np.asarray(foreign_kinds), return_inverse=True, return_counts=True)
    row_weights = np.concatenate([np.ones(len(fitted)), (len(fitted) / len(names) / counts)[of]])
    with threadpool_limits(limits=1):
        model = LogisticRegression(C=INVERSE_REGULARISATION, solver="lbfgs", max_iter=2_000, tol=1e-5)
        model.fit(design, is_foreign, sample_weight=row_weights)
    weights = np.full(len(known), model.coef_[0, -1] * _UNKNOWN_SCALE)
    weights[known] = model.coef_[0, :-1]
    return weights, float(model.intercept_[0])


def _design(texts_ids: TokenIds, known: npt.NDArray[np.bool_]) -> sparse.csr_matrix:
    """One column per known token, one for all unknown ones; values are 1 / sqrt(distinct tokens + PRIOR_TOKENS)."""
    column = np.where(known, np.cumsum(known) - 1, int(known.sum()))
    distinct = [np.array(sorted(set(ids)), dtype=np.int64) for ids in texts_ids]
    sizes = np.array([len(ids) for ids in distinct])
    ids = np.concatenate([*distinct, np.zeros(0, dtype=np.int64)])
    values = np.where(known[ids], 1.0, _UNKNOWN_SCALE) / np.repeat(np.sqrt(sizes + PRIOR_TOKENS), sizes)
    rows = np.repeat(np.arange(len(distinct)), sizes)
    return sparse.csr_matrix((values, (rows, column[ids])), shape=(len(distinct), int(known.sum()) + 1))
