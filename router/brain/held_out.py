"""Rows that a bundle keeps of its fit: what it predicted for them before it had seen them, and what was true.

They hold no text. With them the service itself computes what a decision would have lost and cost: at its own prices,
among its own tiers, within its own limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from router.checked.kinds import Name, names, whole
from router.types import FloatArray, TaskGuess

UNKNOWN = -1
"""In `lost`: it is unknown whether quality is lost there. In a slice: the row's value is unknown."""

MIN_KNOWN = 30
"""Rows that have to know their tokens before the mean of these is used."""

Mode = Literal["cross_fit", "parted"]
HOW_MADE: Mapping[Mode, str] = {
    "cross_fit": "Made by cross-fitting: each row was scored by heads that had not seen it, and the heads that ship "
    "saw all rows; no finite-sample theorem for the refitted heads.",
    "parted": "Made on rows that no head that ships has seen: a finite-sample theorem.",
}
"""How a promise was made, by how its rows are unseen."""

Slice = tuple[npt.NDArray[np.int16], tuple[str, ...]]
"""The position of each row's name, (n,), and the names."""


@dataclass(frozen=True, slots=True)
class HeldOutFacts:
    """What the manifest says of the held-out rows; the arrays have to fit it.

    mode: how they are unseen; see HeldOutRows.  slices: the names of each slice's values, by the slice.
    """

    n_rows: Annotated[int, whole(1, 1 << 24)]
    n_groups: Annotated[int, whole(1, 1 << 24)]
    mode: Mode
    slices: Mapping[Name, Annotated[tuple[Name, ...], names()]]


@dataclass(frozen=True, slots=True)
class ExpectedTokens:
    """Mean tokens of requests and answers; None where too few rows know theirs.

    output_by_task: of the tasks that enough rows know.
    """

    input: float | None = None
    output: float | None = None
    output_by_task: Mapping[str, float] = field(default_factory=dict)

    def output_of(self, task: TaskGuess | None, *, otherwise: float) -> float:
        """The answer's tokens, over the guessed task and all others. otherwise: where the rows know none."""
        usual = otherwise if self.output is None else self.output
        if task is None or (own := self.output_by_task.get(task.name)) is None:
            return usual
        return task.probability * own + (1.0 - task.probability) * usual


def _mean(tokens: FloatArray) -> float | None:
    known = tokens[~np.isnan(tokens)]
    return float(known.mean()) if len(known) >= MIN_KNOWN else None


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutRows:
    """n rows with their predictions and outcomes; tiers are the bundle's, cheap to strong.

    expected_quality_loss: (n, n_tiers) float32 in [0, 1], as predicted: non-increasing along a row, 0 in the last
        column.
    p_unsolved, domain_distance: (n,) float32 in [0, 1], as predicted.
    lost: (n, n_tiers) int8: 1 where the tier's answer is inadequate though a stronger one's is adequate, 0 where not,
        UNKNOWN; the last column is 0.
    group: (n,) int32 in 0..n_groups - 1, without gaps: rows of one group belong together and count as one.
    input_tokens, output_tokens: (n,) float32, at least 0; nan where they are unknown.
    slices: the rows by `source`, `lang` and `task`, as far as they are known.
    mode: `cross_fit`: each row was predicted by heads fitted on the other folds, and the heads that ship saw all rows;
        `parted`: the heads that ship saw none of these rows.
    """

    expected_quality_loss: FloatArray
    p_unsolved: FloatArray
    domain_distance: FloatArray
    lost: npt.NDArray[np.int8]
    group: npt.NDArray[np.int32]
    input_tokens: FloatArray
    output_tokens: FloatArray
    slices: Mapping[str, Slice]
    mode: Mode

    def __len__(self) -> int:
        """How many rows."""
        return len(self.group)

    @property
    def tokens(self) -> ExpectedTokens:
        """What a request's tokens are expected to be, learned from the rows that know theirs."""
        index, names = self.slices.get("task", (np.full(len(self), UNKNOWN, np.int16), ()))
        by_task = ((name, _mean(self.output_tokens[index == position])) for position, name in enumerate(names))
        return ExpectedTokens(
            input=_mean(self.input_tokens),
            output=_mean(self.output_tokens),
            output_by_task={name: mean for name, mean in by_task if mean is not None},
        )

    @property
    def facts(self) -> HeldOutFacts:
        """What the manifest says of the rows."""
        return HeldOutFacts(
            n_rows=len(self),
            n_groups=int(self.group.max(initial=-1)) + 1,
            mode=self.mode,
            slices={name: values for name, (_, values) in self.slices.items()},
        )
