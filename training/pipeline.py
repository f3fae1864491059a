"""The stages in order: dataset, splits, embed, fit, calibrate, thresholds, evaluate, bundle.

tierwise fit data/traffic ../shared/data/outcomes --tiers data/tiers.json --out models/mine
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.brain import Brain, Scores, assemble_features, stack_signals
from router.brain.bundle.write import BundleContents
from router.brain.encoders import Encoder
from router.brain.promise import Promise
from router.errors import DataError
from router.types import FloatArray, JsonObject
from router.version import package_version
from training.calibrate import fit_calibration
from training.card import model_card
from training.config import FitConfig
from training.crossval import signal_scale
from training.dataset import Dataset, build_dataset
from training.embed import embed
from training.evaluate import evaluate
from training.familiarity import fit_domain
from training.heads import FittedHeads, HeadData, fit_heads, head_targets, is_target, row_weights
from training.progress import Progress, silent
from training.readers import Fingerprint, RowSet
from training.sources import PUBLIC_SOURCES
from training.splits import SPLIT_RULE, RowIndex, Splits, split_rows
from training.thresholds import promise_curve
from training.tier_map import TierMap

_VERSIONS_OF = ("numpy", "scikit-learn", "scipy", "tokenizers", "safetensors", "joblib")


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A dataset with what the heads are fitted on.

    embeddings: (n, 2 * dim) float32.  signals: (n, n_signals) float32, raw.  token_ids: of each row's ask.
    on_target: (n,) which are rows of target sources.
    """

    data: Dataset
    embeddings: FloatArray
    signals: FloatArray
    token_ids: Sequence[Sequence[int]]
    on_target: npt.NDArray[np.bool_]

    def ids_of(self, rows: RowIndex) -> list[Sequence[int]]:
        """The token ids of some rows' asks."""
        return [self.token_ids[row] for row in rows.tolist()]


def fit_bundle(
    row_set: RowSet,
    tier_map: TierMap,
    encoder: Encoder,
    config: FitConfig,
    *,
    cache: Path | None = None,
    progress: Progress = silent,
) -> BundleContents:
    """Fit, calibrate, choose thresholds, measure: rows to a bundle's contents. Same inputs, same bytes.

    cache: folder for embeddings; None computes them anew.
    Raises DataError when rows, tier map and settings do not fit together.
    """
    progress(f"reading and labelling {len(row_set.rows):,} rows")
    data = build_dataset(row_set.rows, tier_map)
    _check_targets(data, config)
    tier_costs(data.tiers, config)  # a missing price is said before the long work, not after it
    splits = split_rows(
        data.groups, calibrate_share=config.calibrate_share, test_share=config.test_share, seed=config.seed
    )
    progress(f"embedding with {encoder.spec.model_id} ({encoder.spec.kind}, {encoder.spec.dim} dimensions)")
    prepared = prepare(data, encoder, config, cache=cache)
    progress(f"fitting heads on {len(splits.fit):,} rows")
    brain, fitted = fit_brain(prepared, encoder, config, fit=splits.fit, calibrate=splits.calibrate)
    progress("choosing thresholds and measuring")
    promise = promise_on(brain, prepared, splits.calibrate, config)
    evaluation = evaluate(brain, promise, data.take(splits.test), score_rows(brain, prepared, splits.test), config)
    training = _training_facts(row_set, data, splits, fitted, config)
    return BundleContents(
        name=config.name,
        brain=brain,
        promise=promise,
        tier_models=_tier_models(data, tier_map),
        domain_quantile=config.domain_quantile,
        training=training,
        evaluation=evaluation,
        model_card=model_card(config, brain, promise, training, evaluation),
    )


def prepare(data: Dataset, encoder: Encoder, config: FitConfig, *, cache: Path | None) -> Prepared:
    """Embeddings and signals of every row."""
    return Prepared(
        data=data,
        embeddings=embed(data.readings, encoder, cache=cache),
        signals=stack_signals(data.readings),
        token_ids=encoder.token_ids([reading.ask for reading in data.readings]),
        on_target=np.array([is_target(str(source), config) for source in data.sources]),
    )


