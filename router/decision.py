"""RouteDecision, the answer of `POST /route` and of Router.route, and the explanation that it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.jsontext import replace_surrogates
from router.types import (
    BundleRef,
    Candidate,
    Dialect,
    Effort,
    JsonObject,
    Reason,
    StatedPromise,
    Step,
    TaskGuess,
    label,
)


def dollars(usd: float) -> str:
    """An amount for people: two decimals from a tenth of a dollar on, else four, or as many as show it.

    >>> dollars(0.5), dollars(0.01552), dollars(0.0000123), dollars(1234.5)
    ('$0.50', '$0.0155', '$0.000012', '$1,234.50')
    """
    if usd == 0.0:
        return "$0"
    if usd >= 0.1:
        return f"${usd:,.2f}"
    return f"${usd:.4f}" if usd >= 0.0001 else f"${usd:.6f}" if usd >= 0.000001 else f"${usd:.1g}"


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
class Peeled:
    """What was taken off a message before it was scored; never the text itself.

    form: the kind of frame, a word such as "envelope", "event", "mail".  n_chars: how many characters.
    """

    form: str
    n_chars: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was scored and what pushed the decision.

    ask: the exact text taken as the user's ask.  window: the exact conversation text scored with it.
    peeled: what was taken off the ask's messages before, by its form and number of characters.
    """

    ask: str
    window: str
    heads: tuple[HeadExplanation, ...]
    peeled: tuple[Peeled, ...] = ()

    def to_dict(self) -> JsonObject:
        """As a JSON object. Lone surrogates, which a caller in Python or a command line can send, become "?"."""
        return {
            "ask": replace_surrogates(self.ask),
            "window": replace_surrogates(self.window),
            "peeled": [{"form": one.form, "n_chars": one.n_chars} for one in self.peeled],
            "heads": [head.to_dict() for head in self.heads],
        }


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """The tier of one request, with all that led to it; to_dict() is the JSON that `POST /route` answers with.

    effort: how much the model may think in this tier; None where that is the client's own choice.
    candidates: models that could answer, the preferred one first.
    p_adequate, expected_quality_loss: one value per tier, in [0, 1].
    threshold: the largest expected quality loss with which the tier would have been chosen.
    value_of_an_answer_usd: what an answer to this request is worth: the tier has the least
        expected_quality_loss * value + cost; None where a threshold chose, not a price.
    promise: the guarantee that chose the threshold or the value; None where none covers the request (the classifier
        did not decide, tiers were left out, or the guarantee was measured with another safe tier).
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
    effort: Effort | None = None
    value_of_an_answer_usd: float | None = None

    def __str__(self) -> str:
        """The decision in one line."""
        losses = ", ".join(f"{tier} {loss:.1%}" for tier, loss in self.expected_quality_loss.items())
        return (
            f"{self.tier} ({label(self.model, self.effort)}) by policy {self.policy}, reason {self.reason.value}; "
            f"expected quality loss {losses}{self._why}; {self.latency_ms:.2f} ms"
        )

    @property
    def _why(self) -> str:
        """What the losses were weighed against, where the classifier decided."""
        if self.reason not in (Reason.THRESHOLD, Reason.OUT_OF_DOMAIN):
            return ""
        if self.value_of_an_answer_usd is None:
            return f"; the cheapest with at most {self.threshold:.1%} is chosen"
        loss_usd = self.expected_quality_loss[self.tier] * self.value_of_an_answer_usd
        return (
            f"; {self.tier} loses {dollars(loss_usd)} at {dollars(self.value_of_an_answer_usd)} an answer "
            f"and costs {dollars(self.estimated_cost_usd[self.tier])}"
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
            "effort": self.effort,
            "candidates": [{"tier": c.tier, "model": c.model, "effort": c.effort} for c in self.candidates],
            "p_adequate": dict(self.p_adequate),
            "expected_quality_loss": dict(self.expected_quality_loss),
            "threshold": self.threshold,
            "value_of_an_answer_usd": self.value_of_an_answer_usd,
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
