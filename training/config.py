"""The settings of a fit, in one frozen value that goes into the bundle's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from router.brain.promise import Goal
from router.types import JsonObject
from training.labels.tier_map import DEFAULT_TIERS

DEFAULT_TIER_TOKEN_USD: Mapping[str, tuple[float, float]] = dict(
    zip(DEFAULT_TIERS, ((0.14, 0.28), (3.0, 15.0), (5.0, 25.0)), strict=True)
)
"""USD per million tokens (in, out) of the default tiers, where neither rows nor options state a price."""

DEFAULT_TIER_COST_USD: Mapping[str, float] = dict(zip(DEFAULT_TIERS, (0.00035, 0.012, 0.02), strict=True))
"""USD per request of 1,500 tokens in and 500 out at DEFAULT_TIER_TOKEN_USD."""


@dataclass(frozen=True, slots=True)
class HeadHyper:
    """Hyper-parameters of the heads. A block's weight is the size of its features before one common L2 penalty.

    c_grid: inverse strengths of that penalty to choose from, by grouped cross-validation.
    embedding_weight: factor on each unit-length view.  signal_weight: on all signals together, each of deviation 1.
    ngram_weights: on the unit-length n-gram blocks, in ngrams.BLOCKS order.
    min_rows: an n-gram bucket has a weight if at least so many rows (copies counted) hold it.
    copies: further copies of each row with a share `drop` of its n-grams left out: no single word may decide.
    normalise_all: see NgramTable.
    reversal_weight: weight of a row on which this tier did and a stronger one did not suffice, against 1: with one
        noisy outcome per model such rows say as much as those that went the expected way, and there are few of them.
    """

    c_grid: tuple[float, ...]
    embedding_weight: float
    signal_weight: float
    ngram_weights: tuple[float, float]
    min_rows: int
    copies: int
    drop: float
    normalise_all: bool
    reversal_weight: float

    def to_json(self) -> JsonObject:
        """All settings as a JSON object."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What forms around the ask may do to decisions, as shares of rows: the robustness part of the gate.

    wrappers_seen, wrappers_held_out, dresses: least share of decisions that stay; held-out kinds are in no training
        row, so less is asked of them.  moved_down: most decisions that may go to a cheaper tier, in each of these.
    """

    wrappers_seen: float = 0.95
    wrappers_held_out: float = 0.90
    dresses: float = 0.95
    moved_down: float = 0.02


@dataclass(frozen=True, slots=True)
class FitConfig:
    """Settings of one fit.

    name: first part of the bundle's id.
    target_sources: sources whose rows represent the traffic that will be served: calibration, thresholds and the
        promise are theirs alone; others only help to fit the heads. None: all sources.
    auxiliary_weight: weight of a row of any other source, against 1 for a target row.
    source_cap: no source weighs more than this many rows, so that no source becomes the task.
    unsolved: what a row that no tier solved teaches the loss heads: `cheap` (routing down loses nothing),
        `strong` (it loses), `drop` (nothing).
    calibration: `sigmoid` or `isotonic`.
    hyper: hyper-parameters of the heads; None: those for outcomes where most target rows are outcome rows, else those
        for labels.  n_folds: of the cross-validation that chooses C.
    ngrams: whether the heads also weigh hashed n-grams.
    promise: how rows are held out: `cross_fit` (every row is scored by heads fitted without its fold, the heads that
        ship see all rows) or `parted` (sides, and with them the finite-sample theorem).
    folds, folds_by: of `cross_fit`: how many, and whether whole groups or whole target sources are held out. The
        parts are fitted folds + 1 times.
    calibrate_share, test_share: of `parted`: of the groups; the rest is fitted on.
    refit: of `parted`: whether, after measuring, the heads are fitted again on all rows but the calibration rows; the
        promise is then that of the refitted heads, the measurement that of heads that saw fewer rows.
    max_quality_loss, confidence: the promise: P(mean quality loss <= max_quality_loss) >= confidence.
    max_cost_usd_per_1k, tier_mix: another goal in place of max_quality_loss.
    promise_slices: facts of rows (`source`, `lang`, ...) by whose values the promise is also stated.
    tier_cost_usd: USD per request, by tier; for savings.
    domain_quantile: share of calibration rows that are in domain.  foreign_sources: auxiliary sources whose asks teach
        what is out of domain; none: only unknown words count.
    licence: SPDX of rows that are not of a known public source.
    dressed_copies: how many copies of each fitted row, its ask in wrappers and dresses, the heads are fitted on too; a
        row and its copies weigh what the row weighs alone. Heads of a fixed encoder only.
    form_limits: what the gate asks of decisions when the ask comes in other forms; None: nothing.
    """

    name: str
    target_sources: tuple[str, ...] | None = None
    auxiliary_weight: float = 0.1
    source_cap: int = 2_000
    unsolved: Literal["cheap", "strong", "drop"] = "cheap"
    calibration: Literal["sigmoid", "isotonic"] = "sigmoid"
    hyper: HeadHyper | None = None
    n_folds: int = 3
    ngrams: bool = True
    promise: Literal["cross_fit", "parted"] = "cross_fit"
    folds: int = 5
    folds_by: Literal["group", "source"] = "group"
    calibrate_share: float = 0.2
    test_share: float = 0.2
    refit: bool = False
    max_quality_loss: float = 0.05
    confidence: float = 0.9
    max_cost_usd_per_1k: float | None = None
    tier_mix: Mapping[str, float] | None = None
    promise_slices: tuple[str, ...] = ()
    tier_cost_usd: Mapping[str, float] = field(default_factory=lambda: DEFAULT_TIER_COST_USD)
    domain_quantile: float = 0.99
    foreign_sources: tuple[str, ...] = ()
    licence: str = "unstated"
    dressed_copies: int = 0
    form_limits: FormLimits | None = FormLimits()
    seed: int = 0

    @property
    def goal(self) -> Goal:
        """What the threshold has to keep."""
        if self.max_cost_usd_per_1k is None and self.tier_mix is None:
            return Goal(max_quality_loss=self.max_quality_loss)
        return Goal(max_cost_usd_per_1k=self.max_cost_usd_per_1k, tier_mix=self.tier_mix)

    def to_json(self) -> JsonObject:
        """All settings as a JSON object."""
        return _plain(self)


def _plain(settings: HeadHyper | FitConfig) -> JsonObject:
    return {
        key: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
        for key, value in asdict(settings).items()
    }
