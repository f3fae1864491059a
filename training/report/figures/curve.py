"""Cost against quality, as the threshold moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from router.pages.numbers import Estimate, count, number
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import at, interval_note, name_of, objects, tiers_of
from training.report.palette import INK, MUTED
from training.report.picture import Picture, draw, one_axes, percent_ticks

_Point: TypeAlias = tuple[float, ...]
"""Cost, then one or more qualities."""

_ROUTER_LINE: Mapping[str, Any] = {"color": palette.ROUTER, "linestyle": "-", "linewidth": 2.4}
_LINES: Mapping[str, Mapping[str, Any]] = {
    "knn": {"color": palette.KNN, "linestyle": (0, (6, 2)), "linewidth": 1.5},
    "signals_only": {"color": palette.SIGNALS, "linestyle": (0, (4, 1.5, 1, 1.5)), "linewidth": 1.5},
    "length_rule": {"color": palette.LENGTH, "linestyle": (0, (1.2, 1.6)), "linewidth": 1.7},
}
_MARKS: Mapping[str, Mapping[str, Any]] = {
    name: {"color": MUTED, "linestyle": "none", "marker": marker, "markersize": 7, "markeredgewidth": 0.4}
    for name, marker in (("shuffle", "X"), ("random_mix", "D"))
}
"""Policies that know nothing of the request."""


def cost_quality(evaluation: JsonObject) -> Picture | None:
    """Quality against cost as the threshold moves: router, baselines, fixed tiers, oracle, the bundle's threshold."""
    lines = {name: curve_points(evaluation, name) for name in ("router", *_LINES)}
    lines = {name: points for name, points in lines.items() if points}
    if "router" not in lines:
        return None
    band = curve_points(evaluation, "router_band", ("cost_usd_per_1k", "low", "high"))
    marks = _policy_points(evaluation)

    def paint() -> Figure:
        figure, axes = one_axes(4.5)
        if band:
            cost, low, high = zip(*band, strict=True)
            axes.fill_between(cost, low, high, color=palette.ROUTER, alpha=0.16, linewidth=0)
        for name, points in lines.items():
            axes.plot(*zip(*points, strict=True), zorder=3, **_LINES.get(name, _ROUTER_LINE))
        set_limits(axes, [*band, *(point for points in lines.values() for point in points), *marks.values()])
        _key(axes, [*lines, *marks])
        for name, point in marks.items():
            _mark(axes, name, point)
        return figure

    threshold = Estimate.read(at(evaluation, "threshold"))
    at_threshold = "" if threshold is None else f" ({number(threshold)})"
    shaded = f"Shaded: {interval_note(evaluation)} of the router's quality. " if band else ""
    return draw(
        "cost_quality",
        "Cost against quality",
        f"Each line is one policy as its threshold moves; the large dot is the router at the bundle's threshold"
        f"{at_threshold}. {shaded}"
        f"{count(at(evaluation, 'test', 'n'))} test rows in {count(at(evaluation, 'test', 'groups'))} groups.",
        paint,
    )


def curve_points(
    evaluation: JsonObject, name: str, keys: Sequence[str] = ("cost_usd_per_1k", "quality")
) -> list[_Point]:
    """The points of a curve, by cost, without those that have an unknown value."""
    curve = objects(evaluation, "curves", name)
    columns = [curve.get(key) or [] for key in keys]
    return sorted({tuple(float(x) for x in row) for row in zip(*columns, strict=False) if None not in row})


def _policy_points(evaluation: JsonObject) -> dict[str, _Point]:
    """Cost and quality of each policy that is one point."""
    wanted = [*(f"always_{tier}" for tier in tiers_of(evaluation)), "random_mix", "shuffle", "oracle", "router"]
    found: dict[str, _Point] = {}
    for name in wanted:
        policy = objects(evaluation, "policies", name)
        cost, quality = Estimate.read(policy.get("cost_usd_per_1k")), Estimate.read(policy.get("quality"))
        if cost is not None and quality is not None:
            found[name] = (cost.point, quality.point)
    return found


def set_limits(axes: Axes, points: Sequence[_Point]) -> None:
    """Limits with room for the names of marks above and to the right."""
    costs, qualities = [point[0] for point in points], [quality for point in points for quality in point[1:]]
    span, rise = max(costs) - min(costs) or 1.0, max(qualities) - min(qualities) or 0.1
    axes.set_xlim(min(costs) - 0.05 * span, max(costs) + 0.07 * span)
    axes.set_ylim(min(qualities) - 0.07 * rise, max(qualities) + 0.12 * rise)
    axes.set(xlabel="cost, USD per 1,000 requests", ylabel="quality (mean score of the answers)")
    axes.yaxis.set_major_formatter(percent_ticks)


def _key(axes: Axes, names: Sequence[str]) -> None:
    """The baselines' names: on the lines they would collide, and cost-quality plots are empty at the lower right."""
    looks = {**_LINES, **_MARKS}
    handles = [Line2D([], [], label=name_of(name), **look) for name, look in looks.items() if name in names]
    if handles:
        key = axes.legend(handles=handles, frameon=False, loc="lower right", handlelength=2.6)
        for text, handle in zip(key.get_texts(), handles, strict=True):
            text.set_color(str(handle.get_color()))


def _mark(axes: Axes, name: str, point: _Point) -> None:
    """The mark of one policy, with its name unless the key has it."""
    if name in _MARKS:
        axes.plot(*point, zorder=5, **_MARKS[name])
        return
    left, right = axes.get_xlim()
    near_the_right = point[0] > left + 0.8 * (right - left)
    match name:
        case "router":
            marker, size, colour, offset, align = "o", 9.0, palette.ROUTER, (-9, 9), "right"
        case "oracle":
            marker, size, colour, offset, align = "*", 12.0, palette.ORACLE, (0, 10), "center"
        case _ if near_the_right:
            marker, size, colour, offset, align = "s", 6.5, INK, (-2, 10), "right"
        case _:
            marker, size, colour, offset, align = "s", 6.5, INK, (9, -4), "left"
    axes.plot(*point, marker, markersize=size, color=colour, zorder=5 + (name == "router"))
    words: dict[str, Any] = {"color": colour, "ha": align, "fontweight": "bold" if name == "router" else "normal"}
    axes.annotate(
        "oracle" if name == "oracle" else name_of(name),
        xy=(point[0], point[1]),
        xytext=offset,
        textcoords="offset points",
        zorder=7,
        **words,
    )
