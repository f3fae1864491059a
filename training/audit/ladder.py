"""Is the ladder of tiers worth routing over? What each tier costs and scores on the rows, and which tiers to drop.

    tierwise audit data/outcomes --tiers data/tiers.json

Only outcome rows say that: what models really scored, and where the rows have it what they really cost. Tiers are
compared on the rows that know both; intervals are 95%, by a bootstrap that draws groups (evaluation.bootstrap). Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.config import DEFAULT_TIER_COST_USD
from training.evaluation.bootstrap import Interval, bootstrap
from training.rows import OutcomeRow
from training.splits import RowIndex, group_names
from training.tier_map import DEFAULT_TIERS, TierMap, tier_scores

__all__ = ["DEFAULT_PRICES", "TIERS", "Ladder", "Prices", "audit", "ladders_of"]

AUDIT_SCHEMA = 1

TIERS = "tiers"
"""Name of the ladder that the tier map's own tiers are."""

MIN_COST_SHARE = 0.5
"""A way to know costs counts only where at least this share of the rows has it for every step of the ladder."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What is taken for costs where rows do not say them; names are tiers, or models of a ladder.

    request_usd: USD a request.  token_usd: USD per million tokens (in, out).
    """

    request_usd: Mapping[str, float] = field(default_factory=lambda: DEFAULT_TIER_COST_USD)
    token_usd: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: dict(zip(DEFAULT_TIERS, ((0.14, 0.28), (3.0, 15.0), (5.0, 25.0)), strict=True))
    )


DEFAULT_PRICES = Prices()


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps of one source, cheap to strong, at least two.

    steps: names, of tiers or of models.  models: those that stand for each step.
    tier_of: the tier that each step is or belongs to, "" none: where its price is looked up if it has none itself.
    """

    source: str
    name: str
    steps: tuple[str, ...]
    models: tuple[tuple[str, ...], ...]
    tier_of: tuple[str, ...]


def audit(
    rows: Sequence[OutcomeRow],
    tier_map: TierMap,
    *,
    prices: Prices = DEFAULT_PRICES,
    n_resamples: int = 1000,
    seed: int = 0,
) -> JsonObject:
    """The audit of each source's tiers, and of each of its ladders.

    Raises DataError for rows of a source that the map does not know.
    """
    groups = np.array(group_names(rows))
    by_source: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        by_source.setdefault(row.source, []).append(position)
    report: JsonObject = {"schema_version": AUDIT_SCHEMA, "n_resamples": n_resamples, "seed": seed, "sources": {}}
    for source, positions in sorted(by_source.items()):
        of_source = [rows[position] for position in positions]
        tier_scores(of_source[0], tier_map)  # refuses a source that the map does not know
        intervals = partial(bootstrap, groups[positions], n_resamples=n_resamples, seed=seed)
        threshold = tier_map.sources[source].threshold
        report["sources"][source] = {
            "n": len(of_source),
            "threshold": threshold,
            "ladders": {
                ladder.name: _audit_ladder(
                    ladder, _Table.of(of_source, ladder, prices), threshold=threshold, intervals=intervals
                )
                for ladder in ladders_of(source, tier_map)
            },
        }
    return report


def ladders_of(source: str, tier_map: TierMap) -> Iterator[Ladder]:
    """The source's tiers as a ladder, if it has two or more, then the ladders that the map names."""
    models = tier_map.sources[source].models
    tiers = tuple(tier for tier in tier_map.tiers if tier in models)
    if len(tiers) > 1:
        yield Ladder(source, TIERS, tiers, tuple(models[tier] for tier in tiers), tiers)
    tier_of = {model: tier for tier, names in models.items() for model in names}
    for name, steps in tier_map.ladders.get(source, {}).items():
        yield Ladder(
            source, name, steps, tuple((step,) for step in steps), tuple(tier_of.get(step, "") for step in steps)
        )


