"""What a price of quality loses, costs and sends where: computed on a bundle's held-out rows for one configuration.

A decision takes the tier with the least `expected quality loss + rate * cost / largest cost`, all of this request. The
rate is the price of quality: at 0.1 the most expensive tier's answer has to lose a tenth less than a free one's. As it
grows, requests move to cheaper tiers only. So the rates, which are fixed beforehand, are tried from the safest end on,
as thresholds are in training.thresholds.choose, and with the same guarantee.

Why relative to the request: a target on the loss is to hold for short asks and for the 20,000 tokens that an agent
sends with each. At one price in dollars the tokens of such an agent's requests would weigh far more
than their loss. Who states a price in dollars (`value_of_an_answer_usd`) means just that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from router.brain.bounds import Grouping, TestedMeans
from router.brain.calibration import Float64Array
from router.brain.promise import COST, MIX, QUALITY, Goal, TargetTooSmall
from router.types import StatedPromise

Ranks = npt.NDArray[np.intp]

RATES: Float64Array = np.concatenate([[1e-6], np.geomspace(1e-4, 1e2, 510), [1e6]])
"""Prices of quality, from "whatever it costs" to "the cheapest": fixed, as the sequence of tests has to be named before
the rows are looked at. Neighbours differ by 2.7%."""


@dataclass(frozen=True, slots=True, eq=False)
class PricedRows:
    """Held-out rows with what a configuration's tiers cost them; tiers are cheap to strong, k of them.

    loss: (n, k) expected quality loss.  lost: (n, k), 1 where quality was lost, else 0.
    expected_usd: (n, k) what the service expects a request to cost, from its input and its task.
    charged_usd: (n, k) the same where the answer's length is known.
    lowest: (n,) rank of the lowest tier that the request may get: the safe one for a row out of domain, else 0.
    allowed: ranks of the tiers that may be chosen, cheap to strong.
    """

    tiers: tuple[str, ...]
    loss: Float64Array
    lost: Float64Array
    expected_usd: Float64Array
    charged_usd: Float64Array
    lowest: Ranks
    allowed: tuple[int, ...]
    grouping: Grouping

    @property
    def relative(self) -> Float64Array:
        """Each tier's expected cost by the row's largest, (n, k) in [0, 1]; 0 where all are free."""
        largest = self.expected_usd.max(axis=1, keepdims=True)
        return np.asarray(self.expected_usd / np.where(largest > 0.0, largest, 1.0))

    def tiers_at_value(self, usd: float | Float64Array) -> Ranks:
        """The rank of each row's tier, (n,), where an answer is worth so many USD: one number, or (n,)."""
        columns = list(self.allowed)
        totals = self.loss[:, columns] + self.expected_usd[:, columns] / np.reshape(usd, (-1, 1))
        best = len(columns) - 1 - totals[:, ::-1].argmin(axis=1)  # the strongest of equal ones
        return np.asarray(np.maximum(np.array(columns)[best], self._lowest_allowed()))

    def segments(self) -> tuple[Float64Array, Ranks]:
        """The rates at which each row's tier changes, and the tier from there on: (n, s) both, rates ascending from 0.

        A rate of infinity: no further change. The tiers are the lower envelope of one line per tier.
        """
        relative, columns, n = self.relative, self.allowed, len(self.loss)
        rows = np.arange(n)
        tier = np.full(n, columns[0])
        for column in columns[1:]:
            loss, least = self.loss[:, column], self.loss[rows, tier]
            no_more = relative[:, column] <= relative[rows, tier]
            tier = np.where((loss < least) | ((loss == least) & no_more), column, tier)
        rates, chosen = [np.zeros(n)], [tier]
        for _ in columns[1:]:
            rate, tier = _next_change(self.loss, relative, columns, tier)
            rates.append(rate)
            chosen.append(tier)
        return np.stack(rates, axis=1), np.maximum(np.stack(chosen, axis=1), self._lowest_allowed()[:, None])

    def _lowest_allowed(self) -> Ranks:
        """`lowest`, moved to the nearest allowed tier at or above it, else to the strongest allowed one."""
        columns = np.array(self.allowed)
        return columns[np.minimum(np.searchsorted(columns, self.lowest), len(columns) - 1)]


