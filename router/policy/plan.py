"""Which models are tried, in which order. It is decided here, once; dispatch walks the plan as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from router.decision import RouteDecision
from router.errors import RequestError
from router.policy.cascade import Cascade
from router.policy.decide import Choice
from router.policy.pins import TIER_PREFIX
from router.policy.setup import Setup
from router.types import Reason, Target

ECHO = "echo"
"""The provider inside this process; it is used where no other provider of a configured model has a key."""

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


class NoProvider(RequestError):
    """No model that may serve the request is at a provider with a key."""

    status = 503
    type = "api_error"
    headers: Mapping[str, str] = MappingProxyType({"x-should-retry": "false"})  # no key appears while a client waits

    def __init__(self, model: str) -> None:
        super().__init__(
            f"No API key is configured for {model} or for any fallback model. GET /readyz lists the usable providers.",
            code="no_provider",
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

    Raises ModelNotConfigured, NoProvider.
    """
    if choice.unknown_model is not None and setup.unknown_models == "refuse":
        raise ModelNotConfigured(choice.unknown_model, setup)
    targets = targets_of(choice, setup, usable)
    if not targets:
        raise NoProvider(decision.model)
    cascade = setup.policies[choice.policy].cascade
    return Plan(decision, targets, cascade, _judge(cascade, setup))


def _judge(cascade: Cascade | None, setup: Setup) -> Target | None:
    if cascade is None or cascade.judge is None:
        return None
    name = cascade.judge.model
    return Target.of(JUDGE_TIER, name, setup.known_models.get(name))


def targets_of(choice: Choice, setup: Setup, usable: Collection[str]) -> tuple[Target, ...]:
    """The choice's candidates at usable providers, then the stand-ins; only models that can serve the request.

    Stand-ins are the models of the chosen tier and of stronger ones; where these and the candidates are all without a
    key, those of weaker tiers, the nearest first. A pin has none. () if nothing is left.
    """
    if not _is_any_usable(setup, usable):
        return (_echo(choice),)
    own = choice.candidate_tiers
    if choice.reason is Reason.PINNED:
        return _targets(own, choice, usable)
    place = setup.tiers.index(choice.tier)
    allowed = _stand_in_tiers(choice, setup)
    stronger = [tier for tier in setup.tiers[place:] if tier in allowed]
    weaker = [tier for tier in reversed(setup.tiers[:place]) if tier in allowed]
    return _targets((*own, *stronger), choice, usable) or _targets(weaker, choice, usable)


def _is_any_usable(setup: Setup, usable: Collection[str]) -> bool:
    """Whether a configured model is at a provider that can be called; the echo does not count."""
    providers = {spec.provider for specs in setup.models.values() for spec in specs}
    return any(provider in usable for provider in providers if provider != ECHO)


def _echo(choice: Choice) -> Target:
    """The first candidate at the echo; where none is, the echo in place of the first candidate."""
    found = _targets(choice.candidate_tiers, choice, (ECHO,))
    return found[0] if found else Target(choice.tier, ECHO, choice.candidates[0].model)


def _stand_in_tiers(choice: Choice, setup: Setup) -> tuple[str, ...]:
    """The tiers that may stand in: within all limits of the caller, and within the policy's `tiers`."""
    only = setup.policies[choice.policy].limits.tiers
    own = choice.caller_limits.allowed(setup.tiers)
    return own if only is None else tuple(tier for tier in own if tier in only)


def _targets(tiers: Iterable[str], choice: Choice, usable: Collection[str]) -> tuple[Target, ...]:
    """The able models of the tiers at usable providers, each model once."""
    found: dict[str, Target] = {}
    for tier in tiers:
        for spec in choice.able[tier]:
            if spec.model not in found and spec.provider in usable:
                found[spec.model] = Target.of(tier, spec.model, spec)
    return tuple(found.values())