# --- Rows to numbers -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A source's rows over a ladder's steps.

    quality: (n, n_steps) in [0, 1], nan unknown.  cost_usd: (n_steps,) mean of a request; nan unknown.
    basis: how the costs are known.  n_cost: rows that they are the mean of.
    output_tokens: (n_steps,) mean; nan unknown.
    """

    quality: Float64Array
    cost_usd: Float64Array
    basis: str
    n_cost: int
    output_tokens: Float64Array

    @classmethod
    def of(cls, rows: Sequence[OutcomeRow], ladder: Ladder, prices: Prices) -> _Table:
        basis, cost_usd, n_cost = _costs(rows, ladder, prices)
        return cls(
            quality=_by_step(rows, ladder, lambda row, step, model: row.outcomes.get(model)),
            cost_usd=cost_usd,
            basis=basis,
            n_cost=n_cost,
            output_tokens=_column_means(_by_step(rows, ladder, lambda row, step, model: row.output_tokens.get(model))),
        )


_Value = Callable[[OutcomeRow, int, str], float | None]
"""A row, a step's position and one of its models, to a number; None unknown."""


def _by_step(rows: Sequence[OutcomeRow], ladder: Ladder, value: _Value) -> Float64Array:
    """(n, n_steps): the mean over a step's models; nan where one of them is unknown, as in `tier_scores`."""
    out = np.full((len(rows), len(ladder.steps)), np.nan)
    for position, row in enumerate(rows):
        for step, models in enumerate(ladder.models):
            values = [value(row, step, model) for model in models]
            known = [number for number in values if number is not None]
            if len(known) == len(models):
                out[position, step] = round(math.fsum(known) / len(known), 12)
    return out


def _costs(rows: Sequence[OutcomeRow], ladder: Ladder, prices: Prices) -> tuple[str, Float64Array, int]:
    """How costs are known, their means a step, and of how many rows: the best way that holds for every step alike.

    Ways are never mixed: a measured cost beside an assumed one would compare two things.
    """
    token_usd = [
        prices.token_usd.get(step) or prices.token_usd.get(tier)
        for step, tier in zip(ladder.steps, ladder.tier_of, strict=True)
    ]

    def measured(row: OutcomeRow, step: int, model: str) -> float | None:
        return row.cost_usd.get(model)

    def by_tokens(row: OutcomeRow, step: int, model: str) -> float | None:
        price, n_in, n_out = token_usd[step], row.input_tokens.get(model), row.output_tokens.get(model)
        return None if price is None or n_in is None or n_out is None else (n_in * price[0] + n_out * price[1]) / 1e6

    def by_output(row: OutcomeRow, step: int, model: str) -> float | None:
        price, n_out = token_usd[step], row.output_tokens.get(model)
        return None if price is None or n_out is None else n_out * price[1] / 1e6

    for basis, value in (("cost_usd", measured), ("tokens", by_tokens), ("output_tokens", by_output)):
        costs = _by_step(rows, ladder, value)
        whole = costs[np.isfinite(costs).all(axis=1)]
        if len(whole) >= MIN_COST_SHARE * len(rows):
            return basis, whole.mean(axis=0), len(whole)
    assumed = [
        prices.request_usd.get(step, prices.request_usd.get(tier, math.nan))
        for step, tier in zip(ladder.steps, ladder.tier_of, strict=True)
    ]
    known = not any(math.isnan(cost) for cost in assumed)
    return ("assumed" if known else "unknown"), np.array(assumed if known else [math.nan] * len(assumed)), 0


def _column_means(values: Float64Array) -> Float64Array:
    """Mean of each column over its known values; nan where there is none."""
    known = np.isfinite(values)
    n_known = known.sum(axis=0)
    return np.where(n_known > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(1, n_known), np.nan)


# --- Numbers to a report ---------------------------------------------------------------------------------------------

_Intervals = Callable[[Callable[[RowIndex], Float64Array]], tuple[Interval, ...]]


