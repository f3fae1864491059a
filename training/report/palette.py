"""The colours of figures: one palette for paper, one for a dark page.

Figures are drawn in the light palette. The page replaces each of its colours by a CSS variable, so that one drawing
serves light and dark. Hues are from Okabe and Ito (2008), which people with any kind of colour vision can distinguish.
Tiers are one blue from pale to deep, as they are an order. Lines differ in dashes too, for prints in grey.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_hex, to_rgb

INK, MUTED, FAINT, PAPER = "#1f2328", "#5b636d", "#d5d9de", "#fefefe"
ROUTER, KNN, SIGNALS, LENGTH, ORACLE = "#0072b2", "#00805c", "#9a4f96", "#c04e00", "#7a5c00"
_DARK = {
    **{INK: "#e8eaed", MUTED: "#a3abb5", FAINT: "#3b424b", PAPER: "#15181c"},
    **{ROUTER: "#5ab8f0", KNN: "#35c49a", SIGNALS: "#dc96d8", LENGTH: "#f08a4b", ORACLE: "#e0b93f"},
}
_TIERS, _DARK_TIERS = ("#c6dbef", "#4a90c4", "#08306b"), ("#33506e", "#6ba6d8", "#cfe6fb")


def tier_colours(n_tiers: int) -> list[str]:
    """One colour per tier, from pale (cheap) to deep (strong)."""
    return _ramp(_TIERS, n_tiers)


def dark_colours(n_tiers: int) -> dict[str, str]:
    """The colour on a dark page for each colour of the light palette."""
    return _DARK | dict(zip(tier_colours(n_tiers), _ramp(_DARK_TIERS, n_tiers), strict=True))


def readable_on(colour: str) -> str:
    """Ink or paper, whichever is easier to read on the colour."""
    return PAPER if np.dot((0.299, 0.587, 0.114), to_rgb(colour)) < 140 / 255 else INK


def themed(svg: bytes, colours: Sequence[str]) -> str:
    """The drawing as part of a page: each palette colour a variable that the page sets, and no XML prologue."""
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    for colour in colours:
        text = text.replace(colour, f"var({variable(colour)})")
    return text.strip()


def variable(colour: str) -> str:
    """The name of the CSS variable for a palette colour."""
    return f"--c{colour.removeprefix('#')}"


def _ramp(stops: Sequence[str], n: int) -> list[str]:
    """N colours at equal distances along the stops."""
    places = np.linspace(0, len(stops) - 1, n)
    channels = [np.interp(places, range(len(stops)), values) for values in zip(*map(to_rgb, stops), strict=True)]
    return [to_hex(rgb) for rgb in zip(*channels, strict=True)]
