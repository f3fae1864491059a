"""The training commands of `tierwise`, as entry points. Each calls one function and prints the result."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from router.errors import GateFailed
from training import evaluate as evaluate_rows
from training import fit as fit_rows
from training import write_report
from training.commands import options
from training.extras import require_train_extra

if TYPE_CHECKING:
    from router.brain.bundle.write import BundleContents


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
    promise: options.PromiseName = "cross-fit",
    folds: options.Folds = 5,
    folds_by: options.FoldsBy = "group",
    dressed_copies: options.DressedCopies = 0,
    refit: options.Refit = False,
    check_gate: options.FitGate = False,
    in_use: options.InUse = None,
    report: options.FitReport = None,
    show_prompts: options.ShowPrompts = False,
    confidence: options.Confidence = 0.9,
    calibration: options.CalibrationName = "sigmoid",
    unsolved: options.Unsolved = "cheap",
    tier_cost: options.TierCost = None,
    licence: options.Licence = "unstated",
    skip_bad: options.SkipBad = 0,
    seed: options.FitSeed = 0,
    cache: options.Cache = None,
    as_json: options.AsJson = False,
) -> None:
    """Fit a bundle from rows. The steps: label, split, embed, fit, calibrate, choose thresholds, measure."""
    options.check_show_prompts(show_prompts, report, "--report")
    require_train_extra()
    from training import FitConfig

    config = FitConfig(
        name=out.name,
        target_sources=tuple(target) if target else None,
        confidence=confidence,
        promise_slices=tuple(options.one_of(name, "--slice", options.SLICES) for name in slice_by or ()),
        licence=licence,
        seed=seed,
        tier_cost_usd=options.tier_costs_of(tier_cost),
        **options.fitted_as(calibration, unsolved, dressed_copies=dressed_copies),
        **options.held_out_of(promise, folds_by, folds=folds, refit=refit),
        **options.goal_of(max_quality_loss, max_cost_usd_per_1k, tier_mix),
    )
    how: dict[str, Any] = {"cache": options.cache_folder(cache, os.environ), "in_use": in_use, "skip_bad": skip_bad}
    contents = fit_rows(rows, tiers, config=config, encoder=encoder, progress=options.say, **how)
    _write(contents, out, check_gate=check_gate, as_json=as_json)
    _write_report(contents, report, prompts_of=rows if show_prompts else None, skip_bad=skip_bad)


def _write(contents: BundleContents, out: Path, *, check_gate: bool, as_json: bool) -> None:
    from router.jsontext import encode_json, harmless
    from training import write_bundle

    if check_gate:
        _require_gate(contents.evaluation)
    manifest = write_bundle(out, contents)
    typer.echo(encode_json(contents.evaluation).decode() if as_json else harmless(contents.model_card))
    options.say(f"wrote {manifest.id} to {out}")


def _write_report(
    contents: BundleContents, report: Path | None, *, prompts_of: Sequence[Path] | None, skip_bad: int
) -> None:
    if report is not None:
        write_report(contents.evaluation, report, prompts_of=prompts_of, skip_bad=skip_bad)
        options.say(f"wrote the report to {report}")


def evaluate(
    rows: options.TestRows,
    bundle: options.BundleFolder = None,
    tiers: options.EvaluateTiers = None,
    out: options.ReportOut = None,
    show_prompts: options.ShowPrompts = False,
    check_gate: options.EvaluateGate = False,
    seen: options.Seen = "refuse",
    tier_cost: options.TierCost = None,
    skip_bad: options.SkipBad = 0,
    seed: options.EvaluateSeed = 0,
    as_json: options.AsJson = False,
) -> None:
    """Measure a bundle on rows. The baselines that it must beat are fitted on a part of the same rows."""
    options.check_show_prompts(show_prompts, out, "--out")
    require_train_extra()
    from router.jsontext import encode_json, harmless

    evaluation = evaluate_rows(
        rows,
        bundle,
        tiers,
        tier_cost_usd=options.tier_costs_of(tier_cost),
        seen_rows=options.one_of(seen, "--seen", options.SEEN_ROWS),
        out=out,
        show_prompts=show_prompts,
        skip_bad=skip_bad,
        seed=seed,
        progress=options.say,
    )
    if out is not None:
        options.say(f"wrote the report to {out}")
    typer.echo(encode_json(evaluation).decode() if as_json else harmless(evaluation["gate"]["sentence"]))
    if check_gate:
        _require_gate(evaluation)


def _require_gate(evaluation: Mapping[str, Any]) -> None:
    """Raises GateFailed with the gate's sentence."""
    gate = evaluation.get("gate", {})
    if not gate.get("passed"):
        raise GateFailed(str(gate.get("sentence", "the gate was not measured")))