def _audit_ladder(ladder: Ladder, table: _Table, *, threshold: float, intervals: _Intervals) -> JsonObject:
    n_steps = len(ladder.steps)
    pairs = [(low, high) for high in range(n_steps) for low in range(high)]
    mixes = _mixes(table.cost_usd)
    differences = [table.quality[:, high] - table.quality[:, low] for low, high in pairs]
    gaps = [table.quality @ weights for weights in mixes.values()]
    columns = np.column_stack([table.quality, *differences, *gaps])
    found = intervals(lambda rows: _column_means(columns[rows]))
    difference = dict(zip(pairs, found[n_steps:], strict=False))
    mix_gap = dict(zip(mixes, found[n_steps + len(pairs) :], strict=True))
    steps = [_step(table, found[step], step, threshold=threshold) for step in range(n_steps)]
    verdicts = _verdicts(table, difference, mix_gap)
    return {
        "cost_basis": table.basis,
        "n_cost": table.n_cost,
        "steps": dict(zip(ladder.steps, steps, strict=True)),
        "pairs": [
            {
                "step": ladder.steps[high],
                "against": ladder.steps[low],
                **_wins(table.quality[:, low], table.quality[:, high]),
                "difference": _round(difference[low, high].point),
                "interval": _bounds(difference[low, high]),
            }
            for low, high in pairs
        ],
        "verdicts": {
            ladder.steps[step]: {"verdict": name, "against": [ladder.steps[other] for other in against]}
            for step, (name, against) in verdicts.items()
        },
        "sentences": _sentences(ladder, table, verdicts, difference, mix_gap),
    }


def _step(table: _Table, quality: Interval, step: int, *, threshold: float) -> JsonObject:
    scores = table.quality[:, step]
    known = scores[np.isfinite(scores)]
    return {
        "n": len(known),
        "quality": _round(quality.point),
        "interval": _bounds(quality),
        "adequate": _round(float((known >= threshold).mean())) if known.size else None,
        "cost_usd": _round(float(table.cost_usd[step]), places=8),
        "output_tokens": _round(float(table.output_tokens[step]), places=1),
    }


def _wins(low: Float64Array, high: Float64Array) -> JsonObject:
    """On the rows that know both: how often the second scores strictly more, the same, strictly less."""
    both = np.isfinite(low) & np.isfinite(high)
    gain = high[both] - low[both]
    if gain.size == 0:
        return {"n": 0}
    return {
        "n": int(gain.size),
        "better": _round(float((gain > 0).mean())),
        "tie": _round(float((gain == 0).mean())),
        "worse": _round(float((gain < 0).mean())),
    }


def _mixes(cost_usd: Float64Array) -> dict[tuple[int, int, int], Float64Array]:
    """For each step between a cheaper and a dearer one: weights, by (cheaper, step, dearer).

    Their product with the qualities is the step's lead over the random mix of those two that costs as much.
    """
    mixes: dict[tuple[int, int, int], Float64Array] = {}
    order = np.argsort(cost_usd, kind="stable").tolist()
    for middle in range(1, len(order) - 1):
        for cheap, dear in ((a, b) for a in order[:middle] for b in order[middle + 1 :]):
            span = cost_usd[dear] - cost_usd[cheap]
            if not span > 0:
                continue
            share = (cost_usd[order[middle]] - cost_usd[cheap]) / span
            weights = np.zeros(len(order))
            weights[[cheap, order[middle], dear]] = share - 1.0, 1.0, -share
            mixes[cheap, order[middle], dear] = weights
    return mixes


# --- Verdicts and sentences ------------------------------------------------------------------------------------------

_Verdicts = dict[int, tuple[str, tuple[int, ...]]]
_Differences = Mapping[tuple[int, int], Interval]
_MixGaps = Mapping[tuple[int, int, int], Interval]

DOMINATED, NOT_BETTER, BELOW_MIX, UNPROVEN, WORTH = "dominated", "not_better", "below_mix", "unproven", "worth"


def _verdicts(table: _Table, difference: _Differences, mix_gap: _MixGaps) -> _Verdicts:
    """For each step that has a cheaper one: what to think of it, and against which steps.

    dominated: dearer, and worse beyond doubt.  not_better: dearer, and not ahead.  below_mix: beyond doubt behind a
    random mix of a cheaper and a dearer step.  unproven: ahead, but within the noise.  worth: none of these.
    """
    verdicts: _Verdicts = {}
    for step in range(table.quality.shape[1]):
        rivals = [other for other in range(table.quality.shape[1]) if _is_cheaper(table.cost_usd, other, step)]
        leads = {other: lead for other in rivals if not math.isnan((lead := _lead(difference, step, other)).point)}
        if leads:
            verdicts[step] = _verdict(step, leads, mix_gap)
    return verdicts


