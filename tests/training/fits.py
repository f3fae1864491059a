"""What several tests fit on: real traffic rows, the shipped encoder, one small fit for the whole session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import joblib

from router.brain.bundle.write import BundleContents
from router.brain.encoders import StaticEncoder
from training.config import FitConfig
from training.fitting.distil import load_encoder
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared, prepare
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import DEFAULT_TIERS, TierMap
from training.pipeline import fit_bundle
from training.rows.readers import RowSet, read_rows
from training.rows.splits import Splits, split_rows

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
TRAFFIC = ROOT / "data" / "traffic"
TRAFFIC_FILES = tuple(TRAFFIC / f"{name}.jsonl" for name in ("coding", "multi_turn", "multilingual"))
"""960 labelled rows: code, conversations with pairs, several scripts."""

LABELS_ONLY = TierMap(tiers=DEFAULT_TIERS, sources={})
CONFIG = FitConfig(name="small", hyper=replace(LABELS, copies=1), max_quality_loss=0.1, promise="parted")
"""A fit of a few seconds: once, with parted sides."""

QUICK = replace(CONFIG, hyper=replace(LABELS, c_grid=(1.0,), copies=0))
"""The same without cross-validation and copies: a fit of a second."""


@cache
def shipped_encoder() -> StaticEncoder:
    """The token table that comes with the package; of the bundle around it nothing is read."""
    return load_encoder(ROOT / "models" / "fast")


@cache
def traffic_rows() -> RowSet:
    """The rows of TRAFFIC_FILES."""
    return read_rows(TRAFFIC_FILES)


@cache
def traffic_data() -> Dataset:
    """The dataset of TRAFFIC_FILES."""
    return build_dataset(traffic_rows().rows, LABELS_ONLY)


@cache
def traffic_prepared() -> Prepared:
    """The same with embeddings, signals and n-grams."""
    return prepare(traffic_data(), shipped_encoder(), CONFIG, cache=None)


def sides(groups: Sequence[str], config: FitConfig = CONFIG) -> Splits:
    """The three sides as a fit splits them."""
    return split_rows(groups, calibrate_share=config.calibrate_share, test_share=config.test_share, seed=config.seed)


@cache
def fitted(calibration: str = "sigmoid") -> BundleContents:
    """The fit on TRAFFIC_FILES, one job at a time in this process: a warning of scikit-learn is an error then."""
    config = replace(CONFIG, calibration=calibration)
    with joblib.parallel_config("sequential"):
        return fit_bundle(traffic_rows(), LABELS_ONLY, shipped_encoder(), config)
