"""The stages in order: dataset, splits, embed, fit, calibrate, promise, measure, bundle.

    tierwise fit data/traffic ../shared/data/outcomes --tiers data/tiers.json --out models/mine

Rows are parted by group: `fit` teaches the heads, `calibrate` brings their scores to probabilities and chooses the
threshold, `test` only measures. With `refit`, heads fitted anew on `fit` and `test` go into the bundle; the calibration
rows are unseen by those too, so the promise is theirs, and the measurement is of heads that saw fewer rows.
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
from training.fitting.prepared import Prepared, prepare
from training.fitting.tasks import with_task_head
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows, promise_report
from training.measure.gate import OtherTiers
from training.measure.measure import SAFE_TIER, KnownRows, features_of, known_rows, measured_rows, served_rows
from training.measure.measured import MeasuredRows
from training.measure.robustness import Rule, robustness
from training.measure.tasks import measured_tasks
from training.measure.thresholds import calibration_sides, loss_of_labels, promise_curve
from training.progress import Progress, silent
from training.report import model_card
from training.rows.dataset import Dataset, build_dataset
from training.rows.readers import Fingerprint, RowSet
from training.rows.splits import SPLIT_RULE, RowIndex, Splits, split_rows
from training.rows.tier_map import TierMap
from training.shipping.sources import PUBLIC_SOURCES

_VERSIONS_OF = ("numpy", "scikit-learn", "scipy", "tokenizers", "safetensors", "joblib")


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How a brain is fitted: (prepared rows, rows to fit on, rows to calibrate on) to a calibrated brain.

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

    cache: folder for embeddings; None computes them anew.  in_use: the bundle to compare with, if there is one.
    Raises DataError when rows, tier map and settings do not fit together.
    """
    data = open_dataset(row_set, tier_map, config, progress=progress)
    progress(f"embedding with {encoder.spec.model_id} ({encoder.spec.kind}, {encoder.spec.dim} dimensions)")
    prepared = prepare(data, encoder, config, cache=cache)
    recipe = Recipe(lambda rows, fit, calibrate: fit_brain(rows, encoder, config, fit=fit, calibrate=calibrate))
    return fit_recipe(row_set, tier_map, prepared, recipe, config, progress=progress, in_use=in_use)


def open_dataset(row_set: RowSet, tier_map: TierMap, config: FitConfig, *, progress: Progress = silent) -> Dataset:
    """The rows, read and labelled; what settings and rows contradict is said here, before the long work."""
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
    """The stages behind the embeddings, for any recipe. Raises DataError."""
    data = prepared.data
    splits = split_rows(
        data.groups, calibrate_share=config.calibrate_share, test_share=config.test_share, seed=config.seed
    )
    progress(f"fitting on {len(splits.fit):,} rows")
    measured = _fitted(prepared, recipe, config, fit=splits.fit, calibrate=splits.calibrate)
    progress(f"measuring on {len(splits.test):,} rows")
    evaluation = _evaluate(measured, prepared, splits, config, in_use=in_use)
    shipped = measured
    if config.refit:
        rows = np.sort(np.concatenate([splits.fit, splits.test]))
        progress(f"fitting again on {len(rows):,} rows")
        shipped = _fitted(prepared, recipe, config, fit=rows, calibrate=splits.calibrate)
    training = _training_facts(row_set, data, splits, shipped.fitted, config)
    evaluation = {**evaluation, "bundle": config.name, "promise": promise_report(shipped.promise)}
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
    fitted: FittedBrain
    promise: Promise
    chose: RowIndex


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
    fitted = replace(fitted, brain=with_task_head(fitted.brain, prepared, fit=fit, calibrate=calibrating))
    return _Fitted(fitted, promise_on(fitted.brain, prepared, choosing, config), choosing)


