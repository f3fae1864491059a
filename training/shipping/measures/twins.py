"""Language twins: one situation asked in four languages, of one difficulty, so that the tier should be one as well.

From folds by group over all rows: a situation's languages are one group, so no fit has seen any of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.dataset import Dataset
from training.measure import metrics
from training.measure.bootstrap import Interval, bootstrap
from training.measure.reported import rounded
from training.rows.splits import RowIndex
from training.shipping.measures.held_out import chosen_tiers, promised_threshold
from training.thresholds.bounds import wilson_interval
from training.thresholds.simulate import TierIndex

FILE = "twins"
N_RESAMPLES = 500


def situations(data: Dataset) -> Mapping[str, RowIndex]:
    """The rows of each situation of the file that is asked in several languages, by its pair."""
    pairs, languages = data.facts("pair"), data.facts("lang")
    of_file = (data.sources == FILE) & (pairs != "")
    found = {str(pair): np.flatnonzero(of_file & (pairs == pair)) for pair in np.unique(pairs[of_file])}
    return {pair: rows for pair, rows in found.items() if len(set(languages[rows].tolist())) > 1}


def twins_report(losses: Float64Array, data: Dataset) -> JsonObject:
    """Same tier in all languages; AUC of other languages minus that of English; sent too low.

    losses: (n, n_tiers) of all rows, by fits that saw neither the row nor its twins. The threshold is what the promise
    allows on the rows of the other files.
    auc_*: on the situations that are asked in English too, so that both sides ask the same.
    """
    others = np.flatnonzero(data.sources != FILE)
    threshold = promised_threshold(losses[others], data.take(others))
    chosen, cheapest = chosen_tiers(losses, threshold), data.labels.cheapest
    found = situations(data)
    same = sum(len(set(chosen[rows].tolist())) == 1 for rows in found.values())
    english = data.facts("lang") == "en"
    everyone = np.sort(np.concatenate(list(found.values())))
    both = np.sort(np.concatenate([rows for rows in found.values() if english[rows].any()]))
    low, high = wilson_interval(same, len(found))

    def aucs(rows: RowIndex) -> Float64Array:
        sides = [both[rows][english[both[rows]]], both[rows][~english[both[rows]]]]
        own, other = (
            np.array([metrics.auc(losses[side, head], cheapest[side] > head) for head in range(losses.shape[1] - 1)])
            for side in sides
        )
        return np.concatenate([own, other, other - own])

    names = [f"auc_{head}_{side}" for side in ("english", "other", "difference") for head in ("not_budget", "frontier")]
    figures = dict(zip(names, bootstrap(data.groups[both], aucs, n_resamples=N_RESAMPLES, seed=0), strict=True))
    report: JsonObject = rounded(
        {
            "n_situations": len(found),
            "n_in_english_too": sum(bool(english[rows].any()) for rows in found.values()),
            "n": len(everyone),
            "same_tier": {"point": same / len(found), "low": low, "high": high},
            **figures,
            "too_low_english": _too_low(everyone[english[everyone]], chosen, cheapest, data),
            "too_low_other": _too_low(everyone[~english[everyone]], chosen, cheapest, data),
        }
    )
    return report


def _too_low(rows: RowIndex, chosen: TierIndex, cheapest: TierIndex, data: Dataset) -> Interval:
    below = (chosen < cheapest).astype(np.float64)
    (share,) = bootstrap(data.groups[rows], lambda picked: below[rows[picked]].mean(), n_resamples=N_RESAMPLES, seed=0)
    return share
