"""Fold by fold (CV+): every row is scored by heads fitted without it; the heads that ship are fitted on all rows.

The decision over the heads is fitted on out-of-fold logits, and its own scores are cross-fitted over the folds again:
what a row says about the promise was calibrated without it, but for what it taught the parts that scored other rows.
Nothing is held out from the heads that ship, so there is
no finite-sample theorem (Barber, Candes, Ramdas, Tibshirani 2021, arXiv 1905.02928, bound the like at twice the error);
`training.shipping.redraws` and tests/training/test_promise_simulation.py measure how often it is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from router.brain import Bundle
from router.brain.brain import Brain, Scores, scores_of
from router.brain.calibration import Float64Array
from router.brain.domain import Domain
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.fit import hyper_for
from training.fitting.heads import head_targets
from training.fitting.prepared import Prepared
from training.fitting.recipe import FittedBrain, Parts, Recipe, Sets, domain_of
from training.fitting.tasks import best_scale, fit_task_head, scaled_head, task_data
from training.held_out.folds import NO_FOLD, folds_of, rows_without
from training.held_out.result import (
    CROSS_FIT,
    FIRST_FOLD,
    THRESHOLD_SEEN,
    HeldOut,
    held_out_rows,
    in_use_on,
    promise_on,
    seen_in_use,
)
from training.labels.labels import Ternary
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows
from training.measure.measure import SAFE_TIER, features_of, known_rows, scored_rows
from training.measure.measured import MeasuredRows
from training.measure.rivals import SCORED, FoldedRivals
from training.measure.robustness import Rule, contrast_pairs, robustness
from training.measure.tasks import measured_tasks
from training.progress import Progress
from training.rows.splits import RowIndex
from training.thresholds.simulate import take_scores


def cross_fitted(
    prepared: Prepared, recipe: Recipe, config: FitConfig, *, in_use: Bundle | None, progress: Progress
) -> HeldOut:
    """Fit folds + 1 times, promise and measure on out-of-fold scores. Raises DataError for rows that are too few."""
    folds = folds_of(prepared, config)
    first, held_out = _all_folds(prepared, recipe, config, folds, progress)
    progress(f"fitting on all {len(prepared):,} rows")
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    max_distance = held_out.reach(prepared.on_target, quantile=config.domain_quantile)
    rule = Rule(0.0, max_distance=max_distance, safe_tier=min(SAFE_TIER, len(prepared.data.tiers) - 1))
    scores = held_out.scores(recipe, targets, prepared.on_target)
    on_target = np.flatnonzero(prepared.on_target)
    chosen_on = scored_rows(prepared.data.take(on_target), take_scores(scores, on_target), config, rule=rule)
    promise = promise_on(chosen_on, config, max_distance=max_distance)
    rule = replace(rule, threshold=promise.threshold_for())
    shipped = _shipped(prepared, recipe, config, held_out, targets, max_distance)
    progress(f"measuring {len(on_target):,} out-of-fold rows")
    exemplar = first.brain(recipe, held_out, targets, prepared.on_target, max_distance)
    exemplar, scale = _with_tasks(exemplar, first)
    measured = _Measuring(held_out, scores, rule, first, exemplar).report(prepared, config, in_use=in_use)
    by = "groups of rows" if config.folds_by == "group" else "sources"
    words = f"{config.folds} folds of whole {by}. {CROSS_FIT} {THRESHOLD_SEEN} {FIRST_FOLD}"
    return HeldOut(
        shipped=_with_shipped_tasks(shipped, scale),
        promise=promise,
        measured=measured,
        saw=np.arange(len(prepared)),
        rows=held_out_rows(prepared.data.take(on_target), chosen_on.scores, mode="cross_fit"),
        sides={"fit": len(prepared), "calibrate": len(on_target), "test": int((folds != NO_FOLD).sum())},
        facts={
            "mode": "cross_fit",
            "folds": config.folds,
            "folds_by": config.folds_by,
            "fits": config.folds + 1,
            "words": words,
        },
    )


# --- Out-of-fold logits ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What parts that saw neither a row nor its group say of it; nan for rows without a fold.

    folds: (n,).  sets: (n, n_heads) each.  distances: (n,) from the domain.
    rivals: by scored baseline (n, n_tiers), nan also for rows that are not of target sources.
    groups: (n,) names.
    """

    folds: npt.NDArray[np.int64]
    sets: tuple[Float64Array, ...]
    distances: Float64Array
    rivals: dict[str, Float64Array]
    groups: npt.NDArray[np.str_]

    def take_sets(self, rows: RowIndex) -> Sets:
        """The logits of some rows."""
        return tuple(logits[rows] for logits in self.sets)

    def reach(self, on_target: npt.NDArray[np.bool_], *, quantile: float) -> float:
        """The domain's max_distance: a share `quantile` of the target rows is within it."""
        return round(float(np.quantile(self.distances[on_target], quantile)), 6)

    def decision(self, recipe: Recipe, targets: Ternary, rows: RowIndex) -> Any:
        """The recipe's decision on some rows."""
        return recipe.decide(self.take_sets(rows), targets[rows])

    def decision_without(self, fold: int, recipe: Recipe, targets: Ternary, on_target: npt.NDArray[np.bool_]) -> Any:
        """The recipe's decision on the target rows that are neither of the fold nor of one of its groups."""
        others = rows_without(fold, self.folds, self.groups)
        return self.decision(recipe, targets, others[on_target[others]])

    def scores(self, recipe: Recipe, targets: Ternary, on_target: npt.NDArray[np.bool_]) -> Scores:
        """Every row's scores by a decision that was fitted on the target rows of the other folds."""
        probabilities = np.full(targets.shape, np.nan)
        for fold in range(self.folds.max() + 1):
            mine = np.flatnonzero(self.folds == fold)
            decision = self.decision_without(fold, recipe, targets, on_target)
            probabilities[mine] = decision.probabilities(self.take_sets(mine))
        return scores_of(probabilities, domain_distance=self.distances)


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold's parts: `others` taught them, `held_out` is what they score; both ascending, of all rows.

    encoded: all rows, with embeddings of the held-out ones and of the other target rows.
    """

    number: int
    parts: Parts
    domain: Domain
    others: RowIndex
    held_out: RowIndex
    encoded: Prepared

    def brain(
        self,
        recipe: Recipe,
        held_out: OutOfFold,
        targets: Ternary,
        on_target: npt.NDArray[np.bool_],
        max_distance: float,
    ) -> Brain:
        """The brain of this fold: it has seen none of its held-out rows, its decision neither."""
        domain = replace(self.domain, max_distance=max_distance)
        decision = held_out.decision_without(self.number, recipe, targets, on_target)
        return recipe.join(self.parts, decision, domain, self.encoded.data.tiers)

    def targets_of(self, rows: RowIndex) -> Prepared:
        """The target rows among some rows, encoded."""
        return self.encoded.take(rows[self.encoded.on_target[rows]])


def _all_folds(
    prepared: Prepared, recipe: Recipe, config: FitConfig, folds: npt.NDArray[np.int64], progress: Progress
) -> tuple[Fold, OutOfFold]:
    """The first fold with its parts, and what all of them say."""
    n, n_tiers = len(prepared), len(prepared.data.tiers)
    first: Fold | None = None
    sets: list[Float64Array] = []
    distances, rivals = np.full(n, np.nan), {name: np.full((n, n_tiers), np.nan) for name in SCORED}
    for fold in _fitted_folds(prepared, recipe, config, folds, progress):
        first = first or fold
        rows = fold.held_out
        said = fold.parts.logits(fold.encoded.take(rows))
        sets = sets or [np.full((n, logits.shape[1]), np.nan) for logits in said]
        for column, logits in zip(sets, said, strict=True):
            column[rows] = logits
        distances[rows] = fold.domain.distances(prepared.token_ids.take(rows).lists(), prepared.progress_of(rows))
        known = fold.targets_of(fold.others)
        settings = replace(config, hyper=config.hyper or hyper_for(known))
        asked = features_of(fold.targets_of(rows))
        for name, fit in SCORED.items():
            rivals[name][rows[prepared.on_target[rows]]] = fit(known_rows(known, config), settings)(asked)
    assert first is not None, "there are two folds at least"
    return first, OutOfFold(folds, tuple(sets), distances, rivals, prepared.data.groups)


def _fitted_folds(
    prepared: Prepared, recipe: Recipe, config: FitConfig, folds: npt.NDArray[np.int64], progress: Progress
) -> Iterator[Fold]:
    for number in range(config.folds):
        others = rows_without(number, folds, prepared.data.groups)
        held_out = np.flatnonzero(folds == number)
        progress(f"fitting fold {number + 1} of {config.folds} on {len(others):,} rows")
        parts = recipe.parts(prepared, others)
        needed = np.union1d(held_out, others[prepared.on_target[others]])
        domain = domain_of(prepared, parts.encoder, config, fit=others, held_out=held_out)
        yield Fold(number, parts, domain, others, held_out, parts.encoded(prepared, needed))


# --- What ships ------------------------------------------------------------------------------------------------------


def _shipped(
    prepared: Prepared,
    recipe: Recipe,
    config: FitConfig,
    held_out: OutOfFold,
    targets: Ternary,
    max_distance: float,
) -> FittedBrain:
    """Parts on all rows, with the decision on all target rows' out-of-fold logits."""
    rows, on_target = np.arange(len(prepared)), np.flatnonzero(prepared.on_target)
    parts = recipe.parts(prepared, rows)
    domain = domain_of(prepared, parts.encoder, config, fit=rows, held_out=on_target)
    domain = replace(domain, max_distance=max_distance)
    brain = recipe.join(parts, held_out.decision(recipe, targets, on_target), domain, prepared.data.tiers)
    return FittedBrain(brain, parts.regularisation, parts.encoded(prepared, on_target))


