"""Fine-tune a small transformer on labelled rows, to be served as an ONNX encoder.

All layers learn but the word embeddings (more than half of the weights: a few thousand rows teach them only
noise). Two auxiliary outputs that are thrown away afterwards carry most of the supervision: the task (one word per row)
and the sentence embedding of the annotator's reason, which shows the encoder what made the row easy or hard: hundreds
of numbers per row in place of two. Rows without them just lack those losses.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from router.brain.brain import LinearHeads
from router.types import FloatArray
from training.fitting.batches import Learner, length_buckets, padded
from training.fitting.forms import Views
from training.fitting.network import Network, Sequences
from training.labels.labels import UNKNOWN, Ternary
from training.progress import Progress, silent
from training.rows.table import SHARED, Table


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """Hyper-parameters, found on two of five folds (training/LOG.md).

    epochs, batch_rows.  learning_rate: of the transformer; head_learning_rate: of the outputs.
    dropout: on the pooled vector.  smoothing: of the targets, as labels are judgements.
    drop_pieces: share of the ask's pieces left out, every second time a row is seen.  drop_window: how often the window
    is left out.  task_weight, reason_weight: of the auxiliary losses.
    """

    epochs: int = 4
    batch_rows: int = 32
    learning_rate: float = 1.5e-4
    head_learning_rate: float = 1e-3
    dropout: float = 0.2
    smoothing: float = 0.05
    drop_pieces: float = 0.1
    drop_window: float = 0.1
    task_weight: float = 0.3
    reason_weight: float = 2.0
    n_layers: int | None = None
    dressed_share: float = 0.5
    settle_epochs: int = 3
    settle_rate: float = 1.5e-4
    settle_dressed_share: float = 0.9
    seed: int = 0


Redress: TypeAlias = Callable[[np.random.Generator, float], Views]
"""All rows of a FinetuneData again: a share of them in forms that the generator draws, the others as they came."""


@dataclass(frozen=True, slots=True, eq=False)
class FinetuneData(Table):
    """n rows to learn from.

    bare: as they came.  redress: see Redress.
    targets: (n, n_heads) ternary.  tasks: (n,) index of the task, -1 unknown.
    reasons: (n, dim) float32 unit vectors of the reasons; zeros where there is none.
    alike: (n,) number of what a row asks; rows of one number ask the same in several languages.
    """

    bare: Views
    redress: Redress = field(metadata=SHARED)
    targets: Ternary
    tasks: npt.NDArray[np.int64]
    reasons: FloatArray
    alike: npt.NDArray[np.int64]


def finetune(
    model_path: str, data: FinetuneData, config: FinetuneConfig, *, progress: Progress = silent
) -> tuple[Network, nn.Linear]:
    """Train; returns the network and the linear outputs on [unit vector, signals].

    model_path: folder of the pre-trained BERT.  The same data and seed give the same weights on the same machine.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    n_heads = data.targets.shape[1]
    network = Network(model_path, n_layers=config.n_layers)
    dim = network.dim
    outputs = nn.Linear(dim + data.bare.signals.shape[1], n_heads)
    nn.init.zeros_(outputs.weight)
    nn.init.zeros_(outputs.bias)
    auxiliary = nn.ModuleDict(
        {"task": nn.Linear(dim, int(data.tasks.max(initial=0)) + 1), "reason": nn.Linear(dim, data.reasons.shape[1])}
    )
    learner = Learner(
        network,
        [outputs, auxiliary],
        learning_rate=config.learning_rate,
        head_learning_rate=config.head_learning_rate,
        n_steps=config.epochs * math.ceil(len(data) / config.batch_rows),
    )
    tensors = _Tensors.of(data, config)
    for epoch in range(config.epochs):
        progress(f"fine-tuning, epoch {epoch + 1} of {config.epochs}")
        views = data.redress(rng, config.dressed_share)
        seen = [_corrupt(sequence, config, rng) for sequence in views.sequences]
        signals = torch.tensor(views.signals)
        for rows in length_buckets(seen, config.batch_rows, rng):
            pooled = learner.half.pooled(*padded([seen[row] for row in rows]), dropout=_STATE_DROPOUT)
            learner.step(_loss(pooled, signals[rows], outputs, auxiliary, tensors.take(rows), config))
    settle(network, outputs, data, config, progress=progress)
    return network.eval(), outputs


def settle(
    network: Network, outputs: nn.Linear, data: FinetuneData, config: FinetuneConfig, *, progress: Progress = silent
) -> None:
    """Teach the network to say of a row in any form what it says of the row as it came; both change in place.

    Of rows that ask the same in several languages it is taught to say the mean of what it says of them.

    What it says of the bare rows is fixed before, so that this takes nothing from the decision itself: where forms and
    labels were learned at the same time, the decision was the worse for it (training/LOG.md).
    """
    if config.settle_epochs == 0:
        return
    rng = np.random.default_rng([config.seed, 1])
    vectors = encoded(network, data.bare.sequences)
    with torch.no_grad():
        said = _mean_of_alike(outputs(torch.cat([vectors, torch.tensor(data.bare.signals)], 1)), data.alike)
    vectors = functional.normalize(_mean_of_alike(vectors, data.alike), dim=1) * VECTOR_SCALE
    learner = Learner(
        network,
        [outputs],
        learning_rate=config.settle_rate,
        head_learning_rate=config.settle_rate,
        n_steps=config.settle_epochs * math.ceil(len(data) / config.batch_rows),
    )
    for epoch in range(config.settle_epochs):
        progress(f"settling, epoch {epoch + 1} of {config.settle_epochs}")
        views = data.redress(rng, config.settle_dressed_share)
        signals = torch.tensor(views.signals)
        for rows in length_buckets(views.sequences, config.batch_rows, rng):
            batch = padded([views.sequences[row] for row in rows])
            pooled = learner.half.pooled(*batch, dropout=_STATE_DROPOUT / 2)
            pooled = functional.normalize(pooled, dim=1) * VECTOR_SCALE
            logits = outputs(torch.cat([pooled, signals[rows]], 1))
            off = functional.mse_loss(logits, said[rows]) + functional.mse_loss(pooled, vectors[rows])
            learner.step(off)


