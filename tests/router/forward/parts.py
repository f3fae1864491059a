"""A decision, for what comes after one."""

from router.types import BundleRef, Candidate, Reason, RouteDecision

TIERS = ("budget", "production", "frontier")


def decided(reason=Reason.THRESHOLD, tier="budget", **changes):
    models = tuple(Candidate(tier, f"{tier[0]}/m") for tier in TIERS)
    flat = dict.fromkeys(TIERS, 0.0)
    fields = {
        "decision_id": "dec_1",
        "tier": tier,
        "model": models[0].model,
        "candidates": models,
        "p_adequate": flat,
        "expected_quality_loss": flat,
        "threshold": 1.0,
        "reason": reason,
        "estimated_cost_usd": flat,
        "turn": "user",
        "bundle": BundleRef("b", "0"),
        "latency_ms": 0.1,
    }
    return RouteDecision(**{**fields, **changes})
