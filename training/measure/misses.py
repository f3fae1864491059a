"""The single rows that a person should look at first: the worst misses, and the asks nearest to the threshold.

A row is named by source and id; nothing here knows its text. Of each group one row is listed, so that near-duplicates
do not fill a list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.labels import UNKNOWN
from training.measure import metrics
from training.measure.measured import Asks, MeasuredRows
from training.measure.reported import N_DIGITS
from training.rows.splits import RowIndex
from training.thresholds.simulate import TierIndex

MAX_LISTED = 20
"""Rows in each list."""

_FACTS = ("task", "lang")


def misses_report(rows: MeasuredRows, threshold: float) -> JsonObject:
    """`misses` (`too_low`, `too_high`) and `near_threshold`; empty for rows without `asks`.

    Each list of misses is {n, rows}: how many such rows there are, and at most MAX_LISTED of them, largest gap first.
    Each row has the `tier` in question, the expected quality loss there, and its distance from the threshold, `gap`:

    - too_low: the tier that was chosen though it is not adequate; the loss there is at or under the threshold.
    - too_high: the cheapest adequate tier (the cheapest of all where none is), which was not chosen because the loss
      there is above the threshold. Rows that only the safe tier sent high are not listed.
    - near_threshold: the tier with the loss nearest to the threshold, on either side, smallest gap first. Rows out of
      domain are not listed: the threshold alone does not decide them.

    threshold: the one that `rows.chosen` was chosen by.
    """
    if rows.asks is None:
        return {}
    losses, cheapest, n_tiers = rows.scores.expected_quality_loss, rows.labels.cheapest, len(rows.tiers)
    would_do = np.where((cheapest == n_tiers) | (cheapest == UNKNOWN), 0, cheapest)
    nearest = np.abs(losses[:, :-1] - threshold).argmin(axis=1)
    is_low = metrics.is_under_routed(rows.chosen, cheapest, n_tiers=n_tiers) == 1
    is_high = metrics.is_over_routed(rows.chosen, cheapest, n_tiers=n_tiers) == 1
    is_high &= _at(losses, would_do) > threshold
    in_domain = np.ones(len(rows), dtype=np.bool_) if rows.flagged is None else ~rows.flagged
    too_low, too_high, near = (_Gaps(rows, rows.asks, tier, threshold) for tier in (rows.chosen, would_do, nearest))
    return {
        "misses": {
            "too_low": {"n": int(is_low.sum()), "rows": too_low.largest(np.flatnonzero(is_low))},
            "too_high": {"n": int(is_high.sum()), "rows": too_high.largest(np.flatnonzero(is_high))},
        },
        "near_threshold": near.smallest(np.flatnonzero(in_domain)),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """Rows with the tier in question of each, (n,), and how far the loss there is from the threshold."""

    rows: MeasuredRows
    asks: Asks
    tier: TierIndex
    threshold: float

    @property
    def losses(self) -> Float64Array:
        """(n,) expected quality losses at the tiers in question."""
        return _at(self.rows.scores.expected_quality_loss, self.tier)

    @property
    def gaps(self) -> Float64Array:
        """(n,) distances from the threshold, >= 0, to the digits that are stated.

        Rounded before rows are ordered by them: the last bits differ between machines, and the order must not.
        """
        return np.asarray(np.round(np.abs(self.losses - self.threshold), N_DIGITS), dtype=np.float64)

    def largest(self, picked: RowIndex) -> list[JsonObject]:
        """Entries of the picked rows with the largest gaps, largest first."""
        return self._entries(picked, -self.gaps)

    def smallest(self, picked: RowIndex) -> list[JsonObject]:
        """Entries of the picked rows with the smallest gaps, smallest first."""
        return self._entries(picked, self.gaps)

    def _entries(self, picked: RowIndex, keys: Float64Array) -> list[JsonObject]:
        """In ascending order of keys, then of source and id, so that the order of the file does not matter."""
        order = picked[np.lexsort((self.asks.ids[picked], self.rows.sources[picked], keys[picked]))]
        _, first = np.unique(self.rows.groups[order], return_index=True)
        return [self._entry(row) for row in order[np.sort(first)][:MAX_LISTED].tolist()]

    def _entry(self, row: int) -> JsonObject:
        rows, tiers = self.rows, self.rows.tiers
        adequate, cheapest = rows.labels.adequate[row].tolist(), int(rows.labels.cheapest[row])
        facts = {name: str(rows.slices[name][row]) for name in _FACTS if name in rows.slices}
        return {
            "source": str(rows.sources[row]),
            "id": str(self.asks.ids[row]),
            **{name: value for name, value in facts.items() if value},
            "turn": str(self.asks.turns[row]),
            "adequate": {tier: _KNOWN.get(value) for tier, value in zip(tiers, adequate, strict=True)},
            "cheapest_adequate": tiers[cheapest] if 0 <= cheapest < len(tiers) else None,
            "chosen": tiers[rows.chosen[row]],
            "p_adequate": dict(zip(tiers, rows.scores.p_adequate[row].tolist(), strict=True)),
            "tier": tiers[self.tier[row]],
            "expected_quality_loss": float(self.losses[row]),
            "threshold": self.threshold,
            "gap": float(self.gaps[row]),
            "characters": int(self.asks.characters[row]),
        }


_KNOWN = {1: True, 0: False}


def _at(values: Float64Array, tier: TierIndex) -> Float64Array:
    """(n, n_tiers) to (n,): each row's value at a tier of its own."""
    return np.asarray(values[np.arange(len(values)), tier])
