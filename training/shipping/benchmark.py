"""Cross-validate the shipped recipes on the headline tasks, and write the figures that README and LOG quote.

python -m training.shipping.benchmark fast --out models/benchmark_fast.json          (make evaluate)
python -m training.shipping.benchmark default --out models/benchmark_default.json
python -m training.shipping.benchmark default --out models/benchmark_default.json --part routellm    (the rest stays)
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from router.brain.encoders import Encoder
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.errors import DataError
from router.jsontext import decode_json, encode_json_pretty
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.distil import DEFAULT_MODEL, distil, model_path
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
from training.shipping.model_pair import PairData, pair_report
from training.shipping.out_of_domain import out_of_domain
from training.shipping.ship import EXAMS
from training.shipping.sources import PUBLIC_SOURCES
from training.shipping.traffic_figures import N_FOLDS, traffic_default, traffic_fast

ALL = "all"
PARTS = {"fast": ("traffic", "routellm", "out_of_domain"), "default": ("traffic", "routellm")}
"""What is measured of each recipe."""

CACHE = Path(".cache/tierwise")
"""Of embeddings, in the checkout."""


def routellm_report(read: Callable[[str], Dataset], recipe: str, *, cache: Path, seeds: Sequence[int]) -> JsonObject:
    """APGR of the RouteLLM pair under a recipe's features, with the hyper-parameters for outcomes.

    `default` has the transformer as it was pre-trained, and its own n-grams: fine-tuning it for 38 fits would take
    hours.  cache: folder for its embeddings, as they take minutes.
    """
    model = model_path(DEFAULT_MODEL)
    encoder = distil() if recipe == "fast" else SentenceTransformerEncoder(model, model_id=DEFAULT_MODEL)
    report: JsonObject = {"encoder": {"kind": encoder.spec.kind, "model_id": encoder.spec.model_id}}
    for source in ("routellm_mmlu", "routellm_gsm8k"):
        data = read(source)
        if recipe == "fast":
            prepared = prepare(data, encoder, model_pair.CONFIG, cache=None)
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
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[2]

    def work() -> None:
        parts = parts_of(options.name, options.part)
        kept = {} if options.part == ALL else kept_figures(options.out, options.name)
        report = benchmark(options.name, root, data=data_folder(os.environ, root), parts=parts, progress=say)
        options.out.write_bytes(encode_json_pretty({**kept, **report}))

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


def benchmark(name: str, root: Path, *, data: Path | None, parts: Collection[str], progress: Progress) -> JsonObject:
    """The figures of a recipe in some of its PARTS.

    root: the checkout.  data: folder of the public rows; None leaves out what needs them.
    """
    tier_map = load_tier_map(root / "data" / "tiers.json")
    report: JsonObject = {"recipe": name, "folds": N_FOLDS}
    if "traffic" in parts:
        progress(f"{name} on traffic")
        traffic = build_dataset(read_rows([root / "data" / "traffic"]).rows, tier_map)
        report["traffic"] = (
            traffic_default(traffic, seed=0, progress=progress)
            if name == "default"
            else traffic_fast(traffic, distil(), seeds=range(5))
        )
    if "routellm" in parts and data is not None:
        progress(f"{name} on the pair of routellm")
        folder = data / "outcomes"
        report["routellm"] = routellm_report(
            lambda source: build_dataset(read_rows([folder / f"{source}.jsonl.gz"]).rows, tier_map),
            name,
            cache=root / CACHE,
            seeds=range(10),
        )
    if "out_of_domain" in parts and data is not None:
        progress("out of domain, leaving sources out")
        report["out_of_domain"] = _leave_sources_out(root, data, tier_map, distil(), progress=progress)
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
