"""What a fit is worth: the brain that ships, its promise, the measurement, and the rows that both came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.brain import Bundle
from router.brain.brain import Scores
from router.brain.encoders import Encoder
from router.brain.held_out import UNKNOWN, HeldOutRows, Mode, Slice
from router.brain.promise import Promise
from router.catalog.estimates import estimated_tokens
from router.errors import DataError
from router.types import ChatRequest, JsonObject
from training.config import FitConfig
from training.fitting.prepared import Prepared, prepared_for
from training.fitting.recipe import FittedBrain
from training.labels.dataset import Dataset
from training.measure.costs import tier_costs
from training.measure.gate import OtherTiers
from training.measure.measure import SAFE_TIER, served_rows
from training.measure.measured import MeasuredRows
from training.rows.row import OutcomeRow, TrainingRow
from training.rows.splits import RowIndex
from training.thresholds.choose import loss_of_labels, promise_curve

SLICES = ("source", "lang", "task")
"""Facts of the held-out rows that a bundle keeps."""

THRESHOLD_SEEN = (
    "The threshold was chosen on these same rows, so what it loses on them is at or near the target by construction: "
    "the promise's upper bound allows for that, this measurement does not."
)
FIRST_FOLD = "What needs a classifier, robustness and tasks, is measured with the first fold's on its held-out rows."
CROSS_FIT = (
    "Each row was scored by heads that were fitted without its fold and calibrated without it; the heads that ship saw "
    "all rows. There is no finite-sample theorem for the refitted heads."
)
PARTED = (
    "The rows that chose the threshold were seen by no head that ships, so the promise is a finite-sample theorem "
    "(Learn then Test)."
)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The result of a fit.

    shipped: what goes into the bundle.  promise: of it.  measured: evaluation.json's measured part.
    saw: positions of the rows that anything which ships was fitted or chosen on.
    rows: the held-out target rows behind the promise.  sides: how many rows were on which side, for the manifest.
    facts: how rows were held out, for manifest and evaluation: `mode`, `fits` (how many times the parts were fitted),
        with folds `folds` and `folds_by`, and `words`.
    """

    shipped: FittedBrain
    promise: Promise
    measured: JsonObject
    saw: RowIndex
    rows: HeldOutRows
    sides: JsonObject
    facts: JsonObject


def promise_on(rows: MeasuredRows, config: FitConfig, *, max_distance: float) -> Promise:
    """The threshold curve on held-out target rows. Raises DataError when they do not support the goal.

    max_distance: beyond it a row is out of domain.
    Where rows have costs of their own, the cost figures are of those; no request is taken to cost more than the
    costliest of them.
    """
    metered = rows.own_costs is not None and rows.own_costs.any()
    try:
        return promise_curve(
            rows.scores,
            loss_of_labels(rows.labels),
            tiers=rows.tiers,
            cost_usd=rows.cost_usd if metered else tier_costs(rows.tiers, config),
            groups=rows.groups,
            max_distance=max_distance,
            safe_tier=min(SAFE_TIER, len(rows.tiers) - 1),
            goal=config.goal,
            confidence=config.confidence,
            population=f"held-out rows of {', '.join(np.unique(rows.sources))}",
            slices={name: rows.slices[name] for name in config.promise_slices},
        )
    except ValueError as exc:
        raise DataError(str(exc), where="rows") from exc


def in_use_on(bundle: Bundle, prepared: Prepared, encoder: Encoder, config: FitConfig) -> MeasuredRows | OtherTiers:
    """Rows as the bundle in use serves them, or its tiers where they are other ones.

    encoder: the one that the rows have the embeddings of; nothing is encoded again where it is the bundle's.
    """
    if bundle.manifest.tiers != prepared.data.tiers:
        return OtherTiers(bundle.manifest.tiers)
    same = bundle.brain.encoder.spec.sha256 == encoder.spec.sha256 and prepared.buckets is not None
    same = same and prepared.embeddings.shape[1] == encoder.n_features  # those of one fold's network are not kept
    return served_rows(bundle, prepared if same else prepared_for(bundle.brain, prepared.data, config), config)


def seen_in_use(bundle: Bundle | None, data: Dataset) -> npt.NDArray[np.bool_] | None:
    """Which rows the bundle in use was fitted on; None without a bundle, or where it does not say."""
    if bundle is None or bundle.trained_on is None:
        return None
    return bundle.trained_on.seen(data.identifying_texts())


def held_out_rows(data: Dataset, scores: Scores, *, mode: Mode) -> HeldOutRows:
    """Held-out target rows as a bundle keeps them: no text.

    Input tokens are those recorded, on average over models, else the service's own estimate; output tokens those
    recorded, else unknown.
    """
    loss = loss_of_labels(data.labels)
    return HeldOutRows(
        expected_quality_loss=scores.expected_quality_loss.astype(np.float32),
        p_unsolved=scores.p_unsolved.astype(np.float32),
        domain_distance=scores.domain_distance.astype(np.float32),
        lost=np.where(np.isnan(loss), UNKNOWN, loss).astype(np.int8),
        group=np.unique(data.groups, return_inverse=True)[1].astype(np.int32),
        input_tokens=np.array([_input_tokens(row) for row in data.rows], dtype=np.float32),
        output_tokens=np.array([_mean(_of(row, "output_tokens")) for row in data.rows], dtype=np.float32),
        slices={name: _slice(data.sources if name == "source" else data.facts(name)) for name in SLICES},
        mode=mode,
    )


def _input_tokens(row: TrainingRow) -> float:
    recorded = _of(row, "input_tokens")
    return _mean(recorded) if recorded else float(estimated_tokens(ChatRequest(messages=row.messages))[0])


def _of(row: TrainingRow, name: str) -> Sequence[int]:
    return list(getattr(row, name).values()) if isinstance(row, OutcomeRow) else ()


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else float("nan")


def _slice(values: npt.NDArray[np.str_]) -> Slice:
    names = np.unique(values[values != ""])
    index = np.where(values == "", UNKNOWN, np.searchsorted(names, values))
    return index.astype(np.int16), tuple(names.tolist())
