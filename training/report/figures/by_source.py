"""Source by source: where requests go, and where they would have had to go."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from router.pages.numbers import count, percent
from router.types import JsonObject
from training.report import palette
from training.report.evaluation import at, objects, tiers_of
from training.report.palette import FAINT, INK, PAPER
from training.report.picture import Picture, blank, clipped, draw, list_rows, one_axes

_PANELS_PER_ROW = 4


def tier_mix(evaluation: JsonObject) -> Picture | None:
    """Which tiers each source's rows are sent to, and what that loses and saves."""
    tiers = tiers_of(evaluation)
    mixes = {
        source: objects(facts, "at_threshold")
        for source, facts in sorted(objects(evaluation, "sources").items())
        if objects(facts, "at_threshold", "tier_share")
    }
    if not mixes or not tiers:
        return None

    def paint() -> Figure:
        figure, axes = one_axes(1.1 + 0.34 * len(mixes))
        list_rows(axes, [f"{clipped(source, 26)}, n = {count(mix.get('n'))}" for source, mix in mixes.items()])
        for position, mix in enumerate(mixes.values()):
            _mix_bar(axes, tiers, mix["tier_share"], position)
            lost, saved = percent(mix.get("quality_loss")), percent(mix.get("saved"), 0)
            axes.text(1.02, position, f"lost {lost}, saved {saved}", va="center")
        axes.set(xlim=(0, 1), xlabel="share of requests")
        axes.grid(visible=False)
        _tier_key(axes, tiers)
        return figure

    return draw(
        "tier_mix",
        "Where requests go, by source",
        "Tiers chosen at the bundle's threshold, from cheap on the left to strong on the right. Lost: share of "
        "requests whose chosen tier falls short though a stronger one would not; saved: of the cost of always using "
        "the strongest tier. Test rows, with n for each source.",
        paint,
    )


def _mix_bar(axes: Axes, tiers: Sequence[str], shares: JsonObject, position: int) -> None:
    left = 0.0
    for tier, colour in zip(tiers, palette.tier_colours(len(tiers)), strict=True):
        share = float(shares.get(tier) or 0)
        axes.barh(position, share, left=left, height=0.72, color=colour, edgecolor=PAPER, linewidth=0.8)
        if share >= 0.1:
            ink = palette.readable_on(colour)
            axes.text(left + share / 2, position, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=8)
        left += share


def _tier_key(axes: Axes, tiers: Sequence[str]) -> None:
    """The tiers' names above the bars, in their order."""
    colours = palette.tier_colours(len(tiers))
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


def confusion(evaluation: JsonObject) -> Picture | None:
    """For each source, the cheapest adequate tier against the chosen one."""
    matrices = {
        source: (tuple(at(facts, "confusion", "tiers") or tiers_of(evaluation)), at(facts, "confusion", "counts"))
        for source, facts in sorted(objects(evaluation, "sources").items())
        if at(facts, "confusion", "counts")
    }
    if not matrices:
        return None

    def paint() -> Figure:
        columns = min(_PANELS_PER_ROW, len(matrices))
        rows = math.ceil(len(matrices) / columns)
        figure = blank(0.6 + 1.85 * rows)
        for position, (source, (tiers, counts)) in enumerate(matrices.items()):
            axes = figure.add_subplot(rows, columns, position + 1)
            _confusion_panel(axes, source, tiers, counts)
            if position % columns:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel("needed", fontsize=8.5)
            if position // columns == rows - 1:
                axes.set_xlabel("chosen", fontsize=8.5)
        return figure

    return draw(
        "confusion",
        "Needed and chosen tier, by source",
        "Rows: the cheapest adequate tier; columns: the tier chosen at the bundle's threshold; numbers: test rows; "
        "depth of colour: share of the row. Left of the outlined diagonal requests were sent too low, right of it "
        "higher than they needed.",
        paint,
    )


def _confusion_panel(axes: Axes, source: str, tiers: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
    for needed, row in enumerate(counts):
        total = sum(row)
        for chosen, n_rows in enumerate(row):
            share = n_rows / total if total else 0.0
            corner, right = (chosen - 0.5, needed - 0.5), needed == chosen
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=palette.ROUTER, alpha=0.75 * share, linewidth=0))
            edge = INK if right else FAINT
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=edge, linewidth=0.9, zorder=2 + right))
            axes.text(chosen, needed, f"{n_rows:,}", ha="center", va="center", zorder=4)
    axes.set_title(f"{clipped(source, 16)}, n = {sum(map(sum, counts)):,}", fontsize=8)
    axes.set(xlim=(-0.5, len(tiers) - 0.5), ylim=(len(tiers) - 0.5, -0.5))
    names = [clipped(tier, 10) for tier in tiers]
    axes.set_xticks(range(len(tiers)), names, rotation=28, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(tiers)), names)
    axes.tick_params(length=0, labelsize=7.5)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
