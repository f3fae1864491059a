"""Of each head, predicted probabilities against observed shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.types import JsonObject
from training.report import style
from training.report.estimates import Estimate, at, count, heads_of, name_of, wilson
from training.report.figures.canvas import Figured, blank, few_ticks, percent_ticks
from training.report.style import INK, MUTED, PAPER, WIDE_IN, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def reliability(evaluation: JsonObject) -> Figured | None:
    """Of each head, how often what it predicts happens: predicted against observed, with the number of rows."""
    heads = {tier: head for tier, head in heads_of(evaluation).items() if at(head, "reliability")}
    if not heads:
        return None
    n_rows = ", ".join(f"{tier}: n = {count(head.get('n'))}" for tier, head in heads.items())

    def paint(width: float) -> Figure:
        rows, columns = (1, len(heads)) if width == WIDE_IN else (len(heads), 1)
        height = (4.3 if len(heads) < 3 else 3.6) if width == WIDE_IN else 4.6 * len(heads)
        figure = blank(width, height)
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
    below.yaxis.set_major_locator(few_ticks())
    for axis in (top.yaxis, below.xaxis):
        axis.set_major_formatter(percent_ticks)
    if first:
        top.set_ylabel("observed share")
        below.set_ylabel("rows")


def _short(value: object) -> str:
    estimate = Estimate.read(value)
    return "-" if estimate is None else f"{estimate.point:.3f}"
