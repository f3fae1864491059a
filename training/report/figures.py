"""The figures of a report, from an evaluation alone: cost against quality, reliability, tier mix, confusion, slices.

Each function returns None where the evaluation lacks what its figure shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from router.types import JsonObject
from training.report import style
from training.report.estimates import (
    Estimate,
    at,
    count,
    heads_of,
    interval_note,
    loss_of,
    name_of,
    objects,
    percent,
    tiers_of,
    wilson,
)
from training.report.style import FAINT, INK, MUTED, PAPER, WIDE_IN, Drawing, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

FIGURE_NAMES = ("cost_quality", "reliability", "tier_mix", "confusion", "slices")
"""Of all figures that there can be."""

MAX_BARS_A_KIND = 10
"""Slice values drawn of one kind; the page's tables have all."""

_LINES: Mapping[str, tuple[str, Any, float]] = {
    "router": (style.ROUTER, "-", 2.4),
    "knn": (style.KNN, (0, (6, 2)), 1.5),
    "signals_only": (style.SIGNALS, (0, (4, 1.5, 1, 1.5)), 1.5),
    "length_rule": (style.LENGTH, (0, (1.2, 1.6)), 1.7),
}
_BESIDE: Mapping[str, str] = {"shuffle": "X", "random_mix": "D"}
"""Policies without knowledge of the request, by their mark."""


@dataclass(frozen=True, slots=True)
class Figured:
    """A figure with its words. name: of its files. caption: what is seen, with n and interval. drawing: the picture."""

    name: str
    title: str
    caption: str
    drawing: Drawing


def all_figures(evaluation: JsonObject) -> list[Figured]:
    """Every figure that the evaluation has the numbers for, in reading order."""
    makers = (cost_quality, reliability, tier_mix, confusion, slices)
    return [figure for figure in (make(evaluation) for make in makers) if figure is not None]


# --- Cost against quality ---------------------------------------------------------------------------------------------


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
        figure, axes = _figure(width, 4.5 if width == WIDE_IN else 4.2)
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
    axes.yaxis.set_major_formatter(_percent_ticks)


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


# --- Reliability ------------------------------------------------------------------------------------------------------


def reliability(evaluation: JsonObject) -> Figured | None:
    """Of each head, how often what it predicts happens: predicted against observed, with the number of rows."""
    heads = {tier: head for tier, head in heads_of(evaluation).items() if at(head, "reliability")}
    if not heads:
        return None
    n_rows = ", ".join(f"{tier}: n = {count(head.get('n'))}" for tier, head in heads.items())

    def paint(width: float) -> Figure:
        rows, columns = (1, len(heads)) if width == WIDE_IN else (len(heads), 1)
        height = (4.3 if len(heads) < 3 else 3.6) if width == WIDE_IN else 4.6 * len(heads)
        figure = _blank(width, height)
        grid = figure.add_gridspec(rows, columns)
        for position, (tier, head) in enumerate(heads.items()):
            cell = grid[position].subgridspec(2, 1, height_ratios=(5, 1), hspace=0.06)
            top = figure.add_subplot(cell[0])
            below = figure.add_subplot(cell[1], sharex=top)
            _reliability_panel(top, below, tier, head, first=position == 0 or width != WIDE_IN)
        return figure

    return Figured(
        "reliability",
        "Predicted and observed",
        "For each head, the predicted probability that its tier loses quality against how often it did; on the "
        "diagonal the probabilities are true. Vertical lines: 95% Wilson interval of the rows in the bin; bars: how "
        f"many rows. {n_rows} test rows.",
        draw("reliability", paint),
    )


