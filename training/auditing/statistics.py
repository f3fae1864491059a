"""The figures of a ladder's steps: of each alone, of two side by side, and of one against a mix of two others."""

from __future__ import annotations

import math

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.auditing.table import LadderTable
from training.measure.bootstrap import Interval


def step_facts(table: LadderTable, quality: Interval, step: int, *, threshold: float) -> JsonObject:
    """One step's figures.

    quality: its mean score with interval.  threshold: the score from which an answer is adequate.
    """
    scores = table.quality[:, step]
    known = scores[np.isfinite(scores)]
    return {
        "n": len(known),
        "quality": rounded(quality.point),
        "interval": bounds(quality),
        "adequate": rounded(float((known >= threshold).mean())) if known.size else None,
        "cost_usd": rounded(float(table.cost_usd[step]), places=8),
        "output_tokens": rounded(float(table.output_tokens[step]), places=1),
    }


def wins(low: Float64Array, high: Float64Array) -> JsonObject:
    """On the rows that know both: how often the second scores strictly more, the same, strictly less."""
    both = np.isfinite(low) & np.isfinite(high)
    gain = high[both] - low[both]
    if gain.size == 0:
        return {"n": 0}
    return {
        "n": int(gain.size),
        "better": rounded(float((gain > 0).mean())),
        "tie": rounded(float((gain == 0).mean())),
        "worse": rounded(float((gain < 0).mean())),
    }


def mixes_of(cost_usd: Float64Array) -> dict[tuple[int, int, int], Float64Array]:
    """For each step between a cheaper and a costlier one: weights, by (cheaper, step, costlier).

    Their product with the qualities is the step's lead over the random mix of those two that costs as much.
    """
    mixes: dict[tuple[int, int, int], Float64Array] = {}
    order = np.argsort(cost_usd, kind="stable").tolist()
    for middle in range(1, len(order) - 1):
        for cheap, costly in ((a, b) for a in order[:middle] for b in order[middle + 1 :]):
            span = cost_usd[costly] - cost_usd[cheap]
            if not span > 0:
                continue
            share = (cost_usd[order[middle]] - cost_usd[cheap]) / span
            weights = np.zeros(len(order))
            weights[[cheap, order[middle], costly]] = share - 1.0, 1.0, -share
            mixes[cheap, order[middle], costly] = weights
    return mixes


def bounds(interval: Interval) -> list[float | None]:
    """[low, high], rounded; None where an end is unknown."""
    return [rounded(interval.low), rounded(interval.high)]


def rounded(value: float, *, places: int = 4) -> float | None:
    """The number as the report has it; None for nan."""
    return None if math.isnan(value) else round(value, places)
