"""Fit a brain on some rows and calibrate it on others: around a fixed encoder, or around a transformer to fine-tune."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from router.brain.brain import Brain, LinearHeads, SignalScale, assemble_features, stack_signals
from router.brain.bundle.load import onnx_encoder_sha256
from router.brain.calibration import Float64Array, SigmoidCalibration
from router.brain.domain import Domain
from router.brain.encoders import Encoder, EncoderSpec, OnnxEncoder, TokenIds, known_ids
from router.brain.encoders.onnx import ASK_PIECES, WINDOW_PIECES, pair_sequence, prepare_text
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.brain.ngrams import reading_buckets
from router.errors import DataError
from router.types import FloatArray, JsonObject
from training.config import FitConfig
from training.fitting.calibrate import fit_calibration
from training.fitting.crossval import signal_scale, take_buckets
from training.fitting.familiarity import COURTESIES, fit_domain
from training.fitting.heads import FittedHeads, HeadData, fit_heads, head_targets, is_target, reversals, row_weights
from training.fitting.hyper import LABELS, OUTCOMES, HeadHyper
from training.fitting.prepared import Prepared
from training.fitting.stack import fit_decision, fold
from training.progress import Progress, silent
from training.rows.dataset import Dataset
from training.rows.labels import Ternary
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow
from training.rows.splits import RowIndex


@dataclass(frozen=True, slots=True, eq=False)
class FittedBrain:
    """A calibrated brain, with how its regularisation was chosen."""

    brain: Brain
    regularisation: JsonObject


def fit_brain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, calibrate: RowIndex
) -> FittedBrain:
    """Heads on a fixed encoder, fitted on the rows `fit`, calibrated on the target rows among `calibrate`.

    Raises DataError when no target row is left to calibrate on.
    """
    held_out = _held_out(prepared, calibrate)
    scale = signal_scale(prepared.signals[fit])
    features = assemble_features(prepared.embeddings, scale.apply(prepared.signals))
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    fitted = _fit_heads(prepared, features, targets, fit, config)
    logits = fitted.logits(features[held_out], take_buckets(prepared.buckets, held_out))
    brain = Brain(
        tiers=prepared.data.tiers,
        encoder=encoder,
        signal_scale=scale,
        heads=fitted.heads,
        calibration=fit_calibration(logits, targets[held_out], method=config.calibration),
        domain=_fit_domain(prepared, encoder, config, fit=fit, held_out=held_out),
        ngrams=fitted.ngrams,
    )
    return FittedBrain(brain=brain, regularisation=_regularisation(fitted))


@dataclass(frozen=True, slots=True, eq=False)
class TransformerParts:
    """What a transformer brain is joined from: two sets of heads that have not met.

    network: heads on [the encoder's unit vector, signals].  table: heads on signals beside n-grams.
    """

    encoder: OnnxEncoder
    signal_scale: SignalScale
    network: LinearHeads
    table: FittedHeads

    def logits(self, prepared: Prepared, rows: RowIndex) -> tuple[Float64Array, Float64Array]:
        """The logits of network and table on some rows, as the service computes them: (n, n_heads) each."""
        signals = self.signal_scale.apply(prepared.signals[rows])
        vectors = self.encoder.encode_readings([prepared.data.readings[row] for row in rows.tolist()])
        return (
            self.network.logits(assemble_features(vectors, signals)),
            self.table.logits(signals.astype(np.float64), take_buckets(prepared.buckets, rows)),
        )


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
    """A transformer fine-tuned on the target rows among `fit`, beside an n-gram table fitted on all of them.

    The decision that joins both is fitted, and so calibrated, on the target rows among `calibrate`.
    Arguments as for `fit_parts`.
    """
    held_out = _held_out(prepared, calibrate)
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    parts = fit_parts(prepared, model_path, config, model_id=model_id, fit=fit, progress=progress)
    if parts.table.ngrams is None:
        raise DataError("a transformer brain needs n-grams", where="config.ngrams")
    decision = fit_decision(*parts.logits(prepared, held_out), targets[held_out])
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
    return FittedBrain(brain=brain, regularisation=_regularisation(parts.table))


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

    learn = fit[prepared.on_target[fit]]
    scale = signal_scale(prepared.signals[learn])
    signals = scale.apply(prepared.signals)
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    tokenizer = load_tokenizer(model_path)
    reasons = _reason_vectors(prepared, learn, model_path)
    network, outputs = finetune(
        model_path,
        FinetuneData(
            sequences=_sequences(prepared, learn, tokenizer, model_path),
            signals=signals[learn],
            targets=targets[learn],
            tasks=_task_indices(prepared, learn),
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
        table=_fit_heads(prepared, assemble_features(prepared.embeddings, signals), targets, fit, config),
    )


def _sequences(
    prepared: Prepared, rows: RowIndex, tokenizer: Tokenizer, model_path: str
) -> list[tuple[list[int], list[int]]]:
    tokens, cls, sep = TokenIds.of(tokenizer), tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if cls is None or sep is None:
        raise DataError("expected a BERT tokenizer with [CLS] and [SEP]", where=model_path)
    return [pair_sequence(tokens, prepared.data.readings[row], cls=cls, sep=sep) for row in rows.tolist()]


def prepare_for_transformer(data: Dataset, model_path: str, config: FitConfig) -> Prepared:
    """Signals and n-grams of every row by a transformer's own pieces; embeddings come with the fine-tuning."""
    pieces = TokenIds.of(load_tokenizer(model_path))
    asks = [reading.ask for reading in data.readings]
    return Prepared(
        data=data,
        embeddings=np.zeros((len(data), 0), dtype=np.float32),
        signals=stack_signals(data.readings),
        buckets=[
            reading_buckets(reading, [pieces.one(prepare_text(turn.text)) for turn in reading.turns])
            for reading in data.readings
        ],
        token_ids=[[one for one in pieces.one(prepare_text(ask)) if one != pieces.unknown_id] for ask in asks],
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


def _fit_heads(
    prepared: Prepared, features: Float64Array, targets: Ternary, fit: RowIndex, config: FitConfig
) -> FittedHeads:
    data = prepared.data
    return fit_heads(
        HeadData(
            features=features[fit],
            buckets=take_buckets(prepared.buckets, fit),
            targets=targets[fit],
            reversed=reversals(data.labels.take(fit)),
            weights=row_weights(data.sources[fit], config),
            groups=[data.groups[i] for i in fit.tolist()],
            auxiliary=np.where(prepared.on_target[fit], "", data.sources[fit]),
        ),
        n_embedding=prepared.embeddings.shape[1],
        config=config,
        hyper=config.hyper or hyper_for(prepared, fit),
    )


def hyper_for(prepared: Prepared, rows: RowIndex) -> HeadHyper:
    """The hyper-parameters for outcomes where most target rows are outcome rows, else those for labels."""
    on_target = [isinstance(prepared.data.rows[row], OutcomeRow) for row in rows.tolist() if prepared.on_target[row]]
    return OUTCOMES if 2 * sum(on_target) > len(on_target) else LABELS


def _fit_domain(
    prepared: Prepared, encoder: Encoder, config: FitConfig, *, fit: RowIndex, held_out: RowIndex
) -> Domain:
    sources = prepared.data.sources[fit]
    foreign = fit[np.isin(sources, config.foreign_sources)]
    return fit_domain(
        [*prepared.ids_of(fit[prepared.on_target[fit]]), *known_ids(encoder, COURTESIES)],
        prepared.ids_of(held_out),
        n_tokens=encoder.n_tokens,
        quantile=config.domain_quantile,
        foreign=prepared.ids_of(foreign),
        foreign_kinds=prepared.data.sources[foreign].tolist(),
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


def _task_indices(prepared: Prepared, rows: RowIndex) -> npt.NDArray[np.int64]:
    """The task of each row as an index, -1 where it has none."""
    tasks = [row.task if isinstance(row, LabelledRow) else None for row in _rows(prepared, rows)]
    names = sorted({task for task in tasks if task})
    return np.array([names.index(task) if task else -1 for task in tasks], dtype=np.int64)


def _reason_vectors(prepared: Prepared, rows: RowIndex, model_path: str) -> FloatArray:
    """The sentence embedding of each row's reason by the model before fine-tuning; zeros where there is none."""
    reasons = [(row.reason if isinstance(row, LabelledRow) else None) or "" for row in _rows(prepared, rows)]
    return SentenceTransformerEncoder(model_path, model_id=model_path).encode(reasons)


def _rows(prepared: Prepared, rows: RowIndex) -> list[TrainingRow]:
    return [prepared.data.rows[row] for row in rows.tolist()]


def _regularisation(fitted: FittedHeads) -> JsonObject:
    return {
        "c": list(fitted.c),
        "cv_log_loss": [[None if np.isnan(x) else round(x, 6) for x in row] for row in fitted.cv_log_loss],
    }