def promise_on(brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig) -> Promise:
    """The threshold curve on held-out target rows. Raises DataError when they do not support the goal.

    Where rows have costs of their own, what is said of costs is of those; no request is taken to cost more than the
    dearest of them.
    """
    data = prepared.data
    of_rows = measured_rows(brain, prepared, rows, config, threshold=0.0)
    metered = of_rows.own_costs is not None and of_rows.own_costs.any()
    try:
        return promise_curve(
            of_rows.scores,
            loss_of_labels(of_rows.labels),
            tiers=brain.tiers,
            cost_usd=of_rows.cost_usd if metered else tier_costs(brain.tiers, config),
            groups=[data.groups[row] for row in rows.tolist()],
            max_distance=brain.domain.max_distance,
            safe_tier=min(SAFE_TIER, len(brain.tiers) - 1),
            goal=config.goal,
            confidence=config.confidence,
            population=f"held-out rows of {', '.join(np.unique(data.sources[rows]))}",
            slices={name: of_rows.slices[name] for name in config.promise_slices},
        )
    except ValueError as exc:
        raise DataError(str(exc), where="rows") from exc


def _evaluate(
    measured: _Fitted, prepared: Prepared, splits: Splits, config: FitConfig, *, in_use: Bundle | None
) -> JsonObject:
    """evaluation.json's measured part, on the test rows."""
    brain, threshold = measured.fitted.brain, measured.promise.threshold_for()
    fit = splits.fit[prepared.on_target[splits.fit]]
    test = splits.test

    def known(rows: RowIndex) -> KnownRows:
        return known_rows(brain, prepared, rows, config)

    report = evaluate_rows(
        EvaluationInputs(
            test=measured_rows(brain, prepared, test, config, threshold=threshold),
            test_features=features_of(brain, prepared, test),
            on_target=prepared.on_target[test],
            fit=known(fit),
            calibrate=known(measured.chose),
            calibrate_chosen=measured_rows(brain, prepared, measured.chose, config, threshold=threshold).chosen,
            threshold=threshold,
            config=replace(config, hyper=config.hyper or hyper_for(prepared, splits.fit)),
            in_use=None if in_use is None else _in_use(in_use, prepared, test, config),
            seed=config.seed,
        )
    )
    versions = {name: version(name) for name in _VERSIONS_OF}
    robust = _robustness(brain, prepared, test[prepared.on_target[test]], config, threshold=threshold)
    tasks = measured_tasks(brain, prepared, fit=splits.fit, test=test)
    return {**report, "robustness": robust, "tasks": tasks, "seeds": {"split": config.seed}, "versions": versions}


def _in_use(bundle: Bundle, prepared: Prepared, rows: RowIndex, config: FitConfig) -> MeasuredRows | OtherTiers:
    if bundle.manifest.tiers != prepared.data.tiers:
        return OtherTiers(bundle.manifest.tiers)
    return served_rows(bundle, prepared, rows, config)


def _robustness(brain: Brain, prepared: Prepared, rows: RowIndex, config: FitConfig, *, threshold: float) -> JsonObject:
    safe_tier = min(SAFE_TIER, len(brain.tiers) - 1)
    return robustness(
        brain.score,
        prepared.data.take(rows),
        Rule(threshold=threshold, max_distance=brain.domain.max_distance, safe_tier=safe_tier),
        tier_cost_usd=tier_costs(brain.tiers, config),
        seed=config.seed,
    )


def _tier_models(data: Dataset, tier_map: TierMap) -> dict[str, dict[str, tuple[str, ...]]]:
    sources = [str(source) for source in np.unique(data.sources) if source in tier_map.sources]
    return {source: dict(tier_map.sources[source].models) for source in sources}


def _training_facts(
    row_set: RowSet, data: Dataset, splits: Splits, fitted: FittedBrain, config: FitConfig
) -> JsonObject:
    licences = {source.name: source.licence for source in PUBLIC_SOURCES}
    sources, counts = np.unique(data.sources, return_counts=True)
    return {
        "config": config.to_json(),
        "files": {name: _fingerprint(value) for name, value in sorted(row_set.fingerprints.items())},
        "sources": {
            str(source): {"rows": int(n), "licence": licences.get(str(source), config.licence)}
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
