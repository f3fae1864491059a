"""From a fitted brain and prepared rows to measured rows: scored by the service's own path, settled by their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.brain import Bundle
from router.brain.brain import Brain, Scores
from router.brain.calibration import Float64Array
from training.config import FitConfig
from training.fitting.prepared import Prepared
from training.measure.baselines import Features, KnownRows
from training.measure.costs import request_costs, tier_costs
from training.measure.measured import MeasuredRows
from training.measure.robustness import length_bucket
from training.measure.simulate import route_scores
from training.rows.labels import UNKNOWN, Labels
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow
from training.rows.splits import RowIndex
from training.rows.tier_map import TierMap, tier_scores

SAFE_TIER = 1
"""Index of the tier that requests out of domain get while measuring: the service's default, `production`."""

__all__ = [
    "SAFE_TIER",
    "Features",
    "KnownRows",
    "features_of",
    "known_rows",
    "measured_rows",
    "score_rows",
    "scored_quality",
    "served_rows",
    "tier_costs",
]


def score_rows(brain: Brain, prepared: Prepared, rows: RowIndex) -> Scores:
    """The scores of some rows, as the service computes them."""
    return brain.score([prepared.data.readings[row] for row in rows.tolist()])


def measured_rows(
    brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig, *, threshold: float, safe_tier: int = SAFE_TIER
) -> MeasuredRows:
    """Some rows with what the brain says and the service would choose at a threshold.

    safe_tier: index of the tier for requests out of domain; the strongest where there are not so many.
    """
    data = prepared.data
    picked = [data.rows[row] for row in rows.tolist()]
    labels = data.labels.take(rows)
    scores = score_rows(brain, prepared, rows)
    costs = request_costs(picked, data.tier_map, config)
    return MeasuredRows(
        tiers=brain.tiers,
        labels=labels,
        groups=np.array([data.groups[row] for row in rows.tolist()]),
        sources=data.sources[rows],
        scores=scores,
        chosen=route_scores(
            scores,
            threshold,
            max_distance=brain.domain.max_distance,
            safe_tier=min(safe_tier, len(brain.tiers) - 1),
        ),
        cost_usd=costs.usd,
        quality=scored_quality(picked, labels, data.tier_map),
        slices=_slices(prepared, rows),
        flagged=scores.domain_distance > brain.domain.max_distance,
        own_costs=costs.own,
    )


def served_rows(bundle: Bundle, prepared: Prepared, rows: RowIndex, config: FitConfig) -> MeasuredRows:
    """Some rows as a bundle serves them: its own threshold, its own limit of the domain, its own safe tier."""
    promise = bundle.manifest.promise
    return measured_rows(
        bundle.brain,
        prepared,
        rows,
        config,
        threshold=promise.threshold_for(),
        safe_tier=bundle.manifest.tiers.index(promise.safe_tier),
    )


def known_rows(brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig) -> KnownRows:
    """Some rows as the baselines are fitted on them."""
    data = prepared.data
    return KnownRows(
        features=features_of(brain, prepared, rows),
        labels=data.labels.take(rows),
        groups=[data.groups[row] for row in rows.tolist()],
        cost_usd=request_costs([data.rows[row] for row in rows.tolist()], data.tier_map, config).usd,
    )


def features_of(brain: Brain, prepared: Prepared, rows: RowIndex) -> Features:
    """What the baselines may look at: raw signals and the router's own embeddings."""
    readings = [prepared.data.readings[row] for row in rows.tolist()]
    return Features(signals=prepared.signals[rows], embeddings=brain.encoder.encode_readings(readings))


def scored_quality(rows: Sequence[TrainingRow], labels: Labels, tier_map: TierMap) -> Float64Array:
    """(n, n_tiers) quality of each tier's answer, as MeasuredRows has it; labels: of the same rows."""
    quality = np.where(labels.adequate == UNKNOWN, np.nan, labels.adequate.astype(np.float64))
    for position, row in enumerate(rows):
        if isinstance(row, OutcomeRow):
            scores = [score for score in tier_scores(row, tier_map) if score is not None]
            if len(scores) == len(tier_map.tiers):
                quality[position] = scores
    return quality


def _slices(prepared: Prepared, rows: RowIndex) -> dict[str, npt.NDArray[np.str_]]:
    data = prepared.data
    picked = rows.tolist()
    labelled = [row if isinstance(row, LabelledRow) else None for row in (data.rows[i] for i in picked)]
    return {
        "source": data.sources[rows],
        "lang": np.array([(row.lang if row else None) or "" for row in labelled]),
        "task": np.array([(row.task if row else None) or "" for row in labelled]),
        "trap": np.array([(row.trap if row else None) or "" for row in labelled]),
        "length": np.array([length_bucket(data.readings[i]) for i in picked]),
    }
