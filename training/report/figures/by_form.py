"""Decisions that stay when the ask comes in a wrapper or a dress, kind by kind."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from router.types import JsonObject
from training.measure.forms import FORM_GROUPS
from training.report import palette
from training.report.evaluation import at, name_of, objects
from training.report.picture import Picture, blank, clipped, draw, list_rows

MAX_KINDS = 12
"""Kinds drawn of each panel, those with most changes; the page's table has all."""

_GROUPS = {
    "wrappers": ("wrappers_seen", "wrappers_held_out"),
    "dresses": ("dresses_seen", "dresses_held_out"),
}
_WORDS = {"wrappers": "wrappers around the ask", "dresses": "greetings, urgency, slips and the like"}


def forms(evaluation: JsonObject) -> Picture | None:
    """The share of decisions that each group of forms, and its worst kinds, leave unchanged."""
    lines = {panel: _lines(evaluation, groups) for panel, groups in _GROUPS.items()}
    lines = {panel: of_panel for panel, of_panel in lines.items() if of_panel}
    if not lines:
        return None

    def paint() -> Figure:
        heights = [len(of_panel) + 1.5 for of_panel in lines.values()]
        figure = blank(0.9 + 0.25 * sum(heights))
        axes = figure.subplots(len(lines), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for each, (panel, of_panel) in zip(axes, lines.items(), strict=True):
            _panel(each, _WORDS[panel], of_panel)
        axes[-1].set(xlabel="share of decisions that stay")
        axes[-1].set_xlim(right=1.0)
        return figure

    return draw("forms", "Decisions that stay in other forms", _CAPTION, paint)


_CAPTION = (
    "Share of decisions that are the bare ask's when the same ask comes in a form. Filled: all kinds of a group "
    "together (held out: kinds that no training row wore); rings: the kinds with most changes. n: rows that came in "
    "the form. Lines: Wilson's 95% interval."
)

_HELD_OUT = " (held out)"

_Line = tuple[str, JsonObject, bool]
"""Name, facts, and whether it is a group's."""


def _lines(evaluation: JsonObject, groups: Sequence[str]) -> list[_Line]:
    """The groups of a panel, then those of their kinds with most changes, worst first."""
    measured = objects(evaluation, "robustness", "forms")
    kinds = objects(evaluation, "robustness", "decisions_unchanged")
    of_group = [(name_of(name), measured[name], True) for name in groups if at(measured, name, "n")]
    of_kind = [
        (f"{name_of(kind)}{_HELD_OUT if name.endswith('held_out') else ''}", kinds[kind], False)
        for name in groups
        for kind in FORM_GROUPS[name]
        if at(kinds, kind, "n")
    ]
    return of_group + sorted(of_kind, key=lambda line: (float(line[1]["unchanged"]), line[0]))[:MAX_KINDS]


def _panel(axes: Axes, title: str, lines: list[_Line]) -> None:
    list_rows(axes, [f"{clipped(name, 34)}, n = {int(facts['n']):,}" for name, facts, _ in lines])
    axes.tick_params(axis="y", pad=7)
    axes.set_title(title, fontsize=9.5)
    for position, (_, facts, is_group) in enumerate(lines):
        low, high = facts["interval"]
        axes.plot([low, high], [position] * 2, color=palette.ROUTER, linewidth=1.5, alpha=0.75)
        face = palette.ROUTER if is_group else palette.PAPER
        axes.plot(
            [facts["unchanged"]],
            [position],
            "o",
            color=palette.ROUTER,
            markerfacecolor=face,
            markeredgecolor=palette.ROUTER,
            markeredgewidth=1.4,
            markersize=5.5,
            zorder=3,
            clip_on=False,
        )
