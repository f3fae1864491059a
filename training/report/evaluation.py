"""Reading an evaluation for people: measures with their intervals, tiers in order, names in words.

Every part of an evaluation except `schema_version` may be missing. A missing part is None or empty here, and the report
leaves it out. A measure is a number or `{point, low, high}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from router.brain.held_out import HOW_MADE
from router.pages.numbers import Estimate, finite, percent, usd
from router.types import JsonObject
from training.thresholds.bounds import wilson_interval

_NAMES: Mapping[str, str] = {
    "shuffle": "its decisions, shuffled",
    "signals_only": "surface signals only",
    "knn": "kNN, same embeddings",
    "oracle": "oracle (hindsight)",
    "in_use": "bundle in use",
    "best_fixed_at_equal_cost": "best fixed tier at equal cost",
    "quality_loss": "quality lost",
    "under_routing": "sent too low",
    "over_routing": "sent too high",
    "cost_usd_per_1k": "USD per 1,000 requests",
    "apgr": "APGR",
    "cpt_50": "CPT(50%)",
    "cpt_80": "CPT(80%)",
    "aiq": "AIQ",
    "arena_score": "Arena score",
    "auc": "AUC",
    "log_loss": "log-loss",
    "brier": "Brier",
    "ece": "ECE",
    "lang": "language",
}
"""Words for the keys whose own words, without underscores, say too little."""


def measure(facts: object, key: str) -> Estimate | None:
    """A measure among facts.

    Its interval is part of it, or a field `KEY_interval` or `interval` of the same facts: [low, high].
    """
    estimate = Estimate.read(at(facts, key))
    interval = at(facts, f"{key}_interval") or at(facts, "interval")
    if estimate is None or estimate.low is not None or not isinstance(interval, list) or len(interval) != 2:
        return estimate
    return Estimate(estimate.point, finite(interval[0]), finite(interval[1]))


def loss_of(facts: object) -> Estimate | None:
    """The share of some rows that lose quality, with Wilson's interval where none is stated or it has zero width."""
    loss = measure(facts, "quality_loss") or measure(facts, "under_routing")
    n_rows = finite(at(facts, "n"))
    if loss is None or not n_rows or loss.low != loss.high:
        return loss
    return Estimate(loss.point, *wilson_interval(round(loss.point * n_rows), int(n_rows)))


def objects(value: object, *keys: str) -> JsonObject:
    """The object at a path of keys; empty if there is none."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def at(value: object, *keys: str) -> Any:
    """The value at a path of keys; None if a key is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def name_of(key: str) -> str:
    """A key of an evaluation in words."""
    if key.startswith("always_"):
        return f"always {key.removeprefix('always_')}"
    return _NAMES.get(key, key.replace("_", " "))


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
    """The guarantee with its number, confidence and n, for any goal; None if there is none.

    n counts groups of rows (a conversation, a pair), as the promise's bounds do.
    """
    promise = objects(evaluation, "promise")
    confidence, statement = Estimate.read(promise.get("confidence")), _statement(promise)
    if confidence is None or statement is None:
        return None
    n_groups = finite(promise.get("n"))
    chosen = "" if n_groups is None else f", for requests like the {n_groups:,.0f} groups of rows that it was chosen on"
    kept, bound = statement
    return f"{kept}, {percent(confidence, 0)} sure{chosen}{bound and f' (upper bound there: {bound})'}."


def _statement(promise: JsonObject) -> tuple[str, str] | None:
    """The guarantee, and its upper bound in words ("" if there is none)."""
    target, bound = promise.get("target"), promise.get("bound")
    match promise.get("goal"):
        case "tier_mix":
            limits = _listed_shares(target)
            return (f"Of all requests go at most {limits}", _listed_shares(bound)) if limits else None
        case "max_cost_usd_per_1k":
            limit, upper = (None if finite(amount) is None else usd(amount) for amount in (target, bound))
            return (f"1,000 requests cost at most {limit} on average", upper or "") if limit else None
        case _:  # evaluations older than the other goals name none
            if Estimate.read(target) is None:
                return None
            sentence = f"At most {percent(target)} of requests lose quality by being sent to a cheaper tier"
            return sentence, "" if bound is None else percent(bound)


def _listed_shares(shares: object) -> str:
    """`10.0% to frontier and 40.0% to production`; "" if there are none."""
    items = sorted(shares.items()) if isinstance(shares, Mapping) else []
    *most, last = [f"{percent(share)} to {tier}" for tier, share in items] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def rows_note(evaluation: JsonObject) -> str | None:
    """What the measured rows are to the bundle; None where nothing was fitted or chosen on them."""
    held_out, trained_on = objects(evaluation, "held_out"), objects(evaluation, "trained_on")
    if words := held_out.get("words"):
        return str(words)
    if trained_on.get("known") is False:
        return "The bundle keeps no marks of its training rows: whether it was fitted on any of these cannot be said."
    n_seen, n_rows = (finite(trained_on.get(key)) or 0 for key in ("n", "rows"))
    if n_seen and trained_on.get("measured"):
        found = f"The bundle was fitted on {n_seen:,.0f} of the {n_rows:,.0f} rows given"
        return f"{found}: these figures are not of unseen rows."
    if not n_seen:
        return None
    left_out = f"{n_seen:,.0f} of {n_rows:,.0f} rows given were left out: the bundle was fitted on them"
    return f"{left_out}. Nothing was fitted or chosen on the others."


def promise_words(evaluation: JsonObject) -> str | None:
    """How the promise was made: cross-fit or parted; None where that is not stated."""
    mode = at(evaluation, "held_out", "mode") or at(evaluation, "promise", "mode")
    return next((words for known, words in HOW_MADE.items() if known == mode), None)


def broken_slices(evaluation: JsonObject) -> list[JsonObject]:
    """The slices of the promise that lose more than it promises of all rows, worst first; () for another goal."""
    promise = objects(evaluation, "promise")
    target = promise.get("target")
    if promise.get("goal") != "max_quality_loss" or not isinstance(target, int | float):
        return []
    broken = [part for part in promise.get("slices") or [] if (finite(part.get("loss")) or 0.0) > target]
    return sorted(broken, key=lambda part: (-part["loss"], str(part.get("by")), str(part.get("value"))))


_NOT_OF_PARTS = "It is of all requests together, and does not hold for each of these parts alone"


def broken_sentence(evaluation: JsonObject) -> str:
    """Names the slices of which the promise does not hold, with n, loss and bound; "" if there is none."""
    parts = [
        f"{name_of(str(part.get('by')))} {part.get('value')} ({percent(part.get('loss'))} lost, upper bound "
        f"{percent(part.get('bound'))}, n = {finite(part.get('n')) or 0:,.0f})"
        for part in broken_slices(evaluation)
    ]
    return f"{_NOT_OF_PARTS}: {'; '.join(parts)}." if parts else ""


def interval_note(evaluation: JsonObject) -> str:
    """What the intervals are."""
    stated = objects(evaluation, "intervals")
    confidence = Estimate.read(stated.get("confidence")) or Estimate(0.95)
    method = stated.get("method", "paired bootstrap, resampled by group")
    return f"{percent(confidence, 0)} interval ({method})"
