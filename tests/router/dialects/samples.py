"""A decision with every field filled, for tests of how it is written."""

from __future__ import annotations

from router.decision import RouteDecision
from router.types import BundleRef, Candidate, Dialect, Reason, StatedPromise, Step, TaskGuess


def decision(**changes):
    facts = {
        "decision_id": "dec_1",
        "tier": "budget",
        "model": "a/small",
        "candidates": (Candidate("budget", "a/small"), Candidate("frontier", "b/large")),
        "p_adequate": {"budget": 0.9, "frontier": 0.95},
        "expected_quality_loss": {"budget": 0.05, "frontier": 0.0},
        "threshold": 0.1,
        "promise": StatedPromise(goal="max_quality_loss", target=0.1, bound=0.08, confidence=0.9, n=500),
        "reason": Reason.THRESHOLD,
        "estimated_cost_usd": {"budget": 0.001, "frontier": 0.02},
        "turn": "user",
        "bundle": BundleRef("tiny-1", "ab" * 32),
        "latency_ms": 0.2,
        "dialect": Dialect.ANTHROPIC,
        "policy": "frugal",
        "task": TaskGuess("code", 0.7),
        "requested": {"model": "auto:frugal"},
        "steps": (Step("rules", None, "none matched"), Step("final", "budget", "0.05 <= 0.1")),
    }
    return RouteDecision(**(facts | changes))
