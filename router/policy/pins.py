"""What the caller asks for outright, by model name or header, and what of it is a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.checked.words import not_one_of, sentence
from router.errors import RequestError
from router.policy.facts import DEFAULT_POLICY, Facts, Setup
from router.policy.limits import NO_LIMITS, Limits
from router.types import Overrides

POLICY_PREFIX = "auto:"
TIER_PREFIX = "tier:"

TIER_HEADER, FLOOR_HEADER, CEILING_HEADER = "x-router-tier", "x-router-floor", "x-router-ceiling"
POLICY_HEADER, OFF_HEADER = "x-router-policy", "x-router-off"


NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asks for.

    tier, model: a pin; the model may be None.  policy: by name, None if none is named.
    limits: the caller's own, with the pinned tier.  note: all of it in words.
    """

    tier: str | None
    model: str | None
    policy: str | None
    limits: Limits
    note: str


def read_asked(facts: Facts, setup: Setup) -> Asked:
    """What the caller asks for; headers go before the model's name.

    Raises RequestError for an unknown tier or policy, and for wishes that leave no tier.
    """
    overrides, options = facts.request.overrides, facts.request.options
    name = facts.request.chat.model
    if overrides == NO_OVERRIDES and options.tiers is None:
        tier, model, policy, note = _read_name(name, setup)
        return Asked(tier, model, policy, NO_LIMITS if tier is None else Limits(tier=tier), note)
    for header, value in (
        (TIER_HEADER, overrides.tier),
        (FLOOR_HEADER, overrides.floor),
        (CEILING_HEADER, overrides.ceiling),
        *((f"router.tiers[{index}]", name) for index, name in enumerate(options.tiers or ())),
    ):
        _check(value, setup.tiers, field=header, what="tier")
    _check(overrides.policy, tuple(setup.policies), field=POLICY_HEADER, what="policy")

    tier, model, policy, note = _read_name(name, setup)
    if overrides.tier is not None:
        tier, model, note = overrides.tier, None, f"pinned by {TIER_HEADER}: {overrides.tier}"
    elif overrides.off and tier is None:
        # The strongest that is left: who turns routing off wants what there was before it.
        own = Limits(floor=overrides.floor, ceiling=overrides.ceiling, tiers=options.tiers).allowed(setup.tiers)
        tier = own[-1] if own else setup.tiers[-1]
        named = "no model is named" if name is None else f"{name!r} names no model here"
        note = f"{OFF_HEADER}, and {named}: the strongest tier"
    elif overrides.off:
        note = f"{OFF_HEADER}: {note}"
    if overrides.policy is not None:
        policy = overrides.policy
        note += f"; policy {policy} by {POLICY_HEADER}"
    limits = Limits(tier=tier, floor=overrides.floor, ceiling=overrides.ceiling, tiers=options.tiers)
    _check_own(limits, setup.tiers)
    if (rest := Limits(floor=limits.floor, ceiling=limits.ceiling, tiers=limits.tiers)) != Limits():
        note += f"; asked for: {rest}"
    return Asked(tier, model, policy, limits, note)


def find_model(name: str, setup: Setup) -> list[tuple[str, str]]:
    """(tier, model) for each configured model of that name, whole or without its provider; its cheapest tier only."""
    found: dict[str, str] = {}
    for tier in setup.tiers:
        for spec in setup.models[tier]:
            if name in (spec.model, spec.model.partition("/")[2] or spec.model):
                found.setdefault(spec.model, tier)
    return [(tier, model) for model, tier in found.items()]


def _read_name(name: str | None, setup: Setup) -> tuple[str | None, str | None, str | None, str]:
    """(tier, model, policy, note) that a model's name asks for."""
    if name is None or name == DEFAULT_POLICY:
        return None, None, None, "no pin"
    if name.startswith(POLICY_PREFIX):
        policy = name.removeprefix(POLICY_PREFIX)
        _check(policy, tuple(setup.policies), field="model", what="policy", prefix=POLICY_PREFIX)
        return None, None, policy, f"no pin; policy {policy} by the model's name"
    if name.startswith(TIER_PREFIX):
        tier = name.removeprefix(TIER_PREFIX)
        _check(tier, setup.tiers, field="model", what="tier", prefix=TIER_PREFIX)
        return tier, None, None, f"pinned by the model's name: {tier}"
    found = find_model(name, setup)
    if len(found) == 1:
        tier, model = found[0]
        return tier, model, None, f"pinned by the model's name: {model} of {tier}"
    if found:
        return None, None, None, f"model {name!r} could be {' or '.join(model for _, model in found)}: no pin"
    return None, None, None, f"model {name!r} is not configured here: no pin"


def _check(value: str | None, known: Sequence[str], *, field: str, what: str, prefix: str = "") -> None:
    if value is None or value in known:
        return
    message = sentence(f"{field}: {not_one_of(value, known, f'a {what}', prefix=prefix)}")
    raise RequestError(message, field=field, code=f"unknown_{what}")


def _check_own(limits: Limits, tiers: Sequence[str]) -> None:
    """Raise RequestError where the caller's own wishes leave no tier."""
    if limits.allowed(tiers):
        return
    given = (
        (TIER_HEADER, limits.tier),
        (FLOOR_HEADER, limits.floor),
        (CEILING_HEADER, limits.ceiling),
        ("router.tiers", limits.tiers),
    )
    field = next(name for name, value in given[1:] if value is not None)
    message = f"{field}: what the request asks for leaves no tier ({limits}); tiers are {', '.join(tiers)}."
    raise RequestError(message, field=field, code="contradiction")
