"""Fine-tune a small transformer on labelled rows, to be served as an ONNX encoder.

All layers of all-MiniLM-L6-v2 learn but the word embeddings (half of the weights: a few thousand rows teach them only
noise). Two auxiliary outputs that are thrown away afterwards carry most of the supervision: the task (one word per row)
and the sentence embedding of the annotator's reason, which shows the encoder what made the row easy or hard: hundreds
of numbers per row in place of two. Rows without them just lack those losses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from router.brain.brain import LinearHeads
from router.types import FloatArray
from training.fitting.network import Network
from training.labels.labels import UNKNOWN, Ternary
from training.progress import Progress, silent
from training.rows.table import Table

Sequences = Sequence[tuple[list[int], list[int]]]
"""(piece ids, segment of each) of each row, as the service's `pair_sequence` gives them."""


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
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class FinetuneData(Table):
    """n rows to learn from.

    sequences: what the transformer reads.  signals: (n, n_signals) float32, standardised.
    targets: (n, n_heads) ternary.  tasks: (n,) index of the task, -1 unknown.
    reasons: (n, dim) float32 unit vectors of the reasons; zeros where there is none.
    """

    sequences: Sequences
    signals: FloatArray
    targets: Ternary
    tasks: npt.NDArray[np.int64]
    reasons: FloatArray


def finetune(
    model_path: str, data: FinetuneData, config: FinetuneConfig, *, progress: Progress = silent
) -> tuple[Network, nn.Linear]:
    """Train; returns the network and the linear outputs on [unit vector, signals].

    model_path: folder of the pre-trained BERT.  The same data and seed give the same weights on the same machine.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    n_heads, dim = data.targets.shape[1], data.reasons.shape[1]
    network = Network(model_path)
    outputs = nn.Linear(dim + data.signals.shape[1], n_heads)
    nn.init.zeros_(outputs.weight)
    nn.init.zeros_(outputs.bias)
    auxiliary = nn.ModuleDict(
        {"task": nn.Linear(dim, int(data.tasks.max(initial=0)) + 1), "reason": nn.Linear(dim, dim)}
    )
    optimiser, schedule = _optimiser(network, [outputs, auxiliary], data, config)
    tensors = _Tensors.of(data, config)
    network.train()
    for epoch in range(config.epochs):
        progress(f"fine-tuning, epoch {epoch + 1} of {config.epochs}")
        seen = [_corrupt(sequence, config, rng) for sequence in data.sequences]
        for rows in _length_buckets(seen, config.batch_rows, rng):
            loss = _loss(network, outputs, auxiliary, [seen[row] for row in rows], tensors.take(rows), config)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
            optimiser.step()
            schedule.step()
    network.eval()
    return network, outputs


@dataclass(frozen=True, slots=True, eq=False)
class _Tensors:
    """Targets of rows as tensors: soft (n, n_heads), known (n, n_heads) 0/1, signals, tasks, reasons."""

    soft: torch.Tensor
    known: torch.Tensor
    signals: torch.Tensor
    tasks: torch.Tensor
    reasons: torch.Tensor

    @classmethod
    def of(cls, data: FinetuneData, config: FinetuneConfig) -> _Tensors:
        soft = (data.targets == 1) * (1.0 - config.smoothing) + config.smoothing / 2
        return cls(
            torch.tensor(soft, dtype=torch.float32),
            torch.tensor(data.targets != UNKNOWN, dtype=torch.float32),
            torch.tensor(data.signals),
            torch.tensor(data.tasks),
            torch.tensor(data.reasons),
        )

    def take(self, rows: Sequence[int]) -> _Tensors:
        picked = list(rows)
        return _Tensors(
            self.soft[picked], self.known[picked], self.signals[picked], self.tasks[picked], self.reasons[picked]
        )


VECTOR_SCALE = 384**0.5
"""Brings the entries of a unit vector of 384 numbers to about unit variance, next to the standardised signals."""


def _loss(
    network: Network,
    outputs: nn.Linear,
    auxiliary: nn.ModuleDict,
    batch: Sequences,
    rows: _Tensors,
    config: FinetuneConfig,
) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):  # 2.5 times as fast as float32 where the core has avx512_bf16
        pooled = network.pooled(*_padded(batch))
    pooled = functional.normalize(pooled.float(), dim=1) * VECTOR_SCALE
    pooled = functional.dropout(pooled, config.dropout)
    logits = outputs(torch.cat([pooled, rows.signals], 1))
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


def _optimiser(
    network: Network, heads: Sequence[nn.Module], data: FinetuneData, config: FinetuneConfig
) -> tuple[torch.optim.Optimizer, Any]:
    """AdamW with 10% warm-up and linear decay."""
    body = [p for p in network.parameters() if p.requires_grad]
    top = [p for head in heads for p in head.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": config.learning_rate}, {"params": top, "lr": config.head_learning_rate}],
        weight_decay=0.01,
        fused=True,
    )
    steps = config.epochs * math.ceil(len(data.sequences) / config.batch_rows)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (0.1 * steps + 1), max(0.0, (steps - step) / (0.9 * steps)))
    )
    return optimiser, schedule


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


def _length_buckets(seen: Sequences, batch_rows: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Shuffled batches of rows of like length: little padding, so a third less time."""
    order = rng.permutation(len(seen))
    batches: list[list[int]] = []
    for start in range(0, len(order), batch_rows * 8):
        chunk = sorted(order[start : start + batch_rows * 8].tolist(), key=lambda row: len(seen[row][0]))
        batches += [chunk[at : at + batch_rows] for at in range(0, len(chunk), batch_rows)]
    for at in rng.permutation(len(batches)).tolist():
        yield batches[at]


def _padded(batch: Sequences) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(ids, segments, mask), each (n, longest) int64."""
    longest = max(len(ids) for ids, _ in batch)
    out = np.zeros((3, len(batch), longest), dtype=np.int64)
    for row, (ids, kinds) in enumerate(batch):
        out[0, row, : len(ids)], out[1, row, : len(ids)], out[2, row, : len(ids)] = ids, kinds, 1
    ids_tensor, kinds_tensor, mask = (torch.from_numpy(part) for part in out)
    return ids_tensor, kinds_tensor, mask


def linear_heads(outputs: nn.Linear, *, dim: int) -> LinearHeads:
    """The trained outputs as heads on [unit vector, standardised signals]."""
    coef = outputs.weight.detach().numpy().astype(np.float64)
    coef[:, :dim] *= VECTOR_SCALE
    return LinearHeads(coef=coef, intercept=outputs.bias.detach().numpy().astype(np.float64))