def _verdict(step: int, leads: Mapping[int, Interval], mix_gap: _MixGaps) -> tuple[str, tuple[int, ...]]:
    best = min(leads, key=lambda other: leads[other].point)
    lead = leads[best]
    if lead.high < 0:
        return DOMINATED, (best,)
    if lead.point <= 0:
        return NOT_BETTER, (best,)
    behind = {mix: gap for mix, gap in mix_gap.items() if mix[1] == step and gap.high < 0}
    if behind:
        cheap, _, dear = min(behind, key=lambda mix: behind[mix].point)
        return BELOW_MIX, (cheap, dear)
    return (WORTH if lead.low > 0 else UNPROVEN), (best,)


def _is_cheaper(cost_usd: Float64Array, other: int, step: int) -> bool:
    """By cost; where it is unknown or the same, by the order of the ladder."""
    if math.isnan(cost_usd[other]) or cost_usd[other] == cost_usd[step]:
        return other < step
    return bool(cost_usd[other] < cost_usd[step])


def _lead(difference: _Differences, step: int, other: int) -> Interval:
    """How far the step is ahead of the other one."""
    if other < step:
        return difference[other, step]
    point, low, high = difference[step, other]
    return Interval(-point, -high, -low)


def _sentences(
    ladder: Ladder, table: _Table, verdicts: _Verdicts, difference: _Differences, mix_gap: _MixGaps
) -> list[str]:
    """What to do, one plain sentence a step that is not worth its price."""
    sentences = []
    for step, (verdict, against) in verdicts.items():
        name, other = ladder.steps[step], ladder.steps[against[0]]
        costs = f"{name} {_times(table, step, against[0], other)}"
        figures = _figures(table, step, against[0])
        lead = "" if verdict == BELOW_MIX else _signed(_lead(difference, step, against[0]))
        match verdict:
            case "dominated":
                sentences.append(f"{costs} and is worse on these rows ({figures}): drop it.")
            case "not_better":
                sentences.append(
                    f"{costs} and is not measurably better on these rows ({figures}; {lead}): more rows, or drop it."
                )
            case "unproven":
                sentences.append(f"{costs} and its lead is within the noise ({figures}; {lead}): more rows.")
            case "below_mix":
                dear = ladder.steps[against[1]]
                gap = _signed(mix_gap[against[0], step, against[1]])
                sentences.append(
                    f"{name} is behind a random mix of {other} and {dear} that costs as much ({gap}): "
                    f"keep it only if routing over it too beats routing over {other} and {dear}."
                )
    if verdicts and all(verdict in (DOMINATED, NOT_BETTER) for verdict, _ in verdicts.values()):
        sentences.append(f"Nothing dearer pays on these rows: use {_winner(ladder, table, verdicts)} alone.")
    return sentences


def _winner(ladder: Ladder, table: _Table, verdicts: _Verdicts) -> str:
    return next(name for step, name in enumerate(ladder.steps) if step not in verdicts)


def _times(table: _Table, step: int, other: int, name: str) -> str:
    ratio = float(table.cost_usd[step] / table.cost_usd[other]) if table.cost_usd[other] > 0 else math.nan
    if math.isnan(ratio):
        return f"stands above {name} (costs unknown)"
    times = "as much as" if 0.95 < ratio < 1.05 else f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x"
    return f"costs {times} {name}{_BASIS_WORDS[table.basis]}"


_BASIS_WORDS: Mapping[str, str] = {
    "cost_usd": "",
    "tokens": " at the stated prices",
    "output_tokens": " for output at the stated prices",
    "assumed": " by the stated cost",
}


def _figures(table: _Table, step: int, other: int) -> str:
    pair = table.quality[:, [step, other]]
    both = pair[np.isfinite(pair).all(axis=1)]
    own, others = both.mean(axis=0).tolist()
    return f"{own:.2f} against {others:.2f}, n={len(both):,}"


def _signed(interval: Interval) -> str:
    if math.isnan(interval.low):
        return f"{interval.point:+.3f}, too few groups for an interval"
    return f"{interval.point:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _bounds(interval: Interval) -> list[float | None]:
    return [_round(interval.low), _round(interval.high)]


def _round(value: float, *, places: int = 4) -> float | None:
    return None if math.isnan(value) else round(value, places)
