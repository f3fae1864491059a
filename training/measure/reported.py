"""The parts of evaluation.json that compare policies, with intervals: policies, curves, summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.measure import metrics
from training.measure.baselines import Policy, one_hot, oracle
from training.measure.bootstrap import Interval, bootstrap
from training.measure.curves import aiq, cost_quality_curve, curve_apgr, curve_cpt
from training.measure.measured import MeasuredRows
from training.rows.splits import RowIndex

N_CURVE_POINTS = 60
UNDER_ROUTING_LIMITS = (0.02, 0.05, 0.10)
N_DIGITS = 4


def policy_reports(
    rows: MeasuredRows, policies: Mapping[str, Policy], *, n_resamples: int, seed: int
) -> dict[str, JsonObject]:
    """Of each policy, on complete rows: quality, quality_loss, under_routing, over_routing, saved, cost_usd_per_1k.

    Each is an Interval, paired over policies; tier_share is one plain number per tier. `saved` is against always the
    strongest tier on the same rows.
    """
    measures = policy_measures(rows, policies)
    intervals = iter(
        bootstrap(rows.groups, lambda picked: measures(picked).ravel(), n_resamples=n_resamples, seed=seed)
    )
    return {
        name: {
            **{measure: next(intervals) for measure in MEASURES},
            "tier_share": dict(zip(rows.tiers, policy.mean(axis=0).tolist(), strict=True)),
        }
        for name, policy in policies.items()
    }


MEASURES = ("quality", "quality_loss", "under_routing", "over_routing", "saved", "cost_usd_per_1k")
"""What is measured of a policy, in this order."""


def policy_measures(rows: MeasuredRows, policies: Mapping[str, Policy]) -> Callable[[RowIndex], Float64Array]:
    """From picked rows to (n_policies, len(MEASURES)): each policy's means on them.  rows: complete ones."""
    values = _tier_values(rows)
    sums = np.concatenate([(policy * values).sum(axis=2) for policy in policies.values()]).T  # (n, n_policies * 5)
    strongest = rows.cost_usd[:, -1]

    def measures(picked: RowIndex) -> Float64Array:
        means = sums[picked].mean(axis=0).reshape(len(policies), len(values))
        saved = 1.0 - means[:, -1:] / strongest[picked].mean()
        return np.concatenate([means[:, :-1], saved, 1_000 * means[:, -1:]], axis=1)

    return measures


def _tier_values(rows: MeasuredRows) -> Float64Array:
    """(5, n, n_tiers): what each tier would give a row: quality, loss, whether under- and over-routed, USD."""
    n_rows, n_tiers = rows.quality.shape
    loss = np.concatenate([rows.labels.loss == 1, np.zeros((n_rows, 1), dtype=np.bool_)], axis=1)
    tiers = [np.full(n_rows, tier) for tier in range(n_tiers)]
    cheapest = rows.labels.cheapest
    under = np.stack([metrics.is_under_routed(tier, cheapest, n_tiers=n_tiers) for tier in tiers], axis=1)
    over = np.stack([metrics.is_over_routed(tier, cheapest, n_tiers=n_tiers) for tier in tiers], axis=1)
    return np.stack([rows.quality, loss.astype(np.float64), under, over, rows.cost_usd])


def curve_reports(
    rows: MeasuredRows, scored: Mapping[str, Float64Array], *, n_resamples: int, seed: int
) -> dict[str, JsonObject]:
    """Cost-quality curves at N_CURVE_POINTS even steps of mean cost, and a band of pointwise intervals for `router`.

    scored: expected quality losses, (n, n_tiers), by name; `router` is one of them.
    """
    ends = rows.cost_usd.mean(axis=0)
    grid = np.linspace(ends.min(), ends.max(), N_CURVE_POINTS)

    def qualities(name: str, picked: RowIndex) -> Float64Array:
        curve = cost_quality_curve(scored[name][picked], rows.cost_usd[picked], rows.quality[picked])
        return curve.quality_at(grid)

    band = bootstrap(rows.groups, lambda picked: qualities("router", picked), n_resamples=n_resamples, seed=seed)
    cost = (1_000 * grid).tolist()
    every = np.arange(len(rows))
    return {
        **{name: {"cost_usd_per_1k": cost, "quality": qualities(name, every).tolist()} for name in scored},
        "router_band": {
            "cost_usd_per_1k": cost,
            "low": [interval.low for interval in band],
            "high": [interval.high for interval in band],
        },
    }


def summary_report(rows: MeasuredRows, *, n_resamples: int, seed: int) -> JsonObject:
    """The router in measures from the literature, each an Interval; formulas in measure/curves.py and metrics.py.

    apgr, cpt_50, cpt_80, aiq and saved_at_under_routing are of the whole curve; arena_score, regret and gap_to_oracle
    of the choices at the bundle's threshold.
    """
    n_tiers = len(rows.tiers)
    losses, cheapest = rows.scores.expected_quality_loss, rows.labels.cheapest
    chosen = one_hot(rows.chosen, n_tiers=n_tiers)
    quality = (chosen * rows.quality).sum(axis=1)
    usd = (chosen * rows.cost_usd).sum(axis=1)
    best = (oracle(cheapest, n_tiers=n_tiers) * rows.quality).sum(axis=1)

    def measures(picked: RowIndex) -> list[float]:
        costs = rows.cost_usd[picked]
        curve = cost_quality_curve(losses[picked], costs, rows.quality[picked])
        return [
            curve_apgr(curve),
            curve_cpt(curve, target=0.5),
            curve_cpt(curve, target=0.8),
            aiq(curve.cost_usd, curve.quality),
            metrics.arena_score(1_000 * float(usd[picked].mean()), float(quality[picked].mean())),
            metrics.regret(quality[picked], best[picked]),
            metrics.gap_to_oracle(quality[picked], best[picked]),
            *[
                metrics.saved_at_under_routing(losses[picked], cheapest[picked], tier_cost_usd=costs, limit=limit)
                for limit in UNDER_ROUTING_LIMITS
            ],
        ]

    intervals = bootstrap(rows.groups, measures, n_resamples=n_resamples, seed=seed)
    limits = [f"{limit:g}" for limit in UNDER_ROUTING_LIMITS]
    named = dict(zip(_SUMMARY, intervals, strict=False))
    return {**named, "saved_at_under_routing": dict(zip(limits, intervals[len(_SUMMARY) :], strict=True))}


_SUMMARY = ("apgr", "cpt_50", "cpt_80", "aiq", "arena_score", "regret", "gap_to_oracle")


def rounded(value: object) -> Any:
    """Plain JSON of nested mappings, lists, Intervals and numbers: floats to N_DIGITS digits, nan and infinity null."""
    match value:
        case Interval() | metrics.ReliabilityBin():
            return {name: rounded(entry) for name, entry in value._asdict().items()}
        case Mapping():
            return {str(name): rounded(entry) for name, entry in value.items()}
        case list() | tuple():
            return [rounded(entry) for entry in value]
        case float():
            return round(float(value), N_DIGITS) + 0.0 if np.isfinite(value) else None
        case _:
            return value
