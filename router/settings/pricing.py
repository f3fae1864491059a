"""A bundle's held-out rows at a configuration's prices: from what a policy asks for to a price of quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from router.brain import Bundle
from router.brain.bounds import Grouping
from router.brain.calibration import Float64Array
from router.brain.held_out import UNKNOWN, ExpectedTokens, HeldOutRows
from router.brain.price_curve import RATES, Outlook, PriceCurve, PricedRows, outlook_at_rate, outlook_at_value
from router.brain.promise import QUALITY, Goal
from router.catalog import ESTIMATED_OUTPUT_TOKENS, with_thinking
from router.policy import Limits, Price
from router.settings import Settings
from router.types import ModelSpec, StatedPromise

MIN_SLICE_GROUPS = 30
"""A slice of fewer groups is left out: its bound would be above 7% if it lost nothing."""

TYPICAL_INPUT_TOKENS = 1_000
"""Tokens of a held-out row's request where neither the row nor the others know theirs."""


def reference_costs(bundle: Bundle) -> dict[str, float] | None:
    """USD of a request by tier that the bundle was measured with; None where it does not say them all."""
    config = bundle.manifest.training.get("config")
    stated = config.get("tier_cost_usd") if isinstance(config, Mapping) else None
    if not isinstance(stated, Mapping):
        return None
    costs = {tier: stated.get(tier) for tier in bundle.manifest.tiers}
    known = {tier: float(usd) for tier, usd in costs.items() if isinstance(usd, int | float) and 0 <= usd < np.inf}
    return known if len(known) == len(costs) and max(known.values()) > 0.0 else None


def pricing_of(bundle: Bundle, settings: Settings, reference_cost_usd: Mapping[str, float] | None) -> Pricing | None:
    """The bundle's held-out rows at a configuration's prices; None where it keeps none that are labelled throughout."""
    rows = bundle.held_out
    if rows is None or not (rows.lost != UNKNOWN).all(axis=1).any():
        return None
    return Pricing(
        rows,
        models={tier.name: tier.models for tier in settings.tiers},
        safe_tier=settings.safe_tier,
        max_distance=bundle.manifest.max_domain_distance,
        confidence=bundle.manifest.promise.confidence,
        reference_cost_usd=reference_cost_usd,
    )


@dataclass(frozen=True, slots=True)
class SliceOutlook:
    """What is lost in one part of the held-out rows.

    by, value: such as `lang` and `de`.  n: its groups.  loss: their mean.  bound: upper confidence bound on it.
    """

    by: str
    value: str
    n: int
    loss: float
    bound: float


