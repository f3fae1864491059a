"""The parts of evaluation.json that look at parts of the rows: heads, every source alone, slices of the target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.labels import UNKNOWN
from training.measure import metrics
from training.measure.advantages import measurable_rows
from training.measure.measured import MeasuredRows

MIN_SLICE_ROWS = 20


def head_report(rows: MeasuredRows) -> dict[str, JsonObject]:
    """For each tier but the strongest: how well the expected quality loss says whether the tier loses."""
    return {
        tier: _head(rows.scores.expected_quality_loss[known, head], rows.labels.loss[known, head] == 1)
        for head, tier in enumerate(rows.tiers[:-1])
        for known in [rows.labels.loss[:, head] != UNKNOWN]
    }


def _head(p: Float64Array, lost: metrics.BoolArray) -> JsonObject:
    if not len(p):
        return {"n": 0}
    return {
        "n": len(p),
        "rate": float(lost.mean()),
        "auc": metrics.auc(p, lost),
        "log_loss": metrics.log_loss(p, lost),
        "brier": metrics.brier(p, lost),
        "ece": metrics.ece(p, lost),
        "reliability": metrics.reliability(p, lost),
    }


def source_report(rows: MeasuredRows) -> JsonObject:
    """One source: its heads, and what the choices did where enough of its outcomes are known."""
    heads = {
        tier: {measure: value for measure, value in head.items() if measure != "reliability"}
        for tier, head in head_report(rows).items()
    }
    report: JsonObject = {"n": len(rows), "heads": heads}
    known = measurable_rows(rows)
    if known.size:
        report["at_threshold"] = choices_report(rows.take(known))
    graded = np.flatnonzero((rows.labels.cheapest >= 0) & (rows.labels.cheapest < len(rows.tiers)))
    if known.size and graded.size:
        report["confusion"] = _confusion(rows, graded)
    return report


def _confusion(rows: MeasuredRows, graded: npt.NDArray[np.intp]) -> JsonObject:
    """How often each cheapest adequate tier (row) met each chosen tier (column)."""
    counts = np.zeros((len(rows.tiers), len(rows.tiers)), dtype=np.int64)
    np.add.at(counts, (rows.labels.cheapest[graded], rows.chosen[graded]), 1)
    return {"tiers": list(rows.tiers), "counts": counts.tolist()}


def choices_report(rows: MeasuredRows) -> JsonObject:
    """What the choices did on complete rows, as plain numbers."""
    n_tiers = len(rows.tiers)
    at = np.arange(len(rows)), rows.chosen
    loss = np.append(rows.labels.loss == 1, np.zeros((len(rows), 1), dtype=np.bool_), axis=1)
    shares = np.bincount(rows.chosen, minlength=n_tiers) / len(rows)
    return {
        "n": len(rows),
        "quality": float(rows.quality[at].mean()),
        "quality_loss": float(loss[at].mean()),
        "under_routing": metrics.under_routing_rate(rows.chosen, rows.labels.cheapest, n_tiers=n_tiers),
        "over_routing": metrics.over_routing_rate(rows.chosen, rows.labels.cheapest, n_tiers=n_tiers),
        "saved": metrics.savings_ratio(rows.cost_usd[at], rows.cost_usd[:, -1]),
        "tier_share": dict(zip(rows.tiers, shares.tolist(), strict=True)),
        **({} if rows.flagged is None else {"out_of_domain": float(rows.flagged.mean())}),
    }


def slice_reports(rows: MeasuredRows) -> dict[str, dict[str, JsonObject]]:
    """Of complete rows: by source and by every further fact, each value with at least MIN_SLICE_ROWS rows."""
    facts = {"source": rows.sources, **rows.slices}
    reports = {
        fact: {
            str(value): _slice(rows.take(np.flatnonzero(values == value)))
            for value, count in zip(*np.unique(values, return_counts=True), strict=True)
            if value != "" and count >= MIN_SLICE_ROWS
        }
        for fact, values in facts.items()
    }
    return {fact: report for fact, report in reports.items() if report}


def _slice(rows: MeasuredRows) -> JsonObject:
    choices = choices_report(rows)
    kept = {measure: choices[measure] for measure in ("n", "saved", "quality_loss", "under_routing")}
    return {**kept, "auc": {tier: head.get("auc", float("nan")) for tier, head in head_report(rows).items()}}
