"""Which models are tried, in which order. It is decided here, once; dispatch walks the plan as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from router.decision import RouteDecision
from router.errors import RequestError
from router.policy.cascade import Cascade
from router.policy.decide import Choice
from router.policy.pins import TIER_PREFIX
from router.policy.setup import Setup
from router.types import Effort, Reason, Target

JUDGE_TIER = "judge"
"""In place of a tier, in the attempts of a judge."""


class ModelNotConfigured(RequestError):
    """The body names a model that is not configured."""

    status = 404
    type = "not_found_error"

    def __init__(self, name: str, setup: Setup) -> None:
        models = dict.fromkeys(spec.model for specs in setup.models.values() for spec in specs)
        known = ", ".join((*(f"{TIER_PREFIX}{tier}" for tier in setup.tiers), *models))
        super().__init__(
            f"model: {name[:100]!r} is not configured here. Ask for auto, {known}, or set unknown_models = "
            '"auto" in [server].',
            field="model",
            code="model_not_found",
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is answered.

    targets: models in the order to try, at least one.  cascade: how answers are checked; None for not at all.
    judge: the target of the cascade's judge; None without one.
    """

    decision: RouteDecision
    targets: tuple[Target, ...]
    cascade: Cascade | None = None
    judge: Target | None = None


def plan_of(decision: RouteDecision, choice: Choice, setup: Setup, usable: Collection[str]) -> Plan:
    """The plan for a decision. decision: the choice, rendered.  usable: names of the providers that can be called.

    Raises ModelNotConfigured.
    """
    if choice.unknown_model is not None and setup.unknown_models == "refuse":
        raise ModelNotConfigured(choice.unknown_model, setup)
    targets = targets_of(choice, setup, usable)
    cascade = setup.policies[choice.policy].cascade
    return Plan(decision, targets, cascade, _judge(cascade, setup))


def _judge(cascade: Cascade | None, setup: Setup) -> Target | None:
    if cascade is None or cascade.judge is None:
        return None
    name = cascade.judge.model
    return Target.of(JUDGE_TIER, name, setup.known_models.get(name))


def targets_of(choice: Choice, setup: Setup, usable: Collection[str]) -> tuple[Target, ...]:
    """The choice's candidates, then the stand-ins; only models that can serve the request.

    Stand-ins are the models of the chosen tier and of stronger ones; where these and the candidates are all without a
    key, also those of weaker tiers, the nearest first. A pin has none. Models at providers that cannot be called keep
    their place: dispatch skips them, and they are among the attempts.
    """
    own = choice.candidate_tiers
    if choice.reason is Reason.PINNED:
        return _targets(own, choice)
    place = setup.tiers.index(choice.tier)
    allowed = _stand_in_tiers(choice, setup)
    tiers = (*own, *(tier for tier in setup.tiers[place:] if tier in allowed))
    targets = _targets(tiers, choice)
    if any(target.provider in usable for target in targets):
        return targets
    return _targets((*tiers, *(tier for tier in reversed(setup.tiers[:place]) if tier in allowed)), choice)


def _stand_in_tiers(choice: Choice, setup: Setup) -> tuple[str, ...]:
    """The tiers that may stand in: within all limits of the caller, and within the policy's `tiers`."""
    only = setup.policies[choice.policy].limits.tiers
    own = choice.caller_limits.allowed(setup.tiers)
    return own if only is None else tuple(tier for tier in own if tier in only)


def _targets(tiers: Iterable[str], choice: Choice) -> tuple[Target, ...]:
    """The able models of the tiers, each model once at each effort; those of hosted tools first."""
    found: dict[tuple[str, Effort | None], Target] = {}
    for tier in tiers:
        for spec in choice.able[tier]:
            if (spec.model, spec.effort) not in found:
                limit = choice.output_limits.get(spec.model)
                found[spec.model, spec.effort] = Target.of(tier, spec.model, spec, output_limit=limit)
    if choice.hosts:
        return tuple(sorted(found.values(), key=lambda target: target.name not in choice.hosts))
    return tuple(found.values())
