"""Training: rows in, a bundle out, on your own machine.

    import training
    from training import FitConfig

    bundle = training.fit("my_rows.jsonl", "tiers.json", config=FitConfig(name="mine", max_quality_loss=0.05))
    training.write_bundle(Path("models/mine"), bundle)
    training.evaluate("new_rows.jsonl", "models/mine", "tiers.json")["gate"]["sentence"]
    training.audit("my_outcomes.jsonl", "tiers.json")["sources"]

`fit` and `evaluate` need the extra `train` (pip install 'tierwise[train]'). Files are the only joint with the service.

    rows < labels < thresholds, fitting < measure < report < pipeline < auditing, labelling, shipping, commands

A room imports those on its left. Importing `training` itself loads none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from training.extras import require_train_extra
from training.progress import Progress, silent

if TYPE_CHECKING:
    from router.brain import Bundle
    from router.brain.bundle.write import BundleContents, write_bundle
    from router.brain.encoders import Encoder
    from router.types import JsonObject
    from training.config import FitConfig
    from training.labels.labels import label_rows
    from training.labels.tier_map import TierMap, load_tier_map, tier_scores
    from training.report import model_card
    from training.report.figures import cost_quality, reliability
    from training.rows.readers import RowSet, read_rows
    from training.rows.row import LabelledRow, OutcomeRow

Rows: TypeAlias = "RowSet | Path | str | Sequence[Path | str]"
"""Rows that are read already, or files and folders of .jsonl, .jsonl.gz and .parquet."""

Tiers: TypeAlias = "TierMap | Path | str | None"
"""A tier map, its .json or .toml file, or None: the default tiers, enough for labelled rows."""

__all__ = [
    "FitConfig",
    "LabelledRow",
    "OutcomeRow",
    "audit",
    "cost_quality",
    "evaluate",
    "fit",
    "label_rows",
    "load_tier_map",
    "model_card",
    "read_rows",
    "reliability",
    "tier_scores",
    "write_bundle",
]

_HOMES = {
    "FitConfig": ".config",
    "LabelledRow": ".rows.row",
    "OutcomeRow": ".rows.row",
    "cost_quality": ".report.figures",
    "label_rows": ".labels.labels",
    "load_tier_map": ".labels.tier_map",
    "model_card": ".report",
    "read_rows": ".rows.readers",
    "reliability": ".report.figures",
    "tier_scores": ".labels.tier_map",
}


def __getattr__(name: str) -> Any:
    """A public name from the module that has it, loaded when it is first asked for."""
    if name == "write_bundle":
        from router.brain.bundle.write import write_bundle

        return write_bundle
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def fit(
    rows: Rows,
    tiers: Tiers = None,
    *,
    config: FitConfig | None = None,
    encoder: str | Encoder = "shipped",
    cache: Path | None = None,
    in_use: Bundle | Path | str | None = None,
    skip_bad: int = 0,
    progress: Progress = silent,
) -> BundleContents:
    """Fit a bundle: label, split, embed, fit, calibrate, choose thresholds, measure. Same inputs, same bytes.

    config: settings of the fit; None: `FitConfig(name="mine")`.
    encoder: `shipped` (the token table of the shipped bundle), `distil[:MODEL]`, `st:MODEL`, a folder, or an encoder.
    cache: folder for embeddings; None keeps none.  in_use: bundle that the gate compares with on the same test rows.
    skip_bad: wrong rows to skip before giving up, >= 0.  progress: called with one line at the start of each stage.
    Returns the bundle's contents, for `write_bundle`; `evaluation` and `model_card` say what was measured.
    Raises DataError for rows, tiers or settings that cannot be used, BundleError for a bundle that does not load,
    MissingExtra without the extra `train`.
    """
    from training import inputs

    require_train_extra()
    from training.config import FitConfig
    from training.pipeline import fit_bundle

    return fit_bundle(
        inputs.open_rows(rows, skip_bad=skip_bad, progress=progress),
        inputs.open_tiers(tiers),
        inputs.open_encoder(encoder),
        config or FitConfig(name="mine"),
        cache=cache,
        progress=progress,
        in_use=None if in_use is None else inputs.open_bundle(in_use),
    )


def evaluate(
    rows: Rows,
    bundle: Bundle | Path | str | None = None,
    tiers: Tiers = None,
    *,
    tier_cost_usd: Mapping[str, float] | None = None,
    out: Path | None = None,
    skip_bad: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> JsonObject:
    """Measure a bundle, and the baselines that it must beat, on rows that it was not fitted on: evaluation.json.

    bundle: a bundle or its folder; None: the shipped one.  tiers: needed for outcome rows; must be the bundle's tiers.
    tier_cost_usd: USD per request by tier; None: the default prices.  out: folder for evaluation.json, page and card.
    skip_bad: as for `fit`.  seed: of the split that fits the baselines, and of the intervals.
    Raises as `fit` does.
    """
    from training import inputs

    require_train_extra()
    from training.config import DEFAULT_TIER_COST_USD, FitConfig
    from training.evaluate_bundle import evaluate_bundle, write_evaluation

    loaded = inputs.open_bundle(bundle)
    config = FitConfig(name=loaded.manifest.id, tier_cost_usd=tier_cost_usd or DEFAULT_TIER_COST_USD, seed=seed)
    row_set = inputs.open_rows(rows, skip_bad=skip_bad, progress=progress)
    evaluation = evaluate_bundle(loaded, row_set, inputs.open_tiers(tiers), config, progress=progress)
    if out is not None:
        write_evaluation(evaluation, loaded, out)
    return evaluation


def audit(
    rows: Rows,
    tiers: TierMap | Path | str,
    *,
    request_usd: Mapping[str, float] | None = None,
    token_usd: Mapping[str, tuple[float, float]] | None = None,
    n_resamples: int = 1000,
    skip_bad: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> JsonObject:
    """Is each tier worth its price? Cost and quality of each step of each ladder, and which steps to drop.

    rows: outcome rows; labelled rows are left out and counted.
    request_usd: USD per request, token_usd: USD per million tokens (in, out), by tier or model, where rows do not know
        their costs; both replace single default prices.
    n_resamples, seed: of the bootstrap.  skip_bad: as for `fit`.
    Raises DataError for rows or tiers that cannot be used, and where there are labelled rows only.
    """
    from training import inputs
    from training.auditing.ladder import audit_row_set
    from training.auditing.prices import DEFAULT_PRICES, Prices

    prices = Prices(
        request_usd={**DEFAULT_PRICES.request_usd, **(request_usd or {})},
        token_usd={**DEFAULT_PRICES.token_usd, **(token_usd or {})},
    )
    row_set = inputs.open_rows(rows, skip_bad=skip_bad, progress=progress)
    return audit_row_set(row_set, inputs.open_tiers(tiers), prices=prices, n_resamples=n_resamples, seed=seed)
