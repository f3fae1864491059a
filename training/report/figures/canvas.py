"""What every figure is made of: its words beside its drawing, empty axes, ticks, clipped names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.report.style import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Figured:
    """A figure with its words. name: of its files. caption: what is seen, with n and interval. drawing: the picture."""

    name: str
    title: str
    caption: str
    drawing: Drawing


def one_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that is one plot; width and height in inches."""
    figure = blank(width, height)
    return figure, figure.add_subplot()


def blank(width: float, height: float) -> Figure:
    """A figure without plots yet; width and height in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def few_ticks() -> Any:
    """A locator of at most three whole numbers, for axes that count rows."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, integer=True)


def percent_ticks(value: float, _: object) -> str:
    """A share in [0, 1] as an axis writes it."""
    return f"{100 * value:.6g}%"


def clipped(text: str, width: int) -> str:
    """The text, at most `width` characters of it."""
    return text if len(text) <= width else text[: width - 1] + "…"
