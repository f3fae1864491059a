"""The training commands of `tierwise`, as entry points. Each calls one function and prints the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from router.errors import GateFailed, MissingExtra
from training.commands import options

if TYPE_CHECKING:
    from router.brain.bundle.write import BundleContents
    from training.rows.readers import RowSet
    from training.rows.tier_map import TierMap


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
    _require_train_extra()
    settings: dict[str, Any] = {
        "name": out.name,
        "target_sources": tuple(target) if target else None,
        "confidence": confidence,
        "refit": refit,
        "promise_slices": tuple(options.one_of(name, "--slice", options.SLICES) for name in slice_by or ()),
        **options.goal_of(max_quality_loss, max_cost_usd_per_1k, tier_mix),
        "calibration": options.one_of(calibration, "--calibration", ("sigmoid", "isotonic")),
        "unsolved": options.one_of(unsolved, "--unsolved", ("cheap", "strong", "drop")),
        "licence": licence,
        "seed": seed,
        "tier_cost_usd": options.tier_costs_of(tier_cost),
    }
    contents = _fit(rows, tiers, encoder, settings, skip_bad=skip_bad, in_use=in_use, cache=cache)
    if check_gate:
        _require_gate(contents.evaluation)
    _write(contents, out, as_json=as_json)


def _fit(
    rows: list[Path],
    tiers: Path | None,
    encoder: str,
    settings: Mapping[str, Any],
    *,
    skip_bad: int,
    in_use: Path | None,
    cache: Path,
) -> BundleContents:
    from router.brain import load_bundle
    from router.brain.bundle.shipped import shipped_bundle
    from training.config import FitConfig
    from training.fitting.encoders import open_encoder
    from training.pipeline import fit_bundle

    config = FitConfig(**settings)
    return fit_bundle(
        _read(rows, skip_bad=skip_bad),
        _tier_map(tiers),
        open_encoder(encoder, shipped=shipped_bundle("fast")),
        config,
        cache=cache,
        progress=_say,
        in_use=None if in_use is None else load_bundle(in_use),
    )


def _write(contents: BundleContents, out: Path, *, as_json: bool) -> None:
    from router.brain.bundle.write import write_bundle
    from router.jsontext import encode_json

    manifest = write_bundle(out, contents)
    typer.echo(encode_json(contents.evaluation).decode() if as_json else contents.model_card)
    _say(f"wrote {manifest.id} to {out}")


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
    _require_train_extra()
    from router.brain import load_bundle
    from router.brain.bundle.shipped import shipped_bundle
    from router.jsontext import encode_json
    from training.config import FitConfig
    from training.measure.evaluate_bundle import evaluate_bundle, write_evaluation

    folder = shipped_bundle() if bundle is None else bundle
    tier_map = _tier_map(tiers)
    config = FitConfig(name=folder.name, tier_cost_usd=options.tier_costs_of(tier_cost), seed=seed)
    loaded = load_bundle(folder)
    evaluation = evaluate_bundle(loaded, _read(rows, skip_bad=skip_bad), tier_map, config, progress=_say)
    if out is not None:
        write_evaluation(evaluation, loaded, out)
        _say(f"wrote the report to {out}")
    typer.echo(encode_json(evaluation).decode() if as_json else str(evaluation["gate"]["sentence"]))
    if check_gate:
        _require_gate(evaluation)


def _read(rows: list[Path], *, skip_bad: int) -> RowSet:
    """The rows; what was skipped is said."""
    from training.rows.readers import read_rows

    row_set = read_rows(rows, skip_bad=skip_bad)
    if row_set.n_bad:
        _say(f"skipped {row_set.n_bad} wrong rows; the first: {row_set.bad[0]}")
    return row_set


def _tier_map(path: Path | None) -> TierMap:
    """The tier map of a file; of the default tiers without sources, which labelled rows need none of, if None."""
    from training.rows.tier_map import DEFAULT_TIERS, TierMap, load_tier_map

    return TierMap(tiers=DEFAULT_TIERS, sources={}) if path is None else load_tier_map(path)


def _say(line: str) -> None:
    sys.stderr.write(f"tierwise: {line}\n")


def _require_train_extra() -> None:
    try:
        import joblib  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("this command", extra="train") from exc
    # Tokenizers warn when their threads meet joblib's processes; training never needs both at once.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _require_gate(evaluation: Mapping[str, Any]) -> None:
    """Raises GateFailed with the gate's sentence."""
    gate = evaluation.get("gate", {})
    if not gate.get("passed"):
        raise GateFailed(str(gate.get("sentence", "the gate was not measured")))