def _next_change(
    loss: Float64Array, relative: Float64Array, columns: Sequence[int], tier: Ranks
) -> tuple[Float64Array, Ranks]:
    """From each row's tier, the least rate at which a cheaper one is better, and that tier."""
    rows = np.arange(len(loss))
    own_loss, own_cost = loss[rows, tier], relative[rows, tier]
    best, following = np.full(len(loss), np.inf), tier
    for column in columns:
        saved = own_cost - relative[:, column]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(saved > 0.0, (loss[:, column] - own_loss) / saved, np.inf)
        cheaper = relative[:, column] <= relative[rows, following]
        better = (rate < best) | ((rate == best) & cheaper & (saved > 0.0))
        best, following = np.where(better, rate, best), np.where(better, column, following)
    return best, following


class PriceCurve:
    """What each of RATES loses, costs and sends where, with upper confidence bounds.

    losses, savings, costs_usd_per_1k: (m,), means over groups; savings against always the strongest tier.
    tier_shares: (m, k).  typical_usd: the mean over rows of the largest cost: what a relative price is shown by.
    """

    def __init__(self, rows: PricedRows, *, confidence: float) -> None:
        self.tiers = rows.tiers
        self.confidence = confidence
        self.n_groups = len(rows.grouping)
        rates, tier_of = rows.segments()
        self._rows, self._tier_of = rows, tier_of
        # A segment that begins beyond the largest rate is counted in a column that is cut off.
        self._position = np.searchsorted(RATES, rates, side="left")
        weights = rows.grouping.weights
        self.losses = np.clip(self._summed(weights, rows.lost), 0.0, 1.0)
        spent = self._summed(weights, rows.charged_usd)
        strongest = float(weights @ rows.charged_usd[:, -1])
        self.costs_usd_per_1k = 1_000.0 * np.maximum(spent, 0.0)
        self.savings = 1.0 - spent / strongest if strongest > 0.0 else np.zeros_like(spent)
        self.typical_usd = float(weights @ rows.expected_usd.max(axis=1))

    def _summed(self, weights: Float64Array, values: Float64Array) -> Float64Array:
        """At each rate the weighted sum of the chosen tiers' values: (n,), (n, k) to (m,)."""
        chosen = np.take_along_axis(values, self._tier_of, axis=1)
        steps = np.diff(chosen, axis=1, prepend=0.0) * weights[:, None]
        return np.asarray(np.bincount(self._position.ravel(), steps.ravel(), minlength=len(RATES) + 1)[:-1].cumsum())

    @cached_property
    def _losses_tested(self) -> TestedMeans:
        """From the safest price on: from the most careful one."""
        return self._tested(self.losses, self._rows.lost)

    @cached_property
    def _costs_tested(self) -> TestedMeans:
        """From the cheapest price on, as shares of the costliest row: no request is taken to cost more."""
        means = np.clip(self.costs_usd_per_1k / self._most_usd_per_1k, 0.0, 1.0)
        return TestedMeans.of(means[::-1], None, self.n_groups, confidence=self.confidence)

    @property
    def _most_usd_per_1k(self) -> float:
        return 1_000.0 * (float(self._rows.charged_usd.max()) or 1.0)

    def _share_tested(self, tier: str) -> TestedMeans:
        """From the cheapest price on."""
        values = self._sent_to(self.tiers.index(tier))
        return self._tested(self._summed(self._rows.grouping.weights, values), values, is_reversed=True)

    def _tested(self, means: Float64Array, values: Float64Array, *, is_reversed: bool = False) -> TestedMeans:
        """Means of values that are 0 or 1, in their order or from the cheap end."""
        order = slice(None, None, -1 if is_reversed else 1)
        counted = np.zeros(len(values))
        counted[self._rows.grouping.representative] = 1.0
        counts = np.rint(self._summed(counted, values))
        means = np.clip(means, 0.0, 1.0)
        return TestedMeans.of(means[order], counts[order], self.n_groups, confidence=self.confidence)

    def _sent_to(self, rank: int) -> Float64Array:
        values = np.zeros_like(self._rows.lost)
        values[:, rank] = 1.0
        return values

    @cached_property
    def tier_shares(self) -> Float64Array:
        """The share of requests of each tier, (m, k)."""
        weights = self._rows.grouping.weights
        shares = [self._summed(weights, self._sent_to(rank)) for rank in range(len(self.tiers))]
        return np.clip(np.stack(shares, axis=1), 0.0, 1.0)

    def loss_bound(self, position: int) -> float:
        """The upper confidence bound on the loss at a price and at every more careful one."""
        return self._losses_tested.bound(position)

    def cost_bound_usd_per_1k(self, position: int) -> float:
        """The upper confidence bound on the cost at a price and at every cheaper one."""
        return self._most_usd_per_1k * self._costs_tested.bound(len(RATES) - 1 - position)

    def share_bound(self, tier: str, position: int) -> float:
        """The upper confidence bound on a tier's share at a price and at every cheaper one."""
        return self._share_tested(tier).bound(len(RATES) - 1 - position)

    def position_for(self, goal: Goal) -> int:
        """Index of the rate for a goal. Raises TargetTooSmall, and ValueError for a mix of other tiers."""
        if goal.max_quality_loss is not None:
            position = self._losses_tested.last_within(goal.max_quality_loss)
            if position < 0:
                raise TargetTooSmall(QUALITY, goal.max_quality_loss, self._losses_tested.bound(0))
            return position
        if goal.max_cost_usd_per_1k is not None:
            most = self._most_usd_per_1k
            return _most_careful(self._costs_tested, goal.max_cost_usd_per_1k, what=COST, unit=most)
        assert goal.tier_mix is not None
        goal.check_tiers(self.tiers)
        return max(
            _most_careful(self._share_tested(tier), share, what=f"{MIX} {tier}")
            for tier, share in goal.tier_mix.items()
        )

    def stated(self, goal: Goal) -> StatedPromise:
        """The guarantee for a goal. Raises as `position_for`."""
        position = self.position_for(goal)
        target: float | Mapping[str, float]
        bound: float | Mapping[str, float]
        if goal.tier_mix is not None:
            target = dict(goal.tier_mix)
            bound = {tier: min(share, self.share_bound(tier, position)) for tier, share in target.items()}
        elif goal.max_cost_usd_per_1k is not None:
            target = goal.max_cost_usd_per_1k
            bound = min(target, self.cost_bound_usd_per_1k(position))
        else:
            assert goal.max_quality_loss is not None
            target = goal.max_quality_loss
            bound = min(target, self.loss_bound(position))  # a bound that passed is above it by rounding at most
        return StatedPromise(goal.kind, target, bound, self.confidence, self.n_groups)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one price does on the held-out rows.

    loss, bound: mean quality loss, and its upper confidence bound for this price alone.
    saving: share of the cost of always the strongest tier.  cost_usd_per_1k: mean.  shares: of requests, by tier.
    """

    loss: float
    bound: float
    saving: float
    cost_usd_per_1k: float
    shares: Mapping[str, float]


def outlook_at_rate(curve: PriceCurve, position: int) -> Outlook:
    """The outlook at one of RATES."""
    return Outlook(
        loss=float(curve.losses[position]),
        bound=curve.loss_bound(position),
        saving=float(curve.savings[position]),
        cost_usd_per_1k=float(curve.costs_usd_per_1k[position]),
        shares=dict(zip(curve.tiers, curve.tier_shares[position].tolist(), strict=True)),
    )


def outlook_at_value(rows: PricedRows, usd: float, *, confidence: float) -> Outlook:
    """The outlook where an answer is worth so many USD, whatever the request."""
    tier, weights = rows.tiers_at_value(usd), rows.grouping.weights

    def at(values: Float64Array) -> Float64Array:
        return np.take_along_axis(values, tier[:, None], axis=1)

    bounded = rows.grouping.bounded(at(rows.lost), confidence=confidence)
    spent, strongest = float(weights @ at(rows.charged_usd)[:, 0]), float(weights @ rows.charged_usd[:, -1])
    return Outlook(
        loss=float(bounded.means[0]),
        bound=float(bounded.bounds[0]),
        saving=1.0 - spent / strongest if strongest > 0.0 else 0.0,
        cost_usd_per_1k=1_000.0 * spent,
        shares={name: float(weights @ (tier == rank)) for rank, name in enumerate(rows.tiers)},
    )


def _most_careful(tested: TestedMeans, limit: float, *, what: str, unit: float = 1.0) -> int:
    """Index of the most careful rate that keeps a limit, tested from the cheap end. Raises TargetTooSmall."""
    place = tested.last_within(limit / unit)
    if place < 0:
        least = tested.bound(0)
        smallest = unit * least
        while smallest / unit < least:  # rounded: asked for, it has to pass
            smallest = math.nextafter(smallest, math.inf)
        raise TargetTooSmall(what, limit, smallest)
    return len(RATES) - 1 - place
