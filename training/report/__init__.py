"""The report on a bundle: a page, figures and a model card, all from one evaluation.

    write_report(evaluation, Path("models/default/report"))

Nothing here measures; it says what `evaluation.json` (schema 2) says, to people. The same evaluation gives the same
bytes, and whatever part of it is missing is left out.
"""

from __future__ import annotations

from pathlib import Path

from router.types import JsonObject
from training.report.card import model_card, weakest_slices
from training.report.figures import FIGURE_NAMES, all_figures
from training.report.page import page

__all__ = ["model_card", "weakest_slices", "write_report"]


def write_report(evaluation: JsonObject, out: Path) -> None:
    """Write report.html, figures/NAME.svg and figures/NAME.png into a folder, which is made if need be.

    Figures of an earlier report that this evaluation has no numbers for are removed.
    Raises MissingExtra without matplotlib.
    """
    figures = all_figures(evaluation)
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FIGURE_NAMES:
        for kind in ("svg", "png"):
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
    for figure in figures:
        (folder / f"{figure.name}.svg").write_bytes(figure.drawing.svg)
        (folder / f"{figure.name}.png").write_bytes(figure.drawing.png)
    (out / "report.html").write_text(page(evaluation, figures), encoding="utf-8", newline="\n")
