"""How a brain is fitted, in parts that a promise can be made from: parts -> sets of logits -> decision -> brain.

A recipe fits parts on some rows, says with what logits they answer other rows, and joins them with a decision that was
fitted on logits of rows that no part saw. So the same recipe is used once (parted sides) or fold by fold (cross-fit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from router.brain.brain import Brain, LinearHeads, SignalScale
from router.brain.calibration import Calibration, Float64Array
from router.brain.domain import Domain
from router.brain.encoders import Encoder, known_ids
from router.brain.ngrams import NgramTable
from router.errors import DataError
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.calibrate import fit_calibration
from training.fitting.courtesies import COURTESIES
from training.fitting.crossval import signal_scale
from training.fitting.dressed_rows import dressed_copies
from training.fitting.familiarity import fit_domain
from training.fitting.fit import (
    Pretrained,
    TransformerParts,
    fit_parts,
    identity_calibration,
    regularisation_of,
    table_heads,
)
from training.fitting.heads import FittedHeads, head_targets
from training.fitting.noise import noise
from training.fitting.prepared import Prepared
from training.fitting.stack import Decision, fit_decision, fold
from training.labels.labels import Ternary
from training.progress import Progress, silent
from training.rows.splits import RowIndex

Sets = Sequence[Float64Array]
"""Logits of the same n rows from each part: (n, n_heads) each."""


class Parts(Protocol):
    """What was fitted on some rows, before any row that it has not seen calibrates it."""

    @property
    def encoder(self) -> Encoder:
        """The encoder whose embeddings the parts read."""

    @property
    def regularisation(self) -> JsonObject:
        """How the regularisation was chosen, for the manifest."""

    def encoded(self, prepared: Prepared, rows: RowIndex) -> Prepared:
        """All rows, with the encoder's embeddings of `rows` at least; what others have may be nan."""

    def logits(self, encoded: Prepared) -> Sets:
        """One set of logits for each part, of rows that have the encoder's embeddings, as the service computes them."""


class Decides(Protocol):
    """What turns the sets of logits into probabilities."""

    def probabilities(self, sets: Sets) -> Float64Array:
        """P(loss of each tier except the strongest, then P(no tier is adequate)): (n, n_heads) in [0, 1]."""


class Recipe(Protocol):
    """How a brain is fitted.

    calibration_share: share of the calibration groups that fits the decision where sides are parted, while the rest
        chooses the threshold; None where `calibration_sides` decides by the method.
    """

    @property
    def calibration_share(self) -> float | None:
        """See above."""

    def parts(self, prepared: Prepared, rows: RowIndex) -> Parts:
        """Fit the parts on these rows and no others."""

    def decide(self, sets: Sets, targets: Ternary) -> Decides:
        """A decision fitted on the logits of rows that no part saw; targets: (n, n_heads)."""

    def join(self, parts: Any, decision: Any, domain: Domain, tiers: tuple[str, ...]) -> Brain:
        """The brain of parts and a decision of this recipe."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedBrain:
    """A calibrated brain, with how its regularisation was chosen.

    prepared: the rows with the embeddings of its encoder: nan for auxiliary rows that a fine-tuning only fitted on.
    """

    brain: Brain
    regularisation: JsonObject
    prepared: Prepared


# --- Around a fixed encoder ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class HeadParts:
    """Heads on a fixed encoder: one set of logits."""

    encoder: Encoder
    signal_scale: SignalScale
    heads: FittedHeads

    @property
    def regularisation(self) -> JsonObject:
        """How the heads' regularisation was chosen."""
        return regularisation_of(self.heads)

    def encoded(self, prepared: Prepared, rows: RowIndex) -> Prepared:
        """The rows as they are: a fixed encoder has encoded all of them."""
        return prepared

    def logits(self, encoded: Prepared) -> Sets:
        """The heads' logits."""
        return (self.heads.logits(encoded.features(self.signal_scale), encoded.buckets),)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """The decision over one set of logits: each head calibrated."""

    calibration: Calibration

    def probabilities(self, sets: Sets) -> Float64Array:
        """The calibrated probabilities of the one set: (n, n_heads)."""
        (logits,) = sets
        return self.calibration.apply(logits)


@dataclass(frozen=True, slots=True, eq=False)
class HeadRecipe:
    """Heads on a fixed encoder, calibrated head by head."""

    encoder: Encoder
    config: FitConfig
    calibration_share: float | None = None

    def parts(self, prepared: Prepared, rows: RowIndex) -> HeadParts:
        """The heads, fitted on these rows."""
        scale = signal_scale(prepared.signals[rows])
        targets = head_targets(prepared.data.labels, unsolved=self.config.unsolved)
        known = prepared.take(rows)
        copies = dressed_copies(known, self.encoder, self.config)
        return HeadParts(self.encoder, scale, table_heads(known, scale, targets[rows], self.config, copies=copies))

    def decide(self, sets: Sets, targets: Ternary) -> Calibrated:
        """A calibration for each head."""
        (logits,) = sets
        return Calibrated(fit_calibration(logits, targets, method=self.config.calibration))

    def join(self, parts: HeadParts, decision: Calibrated, domain: Domain, tiers: tuple[str, ...]) -> Brain:
        """The brain of the heads as they are and their calibration."""
        return _brain(parts, tiers, parts.heads.heads, parts.heads.ngrams, decision.calibration, domain)