def _with_tasks(brain: Brain, fold: Fold) -> tuple[Brain, float]:
    """The fold's brain with a task head, and the scale that its held-out rows give it; 1 without a head."""
    head = fit_task_head(task_data(brain, fold.targets_of(fold.others)), n_embedding=brain.encoder.n_features)
    if head is None:
        return brain, 1.0
    scale = best_scale(head, task_data(brain, fold.targets_of(fold.held_out)))
    return replace(brain, tasks=scaled_head(head, scale)), scale


def _with_shipped_tasks(fitted: FittedBrain, scale: float) -> FittedBrain:
    """The brain with a task head fitted on all target rows, at the scale that held-out rows gave one fold's."""
    brain, rows = fitted.brain, fitted.prepared
    known = task_data(brain, rows.take(np.flatnonzero(rows.on_target)))
    head = fit_task_head(known, n_embedding=brain.encoder.n_features)
    return fitted if head is None else replace(fitted, brain=replace(brain, tasks=scaled_head(head, scale)))


# --- The measurement -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Measuring:
    """Out-of-fold scores of all rows, at the shipped threshold; what needs a brain has that of the first fold."""

    held_out: OutOfFold
    scores: Scores
    rule: Rule
    fold: Fold
    brain: Brain

    def report(self, prepared: Prepared, config: FitConfig, *, in_use: Bundle | None) -> JsonObject:
        """evaluation.json's measured part."""
        scored = np.flatnonzero(self.held_out.folds != NO_FOLD)
        test = prepared.take(scored)
        rows = scored_rows(test.data, take_scores(self.scores, scored), config, rule=self.rule)
        report = evaluate_rows(
            EvaluationInputs(
                test=rows,
                on_target=test.on_target,
                rivals=FoldedRivals(
                    {name: losses[scored] for name, losses in self.held_out.rivals.items()},
                    self.held_out.folds[scored],
                ),
                threshold=self.rule.threshold,
                config=config,
                in_use=None if in_use is None else in_use_on(in_use, test, self.brain.encoder, config),
                seen_in_use=seen_in_use(in_use, test.data),
                robustness=self._robustness(test, rows, config),
                seed=config.seed,
            )
        )
        fold = self.fold
        tasks = measured_tasks(self.brain, fold.targets_of(fold.others), fold.targets_of(fold.held_out))
        return {**report, "tasks": tasks}

    def _robustness(self, test: Prepared, rows: MeasuredRows, config: FitConfig) -> JsonObject:
        """Perturbed asks of the first fold's rows, scored by its brain; contrast pairs of all rows."""
        own = self.fold.targets_of(self.fold.held_out)
        report = robustness(
            self.brain.score,
            own.data,
            self.rule,
            tier_cost_usd=tier_costs(self.brain.tiers, config),
            scores=own.scores(self.brain),
            seed=config.seed,
        )
        targets = np.flatnonzero(test.on_target)
        losses = rows.take(targets).scores.expected_quality_loss
        return {**report, "contrast_pairs": contrast_pairs(losses[:, 0], test.data.take(targets))}
