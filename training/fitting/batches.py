"""Batches of piece sequences for a transformer, and a network that runs in bfloat16 and learns in float32."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from training.fitting.network import Network, Sequences


def length_buckets(seen: Sequences, batch_rows: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Shuffled batches of rows of like length: little padding, so a third less time."""
    order = rng.permutation(len(seen))
    batches: list[list[int]] = []
    for start in range(0, len(order), batch_rows * 8):
        chunk = sorted(order[start : start + batch_rows * 8].tolist(), key=lambda row: len(seen[row][0]))
        batches += [chunk[at : at + batch_rows] for at in range(0, len(chunk), batch_rows)]
    for at in rng.permutation(len(batches)).tolist():
        yield batches[at]


def padded(batch: Sequences) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(ids, segments, mask), each (n, longest) int64."""
    longest = max(len(ids) for ids, _ in batch)
    out = np.zeros((3, len(batch), longest), dtype=np.int64)
    for row, (ids, kinds) in enumerate(batch):
        out[0, row, : len(ids)], out[1, row, : len(ids)], out[2, row, : len(ids)] = ids, kinds, 1
    ids_tensor, kinds_tensor, mask = (torch.from_numpy(part) for part in out)
    return ids_tensor, kinds_tensor, mask


class Learner:
    """A network and heads under AdamW, with 10% warm-up and linear decay.

    The network runs forwards and backwards in bfloat16, four fifths of autocast's time, where most of the rest went
    into casting; what is learned adds up in its float32 weights. The heads stay in float32.
    """

    def __init__(
        self,
        network: Network,
        heads: Sequence[nn.Module],
        *,
        learning_rate: float,
        head_learning_rate: float,
        n_steps: int,
    ) -> None:
        """Start to learn. learning_rate: of the network.  n_steps: how often `step` will be called."""
        self.half = copy.deepcopy(network).to(torch.bfloat16)
        self._pairs = [
            (exact, half)
            for exact, half in zip(network.parameters(), self.half.parameters(), strict=True)
            if exact.requires_grad
        ]
        body, top = [exact for exact, _ in self._pairs], [p for head in heads for p in head.parameters()]
        self._learning = [*body, *top]
        self._optimiser = torch.optim.AdamW(
            [{"params": body, "lr": learning_rate}, {"params": top, "lr": head_learning_rate}],
            weight_decay=0.01,
            fused=True,
        )
        self._schedule: Any = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda step: min((step + 1) / (0.1 * n_steps + 1), max(0.0, (n_steps - step) / (0.9 * n_steps))),
        )

    def step(self, loss: torch.Tensor) -> None:
        """Go down the loss's gradient once."""
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for exact, half in self._pairs:
            exact.grad = None if half.grad is None else half.grad.float()
            half.grad = None
        nn.utils.clip_grad_norm_(self._learning, 1.0)
        self._optimiser.step()
        self._schedule.step()
        with torch.no_grad():
            for exact, half in self._pairs:
                half.copy_(exact)