def _mean_of_alike(values: torch.Tensor, alike: npt.NDArray[np.int64]) -> torch.Tensor:
    """Each row's mean over the rows of its number: (n, k)."""
    numbers = torch.tensor(np.unique(alike, return_inverse=True)[1])
    n_numbers = int(numbers.max()) + 1
    counts = torch.bincount(numbers, minlength=n_numbers).unsqueeze(1)
    return (torch.zeros(n_numbers, values.shape[1]).index_add_(0, numbers, values) / counts)[numbers]


def encoded(network: Network, sequences: Sequences) -> torch.Tensor:
    """What the network says of sequences, as `outputs` takes it: (n, dim) float32 of length VECTOR_SCALE."""
    half = copy.deepcopy(network).to(torch.bfloat16)
    out: list[torch.Tensor] = [torch.zeros(0)] * len(sequences)
    order = sorted(range(len(sequences)), key=lambda row: len(sequences[row][0]))
    with torch.no_grad():
        for start in range(0, len(order), _ENCODE_ROWS):
            rows = order[start : start + _ENCODE_ROWS]
            pooled = functional.normalize(half.pooled(*padded([sequences[row] for row in rows])), dim=1)
            for row, vector in zip(rows, pooled, strict=True):
                out[row] = vector * VECTOR_SCALE
    return torch.stack(out)


_ENCODE_ROWS = 64
_STATE_DROPOUT = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Tensors:
    """Targets of rows as tensors: soft (n, n_heads), known (n, n_heads) 0/1, tasks, reasons."""

    soft: torch.Tensor
    known: torch.Tensor
    tasks: torch.Tensor
    reasons: torch.Tensor

    @classmethod
    def of(cls, data: FinetuneData, config: FinetuneConfig) -> _Tensors:
        soft = (data.targets == 1) * (1.0 - config.smoothing) + config.smoothing / 2
        return cls(
            torch.tensor(soft, dtype=torch.float32),
            torch.tensor(data.targets != UNKNOWN, dtype=torch.float32),
            torch.tensor(data.tasks),
            torch.tensor(data.reasons),
        )

    def take(self, rows: Sequence[int]) -> _Tensors:
        picked = list(rows)
        return _Tensors(self.soft[picked], self.known[picked], self.tasks[picked], self.reasons[picked])


VECTOR_SCALE = 384**0.5
"""Brings the entries of a unit vector of 384 numbers to about unit variance, next to the standardised signals."""


def _loss(
    pooled: torch.Tensor,
    signals: torch.Tensor,
    outputs: nn.Linear,
    auxiliary: nn.ModuleDict,
    rows: _Tensors,
    config: FinetuneConfig,
) -> torch.Tensor:
    pooled = functional.normalize(pooled, dim=1) * VECTOR_SCALE
    pooled = functional.dropout(pooled, config.dropout)
    logits = outputs(torch.cat([pooled, signals], 1))
    each = functional.binary_cross_entropy_with_logits(logits, rows.soft, reduction="none")
    loss = (each * rows.known).sum() / rows.known.sum().clamp(min=1.0)
    with_task = rows.tasks >= 0
    if bool(with_task.any()):
        tasks = auxiliary["task"](pooled[with_task])
        loss = loss + config.task_weight * functional.cross_entropy(tasks, rows.tasks[with_task])
    with_reason = rows.reasons.abs().sum(1) > 0
    if bool(with_reason.any()):
        reasons = auxiliary["reason"](pooled[with_reason])
        similarity = functional.cosine_similarity(reasons, rows.reasons[with_reason])
        loss = loss + config.reason_weight * (1.0 - similarity).mean()
    return loss


def _corrupt(
    sequence: tuple[list[int], list[int]], config: FinetuneConfig, rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Every second time the ask loses some pieces, sometimes the window is gone: no row looks the same twice."""
    ids, kinds = sequence
    n_ask = kinds.index(1) if 1 in kinds else len(ids)
    first, ask, separator, window = ids[0], ids[1 : n_ask - 1], ids[n_ask - 1], ids[n_ask:]
    if rng.random() < 0.5:
        kept = rng.random(len(ask)) >= config.drop_pieces
        ask = [piece for piece, keep in zip(ask, kept, strict=True) if keep] or ask
    if rng.random() < config.drop_window:
        window = []
    return [first, *ask, separator, *window], [0] * (len(ask) + 2) + [1] * len(window)


def linear_heads(outputs: nn.Linear, *, dim: int) -> LinearHeads:
    """The trained outputs as heads on [unit vector, standardised signals]."""
    coef = outputs.weight.detach().numpy().astype(np.float64)
    coef[:, :dim] *= VECTOR_SCALE
    return LinearHeads(coef=coef, intercept=outputs.bias.detach().numpy().astype(np.float64))
