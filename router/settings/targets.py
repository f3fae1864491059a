"""From what a policy or a request asks for to a price of quality, by the bundle's held-out rows.

A bundle without such rows has a curve of thresholds instead, computed for the prices that it was measured with.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from router.brain.price_curve import RATES
from router.brain.promise import MIX, QUALITY, Goal, Promise, TargetTooSmall, rounded_up
from router.errors import ConfigError, RequestError
from router.policy import NO_LIMITS, Criterion, Limits, Policy, Price, Threshold
from router.settings import PolicySettings
from router.settings.pricing import Pricing
from router.types import RouteOptions

VALUE = "value_of_an_answer_usd"


ASKED_AT_MOST = 256
"""Goals of requests whose prices are remembered: finding one takes milliseconds."""


class Targets:
    """Criteria for one bundle and one configuration.

    pricing: None for a bundle without held-out rows.
    remarks: on shipped policies whose target the bundle cannot support.
    """

    def __init__(
        self, promise: Promise, tiers: tuple[str, ...], *, safe_tier: str, pricing: Pricing | None = None
    ) -> None:
        self.remarks: list[str] = []
        self._promise = promise
        self._pricing = pricing
        self._of_goal = lru_cache(maxsize=ASKED_AT_MOST)(self._of_number)
        measured, configured = tiers.index(promise.safe_tier), tiers.index(safe_tier)
        # A stronger safe tier than the one measured with loses no more quality, though it costs more.
        self._covers_quality, self._covers_all = configured >= measured, configured == measured

    def policies(self, settings: Mapping[str, PolicySettings]) -> dict[str, Policy]:
        """The policies in force. Raises ConfigError, with every fault, for targets that the bundle cannot support."""
        made: dict[str, Policy] = {}
        faults: list[str] = []
        for name, policy in settings.items():
            try:
                threshold = self._of_policy(name, policy)
                made[name] = Policy(name, threshold, policy.limits, policy.turns, policy.cascade)
            except ConfigError as exc:
                faults.append(str(exc))
        if faults:
            raise ConfigError("\n".join(faults))
        return made

    def asked(self, options: RouteOptions) -> Criterion | None:
        """The criterion for a request's own goal; None if it names none. Raises RequestError."""
        goal = _goal_of(options)
        if goal is None:
            return None
        try:
            return self._of_goal(goal.kind, getattr(goal, goal.kind))
        except TargetTooSmall as exc:
            field = f"router.{goal.kind}"
            raise RequestError(f"{field}: {exc}", field=field, code="target_too_small") from exc

    def _of_number(self, kind: str, value: float) -> Criterion:
        return self._chosen(_goal(kind, value), NO_LIMITS)

    def _of_policy(self, name: str, settings: PolicySettings) -> Criterion:
        target, limits = settings.target, settings.limits
        if target is None:
            return self._own(name, limits)
        if target.kind == VALUE:
            assert isinstance(target.value, float), "the file checks it"
            return Price(target.value) if self._pricing is None else self._pricing.price_of_value(target.value, limits)
        try:
            return self._chosen(_goal(target.kind, target.value), limits)
        except TargetTooSmall as exc:
            if not target.at_least:
                raise ConfigError(f"{target.where}: policy {name}: {target.kind}: {exc}") from exc
            return self._least(name, target.kind, exc, limits)
        except ValueError as exc:
            raise ConfigError(f"{target.where}: policy {name}: {exc}") from exc

    def _own(self, name: str, limits: Limits) -> Criterion:
        """The bundle's own goal, or the least that its rows support at these prices and within these limits."""
        try:
            return self._chosen(self._promise.goal, limits)
        except TargetTooSmall as exc:
            return self._least(name, self._promise.goal.kind, exc, limits)

    def _least(self, name: str, kind: str, too_small: TargetTooSmall, limits: Limits) -> Criterion:
        self.remarks.append(
            f"policy {name} promises {kind} {rounded_up(too_small.smallest)}, the least that the bundle supports, "
            f"in place of {too_small.target:g}"
        )
        if kind == MIX:  # one of several shares is too small: what is left is the safest price
            return Price(1.0 / float(RATES[-1]), is_relative=True)
        return self._chosen(_goal(kind, too_small.smallest), limits)

    def _chosen(self, goal: Goal, limits: Limits) -> Criterion:
        """The criterion for a goal, and what is promised there, if that covers this configuration."""
        if self._pricing is not None:
            return self._pricing.price(goal, limits)
        is_covered = self._covers_quality if goal.kind == QUALITY else self._covers_all
        value = self._promise.threshold_for(goal)
        return Threshold(value, self._promise.stated(goal) if is_covered else None)


def _goal(kind: str, value: float | Mapping[str, float]) -> Goal:
    """The goal of a kind. Raises ValueError."""
    options: dict[str, Any] = {kind: value}
    return Goal(**options)


def _goal_of(options: RouteOptions) -> Goal | None:
    if options.max_quality_loss is not None and options.max_cost_usd_per_1k is not None:
        field = "router.max_cost_usd_per_1k"
        message = f"{field}: choose one of max_quality_loss and max_cost_usd_per_1k."
        raise RequestError(message, field=field, code="ambiguous")
    if options.max_quality_loss is not None:
        return Goal(max_quality_loss=options.max_quality_loss)
    return None if options.max_cost_usd_per_1k is None else Goal(max_cost_usd_per_1k=options.max_cost_usd_per_1k)
