"""Measure a brain on rows that nothing was fitted or chosen on: per source, never only pooled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.brain.brain import Brain, Scores
from router.brain.calibration import Float64Array
from router.brain.promise import Promise
from router.types import JsonObject
from training import metrics
from training.config import FitConfig
from training.dataset import Dataset
from training.heads import is_target
from training.labels import UNKNOWN, Labels, Ternary
from training.simulate import fully_labelled, route_scores, saving, settle
from training.splits import RowIndex

EVALUATION_SCHEMA = 1
MIN_KNOWN_SHARE = 0.9
"""Sources that lack a tier know the loss only where it is small; below this share of known rows no figure is given."""

UNDER_ROUTING_LIMITS = (0.02, 0.05, 0.10)


def evaluate(brain: Brain, promise: Promise, data: Dataset, scores: Scores, config: FitConfig) -> JsonObject:
    """All measures on test rows: of each source, and of the target sources together.

    data: n test rows.  scores: what the brain says of them.
    """
    on_target = np.array([is_target(str(source), config) for source in data.sources])
    slices = {str(source): data.sources == source for source in np.unique(data.sources)}
    return {
        "schema_version": EVALUATION_SCHEMA,
        "threshold": promise.threshold_for(),
        "target": _measure(brain, promise, scores, data.labels, np.flatnonzero(on_target), config),
        "sources": {
            name: _measure(brain, promise, scores, data.labels, np.flatnonzero(mask), config)
            for name, mask in slices.items()
        },
    }


def _measure(
    brain: Brain, promise: Promise, scores: Scores, labels: Labels, rows: RowIndex, config: FitConfig
) -> JsonObject:
    costs = [config.tier_cost_usd[tier] for tier in brain.tiers]
    report: JsonObject = {"n": len(rows)}
    for head, tier in enumerate(brain.tiers[:-1]):
        report[f"loss_{tier}"] = _head(scores.expected_quality_loss[rows, head], labels.loss[rows, head])
    known = rows[fully_labelled(labels)[rows]]
    if known.size >= MIN_KNOWN_SHARE * len(rows):
        report["at_threshold"] = _at_threshold(brain, promise, scores, labels, known, costs)
    graded = rows[(labels.cheapest[rows] != UNKNOWN) & (labels.cheapest[rows] < len(brain.tiers))]
    if graded.size:
        report["saved_at_under_routing"] = {
            f"{limit:g}": _round(
                metrics.saved_at_under_routing(
                    scores.expected_quality_loss[graded], labels.cheapest[graded], tier_cost_usd=costs, limit=limit
                )
            )
            for limit in UNDER_ROUTING_LIMITS
        }
    return report


def _head(probabilities: Float64Array, target: Ternary) -> JsonObject:
    known = target != UNKNOWN
    p, y = probabilities[known], target[known] == 1
    if not known.any():
        return {"n": 0}
    return {
        "n": int(known.sum()),
        "rate": _round(float(y.mean())),
        "auc": _round(metrics.auc(p, y)),
        "log_loss": _round(metrics.log_loss(p, y)),
        "brier": _round(metrics.brier(p, y)),
        "ece": _round(metrics.ece(p, y)),
    }


def _at_threshold(
    brain: Brain, promise: Promise, scores: Scores, labels: Labels, rows: RowIndex, costs: Sequence[float]
) -> JsonObject:
    kept = Scores(
        p_adequate=scores.p_adequate[rows],
        expected_quality_loss=scores.expected_quality_loss[rows],
        p_unsolved=scores.p_unsolved[rows],
        domain_distance=scores.domain_distance[rows],
    )
    tiers = route_scores(kept, promise.threshold_for(), max_distance=brain.domain.max_distance, safe_tier=1)
    routed = settle(tiers, labels.take(rows), tier_cost_usd=costs)
    shares = np.bincount(tiers, minlength=len(brain.tiers)) / len(rows)
    return {
        "n": len(rows),
        "quality_loss": _round(float(routed.loss.mean())),
        "saved": _round(saving(routed, tier_cost_usd=costs)),
        "tier_share": {tier: _round(float(share)) for tier, share in zip(brain.tiers, shares, strict=True)},
        "out_of_domain": _round(float((kept.domain_distance > brain.domain.max_distance).mean())),
    }


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
