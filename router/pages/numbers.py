"""Numbers as people read them: shares, amounts and counts, with their intervals. Each function is a template filter.

A value is a number or `{point, low, high}`. What is not a finite number is written as `-`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure and its interval; low and high are None where none was computed."""

    point: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def read(cls, value: object) -> Estimate | None:
        """The estimate that a number or a `{point, low, high}` holds; None for anything else, null included."""
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            point, low, high = (finite(value.get(key)) for key in ("point", "low", "high"))
            return None if point is None else cls(point, low, high)
        point = finite(value)
        return None if point is None else cls(point)

    def text(self, point: str, digits: int, *, factor: int = 1) -> str:
        """A written point with the interval after it: `25.7% [23.1, 28.4]`. The interval is multiplied by `factor`."""
        if self.low is None or self.high is None or self.low == self.point == self.high:
            return point  # resampling did not change the value: an interval of zero width would claim certainty
        return f"{point} [{_fixed(factor * self.low, digits)}, {_fixed(factor * self.high, digits)}]"


def percent(value: object, digits: int = 1) -> str:
    """A share in percent: `25.7% [23.1, 28.4]`."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.text(f"{_fixed(100 * estimate.point, digits)}%", digits, factor=100)


def number(value: object, digits: int = 3) -> str:
    """A number: `0.742 [0.711, 0.773]`."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.text(_fixed(estimate.point, digits), digits)


def gained(value: object) -> str:
    """A difference of shares in percentage points, with its sign: `+5.9 points [3.4, 8.3]`."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.text(f"{100 * estimate.point:+.1f} points", 1, factor=100)


def count(value: object) -> str:
    """A whole number with thousands separated: `12,032`."""
    found = finite(value)
    return ABSENT if found is None else f"{found:,.0f}"


def usd(value: object) -> str:
    """An amount in US dollars: to the cent, or to three digits below ten cents."""
    amount = finite(value)
    return ABSENT if amount is None else f"${amount:,.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.3g}"


def finite(value: object) -> float | None:
    """A finite number as a float; None for anything else, True and False included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _fixed(value: float, digits: int) -> str:
    """Fixed digits, never `-0.0`."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