def fit_brain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex
) -> tuple[Brain, FittedHeads]:
    """Heads fitted on the rows `fit`, calibrated and with a domain from the target rows among `calibrate`."""
    data, dim = prepared.data, encoder.spec.dim
    scale = signal_scale(prepared.signals[fit])
    features = assemble_features(prepared.embeddings, scale.apply(prepared.signals))
    targets = head_targets(data.labels, unsolved=config.unsolved)
    heads_data = HeadData(
        features=features[fit],
        targets=targets[fit],
        weights=row_weights(data.sources[fit], config),
        groups=[data.groups[i] for i in fit.tolist()],
        auxiliary=np.where(prepared.on_target[fit], "", data.sources[fit]),
    )
    fitted = fit_heads(heads_data, n_embedding=2 * dim, config=config)
    held_out = calibrate[prepared.on_target[calibrate]]
    if held_out.size == 0:
        raise DataError("no target row is left to calibrate on; give more rows", where="rows")
    brain = Brain(
        tiers=data.tiers,
        encoder=encoder,
        signal_scale=scale,
        heads=fitted.heads,
        calibration=fit_calibration(fitted.heads, features[held_out], targets[held_out], method=config.calibration),
        domain=fit_domain(
            prepared.ids_of(fit[prepared.on_target[fit]]),
            prepared.ids_of(held_out),
            n_tokens=encoder.n_tokens,
            quantile=config.domain_quantile,
        ),
    )
    return brain, fitted


def score_rows(brain: Brain, prepared: Prepared, rows: RowIndex) -> Scores:
    """The scores of some rows as the brain computes them, from embeddings that are there already."""
    features = assemble_features(prepared.embeddings[rows], brain.signal_scale.apply(prepared.signals[rows]))
    return brain.score_features(features, prepared.ids_of(rows))


def promise_on(brain: Brain, prepared: Prepared, calibrate: RowIndex, config: FitConfig) -> Promise:
    """The threshold curve on the target rows among `calibrate`."""
    rows = calibrate[prepared.on_target[calibrate]]
    sources = np.unique(prepared.data.sources[rows])
    try:
        promise = promise_curve(
            score_rows(brain, prepared, rows),
            prepared.data.labels.take(rows),
            tier_cost_usd=tier_costs(brain.tiers, config),
            max_distance=brain.domain.max_distance,
            safe_tier=min(1, len(brain.tiers) - 1),
            target=config.max_quality_loss,
            confidence=config.confidence,
            population=f"held-out rows of {', '.join(sources)}",
        )
        promise.threshold_for()  # a target that these rows cannot support is refused here, not when it is served
    except ValueError as exc:
        raise DataError(str(exc), where="rows") from exc
    return promise


def tier_costs(tiers: Sequence[str], config: FitConfig) -> tuple[float, ...]:
    """USD a request for each tier. Raises DataError for a tier without a price."""
    for tier in tiers:
        if tier not in config.tier_cost_usd:
            raise DataError(f"the price of tier {tier!r} is not known; give --tier-cost {tier}=USD", where="tiers")
    return tuple(config.tier_cost_usd[tier] for tier in tiers)


def _check_targets(data: Dataset, config: FitConfig) -> None:
    present = set(np.unique(data.sources).tolist())
    for source in config.target_sources or ():
        if source not in present:
            raise DataError(
                f"the target source {source!r} has no rows; there are {', '.join(sorted(present))}", where="rows"
            )


def _tier_models(data: Dataset, tier_map: TierMap) -> dict[str, dict[str, tuple[str, ...]]]:
    sources = [str(source) for source in np.unique(data.sources) if source in tier_map.sources]
    return {source: dict(tier_map.sources[source].models) for source in sources}


def _training_facts(
    row_set: RowSet, data: Dataset, splits: Splits, fitted: FittedHeads, config: FitConfig
) -> JsonObject:
    licences = {source.name: source.licence for source in PUBLIC_SOURCES}
    sources, counts = np.unique(data.sources, return_counts=True)
    return {
        "config": config.to_json(),
        "files": {name: _fingerprint(value) for name, value in sorted(row_set.fingerprints.items())},
        "sources": {
            str(source): {"rows": int(n), "licence": licences.get(str(source), config.licence)}
            for source, n in zip(sources, counts, strict=True)
        },
        "rows": {"fit": len(splits.fit), "calibrate": len(splits.calibrate), "test": len(splits.test)},
        "skipped_rows": row_set.n_bad,
        "split_rule": SPLIT_RULE,
        "regularisation": {
            "c": list(fitted.c),
            "cv_log_loss": [[None if np.isnan(x) else round(x, 6) for x in row] for row in fitted.cv_log_loss],
        },
        "versions": {
            "tierwise": package_version(),
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS_OF},
        },
    }


def _fingerprint(value: Fingerprint) -> Mapping[str, str | int]:
    return {"sha256": value.sha256, "rows": value.n_rows, "bytes": value.n_bytes}
