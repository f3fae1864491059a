"""The report on a bundle: a page, figures and a model card, all from one evaluation.

    write_report(evaluation, Path("models/default/report"))
    python -m training.report models/default/evaluation.json --out models/default/report

Nothing is measured here: the report states what `evaluation.json` (schema 2) holds. The same evaluation gives the same
bytes, and any missing part is left out.
"""

from __future__ import annotations

from pathlib import Path

from router.errors import MissingExtra
from router.types import JsonObject
from training.report.asks import NO_ASKS, ShownAsks, shown_asks
from training.report.card import model_card, weakest_slices

__all__ = ["model_card", "shown_asks", "weakest_slices", "write_comparison", "write_report"]


def write_report(evaluation: JsonObject, out: Path, *, asks: ShownAsks = NO_ASKS) -> None:
    """Write report.html, figures/NAME.svg and figures/NAME.png into a folder, which is created if needed.

    asks: text of the rows that the evaluation names, as `shown_asks` gives it, for the page alone.

    Figures of an earlier report that this evaluation has no numbers for are removed.
    Raises MissingExtra without matplotlib.
    """
    try:  # matplotlib takes a second to load, and the card does without it
        from training.report.figures import FIGURES, all_figures
        from training.report.page import page
    except ModuleNotFoundError as exc:
        if exc.name != "matplotlib":
            raise
        raise MissingExtra("drawing figures", extra="train") from exc
    pictures = all_figures(evaluation)
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    for make in FIGURES:
        for kind in ("svg", "png"):
            (folder / f"{make.__name__}.{kind}").unlink(missing_ok=True)
    for picture in pictures:
        (folder / f"{picture.name}.svg").write_bytes(picture.svg)
        (folder / f"{picture.name}.png").write_bytes(picture.png)
    (out / "report.html").write_text(page(evaluation, pictures, asks=asks), encoding="utf-8", newline="\n")


def write_comparison(comparison: JsonObject, out: Path) -> None:
    """Write report.html of two bundles into a folder that is there. Raises MissingExtra without matplotlib."""
    from training.report.comparison import comparison_page

    try:
        text = comparison_page(comparison)
    except ModuleNotFoundError as exc:
        if exc.name != "matplotlib":
            raise
        raise MissingExtra("drawing figures", extra="train") from exc
    (out / "report.html").write_text(text, encoding="utf-8", newline="\n")
