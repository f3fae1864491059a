"""Pure functions from a prediction, a request and a configuration to a tier, with the reason and every step."""

from __future__ import annotations

from router.policy.choose import choose, choose_tier
from router.policy.decide import STEPS, Choice, decide
from router.policy.facts import DEFAULT_POLICY, TURNS, Facts, Policy, Setup, Threshold, default_turns
from router.policy.limits import NO_LIMITS, Limits
from router.policy.rules import Conditions, Regex, Rule, unreachable

__all__ = [
    "DEFAULT_POLICY",
    "NO_LIMITS",
    "STEPS",
    "TURNS",
    "Choice",
    "Conditions",
    "Facts",
    "Limits",
    "Policy",
    "Regex",
    "Rule",
    "Setup",
    "Threshold",
    "choose",
    "choose_tier",
    "decide",
    "default_turns",
    "unreachable",
]
