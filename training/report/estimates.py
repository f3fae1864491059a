"""Reading an evaluation for people: estimates with their intervals, tiers in order, names in words.

Every part of an evaluation but its `schema_version` may be missing; what is not there is None or empty here, and the
report leaves it out. A measure is either a number or `{point, low, high}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.types import JsonObject

ABSENT = "-"
NAMES: Mapping[str, str] = {
    "router": "router",
    "shuffle": "its decisions, shuffled",
    "random_mix": "random mix",
    "length_rule": "length rule",
    "signals_only": "surface signals only",
    "knn": "kNN, same embeddings",
    "oracle": "oracle (hindsight)",
    "in_use": "bundle in use",
    "best_fixed_at_equal_cost": "best fixed tier at equal cost",
    "quality": "quality",
    "quality_loss": "quality lost",
    "under_routing": "sent too low",
    "over_routing": "sent too high",
    "saved": "saved",
    "cost_usd_per_1k": "USD per 1,000 requests",
    "apgr": "APGR",
    "cpt_50": "CPT(50%)",
    "cpt_80": "CPT(80%)",
    "aiq": "AIQ",
    "arena_score": "Arena score",
    "regret": "regret",
    "gap_to_oracle": "gap to oracle",
    "out_of_domain": "out of domain",
    "auc": "AUC",
    "log_loss": "log-loss",
    "brier": "Brier",
    "ece": "ECE",
    "lang": "language",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure and its interval; low and high are None where none was computed."""

    point: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def read(cls, value: object) -> Estimate | None:
        """The estimate that a number or a `{point, low, high}` holds; None for anything else, null among it."""
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            point, low, high = (_number(value.get(key)) for key in ("point", "low", "high"))
            return None if point is None else cls(point, low, high)
        point = _number(value)
        return None if point is None else cls(point)

    def percent(self, digits: int = 1) -> str:
        """For people, in percent: `25.7% [23.1, 28.4]`."""
        return self._text(f"{_zeroed(100 * self.point, digits)}%", digits, factor=100)

    def number(self, digits: int = 3) -> str:
        """For people: `0.742 [0.711, 0.773]`."""
        return self._text(_zeroed(self.point, digits), digits, factor=1)

    def _text(self, point: str, digits: int, *, factor: int) -> str:
        if self.low is None or self.high is None or self.low == self.point == self.high:
            return point  # resampling did not move it: an interval of no width would claim certainty
        return f"{point} [{_zeroed(factor * self.low, digits)}, {_zeroed(factor * self.high, digits)}]"


def measure(facts: object, key: str) -> Estimate | None:
    """A measure among facts.

    Its interval is its own, or stands beside it as `KEY_interval` or `interval`: [low, high].
    """
    estimate = Estimate.read(at(facts, key))
    beside = at(facts, f"{key}_interval") or at(facts, "interval")
    if estimate is None or estimate.low is not None or not isinstance(beside, list) or len(beside) != 2:
        return estimate
    return Estimate(estimate.point, _number(beside[0]), _number(beside[1]))


def loss_of(facts: object) -> Estimate | None:
    """The quality that some rows lose, with Wilson's interval where none is stated or resampling gave it no width."""
    loss = measure(facts, "quality_loss")
    loss = measure(facts, "under_routing") if loss is None else loss
    n_rows = _number(at(facts, "n"))
    if loss is None or not n_rows or loss.low != loss.high:
        return loss
    return wilson(loss.point, int(n_rows))


def percent(value: object, digits: int = 1) -> str:
    """A share in percent with its interval if it has one; `-` where it is not known."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.percent(digits)


def number(value: object, digits: int = 3) -> str:
    """A number with its interval if it has one; `-` where it is not known."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.number(digits)


def count(value: object) -> str:
    """A whole number with thousands separated; `-` where it is not known."""
    found = _number(value)
    return ABSENT if found is None else f"{found:,.0f}"


def gained(value: object) -> str:
    """A difference of shares in points, with its sign: `+5.9 points [3.4, 8.3]`."""
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate._text(f"{100 * estimate.point:+.1f} points", 1, factor=100)


def objects(value: object, *keys: str) -> JsonObject:
    """The object at a path of keys; empty if there is none."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def at(value: object, *keys: str) -> Any:
    """What is at a path of keys; None if a step is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def name_of(key: str) -> str:
    """A key of an evaluation in words."""
    if key.startswith("always_"):
        return f"always {key.removeprefix('always_')}"
    return NAMES.get(key, key.replace("_", " "))


