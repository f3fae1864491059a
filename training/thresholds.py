"""Choose thresholds with finite-sample bounds on the quality they lose, on what they cost and on the tiers' shares.

Learn then Test (Angelopoulos, Bates, Candes, Jordan, Lei 2021, arXiv 2110.01052) with fixed-sequence testing: the
thresholds, fixed beforehand, are tried from the safest on, and the first that fails ends the sequence. The safest end
is the most careful threshold for a quality loss, the cheapest one for a cost or a share. So P(the chosen threshold's
true mean is above the target) <= 1 - confidence, however many thresholds are tried, be the mean monotone or not.
Several caps of a tier mix need no correction: a threshold passes only if each cap does (intersection-union test).

The unit is the group (a contrast pair, a conversation), as rows of a group fail together: treated as independent rows
they break the promise too often (tests/training/test_promise_simulation.py). Means are over groups, each counting once.

- Values 0 or 1: of each group one row, drawn by a hash of its name, and the exact binomial bound. On the traffic rows
  (2,731 groups of 2,880 rows) this saves 1.7 points more at a target of 0.05 than group means with the bound below,
  and keeps its promise as well.
- Any values in [0, 1]: the mean of each group, and the Hoeffding-Bentkus bound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from scipy.stats import beta

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from router.brain.promise import Goal, Promise, SlicePromise
from training.evaluation.simulate import route_scores
from training.labels import UNKNOWN, Labels
from training.splits import RowIndex, group_fractions

N_THRESHOLDS = 256
THRESHOLDS: tuple[float, ...] = (
    0.0,
    *(1.0 / (1.0 + np.exp(-np.linspace(-7.6, 7.0, N_THRESHOLDS - 2)))).tolist(),
    1.0,
)
"""Evenly spaced in the logit between 0 and 1. Fixed, not quantiles of the calibration rows: the sequence of tests has
to be named before the rows are looked at."""

MIN_SLICE_GROUPS = 30
"""A slice of fewer groups is left out: its bound would be above 7% if it lost nothing."""

_SPLIT_SALT = 1_000_003
_DECIMALS = 6
_BISECTIONS = 50


def binomial_upper_bound(n_losses: int, n_rows: int, *, confidence: float) -> float:
    """Upper bound of a rate, one-sided, exact (Clopper, Pearson 1934): P(rate <= bound) >= confidence.

    The `confidence` quantile of Beta(n_losses + 1, n_rows - n_losses).

    >>> round(binomial_upper_bound(0, 100, confidence=0.9), 4)
    0.0228
    """
    counts = np.array([float(n_losses)])
    return float(_binomial_upper_bounds(counts, n_rows, confidence=confidence)[0])


def _binomial_upper_bounds(n_losses: Float64Array, n_rows: int, *, confidence: float) -> Float64Array:
    below = n_losses < n_rows
    bounds = np.ones_like(n_losses)
    bounds[below] = beta.ppf(confidence, n_losses[below] + 1.0, n_rows - n_losses[below])
    return bounds


def hoeffding_bentkus_upper_bound(mean: float, n: int, *, confidence: float) -> float:
    """Upper bound of the mean of independent values in [0, 1], from the mean of n: P(true mean <= bound) >= confidence.

    The least a with min(exp(-n h(mean, a)), e P(Binomial(n, a) <= ceil(n mean))) <= 1 - confidence, where
    h(x, a) = x log(x / a) + (1 - x) log((1 - x) / (1 - a)). Hoeffding 1963; Bentkus 2004; together as in Bates,
    Angelopoulos, Lei, Malik, Jordan 2021 (arXiv 2101.02703) and arXiv 2110.01052, section 3.

    >>> round(hoeffding_bentkus_upper_bound(0.0, 100, confidence=0.9), 4)
    0.0228
    """
    return float(_hoeffding_bentkus_upper_bounds(np.array([mean]), n, confidence=confidence)[0])


def _hoeffding_bentkus_upper_bounds(means: Float64Array, n: int, *, confidence: float) -> Float64Array:
    if n == 0:
        return np.ones_like(means)
    counts = np.ceil(n * means - 1e-9)  # a sum of floats may be a hair above its whole number
    bentkus = _binomial_upper_bounds(counts, n, confidence=1.0 - (1.0 - confidence) / np.e)
    allowed = -np.log1p(-confidence) / n
    low, high = means.copy(), np.ones_like(means)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        inside = _relative_entropy(means, middle) < allowed
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(np.minimum(bentkus, high))


def _relative_entropy(x: Float64Array, a: Float64Array) -> Float64Array:
    """h(x, a) of two Bernoulli rates, with 0 log 0 = 0; a is above 0."""
    rest = np.maximum(1.0 - a, np.finfo(np.float64).tiny)
    return np.asarray(xlogy(x, x) - xlogy(x, a) + xlogy(1.0 - x, 1.0 - x) - xlogy(1.0 - x, rest))


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """Means with their upper confidence bounds, one a column.

    method: `clopper_pearson` (values 0 or 1) or `hoeffding_bentkus`.
    """

    means: Float64Array
    bounds: Float64Array
    method: str


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Rows in groups; a statement counts groups.

    of_row: (n,) position of each row's group.  size: (n_groups,).
    spokesman: (n_groups,) the row that stands for its group: drawn by a hash, not by what came of the row.
    """

    of_row: npt.NDArray[np.intp]
    size: npt.NDArray[np.intp]
    spokesman: RowIndex

    @classmethod
    def of(cls, groups: Sequence[str]) -> Grouping:
        """The grouping of rows by the names of their groups."""
        names, of_row = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        size = np.bincount(of_row, minlength=len(names))
        order = np.argsort(of_row, kind="stable")
        start = np.cumsum(size) - size
        drawn = np.array([_draw(str(name), int(n)) for name, n in zip(names, size, strict=True)], dtype=np.intp)
        return cls(of_row=of_row, size=size, spokesman=order[start + drawn])

    def __len__(self) -> int:
        """How many groups."""
        return len(self.size)

    def mean(self, values: Float64Array) -> Float64Array:
        """Mean over groups of the mean over a group's rows: (n, k) to (k,)."""
        return np.asarray((1.0 / (len(self) * self.size[self.of_row])) @ values)

    def bounded(self, values: Float64Array, *, confidence: float) -> Bounded:
        """Means of (n, k) values in [0, 1] with upper bounds, each at the confidence; a bound is never below its mean.

        Raises ValueError for values outside [0, 1].
        """
        if not ((values >= 0.0) & (values <= 1.0)).all():
            raise ValueError("values outside [0, 1] cannot be bounded")
        means = self.mean(values)
        if ((values == 0.0) | (values == 1.0)).all():
            counts = values[self.spokesman].sum(axis=0)
            bounds = _binomial_upper_bounds(counts, len(self), confidence=confidence)
            return Bounded(means, np.maximum(bounds, means), "clopper_pearson")
        bounds = _hoeffding_bentkus_upper_bounds(means, len(self), confidence=confidence)
        return Bounded(means, np.maximum(bounds, means), "hoeffding_bentkus")


