"""Cross-validate the shipped recipes on the headline tasks, and write the figures that README and LOG quote.

    python -m training.benchmark fast --out models/benchmark_fast.json          (make evaluate)
    python -m training.benchmark default --out models/benchmark_default.json

Traffic: five folds by group; what learns from labels inside a fold sees that fold's training rows only, the
decision over transformer and table included (it is fitted on the other folds' held-out logits). Saved: against always
the strongest tier, at most so many rows sent below their tier, as the one threshold moves over all held-out scores.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.brain import buckets_of, scores_of, stack_signals
from router.brain.calibration import Float64Array, sigmoid
from router.brain.encoders import Encoder
from router.errors import TierwiseError
from router.jsontext import encode_json_pretty
from router.types import JsonObject
from training import metrics
from training.config import DEFAULT_TIER_COST_USD, FitConfig
from training.dataset import Dataset, build_dataset
from training.evaluation.bootstrap import bootstrap
from training.evaluation.crossval import CrossvalData, held_out_losses, losses_by_fold, out_of_fold_losses
from training.evaluation.out_of_domain import out_of_domain
from training.evaluation.robustness import contrast_pairs
from training.fitting.distil import DEFAULT_MODEL, distil, model_path
from training.fitting.fit import fit_parts, prepare_for_transformer
from training.fitting.heads import head_targets
from training.fitting.hyper import LABELS, OUTCOMES
from training.fitting.stack import fit_decision
from training.progress import Progress
from training.readers import data_folder, read_rows
from training.ship import EXAMS
from training.sources import PUBLIC_SOURCES
from training.splits import group_folds
from training.tier_map import TierMap, load_tier_map

N_FOLDS = 5
LIMITS = (0.02, 0.05, 0.10)
COSTS = tuple(DEFAULT_TIER_COST_USD.values())


def traffic_report(data: Dataset, losses: Float64Array) -> JsonObject:
    """The headline figures of pooled held-out losses, with 95% intervals by group, and per source."""
    cheapest = data.labels.cheapest

    def headline(rows: npt.NDArray[np.intp]) -> list[float]:
        own, tier = losses[rows], cheapest[rows]
        return [
            *(metrics.saved_at_under_routing(own, tier, tier_cost_usd=COSTS, limit=limit) for limit in LIMITS),
            *(metrics.auc(own[:, head], tier > head) for head in range(own.shape[1] - 1)),
        ]

    names = [*(f"saved_at_{limit:g}" for limit in LIMITS), "auc_not_budget", "auc_frontier"]
    intervals = bootstrap(data.groups, lambda rows: np.array(headline(rows)), n_resamples=200, seed=0)
    return {
        "n": len(data),
        **{
            name: {"point": round(i.point, 4), "low": round(i.low, 4), "high": round(i.high, 4)}
            for name, i in zip(names, intervals, strict=True)
        },
        "pairs": contrast_pairs(losses[:, 0], data),
        "sources": {
            str(source): dict(
                zip(names, (round(x, 4) for x in headline(np.flatnonzero(data.sources == source))), strict=True)
            )
            for source in np.unique(data.sources)
        },
    }


def columns(data: Dataset, encoder: Encoder) -> CrossvalData:
    """A dataset as the heads see it."""
    return CrossvalData(
        embeddings=encoder.encode_readings(data.readings),
        signals=stack_signals(data.readings),
        buckets=buckets_of(encoder, data.readings),
        labels=data.labels,
        groups=data.groups,
    )


def traffic_fast(data: Dataset, encoder: Encoder, *, seeds: Sequence[int]) -> JsonObject:
    """The token-table recipe: figures of the first seed of folds, mean and deviation of the headline over all."""
    rows = columns(data, encoder)
    config = FitConfig(name="benchmark", hyper=LABELS)
    reports = [traffic_report(data, out_of_fold_losses(rows, config, n_folds=N_FOLDS, seed=seed)) for seed in seeds]
    return {**reports[0], "over_seeds": _over_seeds(reports)}


def traffic_default(data: Dataset, *, seed: int, progress: Progress) -> JsonObject:
    """The transformer recipe: one seed of folds, as a fold takes minutes."""
    config = FitConfig(name="benchmark", hyper=LABELS)
    prepared = prepare_for_transformer(data, model_path(DEFAULT_MODEL), config)
    folds = group_folds(data.groups, n_folds=N_FOLDS, seed=seed)
    targets = head_targets(data.labels, unsolved=config.unsolved)
    network, table = np.zeros(targets.shape), np.zeros(targets.shape)
    for fold in range(N_FOLDS):
        progress(f"fold {fold + 1} of {N_FOLDS}")
        held_out = np.flatnonzero(folds == fold)
        parts = fit_parts(
            prepared, model_path(DEFAULT_MODEL), config, model_id=DEFAULT_MODEL, fit=np.flatnonzero(folds != fold)
        )
        network[held_out], table[held_out] = parts.logits(prepared, held_out)
    losses = np.zeros((len(data), len(data.tiers)))
    for fold in range(N_FOLDS):
        mine, others = folds == fold, folds != fold
        decision = fit_decision(network[others], table[others], targets[others])
        losses[mine] = _losses(decision.logits(network[mine], table[mine]))
    return {
        **traffic_report(data, losses),
        "transformer_alone": traffic_report(data, _losses(network)),
        "table_alone": traffic_report(data, _losses(table)),
    }


def routellm_report(read: Callable[[str], Dataset], encoder: Encoder, *, seeds: Sequence[int]) -> JsonObject:
    """APGR of the model pair: five folds, whole subjects left out, few labels."""
    config = FitConfig(name="benchmark", hyper=OUTCOMES)
    report: JsonObject = {}
    for source in ("routellm_mmlu", "routellm_gsm8k"):
        data = read(source)
        rows = columns(data, encoder)
        pair = [(data.labels.adequate[:, tier] == 1).astype(np.float64) for tier in (0, len(data.tiers) - 1)]
        own: JsonObject = {"n": len(data)}
        own["five_fold"] = _apgr(out_of_fold_losses(rows, config, n_folds=N_FOLDS, seed=0), pair)
        if source == "routellm_mmlu":
            subjects = group_folds([getattr(row, "category", None) or "" for row in data.rows], n_folds=8, seed=0)
            own["subjects_left_out"] = _apgr(losses_by_fold(rows, subjects, config), pair)
            for n_labels in (300, 1_500):
                few = [_few_labels(rows, pair, config, n_labels, seed) for seed in seeds]
                own[f"labels_{n_labels}"] = {"mean": round(float(np.mean(few)), 4), "sd": round(float(np.std(few)), 4)}
        report[source] = own
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one recipe and write its figures. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description="Cross-validate a recipe.")
    parser.add_argument("name", choices=["fast", "default"])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    root = Path(__file__).resolve().parent.parent
    try:
        report = benchmark(options.name, root, data=data_folder(os.environ, root), progress=_say)
    except TierwiseError as exc:
        sys.stderr.write(f"tierwise: {exc}\n")
        return 1
    options.out.write_bytes(encode_json_pretty(report))
    return 0


def benchmark(name: str, root: Path, *, data: Path | None, progress: Progress) -> JsonObject:
    """All figures of a recipe. root: the checkout.  data: folder of the public rows; None leaves their part out."""
    tier_map = load_tier_map(root / "data" / "tiers.json")
    traffic = build_dataset(read_rows([root / "data" / "traffic"]).rows, tier_map)
    progress(f"{name} on traffic")
    report: JsonObject = {"recipe": name, "folds": N_FOLDS}
    if name == "default":
        return {**report, "traffic": traffic_default(traffic, seed=0, progress=progress)}
    encoder = distil()
    report["traffic"] = traffic_fast(traffic, encoder, seeds=range(5))
    if data is not None:
        progress("routellm")
        folder = data / "outcomes"
        report["routellm"] = routellm_report(
            lambda source: build_dataset(read_rows([folder / f"{source}.jsonl.gz"]).rows, tier_map),
            encoder,
            seeds=range(10),
        )
        progress("out of domain, leaving sources out")
        report["out_of_domain"] = _leave_sources_out(root, data, tier_map, encoder, progress=progress)
    return report


def _leave_sources_out(
    root: Path, data: Path, tier_map: TierMap, encoder: Encoder, *, progress: Progress
) -> JsonObject:
    rows = read_rows([root / "data" / "traffic", data / "outcomes"])
    names = {row.source for row in rows.rows}
    traffic = tuple(sorted(names - {source.name for source in PUBLIC_SOURCES}))
    config = FitConfig(name="benchmark", hyper=LABELS, target_sources=traffic, foreign_sources=EXAMS)
    return out_of_domain(build_dataset(rows.rows, tier_map), encoder, config, progress=progress)


def _losses(logits: Float64Array) -> Float64Array:
    return scores_of(sigmoid(logits), domain_distance=np.zeros(len(logits))).expected_quality_loss


def _apgr(losses: Float64Array, pair: Sequence[Float64Array]) -> float:
    return round(metrics.apgr(losses[:, 0], *pair), 4)


def _few_labels(rows: CrossvalData, pair: Sequence[Float64Array], config: FitConfig, n_labels: int, seed: int) -> float:
    order = np.random.default_rng(seed).permutation(len(rows))
    test = np.sort(order[n_labels:])
    losses = held_out_losses(rows, config, fit=np.sort(order[:n_labels]), score=test)
    return _apgr(losses, [column[test] for column in pair])


def _over_seeds(reports: Sequence[JsonObject]) -> JsonObject:
    names = [name for name, value in reports[0].items() if isinstance(value, dict) and "point" in value]
    return {
        name: {
            "mean": round(float(np.mean([report[name]["point"] for report in reports])), 4),
            "sd": round(float(np.std([report[name]["point"] for report in reports])), 4),
        }
        for name in names
    }


def _say(line: str) -> None:
    sys.stderr.write(f"tierwise: {line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