def _reliability_panel(top: Axes, below: Axes, tier: str, head: JsonObject, *, first: bool) -> None:
    bins = sorted((entry for entry in head["reliability"] if entry["n"]), key=lambda entry: entry["p"])
    top.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for entry in bins:
        rate = wilson(entry["rate"], entry["n"])
        assert rate.low is not None and rate.high is not None
        top.plot([entry["p"]] * 2, [rate.low, rate.high], color=style.ROUTER, linewidth=1.3, alpha=0.7)
    predicted, observed = [entry["p"] for entry in bins], [entry["rate"] for entry in bins]
    top.plot(predicted, observed, "o-", color=style.ROUTER, markersize=5, linewidth=1.4, markeredgecolor=PAPER)
    top.set_title(f"{tier} loses quality")
    measures = [
        f"{name_of(key)} {_short(head.get(key))}" for key in ("auc", "ece", "brier") if head.get(key) is not None
    ]
    top.text(0.04, 0.96, "\n".join(measures), transform=top.transAxes, va="top", color=INK, linespacing=1.5)
    top.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    top.tick_params(labelbottom=False)
    below.bar(predicted, [entry["n"] for entry in bins], width=0.05, color=MUTED)
    below.grid(visible=False)
    below.set_xlabel("predicted probability")
    below.yaxis.set_major_locator(_few_ticks())
    for axis in (top.yaxis, below.xaxis):
        axis.set_major_formatter(_percent_ticks)
    if first:
        top.set_ylabel("observed share")
        below.set_ylabel("rows")


def _short(value: object) -> str:
    estimate = Estimate.read(value)
    return "-" if estimate is None else f"{estimate.point:.3f}"


# --- Tier mix and confusion, by source --------------------------------------------------------------------------------


def tier_mix(evaluation: JsonObject) -> Figured | None:
    """Which tiers each source's rows are sent to, beside what that loses and saves."""
    tiers = tiers_of(evaluation)
    mixes = {
        source: objects(facts, "at_threshold")
        for source, facts in sorted(objects(evaluation, "sources").items())
        if objects(facts, "at_threshold", "tier_share")
    }
    if not mixes or not tiers:
        return None

    def paint(width: float) -> Figure:
        wide = width == WIDE_IN
        row_height = 0.34 if wide else 0.56
        figure, axes = _figure(width, 1.1 + row_height * len(mixes))
        for position, mix in enumerate(mixes.values()):
            _mix_bar(axes, tiers, mix["tier_share"], position, height=0.72 if wide else 0.42)
            if wide:
                axes.text(1.02, position, _lost_and_saved(mix), va="center", color=INK)
        axes.set_ylim(len(mixes) - 0.5, -0.62 if wide else -0.9)
        if wide:
            axes.set_yticks(
                range(len(mixes)),
                [f"{_clipped(source, 26)}, n = {count(mix.get('n'))}" for source, mix in mixes.items()],
            )
        else:
            axes.set_yticks([])
            for position, (source, mix) in enumerate(mixes.items()):
                words = _lost_and_saved(mix)
                axes.text(
                    0, position - 0.26, f"{_clipped(source, 22)}, n = {count(mix.get('n'))}", va="bottom", fontsize=8.5
                )
                axes.text(1, position - 0.26, words, va="bottom", ha="right", fontsize=8.5, color=MUTED)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of requests")
        axes.xaxis.set_major_formatter(_percent_ticks)
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        _tier_key(axes, tiers)
        return figure

    return Figured(
        "tier_mix",
        "Where requests go, by source",
        "Tiers chosen at the bundle's threshold, from cheap on the left to strong on the right. Lost: share of "
        "requests whose chosen tier falls short though a stronger one would not; saved: of the cost of always using "
        "the strongest tier. Test rows, n beside each source.",
        draw("tier_mix", paint),
    )


def _lost_and_saved(mix: JsonObject) -> str:
    return f"lost {percent(mix.get('quality_loss'))}, saved {percent(mix.get('saved'), 0)}"


def _mix_bar(axes: Axes, tiers: Sequence[str], shares: JsonObject, position: int, *, height: float) -> None:
    left = 0.0
    for tier, colour in zip(tiers, style.tier_colours(len(tiers)), strict=True):
        share = float(shares.get(tier) or 0)
        axes.barh(position, share, left=left, height=height, color=colour, edgecolor=PAPER, linewidth=0.8)
        if share >= 0.1:
            ink = style.readable_on(colour)
            axes.text(left + share / 2, position, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=8)
        left += share


