"""Quality lost, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from router.pages.numbers import Estimate, percent
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import at, interval_note, loss_of, name_of, objects
from training.report.picture import Picture, blank, clipped, draw, list_rows

MAX_BARS_PER_KIND = 10
"""Slice values drawn of one kind; the page's tables have all."""

_Losses: TypeAlias = Sequence[tuple[str, int, Estimate]]
"""Value, n and loss of slices of one kind."""


def slices(evaluation: JsonObject) -> Picture | None:
    """Quality lost in every slice, with n and interval, and that of all rows."""
    kinds = {kind: _losses(values) for kind, values in objects(evaluation, "slices").items()}
    kinds = {kind: losses for kind, losses in sorted(kinds.items()) if losses}
    if not kinds:
        return None
    overall = Estimate.read(at(evaluation, "policies", "router", "quality_loss"))

    def paint() -> Figure:
        heights = [len(losses) + 1.5 for losses in kinds.values()]
        figure = blank(0.9 + 0.25 * sum(heights))
        panels = figure.subplots(len(kinds), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (kind, losses) in zip(panels, kinds.items(), strict=True):
            _panel(axes, kind, losses, overall)
        panels[-1].set(xlabel="share of requests that lose quality")
        panels[-1].set_xlim(left=0)
        return figure

    return draw("slices", "Quality lost, slice by slice", _caption(evaluation, kinds, overall), paint)


def _caption(evaluation: JsonObject, kinds: dict[str, _Losses], overall: Estimate | None) -> str:
    values = {kind: objects(evaluation, "slices", kind) for kind in kinds}
    stated = any(at(facts, "quality_loss", "low") is not None for of in values.values() for facts in of.values())
    lines = f"{interval_note(evaluation)}, Wilson's where no row loses" if stated else "95% Wilson interval of the rows"
    hidden = sum(len(values[kind]) - len(losses) for kind, losses in kinds.items())
    more = f" The {hidden} smallest values are in the tables only." if hidden else ""
    line = "" if overall is None else f"; dashed: all test rows, {percent(overall)}"
    return f"Share of requests that lose quality at the bundle's threshold, worst first{line}. Lines: {lines}.{more}"


def _losses(values: JsonObject) -> _Losses:
    """The largest slices of one kind, worst first."""
    found = [
        (value, int(at(facts, "n") or 0), loss)
        for value, facts in values.items()
        if (loss := loss_of(facts)) is not None
    ]
    largest = sorted(found, key=lambda entry: (-entry[1], entry[0]))[:MAX_BARS_PER_KIND]
    return sorted(largest, key=lambda entry: (-entry[2].point, entry[0]))


def _panel(axes: Axes, kind: str, losses: _Losses, overall: Estimate | None) -> None:
    list_rows(axes, [f"{clipped(value.replace('_', ' '), 34)}, n = {n:,}" for value, n, _ in losses])
    axes.tick_params(axis="y", pad=7)
    axes.set_title(clipped(f"by {name_of(kind)}", 40), fontsize=9.5)
    if overall is not None:
        axes.axvline(overall.point, color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for position, (_, _, loss) in enumerate(losses):
        if loss.low is not None and loss.high is not None:
            axes.plot([loss.low, loss.high], [position] * 2, color=palette.ROUTER, linewidth=1.5, alpha=0.75)
        axes.plot([loss.point], [position], "o", color=palette.ROUTER, markersize=5.5, zorder=3, clip_on=False)
