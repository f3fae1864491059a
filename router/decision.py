"""RouteDecision, the answer of `POST /route` and of Router.route, and the explanation that it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.jsontext import replace_surrogates
from router.types import BundleRef, Candidate, Dialect, JsonObject, Reason, StatedPromise, Step, TaskGuess


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one token or signal added to a head's logit.

    kind: `token`, `pieces` or `letters` (n-grams), or `signal`.  name: the text, or the signal's name.
    value: how often it occurs, or the signal's value.  logit: what it added; the sum over all
    contributions plus the intercept is the head's logit.
    """

    kind: str
    name: str
    value: float
    logit: float

    def to_dict(self) -> JsonObject:
        """As a JSON object."""
        return {"kind": self.kind, "name": replace_surrogates(self.name), "value": self.value, "logit": self.logit}


@dataclass(frozen=True, slots=True)
class HeadExplanation:
    """The exact decomposition of one head's logit for one request.

    tier: the tier whose loss the head scores; `unsolved` for the head of "no tier is adequate".
    logit = intercept + sum of contributions; probability is its calibrated value before monotone clean-up.
    """

    tier: str
    intercept: float
    logit: float
    probability: float
    contributions: tuple[Contribution, ...]

    def by_size(self) -> list[Contribution]:
        """The contributions, those that moved the logit most first."""
        return sorted(self.contributions, key=lambda item: -abs(item.logit))

    def to_dict(self) -> JsonObject:
        """As a JSON object; contributions by size."""
        return {
            "tier": self.tier,
            "intercept": self.intercept,
            "logit": self.logit,
            "probability": self.probability,
            "contributions": [item.to_dict() for item in self.by_size()],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was scored and what pushed the decision.

    ask: the exact text taken as the user's ask.  window: the exact conversation text scored with it.
    """

    ask: str
    window: str
    heads: tuple[HeadExplanation, ...]

    def to_dict(self) -> JsonObject:
        """As a JSON object. Lone surrogates, which a caller in Python or a command line can send, become "?"."""
        return {
            "ask": replace_surrogates(self.ask),
            "window": replace_surrogates(self.window),
            "heads": [head.to_dict() for head in self.heads],
        }


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """The tier of one request, with all that led to it; to_dict() is the JSON that `POST /route` answers with.

    candidates: models that could answer, the preferred one first.
    p_adequate, expected_quality_loss: one value per tier, in [0, 1].
    threshold: the largest expected quality loss with which a tier may be chosen.
    promise: the guarantee that chose the threshold; None where none covers the request (the classifier did not decide,
        tiers were left out, or the configured safe tier is not the one that the guarantee was measured with).
    estimated_cost_usd: of this request at each tier's first model that can serve it, from estimated token counts.
    latency_ms: time spent deciding, in this process.
    dialect: the dialect of the body.
    policy: name of the policy that was in force.
    task: what kind of task it is; None where the bundle has no head for that.
    requested: what the caller asked for, only what was given: `model`, `tier`, `floor`, `ceiling`, `policy`, `off`,
        `tiers`, `max_quality_loss`, `max_cost_usd_per_1k`.
    steps: the policy's steps in order, with what each did.
    """

    decision_id: str
    tier: str
    model: str
    candidates: tuple[Candidate, ...]
    p_adequate: Mapping[str, float]
    expected_quality_loss: Mapping[str, float]
    threshold: float
    reason: Reason
    estimated_cost_usd: Mapping[str, float]
    turn: str
    bundle: BundleRef
    latency_ms: float
    promise: StatedPromise | None = None
    explanation: Explanation | None = None
    dialect: Dialect = Dialect.PROMPT
    policy: str = "auto"
    task: TaskGuess | None = None
    requested: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """The decision in one line."""
        losses = ", ".join(f"{tier} {loss:.1%}" for tier, loss in self.expected_quality_loss.items())
        policy = "" if self.policy == "auto" else f" by policy {self.policy}"
        return (
            f"{self.tier} ({self.model}): {self.reason.value}; "
            f"expected quality loss {losses}; allowed {self.threshold:.1%}{policy}; {self.latency_ms:.2f} ms"
        )

    def to_dict(self) -> JsonObject:
        """The JSON object that `POST /route` answers with; the steps come with the explanation."""
        body: JsonObject = {
            "decision_id": self.decision_id,
            "dialect": self.dialect.value,
            "policy": self.policy,
            "requested": dict(self.requested),
            "tier": self.tier,
            "model": self.model,
            "candidates": [{"tier": c.tier, "model": c.model} for c in self.candidates],
            "p_adequate": dict(self.p_adequate),
            "expected_quality_loss": dict(self.expected_quality_loss),
            "threshold": self.threshold,
            "promise": None if self.promise is None else _promise_dict(self.promise),
            "reason": self.reason.value,
            "estimated_cost_usd": dict(self.estimated_cost_usd),
            "turn": self.turn,
            "task": None if self.task is None else {"name": self.task.name, "probability": self.task.probability},
            "bundle": {"id": self.bundle.id, "sha256": self.bundle.sha256},
            "latency_ms": self.latency_ms,
        }
        if self.explanation is not None:
            body["steps"] = [{"step": step.name, "tier": step.tier, "note": step.note} for step in self.steps]
            body["explanation"] = self.explanation.to_dict()
        return body


def _promise_dict(promise: StatedPromise) -> JsonObject:
    return {
        "goal": promise.goal,
        "target": promise.target,
        "bound": promise.bound,
        "confidence": promise.confidence,
        "n": promise.n,
    }