def _draw(name: str, n: int) -> int:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[-8:], "big") % n


def loss_of_labels(labels: Labels) -> Float64Array:
    """The quality loss of each tier by adequacy: (n, n_tiers), 1, 0 or nan (unknown); 0 for the strongest."""
    loss = np.where(labels.loss == UNKNOWN, np.nan, labels.loss.astype(np.float64))
    return np.concatenate([loss, np.zeros((len(loss), 1))], axis=1)


def loss_of_quality(quality: Float64Array) -> Float64Array:
    """The quality loss of each tier by scores: how far it is below the best of itself and all stronger tiers.

    quality: (n, n_tiers) in [0, 1], nan unknown; so is the loss of a tier with an unknown one at or above it.

    >>> loss_of_quality(np.array([[0.25, 1.0, 0.5]])).tolist()
    [[0.75, 0.0, 0.0]]
    """
    best_above = np.maximum.accumulate(quality[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(best_above - quality)


def calibration_sides(
    groups: Sequence[str], rows: RowIndex, *, method: str, seed: int, share: float | None = None
) -> tuple[RowIndex, RowIndex]:
    """Held-out rows that calibrate the heads, and those that choose the threshold.

    groups: of all rows of the dataset.  rows: the held-out ones.
    share: of their groups that calibrate while the rest chooses; None: as the method needs, half of them if parted.
    A sigmoid has two numbers a head: fitted on the very rows that choose the threshold it leaves the promise as it is
    (by simulation), so all rows do both. An isotonic calibration follows the rows' chances, and the threshold would be
    chosen where they were lucky: its sides are disjoint, by a hash of seed and group.
    """
    if share is None and method == "sigmoid":
        return rows, rows
    part = 0.5 if share is None else share
    mine = group_fractions([groups[row] for row in rows.tolist()], seed=seed + _SPLIT_SALT) < part
    return rows[mine], rows[~mine]


def goal_from_options(
    *, max_quality_loss: float | None, max_cost_usd_per_1k: float | None, tier_mix: Iterable[str] = ()
) -> Goal:
    """The goal that a command line names; tier_mix holds TIER=SHARE. Raises ValueError with what to change.

    >>> goal_from_options(max_quality_loss=None, max_cost_usd_per_1k=None, tier_mix=["frontier=0.1"]).to_json()
    {'tier_mix': {'frontier': 0.1}}
    """
    mix: dict[str, float] = {}
    for item in tier_mix:
        tier, _, share = item.partition("=")
        try:
            mix[tier] = float(share)
        except ValueError as exc:
            raise ValueError(f"tier_mix: expected TIER=SHARE, found {item!r}") from exc
    return Goal(max_quality_loss=max_quality_loss, max_cost_usd_per_1k=max_cost_usd_per_1k, tier_mix=mix or None)


def promise_curve(
    scores: Scores,
    loss: Float64Array,
    *,
    tiers: Sequence[str],
    cost_usd: Float64Array | Sequence[float],
    groups: Sequence[str],
    max_distance: float,
    safe_tier: int,
    goal: Goal,
    confidence: float,
    population: str,
    slices: Mapping[str, npt.NDArray[np.str_]] | None = None,
    cost_limit_usd: float | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Promise:
    """The promise for every threshold, from rows that no head was fitted on.

    scores: of n rows.  loss: (n, n_tiers) quality loss of each tier in [0, 1], nan unknown; see `loss_of_labels` and
        `loss_of_quality`. Rows whose loss is unknown at some tier are left out.
    cost_usd: of a request at each tier, (n_tiers,) as stated or (n, n_tiers) as metered. cost_limit_usd: what a metered
        request may cost at most, for the bound; the dearest row's cost if None, which assumes that none costs more.
    groups: one name a row.  slices: facts to state the promise by, one value a row; "" is unknown and left out.
    Raises TargetTooSmall when the rows do not support the goal, ValueError when no row is left or the goal is no good.
    """
    goal.check_tiers(tiers)
    known = np.flatnonzero(np.isfinite(loss).all(axis=1))
    if known.size == 0:
        raise ValueError("no calibration row has a known loss at every tier; the promise needs some")
    tier_at = np.column_stack(
        [route_scores(scores, value, max_distance=max_distance, safe_tier=safe_tier)[known] for value in thresholds]
    )
    grouping = Grouping.of([groups[row] for row in known.tolist()])
    lost = np.take_along_axis(loss[known], tier_at, axis=1)
    losses = grouping.bounded(lost, confidence=confidence)
    costs, cost_bounds, savings = _costs(
        cost_usd, known, tier_at, grouping, confidence=confidence, limit_usd=cost_limit_usd
    )
    shares = [
        grouping.bounded((tier_at == tier).astype(np.float64), confidence=confidence) for tier in range(len(tiers))
    ]
    promise = Promise(
        goal=goal,
        confidence=confidence,
        n_rows=int(known.size),
        n_groups=len(grouping),
        method=losses.method,
        population=population,
        safe_tier=tiers[safe_tier],
        thresholds=tuple(thresholds),
        bounds=_rounded_up(_rising(losses.bounds)),
        losses=_rounded(losses.means),
        savings=_rounded(savings),
        costs_usd_per_1k=_rounded(1_000.0 * costs),
        cost_bounds_usd_per_1k=_rounded_up(1_000.0 * _falling(cost_bounds)),
        tier_shares={tier: _rounded(share.means) for tier, share in zip(tiers, shares, strict=True)},
        tier_share_bounds={
            tier: _rounded_up(_falling(share.bounds)) for tier, share in zip(tiers[1:], shares[1:], strict=True)
        },
    )
    position = promise.position_for()  # a goal that these rows cannot support is refused here, not when it is served
    if not slices:
        return promise
    facts = {by: values[known] for by, values in slices.items()}
    names = [groups[row] for row in known.tolist()]
    return replace(promise, slices=_slices(lost, names, facts, position=position, confidence=confidence))


def _costs(
    cost_usd: Float64Array | Sequence[float],
    known: RowIndex,
    tier_at: npt.NDArray[np.int64],
    grouping: Grouping,
    *,
    confidence: float,
    limit_usd: float | None,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Mean USD a request at each threshold, its upper bound, and the share saved against always the strongest tier."""
    costs = np.asarray(cost_usd, dtype=np.float64)
    if costs.ndim == 1:  # stated prices: no request can cost less or more than the tiers do
        low, high = float(costs.min()), float(costs.max())
        costs = np.tile(costs, (len(known), 1))
    else:
        costs = costs[known]
        low, high = 0.0, float(costs.max()) if limit_usd is None else limit_usd
    spent = np.take_along_axis(costs, tier_at, axis=1)
    mean = grouping.mean(spent)
    strongest = grouping.mean(costs[:, -1:])[0]
    savings = 1.0 - mean / strongest if strongest > 0.0 else np.zeros_like(mean)
    if high <= low:
        return mean, np.full_like(mean, high), savings
    scaled = (np.minimum(spent, high) - low) / (high - low)
    bounds = low + (high - low) * grouping.bounded(scaled, confidence=confidence).bounds
    return mean, bounds, savings


def _slices(
    lost: Float64Array,
    groups: Sequence[str],
    facts: Mapping[str, npt.NDArray[np.str_]],
    *,
    position: int,
    confidence: float,
) -> tuple[SlicePromise, ...]:
    parts = [
        (by, str(value), rows, grouping)
        for by, values in sorted(facts.items())
        for value in np.unique(values[values != ""])
        for rows in [np.flatnonzero(values == value)]
        for grouping in [Grouping.of([groups[row] for row in rows.tolist()])]
        if len(grouping) >= MIN_SLICE_GROUPS
    ]
    each = 1.0 - (1.0 - confidence) / max(1, len(parts))
    found = []
    for by, value, rows, grouping in parts:
        bounded = grouping.bounded(lost[rows], confidence=each)
        bounds = _rounded_up(_rising(bounded.bounds))
        found.append(
            SlicePromise(
                by=by,
                value=value,
                n=len(grouping),
                loss=_rounded(bounded.means)[position],
                bound=bounds[position],
                smallest_target=bounds[0],
            )
        )
    return tuple(found)


def _rising(bounds: Float64Array) -> Float64Array:
    """The running maximum from the careful end: reading it at a target is the fixed sequence."""
    return np.asarray(np.maximum.accumulate(bounds))


def _falling(bounds: Float64Array) -> Float64Array:
    """The running maximum from the cheap end."""
    return np.asarray(np.maximum.accumulate(bounds[::-1])[::-1])


def _rounded(values: Float64Array) -> tuple[float, ...]:
    return tuple(np.round(values, _DECIMALS).tolist())


def _rounded_up(values: Float64Array) -> tuple[float, ...]:
    scale = 10.0**_DECIMALS
    return tuple((np.ceil(values * scale) / scale).tolist())
