"""The scored baselines on the test rows: fitted on rows other than these, and brought to the router's cost.

Two ways to have other rows: sides that are parted, or folds, where each row is scored by a baseline that was fitted on
the other folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from training.config import FitConfig
from training.measure.baselines import (
    Features,
    KnownRows,
    Policy,
    Scorer,
    fit_knn,
    fit_length_rule,
    fit_signals_only,
    match_cost,
    one_hot,
)
from training.measure.gate import LENGTH_RULE
from training.measure.measured import MeasuredRows
from training.rows.splits import RowIndex
from training.thresholds.simulate import TierIndex

SCORED: Mapping[str, Callable[[KnownRows, FitConfig], Scorer]] = {
    LENGTH_RULE: fit_length_rule,
    "signals_only": fit_signals_only,
    "knn": fit_knn,
}
"""The baselines that score rows: what fits each, on rows other than the test rows."""


class Rivals(Protocol):
    """Where the scored baselines of an evaluation come from."""

    def scored(
        self, rows: MeasuredRows, at: RowIndex, config: FitConfig
    ) -> tuple[dict[str, Float64Array], dict[str, Policy]]:
        """Each baseline's losses on some test rows, and its policy there at the router's cost: (n, n_tiers) each.

        rows: those rows, as the router was measured on them.  at: their positions among all test rows.
        """


@dataclass(frozen=True, slots=True, eq=False)
class PartedRivals:
    """Baselines fitted on one side and brought to the router's cost on another.

    fit: target rows that the heads were fitted on.  calibrate: target rows that the threshold was chosen on.
    calibrate_chosen: (n_calibrate,) the tier that the service would choose for each of those.
    test_features: of all test rows.
    """

    fit: KnownRows
    calibrate: KnownRows
    calibrate_chosen: TierIndex
    test_features: Features

    def scored(
        self, rows: MeasuredRows, at: RowIndex, config: FitConfig
    ) -> tuple[dict[str, Float64Array], dict[str, Policy]]:
        """See `Rivals`."""
        features = self.test_features.take(at)
        mean_usd = _mean_usd(self.calibrate_chosen, self.calibrate.cost_usd)
        losses: dict[str, Float64Array] = {}
        matched: dict[str, Policy] = {}
        for name, fit in SCORED.items():
            score = fit(self.fit, config)
            losses[name] = score(features)
            mix = match_cost(score(self.calibrate.features), self.calibrate.cost_usd, mean_usd=mean_usd)
            matched[name] = mix.policy(losses[name])
        return losses, matched


@dataclass(frozen=True, slots=True, eq=False)
class FoldedRivals:
    """Baselines fitted fold by fold; each fold's are brought to the router's cost on the other folds.

    losses: by baseline (n_test, n_tiers), each row's by a baseline that was fitted without its fold; nan for rows that
        are not of target sources.  folds: (n_test,) the fold of each row.
    """

    losses: Mapping[str, Float64Array]
    folds: npt.NDArray[np.int64]

    def scored(
        self, rows: MeasuredRows, at: RowIndex, config: FitConfig
    ) -> tuple[dict[str, Float64Array], dict[str, Policy]]:
        """See `Rivals`."""
        folds, losses = self.folds[at], {name: values[at] for name, values in self.losses.items()}
        matched = {name: np.zeros_like(values) for name, values in losses.items()}
        for fold in np.unique(folds):
            mine, others = folds == fold, folds != fold
            if not others.any():
                others = mine  # one fold holds all known rows: then they are matched on themselves
            mean_usd = _mean_usd(rows.chosen[others], rows.cost_usd[others])
            for name, values in losses.items():
                mix = match_cost(values[others], rows.cost_usd[others], mean_usd=mean_usd)
                matched[name][mine] = mix.policy(values[mine])
        return losses, matched


def _mean_usd(chosen: TierIndex, cost_usd: Float64Array) -> float:
    return float((one_hot(chosen, n_tiers=cost_usd.shape[1]) * cost_usd).sum(axis=1).mean())
