"""Two bundles on the same rows: what each saves, loses and ranks, and paired intervals of the difference B minus A.

    compare_rows(rows_as_a_serves_them, rows_as_b_serves_them)["sentence"]

Every difference is of the same resamples of groups. `difference` is always B minus A.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.pages.numbers import gained
from router.types import JsonObject
from training.measure import metrics
from training.measure.advantages import gain_over_bundle
from training.measure.baselines import one_hot
from training.measure.bootstrap import MIN_GROUPS, Interval, bootstrap
from training.measure.gate import check_same_rows
from training.measure.languages import language_report
from training.measure.measured import MeasuredRows
from training.measure.reported import MEASURES, curve_reports, policy_measures, rounded
from training.measure.slices import slice_reports
from training.rows.splits import RowIndex

COMPARISON_SCHEMA = 1
LIMITS = (0.02, 0.05)
"""Shares of requests sent too low at which the two are matched: each may choose its threshold for that."""

VERDICT_LIMIT = 0.05
PARTS = ("source", "lang", "length")
"""What the rows are divided by."""


def compare_rows(a: MeasuredRows, b: MeasuredRows, *, n_resamples: int = 1000, seed: int = 0) -> JsonObject:
    """The parts of comparison.json that are measured: plain JSON values, numbers to 4 digits, null where there is none.

    a, b: the same complete rows in the same order, at least one, as each bundle serves them.

    - `saved_at_under_routing`: by limit in LIMITS, what is saved while so many requests are sent too low.
    - `auc`: by tier but the strongest, how well the expected loss says that the tier loses quality.
    - `at_threshold`: by measure in MEASURES, what each does at its own threshold.
    - `quality_gain`: B's mean quality less A's at B's cost (`gain_over_bundle`).
    - `decisions`: those that differ at the two thresholds.  `parts`: by fact in PARTS and value.
    - `curves`, `languages`: of each, as evaluation.json has them.

    Raises ValueError when b holds other rows.
    """
    check_same_rows(a, b)
    draws = {"n_resamples": n_resamples, "seed": seed}
    measured = _paired_measures(a, b, **draws)
    decisions = _decisions(a, b, **draws)
    sentences = verdict(measured, decisions, n=len(a), groups=len(np.unique(a.groups)))
    report = {
        "sentence": sentences[0],
        "notes": list(sentences[1:]),
        **measured,
        "quality_gain": gain_over_bundle(b, a, **draws),
        "decisions": decisions,
        "parts": _parts(a, b, **draws),
        "curves": {name: _curve(rows, **draws) for name, rows in (("a", a), ("b", b))},
        "languages": {name: language_report(rows) for name, rows in (("a", a), ("b", b))},
    }
    plain: JsonObject = rounded(report)
    return plain


def _paired_measures(a: MeasuredRows, b: MeasuredRows, *, n_resamples: int, seed: int) -> JsonObject:
    """`saved_at_under_routing`, `auc` and `at_threshold`, each measure with `a`, `b` and `difference`."""
    policies = {name: one_hot(rows.chosen, n_tiers=len(a.tiers)) for name, rows in (("a", a), ("b", b))}
    at_threshold = policy_measures(a, policies)

    def statistic(picked: RowIndex) -> Float64Array:
        both = np.concatenate([at_threshold(picked), [_of_scores(rows, picked) for rows in (a, b)]], axis=1)
        return np.concatenate([both[0], both[1], both[1] - both[0]])

    intervals = bootstrap(a.groups, statistic, n_resamples=n_resamples, seed=seed)
    n_each = len(intervals) // 3
    triples = [dict(zip(("a", "b", "difference"), intervals[entry::n_each], strict=True)) for entry in range(n_each)]
    each = iter(triples)
    return {
        "at_threshold": {name: next(each) for name in MEASURES},
        "saved_at_under_routing": {f"{limit:g}": next(each) for limit in LIMITS},
        "auc": {tier: next(each) for tier in a.tiers[:-1]},
    }


def _of_scores(rows: MeasuredRows, picked: RowIndex) -> list[float]:
    """What the scores alone are worth, whatever the threshold: saved at each limit, AUC of each head."""
    losses, lost = rows.scores.expected_quality_loss[picked], rows.labels.loss[picked] == 1
    return [
        *(_saved(rows, picked, limit=limit) for limit in LIMITS),
        *(metrics.auc(losses[:, head], lost[:, head]) for head in range(lost.shape[1])),
    ]


def _saved(rows: MeasuredRows, picked: RowIndex, *, limit: float) -> float:
    return metrics.saved_at_under_routing(
        rows.scores.expected_quality_loss[picked],
        rows.labels.cheapest[picked],
        tier_cost_usd=rows.cost_usd[picked],
        limit=limit,
    )


def _curve(rows: MeasuredRows, *, n_resamples: int, seed: int) -> JsonObject:
    return curve_reports(rows, {"router": rows.scores.expected_quality_loss}, n_resamples=n_resamples, seed=seed)


# --- Decisions that differ --------------------------------------------------------------------------------------------


def _decisions(a: MeasuredRows, b: MeasuredRows, *, n_resamples: int, seed: int) -> JsonObject:
    """How many differ, which way they moved from A to B, and how many of them each got right.

    Right is the cheapest adequate tier; where no tier is adequate, the cheapest one. `moves` has every pair of tiers
    that occurs, most rows first.
    """
    differ = a.chosen != b.chosen
    right_a, right_b = _is_right(a), _is_right(b)
    share = bootstrap(a.groups, lambda rows: differ[rows].mean(), n_resamples=n_resamples, seed=seed)[0]

    def of(rows: metrics.BoolArray) -> JsonObject:
        found = {"n": int(rows.sum()), "right": {"a": int(right_a[rows].sum()), "b": int(right_b[rows].sum())}}
        return found | {"neither": int((rows & ~right_a & ~right_b).sum())}

    pairs = sorted({(int(x), int(y)) for x, y in zip(a.chosen[differ], b.chosen[differ], strict=True)})
    moves = [{"a": a.tiers[x], "b": a.tiers[y], **of(differ & (a.chosen == x) & (b.chosen == y))} for x, y in pairs]
    return {
        "n": len(a),
        "differ": share,
        "of_those": of(differ),
        "moved_up": int((b.chosen > a.chosen).sum()),
        "moved_down": int((b.chosen < a.chosen).sum()),
        "moves": sorted(moves, key=lambda move: -move["n"]),
    }


def _is_right(rows: MeasuredRows) -> npt.NDArray[np.bool_]:
    """(n,) neither sent too low nor too high."""
    chosen, cheapest, n_tiers = rows.chosen, rows.labels.cheapest, len(rows.tiers)
    low = metrics.is_under_routed(chosen, cheapest, n_tiers=n_tiers)
    high = metrics.is_over_routed(chosen, cheapest, n_tiers=n_tiers)
    return np.asarray((low == 0) & (high == 0))


# --- Parts ------------------------------------------------------------------------------------------------------------


def _parts(a: MeasuredRows, b: MeasuredRows, *, n_resamples: int, seed: int) -> JsonObject:
    """By fact and value, as `slice_reports` has them: each bundle's figures, and what B saves more at VERDICT_LIMIT."""
    of_a, of_b = slice_reports(a), slice_reports(b)
    report: JsonObject = {}
    for fact in (fact for fact in PARTS if fact in of_a):
        values = a.sources if fact == "source" else a.slices[fact]
        report[fact] = {}
        for value in of_a[fact]:
            rows = np.flatnonzero(values == value)
            report[fact][value] = {
                "n": len(rows),
                "groups": len(np.unique(a.groups[rows])),
                "a": of_a[fact][value],
                "b": of_b[fact][value],
                "saved_difference": _saved_difference(a.take(rows), b.take(rows), n_resamples, seed),
            }
    return report


