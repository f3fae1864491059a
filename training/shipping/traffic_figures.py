"""The headline figures on the traffic rows, by five folds of whole groups.

What learns from labels inside a fold sees that fold's training rows only, the decision over transformer and table
included (it is fitted on the other folds' held-out logits). Saved: against always the strongest tier, at most so many
rows sent below their tier, as the one threshold moves over all held-out scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.brain.brain import assemble_features, scores_of, stack_signals
from router.brain.calibration import Float64Array, sigmoid
from router.brain.encoders import Encoder
from router.types import JsonObject
from training.config import DEFAULT_TIER_COST_USD, FitConfig
from training.fitting.crossval import CrossvalData, out_of_fold_losses, signal_scale
from training.fitting.design import RowBuckets
from training.fitting.distil import DEFAULT_MODEL, model_path
from training.fitting.fit import TransformerParts, fit_parts, prepare_for_transformer
from training.fitting.heads import head_targets
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared
from training.fitting.stack import fit_decision
from training.fitting.tasks import TaskData
from training.labels.dataset import Dataset
from training.measure import metrics
from training.measure.bootstrap import bootstrap
from training.measure.reported import rounded
from training.measure.robustness import contrast_pairs
from training.measure.tasks import held_out_tasks, keyword_tasks, task_report
from training.progress import Progress
from training.rows.splits import group_folds
from training.shipping.model_pair import mean_and_sd

N_FOLDS = 5
LIMITS = (0.02, 0.05, 0.10)
COSTS = tuple(DEFAULT_TIER_COST_USD.values())
HARNESS_TASKS = ("heartbeat", "system_harness")


def traffic_report(data: Dataset, losses: Float64Array) -> JsonObject:
    """The headline figures of pooled held-out losses, with 95% intervals by group, and per source."""
    cheapest = data.labels.cheapest

    def headline(rows: npt.NDArray[np.intp]) -> list[float]:
        own, tier = losses[rows], cheapest[rows]
        return [
            *(metrics.saved_at_under_routing(own, tier, tier_cost_usd=COSTS, limit=limit) for limit in LIMITS),
            *(metrics.auc(own[:, head], tier > head) for head in range(own.shape[1] - 1)),
        ]

    def named(rows: npt.NDArray[np.intp]) -> JsonObject:
        figures: JsonObject = rounded(dict(zip(names, headline(rows), strict=True)))
        return figures

    names = [*(f"saved_at_{limit:g}" for limit in LIMITS), "auc_not_budget", "auc_frontier"]
    intervals = bootstrap(data.groups, lambda rows: np.array(headline(rows)), n_resamples=200, seed=0)
    return {
        "n": len(data),
        **rounded(dict(zip(names, intervals, strict=True))),
        "pairs": contrast_pairs(losses[:, 0], data),
        "harness": named(harness_rows(data)),
        "sources": {str(source): named(np.flatnonzero(data.sources == source)) for source in np.unique(data.sources)},
    }


def harness_rows(data: Dataset) -> npt.NDArray[np.intp]:
    """The rows that a harness wrote or wrapped: heartbeats, titles, compactions, reminders."""
    return np.flatnonzero([getattr(row, "task", None) in HARNESS_TASKS for row in data.rows])


def columns(data: Dataset, encoder: Encoder) -> CrossvalData:
    """A dataset as the heads see it."""
    return CrossvalData(
        embeddings=encoder.encode_readings(data.readings),
        signals=stack_signals(data.readings),
        buckets=RowBuckets.of(data.readings, encoder),
        labels=data.labels,
        groups=data.groups,
    )


def traffic_fast(data: Dataset, encoder: Encoder, *, seeds: Sequence[int]) -> JsonObject:
    """The token-table recipe: figures of the first seed of folds, mean and deviation of the headline over all."""
    rows = columns(data, encoder)
    config = FitConfig(name="benchmark", hyper=LABELS)
    reports = [traffic_report(data, out_of_fold_losses(rows, config, n_folds=N_FOLDS, seed=seed)) for seed in seeds]
    folds = group_folds(data.groups, n_folds=N_FOLDS, seed=seeds[0])
    features = assemble_features(rows.embeddings, signal_scale(rows.signals).apply(rows.signals))
    tasks = TaskData(features, rows.buckets, tasks_of(data))
    n_embedding = rows.embeddings.shape[1]
    said = np.empty_like(tasks.names)
    for fold in range(N_FOLDS):
        fit, score = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        said[score] = held_out_tasks(tasks, fit=fit, score=score, n_embedding=n_embedding)
    return {**reports[0], "over_seeds": _over_seeds(reports), "tasks": task_figures(data, folds, said)}


def tasks_of(data: Dataset) -> npt.NDArray[np.str_]:
    """(n,) the task of each row, "" where it has none."""
    return np.array([getattr(row, "task", None) or "" for row in data.rows])


def task_figures(data: Dataset, folds: npt.NDArray[np.int64], said: npt.NDArray[np.str_]) -> JsonObject:
    """Macro F1 of held-out task names, and that of keyword lists made from the other folds' rows.

    folds: (n,) the fold of each row.  said: (n,) the task that a head which had not seen the row's fold names.
    """
    true, asks = tasks_of(data), [reading.ask for reading in data.readings]
    listed = np.empty_like(true)
    for fold in np.unique(folds):
        fit, score = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        listed[score] = keyword_tasks([asks[i] for i in fit.tolist()], true[fit], [asks[i] for i in score.tolist()])
    return {**task_report(true, said), "keywords": task_report(true, listed)}


def _network_features(parts: TransformerParts, prepared: Prepared) -> Float64Array:
    """What the task head sees of every row: the fold's own fine-tuned vector, and signals."""
    vectors = parts.encoder.encode_readings(prepared.data.readings)
    return assemble_features(vectors, parts.signal_scale.apply(prepared.signals))


