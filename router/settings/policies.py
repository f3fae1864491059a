"""`[policies.*]`, `[turns]` and the top level's target: what the classifier's tier has to keep, and within what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.policy import DEFAULT_POLICY, TURNS, Limits
from router.settings.cascade import parse_cascade
from router.settings.toml_table import Table, did_you_mean
from router.settings.values import CHEAPEST, SHIPPED_POLICIES, PolicySettings, Target

TO_CLASSIFIER = "classifier"
"""A turn's value that leaves it to the classifier; no tier may have this name there."""


def parse_policies(top: Table, tiers: Sequence[str]) -> dict[str, PolicySettings]:
    """The policies by name: those that ship, with the operator's own over them. Raises ConfigError."""
    policies = dict(SHIPPED_POLICIES)
    if (target := _target(top)) is not None:
        policies[DEFAULT_POLICY] = PolicySettings(target)
    rows = top.table("policies")
    for name in rows.keys:
        row = rows.table(name)
        row.only("max_quality_loss", "max_cost_usd_per_1k", "tier_mix", "floor", "ceiling", "tiers", "turns", "cascade")
        own = _target(row)
        if own is not None and name == DEFAULT_POLICY and target is not None:
            raise row.problem(own.kind, f"{target.where} has a target for {DEFAULT_POLICY} too; give one of the two.")
        if own is None and name in policies:
            own = policies[name].target
        turns = parse_turns(row.table("turns"), tiers)
        cascade = policies[name].cascade if name in policies else None
        if "cascade" in row:
            cascade = parse_cascade(row.table("cascade"), tiers)
        made = PolicySettings(own, _policy_limits(row, tiers), turns, cascade)
        policies[name] = _begun_at_start(row, made, tiers) if "cascade" in row else made
    return policies


def parse_turns(table: Table, tiers: Sequence[str]) -> dict[str, Limits]:
    """What kinds of turn get: `title = "budget"`, `"classifier"`, or `{ floor = "production" }`. Raises ConfigError."""
    table.only(*TURNS)
    return {turn: _turn(table, turn, tiers) for turn in table.keys}


def parse_limits(row: Table, tiers: Sequence[str]) -> Limits:
    """`tier`, or `floor` and `ceiling`, of a row. Raises ConfigError."""
    tier, floor, ceiling = (_tier(row, key, tiers) for key in ("tier", "floor", "ceiling"))
    limits = Limits(tier, floor, ceiling)
    if limits.tier is not None and (limits.floor is not None or limits.ceiling is not None):
        raise row.problem("tier", "a tier needs no floor or ceiling beside it; take one of the two.")
    if not limits.allowed(tiers):
        raise row.problem("floor", f"floor {limits.floor} is above ceiling {limits.ceiling}: no tier is left.")
    return limits


def check_tier(row: Table, key: str, name: str, tiers: Sequence[str]) -> str:
    """The name, if it is a tier's. Raises ConfigError."""
    if name not in tiers:
        hint = did_you_mean(name, tiers)
        raise row.problem(key, f"{name!r} is no tier; tiers are {', '.join(tiers)}.{hint}")
    return name


def _tier(row: Table, key: str, tiers: Sequence[str]) -> str | None:
    name = row.string(key)
    return None if name is None else check_tier(row, key, name, tiers)


def _policy_limits(row: Table, tiers: Sequence[str]) -> Limits:
    only = tuple(check_tier(row, "tiers", name, tiers) for name in row.strings("tiers")) if "tiers" in row else None
    limits = Limits(floor=_tier(row, "floor", tiers), ceiling=_tier(row, "ceiling", tiers), tiers=only)
    if not limits.allowed(tiers):
        raise row.problem("", f"its limits leave no tier ({limits}).")
    return limits


def _begun_at_start(row: Table, policy: PolicySettings, tiers: Sequence[str]) -> PolicySettings:
    """The policy that begins at its cascade's start: the cheapest tier that is not below it. Raises ConfigError."""
    start = None if policy.cascade is None else policy.cascade.start
    if start is None:
        return policy
    table = row.table("cascade")
    for key in ("floor", "max_quality_loss", "max_cost_usd_per_1k", "tier_mix"):
        if key in row:
            raise table.problem("start", f"it says where the policy begins, and so does {key}; take one of the two.")
    limits = replace(policy.limits, floor=start)
    if not limits.allowed(tiers):
        raise table.problem("start", f"{start!r} is none of the tiers that the policy leaves ({policy.limits}).")
    return replace(policy, target=CHEAPEST, limits=limits)


def _turn(table: Table, turn: str, tiers: Sequence[str]) -> Limits:
    if table.is_table(turn):
        row = table.table(turn)
        row.only("tier", "floor", "ceiling")
        return parse_limits(row, tiers)
    name = table.required_string(turn)
    if name == TO_CLASSIFIER:
        return Limits()
    if name not in tiers:
        known = (*tiers, TO_CLASSIFIER)
        raise table.problem(turn, f"{name!r} is no tier; known are {', '.join(known)}.{did_you_mean(name, known)}")
    return Limits(tier=name)


def _target(row: Table) -> Target | None:
    """The one target of a row; None if it has none."""
    found: list[Target] = []
    if (loss := row.number("max_quality_loss", low=0.0, high=1.0)) is not None:
        found.append(Target("max_quality_loss", float(loss), where=row.where_of("max_quality_loss")))
    if (cost := row.number("max_cost_usd_per_1k", low=0.0)) is not None:
        found.append(Target("max_cost_usd_per_1k", float(cost), where=row.where_of("max_cost_usd_per_1k")))
    if "tier_mix" in row:
        found.append(Target("tier_mix", _mix(row.table("tier_mix")), where=row.where_of("tier_mix")))
    if len(found) > 1:
        kinds = " and ".join(target.kind for target in found)
        raise row.problem(found[1].kind, f"choose one target, found {kinds}.")
    return found[0] if found else None


def _mix(row: Table) -> Mapping[str, float]:
    mix = {tier: row.number(tier, low=0.0, high=1.0) for tier in row.keys}
    if not mix:
        raise row.problem("", "name at least one tier with its share.")
    return {tier: float(share) for tier, share in mix.items() if share is not None}
