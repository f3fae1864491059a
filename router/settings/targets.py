"""From a target to a threshold, by the bundle's curve: once per policy, and for a request's own goal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.brain.promise import QUALITY, Goal, Promise, TargetTooSmall
from router.errors import ConfigError, RequestError
from router.policy import Policy, Threshold
from router.settings import PolicySettings
from router.types import RouteOptions


class Targets:
    """Thresholds of one bundle's promise, with one safe tier.

    remarks: on shipped policies whose target the bundle cannot support.
    """

    def __init__(self, promise: Promise, tiers: tuple[str, ...], *, safe_tier: str) -> None:
        self.remarks: list[str] = []
        self._promise = promise
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

    def asked(self, options: RouteOptions) -> Threshold | None:
        """The threshold for a request's own goal; None if it names none. Raises RequestError."""
        goal = _goal_of(options)
        if goal is None:
            return None
        try:
            return self._chosen(goal)
        except TargetTooSmall as exc:
            field = f"router.{goal.kind}"
            raise RequestError(f"{field}: {exc}", field=field, code="target_too_small") from exc

    def _of_policy(self, name: str, settings: PolicySettings) -> Threshold:
        target = settings.target
        if target is None:
            return self._chosen(self._promise.goal)
        try:
            return self._chosen(_goal(target.kind, target.value))
        except TargetTooSmall as exc:
            if not target.at_least:
                raise ConfigError(f"{target.where}: policy {name}: {target.kind}: {exc}") from exc
            self.remarks.append(
                f"policy {name} promises {target.kind} {exc.smallest:.4g}, the least that the bundle supports, "
                f"in place of {target.value:g}"
            )
            return self._chosen(_goal(target.kind, exc.smallest))
        except ValueError as exc:
            raise ConfigError(f"{target.where}: policy {name}: {exc}") from exc

    def _chosen(self, goal: Goal) -> Threshold:
        """The threshold for a goal, and what is promised there, if that covers this configuration."""
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
