"""How a bundle does in each language, and whether one situation gets one tier in all its languages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.types import JsonObject
from training.measure import metrics
from training.measure.measured import MeasuredRows
from training.measure.slices import head_report
from training.rows.row import TWIN
from training.thresholds.bounds import wilson_interval

MIN_LANGUAGE_ROWS = 15
"""A language with fewer rows is pooled with the others of few rows."""

POOLED = "others"


def language_report(rows: MeasuredRows) -> JsonObject:
    """By language, most rows first, of complete rows: n, AUC by tier, the share sent too low with its 95% interval.

    `twins`: of the situations with two languages or more, the share with one tier in all of them; absent without any.
    Empty where no row states its language.
    """
    languages = rows.slices.get("lang")
    if languages is None or not (languages != "").any():
        return {}
    known = languages != ""
    names, counts = np.unique(languages[known], return_counts=True)
    large = [str(names[at]) for at in np.argsort(-counts, kind="stable") if counts[at] >= MIN_LANGUAGE_ROWS]
    parts = [(name, languages == name) for name in large]
    parts.append((POOLED, known & ~np.isin(languages, large)))
    report: JsonObject = {
        "of": {name: _language(rows.take(np.flatnonzero(is_in))) for name, is_in in parts if is_in.any()}
    }
    return report | _twins(rows, languages)


def _language(rows: MeasuredRows) -> JsonObject:
    is_low = metrics.is_under_routed(rows.chosen, rows.labels.cheapest, n_tiers=len(rows.tiers))
    n_graded = int(np.isfinite(is_low).sum())
    low, high = wilson_interval(n_low := int(np.nansum(is_low)), n_graded) if n_graded else (float("nan"), float("nan"))
    return {
        "n": len(rows),
        "auc": {tier: head.get("auc", float("nan")) for tier, head in head_report(rows).items()},
        "under_routing": {"point": n_low / n_graded if n_graded else float("nan"), "low": low, "high": high},
    }


def _twins(rows: MeasuredRows, languages: npt.NDArray[np.str_]) -> JsonObject:
    traps = rows.slices.get("trap")
    if traps is None:
        return {}
    is_twin = traps == TWIN
    situations = [
        len(set(rows.chosen[of_group].tolist())) == 1
        for group in np.unique(rows.groups[is_twin])
        if len(np.unique(languages[of_group := np.flatnonzero(is_twin & (rows.groups == group))])) > 1
    ]
    if not situations:
        return {}
    low, high = wilson_interval(n_same := sum(situations), len(situations))
    return {"twins": {"n": len(situations), "same_tier": {"point": n_same / len(situations), "low": low, "high": high}}}
