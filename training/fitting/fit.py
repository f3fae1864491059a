"""What the recipes fit on rows: heads around what is there, or a transformer to fine-tune together with a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from router.brain.brain import LinearHeads, SignalScale, stack_signals
from router.brain.bundle.load import onnx_encoder_sha256
from router.brain.calibration import Float64Array, SigmoidCalibration
from router.brain.encoders import EncoderSpec, OnnxEncoder, TokenIds
from router.brain.encoders.onnx import ASK_PIECES, WINDOW_PIECES, prepare_text
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.brain.ngrams import reading_buckets
from router.errors import DataError
from router.types import FloatArray, JsonObject
from training.config import FitConfig, HeadHyper
from training.fitting.crossval import signal_scale
from training.fitting.design import RowBuckets
from training.fitting.dressed_rows import dressed_dataset
from training.fitting.forms import Forms
from training.fitting.heads import (
    MAX_ROWS_FOR_COPIES,
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
from training.labels.dataset import Dataset
from training.labels.labels import Ternary
from training.progress import Progress, silent
from training.rows.row import TWIN, LabelledRow, OutcomeRow
from training.rows.splits import RowIndex
from training.rows.table import Ragged


@dataclass(frozen=True, slots=True, eq=False)
class TransformerParts:
    """What a transformer brain is joined from: two sets of heads, fitted apart.

    network: heads on [the encoder's unit vector, signals].  table: heads on signals and n-grams.
    """

    encoder: OnnxEncoder
    signal_scale: SignalScale
    network: LinearHeads
    table: FittedHeads

    @property
    def regularisation(self) -> JsonObject:
        """How the table's regularisation was chosen."""
        return regularisation_of(self.table)

    def encoded(self, prepared: Prepared, rows: RowIndex) -> Prepared:
        """All rows with the network's embeddings of `rows`; those of the others are nan."""
        return prepared.encoded_by(self.encoder, rows)

    def logits(self, encoded: Prepared) -> tuple[Float64Array, Float64Array]:
        """The logits of network and table, as the service computes them: (n, n_heads) each."""
        features = encoded.features(self.signal_scale)
        signals = features[:, self.encoder.n_features :]
        return linear_logits(self.network, None, features, None), self.table.logits(signals, encoded.buckets)


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The transformer that is fine-tuned.

    path: folder of its weights and tokenizer.  model_id: its name, for the manifest.
    n_layers: how many of its layers to keep, from the first on; None for all.
    reasons_path: folder of the model that embeds the reasons of labels; None for this one.
    """

    path: str
    model_id: str
    n_layers: int | None = None
    reasons_path: str | None = None


def fit_parts(
    prepared: Prepared, model: Pretrained, config: FitConfig, *, fit: RowIndex, progress: Progress = silent
) -> TransformerParts:
    """Fine-tune the transformer on the target rows among `fit`, and fit the n-gram table on all of them.

    prepared: by `prepare_for_transformer`.
    """
    from training.fitting.finetune import FinetuneConfig, FinetuneData, finetune, linear_heads  # torch
    from training.fitting.network import export_int8

    learn = prepared.take(fit[prepared.on_target[fit]])
    scale = signal_scale(learn.signals)
    targets = head_targets(prepared.data.labels, unsolved=config.unsolved)
    tokenizer = load_tokenizer(model.path)
    forms = Forms.of(learn.data, tokenizer, scale, where=model.path)
    bare = forms.bare()
    network, outputs = finetune(
        model.path,
        FinetuneData(
            bare=bare,
            redress=forms.drawn,
            targets=targets[fit[prepared.on_target[fit]]],
            tasks=_task_indices(learn.data),
            reasons=_reason_vectors(learn.data, model.reasons_path or model.path),
            alike=_alike(learn.data),
        ),
        FinetuneConfig(n_layers=model.n_layers, seed=config.seed),
        progress=progress,
    )
    progress("exporting the transformer to int8 ONNX")
    every = max(1, len(bare) // _EXPORT_EXAMPLES)
    exported = export_int8(network, bare.sequences[::every])
    encoder = _onnx_encoder(exported, tokenizer, model_id=model.model_id, dim=network.dim)
    progress("fitting the n-gram table")
    copies = [
        prepare_for_transformer(dressed_dataset(learn.data, copy=copy, seed=config.seed), model.path, config)
        for copy in range(config.dressed_copies)
    ]
    return TransformerParts(
        encoder=encoder,
        signal_scale=scale,
        network=linear_heads(outputs, dim=encoder.spec.dim),
        table=table_heads(prepared.take(fit), scale, targets[fit], config, copies=copies),
    )


_EXPORT_EXAMPLES = 200
"""Rows whose states show the ranges to quantise for."""


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


def table_heads(
    known: Prepared, scale: SignalScale, targets: Ternary, config: FitConfig, *, copies: Sequence[Prepared] = ()
) -> FittedHeads:
    """Heads on what the rows are prepared with: embeddings (if they have any), signals and n-grams.

    targets: (n, n_heads) of the rows `known`.
    copies: the target rows among `known`, in their order, in other forms; a row and its copies share its weight. They
        take the place of thinned copies, and are thinned like those: so it was measured (training/LOG.md).
    """
    hyper = config.hyper or hyper_for(known)
    weights = row_weights(known.data.sources, config)
    dressed = np.flatnonzero(known.on_target)
    weights[dressed] /= 1 + len(copies)
    if copies and known.buckets is not None and hyper.copies and len(known) <= MAX_ROWS_FOR_COPIES:
        rng = np.random.default_rng(config.seed)
        copies = [
            replace(rows, buckets=rows.buckets.thinned(drop=hyper.drop, rng=rng)) for rows in copies if rows.buckets
        ]
        weights *= 1 + hyper.copies
        hyper = replace(hyper, copies=0)

    def learned(rows: Prepared, own: RowIndex) -> HeadData:
        return HeadData(
            features=rows.features(scale),
            buckets=rows.buckets,
            targets=targets[own],
            reversed=reversals(rows.data.labels),
            weights=weights[own],
            groups=rows.data.groups,
            auxiliary=np.where(rows.on_target, "", rows.data.sources),
        )

    all_rows = learned(known, np.arange(len(known))).with_rows([learned(rows, dressed) for rows in copies])
    return fit_heads(all_rows, n_embedding=known.embeddings.shape[1], config=config, hyper=hyper)


def hyper_for(known: Prepared) -> HeadHyper:
    """The hyper-parameters for outcomes where most target rows are outcome rows, else those for labels."""
    is_outcome = np.array([isinstance(row, OutcomeRow) for row in known.data.rows], dtype=np.bool_)[known.on_target]
    return OUTCOMES if 2 * int(is_outcome.sum()) > len(is_outcome) else LABELS


def identity_calibration(n_heads: int) -> SigmoidCalibration:
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


def _alike(data: Dataset) -> npt.NDArray[np.int64]:
    """(n,) One number for the rows that are twins in several languages, one for each other row."""
    names = [
        f"{row.source} {row.pair}" if isinstance(row, LabelledRow) and row.pair and row.trap == TWIN else str(at)
        for at, row in enumerate(data.rows)
    ]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _task_indices(data: Dataset) -> npt.NDArray[np.int64]:
    """The task of each row as an index, -1 where it has none."""
    tasks = data.facts("task")
    names = np.unique(tasks[tasks != ""])
    return np.where(tasks == "", -1, np.searchsorted(names, tasks)).astype(np.int64)


def _reason_vectors(data: Dataset, model_path: str) -> FloatArray:
    """The sentence embedding of each row's reason by the model before fine-tuning; zeros where there is none."""
    return SentenceTransformerEncoder(model_path, model_id=model_path).encode(data.facts("reason").tolist())


def regularisation_of(fitted: FittedHeads) -> JsonObject:
    """How the heads' regularisation was chosen: the C of each head, and the log-losses that it was chosen by."""
    return {
        "c": list(fitted.c),
        "cv_log_loss": [[None if np.isnan(x) else round(x, 6) for x in row] for row in fitted.cv_log_loss],
    }
