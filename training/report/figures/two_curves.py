"""Cost against quality of two bundles on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from router.pages.numbers import Estimate, count
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import interval_note, objects
from training.report.figures.curve import curve_points, set_limits
from training.report.picture import Picture, draw, one_axes

LOOKS: Mapping[str, Mapping[str, Any]] = {
    "a": {"color": palette.LENGTH, "linestyle": (0, (5, 1.6)), "linewidth": 2.0},
    "b": {"color": palette.ROUTER, "linestyle": "-", "linewidth": 2.4},
}
_BAND = ("cost_usd_per_1k", "low", "high")


def two_curves(comparison: JsonObject) -> Picture:
    """Quality against cost as each bundle's threshold moves, with bands; a dot at each bundle's own threshold."""
    curves = {name: {"curves": objects(comparison, "curves", name)} for name in LOOKS}
    lines = {name: curve_points(curves[name], "router") for name in LOOKS}
    bands = {name: curve_points(curves[name], "router_band", _BAND) for name in LOOKS}
    dots = {name: dot for name in LOOKS if (dot := _served(comparison, name)) is not None}

    def paint() -> Figure:
        figure, axes = one_axes(4.2)
        for name, look in LOOKS.items():
            if bands[name]:
                cost, low, high = zip(*bands[name], strict=True)
                axes.fill_between(cost, low, high, color=look["color"], alpha=0.13, linewidth=0)
            axes.plot(*zip(*lines[name], strict=True), zorder=3, **look)
        every = [*lines.values(), *bands.values(), dots.values()]
        set_limits(axes, [point for points in every for point in points])
        for name, dot in dots.items():
            axes.plot(*dot, marker="o", markersize=9, color=LOOKS[name]["color"], zorder=6)
        handles = [
            Line2D([], [], label=f"{name.upper()}: {objects(comparison, 'bundles', name).get('bundle')}", **look)
            for name, look in LOOKS.items()
        ]
        axes.legend(handles=handles, frameon=False, loc="lower right", handlelength=3)
        return figure

    n_rows, n_groups = (count(objects(comparison, "test").get(key)) for key in ("n", "groups"))
    return draw(
        "two_curves",
        "Cost against quality",
        "Each line is one bundle as its threshold moves, from always the cheapest tier to always the strongest; the "
        f"dot is the bundle as it serves, at its own threshold. Shaded: {interval_note(comparison)} of each bundle's "
        f"quality alone, so bands that overlap do not show that there is no difference. {n_rows} rows in {n_groups} "
        "groups.",
        paint,
    )


def _served(comparison: JsonObject, name: str) -> tuple[float, float] | None:
    """Cost and quality at a bundle's own threshold."""
    at_threshold = objects(comparison, "at_threshold")
    cost, quality = (Estimate.read(objects(at_threshold, key).get(name)) for key in ("cost_usd_per_1k", "quality"))
    return None if cost is None or quality is None else (cost.point, quality.point)
