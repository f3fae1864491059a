"""What is saved and lost where a policy states what an answer is worth."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from router.pages.numbers import count
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import objects, tiers_of
from training.report.palette import INK, MUTED
from training.report.picture import Picture, blank, draw, percent_ticks


def price_curve(evaluation: JsonObject) -> Picture | None:
    """Above: saved and lost by the value of an answer; below: the share of each tier."""
    curve = _changing(objects(evaluation, "price_curve"))
    values = [float(usd) for usd in curve.get("value_of_an_answer_usd") or []]
    if not values:
        return None

    def paint() -> Figure:
        figure = blank(4.9)
        above, below = figure.subplots(2, sharex=True, height_ratios=(3, 2))
        _saved_and_lost(above, values, curve)
        _tiers(below, values, curve, tiers_of(evaluation))
        below.set_xscale("log")
        below.set_xlim(values[0], values[-1])
        below.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        below.xaxis.set_major_formatter(FuncFormatter(_dollars))
        below.xaxis.set_minor_locator(NullLocator())
        below.set(xlabel="value of an answer (value_of_an_answer_usd)")
        return figure

    test = objects(evaluation, "test")
    n_rows, n_groups = count(test.get("n_known", test.get("n"))), count(test.get("groups"))
    return draw(
        "price_curve",
        "What an answer is worth, and what follows",
        "Each request goes to the tier with the least expected quality loss + cost / value. Saved: against always the "
        "strongest tier, at the costs of the test rows. The dotted line is the 95% upper bound on the loss at each "
        f"value alone. {n_rows} test rows in {n_groups} groups.",
        paint,
    )


_MARGIN_STEPS = 2


def _changing(curve: JsonObject) -> JsonObject:
    """The curve without the ends of its values at which nothing changes any more, but a short piece of each."""
    saved = [float(one) for one in curve.get("saved") or []]
    changes = [place for place, (one, other) in enumerate(pairwise(saved)) if one != other]
    if not changes:
        return curve
    part = slice(max(0, changes[0] - _MARGIN_STEPS), changes[-1] + 2 + _MARGIN_STEPS)
    shares = {tier: line[part] for tier, line in objects(curve, "tier_share").items()}
    lines = {name: line[part] for name, line in curve.items() if isinstance(line, list)}
    return {**lines, "tier_share": shares}


def _dollars(usd: float, _: object) -> str:
    return f"${usd:g}"


def _saved_and_lost(axes: Axes, values: list[float], curve: JsonObject) -> None:
    saved, lost, bound = ([float(one) for one in curve[key]] for key in ("saved", "quality_loss", "loss_bound"))
    axes.plot(values, saved, color=palette.ROUTER, linewidth=2.4)
    axes.plot(values, lost, color=INK, linewidth=1.8)
    axes.plot(values, bound, color=MUTED, linewidth=1.4, linestyle=(0, (1.2, 1.6)))
    for words, line, colour in (("saved", saved, palette.ROUTER), ("quality lost", lost, INK)):
        axes.annotate(
            words,
            xy=(values[0], line[0]),
            xytext=(6, -13),
            textcoords="offset points",
            color=colour,
            fontweight="bold",
        )
    axes.yaxis.set_major_formatter(percent_ticks)
    axes.set_ylim(bottom=0.0)


def _tiers(axes: Axes, values: list[float], curve: JsonObject, tiers: tuple[str, ...] | list[str]) -> None:
    shares = objects(curve, "tier_share")
    named = [tier for tier in tiers if tier in shares] or list(shares)
    colours = palette.tier_colours(len(named))
    axes.stackplot(values, *([float(one) for one in shares[tier]] for tier in named), colors=colours, labels=named)
    axes.set_ylim(0.0, 1.0)
    axes.yaxis.set_major_formatter(percent_ticks)
    axes.set(ylabel="requests")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.42), ncols=len(named), frameon=False)
