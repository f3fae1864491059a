"""What every figure is made of: empty axes, ticks, clipped names; and how a drawing gives the same bytes each time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.report.palette import FAINT, INK, MUTED, PAPER

WIDTH_IN = 7.6

_STYLE: Mapping[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine measures the same widths
    "font.size": 9,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "lines.markeredgecolor": PAPER,
    "lines.solid_capstyle": "round",
    "path.simplify": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # names come from data: a dollar sign is a dollar sign
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelsize": 8.5,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its words.

    name: of its files.  caption: what is seen, with n and interval.  svg: for pages of any width.  png: for documents.
    Both are in the colours of the light palette.
    """

    name: str
    title: str
    caption: str
    svg: bytes
    png: bytes


def draw(name: str, title: str, caption: str, paint: Callable[[], Figure]) -> Picture:
    """The picture that `paint` makes; the same figure gives the same bytes."""
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes in the PNG, and is whole in the SVG.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = paint()
        _settle(figure)
        svg = _tidy_svg(_saved(figure, format="svg", metadata={"Date": None, "Creator": None}))
        png = _saved(figure, format="png", dpi=160, metadata={"Software": None})
    return Picture(name, title, caption, svg, png)


def blank(height: float) -> Figure:
    """A figure without plots yet; height in inches."""
    return Figure(figsize=(WIDTH_IN, height), layout="constrained")


def one_axes(height: float) -> tuple[Figure, Axes]:
    """A figure that is one plot; height in inches."""
    figure = blank(height)
    return figure, figure.add_subplot()


def list_rows(axes: Axes, labels: list[str]) -> None:
    """Make the plot a list: one labelled row per line, the first on top, without grid lines or an axis on the left."""
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(percent_ticks)


def percent_ticks(value: float, _: object) -> str:
    """A share in [0, 1] as an axis writes it."""
    return f"{100 * value:.6g}%"


def clipped(text: str, width: int) -> str:
    """The text, at most `width` characters of it."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _settle(figure: Figure) -> None:
    """Lay the figure out once, and keep that to four digits.

    The solver of the layout adds in an order that depends on addresses in memory: its last bits differ from run to run.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(float(edge), 4) for edge in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _saved(figure: Figure, **options: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()


def _tidy_svg(svg: bytes) -> bytes:
    """Without the ids that only matplotlib uses: they would clash where one page holds several drawings."""
    text = svg.decode("utf-8")
    text = re.sub(r' id="[\w.]+_\d+"', "", text)
    text = re.sub(r"\n?<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return text.encode("utf-8")
