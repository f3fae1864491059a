"""From rows to targets: which tiers were adequate, what routing down would have cost, whether anything solved it.

Three values everywhere: 1 yes, 0 no, -1 unknown. A missing outcome stays unknown unless its neighbours settle it:
where a cheaper tier was adequate a stronger one is taken to be, where a stronger tier was not a cheaper one is taken
not to be. Measured outcomes are never overruled: a stronger model that failed where a cheaper one did not stays failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from training.labels.tier_map import TierMap, tier_scores
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow, check_tier_names
from training.rows.table import Table

UNKNOWN = -1
Ternary: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Labels(Table):
    """Targets for n rows over n_tiers tiers, cheap to strong.

    adequate: (n, n_tiers) whether the tier's answer was adequate.
    loss: (n, n_tiers - 1) whether the tier was not adequate though a stronger one was.
    unsolved: (n,) whether no tier was adequate.
    cheapest: (n,) index of the cheapest adequate tier; n_tiers if unsolved; -1 unknown.
    """

    adequate: Ternary
    loss: Ternary
    unsolved: Ternary
    cheapest: npt.NDArray[np.int64]


def label_rows(rows: Sequence[TrainingRow], tier_map: TierMap) -> Labels:
    """Targets of all rows. Raises DataError for a tier or source that the map does not know."""
    check_tier_names(rows, tier_map.tiers)
    measured = np.array([_adequate(row, tier_map) for row in rows], dtype=np.int8).reshape(-1, len(tier_map.tiers))
    return labels_from_adequate(complete_monotone(measured))


def _adequate(row: TrainingRow, tier_map: TierMap) -> list[int]:
    if isinstance(row, LabelledRow):
        cheapest = tier_map.tiers.index(row.tier)
        return [int(position >= cheapest) for position in range(len(tier_map.tiers))]
    return _adequate_by_outcome(row, tier_map)


def _adequate_by_outcome(row: OutcomeRow, tier_map: TierMap) -> list[int]:
    scores = tier_scores(row, tier_map)
    threshold = tier_map.sources[row.source].threshold
    return [UNKNOWN if score is None else int(score >= threshold) for score in scores]


def complete_monotone(adequate: Ternary) -> Ternary:
    """Fill unknowns that their neighbours settle: (n, n_tiers) to (n, n_tiers); known values stay."""
    weaker_solved = np.maximum.accumulate(adequate == 1, axis=1)
    stronger_failed = np.maximum.accumulate((adequate == 0)[:, ::-1], axis=1)[:, ::-1]
    unknown = adequate == UNKNOWN
    filled = adequate.copy()
    filled[unknown & weaker_solved & ~stronger_failed] = 1
    filled[unknown & stronger_failed & ~weaker_solved] = 0
    return filled


def labels_from_adequate(adequate: Ternary) -> Labels:
    """All targets from which tiers were adequate: (n, n_tiers)."""
    n_rows, n_tiers = adequate.shape
    loss = np.full((n_rows, n_tiers - 1), UNKNOWN, dtype=np.int8)
    for tier in range(n_tiers - 1):
        here, above = adequate[:, tier], adequate[:, tier + 1 :]
        solved_above = (above == 1).any(axis=1)
        failed_above = (above == 0).all(axis=1)
        loss[(here == 0) & solved_above, tier] = 1
        loss[(here == 1) | failed_above, tier] = 0
    solved = (adequate == 1).any(axis=1)
    all_failed = (adequate == 0).all(axis=1)
    unsolved = np.where(solved, 0, np.where(all_failed, 1, UNKNOWN)).astype(np.int8)
    return Labels(adequate=adequate, loss=loss, unsolved=unsolved, cheapest=_cheapest(adequate, all_failed))


def _cheapest(adequate: Ternary, all_failed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The first adequate tier, where no unknown one comes before it."""
    n_tiers = adequate.shape[1]
    solved = adequate == 1
    first = np.where(solved.any(axis=1), solved.argmax(axis=1), n_tiers)
    unknown_before = ((adequate == UNKNOWN) & (np.arange(n_tiers) < first[:, None])).any(axis=1)
    first[unknown_before | ((first == n_tiers) & ~all_failed)] = UNKNOWN
    return np.asarray(first, dtype=np.int64)
