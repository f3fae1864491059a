"""Training: rows in, a bundle out, on your own machine.

    import training
    from training import FitConfig

    bundle = training.fit("my_rows.jsonl", "tiers.json", config=FitConfig(name="mine", max_quality_loss=0.05))
    training.write_bundle(Path("models/mine"), bundle)
    training.write_report(bundle.evaluation, Path("reports/mine"))
    training.evaluate("new_rows.jsonl", "models/mine", "tiers.json")["gate"]["sentence"]
    training.compare("models/mine", "fast", "new_rows.jsonl")["sentence"]
    training.audit("my_outcomes.jsonl", "tiers.json")["sources"]

`fit`, `evaluate` and `compare` need the extra `train` (pip install 'tierwise[train]'). Files are the only joint with
the service.

    rows < labels < thresholds, dressing, fitting < measure < held_out, report < pipeline
    pipeline < auditing, labelling, shipping, commands

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
    from training.measure.seen import SeenRows
    from training.report import model_card
    from training.report.figures import cost_quality, forms, reliability
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
    "compare",
    "cost_quality",
    "evaluate",
    "fit",
    "forms",
    "label_rows",
    "load_tier_map",
    "model_card",
    "read_rows",
    "reliability",
    "tier_scores",
    "write_bundle",
    "write_report",
]

_HOMES = {
    "FitConfig": ".config",
    "LabelledRow": ".rows.row",
    "OutcomeRow": ".rows.row",
    "cost_quality": ".report.figures",
    "forms": ".report.figures",
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
    encoder: `shipped` (the token table of the shipped bundle), `multilingual`, `distil[:MODEL]`, `st:MODEL`, a folder,
        or an encoder.
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

    opened = inputs.open_rows(rows, skip_bad=skip_bad, progress=progress)
    return fit_bundle(
        opened,
        inputs.open_tiers(tiers),
        inputs.open_encoder(encoder, opened),
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
    seen_rows: SeenRows = "refuse",
    out: Path | None = None,
    show_prompts: bool = False,
    skip_bad: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> JsonObject:
    """Measure a bundle, and the baselines that it must beat, on rows that it was not fitted on: evaluation.json.

    bundle: a bundle or its folder; None: the shipped one.  tiers: needed for outcome rows; must be the bundle's tiers.
    tier_cost_usd: USD per request by tier; None: the default prices.
    seen_rows: what to do about rows that the bundle was fitted on: `refuse`, `leave-out` or `keep`.
    out: folder for evaluation.json, page and card.  show_prompts: whether the page shows asks, as in `write_report`.
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
    tier_map = inputs.open_tiers(tiers)
    evaluation = evaluate_bundle(loaded, row_set, tier_map, config, seen_rows=seen_rows, progress=progress)
    if out is not None:
        write_evaluation(evaluation, loaded, out, rows=row_set.rows if show_prompts else ())
    return evaluation


def write_report(evaluation: JsonObject, out: Path, *, prompts_of: Rows | None = None, skip_bad: int = 0) -> None:
    """Write the report of an evaluation into a folder: the page, which holds no prompt text, and its figures.

    prompts_of: the rows that were measured; the page then shows the first 300 characters of the asks that it lists.
    skip_bad: as for `fit`.
    Raises DataError for rows that cannot be used, MissingExtra without the extra `train`.
    """
    from training import inputs, report

    rows = () if prompts_of is None else inputs.open_rows(prompts_of, skip_bad=skip_bad, progress=silent).rows
    report.write_report(evaluation, out, asks=report.shown_asks(evaluation, rows))


def compare(
    a: Bundle | Path | str,
    b: Bundle | Path | str,
    rows: Rows,
    tiers: Tiers = None,
    *,
    tier_cost_usd: Mapping[str, float] | None = None,
    seen_rows: SeenRows = "refuse",
    out: Path | None = None,
    skip_bad: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> JsonObject:
    """Two bundles on the same rows, with paired intervals of the difference B minus A: comparison.json.

    a, b: bundles, their folders, or names of shipped ones (`default`, `fast`), of the same tiers.
    seen_rows: as for `evaluate`, of rows that either of them was fitted on.
    out: folder for comparison.json and the page.  tiers, tier_cost_usd, skip_bad, seed: as for `evaluate`.
    Raises as `evaluate` does, DataError also for bundles of different tiers.
    """
    from training import inputs

    require_train_extra()
    from training.compare_bundles import Contender, compare_bundles, write_compared
    from training.config import DEFAULT_TIER_COST_USD, FitConfig

    one, other = (Contender(inputs.open_bundle(given), inputs.open_evaluation(given)) for given in (a, b))
    config = FitConfig(name="comparison", tier_cost_usd=tier_cost_usd or DEFAULT_TIER_COST_USD, seed=seed)
    row_set = inputs.open_rows(rows, skip_bad=skip_bad, progress=progress)
    tier_map = inputs.open_tiers(tiers)
    comparison = compare_bundles(one, other, row_set, tier_map, config, seen_rows=seen_rows, progress=progress)
    if out is not None:
        write_compared(comparison, out)
    return comparison


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
