"""The tables of single rows: the worst misses, and the asks nearest to the threshold."""

from __future__ import annotations

from collections.abc import Iterable

from router.jsontext import harmless
from router.pages.numbers import ABSENT, count, number
from router.types import JsonObject
from training.report.asks import ShownAsks
from training.report.evaluation import at, objects
from training.report.tables import Table


def misses_table(evaluation: JsonObject, way: str, asks: ShownAsks) -> Table:
    """The misses of one way, `too_low` or `too_high`, the one that the bundle was surest of first.

    asks: what to show of each row's text; empty for a page that may be shared.
    """
    misses = objects(evaluation, "misses", way)
    rows = misses.get("rows") or []
    what = f"Sent {_WAYS[way]}: {'one row' if len(rows) == misses.get('n') == 1 else count(misses.get('n')) + ' rows'}"
    if len(rows) < (misses.get("n") or 0):
        what += f"; here are {len(rows)}, one of each group"
    return _table(f"{what}, largest gap first", rows, asks)


_WAYS = {"too_low": "too low", "too_high": "needlessly high"}


def near_table(evaluation: JsonObject, asks: ShownAsks) -> Table:
    """The rows nearest to the threshold, on either side; asks: as above."""
    rows = at(evaluation, "near_threshold") or []
    return _table(f"Rows nearest to the threshold, one of each group: {len(rows)}", rows, asks)


def lost_near(evaluation: JsonObject) -> tuple[int, int] | None:
    """Of the rows nearest to the threshold: how many lose quality at the tier in question, and how many are known.

    None where nothing is known.
    """
    known = [lost for entry in at(evaluation, "near_threshold") or [] if (lost := _loses(entry)) is not None]
    return (sum(known), len(known)) if known else None


def _loses(entry: JsonObject) -> bool | None:
    """Whether the tier in question is not adequate though a stronger one is; None unknown."""
    adequate = objects(entry, "adequate")
    tiers = list(adequate)
    if entry.get("tier") not in tiers:
        return None
    here, *above = [adequate[tier] for tier in tiers[tiers.index(entry["tier"]) :]]
    if here is None or (here is False and True not in above and None in above):
        return None
    return here is False and True in above


def _table(caption: str, rows: Iterable[JsonObject], asks: ShownAsks) -> Table:
    entries = list(rows)
    tiers = " / ".join(objects(entries[0], "p_adequate")) if entries else ""
    return Table(
        caption,
        ("row", "kind", "needs", "sent to", f"P(adequate) of {tiers}", "expected loss", "gap", "characters"),
        [_cells(entry) for entry in entries],
        words=(1, 2, 3),
        notes=[asks.get((str(entry.get("source")), str(entry.get("id"))), "") for entry in entries],
    )


def _cells(entry: JsonObject) -> tuple[str, ...]:
    kind = [str(entry[name]) for name in ("task", "lang", "turn") if entry.get(name)]
    loss, threshold = entry.get("expected_quality_loss"), entry.get("threshold")
    side = "" if loss is None or threshold is None else "+" if loss > threshold else "-"
    return (
        harmless(f"{entry.get('source')} {entry.get('id')}"),
        harmless(", ".join(kind)),
        needs(entry),
        str(entry.get("chosen") or ABSENT),
        " / ".join(number(p, 2) for p in objects(entry, "p_adequate").values()),
        f"{number(loss, 4)} at {entry.get('tier')}",
        f"{side}{number(entry.get('gap'), 4)}",
        count(entry.get("characters")),
    )


def needs(entry: JsonObject) -> str:
    """The row's label in words: the cheapest adequate tier, and what is unlike `this tier and all above it`."""
    adequate = objects(entry, "adequate")
    if cheapest := entry.get("cheapest_adequate"):
        tiers = list(adequate)
        failed = (
            [tier for tier in tiers[tiers.index(cheapest) :] if adequate[tier] is False] if cheapest in tiers else []
        )
        return f"{cheapest}, though {' and '.join(failed)} failed" if failed else str(cheapest)
    if adequate and all(value is False for value in adequate.values()):
        return "none solved it"
    solved = [tier for tier, value in adequate.items() if value is True]
    return f"{' and '.join(solved)} solved it, others unknown" if solved else "unknown"
