"""A decision, and what comes after one."""

from router.account import ANONYMOUS, Listener, Origin
from router.decision import RouteDecision
from router.types import BundleRef, Candidate, Reason

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


def origin_of(call, decision=None, **changes):
    fields = {"caller": ANONYMOUS, "request": call, "stream": call.stream, "body_bytes": 10, "input_tokens": lambda: 7}
    return Origin(decision or decided(), **{**fields, **changes})


class Listed(Listener):
    """Lists the records that it receives."""

    def __init__(self, *, keeps_answers=False):
        self.keeps_answers = keeps_answers
        self.attempts = []
        self.calls = []

    def attempt_ended(self, record):
        self.attempts.append(record)

    def call_settled(self, record):
        self.calls.append(record)
