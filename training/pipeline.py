"""The stages in order: dataset, splits, embed, fit, calibrate, promise, measure, bundle.

    tierwise fit data/traffic my_outcomes.jsonl --tiers data/tiers.json --out models/mine

Rows are split by group: `fit` teaches the heads, `calibrate` brings their scores to probabilities and chooses the
threshold, `test` only measures. With `refit`, heads fitted again on `fit` and `test` go into the bundle; the
calibration rows are unseen by those too, so the promise is theirs, and the measurement is of heads that saw fewer rows.

Each row is encoded once: its embedding, n-grams and token ids are handed on (`Prepared`), and only rows that the
robustness measure perturbs are encoded again.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.brain.brain import Brain
from router.brain.bundle.write import BundleContents
from router.brain.encoders import Encoder
from router.brain.promise import Promise
from router.errors import DataError
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.fit import FittedBrain, fit_brain, hyper_for
from training.fitting.prepared import Prepared, prepare, prepared_for
from training.fitting.tasks import with_task_head
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import TierMap
from training.measure.baselines import KnownRows
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows, promise_report
from training.measure.gate import OtherTiers
from training.measure.measure import SAFE_TIER, features_of, known_rows, measured_rows, rule_of, served_rows
from training.measure.measured import MeasuredRows
from training.measure.robustness import robustness
from training.measure.tasks import measured_tasks
from training.progress import Progress, silent
from training.report import model_card
from training.rows.licences import PUBLIC_LICENCES
from training.rows.readers import Fingerprint, RowSet
from training.rows.splits import SPLIT_RULE, RowIndex, Splits, split_rows
from training.thresholds.choose import calibration_sides, loss_of_labels, promise_curve

_VERSIONS_OF = ("numpy", "scikit-learn", "scipy", "tokenizers", "safetensors", "joblib")


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How a brain is fitted: from (prepared rows, rows to fit on, rows to calibrate on) to a calibrated brain.

    calibration_share: share of the calibration groups that calibrates when the rest chooses the threshold; None where
    `calibration_sides` decides by the method.
    """

    fit: Callable[[Prepared, RowIndex, RowIndex], FittedBrain]
    calibration_share: float | None = None


def fit_bundle(
    row_set: RowSet,
    tier_map: TierMap,
    encoder: Encoder,
    config: FitConfig,
    *,
    cache: Path | None = None,
    progress: Progress = silent,
    in_use: Bundle | None = None,
) -> BundleContents:
    """Fit, calibrate, choose thresholds, measure: rows to a bundle's contents. Same inputs, same bytes.

    cache: folder for embeddings; None computes them again.  in_use: the bundle to compare with, if there is one.
    Raises DataError when rows, tier map and settings do not fit together.
    """
    data = open_dataset(row_set, tier_map, config, progress=progress)
    progress(f"embedding with {encoder.spec.model_id} ({encoder.spec.kind}, {encoder.spec.dim} dimensions)")
    prepared = prepare(data, encoder, config, cache=cache)
    recipe = Recipe(lambda rows, fit, calibrate: fit_brain(rows, encoder, config, fit=fit, calibrate=calibrate))
    return fit_recipe(row_set, tier_map, prepared, recipe, config, progress=progress, in_use=in_use)


def open_dataset(row_set: RowSet, tier_map: TierMap, config: FitConfig, *, progress: Progress = silent) -> Dataset:
    """The rows, read and labelled. Raises DataError where settings and rows contradict, before the long work."""
    progress(f"reading and labelling {len(row_set.rows):,} rows")
    data = build_dataset(row_set.rows, tier_map)
    present = set(np.unique(data.sources).tolist())
    for source in config.target_sources or ():
        if source not in present:
            known = ", ".join(sorted(present))
            raise DataError(f"the target source {source!r} has no rows; there are {known}", where="rows")
    tier_costs(data.tiers, config)
    return data


