"""From a fitted brain and prepared rows to measured rows: scored by the service's own path, settled by their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.brain.brain import Brain, Scores
from router.brain.calibration import Float64Array
from router.errors import DataError
from training.config import FitConfig
from training.evaluation.baselines import Features, KnownRows
from training.evaluation.measured import MeasuredRows
from training.evaluation.robustness import length_bucket
from training.evaluation.simulate import route_scores
from training.labels import UNKNOWN
from training.prepared import Prepared
from training.rows import LabelledRow
from training.splits import RowIndex

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
    "tier_costs",
]


def tier_costs(tiers: Sequence[str], config: FitConfig) -> tuple[float, ...]:
    """USD a request for each tier. Raises DataError for a tier without a price."""
    for tier in tiers:
        if tier not in config.tier_cost_usd:
            raise DataError(f"the price of tier {tier!r} is not known; give --tier-cost {tier}=USD", where="tiers")
    return tuple(config.tier_cost_usd[tier] for tier in tiers)


def score_rows(brain: Brain, prepared: Prepared, rows: RowIndex) -> Scores:
    """The scores of some rows, as the service computes them."""
    return brain.score([prepared.data.readings[row] for row in rows.tolist()])


def measured_rows(
    brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig, *, threshold: float
) -> MeasuredRows:
    """Some rows with what the brain says and the service would choose at a threshold."""
    data = prepared.data
    labels = data.labels.take(rows)
    scores = score_rows(brain, prepared, rows)
    n_tiers = len(brain.tiers)
    return MeasuredRows(
        tiers=brain.tiers,
        labels=labels,
        groups=np.array([data.groups[row] for row in rows.tolist()]),
        sources=data.sources[rows],
        scores=scores,
        chosen=route_scores(
            scores, threshold, max_distance=brain.domain.max_distance, safe_tier=min(SAFE_TIER, n_tiers - 1)
        ),
        cost_usd=_costs(brain, config, len(rows)),
        quality=np.where(labels.adequate == UNKNOWN, np.nan, labels.adequate.astype(np.float64)),
        slices=_slices(prepared, rows),
        flagged=scores.domain_distance > brain.domain.max_distance,
    )


def known_rows(brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig) -> KnownRows:
    """Some rows as the baselines are fitted on them."""
    return KnownRows(
        features=features_of(brain, prepared, rows),
        labels=prepared.data.labels.take(rows),
        groups=[prepared.data.groups[row] for row in rows.tolist()],
        cost_usd=_costs(brain, config, len(rows)),
    )


def features_of(brain: Brain, prepared: Prepared, rows: RowIndex) -> Features:
    """What the baselines may look at: raw signals and the router's own embeddings."""
    readings = [prepared.data.readings[row] for row in rows.tolist()]
    return Features(signals=prepared.signals[rows], embeddings=brain.encoder.encode_readings(readings))


def _costs(brain: Brain, config: FitConfig, n_rows: int) -> Float64Array:
    return np.tile(np.array(tier_costs(brain.tiers, config)), (n_rows, 1))


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
