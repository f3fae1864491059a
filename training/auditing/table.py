"""Rows to numbers: what each step of a ladder scored, and what it cost as far as rows and prices know."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from router.brain.calibration import Float64Array
from training.auditing.prices import Prices
from training.auditing.steps import Ladder
from training.rows.row import OutcomeRow

MIN_COST_SHARE = 0.5
"""A way to know costs counts only where at least this share of the rows has it for every step of the ladder."""


@dataclass(frozen=True, slots=True, eq=False)
class LadderTable:
    """A source's rows over a ladder's steps.

    quality: (n, n_steps) in [0, 1], nan unknown.  cost_usd: (n_steps,) mean of a request; nan unknown.
    basis: how the costs are known.  n_cost: rows that they are the mean of.
    output_tokens: (n_steps,) mean; nan unknown.
    """

    quality: Float64Array
    cost_usd: Float64Array
    basis: str
    n_cost: int
    output_tokens: Float64Array

    @classmethod
    def of(cls, rows: Sequence[OutcomeRow], ladder: Ladder, prices: Prices) -> LadderTable:
        """The table of some rows of one source."""
        basis, cost_usd, n_cost = _costs(rows, ladder, prices)
        return cls(
            quality=_by_step(rows, ladder, lambda row, step, model: row.outcomes.get(model)),
            cost_usd=cost_usd,
            basis=basis,
            n_cost=n_cost,
            output_tokens=column_means(_by_step(rows, ladder, lambda row, step, model: row.output_tokens.get(model))),
        )


_Value = Callable[[OutcomeRow, int, str], float | None]
"""A row, a step's position and one of its models, to a number; None unknown."""


def _by_step(rows: Sequence[OutcomeRow], ladder: Ladder, value: _Value) -> Float64Array:
    """(n, n_steps): the mean over a step's models; nan where one of them is unknown, as in `tier_scores`."""
    out = np.full((len(rows), len(ladder.steps)), np.nan)
    for position, row in enumerate(rows):
        for step, models in enumerate(ladder.models):
            values = [value(row, step, model) for model in models]
            known = [number for number in values if number is not None]
            if len(known) == len(models):
                out[position, step] = round(math.fsum(known) / len(known), 12)
    return out


def _costs(rows: Sequence[OutcomeRow], ladder: Ladder, prices: Prices) -> tuple[str, Float64Array, int]:
    """How costs are known, their means a step, and of how many rows: the best way that holds for every step alike.

    Ways are never mixed: a measured cost next to an assumed one would compare two things.
    """
    token_usd = [
        prices.token_usd.get(step) or prices.token_usd.get(tier)
        for step, tier in zip(ladder.steps, ladder.tier_of, strict=True)
    ]

    def measured(row: OutcomeRow, step: int, model: str) -> float | None:
        return row.cost_usd.get(model)

    def by_tokens(row: OutcomeRow, step: int, model: str) -> float | None:
        price, n_in, n_out = token_usd[step], row.input_tokens.get(model), row.output_tokens.get(model)
        return None if price is None or n_in is None or n_out is None else (n_in * price[0] + n_out * price[1]) / 1e6

    def by_output(row: OutcomeRow, step: int, model: str) -> float | None:
        price, n_out = token_usd[step], row.output_tokens.get(model)
        return None if price is None or n_out is None else n_out * price[1] / 1e6

    for basis, value in (("cost_usd", measured), ("tokens", by_tokens), ("output_tokens", by_output)):
        costs = _by_step(rows, ladder, value)
        whole = costs[np.isfinite(costs).all(axis=1)]
        if len(whole) >= MIN_COST_SHARE * len(rows):
            return basis, whole.mean(axis=0), len(whole)
    assumed = [
        prices.request_usd.get(step, prices.request_usd.get(tier, math.nan))
        for step, tier in zip(ladder.steps, ladder.tier_of, strict=True)
    ]
    known = not any(math.isnan(cost) for cost in assumed)
    return ("assumed" if known else "unknown"), np.array(assumed if known else [math.nan] * len(assumed)), 0


def column_means(values: Float64Array) -> Float64Array:
    """Mean of each column over its known values; nan where there is none."""
    known = np.isfinite(values)
    n_known = known.sum(axis=0)
    return np.where(n_known > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(1, n_known), np.nan)
