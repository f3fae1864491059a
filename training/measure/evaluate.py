"""Measure a bundle, and what it must beat, on rows that nothing was fitted or chosen on: evaluation.json.

The figures at the top are of the target sources, those that represent the traffic to serve; `sources` gives every
source alone, and `slices` parts of the target: never only pooled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from router.brain.promise import Promise
from router.types import JsonObject
from training.config import FitConfig
from training.measure import metrics
from training.measure.advantages import complete_rows, measurable_rows, quality_gains
from training.measure.baselines import Policy, one_hot, oracle, random_mix, shuffle
from training.measure.bootstrap import Interval
from training.measure.gate import OtherTiers, gate
from training.measure.languages import language_report
from training.measure.measure import SAFE_TIER
from training.measure.measured import MeasuredRows
from training.measure.misses import misses_report
from training.measure.price import price_report
from training.measure.reported import curve_reports, policy_reports, rounded, summary_report
from training.measure.rivals import Rivals
from training.measure.slices import head_report, slice_reports, source_report
from training.rows.splits import RowIndex

__all__ = ["EVALUATION_SCHEMA", "EvaluationInputs", "evaluate_rows", "promise_report"]

EVALUATION_SCHEMA = 2


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationInputs:
    """What an evaluation needs: the test rows as scored, and what the baselines are fitted and matched on.

    test: the test rows of all sources, as the bundle scores them and the service would choose at `threshold`.
    on_target: (n_test,) which of them are of target sources.
    rivals: where the scored baselines are fitted and brought to the router's cost.
    threshold: the bundle's own, for the record.
    config: its settings hold for the baselines too; give it with `hyper` set to what the heads were fitted with.
    in_use: the test rows, same order, as the bundle now in use serves them; None if there is none.
    seen_in_use: (n_test,) which rows that bundle was fitted on; None where it does not say, or there is none.
    robustness: of the target rows among them, as `robustness.robustness` gives it; None where it was not measured.
    n_resamples, seed: of the bootstrap.
    """

    test: MeasuredRows
    on_target: metrics.BoolArray
    rivals: Rivals
    threshold: float
    config: FitConfig
    in_use: MeasuredRows | OtherTiers | None = None
    seen_in_use: metrics.BoolArray | None = None
    robustness: JsonObject | None = None
    n_resamples: int = 1000
    seed: int = 0


def evaluate_rows(inputs: EvaluationInputs) -> JsonObject:
    """evaluation.json, schema 2: plain JSON values, numbers to 4 digits, null where there is no number.

    Policies, advantages, curves, summary and slices are of target rows with every loss and quality known; they are
    empty, and the gate fails, where these are too few of the target rows (advantages.MIN_KNOWN_SHARE).
    `misses` and `near_threshold` name single target rows; they hold no text, and are absent for rows without names.
    """
    target = inputs.test.take(np.flatnonzero(inputs.on_target))
    known = measurable_rows(target)
    report = {
        "schema_version": EVALUATION_SCHEMA,
        "test": {
            "n": len(target),
            "n_known": int(complete_rows(target).sum()),
            "groups": len(np.unique(target.groups)),
            "n_own_costs": 0 if target.own_costs is None else int(target.own_costs.sum()),
        },
        "threshold": inputs.threshold,
        "heads": head_report(target),
        "sources": {
            str(name): source_report(inputs.test.take(np.flatnonzero(inputs.test.sources == name)))
            for name in np.unique(inputs.test.sources)
        },
        **(_measured_report(inputs, target, known) if known.size else _unmeasured_report(inputs, target)),
        **misses_report(target, inputs.threshold),
    }
    if inputs.robustness is not None:
        report["robustness"] = inputs.robustness
    plain: JsonObject = rounded(report)
    return plain


def promise_report(promise: Promise) -> JsonObject:
    """evaluation.json's `promise`: what is promised, and by slice where that was asked for."""
    slices = {"slices": [asdict(part) for part in promise.slices]} if promise.slices else {}
    return {**asdict(promise.stated()), **slices}


def _measured_report(inputs: EvaluationInputs, target: MeasuredRows, known: RowIndex) -> JsonObject:
    rows = target.take(known)
    scored, matched = inputs.rivals.scored(rows, np.flatnonzero(inputs.on_target)[known], inputs.config)
    n_resamples, seed = inputs.n_resamples, inputs.seed
    advantages = quality_gains(rows, scored, n_resamples=n_resamples, seed=seed)
    curves = {"router": rows.scores.expected_quality_loss, **scored}
    policies = {**_fixed_policies(rows), **matched}
    return {
        "policies": policy_reports(rows, policies, n_resamples=n_resamples, seed=seed),
        "advantages": {"over": {name: {"quality_gain": gain} for name, gain in advantages.items()}},
        "curves": curve_reports(rows, curves, n_resamples=n_resamples, seed=seed),
        "summary": summary_report(rows, n_resamples=n_resamples, seed=seed),
        "price_curve": price_report(rows, safe_tier=SAFE_TIER),
        "slices": slice_reports(rows),
        "languages": language_report(rows),
        "gate": _gate_report(inputs, target, advantages),
    }


def _unmeasured_report(inputs: EvaluationInputs, target: MeasuredRows) -> JsonObject:
    return {
        "policies": {},
        "advantages": {"over": {}},
        "curves": {},
        "summary": {},
        "price_curve": {},
        "slices": {},
        "languages": {},
        "gate": _gate_report(inputs, target, {}),
    }


def _fixed_policies(rows: MeasuredRows) -> dict[str, Policy]:
    """The router, and the policies that nothing is fitted for."""
    n_tiers = len(rows.tiers)
    router = one_hot(rows.chosen, n_tiers=n_tiers)
    return {
        "router": router,
        **{f"always_{tier}": one_hot(np.full(len(rows), k), n_tiers=n_tiers) for k, tier in enumerate(rows.tiers)},
        "random_mix": random_mix(router),
        "shuffle": shuffle(router, rows.sources),
        "oracle": oracle(rows.labels.cheapest, n_tiers=n_tiers),
    }


def _gate_report(inputs: EvaluationInputs, target: MeasuredRows, advantages: Mapping[str, Interval]) -> JsonObject:
    in_use = inputs.in_use
    if isinstance(in_use, MeasuredRows):
        in_use = in_use.take(np.flatnonzero(inputs.on_target))
    return gate(
        target,
        advantages,
        in_use,
        seen_in_use=None if inputs.seen_in_use is None else inputs.seen_in_use[inputs.on_target],
        max_quality_loss=inputs.config.max_quality_loss,
        robustness=inputs.robustness,
        form_limits=inputs.config.form_limits,
        n_resamples=inputs.n_resamples,
        seed=inputs.seed,
    ).to_json()
