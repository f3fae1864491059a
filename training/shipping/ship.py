"""Build the bundles that ship, from the committed traffic rows and the public sources whose licence allows it.

    python -m training.shipping.ship --out models          (make train)

The public rows are read from the folder that TIERWISE_DATA names, or ../shared/data;
`python -m training.shipping.sources rebuild` rebuilds them from their repositories. Same rows, same machine: same
bytes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from router.brain.bundle.layout import EVALUATION
from router.brain.bundle.write import BundleContents, write_bundle
from router.brain.encoders import Encoder
from router.errors import DataError
from router.jsontext import decode_json
from training.config import FitConfig
from training.fitting.distil import DEFAULT_MODEL, model_path
from training.fitting.fit import Pretrained, prepare_for_transformer
from training.fitting.multilingual import multilingual
from training.fitting.packaged_weights import MODEL_ID, read_packaged, weights_file
from training.fitting.recipe import TransformerRecipe
from training.fitting.small_transformer import write_small_transformer
from training.labels.tier_map import TierMap, load_tier_map
from training.pipeline import fit_bundle, fit_recipe, open_dataset
from training.progress import Progress
from training.report import write_report
from training.rows.readers import RowSet, data_folder, read_rows
from training.rows.texts import texts_of
from training.shipping.commands import exit_code_of, say
from training.shipping.gate import REFUSED, reasons_to_refuse
from training.shipping.sources import PUBLIC_SOURCES

CACHE = Path(".cache/tierwise")

MAX_PUBLIC_ROWS = 1_000
"""Rows taken of each public source: exam questions outnumber the traffic 14 to 1 and say little about it."""

EXAMS = ("llmrouter_ulab", "mmlu_pro", "routellm_gsm8k", "routellm_mmlu", "zeroeval_gsm", "zeroeval_math_l5")
"""Public sources of exam questions: what they ask is foreign to agent traffic. Workbench is agent work and is not."""

DECISION_SHARE = 0.3
"""Share of the calibration groups that fits the decision over both brains where sides are parted."""

FOLDS: Mapping[str, int] = {"fast": 5, "default": 3}
"""Folds of the cross-fit promise. A fold of `default` fine-tunes a transformer, which takes minutes: it has fewer."""


N_LAYERS = 6
"""Of the twelve layers of multilingual-e5-small: those of `default`."""


def shipping_files(traffic: Path, data: Path | None) -> list[Path]:
    """The row files that a shipped bundle may be fitted on: traffic, and public sources whose licence allows it.

    Raises DataError when a public source is missing.
    """
    if data is None:
        raise DataError("the public rows are missing; set it to their folder", where="TIERWISE_DATA")
    public = [data / "outcomes" / f"{source.name}.jsonl.gz" for source in PUBLIC_SOURCES if source.may_ship]
    for path in public:
        if not path.is_file():
            raise DataError("is missing; rebuild it with python -m training.shipping.sources rebuild", where=str(path))
    return [traffic, *public]


def traffic_sources(rows: RowSet) -> tuple[str, ...]:
    """The sources of the traffic to serve: those that are not public sources."""
    public = {source.name for source in PUBLIC_SOURCES}
    return tuple(sorted({row.source for row in rows.rows} - public))


def capped(rows: RowSet, *, keep: Collection[str], most: int, seed: int) -> RowSet:
    """The rows with at most `most` of each source that is not in `keep`: a seeded choice, in the order they came."""
    rng = np.random.default_rng(seed)
    sources = np.array([row.source for row in rows.rows])
    chosen: set[int] = set()
    for source in np.unique(sources):
        own = np.flatnonzero(sources == source)
        chosen |= set(own.tolist() if source in keep else rng.permutation(own)[:most].tolist())
    return replace(rows, rows=tuple(row for position, row in enumerate(rows.rows) if position in chosen))


def config_for(name: str, rows: RowSet) -> FitConfig:
    """The settings of a shipped bundle."""
    return FitConfig(
        name=name,
        target_sources=traffic_sources(rows),
        licence="Apache-2.0",
        folds=FOLDS.get(name, FOLDS["fast"]),
        folds_by="source",
        dressed_copies=2,
        promise_slices=("source", "lang"),
        foreign_sources=EXAMS,
    )


def ship_fast(rows: RowSet, tier_map: TierMap, *, cache: Path, progress: Progress) -> BundleContents:
    """`fast`: a multilingual token table, n-grams and signals; numpy alone."""
    encoder = shipped_table(rows)
    return fit_bundle(rows, tier_map, encoder, config_for("fast", rows), cache=cache, progress=progress)


def ship_default(rows: RowSet, tier_map: TierMap, *, cache: Path, progress: Progress) -> BundleContents:
    """`default`: a fine-tuned transformer, n-grams and signals."""
    config = config_for("default", rows)
    data = open_dataset(rows, tier_map, config, progress=progress)
    model = shipped_model(rows, cache=cache)
    return fit_recipe(
        rows,
        tier_map,
        prepare_for_transformer(data, model.path, config),
        TransformerRecipe(model, config, calibration_share=DECISION_SHARE, progress=progress),
        config,
        progress=progress,
    )


def shipped_table(rows: RowSet) -> Encoder:
    """The token table of `fast`: pieces of multilingual-e5-small, those that the rows use first."""
    return multilingual(texts_of(rows))


def shipped_model(rows: RowSet, *, cache: Path) -> Pretrained:
    """The first layers of multilingual-e5-small with the pieces that the rows use, written into the cache.

    The first six of its twelve layers take the time of all-MiniLM-L6-v2's six, and are better at every kind of traffic
    (training/LOG.md).
    """
    folder = cache / "multilingual-e5-small"
    write_small_transformer(read_packaged(weights_file()), texts_of(rows), folder=folder)
    return Pretrained(str(folder), MODEL_ID, n_layers=N_LAYERS, reasons_path=model_path(DEFAULT_MODEL))


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the shipped bundles. Returns the exit code."""
    parser = argparse.ArgumentParser("python -m training.shipping.ship", description="Build the bundles that ship.")
    parser.add_argument("names", nargs="*", choices=["fast", "default", []], help="which; both if none is named")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder for the bundles")
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[2]

    def work() -> None:
        for name in options.names or ["fast", "default"]:
            ship(name, root, options.out, data=data_folder(os.environ, root), progress=say)

    return exit_code_of(work)


