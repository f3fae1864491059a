"""How figures look: one palette for paper, one for a dark page; and how a drawing becomes the same bytes each time.

Figures are drawn in the light palette. The page gives each of those colours a name (`var(--series-router)`), so that
one drawing serves light and dark. Hues are from Okabe and Ito (2008), told apart with any kind of colour vision; tiers
are one blue from pale to deep, as they are an order; lines differ in dashes too, so that grey prints can be read.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from router.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1f2328", "#5b636d", "#d5d9de", "#fefefe"
DARK = {INK: "#e8eaed", MUTED: "#a3abb5", FAINT: "#3b424b", PAPER: "#15181c"}

ROUTER, KNN, SIGNALS, LENGTH, ORACLE = "#0072b2", "#00805c", "#9a4f96", "#c04e00", "#7a5c00"
DARK |= {ROUTER: "#5ab8f0", KNN: "#35c49a", SIGNALS: "#dc96d8", LENGTH: "#f08a4b", ORACLE: "#e0b93f"}

_TIER_ENDS, _DARK_TIER_ENDS = ("#c6dbef", "#08306b"), ("#33506e", "#cfe6fb")
_MIDDLE, _DARK_MIDDLE = "#4a90c4", "#6ba6d8"

WIDE_IN, NARROW_IN = 7.6, 3.9
"""Widths in inches; the narrow drawing is for phones, where the wide one's letters would be too small."""

_RC: Mapping[str, Any] = {
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
class Drawing:
    """One figure, drawn.

    svg: for a page of any width.  narrow_svg: the same for a phone.  png: for documents.  All with light colours.
    """

    svg: bytes
    narrow_svg: bytes
    png: bytes


def draw(name: str, paint: Callable[[float], Figure]) -> Drawing:
    """Draw a figure in all its forms; the same figure gives the same bytes.

    paint: makes the figure for a width in inches.  Raises MissingExtra without matplotlib.
    """
    rc_context = _matplotlib().rc_context
    svgs, png = [], b""
    for width in (WIDE_IN, NARROW_IN):
        with rc_context({**_RC, "svg.hashsalt": f"{name}-{width}"}), warnings.catch_warnings():
            # A name in a script that the font lacks is drawn as boxes in the PNG, and is whole in the SVG.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure = paint(width)
            _settle(figure)
            svgs.append(_tidy_svg(_saved(figure, format="svg", metadata={"Date": None, "Creator": None})))
            if width == WIDE_IN:
                png = _saved(figure, format="png", dpi=160, metadata={"Software": None})
    return Drawing(svg=svgs[0], narrow_svg=svgs[1], png=png)


def tier_colours(n_tiers: int) -> list[str]:
    """One colour a tier, from pale (cheap) to deep (strong)."""
    return _ramp(_TIER_ENDS[0], _MIDDLE, _TIER_ENDS[1], n_tiers)


def dark_colours(n_tiers: int) -> dict[str, str]:
    """What each colour of the light palette is on a dark page."""
    dark = _ramp(_DARK_TIER_ENDS[0], _DARK_MIDDLE, _DARK_TIER_ENDS[1], n_tiers)
    return DARK | dict(zip(tier_colours(n_tiers), dark, strict=True))


def readable_on(colour: str) -> str:
    """Ink or paper, whichever is easier to read on the colour."""
    red, green, blue = _rgb(colour)
    return PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else INK


def themed(svg: bytes, colours: Sequence[str]) -> str:
    """The drawing as part of a page: each palette colour a variable that the page sets, and no XML prologue."""
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    for colour in colours:
        text = text.replace(colour, f"var({variable(colour)})")
    return text.strip()


def variable(colour: str) -> str:
    """The name of the CSS variable that stands for a palette colour."""
    return f"--c{colour.removeprefix('#')}"


def _settle(figure: Figure) -> None:
    """Lay the figure out once, and keep that to four digits.

    The solver of the layout adds in an order that depends on addresses in memory: its last bits differ from run to run.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(float(edge), 4) for edge in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(float(x), 4), round(float(y), 4)))


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


def _ramp(first: str, middle: str, last: str, n: int) -> list[str]:
    stops = [_rgb(colour) for colour in (first, middle, last)]
    places = [2 * position / max(n - 1, 1) for position in range(n)]
    return ["#" + "".join(f"{_between(stops, channel, place):02x}" for channel in range(3)) for place in places]


def _between(stops: Sequence[tuple[int, int, int]], channel: int, place: float) -> int:
    left = min(int(place), 1)
    return round(stops[left][channel] + (stops[left + 1][channel] - stops[left][channel]) * (place - left))


def _rgb(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ModuleNotFoundError as exc:
        raise MissingExtra("drawing figures", extra="train") from exc
    return matplotlib
