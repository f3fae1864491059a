"""Cost against quality, as the threshold moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from router.types import JsonObject
from training.report import style
from training.report.estimates import Estimate, at, count, interval_note, name_of, objects, tiers_of
from training.report.figures.canvas import Figured, one_axes, percent_ticks
from training.report.style import INK, MUTED, PAPER, WIDE_IN, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


_LINES: Mapping[str, tuple[str, Any, float]] = {
    "router": (style.ROUTER, "-", 2.4),
    "knn": (style.KNN, (0, (6, 2)), 1.5),
    "signals_only": (style.SIGNALS, (0, (4, 1.5, 1, 1.5)), 1.5),
    "length_rule": (style.LENGTH, (0, (1.2, 1.6)), 1.7),
}
_BESIDE: Mapping[str, str] = {"shuffle": "X", "random_mix": "D"}
"""Policies without knowledge of the request, by their mark."""


def cost_quality(evaluation: JsonObject) -> Figured | None:
    """Quality against cost as the threshold moves, with the baselines, the fixed tiers, the oracle and where we are."""
    lines = {name: _points(evaluation, name) for name in _LINES}
    lines = {name: points for name, points in lines.items() if points}
    if "router" not in lines:
        return None
    band = _points(evaluation, "router_band", ("cost_usd_per_1k", "low", "high"))
    shaded = f"Shaded: {interval_note(evaluation)} of the router's quality. " if band else ""
    marks = _marks(evaluation)

    def paint(width: float) -> Figure:
        figure, axes = one_axes(width, 4.5 if width == WIDE_IN else 4.2)
        if band:
            cost, low, high = zip(*band, strict=True)
            axes.fill_between(cost, low, high, color=style.ROUTER, alpha=0.16, linewidth=0)
        for name, points in lines.items():
            colour, dashes, weight = _LINES[name]
            axes.plot(*zip(*points, strict=True), color=colour, linestyle=dashes, linewidth=weight, zorder=3)
        _cost_axes(axes, [*lines.values(), band], marks)
        _key(axes, lines, marks, below=width != WIDE_IN)
        for name, (cost_at, quality_at) in marks.items():
            _mark(axes, name, cost_at, quality_at)
        return figure

    return Figured(
        "cost_quality",
        "Cost against quality",
        f"Each line is one policy as its threshold moves; the large dot is the router at the bundle's threshold"
        f"{_threshold_text(evaluation)}. {shaded}"
        f"{count(at(evaluation, 'test', 'n'))} test rows in {count(at(evaluation, 'test', 'groups'))} groups.",
        draw("cost_quality", paint),
    )


def _marks(evaluation: JsonObject) -> dict[str, tuple[float, float]]:
    wanted = [*(f"always_{tier}" for tier in tiers_of(evaluation)), "random_mix", "shuffle", "oracle", "router"]
    marks = {}
    for name in wanted:
        policy = objects(evaluation, "policies", name)
        cost, quality = Estimate.read(policy.get("cost_usd_per_1k")), Estimate.read(policy.get("quality"))
        if cost is not None and quality is not None:
            marks[name] = (cost.point, quality.point)
    return marks


def _cost_axes(axes: Axes, curves: Sequence[list[tuple[float, ...]]], marks: Mapping[str, tuple[float, float]]) -> None:
    costs = [point[0] for points in curves for point in points] + [x for x, _ in marks.values()]
    qualities = [y for points in curves for point in points for y in point[1:]] + [y for _, y in marks.values()]
    span, rise = max(costs) - min(costs) or 1.0, max(qualities) - min(qualities) or 0.1
    axes.set_xlim(min(costs) - 0.05 * span, max(costs) + 0.07 * span)
    axes.set_ylim(min(qualities) - 0.07 * rise, max(qualities) + 0.12 * rise)
    axes.set_xlabel("cost, USD per 1,000 requests")
    axes.set_ylabel("quality (mean score of the answers)")
    axes.yaxis.set_major_formatter(percent_ticks)


def _key(axes: Axes, lines: Mapping[str, Any], marks: Mapping[str, Any], *, below: bool) -> None:
    """The baselines' names: on the lines they would collide, and at the lower right cost-quality plots are empty."""
    from matplotlib.lines import Line2D

    handles = []
    for name in ("knn", "signals_only", "length_rule"):
        if name in lines:
            colour, dashes, weight = _LINES[name]
            handles.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=weight, label=name_of(name)))
    for name, marker in _BESIDE.items():
        if name in marks:
            handles.append(_dot(marker, label=name_of(name)))
    if handles:
        looks: dict[str, Any] = {"handles": handles, "frameon": False, "columnspacing": 1.0}
        figure = axes.get_figure(root=True)
        assert figure is not None
        if below:
            key = figure.legend(loc="outside lower center", ncols=2, handlelength=1.9, fontsize=7.8, **looks)
        else:
            key = axes.legend(loc="lower right", handlelength=2.6, **looks)
        for text, handle in zip(key.get_texts(), handles, strict=True):
            text.set_color(str(handle.get_color()))


def _dot(marker: str, **options: Any) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        color=MUTED,
        linestyle="none",
        marker=marker,
        markersize=6.5,
        markeredgewidth=0.4,
        markeredgecolor=PAPER,
        **options,
    )


def _mark(axes: Axes, name: str, cost: float, quality: float) -> None:
    left, right = axes.get_xlim()
    on_the_right = cost > left + 0.8 * (right - left)
    if name == "router":
        axes.plot([cost], [quality], "o", markersize=9, color=style.ROUTER, markeredgecolor=PAPER, zorder=6)
        _say(axes, "router", (cost, quality), (-9, 9), style.ROUTER, bold=True)
    elif name == "oracle":
        axes.plot([cost], [quality], "*", markersize=12, color=style.ORACLE, markeredgecolor=PAPER, zorder=5)
        _say(axes, "oracle", (cost, quality), (0, 10), style.ORACLE, align="center")
    elif name.startswith("always_"):
        axes.plot([cost], [quality], "s", markersize=6.5, color=INK, markeredgecolor=PAPER, zorder=5)
        offset, align = ((-2, 10), "right") if on_the_right else ((9, -4), "left")
        _say(axes, name_of(name), (cost, quality), offset, INK, align=align)
    else:
        axes.plot(
            [cost],
            [quality],
            _BESIDE[name],
            color=MUTED,
            markersize=7,
            markeredgewidth=0.4,
            markeredgecolor=PAPER,
            zorder=5,
        )


def _say(
    axes: Axes,
    words: str,
    point: tuple[float, float],
    offset: tuple[float, float],
    colour: str,
    *,
    align: Any = "right",
    bold: bool = False,
) -> None:
    axes.annotate(
        words,
        xy=point,
        xytext=offset,
        textcoords="offset points",
        color=colour,
        ha=align,
        fontweight="bold" if bold else "normal",
        zorder=7,
    )


def _threshold_text(evaluation: JsonObject) -> str:
    threshold = Estimate.read(at(evaluation, "threshold"))
    return "" if threshold is None else f" ({threshold.number()})"


def _points(
    evaluation: JsonObject, name: str, keys: Sequence[str] = ("cost_usd_per_1k", "quality")
) -> list[tuple[float, ...]]:
    """The points of a curve, by cost; those with an unknown value left out."""
    curve = objects(evaluation, "curves", name)
    columns = [curve.get(key) or [] for key in keys]
    points = {tuple(float(x) for x in row) for row in zip(*columns, strict=False) if None not in row}
    return sorted(points)