def ship(name: str, root: Path, out: Path, *, data: Path | None, progress: Progress) -> None:
    """Fit and write one bundle. root: the checkout, with its data/ folder.

    Raises TierwiseError, also for a bundle that may not take the place of the one in root/models: it is written to
    NAME.refused.
    """
    all_rows = read_rows(shipping_files(root / "data" / "traffic", data))
    rows = capped(all_rows, keep=traffic_sources(all_rows), most=MAX_PUBLIC_ROWS, seed=0)
    tier_map = load_tier_map(root / "data" / "tiers.json")
    contents = (
        ship_fast(rows, tier_map, cache=root / CACHE, progress=progress)
        if name == "fast"
        else ship_default(rows, tier_map, cache=root / CACHE, progress=progress)
    )
    shipped = root / "models" / name / EVALUATION
    in_place = decode_json(shipped.read_bytes()) if shipped.is_file() else None
    reasons = reasons_to_refuse(contents.evaluation, in_place)
    folder = out / (f"{name}{REFUSED}" if reasons else name)
    manifest = write_bundle(folder, contents)
    write_report(contents.evaluation, folder / "report")
    progress(f"wrote {manifest.id} to {folder}")
    if reasons:
        raise DataError(f"does not ship: {'; '.join(reasons)}", where=str(folder))


if __name__ == "__main__":
    raise SystemExit(main())
