"""Measure a bundle that exists already, on rows that it was not fitted on."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.errors import DataError
from router.jsontext import encode_json_pretty
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.fit import hyper_for
from training.fitting.prepared import prepared_for
from training.labels.dataset import build_dataset
from training.labels.tier_map import TierMap
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows, promise_report
from training.measure.measure import features_of, known_rows, served_rows
from training.progress import Progress, silent
from training.report import model_card, write_report
from training.rows.readers import RowSet
from training.rows.splits import split_rows

TEST_SHARE = 0.4
"""Share of the groups that measure; 0.3 bring the baselines to the router's cost, the rest fit them."""


def evaluate_bundle(
    bundle: Bundle, row_set: RowSet, tier_map: TierMap, config: FitConfig, *, progress: Progress = silent
) -> JsonObject:
    """evaluation.json of a bundle on rows. Raises DataError when the rows' tiers are not the bundle's."""
    if tier_map.tiers != bundle.manifest.tiers:
        raise DataError(
            f"the rows have tiers {', '.join(tier_map.tiers)}, the bundle {', '.join(bundle.manifest.tiers)}",
            where="tiers",
        )
    data = build_dataset(row_set.rows, tier_map)
    tier_costs(data.tiers, config)
    progress(f"scoring {len(data):,} rows")
    prepared = prepared_for(bundle.brain, data, config)
    sides = split_rows(data.groups, calibrate_share=0.3, test_share=TEST_SHARE, seed=config.seed)
    fit, calibrate, test = (prepared.take(rows) for rows in (sides.fit, sides.calibrate, sides.test))
    report = evaluate_rows(
        EvaluationInputs(
            test=served_rows(bundle, test, config),
            test_features=features_of(test),
            on_target=np.ones(len(test), dtype=np.bool_),
            fit=known_rows(fit, config),
            calibrate=known_rows(calibrate, config),
            calibrate_chosen=served_rows(bundle, calibrate, config).chosen,
            threshold=bundle.manifest.promise.threshold_for(),
            config=replace(config, hyper=hyper_for(fit)),
            seed=config.seed,
        )
    )
    fingerprints = {name: value.sha256 for name, value in sorted(row_set.fingerprints.items())}
    promise = promise_report(bundle.manifest.promise)
    return {**report, "bundle": bundle.manifest.id, "promise": promise, "files": fingerprints, "seed": config.seed}


def write_evaluation(evaluation: JsonObject, bundle: Bundle, out: Path) -> None:
    """evaluation.json, MODEL_CARD.md, report.html and figures, in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    manifest = bundle.manifest
    facts = {
        "name": manifest.id,
        "tiers": list(manifest.tiers),
        "encoder": asdict(manifest.encoder),
        "training": manifest.training,
    }
    (out / "evaluation.json").write_bytes(encode_json_pretty(evaluation))
    (out / "MODEL_CARD.md").write_text(model_card(evaluation, facts), encoding="utf-8")
    write_report(evaluation, out)
