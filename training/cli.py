"""The training commands of `tierwise`, as entry points. Each calls one function and prints the result."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from router.errors import GateFailed, MissingExtra
from router.shipped import shipped_bundle

DEFAULT_MAX_QUALITY_LOSS = 0.05
SLICES = ("source", "lang", "task", "trap", "length")

DEFAULT_CACHE = Path(".cache/tierwise")


def fit(
    rows: Annotated[
        list[Path], typer.Argument(help="Outcome and labelled rows: .jsonl, .jsonl.gz, .parquet, folders.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the bundle to write; what it held is replaced.")],
    tiers: Annotated[
        Path | None, typer.Option(help="Tier map, JSON or TOML. Needed for outcome rows; labelled rows need none.")
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            help="`shipped` (the token table of the shipped bundle), `distil[:MODEL]` (a new table), a folder that "
            "training.fitting.distil wrote, or `st:MODEL` (any sentence-transformers model)."
        ),
    ] = "shipped",
    target: Annotated[
        list[str] | None,
        typer.Option(help="Source whose rows stand for the traffic to serve; repeat for several. All if not given."),
    ] = None,
    max_quality_loss: Annotated[
        float | None,
        typer.Option(help="Promise: share of requests that may lose quality; 0.05 if nothing is named."),
    ] = None,
    max_cost_usd_per_1k: Annotated[
        float | None, typer.Option(help="Instead: what 1,000 requests may cost at most.")
    ] = None,
    tier_mix: Annotated[
        list[str] | None, typer.Option(help="Instead: TIER=SHARE that a tier may get at most; repeat for several.")
    ] = None,
    slice_by: Annotated[
        list[str] | None,
        typer.Option("--slice", help="State the promise by source, lang, task, trap or length too."),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="After measuring, fit again on all rows but those that calibrate.")
    ] = False,
    check_gate: Annotated[
        bool, typer.Option("--gate", help="Write nothing and exit 1 when the bundle does not beat its baselines.")
    ] = False,
    in_use: Annotated[
        Path | None, typer.Option(help="Bundle now in use: the gate compares with it on the same test rows.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="How sure the promise must be.", min=0.5, max=0.999)] = 0.9,
    calibration: Annotated[str, typer.Option(help="sigmoid or isotonic")] = "sigmoid",
    unsolved: Annotated[str, typer.Option(help="Rows that no tier solved: cheap, strong or drop.")] = "cheap",
    tier_cost: Annotated[
        list[str] | None, typer.Option(help="TIER=USD a request, for savings; repeat for each tier.")
    ] = None,
    licence: Annotated[str, typer.Option(help="SPDX licence of your own rows, for the manifest.")] = "unstated",
    skip_bad: Annotated[int, typer.Option(help="Wrong rows to skip and count before giving up.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Seed of splits and folds.")] = 0,
    cache: Annotated[Path, typer.Option(help="Folder for embeddings.")] = DEFAULT_CACHE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evaluation as JSON.")] = False,
) -> None:
    """Fit a bundle from rows: label, split, embed, fit, calibrate, choose thresholds, measure."""
    _require_train_extra()
    from router.brain import load_bundle
    from router.brain.bundle.write import write_bundle
    from router.jsontext import encode_json
    from training.config import FitConfig
    from training.fitting.encoders import open_encoder
    from training.pipeline import fit_bundle
    from training.readers import read_rows
    from training.tier_map import TierMap, load_tier_map

    config = FitConfig(
        name=out.name,
        target_sources=tuple(target) if target else None,
        confidence=confidence,
        refit=refit,
        promise_slices=tuple(_one_of(name, "--slice", SLICES) for name in slice_by or ()),
        **_goal(max_quality_loss, max_cost_usd_per_1k, tier_mix),
        calibration=_one_of(calibration, "--calibration", ("sigmoid", "isotonic")),
        unsolved=_one_of(unsolved, "--unsolved", ("cheap", "strong", "drop")),
        licence=licence,
        seed=seed,
        tier_cost_usd=_tier_costs(tier_cost),
    )
    say = _progress(sys.stderr.write)
    row_set = read_rows(rows, skip_bad=skip_bad)
    if row_set.n_bad:
        say(f"skipped {row_set.n_bad} wrong rows; the first: {row_set.bad[0]}")
    tier_map = load_tier_map(tiers) if tiers is not None else TierMap(tiers=_default_tiers(), sources={})
    contents = fit_bundle(
        row_set,
        tier_map,
        open_encoder(encoder, shipped=shipped_bundle("fast")),
        config,
        cache=cache,
        progress=say,
        in_use=None if in_use is None else load_bundle(in_use).brain,
    )
    if check_gate:
        _require_gate(contents.evaluation)
    manifest = write_bundle(out, contents)
    if as_json:
        typer.echo(encode_json(contents.evaluation).decode())
    else:
        typer.echo(contents.model_card)
    say(f"wrote {manifest.id} to {out}")


def evaluate(
    rows: Annotated[list[Path], typer.Argument(help="Rows that the bundle was not fitted on.")],
    bundle: Annotated[Path | None, typer.Option(help="Folder of the bundle; the shipped one if not given.")] = None,
    tiers: Annotated[Path | None, typer.Option(help="Tier map; needed for outcome rows.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for evaluation.json, the report page, figures and card.")
    ] = None,
    check_gate: Annotated[
        bool, typer.Option("--gate", help="Exit 1 when the bundle does not beat its baselines on these rows.")
    ] = False,
    tier_cost: Annotated[
        list[str] | None, typer.Option(help="TIER=USD a request, for savings; repeat for each tier.")
    ] = None,
    skip_bad: Annotated[int, typer.Option(help="Wrong rows to skip and count before giving up.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the split that fits the baselines, and of intervals.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evaluation as JSON.")] = False,
) -> None:
    """Measure a bundle on rows beside what it must beat; the baselines are fitted on a part of the same rows."""
    _require_train_extra()
    from router.brain import load_bundle
    from router.jsontext import encode_json
    from training.config import FitConfig
    from training.evaluation.evaluate_bundle import evaluate_bundle, write_evaluation
    from training.readers import read_rows
    from training.tier_map import TierMap, load_tier_map

    folder = shipped_bundle() if bundle is None else bundle
    tier_map = load_tier_map(tiers) if tiers is not None else TierMap(tiers=_default_tiers(), sources={})
    config = FitConfig(name=folder.name, tier_cost_usd=_tier_costs(tier_cost), seed=seed)
    say = _progress(sys.stderr.write)
    loaded = load_bundle(folder)
    evaluation = evaluate_bundle(loaded, read_rows(rows, skip_bad=skip_bad), tier_map, config, progress=say)
    if out is not None:
        write_evaluation(evaluation, loaded, out)
        say(f"wrote the report to {out}")
    typer.echo(encode_json(evaluation).decode() if as_json else str(evaluation["gate"]["sentence"]))
    if check_gate:
        _require_gate(evaluation)


def _require_train_extra() -> None:
    try:
        import joblib  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("this command", extra="train") from exc
    # Tokenizers warn when their threads meet joblib's processes; training never needs both at once.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _progress(write: Callable[[str], Any]) -> Callable[[str], None]:
    return lambda line: (write(f"tierwise: {line}\n"), None)[1]


def _default_tiers() -> tuple[str, ...]:
    from training.tier_map import DEFAULT_TIERS

    return DEFAULT_TIERS


def _tier_costs(values: list[str] | None) -> Mapping[str, float]:
    from training.config import DEFAULT_TIER_COST_USD

    if not values:
        return DEFAULT_TIER_COST_USD
    costs: dict[str, float] = {}
    for value in values:
        tier, _, usd = value.partition("=")
        try:
            costs[tier] = float(usd)
        except ValueError:
            costs[tier] = math.nan
        if not tier or not 0.0 <= costs[tier] < math.inf:
            raise typer.BadParameter(f"{value!r}: expected TIER=USD", param_hint="--tier-cost")
    return costs


def _goal(max_quality_loss: float | None, max_cost_usd_per_1k: float | None, tier_mix: list[str] | None) -> Any:
    """The goal's settings; 5% quality loss if nothing is named."""
    from training.thresholds import goal_from_options

    if max_quality_loss is None and max_cost_usd_per_1k is None and not tier_mix:
        max_quality_loss = DEFAULT_MAX_QUALITY_LOSS
    try:
        goal = goal_from_options(
            max_quality_loss=max_quality_loss, max_cost_usd_per_1k=max_cost_usd_per_1k, tier_mix=tier_mix or ()
        )
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    kept = {} if goal.max_quality_loss is None else {"max_quality_loss": goal.max_quality_loss}
    return {**kept, "max_cost_usd_per_1k": goal.max_cost_usd_per_1k, "tier_mix": goal.tier_mix}


def _require_gate(evaluation: Mapping[str, Any]) -> None:
    """Raises GateFailed with the gate's sentence."""
    gate = evaluation.get("gate", {})
    if not gate.get("passed"):
        raise GateFailed(str(gate.get("sentence", "the gate was not measured")))


def _one_of(value: str, option: str, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise typer.BadParameter(f"{value!r}: expected one of {', '.join(known)}", param_hint=option)
    return value
