"""The training commands of `tierwise`, as entry points. Each calls one function and prints the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from router.errors import GateFailed
from training import evaluate as evaluate_rows
from training import fit as fit_rows
from training.commands import options
from training.extras import require_train_extra


def fit(
    rows: options.FitRows,
    out: options.BundleOut,
    tiers: options.FitTiers = None,
    encoder: options.EncoderName = "shipped",
    target: options.Target = None,
    max_quality_loss: options.MaxQualityLoss = None,
    max_cost_usd_per_1k: options.MaxCost = None,
    tier_mix: options.TierMix = None,
    slice_by: options.SliceBy = None,
    refit: options.Refit = False,
    check_gate: options.FitGate = False,
    in_use: options.InUse = None,
    confidence: options.Confidence = 0.9,
    calibration: options.CalibrationName = "sigmoid",
    unsolved: options.Unsolved = "cheap",
    tier_cost: options.TierCost = None,
    licence: options.Licence = "unstated",
    skip_bad: options.SkipBad = 0,
    seed: options.FitSeed = 0,
    cache: options.Cache = options.DEFAULT_CACHE,
    as_json: options.AsJson = False,
) -> None:
    """Fit a bundle from rows. The steps: label, split, embed, fit, calibrate, choose thresholds, measure."""
    require_train_extra()
    from router.jsontext import encode_json
    from training import FitConfig, write_bundle

    config = FitConfig(
        name=out.name,
        target_sources=tuple(target) if target else None,
        confidence=confidence,
        refit=refit,
        promise_slices=tuple(options.one_of(name, "--slice", options.SLICES) for name in slice_by or ()),
        calibration=options.one_of(calibration, "--calibration", ("sigmoid", "isotonic")),
        unsolved=options.one_of(unsolved, "--unsolved", ("cheap", "strong", "drop")),
        licence=licence,
        seed=seed,
        tier_cost_usd=options.tier_costs_of(tier_cost),
        **options.goal_of(max_quality_loss, max_cost_usd_per_1k, tier_mix),
    )
    contents = fit_rows(
        rows, tiers, config=config, encoder=encoder, cache=cache, in_use=in_use, skip_bad=skip_bad, progress=options.say
    )
    if check_gate:
        _require_gate(contents.evaluation)
    manifest = write_bundle(out, contents)
    typer.echo(encode_json(contents.evaluation).decode() if as_json else contents.model_card)
    options.say(f"wrote {manifest.id} to {out}")


def evaluate(
    rows: options.TestRows,
    bundle: options.BundleFolder = None,
    tiers: options.EvaluateTiers = None,
    out: options.ReportOut = None,
    check_gate: options.EvaluateGate = False,
    tier_cost: options.TierCost = None,
    skip_bad: options.SkipBad = 0,
    seed: options.EvaluateSeed = 0,
    as_json: options.AsJson = False,
) -> None:
    """Measure a bundle on rows. The baselines that it must beat are fitted on a part of the same rows."""
    require_train_extra()
    from router.jsontext import encode_json

    evaluation = evaluate_rows(
        rows,
        bundle,
        tiers,
        tier_cost_usd=options.tier_costs_of(tier_cost),
        out=out,
        skip_bad=skip_bad,
        seed=seed,
        progress=options.say,
    )
    if out is not None:
        options.say(f"wrote the report to {out}")
    typer.echo(encode_json(evaluation).decode() if as_json else str(evaluation["gate"]["sentence"]))
    if check_gate:
        _require_gate(evaluation)


def _require_gate(evaluation: Mapping[str, Any]) -> None:
    """Raises GateFailed with the gate's sentence."""
    gate = evaluation.get("gate", {})
    if not gate.get("passed"):
        raise GateFailed(str(gate.get("sentence", "the gate was not measured")))
