"""The guarantee of a threshold: a bound on the quality lost, the cost or the tiers' shares, with its confidence.

The curve comes from training, on rows that no head was fitted on. A request or a policy may name another goal than the
bundle's own and gets that goal's threshold from the curve, without a refit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from typing import Annotated, TypeAlias

from router.checked.kinds import Share, Text, known, number, some, whole
from router.types import JsonObject, StatedPromise

QUALITY = "max_quality_loss"
COST = "max_cost_usd_per_1k"
MIX = "tier_mix"
GOALS = (QUALITY, COST, MIX)
"""What a goal can be about; the words are those of requests, options and manifests."""

Count: TypeAlias = Annotated[int, whole(0, 1 << 40)]
Column: TypeAlias = Annotated[tuple[Annotated[float, number()], ...], some("an array of numbers that is not empty")]
"""One number per threshold."""


def rounded_up(least: float) -> str:
    """A least number, at or above 0, for people: four digits, rounded up, as who asks for what is shown has to get it.

    >>> rounded_up(0.0210946), rounded_up(0.05), rounded_up(1.0)
    ('0.0211', '0.05', '1')
    """
    digits = Context(prec=4, rounding=ROUND_CEILING).create_decimal(repr(float(least)))
    return f"{float(digits):.4g}"


class TargetTooSmall(ValueError):
    """The rows cannot support the target; `smallest` is the least that can be promised."""

    def __init__(self, what: str, target: float, smallest: float) -> None:
        super().__init__(
            f"the bundle cannot promise {what} {target:g}: its rows support {rounded_up(smallest)} or "
            "more. Ask for more, or fit on more rows."
        )
        self.target, self.smallest = target, smallest


@dataclass(frozen=True, slots=True)
class Goal:
    """What a threshold has to keep: exactly one of the three.

    max_quality_loss: the mean quality loss is at or under it, in [0, 1]; the cheapest such threshold is taken.
    max_cost_usd_per_1k: a thousand requests cost at most this; the most careful such threshold is taken.
    tier_mix: each named tier gets at most this share of the requests; the most careful such threshold is taken. The
        cheapest tier cannot be named: whatever is not sent to the others goes there.

    Raises ValueError for none, for two, and for a number that is not a valid share or cost.

    >>> Goal(tier_mix={"frontier": 0.1}).kind
    'tier_mix'
    """

    max_quality_loss: Share | None = None
    max_cost_usd_per_1k: Annotated[float, number(0)] | None = None
    tier_mix: Mapping[str, Share] | None = None

    def __post_init__(self) -> None:
        """Check that exactly one goal is given, in its range."""
        given = [name for name in GOALS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"choose one of {', '.join(GOALS)}; found {found}")
        if self.max_quality_loss is not None and not 0.0 <= self.max_quality_loss <= 1.0:
            raise ValueError(f"{QUALITY}: expected a number in [0, 1], found {self.max_quality_loss:g}")
        if self.max_cost_usd_per_1k is not None and not 0.0 <= self.max_cost_usd_per_1k < float("inf"):
            raise ValueError(f"{COST}: expected a finite number of at least 0, found {self.max_cost_usd_per_1k:g}")
        if self.tier_mix is not None:
            _check_mix(self.tier_mix)

    @property
    def kind(self) -> str:
        """Which of the three it is."""
        return next(name for name in GOALS if getattr(self, name) is not None)

    def check_tiers(self, tiers: Sequence[str]) -> None:
        """Raises ValueError when the mix names an unknown tier, or the cheapest; tiers are cheap to strong."""
        for tier in self.tier_mix or ():
            if tier not in tiers[1:]:
                raise ValueError(f"{MIX}: {tier!r} cannot be limited; tiers that can are {', '.join(tiers[1:])}")

    def to_json(self) -> JsonObject:
        """An object with one key."""
        value = getattr(self, self.kind)
        return {self.kind: dict(sorted(value.items())) if isinstance(value, Mapping) else value}


def _check_mix(mix: Mapping[str, float]) -> None:
    if not mix:
        raise ValueError(f"{MIX}: name at least one tier with its share")
    for tier, share in mix.items():
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"{MIX}: {tier}: expected a share in [0, 1], found {share:g}")


@dataclass(frozen=True, slots=True)
class SlicePromise:
    """The bundle's own threshold on one part of the traffic.

    by, value: such as `lang` and `de`.  n: its groups of calibration rows.
    loss: their mean quality loss.  bound: upper confidence bound on it.
    smallest_target: the least max_quality_loss that its rows could support at any threshold.
    All slices' bounds hold together with the promise's confidence: each is taken at 1 - (1 - confidence) / number of
    slices (Bonferroni).
    """

    by: Text
    value: Text
    n: Count
    loss: Share
    bound: Share
    smallest_target: Share


@dataclass(frozen=True, slots=True)
class Promise:
    """The threshold curve with its guarantees, measured on rows that no head was fitted on.

    goal: the bundle's own.  confidence: P(the target is kept) for any one goal, named without a look at the curve.
    n_rows, n_groups: calibration rows, and groups of them (pairs, conversations): bounds count groups.
    method: how the loss is bounded, `clopper_pearson` or `hoeffding_bentkus`.
    population: in words, which rows.  safe_tier: where rows out of domain were counted.
    thresholds: ascending; each is the largest expected quality loss a tier may have to be chosen.
    bounds: non-decreasing upper confidence bound on the mean quality loss at each threshold.
    losses, savings: the mean quality loss and the share of the cost saved against always-strongest, as measured.
    costs_usd_per_1k: as measured.  cost_bounds_usd_per_1k: non-increasing upper confidence bound on it.
    tier_shares: of each tier, as measured.  tier_share_bounds: of each tier but the cheapest, a non-increasing upper
        confidence bound.
    slices: the bundle's own threshold, part by part, where that was asked for.
    """

    goal: Goal
    confidence: Share
    n_rows: Count
    n_groups: Count
    method: Annotated[str, known("a method", ("clopper_pearson", "hoeffding_bentkus"))]
    population: Text
    safe_tier: Text
    thresholds: Column
    bounds: Column
    losses: Column
    savings: Column
    costs_usd_per_1k: Column
    cost_bounds_usd_per_1k: Column
    tier_shares: Mapping[str, Column]
    tier_share_bounds: Mapping[str, Column]
    slices: tuple[SlicePromise, ...] = ()

    @property
    def target(self) -> float:
        """The max_quality_loss that is promised: the goal's, or the bound where a cost or a mix chose the threshold."""
        own = self.goal.max_quality_loss
        return self.bounds[self.position_for()] if own is None else own

    @property
    def broken_slices(self) -> tuple[SlicePromise, ...]:
        """The slices that lose more than is promised of all requests together, worst first; () for another goal."""
        target = self.goal.max_quality_loss
        broken = [] if target is None else [part for part in self.slices if part.loss > target]
        return tuple(sorted(broken, key=lambda part: (-part.loss, part.by, part.value)))

    def position_for(self, goal: Goal | float | None = None) -> int:
        """Index of the threshold for a goal: a bare number is a max_quality_loss, None the bundle's own goal.

        Raises TargetTooSmall, and ValueError for a mix of other tiers.
        """
        goal = self.goal if goal is None else goal if isinstance(goal, Goal) else Goal(max_quality_loss=goal)
        if goal.max_quality_loss is not None:
            return self._quality_position(goal.max_quality_loss)
        if goal.max_cost_usd_per_1k is not None:
            return _first_at_or_under(self.cost_bounds_usd_per_1k, goal.max_cost_usd_per_1k, what=COST)
        assert goal.tier_mix is not None
        goal.check_tiers(tuple(self.tier_shares))
        return max(
            _first_at_or_under(self.tier_share_bounds[tier], share, what=f"{MIX} {tier}")
            for tier, share in goal.tier_mix.items()
        )

    def threshold_for(self, goal: Goal | float | None = None) -> float:
        """The threshold for a goal; see `position_for`. Raises TargetTooSmall."""
        return self.thresholds[self.position_for(goal)]

    def stated(self, goal: Goal | None = None) -> StatedPromise:
        """The guarantee stated for a goal; None for the bundle's own. Raises TargetTooSmall."""
        goal = self.goal if goal is None else goal
        position = self.position_for(goal)
        target: float | Mapping[str, float]
        bound: float | Mapping[str, float]
        if goal.tier_mix is not None:
            target = dict(goal.tier_mix)
            bound = {tier: self.tier_share_bounds[tier][position] for tier in target}
        elif goal.max_cost_usd_per_1k is not None:
            target, bound = goal.max_cost_usd_per_1k, self.cost_bounds_usd_per_1k[position]
        else:
            assert goal.max_quality_loss is not None
            target, bound = goal.max_quality_loss, self.bounds[position]
        return StatedPromise(goal=goal.kind, target=target, bound=bound, confidence=self.confidence, n=self.n_groups)

    def _quality_position(self, target: float) -> int:
        position = bisect_right(self.bounds, target) - 1
        if position < 0:
            raise TargetTooSmall(QUALITY, target, self.bounds[0])
        return position


def _first_at_or_under(falling: Sequence[float], limit: float, *, what: str) -> int:
    """Index of the first of the non-increasing numbers at or under the limit. Raises TargetTooSmall."""
    position = bisect_left(falling, -limit, key=lambda number: -number)
    if position == len(falling):
        raise TargetTooSmall(what, limit, falling[-1])
    return position
