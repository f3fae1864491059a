"""The figures of a report, from an evaluation alone: cost and quality, reliability, tiers, slices, forms.

Each function returns None where the evaluation lacks what its figure shows. A module holds one family of them.
"""

from __future__ import annotations

from router.types import JsonObject
from training.report.figures.by_form import forms
from training.report.figures.by_slice import slices
from training.report.figures.by_source import confusion, tier_mix
from training.report.figures.curve import cost_quality
from training.report.figures.heads import reliability
from training.report.figures.price import price_curve
from training.report.picture import Picture

__all__ = [
    "FIGURES",
    "all_figures",
    "confusion",
    "cost_quality",
    "forms",
    "price_curve",
    "reliability",
    "slices",
    "tier_mix",
]

FIGURES = (cost_quality, price_curve, reliability, tier_mix, confusion, slices, forms)
"""All figures that there can be, in reading order; a figure's files have the function's name."""


def all_figures(evaluation: JsonObject) -> list[Picture]:
    """Every figure that the evaluation has the numbers for, in reading order."""
    return [figure for figure in (make(evaluation) for make in FIGURES) if figure is not None]
