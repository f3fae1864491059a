"""What a fit is told, in one frozen value that goes into the bundle's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from router.types import JsonObject
from training.tier_map import DEFAULT_TIERS

DEFAULT_TIER_COST_USD: Mapping[str, float] = dict(zip(DEFAULT_TIERS, (0.00035, 0.012, 0.02), strict=True))
"""USD a request of 1,500 tokens in and 500 out at $0.14/$0.28, $3/$15, $5/$25 per million tokens."""


@dataclass(frozen=True, slots=True)
class FitConfig:
    """Settings of one fit.

    name: first part of the bundle's id.
    target_sources: sources whose rows stand for the traffic that will be served: calibration, thresholds and the
        promise are theirs alone; others only help to fit the heads. None: all sources.
    auxiliary_weight: weight of a row of a source that is no target, against 1 for a target row.
    source_cap: no source weighs more than this many rows, so that no source becomes the task.
    unsolved: what a row that no tier solved teaches the loss heads: `cheap` (routing down loses nothing),
        `strong` (it loses), `drop` (nothing).
    calibration: `sigmoid` or `isotonic`.
    c_grid: inverse regularisation strengths to try, by grouped cross-validation on log-loss over n_folds folds.
    embedding_scale: factor on unit-length embeddings beside standardised signals; a larger one regularises them less.
    calibrate_share, test_share: of the groups; the rest is fitted on.
    max_quality_loss, confidence: the promise: P(mean quality loss <= max_quality_loss) >= confidence.
    tier_cost_usd: USD a request, by tier; for savings.
    domain_quantile: share of calibration rows that are in domain.
    licence: SPDX of rows that are of no registered public source.
    """

    name: str
    target_sources: tuple[str, ...] | None = None
    auxiliary_weight: float = 0.1
    source_cap: int = 2_000
    unsolved: Literal["cheap", "strong", "drop"] = "cheap"
    calibration: Literal["sigmoid", "isotonic"] = "sigmoid"
    c_grid: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    n_folds: int = 3
    embedding_scale: float = 5.0
    calibrate_share: float = 0.2
    test_share: float = 0.2
    max_quality_loss: float = 0.05
    confidence: float = 0.9
    tier_cost_usd: Mapping[str, float] = field(default_factory=lambda: DEFAULT_TIER_COST_USD)
    domain_quantile: float = 0.99
    licence: str = "unstated"
    seed: int = 0

    def to_json(self) -> JsonObject:
        """All settings as a JSON object."""
        return {
            key: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
            for key, value in asdict(self).items()
        }
