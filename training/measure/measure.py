"""From a fitted brain and prepared rows to measured rows: scored by the service's own heads, with their labels."""

from __future__ import annotations

import numpy as np

from router.brain import Bundle
from router.brain.brain import Brain, Scores
from router.brain.calibration import Float64Array
from training.config import FitConfig
from training.fitting.prepared import Prepared
from training.labels.dataset import Dataset
from training.labels.labels import UNKNOWN
from training.labels.tier_map import tier_scores
from training.measure.baselines import Features, KnownRows
from training.measure.costs import request_costs
from training.measure.measured import Asks, MeasuredRows
from training.measure.robustness import Rule, lengths_of
from training.rows.row import OutcomeRow

_FACTS = ("lang", "task", "trap")

SAFE_TIER = 1
"""Index of the tier that requests out of domain get while measuring: the service's default, `production`."""


def rule_of(brain: Brain, threshold: float, *, safe_tier: int = SAFE_TIER) -> Rule:
    """How the service turns the brain's scores into a tier at a threshold.

    safe_tier: index of the tier for requests out of domain; the strongest where there are not so many.
    """
    return Rule(threshold, max_distance=brain.domain.max_distance, safe_tier=min(safe_tier, len(brain.tiers) - 1))


def measured_rows(
    brain: Brain, prepared: Prepared, config: FitConfig, *, threshold: float, safe_tier: int = SAFE_TIER
) -> MeasuredRows:
    """Rows with what the brain says and the service would choose at a threshold; safe_tier: as in `rule_of`."""
    rule = rule_of(brain, threshold, safe_tier=safe_tier)
    return scored_rows(prepared.data, prepared.scores(brain), config, rule=rule)


def scored_rows(data: Dataset, scores: Scores, config: FitConfig, *, rule: Rule) -> MeasuredRows:
    """Rows with scores that are there already, and what the service would choose by a rule."""
    costs = request_costs(data.rows, data.tier_map, config)
    return MeasuredRows(
        tiers=data.tiers,
        labels=data.labels,
        groups=data.groups,
        sources=data.sources,
        scores=scores,
        chosen=rule.decide(scores),
        cost_usd=costs.usd,
        quality=scored_quality(data),
        slices={"source": data.sources, **{name: data.facts(name) for name in _FACTS}, "length": lengths_of(data)},
        flagged=scores.domain_distance > rule.max_distance,
        own_costs=costs.own,
        asks=asks_of(data),
    )


def asks_of(data: Dataset) -> Asks:
    """What names each row, and how long its ask is."""
    return Asks(
        ids=np.array([row.id for row in data.rows], dtype=np.str_),
        turns=np.array([reading.turn for reading in data.readings], dtype=np.str_),
        characters=np.array([len(reading.ask) for reading in data.readings], dtype=np.int64),
    )


def served_rows(bundle: Bundle, prepared: Prepared, config: FitConfig) -> MeasuredRows:
    """Rows as a bundle serves them: its own threshold, its own limit of the domain, its own safe tier."""
    promise = bundle.manifest.promise
    return measured_rows(
        bundle.brain,
        prepared,
        config,
        threshold=promise.threshold_for(),
        safe_tier=bundle.manifest.tiers.index(promise.safe_tier),
    )


def known_rows(prepared: Prepared, config: FitConfig) -> KnownRows:
    """Rows as the baselines are fitted on them."""
    data = prepared.data
    costs = request_costs(data.rows, data.tier_map, config)
    return KnownRows(features=features_of(prepared), labels=data.labels, groups=data.groups, cost_usd=costs.usd)


def features_of(prepared: Prepared) -> Features:
    """What the baselines may look at: raw signals and the router's own embeddings."""
    return Features(signals=prepared.signals, embeddings=prepared.embeddings)


def scored_quality(data: Dataset) -> Float64Array:
    """(n, n_tiers) quality of each tier's answer, as MeasuredRows has it."""
    adequate = data.labels.adequate
    quality = np.where(adequate == UNKNOWN, np.nan, adequate.astype(np.float64))
    for position, row in enumerate(data.rows):
        if isinstance(row, OutcomeRow):
            scores = [score for score in tier_scores(row, data.tier_map) if score is not None]
            if len(scores) == len(data.tiers):
                quality[position] = scores
    return quality
