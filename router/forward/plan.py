"""From a decision to the targets to try: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from router.policy.capability import needed
from router.providers.calls import Target
from router.types import Candidate, ModelSpec, Needs

ECHO = "echo"
"""The provider inside this process; it stands in only where no other has a key."""


def plan_of(
    candidates: Sequence[Candidate],
    models: Mapping[str, Sequence[ModelSpec]],
    usable: Collection[str],
    *,
    pinned: bool,
    reach: Collection[str],
    needs: Needs,
) -> tuple[Target, ...]:
    """The targets in the order to try: the decision's candidates at providers that can be called, then stronger ones.

    Where there are none at all, the cheaper tiers, the nearest first: an answer goes before none. Where no provider of
    any configured model has a key, the echo.
    models: the configured ones by tier, cheap to strong.  usable: providers that can be called.
    pinned: whether the caller named the tier; then no other is tried in its place.
    reach: the tiers that may stand in; the decision's own candidates are within what may be used.
    needs: what a model that stands in must be able to do.
    """
    specs = {spec.model: spec for tier in models for spec in models[tier]}
    if not any(_provider(name) in usable and _provider(name) != ECHO for name in specs):
        own = next((one for one in candidates if _provider(one.model) == ECHO), None)
        return (
            (_target(own.tier, specs[own.model]),) if own else (Target(candidates[0].tier, ECHO, candidates[0].model),)
        )
    found = [(one.tier, specs[one.model]) for one in candidates if _provider(one.model) in usable]
    if not pinned:
        order = list(models)
        place = order.index(candidates[0].tier)
        able = [
            (tier, spec)
            for tier in order
            if tier in reach
            for spec in models[tier]
            if _provider(spec.model) in usable and _can(spec, needs)
        ]
        found += [(tier, spec) for tier, spec in able if order.index(tier) >= place]
        found = found or [item for tier in reversed(order[:place]) for item in able if item[0] == tier]
    return tuple(dict.fromkeys(_targets(found)))


def _targets(found: Iterable[tuple[str, ModelSpec]]) -> Iterable[Target]:
    seen: set[str] = set()
    for tier, spec in found:
        if spec.model not in seen:
            seen.add(spec.model)
            yield _target(tier, spec)


def _can(spec: ModelSpec, needs: Needs) -> bool:
    return spec.capabilities is None or set(needed(needs)) <= set(spec.capabilities)


def _provider(model: str) -> str:
    return model.partition("/")[0]


def _target(tier: str, spec: ModelSpec) -> Target:
    provider, _, name = spec.model.partition("/")
    return Target(tier=tier, provider=provider, model=name, context_window_tokens=spec.context_window)
