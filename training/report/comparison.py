"""Two bundles on one page, and the same figures as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from router.pages import render
from router.pages.numbers import Estimate, count, gained, percent
from router.types import JsonObject
from training.report import comparison_tables as tables
from training.report.evaluation import at, interval_note, name_of, objects
from training.report.tables import Table, flat_table

_TEMPLATE = Path(__file__).with_name("comparison.html.j2")


def comparison_page(comparison: JsonObject) -> str:
    """The page: it needs nothing from outside. Raises ModuleNotFoundError without matplotlib."""
    from training.report import palette  # matplotlib: the terminal does without
    from training.report.figures.two_curves import two_curves

    dark = palette.dark_colours(len(comparison["tiers"]))
    picture = two_curves(comparison)
    return render(
        _TEMPLATE,
        title=" / ".join(_ids(comparison)),
        bundles=tables.bundle_facts(comparison),
        subtitle=_subtitle(comparison),
        sentence=comparison["sentence"],
        notes=comparison["notes"],
        tone=_tone(comparison),
        tiles=list(_tiles(comparison)),
        interval_note=interval_note(comparison),
        dark={palette.variable(colour): (colour, on_dark) for colour, on_dark in dark.items()},
        pictures={picture.name: (picture, palette.themed(picture.svg, list(dark)))},
        measures=tables.measure_table(comparison),
        differ=tables.differ_sentence(comparison),
        moves=tables.move_table(comparison),
        parts=_parts(comparison),
        twins=tables.twin_sentences(comparison),
        forms=tables.form_table(comparison),
        own=tables.own_sentences(comparison),
        files=flat_table("Files that were read, sha256", comparison["files"]),
        seed=comparison["seed"],
    )


def comparison_text(comparison: JsonObject) -> str:
    """The same for a terminal: tables, and the verdict at the end."""
    lines: list[str] = []
    for name, _, note in tables.bundle_facts(comparison):
        lines.append(f"{name}. {note}".rstrip(". ") + ".")
    lines += [_subtitle(comparison), ""]
    lines += [*tables.plain(tables.measure_table(comparison)), "", tables.differ_sentence(comparison)]
    for table in (tables.move_table(comparison), *_parts(comparison).values()):
        if table.rows:
            lines += ["", f"{table.caption}:", *tables.plain(table)]
    return "\n".join([*lines, "", comparison["sentence"], *comparison["notes"]])


_CAPTIONS = {"source": "By file", "lang": "By language", "length": "By words of the ask"}
_HOW = "A / B, each at its own threshold; parts of 20 rows or more"


def _parts(comparison: JsonObject) -> dict[str, Table]:
    return {
        fact: tables.part_table(comparison, fact, f"{_CAPTIONS.get(fact, f'By {name_of(fact)}')}: {_HOW}")
        for fact in objects(comparison, "parts")
    }


def _ids(comparison: JsonObject) -> tuple[str, str]:
    one, other = (str(at(comparison, "bundles", bundle, "bundle")) for bundle in tables.BOTH)
    return one, other


def _subtitle(comparison: JsonObject) -> str:
    test = objects(comparison, "test")
    words = f"Measured on the same {count(test.get('n'))} rows in {count(test.get('groups'))} groups"
    if test.get("n_unknown"):
        words += f"; {count(test['n_unknown'])} more lack an outcome of a tier and are left out"
    own = test.get("n_own_costs")
    return f"{words}. {f'Costs of {count(own)} rows are their own, others stated.' if own else 'Costs are stated.'}"


def _tone(comparison: JsonObject) -> str:
    """`passed` where B saves more, `failed` where it saves less, "" where neither can be shown."""
    saved = Estimate.read(at(comparison, "saved_at_under_routing", "0.05", "difference"))
    if saved is None or saved.low is None or saved.high is None:
        return ""
    return "passed" if saved.low > 0 else "failed" if saved.high < 0 else ""


def _tiles(comparison: JsonObject) -> Iterator[tuple[str, str, str]]:
    """The differences that a reader wants first: words, value, interval."""
    wanted = [
        *(
            (f"saved by B - A, {float(limit):.0%} sent too low", gained, at(facts, "difference"))
            for limit, facts in objects(comparison, "saved_at_under_routing").items()
        ),
        ("quality gained by B at the same cost", gained, comparison.get("quality_gain")),
        ("of decisions differ", percent, at(comparison, "decisions", "differ")),
    ]
    for words, text, value in wanted:
        if Estimate.read(value) is not None:
            point, bracket, interval = text(value).partition(" [")
            yield words, point, bracket.strip() + interval
