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
        help="`shipped` (the token table of the shipped bundle), `multilingual` (a new table for many languages), "
        "`distil[:MODEL]` (a new table of another model), a folder that tierwise.training.fitting.distil or "
        ".multilingual wrote, or `st:MODEL` (any sentence-transformers model)."
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
PROMISES = ("cross-fit", "parted")
PromiseName: TypeAlias = Annotated[
    str,
    typer.Option(
        help="`cross-fit`: every row is scored by heads fitted without it, the heads that ship see all rows; "
        "`parted`: rows of their own choose the threshold, with a finite-sample theorem."
    ),
]
Folds: TypeAlias = Annotated[int, typer.Option(help="Of `cross-fit`; heads are fitted once more than that.", min=2)]
FoldsBy: TypeAlias = Annotated[
    str, typer.Option(help="What `cross-fit` holds out together: group, or source (whole files).")
]
Refit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--refit", help="With --promise parted: after measuring, fit again on all rows but those that calibrate."
    ),
]
DressedCopies: TypeAlias = Annotated[
    int,
    typer.Option(help="Copies of each row, its ask in wrappers and dresses, that the heads are fitted on too.", min=0),
]
FitGate: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--gate",
        help="Write nothing and exit 1 when the bundle does not beat its baselines, or its decisions do not hold when "
        "the ask comes in other forms.",
    ),
]
InUse: TypeAlias = Annotated[
    Path | None, typer.Option(help="Bundle now in use: the gate compares with it on the same test rows.")
]
FitReport: TypeAlias = Annotated[
    Path | None, typer.Option("--report", help="Folder for the report page and its figures.")
]
Confidence: TypeAlias = Annotated[float, typer.Option(help="How sure the promise must be.", min=0.5, max=0.999)]
CalibrationName: TypeAlias = Annotated[str, typer.Option(help="sigmoid or isotonic")]
Unsolved: TypeAlias = Annotated[str, typer.Option(help="Rows that no tier solved: cheap, strong or drop.")]
Licence: TypeAlias = Annotated[str, typer.Option(help="SPDX licence of your own rows, for the manifest.")]
FitSeed: TypeAlias = Annotated[int, typer.Option(help="Seed of splits and folds.")]
Cache: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Folder for embeddings; tierwise/ in $XDG_CACHE_HOME, or in ~/.cache, if not given."),
]


def cache_folder(named: Path | None, environ: Mapping[str, str]) -> Path:
    """The folder for embeddings: the one that is named, else the user's own."""
    if named is not None:
        return named
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "tierwise"


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
    bool, typer.Option("--gate", help="Exit 1 when the bundle fails the gate of `fit` on these rows.")
]
SEEN_ROWS = ("refuse", "leave-out", "keep")
Seen: TypeAlias = Annotated[
    str, typer.Option(help="Rows that the bundle was fitted on: refuse, leave-out, or keep (the report says so).")
]
EvaluateSeed: TypeAlias = Annotated[
    int, typer.Option(help="Seed of the split that fits the baselines, and of intervals.")
]

# --- Of both ----------------------------------------------------------------------------------------------------------

TierCost: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="TIER=USD per request, for savings; repeat for each tier.")
]
SkipBad: TypeAlias = Annotated[int, typer.Option(help="Wrong rows to skip and count before giving up.", min=0)]
ShowPrompts: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--show-prompts",
        help="Show the first 300 characters of the asks that the report page lists. The page then contains prompt "
        "text: share it only where the prompts may go. Nothing else that is written holds any.",
    ),
]
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


def fitted_as(calibration: str, unsolved: str, *, dressed_copies: int) -> dict[str, Any]:
    """The settings of a FitConfig that say what the heads are fitted on, and how calibrated. Raises BadParameter."""
    return {
        "calibration": one_of(calibration, "--calibration", ("sigmoid", "isotonic")),
        "unsolved": one_of(unsolved, "--unsolved", ("cheap", "strong", "drop")),
        "dressed_copies": dressed_copies,
    }


def held_out_of(promise: str, folds_by: str, *, folds: int, refit: bool) -> dict[str, Any]:
    """The settings of a FitConfig that say how rows are held out. Raises BadParameter."""
    if refit and promise == "cross-fit":
        raise typer.BadParameter(
            "is for --promise parted; with cross-fit the heads that ship see all rows", param_hint="--refit"
        )
    return {
        "promise": one_of(promise, "--promise", PROMISES).replace("-", "_"),
        "folds": folds,
        "folds_by": one_of(folds_by, "--folds-by", ("group", "source")),
        "refit": refit,
    }


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


def check_show_prompts(show_prompts: bool, folder: Path | None, option: str) -> None:
    """Raises BadParameter where prompts shall be shown and no page is written; option: what names its folder."""
    if show_prompts and folder is None:
        raise typer.BadParameter(f"is for the report page; name its folder with {option}", param_hint="--show-prompts")


def one_of(value: str, option: str, known: Sequence[str]) -> Any:
    """The value, if it is a known one. Raises BadParameter."""
    if value not in known:
        raise typer.BadParameter(f"{value!r}: expected one of {', '.join(known)}", param_hint=option)
    return value


def say(line: str) -> None:
    """Write one line of progress to standard error."""
    from router.jsontext import harmless

    sys.stderr.write(f"tierwise: {harmless(line)}\n")