def _saved_difference(a: MeasuredRows, b: MeasuredRows, n_resamples: int, seed: int) -> Interval:
    def difference(picked: RowIndex) -> float:
        return _saved(b, picked, limit=VERDICT_LIMIT) - _saved(a, picked, limit=VERDICT_LIMIT)

    return bootstrap(a.groups, difference, n_resamples=n_resamples, seed=seed)[0]


# --- The verdict ------------------------------------------------------------------------------------------------------


def verdict(measured: JsonObject, decisions: JsonObject, *, n: int, groups: int) -> tuple[str, ...]:
    """What can be said: first of the curves, matched at VERDICT_LIMIT, then of the two as they serve."""
    saved: Interval = measured["saved_at_under_routing"][f"{VERDICT_LIMIT:g}"]["difference"]
    at, of = f"with at most {VERDICT_LIMIT:.0%} of requests sent too low", f"n = {n:,} rows in {groups:,} groups"
    if groups < MIN_GROUPS:
        first = f"Too few groups of rows to say which is better: {at}, B - A is {_points(saved)} ({of})."
    elif saved.low > 0 or saved.high < 0:
        more = "more" if saved.low > 0 else "less"
        points, bracket, interval = _size(saved).partition(" [")
        first = f"B saves {points} {more} than A{bracket}{interval} {at} ({of})."
    elif saved == (0.0, 0.0, 0.0):
        first = f"No difference can be shown on these rows: {at}, B saves as much as A ({of})."
    else:
        first = f"No difference in savings can be shown on these rows: {at}, B - A is {_points(saved)} ({of})."
    if not decisions["of_those"]["n"]:
        return first, "At their own thresholds both choose the same tier for every row."
    own = {name: measured["at_threshold"][name]["difference"] for name in ("saved", "under_routing")}
    return first, (
        f"B - A at their own thresholds: saved {_points(own['saved'])}, sent too low {_points(own['under_routing'])}."
    )


def _points(difference: Interval) -> str:
    return gained(_as_number(difference))


def _size(difference: Interval) -> str:
    """A difference without its sign, the interval turned with it."""
    point, low, high = difference
    turned = difference if point >= 0 else Interval(-point, -high, -low)
    return gained(_as_number(turned)).removeprefix("+")


def _as_number(interval: Interval) -> Any:
    return rounded(interval)