def _tier_key(axes: Axes, tiers: Sequence[str]) -> None:
    """The tiers' names above the bars, in their order."""
    from matplotlib.patches import Patch

    colours = style.tier_colours(len(tiers))
    axes.legend(
        handles=[Patch(facecolor=colour, label=tier) for tier, colour in zip(tiers, colours, strict=True)],
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=len(tiers),
        frameon=False,
        borderaxespad=0,
        handlelength=1.1,
        columnspacing=1.4,
    )


def confusion(evaluation: JsonObject) -> Figured | None:
    """Of each source, the cheapest adequate tier against the chosen one."""
    tables = {
        source: (tuple(at(facts, "confusion", "tiers") or tiers_of(evaluation)), at(facts, "confusion", "counts"))
        for source, facts in sorted(objects(evaluation, "sources").items())
        if at(facts, "confusion", "counts")
    }
    if not tables:
        return None

    def paint(width: float) -> Figure:
        columns = min(3 if width == WIDE_IN else 2, len(tables))
        rows = math.ceil(len(tables) / columns)
        figure = _blank(width, 0.5 + (2.15 if width == WIDE_IN else 2.1) * rows)
        grid = figure.add_gridspec(rows, columns)
        for position, (source, (tiers, counts)) in enumerate(tables.items()):
            axes = figure.add_subplot(grid[position // columns, position % columns])
            _confusion_panel(axes, source, tiers, counts, names_left=position % columns == 0, narrow=width != WIDE_IN)
        figure.supxlabel("chosen tier", fontsize=9.5)
        figure.supylabel("cheapest adequate tier", fontsize=9.5)
        return figure

    return Figured(
        "confusion",
        "Needed and chosen tier, by source",
        "Rows: the cheapest adequate tier; columns: the tier chosen at the bundle's threshold; numbers: test rows; "
        "depth of colour: share of the row. Left of the outlined diagonal requests were sent too low, right of it "
        "higher than they needed.",
        draw("confusion", paint),
    )


def _confusion_panel(
    axes: Axes, source: str, tiers: Sequence[str], counts: Sequence[Sequence[int]], *, names_left: bool, narrow: bool
) -> None:
    from matplotlib.patches import Rectangle

    for needed, row in enumerate(counts):
        total = sum(row)
        for chosen, n_rows in enumerate(row):
            share = n_rows / total if total else 0.0
            corner = (chosen - 0.5, needed - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=style.ROUTER, alpha=0.75 * share, linewidth=0))
            edge = INK if needed == chosen else FAINT
            axes.add_patch(
                Rectangle(corner, 1, 1, fill=False, edgecolor=edge, linewidth=0.9, zorder=2 + (needed == chosen))
            )
            axes.text(chosen, needed, f"{n_rows:,}", ha="center", va="center", color=INK, fontsize=9, zorder=4)
    axes.set_title(f"{_clipped(source, 16)}, n = {sum(map(sum, counts)):,}", fontsize=9)
    axes.set(xlim=(-0.5, len(tiers) - 0.5), ylim=(len(tiers) - 0.5, -0.5))
    slant: dict[str, Any] = {"rotation": 28, "ha": "right", "rotation_mode": "anchor"} if narrow else {}
    axes.set_xticks(range(len(tiers)), [_clipped(tier, 10) for tier in tiers], **slant)
    axes.set_yticks(range(len(tiers)), [_clipped(tier, 10) for tier in tiers] if names_left else [""] * len(tiers))
    axes.tick_params(length=0, labelsize=7.5)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


# --- Slices -----------------------------------------------------------------------------------------------------------


def slices(evaluation: JsonObject) -> Figured | None:
    """Quality lost in every slice, with n and interval, beside that of all rows."""
    kinds = {kind: _losses(values) for kind, values in objects(evaluation, "slices").items()}
    kinds = {kind: losses for kind, losses in sorted(kinds.items()) if losses}
    if not kinds:
        return None
    overall = Estimate.read(at(evaluation, "policies", "router", "quality_loss"))

    def paint(width: float) -> Figure:
        heights = [len(losses) + 1.5 for losses in kinds.values()]
        figure = _blank(width, 0.9 + 0.25 * sum(heights))
        grid = figure.add_gridspec(len(kinds), 1, height_ratios=heights)
        first: Axes | None = None
        for position, (kind, losses) in enumerate(kinds.items()):
            axes = figure.add_subplot(grid[position], sharex=first)
            first = first or axes
            last = position == len(kinds) - 1
            _slice_panel(axes, kind, losses, overall, long_names=width == WIDE_IN, last=last)
        if first is not None:
            first.set_xlim(left=0)
        return figure

    stated = any(at(facts, "quality_loss", "low") is not None for kind in kinds for facts in _values(evaluation, kind))
    lines = f"{interval_note(evaluation)}, Wilson's where no row loses" if stated else "95% Wilson interval of the rows"
    hidden = sum(len(objects(evaluation, "slices", kind)) - len(losses) for kind, losses in kinds.items())
    more = f" The {hidden} smallest values are in the tables only." if hidden else ""
    line = "" if overall is None else f"; dashed: all test rows, {overall.percent()}"
    return Figured(
        "slices",
        "Quality lost, slice by slice",
        f"Share of requests that lose quality at the bundle's threshold, worst first{line}. Lines: {lines}.{more}",
        draw("slices", paint),
    )


def _values(evaluation: JsonObject, kind: str) -> list[Any]:
    return list(objects(evaluation, "slices", kind).values())


def _losses(values: JsonObject) -> list[tuple[str, int, Estimate]]:
    """Value, n and loss of the largest slices of one kind, worst first."""
    found = [
        (value, int(at(facts, "n") or 0), loss)
        for value, facts in values.items()
        if (loss := loss_of(facts)) is not None
    ]
    largest = sorted(found, key=lambda entry: (-entry[1], entry[0]))[:MAX_BARS_A_KIND]
    return sorted(largest, key=lambda entry: (-entry[2].point, entry[0]))


def _slice_panel(
    axes: Axes,
    kind: str,
    losses: Sequence[tuple[str, int, Estimate]],
    overall: Estimate | None,
    *,
    long_names: bool,
    last: bool,
) -> None:
    if overall is not None:
        axes.axvline(overall.point, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for position, (_, _, loss) in enumerate(losses):
        if loss.low is not None and loss.high is not None:
            axes.plot([loss.low, loss.high], [position] * 2, color=style.ROUTER, linewidth=1.5, alpha=0.75)
        axes.plot(
            [loss.point],
            [position],
            "o",
            color=style.ROUTER,
            markersize=5.5,
            markeredgecolor=PAPER,
            zorder=3,
            clip_on=False,
        )
    axes.set_title(_clipped(f"by {name_of(kind)}", 40), fontsize=9.5)
    axes.set_ylim(len(losses) - 0.5, -0.5)
    names = [value.replace("_", " ") for value, _, _ in losses]
    width = 34 if long_names else 19
    axes.set_yticks(
        range(len(losses)),
        [f"{_clipped(name, width)}, n = {n:,}" for name, (_, n, _) in zip(names, losses, strict=True)],
    )
    axes.tick_params(axis="y", length=0, pad=7, labelcolor=INK)
    axes.tick_params(labelbottom=last)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(_percent_ticks)
    if last:
        axes.set_xlabel("share of requests that lose quality")


# --- Canvas -----------------------------------------------------------------------------------------------------------


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = _blank(width, height)
    return figure, figure.add_subplot()


def _blank(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, integer=True)


def _percent_ticks(value: float, _: object) -> str:
    return f"{100 * value:.6g}%"


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
