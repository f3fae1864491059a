"""Measure the shipped recipes and bundles, and write the figures that README and docs quote.

python -m training.shipping.benchmark fast --out models/benchmark_fast.json          (make evaluate)
python -m training.shipping.benchmark default --out models/benchmark_default.json
python -m training.shipping.benchmark default --out models/benchmark_default.json --part files    (the rest stays)

Each part's figures are printed too. Folds are kept in .cache/tierwise: what was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from router.brain import load_bundle
from router.brain.encoders import Encoder
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.errors import DataError
from router.jsontext import decode_json, encode_json_pretty
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.distil import DEFAULT_MODEL, model_path
from training.fitting.embed import embed
from training.fitting.fit import prepare_for_transformer
from training.fitting.hyper import LABELS
from training.fitting.prepared import prepare
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import TierMap, load_tier_map
from training.progress import Progress
from training.rows.readers import data_folder, read_rows
from training.shipping import model_pair
from training.shipping.commands import exit_code_of, say
from training.shipping.measures import steps
from training.shipping.measures.everyday import everyday_report
from training.shipping.measures.folds import Bench
from training.shipping.measures.held_out import N_FOLDS
from training.shipping.measures.parts import FOLD_PARTS, Held
from training.shipping.measures.recipes import default_recipe, fast_recipe
from training.shipping.measures.steps import steps_report
from training.shipping.model_pair import PairData, pair_report
from training.shipping.out_of_domain import out_of_domain
from training.shipping.ship import EXAMS, shipped_model, shipped_table
from training.shipping.sources import PUBLIC_SOURCES

ALL = "all"
BUNDLE_PARTS = ("everyday", "agent_steps")
PARTS = {
    "fast": (*FOLD_PARTS, "routellm", "out_of_domain", *BUNDLE_PARTS),
    "default": (*FOLD_PARTS, "routellm", *BUNDLE_PARTS),
}
"""What is measured of each recipe, and of the bundle of its name."""

EXPECTED_MINUTES: Mapping[str, Mapping[str, float]] = {
    "fast": {"traffic": 10, "old_rows": 4, "files": 30, "routellm": 12, "out_of_domain": 2},
    "default": {"traffic": 55, "old_rows": 20, "files": 55, "routellm": 15},
}
"""Estimates for two idle cores without kept folds; what shares the folds of another part, and bundles, take moments."""

CACHE = Path(".cache/tierwise")
"""Of embeddings and folds, in the checkout."""


def routellm_report(
    read: Callable[[str], Dataset], table: Encoder | None, *, cache: Path, seeds: Sequence[int]
) -> JsonObject:
    """APGR of the RouteLLM pair under a recipe's features, with the hyper-parameters for outcomes.

    table: of `fast`. None for `default`, which has all-MiniLM-L6-v2 as it was pre-trained, and its n-grams: fine-tuning
    for 38 fits would take hours.  cache: folder for its embeddings, as they take minutes.
    """
    model = model_path(DEFAULT_MODEL)
    encoder = SentenceTransformerEncoder(model, model_id=DEFAULT_MODEL) if table is None else table
    report: JsonObject = {"encoder": {"kind": encoder.spec.kind, "model_id": encoder.spec.model_id}}
    for source in ("routellm_mmlu", "routellm_gsm8k"):
        data = read(source)
        if table is not None:
            prepared = prepare(data, table, model_pair.CONFIG, cache=None)
        else:
            prepared = replace(
                prepare_for_transformer(data, model, model_pair.CONFIG),
                embeddings=embed(data.readings, encoder, cache=cache),
            )
        report[source] = pair_report(PairData.of(prepared), seeds=seeds)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one recipe and write its figures. Returns the exit code."""
    parser = argparse.ArgumentParser("python -m training.shipping.benchmark", description="Cross-validate a recipe.")
    parser.add_argument("name", choices=list(PARTS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--part", default=ALL, choices=[*PARTS["fast"], ALL], help="measure this alone, keep the rest of --out"
    )
    parser.add_argument(
        "--bundle", type=Path, help="the bundle of the parts that measure one; models/NAME if not given"
    )
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[2]

    def work() -> None:
        parts = parts_of(options.name, options.part)
        kept = {} if options.part == ALL else kept_figures(options.out, options.name)
        minutes = EXPECTED_MINUTES[options.name]
        expected = ", ".join(f"{part} {minutes[part]:g}" for part in parts if part in minutes)
        say(f"expected minutes on two idle cores, less what is kept: {expected or 'less than one'}")
        bundle = options.bundle or root / "models" / options.name
        for part in parts:  # written after each part, so that an interrupted run keeps what it has
            report = benchmark(
                options.name, root, data=data_folder(os.environ, root), parts=(part,), bundle=bundle, progress=say
            )
            kept |= report
            sys.stdout.write(encode_json_pretty(report).decode())
            options.out.write_bytes(encode_json_pretty(kept))

    return exit_code_of(work)


def parts_of(name: str, part: str) -> tuple[str, ...]:
    """The parts of a recipe's figures that `--part` selects. Raises DataError for a part that the recipe lacks."""
    if part == ALL:
        return PARTS[name]
    if part not in PARTS[name]:
        raise DataError(f"expected {', '.join(PARTS[name])} or {ALL} for {name}, got {part}", where="--part")
    return (part,)


def kept_figures(path: Path, name: str) -> JsonObject:
    """The figures in a file; none if there is no file. Raises DataError for figures of another recipe."""
    if not path.is_file():
        return {}
    kept: JsonObject = decode_json(path.read_bytes())
    if kept.get("recipe") != name:
        raise DataError(f"expected the figures of {name}, found those of {kept.get('recipe')}", where=str(path))
    return kept


def benchmark(
    name: str, root: Path, *, data: Path | None, parts: Collection[str], bundle: Path, progress: Progress
) -> JsonObject:
    """The figures of a recipe and a bundle in some of the recipe's PARTS.

    root: the checkout.  data: folder of the public rows; None leaves out what needs them.  bundle: its folder.
    """
    tier_map = load_tier_map(root / "data" / "tiers.json")
    report: JsonObject = {"recipe": name, "folds": N_FOLDS}
    rows = read_rows([root / "data" / "traffic"])
    table = cache(lambda: shipped_table(rows))
    of_folds = [part for part in parts if part in FOLD_PARTS]
    if of_folds:
        traffic = build_dataset(rows.rows, tier_map)
        recipe = fast_recipe(table()) if name == "fast" else default_recipe(shipped_model(rows, cache=root / CACHE))
        held = Held(Bench(recipe, root / CACHE, progress), traffic)
        report |= {part: FOLD_PARTS[part](held) for part in of_folds}
    if "routellm" in parts and data is not None:
        progress(f"{name} on the pair of routellm")
        folder = data / "outcomes"
        report["routellm"] = routellm_report(
            lambda source: build_dataset(read_rows([folder / f"{source}.jsonl.gz"]).rows, tier_map),
            table() if name == "fast" else None,
            cache=root / CACHE,
            seeds=range(10),
        )
    if "out_of_domain" in parts and data is not None:
        progress("out of domain, leaving sources out")
        report["out_of_domain"] = _leave_sources_out(root, data, tier_map, table(), progress=progress)
    if "everyday" in parts:
        report["everyday"] = everyday_report(load_bundle(bundle), root / "tests" / "quality")
    if "agent_steps" in parts and data is not None:
        report["agent_steps"] = steps_report(load_bundle(bundle), data / steps.FILE, tier_map)
    return report


def _leave_sources_out(
    root: Path, data: Path, tier_map: TierMap, encoder: Encoder, *, progress: Progress
) -> JsonObject:
    rows = read_rows([root / "data" / "traffic", data / "outcomes"])
    names = {row.source for row in rows.rows}
    traffic = tuple(sorted(names - {source.name for source in PUBLIC_SOURCES}))
    config = FitConfig(name="benchmark", hyper=LABELS, target_sources=traffic, foreign_sources=EXAMS)
    return out_of_domain(build_dataset(rows.rows, tier_map), encoder, config, progress=progress)


if __name__ == "__main__":
    raise SystemExit(main())
