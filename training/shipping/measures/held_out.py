"""The traffic rows in folds, and what folds of a recipe make of them: losses, thresholds, choices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from router.brain.calibration import Float64Array
from router.errors import DataError
from training.config import DEFAULT_TIER_COST_USD
from training.fitting.heads import head_targets
from training.labels.dataset import Dataset
from training.labels.labels import Ternary
from training.measure.measure import SAFE_TIER
from training.rows.splits import RowIndex, group_folds
from training.shipping.measures.folds import Bench, Folds, OutOfFold
from training.shipping.measures.recipes import CONFIG, joined_scores
from training.thresholds.choose import loss_of_labels, promise_curve
from training.thresholds.simulate import TierIndex, route_tiers

N_FOLDS = 5
COSTS = tuple(DEFAULT_TIER_COST_USD.values())

OLD_FILES = (
    "assistants",
    "business",
    "coding",
    "knowledge",
    "messy",
    "multi_turn",
    "multilingual",
    "operations",
    "surface_traps",
)
"""The nine files of traffic that the first bundles were fitted on: 2,880 rows."""

FILE_FOLDS: Mapping[str, int] = {
    **dict.fromkeys(("everyday", "coding", "multi_turn"), 0),
    **dict.fromkeys(("twins", "assistants", "operations"), 1),
    **dict.fromkeys(("sessions", "business", "messy"), 2),
    **dict.fromkeys(("professions", "knowledge", "surface_traps", "developers"), 3),
    **dict.fromkeys(("multilingual", "life", "pipelines", "frontier_line"), 4),
}
"""Five folds of whole files of about equal size, for a recipe whose fit is too expensive for one per file. They are
fixed, so that figures of different days compare: a new file gets its fold here."""


def file_folds(data: Dataset, *, each_alone: bool) -> Folds:
    """(n,) the fold of each row when whole files are left out, each by itself or in the folds of FILE_FOLDS.

    Raises DataError for a file without a fold.
    """
    names, codes = np.unique(data.sources, return_inverse=True)
    if each_alone:
        return codes.astype(np.int64)
    without = [str(name) for name in names if str(name) not in FILE_FOLDS]
    if without:
        where = "training/shipping/measures/held_out.py: FILE_FOLDS"
        raise DataError(f"expected a fold for each file of traffic, found none for {', '.join(without)}", where=where)
    return np.array([FILE_FOLDS[str(name)] for name in names], dtype=np.int64)[codes]


def group_folds_of(data: Dataset, *, n_folds: int = N_FOLDS) -> Folds:
    """(n,) folds by group."""
    return group_folds(data.groups, n_folds=n_folds, seed=0)


def old_rows(data: Dataset) -> RowIndex:
    """The rows of OLD_FILES."""
    return np.flatnonzero(np.isin(data.sources, OLD_FILES))


def targets_of(data: Dataset) -> Ternary:
    """(n, n_heads) what the heads are to say of each row."""
    return head_targets(data.labels, unsolved=CONFIG.unsolved)


def joined_losses(bench: Bench, scored: OutOfFold, data: Dataset, folds: Folds) -> Float64Array:
    """(n, n_tiers) expected losses; what joins the outputs of a row's fold is fitted on those of all other folds."""
    losses = np.zeros(data.labels.adequate.shape)
    for fold in np.unique(folds):
        own = np.flatnonzero(folds == fold)
        losses[own] = losses_joined_on(bench, scored, data, np.flatnonzero(folds != fold), scored.outputs[own])
    return losses


def losses_joined_on(
    bench: Bench, scored: OutOfFold, data: Dataset, rows: RowIndex, outputs: Float64Array
) -> Float64Array:
    """(n, n_tiers) expected losses from (n, n_outputs) outputs; what joins them is fitted on the scored rows `rows`."""
    join = bench.recipe.join(scored.outputs[rows], targets_of(data)[rows])
    return joined_scores(join(outputs)).expected_quality_loss


def promised_threshold(losses: Float64Array, data: Dataset) -> float:
    """The threshold that the stated promise (at most 5% lost, with 90% confidence) allows on rows that no fit saw.

    losses: (n, n_tiers) expected; the last column is 0.
    """
    scores = joined_scores(np.concatenate([losses[:, :-1], np.zeros((len(losses), 1))], axis=1))
    return promise_curve(
        scores,
        loss_of_labels(data.labels),
        tiers=data.tiers,
        cost_usd=COSTS,
        groups=data.groups,
        max_distance=np.inf,
        safe_tier=SAFE_TIER,
        goal=CONFIG.goal,
        confidence=CONFIG.confidence,
        population="out-of-fold rows",
    ).threshold_for()


def chosen_tiers(losses: Float64Array, threshold: float) -> TierIndex:
    """(n,) the tier of each row at a threshold."""
    return route_tiers(losses, threshold)