# --- Around a transformer --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class TransformerRecipe:
    """A fine-tuned transformer and an n-gram table, joined by one logistic decision.

    model: what is fine-tuned.
    calibration_share: the decision has many parameters, so that parted sides fit it on rows of its own.
    """

    model: Pretrained
    config: FitConfig
    calibration_share: float | None = None
    progress: Progress = silent

    def parts(self, prepared: Prepared, rows: RowIndex) -> TransformerParts:
        """The transformer fine-tuned on the target rows among these, and the table fitted on all of them."""
        fitted = fit_parts(prepared, self.model, self.config, fit=rows, progress=self.progress)
        if fitted.table.ngrams is None:
            raise DataError("a transformer brain needs n-grams", where="config.ngrams")
        return fitted

    def decide(self, sets: Sets, targets: Ternary) -> Decision:
        """The logistic decision over network and table; it calibrates too."""
        return fit_decision(sets, targets)

    def join(self, parts: TransformerParts, decision: Decision, domain: Domain, tiers: tuple[str, ...]) -> Brain:
        """The brain with the decision folded into ordinary heads and n-grams."""
        assert parts.table.ngrams is not None, "refused when the parts were fitted"
        dim = parts.encoder.spec.dim
        heads, ngrams = fold(decision, parts.network, parts.table.heads, parts.table.ngrams, dim=dim)
        return _brain(parts, tiers, heads, ngrams, identity_calibration(len(decision.bias)), domain)


# --- Used once, with sides that are parted ---------------------------------------------------------------------------


def fit_once(
    recipe: Recipe, prepared: Prepared, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex
) -> FittedBrain:
    """A brain with parts fitted on `fit`, and the decision on the target rows among `calibrate`.

    Raises DataError when no target row is left to calibrate on.
    """
    held_out = calibrate[prepared.on_target[calibrate]]
    if held_out.size == 0:
        raise DataError("no target row is left to calibrate on; give more rows", where="rows")
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    parts = recipe.parts(prepared, fit)
    on_target = np.flatnonzero(prepared.on_target)
    encoded = parts.encoded(prepared, np.union1d(on_target, np.setdiff1d(np.arange(len(prepared)), fit)))
    decision = recipe.decide(parts.logits(encoded.take(held_out)), targets[held_out])
    domain = domain_of(prepared, parts.encoder, config, fit=fit, held_out=held_out)
    brain = recipe.join(parts, decision, domain, prepared.data.tiers)
    return FittedBrain(brain=brain, regularisation=parts.regularisation, prepared=encoded)


def fit_brain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex
) -> FittedBrain:
    """`fit_once` around a fixed encoder."""
    return fit_once(HeadRecipe(encoder, config), prepared, config, fit=fit, calibrate=calibrate)


def domain_of(prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, held_out: RowIndex) -> Domain:
    """The domain of the target rows among `fit`, reaching as far as the held-out rows do.

    Where sources teach what is foreign, noise made of the rows' own letters does too.
    """
    ids, sources = prepared.token_ids, prepared.data.sources
    foreign = fit[np.isin(sources[fit], config.foreign_sources)]
    known = fit[prepared.on_target[fit]]
    asks = [prepared.data.readings[row].ask for row in known.tolist()] if foreign.size else []
    noises = [found for found in known_ids(encoder, noise(asks)) if found]
    return fit_domain(
        ids.take(known).lists(),
        ids.take(held_out).lists(),
        n_tokens=encoder.n_tokens,
        quantile=config.domain_quantile,
        fitted_progress=prepared.progress_of(known),
        held_out_progress=prepared.progress_of(held_out),
        foreign=[*ids.take(foreign).lists(), *noises],
        foreign_kinds=[*sources[foreign].tolist(), *["noise"] * len(noises)],
        courtesies=known_ids(encoder, COURTESIES),
        pieces=[encoder.token_text(token) for token in range(encoder.n_tokens)],
    )


def _brain(
    parts: HeadParts | TransformerParts,
    tiers: tuple[str, ...],
    heads: LinearHeads,
    ngrams: NgramTable | None,
    calibration: Calibration,
    domain: Domain,
) -> Brain:
    return Brain(
        tiers=tiers,
        encoder=parts.encoder,
        signal_scale=parts.signal_scale,
        heads=heads,
        calibration=calibration,
        domain=domain,
        ngrams=ngrams,
    )
