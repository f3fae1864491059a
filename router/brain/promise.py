"""What a threshold promises: a bound on the quality lost, with its confidence, and the saving it buys.

The curve comes from training, on rows that no head was fitted on (they calibrate the heads and choose the threshold).
A request may name another target than the bundle's own and gets that target's threshold from the curve, without a
refit.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


class TargetTooSmall(ValueError):
    """The calibration rows are too few to promise the target; `smallest` is the least that can be promised."""

    def __init__(self, target: float, smallest: float) -> None:
        super().__init__(
            f"the bundle cannot promise max_quality_loss {target:g}: its calibration rows support {smallest:.4g} or "
            "more. Ask for more, or fit on more rows."
        )
        self.smallest = smallest


@dataclass(frozen=True, slots=True)
class Promise:
    """The threshold curve with its guarantee.

    target: the bundle's own max_quality_loss.  confidence: P(the bound holds) for any one target.
    n_rows: calibration rows behind the bounds.  population: in words, which rows.
    thresholds: ascending; each is the largest expected quality loss a tier may have to be chosen.
    bounds: non-decreasing upper confidence bound on the mean quality loss at each threshold.
    losses, savings: the mean quality loss and the cost saved against always-strongest, as measured on those rows.
    """

    target: float
    confidence: float
    n_rows: int
    population: str
    thresholds: tuple[float, ...]
    bounds: tuple[float, ...]
    losses: tuple[float, ...]
    savings: tuple[float, ...]

    def position_for(self, target: float) -> int:
        """Index of the largest threshold whose bound is at or under the target. Raises TargetTooSmall."""
        position = bisect_right(self.bounds, target) - 1
        if position < 0:
            raise TargetTooSmall(target, self.bounds[0])
        return position

    def threshold_for(self, target: float | None = None) -> float:
        """The threshold for a target in [0, 1]; for the bundle's own if None. Raises TargetTooSmall."""
        return self.thresholds[self.position_for(self.target if target is None else target)]
