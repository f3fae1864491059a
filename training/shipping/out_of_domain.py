"""Does the brain know what it does not know? Each source in turn is left out of the fit, then scored as if it were new.

    out_of_domain(data, encoder, config)            # into evaluation.json; about a minute on one core

Sources that ask the same questions, or the same kind of them, leave together. A left-out source is scored by a brain
that the normal pipeline fitted on the rest: what share of its rows is flagged, how well the heads rank them, and what
routing them loses and saves with and without sending flagged rows to the safe tier.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.brain.brain import Brain, Scores
from router.brain.calibration import Float64Array
from router.brain.encoders import Encoder
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.familiarity import fit_domain
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared, prepare
from training.fitting.recipe import fit_brain
from training.labels.dataset import Dataset
from training.labels.labels import UNKNOWN, Labels
from training.measure.metrics import auc
from training.progress import Progress, silent
from training.rows.splits import RowIndex, group_fractions, split_rows
from training.shipping.sources import PUBLIC_SOURCES
from training.thresholds.simulate import TierIndex, route_tiers

__all__ = ["FAMILIES", "TRAFFIC", "left_out", "out_of_domain", "take_at_most"]

TRAFFIC = "traffic"
"""The family of all sources that are not public."""

FAMILIES: Mapping[str, str] = {
    "routellm_mmlu": "mmlu",
    "mmlu_pro": "mmlu",
    "routellm_gsm8k": "gsm8k",
    "zeroeval_gsm": "gsm8k",
    "alpaca_eval1": "alpaca_eval",
    "alpaca_eval2": "alpaca_eval",
    "alpaca_eval2cot": "alpaca_eval",
}
"""Public sources that leave together; any other is a family of its own."""

ROWS_PER_SOURCE = 600
_OTHER_SEED = 1_000_003


def out_of_domain(
    data: Dataset,
    encoder: Encoder,
    config: FitConfig,
    *,
    rows_per_source: int = ROWS_PER_SOURCE,
    progress: Progress = silent,
) -> JsonObject:
    """The measurement on all sources of `data`; at most `rows_per_source` rows of each public one, drawn by group.

    Only sources that may ship are fitted on; the others are only scored. config: of each fit; the first C of its grid.
    """
    kept = data.take(take_at_most(data, rows_per_source, seed=config.seed))
    families = np.array([_family(str(source)) for source in kept.sources])
    pipeline = _Pipeline.of(kept, encoder, config)
    report: JsonObject = {"rows_per_source": rows_per_source, "domain_quantile": config.domain_quantile, "sources": {}}
    for unit in left_out(families):
        progress(f"leaving out {unit.name}")
        report["sources"].update(_measure_unit(pipeline, unit, families))
    return report


def take_at_most(data: Dataset, n: int, *, seed: int) -> RowIndex:
    """Positions, ascending, of all traffic rows and of at most n rows of each public source, by a hash of groups."""
    # Another hash than the splits': with theirs, the rows taken would all lie on one side.
    fractions = group_fractions(data.groups, seed=seed + _OTHER_SEED)
    kept = []
    for source in np.unique(data.sources):
        rows = np.flatnonzero(data.sources == source)
        if _family(str(source)) != TRAFFIC:
            rows = rows[np.argsort(fractions[rows], kind="stable")][:n]
        kept.append(rows)
    return np.sort(np.concatenate(kept))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One fit: its name, the families that it never sees, and those that are met afterwards."""

    name: str
    unseen: tuple[str, ...]
    met: tuple[str, ...]


def left_out(families: npt.NDArray[np.str_]) -> Iterator[LeftOut]:
    """Each family that may ship by itself; those that may not are never fitted on, so one fit meets them all."""
    present = [str(name) for name in np.unique(families)]
    never = tuple(name for name in present if name not in _SHIPPING)
    for name in present:
        if name in _SHIPPING:
            yield LeftOut(name, unseen=(name, *never), met=(name,))
    if never:
        yield LeftOut("what may not ship", unseen=never, met=never)


def _family(source: str) -> str:
    return FAMILIES.get(source, source) if source in _PUBLIC else TRAFFIC


_PUBLIC = {source.name for source in PUBLIC_SOURCES}
_SHIPPING = {TRAFFIC} | {FAMILIES.get(source.name, source.name) for source in PUBLIC_SOURCES if source.may_ship}


# --- The one place that knows the pipeline ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Pipeline:
    """The normal pipeline over rows that are embedded once."""

    prepared: Prepared
    encoder: Encoder
    config: FitConfig

    @classmethod
    def of(cls, data: Dataset, encoder: Encoder, config: FitConfig) -> _Pipeline:
        hyper = config.hyper or LABELS
        one_c = replace(config, hyper=replace(hyper, c_grid=hyper.c_grid[:1]))  # no cross-validation: eight fits
        return cls(prepare(data, encoder, one_c, cache=None), encoder, one_c)

    @property
    def data(self) -> Dataset:
        return self.prepared.data

    def fit(self, fit: RowIndex, calibrate: RowIndex, targets: Sequence[str]) -> Brain:
        """A brain for the traffic of the sources `targets`."""
        config = replace(self.config, target_sources=tuple(targets))
        on_target = np.isin(self.data.sources, list(targets))
        prepared = replace(self.prepared, on_target=on_target)
        return fit_brain(prepared, self.encoder, config, fit=fit, calibrate=calibrate).brain

    def score(self, brain: Brain, rows: RowIndex) -> Scores:
        """What the brain says of some rows."""
        return self.prepared.take(rows).scores(brain)

    def flagged_by_all(self, fit: RowIndex, calibrate: RowIndex, rows: RowIndex) -> float:
        """The share of `rows` beyond a domain of all rows fitted on, not of the target rows alone."""
        ids = self.prepared.token_ids
        domain = fit_domain(
            ids.take(fit).lists(),
            ids.take(calibrate).lists(),
            n_tokens=self.encoder.n_tokens,
            quantile=self.config.domain_quantile,
        )
        return float((domain.distances(ids.take(rows).lists()) > domain.max_distance).mean())