def fit_recipe(
    row_set: RowSet,
    tier_map: TierMap,
    prepared: Prepared,
    recipe: Recipe,
    config: FitConfig,
    *,
    progress: Progress = silent,
    in_use: Bundle | None = None,
) -> BundleContents:
    """The stages after the embeddings, for any recipe. Raises DataError."""
    data = prepared.data
    splits = split_rows(
        data.groups, calibrate_share=config.calibrate_share, test_share=config.test_share, seed=config.seed
    )
    progress(f"fitting on {len(splits.fit):,} rows")
    shipped = _fitted(prepared, recipe, config, fit=splits.fit, calibrate=splits.calibrate)
    progress(f"measuring on {len(splits.test):,} rows")
    measured = _evaluate(shipped, splits, config, in_use=in_use)
    if config.refit:
        rows = np.sort(np.concatenate([splits.fit, splits.test]))
        progress(f"fitting again on {len(rows):,} rows")
        shipped = _fitted(prepared, recipe, config, fit=rows, calibrate=splits.calibrate)
    evaluation = {**measured, "bundle": config.name, "promise": promise_report(shipped.promise)}
    training = _training_facts(row_set, data, splits, shipped.fitted, config)
    encoder = asdict(shipped.fitted.brain.encoder.spec)
    facts = {"name": config.name, "tiers": list(data.tiers), "encoder": encoder, "training": training}
    return BundleContents(
        name=config.name,
        brain=shipped.fitted.brain,
        promise=shipped.promise,
        tier_models=_tier_models(data, tier_map),
        domain_quantile=config.domain_quantile,
        training=training,
        evaluation=evaluation,
        model_card=model_card(evaluation, facts),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A calibrated brain, its promise, and the rows that the promise was chosen on."""

    fitted: FittedBrain
    promise: Promise
    chosen_on: MeasuredRows
    known: KnownRows

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
    fitted = recipe.fit(prepared, fit, calibrating)
    brain = with_task_head(fitted.brain, fitted.prepared, fit=fit, calibrate=calibrating)
    chosen_on = fitted.prepared.take(choosing)
    measured = measured_rows(brain, chosen_on, config, threshold=0.0)
    promise = promise_on(brain, measured, config)
    return _Fitted(replace(fitted, brain=brain), promise, measured, known_rows(chosen_on, config))


def promise_on(brain: Brain, rows: MeasuredRows, config: FitConfig) -> Promise:
    """The threshold curve on held-out target rows. Raises DataError when they do not support the goal.

    Where rows have costs of their own, the cost figures are of those; no request is taken to cost more than the
    costliest of them.
    """
    metered = rows.own_costs is not None and rows.own_costs.any()
    try:
        return promise_curve(
            rows.scores,
            loss_of_labels(rows.labels),
            tiers=brain.tiers,
            cost_usd=rows.cost_usd if metered else tier_costs(brain.tiers, config),
            groups=rows.groups,
            max_distance=brain.domain.max_distance,
            safe_tier=min(SAFE_TIER, len(brain.tiers) - 1),
            goal=config.goal,
            confidence=config.confidence,
            population=f"held-out rows of {', '.join(np.unique(rows.sources))}",
            slices={name: rows.slices[name] for name in config.promise_slices},
        )
    except ValueError as exc:
        raise DataError(str(exc), where="rows") from exc


def _evaluate(measured: _Fitted, splits: Splits, config: FitConfig, *, in_use: Bundle | None) -> JsonObject:
    """evaluation.json's measured part, on the test rows."""
    brain, threshold, prepared = measured.fitted.brain, measured.promise.threshold_for(), measured.prepared
    rule = rule_of(brain, threshold)
    fit = prepared.take(splits.fit[prepared.on_target[splits.fit]])
    test = prepared.take(splits.test)
    rows = measured_rows(brain, test, config, threshold=threshold)
    report = evaluate_rows(
        EvaluationInputs(
            test=rows,
            test_features=features_of(test),
            on_target=test.on_target,
            fit=known_rows(fit, config),
            calibrate=measured.known,
            calibrate_chosen=rule.decide(measured.chosen_on.scores),
            threshold=threshold,
            config=replace(config, hyper=config.hyper or hyper_for(fit)),
            in_use=None if in_use is None else _in_use(in_use, brain, test, config),
            seed=config.seed,
        )
    )
    targets = np.flatnonzero(test.on_target)
    robust = robustness(
        brain.score,
        test.data.take(targets),
        rule,
        tier_cost_usd=tier_costs(brain.tiers, config),
        scores=rows.take(targets).scores,
        seed=config.seed,
    )
    tasks = measured_tasks(brain, fit, test.take(targets))
    versions = {name: version(name) for name in _VERSIONS_OF}
    return {**report, "robustness": robust, "tasks": tasks, "seeds": {"split": config.seed}, "versions": versions}


def _in_use(bundle: Bundle, brain: Brain, test: Prepared, config: FitConfig) -> MeasuredRows | OtherTiers:
    if bundle.manifest.tiers != test.data.tiers:
        return OtherTiers(bundle.manifest.tiers)
    same = bundle.brain.encoder.spec.sha256 == brain.encoder.spec.sha256 and test.buckets is not None
    return served_rows(bundle, test if same else prepared_for(bundle.brain, test.data, config), config)


def _tier_models(data: Dataset, tier_map: TierMap) -> dict[str, dict[str, tuple[str, ...]]]:
    sources = [str(source) for source in np.unique(data.sources) if source in tier_map.sources]
    return {source: dict(tier_map.sources[source].models) for source in sources}


def _training_facts(
    row_set: RowSet, data: Dataset, splits: Splits, fitted: FittedBrain, config: FitConfig
) -> JsonObject:
    sources, counts = np.unique(data.sources, return_counts=True)
    return {
        "config": config.to_json(),
        "files": {name: _fingerprint(value) for name, value in sorted(row_set.fingerprints.items())},
        "sources": {
            str(source): {"rows": int(n), "licence": PUBLIC_LICENCES.get(str(source), config.licence)}
            for source, n in zip(sources, counts, strict=True)
        },
        "rows": {"fit": len(splits.fit), "calibrate": len(splits.calibrate), "test": len(splits.test)},
        "skipped_rows": row_set.n_bad,
        "split_rule": SPLIT_RULE,
        "regularisation": fitted.regularisation,
        "versions": {
            "tierwise": version("tierwise"),
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS_OF},
        },
    }


def _fingerprint(value: Fingerprint) -> Mapping[str, str | int]:
    return {"sha256": value.sha256, "rows": value.n_rows, "bytes": value.n_bytes}
