"""Choose thresholds with finite-sample bounds on the quality they lose, on what they cost and on the tiers' shares.

Learn then Test (Angelopoulos, Bates, Candes, Jordan, Lei 2021, arXiv 2110.01052) with fixed-sequence testing: the
thresholds, fixed beforehand, are tried from the safest on, and the first that fails ends the sequence. The safest end
is the most careful threshold for a quality loss, the cheapest one for a cost or a share. So P(the chosen threshold's
true mean is above the target) <= 1 - confidence, however many thresholds are tried, be the mean monotone or not.
Several caps of a tier mix need no correction: a threshold passes only if each cap does (intersection-union test).

The bounds themselves, and the groups of rows that they count, are in bounds.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from router.brain.promise import Goal, Promise, SlicePromise
from training.labels.labels import UNKNOWN, Labels
from training.rows.splits import RowIndex, group_fractions
from training.thresholds.bounds import Grouping, grouping_of
from training.thresholds.simulate import route_scores

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


def loss_of_labels(labels: Labels) -> Float64Array:
    """The quality loss of each tier by adequacy: (n, n_tiers), 1, 0 or nan (unknown); 0 for the strongest."""
    loss = np.where(labels.loss == UNKNOWN, np.nan, labels.loss.astype(np.float64))
    return np.concatenate([loss, np.zeros((len(loss), 1))], axis=1)


def calibration_sides(
    groups: npt.NDArray[np.str_], rows: RowIndex, *, method: str, seed: int, share: float | None = None
) -> tuple[RowIndex, RowIndex]:
    """Held-out rows that calibrate the heads, and those that choose the threshold.

    groups: of all rows of the dataset.  rows: the held-out ones.
    share: of their groups that calibrate while the rest chooses; None: as the method needs (half, if they are split).
    A sigmoid has two numbers per head: fitted on the very rows that choose the threshold it leaves the promise as it is
    (by simulation), so all rows do both. An isotonic calibration follows the rows' chances, and the threshold would be
    chosen where they were lucky: its sides are disjoint, by a hash of seed and group.
    """
    if share is None and method == "sigmoid":
        return rows, rows
    part = 0.5 if share is None else share
    mine = group_fractions(groups[rows], seed=seed + _SPLIT_SALT) < part
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
    groups: npt.NDArray[np.str_],
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

    scores: of n rows.  loss: (n, n_tiers) quality loss of each tier in [0, 1], nan unknown; see `loss_of_labels`.
        Rows whose loss is unknown at some tier are left out.
    cost_usd: of a request at each tier, (n_tiers,) as stated or (n, n_tiers) as metered. cost_limit_usd: what a metered
        request may cost at most, for the bound; the costliest row's if None, which assumes that none costs more.
    groups: (n,) names.  slices: facts to state the promise by, (n,) values each; "" is unknown and left out.
    Raises TargetTooSmall when the rows do not support the goal, ValueError when no row is left or the goal is invalid.
    """
    goal.check_tiers(tiers)
    known = np.flatnonzero(np.isfinite(loss).all(axis=1))
    if known.size == 0:
        raise ValueError("no calibration row has a known loss at every tier; the promise needs some")
    routed = [route_scores(scores, value, max_distance=max_distance, safe_tier=safe_tier) for value in thresholds]
    tier_at = np.column_stack(routed)[known]
    lost = np.take_along_axis(loss[known], tier_at, axis=1)
    names = groups[known]
    grouping = grouping_of(names.tolist())
    promise = _promise(
        lost,
        _costs(cost_usd, known, tier_at, grouping, confidence=confidence, limit_usd=cost_limit_usd),
        tier_at,
        grouping,
        tiers=tiers,
        safe_tier=safe_tier,
        goal=goal,
        confidence=confidence,
        population=population,
        thresholds=thresholds,
    )
    position = promise.position_for()  # a goal that these rows cannot support is refused here, not when it is served
    facts = {by: values[known] for by, values in (slices or {}).items()}
    return replace(promise, slices=_slices(lost, names, facts, position=position, confidence=confidence))


class _Costs(NamedTuple):
    """At each threshold: mean USD a request, its upper bound, the share saved against always the strongest tier."""

    mean: Float64Array
    bounds: Float64Array
    savings: Float64Array


def _promise(
    lost: Float64Array,
    costs: _Costs,
    tier_at: npt.NDArray[np.int64],
    grouping: Grouping,
    *,
    tiers: Sequence[str],
    safe_tier: int,
    goal: Goal,
    confidence: float,
    population: str,
    thresholds: Sequence[float],
) -> Promise:
    """The curve of what each threshold loses, costs and sends where; lost, tier_at: (n, n_thresholds)."""
    losses = grouping.bounded(lost, confidence=confidence)
    shares = {
        tier: grouping.bounded((tier_at == position).astype(np.float64), confidence=confidence)
        for position, tier in enumerate(tiers)
    }
    return Promise(
        goal=goal,
        confidence=confidence,
        n_rows=len(lost),
        n_groups=len(grouping),
        method=losses.method,
        population=population,
        safe_tier=tiers[safe_tier],
        thresholds=tuple(thresholds),
        bounds=_rounded_up(_rising(losses.bounds)),
        losses=_rounded(losses.means),
        savings=_rounded(costs.savings),
        costs_usd_per_1k=_rounded(1_000.0 * costs.mean),
        cost_bounds_usd_per_1k=_rounded_up(1_000.0 * _falling(costs.bounds)),
        tier_shares={tier: _rounded(share.means) for tier, share in shares.items()},
        tier_share_bounds={tier: _rounded_up(_falling(shares[tier].bounds)) for tier in tiers[1:]},
    )


def _costs(
    cost_usd: Float64Array | Sequence[float],
    known: RowIndex,
    tier_at: npt.NDArray[np.int64],
    grouping: Grouping,
    *,
    confidence: float,
    limit_usd: float | None,
) -> _Costs:
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
        return _Costs(mean, np.full_like(mean, high), savings)
    scaled = (np.minimum(spent, high) - low) / (high - low)
    bounds = low + (high - low) * grouping.bounded(scaled, confidence=confidence).bounds
    return _Costs(mean, bounds, savings)


def _slices(
    lost: Float64Array,
    groups: npt.NDArray[np.str_],
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
        for grouping in [grouping_of(groups[rows].tolist())]
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
