"""Quality lost, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from router.types import JsonObject
from training.report import style
from training.report.estimates import Estimate, at, interval_note, loss_of, name_of, objects
from training.report.figures.canvas import Figured, blank, clipped, percent_ticks
from training.report.style import INK, MUTED, PAPER, WIDE_IN, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MAX_BARS_A_KIND = 10
"""Slice values drawn of one kind; the page's tables have all."""


def slices(evaluation: JsonObject) -> Figured | None:
    """Quality lost in every slice, with n and interval, beside that of all rows."""
    kinds = {kind: _losses(values) for kind, values in objects(evaluation, "slices").items()}
    kinds = {kind: losses for kind, losses in sorted(kinds.items()) if losses}
    if not kinds:
        return None
    overall = Estimate.read(at(evaluation, "policies", "router", "quality_loss"))

    def paint(width: float) -> Figure:
        heights = [len(losses) + 1.5 for losses in kinds.values()]
        figure = blank(width, 0.9 + 0.25 * sum(heights))
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
    axes.set_title(clipped(f"by {name_of(kind)}", 40), fontsize=9.5)
    axes.set_ylim(len(losses) - 0.5, -0.5)
    names = [value.replace("_", " ") for value, _, _ in losses]
    width = 34 if long_names else 19
    axes.set_yticks(
        range(len(losses)),
        [f"{clipped(name, width)}, n = {n:,}" for name, (_, n, _) in zip(names, losses, strict=True)],
    )
    axes.tick_params(axis="y", length=0, pad=7, labelcolor=INK)
    axes.tick_params(labelbottom=last)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(percent_ticks)
    if last:
        axes.set_xlabel("share of requests that lose quality")
