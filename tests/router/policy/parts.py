"""Requests and configurations for tests of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.policy import Facts, Limits, Policy, Rule, Setup, Threshold, default_turns
from router.types import (
    Capability,
    ChatRequest,
    Message,
    ModelSpec,
    Needs,
    Overrides,
    Prediction,
    RouteOptions,
    RouteRequest,
    StatedPromise,
    TaskGuess,
)

TIERS = ("small", "medium", "large")
PROMISE = StatedPromise(goal="max_quality_loss", target=0.1, bound=0.09, confidence=0.9, n=100)
COST_PROMISE = StatedPromise(goal="max_cost_usd_per_1k", target=5.0, bound=4.0, confidence=0.9, n=100)


def model(name: str, *capabilities: str, window: int | None = None, output: int | None = None) -> ModelSpec:
    """A model with these capabilities and no others."""
    return ModelSpec(name, 1.0, 2.0, window, output, frozenset(Capability(word) for word in capabilities))


MODELS: dict[str, tuple[ModelSpec, ...]] = {
    "small": (model("a/text", "tools", window=1_000, output=100), model("a/eye", "images", "tools", window=1_000)),
    "medium": (model("b/tools", "tools", "json_schema", window=10_000), model("c/tools", "tools")),
    "large": (model("b/all", *[c.value for c in Capability if c is not Capability.AUDIO], window=10_000),),
}


def prediction(*losses: float, out_of_domain: bool = False, task: TaskGuess | None = None) -> Prediction:
    """What a brain might say; losses: of small and medium."""
    return Prediction(
        tiers=TIERS,
        p_adequate=tuple(1 - loss for loss in (*losses, 0.0)),
        expected_quality_loss=(*losses, 0.0),
        p_unsolved=0.0,
        domain_distance=0.5,
        out_of_domain=out_of_domain,
        task=task,
    )


def facts(
    *losses: float,
    turn: str = "user",
    ask: str = "hi",
    model: str | None = None,
    needs: Needs | None = None,
    max_output_tokens: int | None = None,
    metadata: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    overrides: Overrides | None = None,
    tiers: tuple[str, ...] | None = None,
    task: TaskGuess | None = None,
    out_of_domain: bool = False,
    language: str | None = None,
    size_bytes: int = 10,
    tokens: int = 10,
    **chat: Any,
) -> Facts:
    """A request as the policy sees it; losses: of small and medium, (0, 0) if none are given."""
    request = RouteRequest(
        chat=ChatRequest(
            messages=(Message("user", ask),),
            model=model,
            needs=Needs() if needs is None else needs,
            max_output_tokens=max_output_tokens,
            metadata=metadata or {},
            **chat,
        ),
        options=RouteOptions(tiers=tiers),
        overrides=Overrides() if overrides is None else overrides,
        headers=headers or {},
    )
    return Facts(
        request=request,
        turn=turn,
        ask=ask,
        prediction=prediction(*(losses or (0.0, 0.0)), out_of_domain=out_of_domain, task=task),
        language=lambda: language,
        size_bytes=size_bytes,
        input_tokens=lambda: tokens,
        cost_usd=lambda spec: spec.cost_usd(input_tokens=tokens, output_tokens=10),
    )


def policy(name: str = "auto", threshold: float = 0.1, **more: Any) -> Policy:
    """A policy that promises something."""
    return Policy(name, Threshold(threshold, PROMISE), **more)


def setup(
    *rules: Rule,
    policies: tuple[Policy, ...] = (),
    turns: Mapping[str, Limits] | None = None,
    models: Mapping[str, tuple[ModelSpec, ...]] = MODELS,
    safe_tier: str = "medium",
) -> Setup:
    """Three tiers, the policies auto (a tenth may be lost), careful and any others."""
    known = {one.name: one for one in (policy(), policy("careful", 0.01), *policies)}
    own = default_turns(TIERS, safe_tier=safe_tier) | dict(turns or {})
    return Setup(TIERS, models, safe_tier, known, rules, own)
