"""What a request costs at each tier: the row's own cost where it is known at every tier, else the stated one.

Own costs are USD as recorded (`cost_usd`), else tokens in and out at the prices behind the stated costs. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.errors import DataError
from training.config import DEFAULT_TIER_COST_USD, DEFAULT_TIER_TOKEN_USD, FitConfig
from training.labels.tier_map import TierMap
from training.rows.row import OutcomeRow, TrainingRow

__all__ = ["RequestCosts", "request_costs", "tier_costs"]

TokenPrice: TypeAlias = tuple[float, float]


class RequestCosts(NamedTuple):
    """usd: (n, n_tiers) of a request at each tier.  own: (n,) bool, whether they are the row's own."""

    usd: Float64Array
    own: npt.NDArray[np.bool_]


def tier_costs(tiers: Sequence[str], config: FitConfig) -> tuple[float, ...]:
    """The stated USD per request for each tier. Raises DataError for a tier without a price."""
    for tier in tiers:
        if tier not in config.tier_cost_usd:
            raise DataError(f"the price of tier {tier!r} is not known; give --tier-cost {tier}=USD", where="tiers")
    return tuple(config.tier_cost_usd[tier] for tier in tiers)


def request_costs(rows: Sequence[TrainingRow], tier_map: TierMap, config: FitConfig) -> RequestCosts:
    """What each row costs at each tier; own costs only where all tiers of a row are known in the same way.

    A row that knows some tiers alone, or two tiers in two ways, keeps the stated costs: what a real cost saves against
    an assumed one is not a saving. Raises DataError for a tier without a stated cost.
    """
    stated = tier_costs(tier_map.tiers, config)
    prices = _token_prices(tier_map.tiers, config)
    usd, own = np.tile(np.array(stated), (len(rows), 1)), np.zeros(len(rows), dtype=np.bool_)
    for position, row in enumerate(rows):
        if isinstance(row, OutcomeRow) and (costs := _own_costs(row, tier_map, prices)) is not None:
            usd[position], own[position] = costs, True
    return RequestCosts(usd, own)


_Cost: TypeAlias = Callable[[int, str], float | None]
"""A tier's position and one of its models, to USD; None unknown."""


def _own_costs(row: OutcomeRow, tier_map: TierMap, prices: Sequence[TokenPrice] | None) -> list[float] | None:
    models = tier_map.sources[row.source].models
    of_tiers = [models.get(tier, ()) for tier in tier_map.tiers]

    def recorded(_: int, model: str) -> float | None:
        return row.cost_usd.get(model)

    def by_tokens(tier: int, model: str) -> float | None:
        n_in, n_out = row.input_tokens.get(model), row.output_tokens.get(model)
        if prices is None or n_in is None or n_out is None:
            return None
        return (n_in * prices[tier][0] + n_out * prices[tier][1]) / 1e6

    for cost in (recorded, by_tokens):
        means = [_mean(tier, names, cost) for tier, names in enumerate(of_tiers)]
        known = [usd for usd in means if usd is not None]
        # A strongest tier that costs nothing was not metered: against a baseline of 0 nothing could be saved.
        if len(known) == len(means) and known[-1] > 0:
            return known
    return None


def _mean(tier: int, models: Sequence[str], cost: _Cost) -> float | None:
    """Over a tier's models; unknown where one of them is, as in `tier_scores`."""
    known = [usd for model in models if (usd := cost(tier, model)) is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(models) else None


def _token_prices(tiers: Sequence[str], config: FitConfig) -> tuple[TokenPrice, ...] | None:
    """Prices per token that agree with the stated costs; None if costs are stated of which no such price is known."""
    known = all(
        tier in DEFAULT_TIER_TOKEN_USD and config.tier_cost_usd.get(tier) == DEFAULT_TIER_COST_USD[tier]
        for tier in tiers
    )
    return tuple(DEFAULT_TIER_TOKEN_USD[tier] for tier in tiers) if known else None
