"""The options of the training commands: their help, and the reading of those that are more than a plain value.

Light: the help of `tierwise` needs no extra, so nothing here imports the pipeline when it loads.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

DEFAULT_MAX_QUALITY_LOSS = 0.05
SLICES = ("source", "lang", "task", "trap", "length")
DEFAULT_CACHE = Path(".cache/tierwise")

# --- Of `fit` ---------------------------------------------------------------------------------------------------------

FitRows: TypeAlias = Annotated[
    list[Path], typer.Argument(help="Outcome and labelled rows: .jsonl, .jsonl.gz, .parquet, folders.")
]
BundleOut: TypeAlias = Annotated[Path, typer.Option(help="Folder of the bundle to write; what it held is replaced.")]
FitTiers: TypeAlias = Annotated[
    Path | None, typer.Option(help="Tier map, JSON or TOML. Needed for outcome rows; labelled rows need none.")
]
EncoderName: TypeAlias = Annotated[
    str,
    typer.Option(
        help="`shipped` (the token table of the shipped bundle), `distil[:MODEL]` (a new table), a folder that "
        "tierwise.training.fitting.distil wrote, or `st:MODEL` (any sentence-transformers model)."
    ),
]
Target: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="Source whose rows represent the traffic to serve; repeat for several. All if not given."),
]
MaxQualityLoss: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Promise: share of requests that may lose quality; 0.05 if nothing is named."),
]
MaxCost: TypeAlias = Annotated[float | None, typer.Option(help="Instead: what 1,000 requests may cost at most.")]
TierMix: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Instead: TIER=SHARE that a tier may get at most; repeat for several.")
]
SliceBy: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--slice", help="State the promise by source, lang, task, trap or length too."),
]
Refit: TypeAlias = Annotated[
    bool, typer.Option("--refit", help="After measuring, fit again on all rows but those that calibrate.")
]
FitGate: TypeAlias = Annotated[
    bool, typer.Option("--gate", help="Write nothing and exit 1 when the bundle does not beat its baselines.")
]
InUse: TypeAlias = Annotated[
    Path | None, typer.Option(help="Bundle now in use: the gate compares with it on the same test rows.")
]
Confidence: TypeAlias = Annotated[float, typer.Option(help="How sure the promise must be.", min=0.5, max=0.999)]
CalibrationName: TypeAlias = Annotated[str, typer.Option(help="sigmoid or isotonic")]
Unsolved: TypeAlias = Annotated[str, typer.Option(help="Rows that no tier solved: cheap, strong or drop.")]
Licence: TypeAlias = Annotated[str, typer.Option(help="SPDX licence of your own rows, for the manifest.")]
FitSeed: TypeAlias = Annotated[int, typer.Option(help="Seed of splits and folds.")]
Cache: TypeAlias = Annotated[Path, typer.Option(help="Folder for embeddings.")]

# --- Of `evaluate` ----------------------------------------------------------------------------------------------------

TestRows: TypeAlias = Annotated[list[Path], typer.Argument(help="Rows that the bundle was not fitted on.")]
BundleFolder: TypeAlias = Annotated[
    Path | None, typer.Option(help="Folder of the bundle; the shipped one if not given.")
]
EvaluateTiers: TypeAlias = Annotated[Path | None, typer.Option(help="Tier map; needed for outcome rows.")]
ReportOut: TypeAlias = Annotated[
    Path | None, typer.Option(help="Folder for evaluation.json, the report page, figures and card.")
]
EvaluateGate: TypeAlias = Annotated[
    bool, typer.Option("--gate", help="Exit 1 when the bundle does not beat its baselines on these rows.")
]
EvaluateSeed: TypeAlias = Annotated[
    int, typer.Option(help="Seed of the split that fits the baselines, and of intervals.")
]

# --- Of both ----------------------------------------------------------------------------------------------------------

TierCost: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="TIER=USD per request, for savings; repeat for each tier.")
]
SkipBad: TypeAlias = Annotated[int, typer.Option(help="Wrong rows to skip and count before giving up.", min=0)]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the evaluation as JSON.")]


def tier_costs_of(values: Sequence[str] | None) -> Mapping[str, float]:
    """USD per request by tier, from TIER=USD; the default ones if nothing is named. Raises BadParameter."""
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


def goal_of(
    max_quality_loss: float | None, max_cost_usd_per_1k: float | None, tier_mix: Sequence[str] | None
) -> dict[str, Any]:
    """The goal's settings of a FitConfig; 5% quality loss if nothing is named. Raises BadParameter."""
    from training.thresholds.choose import goal_from_options

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


def one_of(value: str, option: str, known: Sequence[str]) -> Any:
    """The value, if it is a known one. Raises BadParameter."""
    if value not in known:
        raise typer.BadParameter(f"{value!r}: expected one of {', '.join(known)}", param_hint=option)
    return value


def say(line: str) -> None:
    """Write one line of progress to standard error."""
    sys.stderr.write(f"tierwise: {line}\n")
