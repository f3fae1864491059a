"""Fit a brain on some rows and calibrate it on others: around a fixed encoder, or around a transformer to fine-tune."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from router.brain.brain import Brain, LinearHeads, SignalScale, stack_signals
from router.brain.bundle.load import onnx_encoder_sha256
from router.brain.calibration import Float64Array, SigmoidCalibration
from router.brain.domain import Domain
from router.brain.encoders import Encoder, EncoderSpec, OnnxEncoder, TokenIds, known_ids
from router.brain.encoders.onnx import ASK_PIECES, WINDOW_PIECES, pair_sequence, prepare_text
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.brain.ngrams import reading_buckets
from router.errors import DataError
from router.types import FloatArray, JsonObject
from training.config import FitConfig, HeadHyper
from training.fitting.calibrate import fit_calibration
from training.fitting.crossval import signal_scale
from training.fitting.design import RowBuckets
from training.fitting.familiarity import COURTESIES, fit_domain
from training.fitting.heads import (
    FittedHeads,
    HeadData,
    fit_heads,
    head_targets,
    is_target,
    linear_logits,
    reversals,
    row_weights,
)
from training.fitting.hyper import LABELS, OUTCOMES
from training.fitting.prepared import Prepared
from training.fitting.stack import fit_decision, fold
from training.labels.dataset import Dataset
from training.labels.labels import Ternary
from training.progress import Progress, silent
from training.rows.row import OutcomeRow
from training.rows.splits import RowIndex
from training.rows.table import Ragged


@dataclass(frozen=True, slots=True, eq=False)
class FittedBrain:
    """A calibrated brain, with how its regularisation was chosen.

    prepared: the rows with the embeddings of its encoder: nan for auxiliary rows that a fine-tuning only fitted on.
    """

    brain: Brain
    regularisation: JsonObject
    prepared: Prepared


def fit_brain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex
) -> FittedBrain:
    """Heads on a fixed encoder, fitted on the rows `fit`, calibrated on the target rows among `calibrate`.

    Raises DataError when no target row is left to calibrate on.
    """
    held_out = _held_out(prepared, calibrate)
    scale = signal_scale(prepared.signals[fit])
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    fitted = _fit_heads(prepared.take(fit), scale, targets[fit], config)
    asked = prepared.take(held_out)
    logits = fitted.logits(asked.features(scale), asked.buckets)
    brain = Brain(
        tiers=prepared.data.tiers,
        encoder=encoder,
        signal_scale=scale,
        heads=fitted.heads,
        calibration=fit_calibration(logits, targets[held_out], method=config.calibration),
        domain=_fit_domain(prepared, encoder, config, fit=fit, held_out=held_out),
        ngrams=fitted.ngrams,
    )
    return FittedBrain(brain=brain, regularisation=_regularisation(fitted), prepared=prepared)


@dataclass(frozen=True, slots=True, eq=False)
class TransformerParts:
    """What a transformer brain is joined from: two sets of heads, fitted apart.

    network: heads on [the encoder's unit vector, signals].  table: heads on signals and n-grams.
    """

    encoder: OnnxEncoder
    signal_scale: SignalScale
    network: LinearHeads
    table: FittedHeads

    def logits(self, prepared: Prepared, rows: RowIndex) -> tuple[Float64Array, Float64Array]:
        """The logits of network and table on some rows, as the service computes them: (n, n_heads) each."""
        asked = prepared.take(rows)
        vectors = self.encoder.encode_readings(asked.data.readings)
        return self.joint_logits(replace(asked, embeddings=vectors))

    def joint_logits(self, encoded: Prepared) -> tuple[Float64Array, Float64Array]:
        """The same of rows that have the encoder's embeddings."""
        features = encoded.features(self.signal_scale)
        signals = features[:, self.encoder.n_features :]
        return linear_logits(self.network, None, features, None), self.table.logits(signals, encoded.buckets)


def fit_transformer_brain(
    prepared: Prepared,
    model_path: str,
    config: FitConfig,
    *,
    model_id: str,
    fit: RowIndex,
    calibrate: RowIndex,
    progress: Progress = silent,
) -> FittedBrain:
    """A transformer fine-tuned on the target rows among `fit`, and an n-gram table fitted on all of them.

    The decision that joins both is fitted, and so calibrated, on the target rows among `calibrate`.
    Arguments as for `fit_parts`.
    """
    held_out = _held_out(prepared, calibrate)
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    parts = fit_parts(prepared, model_path, config, model_id=model_id, fit=fit, progress=progress)
    if parts.table.ngrams is None:
        raise DataError("a transformer brain needs n-grams", where="config.ngrams")
    served = np.union1d(np.flatnonzero(prepared.on_target), np.setdiff1d(np.arange(len(prepared)), fit))
    prepared = prepared.encoded_by(parts.encoder, served)
    decision = fit_decision(*parts.joint_logits(prepared.take(held_out)), targets[held_out])
    heads, ngrams = fold(decision, parts.network, parts.table.heads, parts.table.ngrams, dim=parts.encoder.spec.dim)
    brain = Brain(
        tiers=prepared.data.tiers,
        encoder=parts.encoder,
        signal_scale=parts.signal_scale,
        heads=heads,
        calibration=_identity(targets.shape[1]),
        domain=_fit_domain(prepared, parts.encoder, config, fit=fit, held_out=held_out),
        ngrams=ngrams,
    )
    return FittedBrain(brain=brain, regularisation=_regularisation(parts.table), prepared=prepared)


def fit_parts(
    prepared: Prepared,
    model_path: str,
    config: FitConfig,
    *,
    model_id: str,
    fit: RowIndex,
    progress: Progress = silent,
) -> TransformerParts:
    """Fine-tune the transformer on the target rows among `fit`, and fit the n-gram table on all of them.

    prepared: by `prepare_for_transformer`.  model_path: folder of the model.  model_id: its name, for the manifest.
    """
    from training.fitting.finetune import FinetuneConfig, FinetuneData, finetune, linear_heads  # torch
    from training.fitting.network import export_int8

    learn = prepared.take(fit[prepared.on_target[fit]])
    scale = signal_scale(learn.signals)
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    tokenizer = load_tokenizer(model_path)
    reasons = _reason_vectors(learn.data, model_path)
    network, outputs = finetune(
        model_path,
        FinetuneData(
            sequences=_sequences(learn.data, tokenizer, model_path),
            signals=scale.apply(learn.signals),
            targets=head_targets(learn.data.labels, unsolved=config.unsolved),
            tasks=_task_indices(learn.data),
            reasons=reasons,
        ),
        FinetuneConfig(seed=config.seed),
        progress=progress,
    )
    progress("exporting the transformer to int8 ONNX")
    encoder = _onnx_encoder(export_int8(network), tokenizer, model_id=model_id, dim=reasons.shape[1])
    progress("fitting the n-gram table")
    return TransformerParts(
        encoder=encoder,
        signal_scale=scale,
        network=linear_heads(outputs, dim=encoder.spec.dim),
        table=_fit_heads(prepared.take(fit), scale, targets[fit], config),
    )


def _sequences(data: Dataset, tokenizer: Tokenizer, model_path: str) -> list[tuple[list[int], list[int]]]:
    tokens, cls, sep = TokenIds.of(tokenizer), tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if cls is None or sep is None:
        raise DataError("expected a BERT tokenizer with [CLS] and [SEP]", where=model_path)
    return [pair_sequence(tokens, reading, cls=cls, sep=sep) for reading in data.readings]


def prepare_for_transformer(data: Dataset, model_path: str, config: FitConfig) -> Prepared:
    """Signals and n-grams of every row by a transformer's own pieces; embeddings come with the fine-tuning."""
    pieces = TokenIds.of(load_tokenizer(model_path))
    asks = [reading.ask for reading in data.readings]
    return Prepared(
        data=data,
        embeddings=np.zeros((len(data), 0), dtype=np.float32),
        signals=stack_signals(data.readings),
        buckets=RowBuckets.of_rows(
            reading_buckets(reading, [pieces.one(prepare_text(turn.text)) for turn in reading.turns])
            for reading in data.readings
        ),
        token_ids=Ragged.of([one for one in pieces.one(prepare_text(ask)) if one != pieces.unknown_id] for ask in asks),
        on_target=np.array([is_target(str(source), config) for source in data.sources]),
    )


def load_tokenizer(model_path: str) -> Tokenizer:
    """The tokenizer of a model's folder, without padding or truncation. Raises DataError for a folder without one."""
    path = Path(model_path) / "tokenizer.json"
    if not path.is_file():
        raise DataError("expected the tokenizer of a model's folder, found none there", where=str(path))
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _held_out(prepared: Prepared, calibrate: RowIndex) -> RowIndex:
    held_out = calibrate[prepared.on_target[calibrate]]
    if held_out.size == 0:
        raise DataError("no target row is left to calibrate on; give more rows", where="rows")
    return held_out


def _fit_heads(known: Prepared, scale: SignalScale, targets: Ternary, config: FitConfig) -> FittedHeads:
    return fit_heads(
        HeadData(
            features=known.features(scale),
            buckets=known.buckets,
            targets=targets,
            reversed=reversals(known.data.labels),
            weights=row_weights(known.data.sources, config),
            groups=known.data.groups,
            auxiliary=np.where(known.on_target, "", known.data.sources),
        ),
        n_embedding=known.embeddings.shape[1],
        config=config,
        hyper=config.hyper or hyper_for(known),
    )


def hyper_for(known: Prepared) -> HeadHyper:
    """The hyper-parameters for outcomes where most target rows are outcome rows, else those for labels."""
    is_outcome = np.array([isinstance(row, OutcomeRow) for row in known.data.rows], dtype=np.bool_)[known.on_target]
    return OUTCOMES if 2 * int(is_outcome.sum()) > len(is_outcome) else LABELS


def _fit_domain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, held_out: RowIndex
) -> Domain:
    ids, sources = prepared.token_ids, prepared.data.sources
    foreign = fit[np.isin(sources[fit], config.foreign_sources)]
    return fit_domain(
        [*ids.take(fit[prepared.on_target[fit]]).lists(), *known_ids(encoder, COURTESIES)],
        ids.take(held_out).lists(),
        n_tokens=encoder.n_tokens,
        quantile=config.domain_quantile,
        foreign=ids.take(foreign).lists(),
        foreign_kinds=sources[foreign].tolist(),
    )


