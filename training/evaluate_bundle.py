"""Measure a bundle that exists already, on rows that it was not fitted on: those that it was are recognised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.errors import DataError
from router.jsontext import encode_json_pretty
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.fit import hyper_for
from training.fitting.prepared import Prepared, prepared_for
from training.labels.dataset import build_dataset
from training.labels.tier_map import TierMap
from training.measure.costs import tier_costs
from training.measure.evaluate import EvaluationInputs, evaluate_rows, promise_report
from training.measure.measure import features_of, known_rows, rule_of, served_rows
from training.measure.measured import MeasuredRows
from training.measure.rivals import PartedRivals
from training.measure.robustness import robustness
from training.measure.seen import SeenRows, without_seen
from training.progress import Progress, silent
from training.report import model_card, shown_asks, write_report
from training.rows.readers import RowSet
from training.rows.row import TrainingRow
from training.rows.splits import split_rows

TEST_SHARE = 0.4
"""Share of the groups that measure; 0.3 bring the baselines to the router's cost, the rest fit them."""


def evaluate_bundle(
    bundle: Bundle,
    row_set: RowSet,
    tier_map: TierMap,
    config: FitConfig,
    *,
    seen_rows: SeenRows = "refuse",
    progress: Progress = silent,
) -> JsonObject:
    """evaluation.json of a bundle on rows.

    Raises DataError when the rows' tiers are not the bundle's, and for rows that it was fitted on where these are
    refused, or where none is left without them.
    """
    if tier_map.tiers != bundle.manifest.tiers:
        raise DataError(
            f"the rows have tiers {', '.join(tier_map.tiers)}, the bundle {', '.join(bundle.manifest.tiers)}",
            where="tiers",
        )
    data, (trained_on,) = without_seen([bundle], build_dataset(row_set.rows, tier_map), seen_rows)
    tier_costs(data.tiers, config)
    progress(f"scoring {len(data):,} rows")
    prepared = prepared_for(bundle.brain, data, config)
    sides = split_rows(data.groups, calibrate_share=0.3, test_share=TEST_SHARE, seed=config.seed)
    fit, calibrate, test = (prepared.take(rows) for rows in (sides.fit, sides.calibrate, sides.test))
    served = served_rows(bundle, test, config)
    promise = bundle.manifest.promise
    report = evaluate_rows(
        EvaluationInputs(
            test=served,
            on_target=np.ones(len(test), dtype=np.bool_),
            rivals=PartedRivals(
                fit=known_rows(fit, config),
                calibrate=known_rows(calibrate, config),
                calibrate_chosen=served_rows(bundle, calibrate, config).chosen,
                test_features=features_of(test),
            ),
            threshold=promise.threshold_for(),
            config=replace(config, hyper=hyper_for(fit)),
            robustness=_robustness(bundle, test, served, config),
            seed=config.seed,
        )
    )
    return {**report, **_facts(bundle, row_set), "trained_on": trained_on, "seed": config.seed}


def _facts(bundle: Bundle, row_set: RowSet) -> JsonObject:
    """What was measured, on which files."""
    held_out, promise = bundle.manifest.held_out, promise_report(bundle.manifest.promise)
    return {
        "bundle": bundle.manifest.id,
        "promise": promise if held_out is None else {**promise, "mode": held_out.mode},
        "files": {name: value.sha256 for name, value in sorted(row_set.fingerprints.items())},
    }


def _robustness(bundle: Bundle, test: Prepared, served: MeasuredRows, config: FitConfig) -> JsonObject:
    """As the bundle serves: its own threshold, limit of the domain and safe tier."""
    promise, tiers = bundle.manifest.promise, bundle.manifest.tiers
    return robustness(
        bundle.brain.score,
        test.data,
        rule_of(bundle.brain, promise.threshold_for(), safe_tier=tiers.index(promise.safe_tier)),
        tier_cost_usd=tier_costs(tiers, config),
        scores=served.scores,
        seed=config.seed,
    )


def write_evaluation(evaluation: JsonObject, bundle: Bundle, out: Path, *, rows: Iterable[TrainingRow] = ()) -> None:
    """evaluation.json, MODEL_CARD.md, report.html and figures, in a folder.

    rows: those whose asks the page may show where it lists them; none of the files holds prompt text without.
    """
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
    write_report(evaluation, out, asks=shown_asks(evaluation, rows))
