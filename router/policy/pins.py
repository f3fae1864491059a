"""What the caller asks for by model name or header, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.checked.words import not_one_of, sentence
from router.errors import RequestError
from router.policy.facts import Facts
from router.policy.limits import NO_LIMITS, Limits
from router.policy.names import is_named_by_clients, is_small, own_name, plain_name
from router.policy.setup import DEFAULT_POLICY, Setup
from router.types import Dialect, Overrides

POLICY_PREFIX = "auto:"
TIER_PREFIX = "tier:"

TIER_HEADER, FLOOR_HEADER, CEILING_HEADER = "x-router-tier", "x-router-floor", "x-router-ceiling"
POLICY_HEADER, OFF_HEADER = "x-router-policy", "x-router-off"

NO_OVERRIDES = Overrides()


class Asked(NamedTuple):
    """What the caller asks for.

    tier, model: a pin; the model may be None.  policy: by name, None if none is named.
    limits: the caller's own, with the pinned tier.  note: all of it in words.
    unknown_model: the model's name, if it names no model here, or several; None otherwise.
    """

    note: str
    tier: str | None = None
    model: str | None = None
    policy: str | None = None
    limits: Limits = NO_LIMITS
    unknown_model: str | None = None


def read_asked(facts: Facts, setup: Setup) -> Asked:
    """What the caller asks for; headers override the model's name.

    Raises RequestError for an unknown tier or policy, and for limits that leave no tier.
    """
    overrides, options = facts.request.overrides, facts.request.options
    name = facts.request.chat.model
    dialect = facts.request.chat.dialect
    if overrides == NO_OVERRIDES and options.tiers is None:
        return _read_name(name, setup, dialect)
    for header, value in (
        (TIER_HEADER, overrides.tier),
        (FLOOR_HEADER, overrides.floor),
        (CEILING_HEADER, overrides.ceiling),
        *((f"router.tiers[{index}]", name) for index, name in enumerate(options.tiers or ())),
    ):
        _check(value, setup.tiers, field=header, what="tier")
    _check(overrides.policy, tuple(setup.policies), field=POLICY_HEADER, what="policy")

    named = _read_name(name, setup, dialect)
    note, tier, model, policy, *_ = named
    if overrides.tier is not None:
        tier, model, note = overrides.tier, None, f"pinned by {TIER_HEADER}: {overrides.tier}"
    elif overrides.off and tier is None:
        # Without routing, requests went to the strongest model.
        own = Limits(floor=overrides.floor, ceiling=overrides.ceiling, tiers=options.tiers).allowed(setup.tiers)
        tier = own[-1] if own else setup.tiers[-1]
        why = "no model is named" if name is None else f"{name!r} names no model here"
        note = f"{OFF_HEADER}, and {why}: the strongest tier"
    elif overrides.off:
        note = f"{OFF_HEADER}: {note}"
    if overrides.policy is not None:
        policy = overrides.policy
        note += f"; policy {policy} by {POLICY_HEADER}"
    limits = Limits(tier=tier, floor=overrides.floor, ceiling=overrides.ceiling, tiers=options.tiers)
    if limits == NO_LIMITS:
        limits = named.limits
    _check_own(limits, setup.tiers)
    if (rest := Limits(floor=limits.floor, ceiling=limits.ceiling, tiers=limits.tiers)) != Limits():
        note += f"; asked for: {rest}"
    return Asked(note, tier, model, policy, limits, named.unknown_model)


def find_model(name: str, setup: Setup) -> list[tuple[str, str]]:
    """(tier, model) for each configured model of that name, in its cheapest tier.

    With or without its provider; where no name is exactly that, in any of the ways in which clients write it.
    """
    exact: dict[str, str] = {}
    plain: dict[str, str] = {}
    for tier in setup.tiers:
        for spec in setup.models[tier]:
            if name in (spec.model, spec.model.partition("/")[2] or spec.model):
                exact.setdefault(spec.model, tier)
            elif not exact and plain_name(spec.model.partition("/")[2] or spec.model) == plain_name(name):
                plain.setdefault(spec.model, tier)
    if len(plain) > 1:  # the vendor that is named says which
        vendor = name.lower().partition("/")[0]
        plain = {model: tier for model, tier in plain.items() if model.startswith(f"{vendor}/")} or plain
    return [(tier, model) for model, tier in (exact or plain).items()]


def _read_name(name: str | None, setup: Setup, dialect: Dialect) -> Asked:
    """What a model's name asks for."""
    if name is None or name == DEFAULT_POLICY:
        return Asked("no pin")
    if not any(spec.model == name for specs in setup.models.values() for spec in specs):  # as openrouter/auto may be
        name = own_name(name) or name
        if name == DEFAULT_POLICY:
            return Asked("no pin")
    if name.startswith(POLICY_PREFIX):
        policy = name.removeprefix(POLICY_PREFIX)
        _check(policy, tuple(setup.policies), field="model", what="policy", prefix=POLICY_PREFIX)
        return Asked(f"no pin; policy {policy} by the model's name", policy=policy)
    if name.startswith(TIER_PREFIX):
        tier = name.removeprefix(TIER_PREFIX)
        _check(tier, setup.tiers, field="model", what="tier", prefix=TIER_PREFIX)
        return Asked(f"pinned by the model's name: {tier}", tier, limits=Limits(tier=tier))
    found = find_model(name, setup)
    if len(found) == 1:
        tier, model = found[0]
        return Asked(f"pinned by the model's name: {model} of {tier}", tier, model, limits=Limits(tier=tier))
    if is_named_by_clients(name, dialect):
        return _named_by_client(name, setup)
    if found:
        several = " or ".join(model for _, model in found)
        return Asked(f"model {name!r} could be {several}: no pin", unknown_model=name)
    return Asked(f"model {name!r} is not configured here: no pin", unknown_model=name)


def _named_by_client(name: str, setup: Setup) -> Asked:
    """A model that is not configured and that clients ask for by themselves: the router decides.

    Claude Code names some, whatever model it is set to use. Its small one, for background calls, is never a reason to
    go above the safe tier.
    """
    note = f"model {name!r} is not at one provider here, and clients name it by themselves: no pin"
    if not is_small(name):
        return Asked(note)
    return Asked(f"{note}; at most {setup.safe_tier}", limits=Limits(ceiling=setup.safe_tier))


def _check(value: str | None, known: Sequence[str], *, field: str, what: str, prefix: str = "") -> None:
    if value is None or value in known:
        return
    message = sentence(f"{field}: {not_one_of(value, known, f'a {what}', prefix=prefix)}")
    raise RequestError(message, field=field, code=f"unknown_{what}")


def _check_own(limits: Limits, tiers: Sequence[str]) -> None:
    """Raise RequestError where the caller's own limits leave no tier."""
    if limits.allowed(tiers):
        return
    given = (
        (TIER_HEADER, limits.tier),
        (FLOOR_HEADER, limits.floor),
        (CEILING_HEADER, limits.ceiling),
        ("router.tiers", limits.tiers),
    )
    field = next(name for name, value in given[1:] if value is not None)
    message = f"{field}: these limits contradict each other ({limits}); tiers are {', '.join(tiers)}."
    raise RequestError(message, field=field, code="contradiction")
