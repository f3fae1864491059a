"""What is wrong with a configuration that can be read: found by `check` and `doctor`, each with its cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from router.brain.bundle import layout
from router.brain.promise import QUALITY
from router.catalog import typical_cost_usd
from router.core import Router
from router.policy import DEFAULT_POLICY, NO_LIMITS, Conditions, Threshold
from router.providers.registry import shipped_rows
from router.settings import Settings
from router.settings.values import why_not_ready

EVALUATION_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at.

    what: the part.  says: what was found, with the cure where it does not work.
    good: False where something will not work; None for what works and may not be meant so.
    """

    what: str
    says: str
    good: bool | None = False

    def __str__(self) -> str:
        """One line."""
        mark = {True: "ok", None: "note", False: "PROBLEM"}[self.good]
        return f"{mark:8}{self.what}: {self.says}"


def findings(router: Router) -> list[Finding]:
    """Everything that is wrong or doubtful with a router's configuration and bundle."""
    settings = router.settings
    found = [] if settings.has_provider else [Finding("providers", why_not_ready(settings), None)]
    found += [
        *_providers(settings),
        *_folders(settings),
        *_order(settings),
        *_rules(settings),
        *_gate(settings.bundle),
        *_slices(router),
    ]
    return [*found, *(Finding("configuration", remark, None) for remark in router.remarks)]


def _providers(settings: Settings) -> Iterator[Finding]:
    """Models whose provider is unknown or cannot be called."""
    named: dict[str, list[str]] = {}
    for tier in settings.tiers:
        for model in tier.models:
            named.setdefault(model.provider, []).append(model.model)
    for name, models in named.items():
        if name in settings.providers:
            continue
        cure = settings.unset.get(name)
        if cure is not None:
            yield Finding(f"provider {name}", f"{cure} is not set: {', '.join(models)} will be skipped", None)
        else:
            known = ", ".join(sorted(shipped_rows()))
            says = f"is unknown, so {', '.join(models)} cannot be called; add a row in [[providers]], or use one of"
            yield Finding(f"provider {name}", f"{says} {known}")


def _folders(settings: Settings) -> Iterator[Finding]:
    """The call log's folder; that of a bundle is needed to load it."""
    log = settings.call_log
    if isinstance(log, Path) and not log.parent.is_dir():
        yield Finding(
            "call log", f"the folder {log.parent} does not exist: create it (mkdir -p {log.parent}), or change call_log"
        )


def _order(settings: Settings) -> Iterator[Finding]:
    """Tiers and models whose prices are not in their order."""
    costs = [(tier.name, typical_cost_usd(tier.models[0])) for tier in settings.tiers]
    for (cheaper, low_usd), (stronger, high_usd) in pairwise(costs):
        if low_usd > high_usd:
            says = (
                f"{cheaper} costs more than {stronger} ({low_usd:.4f} and {high_usd:.4f} USD for 1,000 tokens answered "
                "with 500): [[tiers]] are cheap to strong; put a cheaper model first in it"
            )
            yield Finding(f"tier {cheaper}", says, None)


def _rules(settings: Settings) -> Iterator[Finding]:
    """Rules that take every request."""
    for number, rule in enumerate(settings.rules, start=1):
        if rule.conditions == Conditions() and (rule.limits != NO_LIMITS or rule.policy is not None):
            says = f"has no condition, so it takes every request that no rule before it takes ({rule.action}); add one"
            yield Finding(f"rule {number}" + (f", {rule.name}" if rule.name else ""), says, None)


def _slices(router: Router) -> Iterator[Finding]:
    """Parts of the traffic in which `auto` loses more than it promises over all."""
    policy = router.setup.policies[DEFAULT_POLICY]
    promise, pricing = policy.threshold.promise, router.pricing
    if (
        promise is None
        or pricing is None
        or not isinstance(promise.target, float)
        or isinstance(policy.threshold, Threshold)
    ):
        return
    if promise.goal == QUALITY:
        over = [part for part in pricing.slices(policy.threshold, policy.limits) if part.loss > promise.target]
        if over:
            named = ", ".join(f"{part.by} {part.value} {part.loss:.1%} (n={part.n})" for part in over)
            says = f"the promise of at most {promise.target:.1%} is a mean; more was lost in: {named}"
            yield Finding("bundle", says, None)


def _gate(bundle: Path) -> Iterator[Finding]:
    """Whether the bundle beat the simple baselines when it was fitted."""
    try:
        with (bundle / layout.EVALUATION).open("rb") as file:
            evaluation = json.loads(file.read(EVALUATION_BYTES))
        gate = evaluation.get("gate") or {}
        passed, sentence = gate.get("passed"), str(gate.get("sentence", ""))
    except (OSError, ValueError, AttributeError):
        yield Finding("bundle", f"{bundle / layout.EVALUATION} cannot be read, so its gate is unknown", None)
        return
    if passed is False:
        yield Finding("bundle", f"failed its gate: {sentence} Fit it on more rows, or use the shipped one", None)