# --- One fit, and what it meets --------------------------------------------------------------------------------------


def _measure_unit(pipeline: _Pipeline, unit: LeftOut, families: npt.NDArray[np.str_]) -> JsonObject:
    data, config = pipeline.data, pipeline.config
    known = np.flatnonzero(~np.isin(families, unit.unseen))
    known = known[~np.isin(data.groups[known], data.groups[np.isin(families, unit.unseen)])]
    splits = split_rows(
        data.groups[known],
        calibrate_share=config.calibrate_share,
        test_share=config.test_share,
        seed=config.seed,
    )
    fit, calibrate, test = known[splits.fit], known[splits.calibrate], known[splits.test]
    # Without its traffic the brain is one for all the sources that are left.
    home = known if TRAFFIC in unit.unseen else known[families[known] == TRAFFIC]
    targets = np.unique(data.sources[home]).tolist()
    brain = pipeline.fit(fit, calibrate, targets)
    at_home = np.isin(data.sources, targets)
    threshold = _threshold(pipeline, brain, calibrate[at_home[calibrate]])
    own = test[at_home[test]]
    report: JsonObject = {}
    for name, rows in _met(data, families, unit):
        report[name] = {
            "fitted_without": list(unit.unseen),
            **_meet(pipeline, brain, rows, threshold=threshold),
            "flagged_by_all": _round(pipeline.flagged_by_all(fit, calibrate, rows)),
            "held_out_flagged": _round(_flagged(brain, pipeline.score(brain, own))),
        }
    return report


def _met(data: Dataset, families: npt.NDArray[np.str_], unit: LeftOut) -> Iterator[tuple[str, RowIndex]]:
    for family in unit.met:
        if family == TRAFFIC:
            yield TRAFFIC, np.flatnonzero(families == TRAFFIC)
            continue
        for source in np.unique(data.sources[families == family]):
            yield str(source), np.flatnonzero(data.sources == source)


def _meet(pipeline: _Pipeline, brain: Brain, rows: RowIndex, *, threshold: float) -> JsonObject:
    """Rows of a source that the brain has never seen, routed without and with the safe tier."""
    scores, labels = pipeline.score(brain, rows), pipeline.data.labels.take(rows)
    losses = scores.expected_quality_loss
    known = labels.loss[:, 0] != UNKNOWN
    flagged = scores.domain_distance > brain.domain.max_distance
    chosen = route_tiers(losses, threshold)
    safe_tier = min(1, len(brain.tiers) - 1)
    cost = np.array([pipeline.config.tier_cost_usd[tier] for tier in brain.tiers])
    return {
        "n": len(rows),
        "flagged": _round(float(flagged.mean())),
        f"auc_loss_{brain.tiers[0]}": _round(auc(losses[known, 0], labels.loss[known, 0] == 1)),
        "routed": _outcome(chosen, labels, cost),
        "flagged_to_safe_tier": _outcome(np.where(flagged, safe_tier, chosen), labels, cost),
        "flagged_to_safe_tier_at_least": _outcome(
            np.where(flagged, np.maximum(chosen, safe_tier), chosen), labels, cost
        ),
        "flagged_to_strongest": _outcome(np.where(flagged, len(brain.tiers) - 1, chosen), labels, cost),
    }


def _outcome(tiers: TierIndex, labels: Labels, cost: Float64Array) -> JsonObject:
    """Mean loss and saving. A tier that the row knows nothing of answers as the next stronger one that it knows."""
    loss = np.concatenate([labels.loss, np.zeros((len(tiers), 1), dtype=np.int8)], axis=1)
    usable = (loss != UNKNOWN) & (np.arange(loss.shape[1]) >= tiers[:, None])
    answering = usable.argmax(axis=1)
    return {
        "quality_loss": _round(float(loss[np.arange(len(tiers)), answering].mean())),
        "saved": _round(float(1.0 - cost[answering].mean() / cost[-1])),
    }


def _threshold(pipeline: _Pipeline, brain: Brain, rows: RowIndex) -> float:
    """The largest of 200 thresholds that loses at most the target on held-out rows of the target sources."""
    losses, labels = pipeline.score(brain, rows).expected_quality_loss, pipeline.data.labels.take(rows)
    cost = np.ones(len(brain.tiers))
    best = 0.0
    for threshold in np.unique(np.quantile(losses[:, :-1], np.linspace(0.0, 1.0, 200))).tolist():
        if _outcome(route_tiers(losses, threshold), labels, cost)["quality_loss"] > pipeline.config.max_quality_loss:
            break
        best = threshold
    return best


def _flagged(brain: Brain, scores: Scores) -> float:
    return float((scores.domain_distance > brain.domain.max_distance).mean()) if len(scores.p_unsolved) else math.nan


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
