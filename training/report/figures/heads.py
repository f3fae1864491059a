"""For each head, predicted probabilities against observed shares."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from router.pages.numbers import Estimate, count
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import at, heads_of, name_of
from training.report.picture import Picture, blank, draw, percent_ticks
from training.thresholds.bounds import wilson_interval


def reliability(evaluation: JsonObject) -> Picture | None:
    """For each head, predicted probabilities against how often it happened, with the number of rows."""
    heads = {tier: head for tier, head in heads_of(evaluation).items() if at(head, "reliability")}
    if not heads:
        return None

    def paint() -> Figure:
        figure = blank(4.3 if len(heads) < 3 else 3.6)
        panels = figure.subplots(2, len(heads), squeeze=False, sharex="col", height_ratios=(5, 1))
        for (tier, head), top, below in zip(heads.items(), *panels, strict=True):
            _panel(top, below, tier, head)
        panels[0, 0].set_ylabel("observed share")
        panels[1, 0].set_ylabel("rows")
        return figure

    n_rows = ", ".join(f"{tier}: n = {count(head.get('n'))}" for tier, head in heads.items())
    return draw(
        "reliability",
        "Predicted and observed",
        "For each head, the predicted probability that its tier loses quality against how often it did; on the "
        "diagonal the probabilities are true. Vertical lines: 95% Wilson interval of the rows in the bin; bars: how "
        f"many rows. {n_rows} test rows.",
        paint,
    )


def _panel(top: Axes, below: Axes, tier: str, head: JsonObject) -> None:
    bins = sorted((entry for entry in head["reliability"] if entry["n"]), key=lambda entry: entry["p"])
    predicted, observed = [entry["p"] for entry in bins], [entry["rate"] for entry in bins]
    top.plot([0, 1], [0, 1], color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for entry in bins:
        interval = wilson_interval(round(entry["rate"] * entry["n"]), entry["n"])
        top.plot([entry["p"]] * 2, interval, color=palette.ROUTER, linewidth=1.3, alpha=0.7)
    top.plot(predicted, observed, "o-", color=palette.ROUTER, markersize=5, linewidth=1.4)
    top.set(title=f"{tier} loses quality", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    top.yaxis.set_major_formatter(percent_ticks)
    measures = [
        f"{name_of(key)} {estimate.point:.3f}"
        for key in ("auc", "ece", "brier")
        if (estimate := Estimate.read(head.get(key))) is not None
    ]
    top.text(0.04, 0.96, "\n".join(measures), transform=top.transAxes, va="top", linespacing=1.5)
    below.bar(predicted, [entry["n"] for entry in bins], width=0.05, color=palette.MUTED)
    below.set_xlabel("predicted probability")
    below.grid(visible=False)
    below.xaxis.set_major_formatter(percent_ticks)
    below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
