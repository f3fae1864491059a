"""Source by source: where requests go, and where they would have had to go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from router.types import JsonObject
from training.report import style
from training.report.estimates import at, count, objects, percent, tiers_of
from training.report.figures.canvas import Figured, blank, clipped, one_axes, percent_ticks
from training.report.style import FAINT, INK, MUTED, PAPER, WIDE_IN, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
        figure, axes = one_axes(width, 1.1 + row_height * len(mixes))
        for position, mix in enumerate(mixes.values()):
            _mix_bar(axes, tiers, mix["tier_share"], position, height=0.72 if wide else 0.42)
            if wide:
                axes.text(1.02, position, _lost_and_saved(mix), va="center", color=INK)
        axes.set_ylim(len(mixes) - 0.5, -0.62 if wide else -0.9)
        _name_sources(axes, mixes, beside=wide)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of requests")
        axes.xaxis.set_major_formatter(percent_ticks)
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


def _name_sources(axes: Axes, mixes: Mapping[str, JsonObject], *, beside: bool) -> None:
    """Each source's name and rows beside its bar; on a narrow drawing above it, with what it loses and saves."""
    if beside:
        names = [f"{clipped(source, 26)}, n = {count(mix.get('n'))}" for source, mix in mixes.items()]
        axes.set_yticks(range(len(mixes)), names)
        return
    axes.set_yticks([])
    for position, (source, mix) in enumerate(mixes.items()):
        name = f"{clipped(source, 22)}, n = {count(mix.get('n'))}"
        axes.text(0, position - 0.26, name, va="bottom", fontsize=8.5)
        axes.text(1, position - 0.26, _lost_and_saved(mix), va="bottom", ha="right", fontsize=8.5, color=MUTED)


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
        figure = blank(width, 0.5 + (2.15 if width == WIDE_IN else 2.1) * rows)
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
    axes.set_title(f"{clipped(source, 16)}, n = {sum(map(sum, counts)):,}", fontsize=9)
    axes.set(xlim=(-0.5, len(tiers) - 0.5), ylim=(len(tiers) - 0.5, -0.5))
    slant: dict[str, Any] = {"rotation": 28, "ha": "right", "rotation_mode": "anchor"} if narrow else {}
    axes.set_xticks(range(len(tiers)), [clipped(tier, 10) for tier in tiers], **slant)
    axes.set_yticks(range(len(tiers)), [clipped(tier, 10) for tier in tiers] if names_left else [""] * len(tiers))
    axes.tick_params(length=0, labelsize=7.5)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