def traffic_default(data: Dataset, *, seed: int, progress: Progress) -> JsonObject:
    """The transformer recipe: one seed of folds, as a fold takes minutes."""
    config = FitConfig(name="benchmark", hyper=LABELS)
    prepared = prepare_for_transformer(data, model_path(DEFAULT_MODEL), config)
    folds = group_folds(data.groups, n_folds=N_FOLDS, seed=seed)
    targets = head_targets(data.labels, unsolved=config.unsolved)
    network, table = np.zeros(targets.shape), np.zeros(targets.shape)
    true = tasks_of(data)
    said = np.empty_like(true)
    for fold in range(N_FOLDS):
        progress(f"fold {fold + 1} of {N_FOLDS}")
        held_out = np.flatnonzero(folds == fold)
        parts = fit_parts(
            prepared, model_path(DEFAULT_MODEL), config, model_id=DEFAULT_MODEL, fit=np.flatnonzero(folds != fold)
        )
        network[held_out], table[held_out] = parts.logits(prepared, held_out)
        tasks = TaskData(_network_features(parts, prepared), prepared.buckets, true)
        learnt = np.flatnonzero(folds != fold)
        said[held_out] = held_out_tasks(tasks, fit=learnt, score=held_out, n_embedding=parts.encoder.n_features)
    losses = np.zeros((len(data), len(data.tiers)))
    for fold in range(N_FOLDS):
        mine, others = folds == fold, folds != fold
        decision = fit_decision(network[others], table[others], targets[others])
        losses[mine] = _losses(decision.logits(network[mine], table[mine]))
    return {
        **traffic_report(data, losses),
        "tasks": task_figures(data, folds, said),
        "transformer_alone": traffic_report(data, _losses(network)),
        "table_alone": traffic_report(data, _losses(table)),
    }


def _over_seeds(reports: Sequence[JsonObject]) -> JsonObject:
    names = [name for name, value in reports[0].items() if isinstance(value, dict) and "point" in value]
    return {name: mean_and_sd([report[name]["point"] for report in reports]) for name in names}


def _losses(logits: Float64Array) -> Float64Array:
    return scores_of(sigmoid(logits), domain_distance=np.zeros(len(logits))).expected_quality_loss