def tiers_of(evaluation: JsonObject) -> tuple[str, ...]:
    """The tiers, cheap to strong: as stated, else the always-policies by what they cost."""
    if stated := at(evaluation, "tiers"):
        return tuple(str(tier) for tier in stated)
    always = {
        name.removeprefix("always_"): Estimate.read(at(policy, "cost_usd_per_1k"))
        for name, policy in objects(evaluation, "policies").items()
        if name.startswith("always_")
    }
    return tuple(sorted(always, key=lambda tier: (cost.point if (cost := always[tier]) else math.inf, tier)))


def heads_of(evaluation: JsonObject) -> dict[str, JsonObject]:
    """The heads that were measured, in the order of their tiers."""
    heads = objects(evaluation, "heads")
    order = {tier: position for position, tier in enumerate(tiers_of(evaluation))}
    return {tier: objects(heads, tier) for tier in sorted(heads, key=lambda tier: (order.get(tier, len(order)), tier))}


def policies_of(evaluation: JsonObject) -> dict[str, JsonObject]:
    """The policies in the order in which a person compares them: router, cheap to strong, baselines, oracle."""
    policies = objects(evaluation, "policies")
    order = ["router", *(f"always_{tier}" for tier in tiers_of(evaluation))]
    order += ["random_mix", "shuffle", "length_rule", "signals_only", "knn"]
    known = [name for name in order if name in policies]
    others = sorted(set(policies) - set(known) - {"oracle"})
    return {name: objects(policies, name) for name in [*known, *others, *({"oracle"} & set(policies))]}


def bundle_of(evaluation: JsonObject) -> str:
    """The bundle's id, wherever it is stated."""
    bundle = at(evaluation, "bundle_id") or at(evaluation, "bundle", "id") or at(evaluation, "bundle")
    return str(bundle) if bundle else "bundle"


def promise_sentence(evaluation: JsonObject) -> str | None:
    """The promise with its number, confidence and n, whatever its goal is about; None if there is none.

    n counts groups of rows (a conversation, a pair), as the promise's bounds do.
    """
    promise = objects(evaluation, "promise")
    confidence, said = Estimate.read(promise.get("confidence")), _promised(promise)
    if confidence is None or said is None:
        return None
    n_groups = _number(promise.get("n"))
    chosen = "" if n_groups is None else f", for requests like the {n_groups:,.0f} groups of rows that it was chosen on"
    kept, bound = said
    return f"{kept}, {confidence.percent(0)} sure{chosen}{bound and f' (upper bound there: {bound})'}."


def _promised(promise: JsonObject) -> tuple[str, str] | None:
    """What is promised, and the bound on it in words, "" if there is none."""
    target, bound = promise.get("target"), promise.get("bound")
    match promise.get("goal"):
        case "tier_mix":
            shares = [f"{percent(share)} to {tier}" for tier, share in _shares(target)]
            bounds = [f"{percent(share)} to {tier}" for tier, share in _shares(bound)]
            return (f"Of all requests go at most {_listed(shares)}", _listed(bounds)) if shares else None
        case "max_cost_usd_per_1k":
            limit, at_most = _usd(target), _usd(bound)
            return (f"1,000 requests cost at most {limit} on average", at_most) if limit else None
        case _:  # evaluations of before there were other goals name none
            share, at_most = Estimate.read(target), "" if bound is None else percent(bound)
            said = "of requests lose quality by being sent to a cheaper tier"
            return (f"At most {share.percent()} {said}", at_most) if share else None


def _shares(value: object) -> list[tuple[str, object]]:
    return sorted(value.items()) if isinstance(value, Mapping) else []


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _usd(value: object) -> str:
    """An amount: cents, or three digits where it is less than ten of them; "" if there is none."""
    usd = _number(value)
    return "" if usd is None else f"${usd:,.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.3g}"


def interval_note(evaluation: JsonObject) -> str:
    """What the intervals are."""
    stated = objects(evaluation, "intervals")
    confidence = Estimate.read(stated.get("confidence")) or Estimate(0.95)
    method = stated.get("method", "paired bootstrap, resampled by group")
    return f"{confidence.percent(0)} interval ({method})"


def wilson(rate: float, n: int, z: float = 1.96) -> Estimate:
    """A rate of n independent rows with its Wilson interval (1927), 95% by default."""
    if n <= 0:
        return Estimate(rate)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(max(rate * (1 - rate), 0) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Estimate(rate, max(0.0, centre - half), min(1.0, centre + half))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _zeroed(value: float, digits: int) -> str:
    """Fixed digits, never `-0.0`."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