class Pricing:
    """Prices of quality for one bundle, one set of models and one safe tier.

    tokens: what requests are expected to need.  reference_cost_usd: as of Setup: None where prices differ.
    """

    def __init__(
        self,
        rows: HeldOutRows,
        *,
        models: Mapping[str, Sequence[ModelSpec]],
        safe_tier: str,
        max_distance: float,
        confidence: float,
        reference_cost_usd: Mapping[str, float] | None,
    ) -> None:
        self.confidence = confidence
        self.rows = rows
        self._tiers = tuple(models)
        self._curves: dict[tuple[str, ...], tuple[PricedRows, PriceCurve]] = {}
        known = np.flatnonzero((rows.lost != UNKNOWN).all(axis=1))
        expected, charged = _costs(rows, [specs[0] for specs in models.values()], reference_cost_usd)
        safe = np.where(rows.domain_distance > max_distance, self._tiers.index(safe_tier), 0)
        self._known = known
        self._every_tier = PricedRows(
            tiers=self._tiers,
            loss=rows.expected_quality_loss[known].astype(np.float64),
            lost=rows.lost[known].astype(np.float64),
            expected_usd=expected[known],
            charged_usd=charged[known],
            lowest=safe[known],
            allowed=tuple(range(len(self._tiers))),
            grouping=Grouping.of_numbers(rows.group[known]),
        )

    def price(self, goal: Goal, limits: Limits) -> Price:
        """The price that keeps a goal among the tiers that the limits leave. Raises TargetTooSmall, ValueError."""
        curve = self._curve(limits)[1]
        rate = float(RATES[curve.position_for(goal)])
        return Price(1.0 / rate, is_relative=True, promise=curve.stated(goal), among=limits.allowed(self._tiers))

    def price_of_value(self, usd: float, limits: Limits) -> Price:
        """The price of an answer that is worth so many USD; it promises what it is bounded to lose."""
        found = self.outlook(Price(usd), limits)
        promise = StatedPromise(QUALITY, found.bound, found.bound, self.confidence, len(self._every_tier.grouping))
        return Price(usd, promise=promise, among=limits.allowed(self._tiers))

    def outlook(self, price: Price, limits: Limits) -> Outlook:
        """What a price does on the held-out rows."""
        rows, curve = self._curve(limits)
        if price.is_relative:
            return outlook_at_rate(curve, int(np.abs(np.log(RATES * price.usd)).argmin()))
        return outlook_at_value(rows, price.usd, confidence=self.confidence)

    def slices(self, price: Price, limits: Limits) -> list[SliceOutlook]:
        """What a price loses in each part of the held-out rows that has enough groups; all bounds hold together."""
        rows = self._curve(limits)[0]
        value = price.usd * rows.expected_usd.max(axis=1) if price.is_relative else price.usd
        lost = np.take_along_axis(rows.lost, rows.tiers_at_value(value)[:, None], axis=1)
        groups = self.rows.group[self._known]
        parts = [
            (by, name, mine, grouping)
            for by, (index, names) in self.rows.slices.items()
            for position, name in enumerate(names)
            for mine in [np.flatnonzero(index[self._known] == position)]
            for grouping in [Grouping.of_numbers(groups[mine])]
            if len(grouping) >= MIN_SLICE_GROUPS
        ]
        each = 1.0 - (1.0 - self.confidence) / max(1, len(parts))
        found = [(*part, part[3].bounded(lost[part[2]], confidence=each)) for part in parts]
        return [
            SliceOutlook(by, name, len(grouping), float(bounded.means[0]), float(bounded.bounds[0]))
            for by, name, _, grouping, bounded in found
        ]

    def typical_value_usd(self, price: Price, limits: Limits) -> float:
        """The value of an answer in USD at a price, for a request of the held-out rows' mean cost."""
        return price.usd * self._curve(limits)[1].typical_usd if price.is_relative else price.usd

    def curve(self, limits: Limits) -> PriceCurve:
        """What each rate loses and costs within limits."""
        return self._curve(limits)[1]

    def _curve(self, limits: Limits) -> tuple[PricedRows, PriceCurve]:
        allowed = limits.allowed(self._tiers)
        if allowed not in self._curves:
            rows = replace(self._every_tier, allowed=tuple(self._tiers.index(tier) for tier in allowed))
            self._curves[allowed] = rows, PriceCurve(rows, confidence=self.confidence)
        return self._curves[allowed]


def _costs(
    rows: HeldOutRows, models: Sequence[ModelSpec], reference_cost_usd: Mapping[str, float] | None
) -> tuple[Float64Array, Float64Array]:
    """USD of each row at each tier, (n, k), as it is expected and with the answer's length where that is known."""
    if reference_cost_usd is not None:
        flat = np.tile(np.array(list(reference_cost_usd.values())), (len(rows), 1))
        return flat, flat
    tokens = rows.tokens
    inputs = _filled(rows.input_tokens, tokens.input or TYPICAL_INPUT_TOKENS)
    answers = _expected_answers(rows, tokens)
    actual = np.where(np.isnan(rows.output_tokens), answers, rows.output_tokens)
    each = [_cost(model, inputs, np.stack([answers, actual])) for model in models]
    expected, charged = np.stack(each, axis=2)
    return expected, charged


def _cost(model: ModelSpec, inputs: Float64Array, answers: Float64Array) -> Float64Array:
    outputs = with_thinking(1.0, model.effort) * answers
    return np.asarray((inputs * model.input_usd_per_million + outputs * model.output_usd_per_million) / 1e6)


def _expected_answers(rows: HeldOutRows, tokens: ExpectedTokens) -> Float64Array:
    """The answer's tokens that the service would expect of each row, were its task known."""
    usual = tokens.output or float(ESTIMATED_OUTPUT_TOKENS)
    index, names = rows.slices.get("task", (np.full(len(rows), UNKNOWN, np.int16), ()))
    return np.array([*(tokens.output_by_task.get(name, usual) for name in names), usual])[index]  # the last for -1


def _filled(values: np.ndarray, otherwise: float) -> Float64Array:
    return np.where(np.isnan(values), otherwise, values).astype(np.float64)