def _identity(n_heads: int) -> SigmoidCalibration:
    """The calibration of logits that are calibrated already."""
    return SigmoidCalibration(a=np.full(n_heads, -1.0), b=np.zeros(n_heads))


def _onnx_encoder(network: bytes, tokenizer: Tokenizer, *, model_id: str, dim: int) -> OnnxEncoder:
    spec = EncoderSpec(
        kind="onnx",
        model_id=model_id,
        dim=dim,
        max_tokens=ASK_PIECES + WINDOW_PIECES,
        sha256=onnx_encoder_sha256(network, tokenizer.to_str().encode()),
    )
    return OnnxEncoder.of(network, tokenizer, spec)


def _task_indices(data: Dataset) -> npt.NDArray[np.int64]:
    """The task of each row as an index, -1 where it has none."""
    tasks = data.facts("task")
    names = np.unique(tasks[tasks != ""])
    return np.where(tasks == "", -1, np.searchsorted(names, tasks)).astype(np.int64)


def _reason_vectors(data: Dataset, model_path: str) -> FloatArray:
    """The sentence embedding of each row's reason by the model before fine-tuning; zeros where there is none."""
    return SentenceTransformerEncoder(model_path, model_id=model_path).encode(data.facts("reason").tolist())


def _regularisation(fitted: FittedHeads) -> JsonObject:
    return {
        "c": list(fitted.c),
        "cv_log_loss": [[None if np.isnan(x) else round(x, 6) for x in row] for row in fitted.cv_log_loss],
    }
