"""Steps of agents whose cheapest passing tier was found by running them: measured, and never learned from.

The rows are data/steps of the folder that TIERWISE_DATA names. Their SWE-bench part has enough steps to rank inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import TierMap
from training.measure import metrics
from training.measure.bootstrap import bootstrap
from training.measure.reported import rounded
from training.rows.readers import read_rows
from training.rows.splits import RowIndex
from training.shipping.measures.everyday import scored_by

FILE = Path("steps") / "agent_steps.jsonl.gz"
SWE_BENCH = "swebench"
N_RESAMPLES = 500


def steps_report(bundle: Bundle, path: Path, tier_map: TierMap) -> JsonObject:
    """Sent too low, out of domain, and how well the bundle ranks SWE-bench's steps; 95% intervals by conversation.

    others: the same AUC of the number of messages and of the conversation's characters.
    too_low_judged: of the steps that are in domain, for which the promise is stated.
    """
    data = build_dataset(read_rows([path]).rows, tier_map)
    scores, chosen = scored_by(bundle, data.readings)
    cheapest = data.labels.cheapest
    outside = scores.domain_distance > bundle.brain.domain.max_distance
    swe = np.flatnonzero([SWE_BENCH in row.id for row in data.rows])
    ranked = {"bundle": scores.expected_quality_loss, **{name: _both(of(data)) for name, of in _OTHERS.items()}}

    def shares(rows: RowIndex) -> list[float]:
        below = chosen[rows] < cheapest[rows]
        inside = ~outside[rows]
        return [below.mean(), below[inside].mean() if inside.any() else np.nan, outside[rows].mean()]

    def aucs(rows: RowIndex) -> list[float]:
        own = swe[rows]
        heads = range(len(_AUC))
        return [metrics.auc(values[own, head], cheapest[own] > head) for values in ranked.values() for head in heads]

    low, judged, foreign = bootstrap(data.groups, shares, n_resamples=N_RESAMPLES, seed=0)
    found = iter(bootstrap(data.groups[swe], aucs, n_resamples=N_RESAMPLES, seed=0))
    named = {name: {head: next(found) for head in _AUC} for name in ranked}
    own = named.pop("bundle")
    report: JsonObject = rounded(
        {
            "bundle": bundle.manifest.id,
            "n": len(data),
            "too_low": low,
            "too_low_judged": judged,
            "out_of_domain": foreign,
            "swe_bench": {"n": len(swe), **own, "others": named},
        }
    )
    return report


_AUC = ("auc_not_budget", "auc_frontier")


def _n_messages(data: Dataset) -> Float64Array:
    return np.array([len(row.messages) for row in data.rows], dtype=np.float64)


def _n_characters(data: Dataset) -> Float64Array:
    return np.array([sum(len(message.text) for message in row.messages) for row in data.rows], dtype=np.float64)


_OTHERS: dict[str, Callable[[Dataset], Float64Array]] = {"messages": _n_messages, "length": _n_characters}


def _both(values: Float64Array) -> Float64Array:
    """One number of a row as what both heads rank by: (n, 2)."""
    return np.stack([values, values], axis=1)
