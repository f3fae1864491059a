"""The figures of a report, from an evaluation alone: cost against quality, reliability, tier mix, confusion, slices.

Each function returns None where the evaluation lacks what its figure shows. A module holds one family of them.
"""

from __future__ import annotations

from router.types import JsonObject
from training.report.figures.by_slice import MAX_BARS_A_KIND, slices
from training.report.figures.by_source import confusion, tier_mix
from training.report.figures.canvas import Figured
from training.report.figures.curve import cost_quality
from training.report.figures.heads import reliability

__all__ = [
    "FIGURE_NAMES",
    "MAX_BARS_A_KIND",
    "Figured",
    "all_figures",
    "confusion",
    "cost_quality",
    "reliability",
    "slices",
    "tier_mix",
]

FIGURE_NAMES = ("cost_quality", "reliability", "tier_mix", "confusion", "slices")
"""Of all figures that there can be."""


def all_figures(evaluation: JsonObject) -> list[Figured]:
    """Every figure that the evaluation has the numbers for, in reading order."""
    makers = (cost_quality, reliability, tier_mix, confusion, slices)
    return [figure for figure in (make(evaluation) for make in makers) if figure is not None]
