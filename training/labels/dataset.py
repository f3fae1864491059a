"""Rows with everything that is derived from them once: readings, labels, groups, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from router.reading import Reading, read
from router.types import ChatRequest
from training.labels.labels import Labels, label_rows
from training.labels.tier_map import TierMap
from training.rows.fingerprints import identifying_texts
from training.rows.row import TrainingRow
from training.rows.splits import group_names
from training.rows.table import SHARED, Table


@dataclass(frozen=True, slots=True, eq=False)
class Dataset(Table):
    """n rows.

    rows, readings: one per row.  labels: their targets.  groups, sources: (n,) names.
    tier_map: the tiers, and which models make up each of them at each source.
    """

    rows: tuple[TrainingRow, ...]
    readings: tuple[Reading, ...]
    labels: Labels
    groups: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    tier_map: TierMap = field(metadata=SHARED)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Cheap to strong."""
        return self.tier_map.tiers

    def facts(self, name: str) -> npt.NDArray[np.str_]:
        """(n,) a stated fact of each row (`lang`, `task`, `trap`, `reason`), "" where it has none."""
        return np.array([getattr(row, name, None) or "" for row in self.rows], dtype=np.str_)

    def identifying_texts(self) -> list[tuple[str, ...]]:
        """What identifies each row, for `TrainedOn`."""
        pairs = zip(self.rows, self.readings, strict=True)
        return [identifying_texts(row, reading.ask) for row, reading in pairs]


def build_dataset(rows: Sequence[TrainingRow], tier_map: TierMap) -> Dataset:
    """Read, label and group the rows. Raises DataError for tiers or sources that the map does not know."""
    return Dataset(
        rows=tuple(rows),
        readings=tuple(read(ChatRequest(messages=row.messages)) for row in rows),
        labels=label_rows(rows, tier_map),
        groups=np.array(group_names(rows), dtype=np.str_),
        sources=np.array([row.source for row in rows], dtype=np.str_),
        tier_map=tier_map,
    )
