"""Pure functions from a prediction, a request and a configuration to a tier, with the reason and every step."""

from __future__ import annotations

from router.policy.cascade import CHECKS, JUDGE_PROMPT, Cascade, Judge, SelfCheck
from router.policy.choose import choose, choose_by_price, choose_tier
from router.policy.decide import STEPS, Choice, decide
from router.policy.facts import Facts
from router.policy.limits import NO_LIMITS, Limits
from router.policy.plan import ModelNotConfigured, Plan, plan_of
from router.policy.rules import Conditions, Regex, Rule, unreachable
from router.policy.setup import DEFAULT_POLICY, TURNS, Criterion, Policy, Price, Setup, Threshold, default_turns

__all__ = [
    "CHECKS",
    "DEFAULT_POLICY",
    "JUDGE_PROMPT",
    "NO_LIMITS",
    "STEPS",
    "TURNS",
    "Cascade",
    "Choice",
    "Conditions",
    "Criterion",
    "Facts",
    "Judge",
    "Limits",
    "ModelNotConfigured",
    "Plan",
    "Policy",
    "Price",
    "Regex",
    "Rule",
    "SelfCheck",
    "Setup",
    "Threshold",
    "choose",
    "choose_by_price",
    "choose_tier",
    "decide",
    "default_turns",
    "plan_of",
    "unreachable",
]
