"""Measured rows whose truth is known, for tests of measures, baselines and the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import joblib
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from router.brain.brain import scores_of, stack_signals
from training.config import FitConfig
from training.labels.dataset import Dataset, build_dataset
from training.labels.labels import labels_from_adequate
from training.labels.tier_map import DEFAULT_TIERS, TierMap
from training.measure.baselines import Features, KnownRows, fit_signals_only
from training.measure.evaluate import EvaluationInputs
from training.measure.measured import Asks, MeasuredRows
from training.measure.rivals import PartedRivals
from training.rows.readers import read_rows
from training.rows.splits import RowIndex, split_rows
from training.thresholds.simulate import route_tiers

TRAFFIC = Path(__file__).parents[2] / "data" / "traffic"
CONFIG = FitConfig(name="world", max_quality_loss=0.1)

TIERS = ("budget", "production", "frontier")
COST_USD = (0.00035, 0.012, 0.02)


def measured_rows(
    losses: np.ndarray,
    cheapest: np.ndarray,
    *,
    threshold: float = 0.3,
    chosen: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    sources: np.ndarray | None = None,
    quality: np.ndarray | None = None,
    cost_usd: np.ndarray | None = None,
    slices: Mapping[str, np.ndarray] | None = None,
    asks: Asks | None = None,
    flagged: np.ndarray | None = None,
) -> MeasuredRows:
    """Rows of given scores, (n, n_tiers - 1) probabilities of loss, and given cheapest tiers (n_tiers: unsolved)."""
    n, n_tiers = len(losses), losses.shape[1] + 1
    adequate = (np.arange(n_tiers) >= cheapest[:, None]).astype(np.int8)
    scores = scores_of(np.column_stack([losses, np.zeros(n)]), domain_distance=np.zeros(n))
    return MeasuredRows(
        tiers=TIERS[:n_tiers] if n_tiers <= 3 else tuple(f"t{k}" for k in range(n_tiers)),
        labels=labels_from_adequate(adequate),
        groups=np.array([f"g{k}" for k in range(n)]) if groups is None else groups,
        sources=np.full(n, "traffic") if sources is None else sources,
        scores=scores,
        chosen=route_tiers(scores.expected_quality_loss, threshold) if chosen is None else chosen,
        cost_usd=np.tile(COST_USD[:n_tiers], (n, 1)) if cost_usd is None else cost_usd,
        quality=adequate.astype(np.float64) if quality is None else quality,
        slices={} if slices is None else slices,
        flagged=flagged,
        asks=asks,
    )


def named(ids: Sequence[str]) -> Asks:
    """Names of rows, with turns and lengths that are alike."""
    return Asks(np.array(ids), np.full(len(ids), "user"), 10 + np.arange(len(ids)))


def world(n: int, *, seed: int, skill: float, threshold: float = 0.25, pairs: bool = False) -> MeasuredRows:
    """Rows of a hidden difficulty and a router that sees it through noise: skill 1 sees all, 0 nothing.

    About 52% budget, 23% production, 25% frontier, as in data/traffic. pairs: rows 2k and 2k+1 are one group.
    """
    rng = np.random.default_rng(seed)
    hard = rng.random(n)
    cheapest = np.digitize(hard, [0.52, 0.75])
    seen = skill * hard + (1 - skill) * rng.random(n)
    losses = np.column_stack([1 / (1 + np.exp(-12 * (seen - cut))) for cut in (0.52, 0.75)])
    groups = np.array([f"g{k // 2 if pairs else k}" for k in range(n)])
    return measured_rows(losses, cheapest, threshold=threshold, groups=groups)


def known_rows(rows: MeasuredRows, features: Features) -> KnownRows:
    """Measured rows as rows to fit a baseline on."""
    return KnownRows(features=features, labels=rows.labels, groups=rows.groups, cost_usd=rows.cost_usd)


@cache
def traffic() -> tuple[Dataset, Features]:
    """1,280 real rows of four files, with word vectors for embeddings (made from words alone, labels unseen)."""
    names = ("assistants", "multi_turn", "multilingual", "surface_traps")
    rows = read_rows([TRAFFIC / f"{name}.jsonl" for name in names]).rows
    data = build_dataset(rows, TierMap(tiers=DEFAULT_TIERS, sources={}))
    words = TfidfVectorizer(min_df=2, sublinear_tf=True).fit_transform([reading.ask for reading in data.readings])
    embeddings = TruncatedSVD(48, random_state=0).fit_transform(words)
    return data, Features(signals=stack_signals(data.readings), embeddings=embeddings.astype(np.float32))


@cache
def traffic_inputs(*, n_resamples: int = 200) -> EvaluationInputs:
    """An evaluation of a small real router: logistic heads on signals and word vectors, fitted on the fit rows."""
    data, features = traffic()
    sides = split_rows(data.groups, calibrate_share=0.2, test_share=0.35, seed=0)
    both = Features(np.hstack([features.signals, 4 * features.embeddings]), features.embeddings)
    with joblib.parallel_config("sequential"):
        score = fit_signals_only(_known(data, both, sides.fit), CONFIG)
    losses = score(both)
    threshold = 0.25
    return EvaluationInputs(
        test=measured_rows(
            losses[sides.test, :-1],
            data.labels.cheapest[sides.test],
            threshold=threshold,
            groups=data.groups[sides.test],
            sources=data.sources[sides.test],
            slices={"lang": data.facts("lang")[sides.test]},
        ),
        on_target=data.sources[sides.test] != "surface_traps",
        rivals=PartedRivals(
            fit=_known(data, features, sides.fit),
            calibrate=_known(data, features, sides.calibrate),
            calibrate_chosen=route_tiers(losses[sides.calibrate], threshold),
            test_features=features.take(sides.test),
        ),
        threshold=threshold,
        config=CONFIG,
        n_resamples=n_resamples,
    )


def _known(data: Dataset, features: Features, rows: RowIndex) -> KnownRows:
    return KnownRows(
        features=features.take(rows),
        labels=data.labels.take(rows),
        groups=data.groups[rows],
        cost_usd=np.tile(COST_USD, (len(rows), 1)),
    )
