"""Rows with everything that is derived from them once: readings, labels, groups, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.reading import Reading, read
from router.types import ChatRequest
from training.rows.labels import Labels, label_rows
from training.rows.row import TrainingRow
from training.rows.splits import group_names
from training.rows.tier_map import TierMap


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """n rows, side by side.

    tier_map: the tiers, and what stands for them at each source.
    rows, readings, groups, sources: one a row.  labels: their targets.
    """

    tier_map: TierMap
    rows: tuple[TrainingRow, ...]
    readings: tuple[Reading, ...]
    labels: Labels
    groups: tuple[str, ...]
    sources: npt.NDArray[np.str_]

    @property
    def tiers(self) -> tuple[str, ...]:
        """Cheap to strong."""
        return self.tier_map.tiers

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def take(self, rows: npt.NDArray[np.intp]) -> Dataset:
        """The dataset of some rows, in their order."""
        picked = rows.tolist()
        return Dataset(
            tier_map=self.tier_map,
            rows=tuple(self.rows[i] for i in picked),
            readings=tuple(self.readings[i] for i in picked),
            labels=self.labels.take(rows),
            groups=tuple(self.groups[i] for i in picked),
            sources=self.sources[rows],
        )


def build_dataset(rows: Sequence[TrainingRow], tier_map: TierMap) -> Dataset:
    """Read, label and group the rows. Raises DataError for tiers or sources that the map does not know."""
    return Dataset(
        tier_map=tier_map,
        rows=tuple(rows),
        readings=tuple(read(ChatRequest(messages=row.messages)) for row in rows),
        labels=label_rows(rows, tier_map),
        groups=tuple(group_names(rows)),
        sources=np.array([row.source for row in rows]),
    )
