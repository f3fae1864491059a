"""The reference figures of the data, with our own code: the recipe of the shipped bundle `fast`, cross-validated.

One recipe throughout: token table, ask and window, n-grams, signals; logistic heads; the shipped settings for labels on
the traffic and for outcomes on outcomes, C fixed, nothing tuned per task.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from router.brain.brain import stack_signals
from router.brain.bundle.shipped import shipped_bundle
from router.reading.signals import SIGNAL_NAMES
from tests.bench.data import TIERS, TRAFFIC, outcomes
from training.config import DEFAULT_TIER_COST_USD, FitConfig
from training.fitting.crossval import CrossvalData, held_out_losses, losses_by_fold, out_of_fold_losses
from training.fitting.design import RowBuckets
from training.fitting.distil import load_encoder
from training.fitting.embed import embed
from training.fitting.hyper import LABELS, OUTCOMES
from training.labels.dataset import Dataset, build_dataset
from training.labels.labels import Labels, labels_from_adequate
from training.labels.tier_map import load_tier_map
from training.measure import metrics
from training.rows.readers import read_rows
from training.rows.splits import group_folds

ON_LABELS = FitConfig(name="reference", hyper=replace(LABELS, c_grid=LABELS.c_grid[:1]))
ON_OUTCOMES = FitConfig(name="reference", hyper=OUTCOMES)
FOLDS = 5
COSTS = tuple(DEFAULT_TIER_COST_USD.values())


def main() -> None:
    traffic()
    within_source()
    routellm()


def load(*paths: Path) -> tuple[Dataset, CrossvalData]:
    data = build_dataset(read_rows(paths).rows, load_tier_map(TIERS))
    encoder = load_encoder(shipped_bundle("fast"))
    return data, CrossvalData(
        embeddings=embed(data.readings, encoder, cache=None),
        signals=stack_signals(data.readings),
        buckets=RowBuckets.of(data.readings, encoder),
        labels=data.labels,
        groups=data.groups,
    )


def traffic() -> None:
    _, full = load(TRAFFIC)
    nothing = np.zeros((len(full), 0), dtype=np.float32)
    length = [SIGNAL_NAMES.index("ask_words_log"), SIGNAL_NAMES.index("ask_words_log_squared")]
    arms = {
        "length only": replace(full, embeddings=nothing, signals=full.signals[:, length], buckets=None),
        "signals only": replace(full, embeddings=nothing, buckets=None),
        "token table and signals": replace(full, buckets=None),
        "and n-grams": full,
    }
    print("traffic, 5-fold by group, mean of 3 seeds: saved at 2% / 5% / 10% under-routing; AUC not-budget, frontier")
    for name, data in arms.items():
        rows = [traffic_row(data, seed) for seed in range(3)]
        mean = np.mean(rows, axis=0)
        saved = " / ".join(f"{value:.3f}" for value in mean[:3])
        print(f"  {name:<26} {saved}   {mean[3]:.3f}, {mean[4]:.3f}   n={len(data):,}")


def traffic_row(data: CrossvalData, seed: int) -> list[float]:
    loss = out_of_fold_losses(data, ON_LABELS, n_folds=FOLDS, seed=seed)
    cheapest = data.labels.cheapest
    saved = [
        metrics.saved_at_under_routing(loss, cheapest, tier_cost_usd=COSTS, limit=limit) for limit in (0.02, 0.05, 0.10)
    ]
    return [*saved, metrics.auc(loss[:, 0], cheapest > 0), metrics.auc(loss[:, 1], cheapest > 1)]


def within_source() -> None:
    print("budget not adequate, within source, 5-fold: AUC")
    for source in ("mmlu_pro", "zeroeval_math_l5", "llmrouter_ulab", "bfcl"):
        _, data = load(outcomes(source))
        inadequate = data.labels.adequate[:, 0]
        known = np.flatnonzero(inadequate >= 0)
        plain = replace(data.take(known), labels=adequacy_only(inadequate[known]))
        loss = out_of_fold_losses(plain, ON_OUTCOMES, n_folds=FOLDS, seed=0)
        print(f"  {source:<26} {metrics.auc(loss[:, 0], inadequate[known] == 0):.3f}   n={len(known):,}")


def adequacy_only(adequate: np.ndarray) -> Labels:
    """Labels whose loss head is plain "budget is not adequate", whatever stronger tiers did."""
    pair = np.stack([adequate, np.ones_like(adequate)], axis=1)
    return labels_from_adequate(pair)


def routellm() -> None:
    print("routellm pair: APGR (random 0.5)")
    for source in ("routellm_mmlu", "routellm_gsm8k"):
        data, columns = load(outcomes(source))
        weak, strong = columns.labels.adequate[:, 0] == 1, columns.labels.adequate[:, 2] == 1
        five = out_of_fold_losses(columns, ON_OUTCOMES, n_folds=FOLDS, seed=0)
        print(f"  {source}, 5-fold: {apgr(five, weak, strong):.3f}   n={len(columns):,}")
        if source == "routellm_mmlu":
            subjects = [row.category or "" for row in data.rows]
            eight = losses_by_fold(columns, group_folds(subjects, n_folds=8, seed=0), ON_OUTCOMES)
            print(f"  {source}, whole subjects left out, 8-fold: {apgr(eight, weak, strong):.3f}")
            for n_labels in (300, 1_500, 5_000):
                few = [few_labels(columns, weak, strong, n_labels, seed) for seed in range(6)]
                print(f"  {source}, {n_labels:,} random labels, 6 seeds: {np.mean(few):.3f} +- {np.std(few):.3f}")


def few_labels(data: CrossvalData, weak: np.ndarray, strong: np.ndarray, n_labels: int, seed: int) -> float:
    order = np.random.default_rng(seed).permutation(len(data))
    test = np.sort(order[n_labels:])
    loss = held_out_losses(data, ON_OUTCOMES, fit=np.sort(order[:n_labels]), score=test)
    return apgr(loss, weak[test], strong[test])


def apgr(loss: np.ndarray, weak: np.ndarray, strong: np.ndarray) -> float:
    return metrics.apgr(loss[:, 0], weak.astype(float), strong.astype(float))
