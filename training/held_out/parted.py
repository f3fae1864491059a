"""Sides that are parted: `fit` teaches, `calibrate` calibrates and chooses the threshold, `test` only measures.

The finite-sample promise: no head that ships saw the rows that chose its threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from router.brain import Bundle
from router.brain.promise import Promise
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.fit import hyper_for
from training.fitting.prepared import Prepared
from training.fitting.recipe import FittedBrain, Recipe, fit_once
from training.fitting.tasks import with_task_head
from training.held_out.result import PARTED, HeldOut, held_out_rows, in_use_on, promise_on, seen_in_use
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows
from training.measure.measure import features_of, known_rows, measured_rows, rule_of
from training.measure.measured import MeasuredRows
from training.measure.rivals import PartedRivals
from training.measure.robustness import robustness
from training.measure.tasks import measured_tasks
from training.progress import Progress
from training.rows.splits import RowIndex, Splits, split_rows
from training.thresholds.choose import calibration_sides


def parted(
    prepared: Prepared, recipe: Recipe, config: FitConfig, *, in_use: Bundle | None, progress: Progress
) -> HeldOut:
    """Fit on one side, promise on another, measure on the third; with `refit`, fit again on the first and the third.

    Raises DataError where the rows do not support the goal.
    """
    splits = split_rows(
        prepared.data.groups, calibrate_share=config.calibrate_share, test_share=config.test_share, seed=config.seed
    )
    progress(f"fitting on {len(splits.fit):,} rows")
    shipped = _fitted(prepared, recipe, config, fit=splits.fit, calibrate=splits.calibrate)
    progress(f"measuring on {len(splits.test):,} rows")
    measured = _evaluate(shipped, splits, config, in_use=in_use)
    if config.refit:
        rows = np.sort(np.concatenate([splits.fit, splits.test]))
        progress(f"fitting again on {len(rows):,} rows")
        shipped = _fitted(prepared, recipe, config, fit=rows, calibrate=splits.calibrate)
    words = f"{PARTED} {_REFITTED}" if config.refit else PARTED
    return HeldOut(
        shipped=shipped.fitted,
        promise=shipped.promise,
        measured=measured,
        saw=np.concatenate([splits.fit, splits.calibrate, *([splits.test] if config.refit else [])]),
        rows=held_out_rows(prepared.data.take(shipped.choosing), shipped.chosen_on.scores, mode="parted"),
        sides={"fit": len(splits.fit), "calibrate": len(splits.calibrate), "test": len(splits.test)},
        facts={"mode": "parted", "fits": 1 + config.refit, "words": words},
    )


_REFITTED = (
    "What is measured here are heads that had not seen the test rows; the heads that ship were fitted on those too, "
    "and their threshold was chosen again."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A calibrated brain, its promise, and the rows that the promise was chosen on: `choosing`, measured."""

    fitted: FittedBrain
    promise: Promise
    choosing: RowIndex
    chosen_on: MeasuredRows

    @property
    def prepared(self) -> Prepared:
        """All rows, encoded by the brain's encoder."""
        return self.fitted.prepared


def _fitted(prepared: Prepared, recipe: Recipe, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex) -> _Fitted:
    """A calibrated brain with its promise, from target rows among `calibrate` that no head saw."""
    held_out = calibrate[prepared.on_target[calibrate]]
    calibrating, choosing = calibration_sides(
        prepared.data.groups,
        held_out,
        method=config.calibration,
        seed=config.seed,
        share=recipe.calibration_share,
    )
    fitted = fit_once(recipe, prepared, config, fit=fit, calibrate=calibrating)
    brain = with_task_head(fitted.brain, fitted.prepared, fit=fit, calibrate=calibrating)
    measured = measured_rows(brain, fitted.prepared.take(choosing), config, threshold=0.0)
    promise = promise_on(measured, config, max_distance=brain.domain.max_distance)
    return _Fitted(replace(fitted, brain=brain), promise, choosing, measured)


def _evaluate(measured: _Fitted, splits: Splits, config: FitConfig, *, in_use: Bundle | None) -> JsonObject:
    """evaluation.json's measured part, on the test rows."""
    brain, threshold, prepared = measured.fitted.brain, measured.promise.threshold_for(), measured.prepared
    rule = rule_of(brain, threshold)
    fit = prepared.take(splits.fit[prepared.on_target[splits.fit]])
    test = prepared.take(splits.test)
    rows = measured_rows(brain, test, config, threshold=threshold)
    targets = np.flatnonzero(test.on_target)
    robust = robustness(
        brain.score,
        test.data.take(targets),
        rule,
        tier_cost_usd=tier_costs(brain.tiers, config),
        scores=rows.take(targets).scores,
        seed=config.seed,
    )
    report = evaluate_rows(
        EvaluationInputs(
            test=rows,
            on_target=test.on_target,
            rivals=PartedRivals(
                fit=known_rows(fit, config),
                calibrate=known_rows(prepared.take(measured.choosing), config),
                calibrate_chosen=rule.decide(measured.chosen_on.scores),
                test_features=features_of(test),
            ),
            threshold=threshold,
            config=replace(config, hyper=config.hyper or hyper_for(fit)),
            in_use=None if in_use is None else in_use_on(in_use, test, brain.encoder, config),
            seen_in_use=seen_in_use(in_use, test.data),
            robustness=robust,
            seed=config.seed,
        )
    )
    return {**report, "tasks": measured_tasks(brain, fit, test.take(targets))}
