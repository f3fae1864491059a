"""The stages in order: dataset, embed, then fit, calibrate, promise and measure on rows that are held out, bundle.

    tierwise fit data/traffic my_outcomes.jsonl --tiers data/tiers.json --out models/mine

Rows are held out by group, in one of two ways (training/held_out): fold by fold, so that every row calibrates, chooses
and measures unseen and the heads that ship see all of them; or on sides that are parted, with a finite-sample theorem.

Each row is encoded once: its embedding, n-grams and token ids are handed on (`Prepared`), and only rows that the
robustness measure perturbs are encoded again.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.brain.bundle.write import BundleContents
from router.brain.encoders import Encoder
from router.brain.trained_on import TrainedOn
from router.errors import DataError
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.prepared import Prepared, prepare
from training.fitting.recipe import HeadRecipe, Recipe
from training.held_out.cross_fitted import cross_fitted
from training.held_out.parted import parted
from training.held_out.result import HeldOut
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import TierMap
from training.measure.costs import tier_costs
from training.measure.evaluate import promise_report
from training.progress import Progress, silent
from training.report import model_card
from training.rows.licences import PUBLIC_LICENCES
from training.rows.readers import Fingerprint, RowSet
from training.rows.splits import SPLIT_RULE, n_near_duplicates

_VERSIONS_OF = ("numpy", "scikit-learn", "scipy", "tokenizers", "safetensors", "joblib")


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
    recipe = HeadRecipe(encoder, config)
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
    how = cross_fitted if config.promise == "cross_fit" else parted
    made = how(prepared, recipe, config, in_use=in_use, progress=progress)
    data, fitted = prepared.data, made.shipped
    evaluation = {
        **made.measured,
        "seeds": {"split": config.seed},
        "versions": {name: version(name) for name in _VERSIONS_OF},
        "bundle": config.name,
        "held_out": dict(made.facts),
        "promise": promise_report(made.promise),
    }
    training = _training_facts(row_set, data, made, config)
    encoder = asdict(fitted.brain.encoder.spec)
    facts = {"name": config.name, "tiers": list(data.tiers), "encoder": encoder, "training": training}
    return BundleContents(
        name=config.name,
        brain=fitted.brain,
        promise=made.promise,
        tier_models=_tier_models(data, tier_map),
        domain_quantile=config.domain_quantile,
        training=training,
        evaluation=evaluation,
        model_card=model_card(evaluation, facts),
        held_out=made.rows,
        trained_on=TrainedOn.of(chain.from_iterable(data.take(made.saw).identifying_texts())),
    )


def _tier_models(data: Dataset, tier_map: TierMap) -> dict[str, dict[str, tuple[str, ...]]]:
    sources = [str(source) for source in np.unique(data.sources) if source in tier_map.sources]
    return {source: dict(tier_map.sources[source].models) for source in sources}


def _training_facts(row_set: RowSet, data: Dataset, made: HeldOut, config: FitConfig) -> JsonObject:
    sources, counts = np.unique(data.sources, return_counts=True)
    return {
        "config": config.to_json(),
        "files": {name: _fingerprint(value) for name, value in sorted(row_set.fingerprints.items())},
        "sources": {
            str(source): {"rows": int(n), "licence": PUBLIC_LICENCES.get(str(source), config.licence)}
            for source, n in zip(sources, counts, strict=True)
        },
        "rows": dict(made.sides),
        "held_out": dict(made.facts),
        "skipped_rows": row_set.n_bad,
        "split_rule": SPLIT_RULE,
        "near_duplicates": n_near_duplicates(data.rows),
        "regularisation": made.shipped.regularisation,
        "versions": {
            "tierwise": version("tierwise"),
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS_OF},
        },
    }


def _fingerprint(value: Fingerprint) -> Mapping[str, str | int]:
    return {"sha256": value.sha256, "rows": value.n_rows, "bytes": value.n_bytes}
