"""The request path, top to bottom: parse, read, predict, decide, render.

from tierwise import Router
Router.load().route("Translate good morning into French.").tier
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from router.brain import Bundle, load_bundle
from router.brain.bundle.shipped import SHIPPED, shipped_bundle
from router.brain.explain import explain
from router.brain.held_out import ExpectedTokens
from router.catalog import (
    BYTES_PER_TOKEN,
    ESTIMATED_OUTPUT_TOKENS,
    catalog,
    estimated_input_tokens,
    estimated_output_tokens,
    estimated_tokens,
    size_bytes,
    text_bytes,
    typical_cost_usd,
)
from router.decision import RouteDecision, dollars
from router.dialects.route_body import parse_route_request, request_from_text, route_request_of
from router.dialects.table import ADAPTERS
from router.errors import ConfigError
from router.jsontext import replace_surrogates
from router.policy import Choice, Facts, Plan, Price, Setup, decide, default_turns, plan_of
from router.reading import Reading, read
from router.reading.blocks import Envelope
from router.reading.language import language_detector
from router.reading.tokens import TokenCounter, count_tokens
from router.settings import Settings, check_task_names, load_settings
from router.settings.pricing import Pricing, pricing_of, reference_costs
from router.settings.targets import Targets
from router.types import BundleRef, ChatRequest, Dialect, JsonObject, ModelSpec, Prediction, RouteRequest, TaskGuess


class Router:
    """Decides the tier of requests with one bundle and one configuration. Safe to share between threads."""

    def __init__(
        self,
        bundle: Bundle,
        settings: Settings,
        *,
        new_id: Callable[[], str] | None = None,
        clock_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Join a bundle and settings.

        new_id: makes decision ids; random ones by default.  clock_s: seconds, only for latency_ms.
        Raises ConfigError when the configuration asks for what the bundle does not have: tiers, targets, tasks.
        """
        self._bundle = bundle
        self._settings = settings
        self._new_id = new_id if new_id is not None else _random_id
        self._clock_s = clock_s
        self._ref = BundleRef(id=bundle.manifest.id, sha256=bundle.sha256)
        self._counter = TokenCounter()
        self._envelopes = tuple(Envelope(start, end) for start, end in settings.envelopes)
        check_task_names(settings.rules, bundle.manifest.tasks)
        needs_language = any(rule.conditions.language for rule in settings.rules)
        self._language = language_detector() if needs_language else _no_language
        tiers = _matching_tiers(bundle, settings)
        models = {tier.name: tier.models for tier in settings.tiers}
        # Without prices, or with one price for all tiers (one model at several efforts), costs order nothing.
        prices_differ = len({typical_cost_usd(specs[0]) for specs in models.values()}) > 1
        reference = None if prices_differ else reference_costs(bundle)
        self._pricing = pricing_of(bundle, settings, reference) if reference is not None or prices_differ else None
        self._tokens = ExpectedTokens() if self._pricing is None else self._pricing.rows.tokens
        targets = Targets(bundle.manifest.promise, tiers, safe_tier=settings.safe_tier, pricing=self._pricing)
        self._targets = targets
        self._setup = Setup(
            tiers=tiers,
            models=models,
            safe_tier=settings.safe_tier,
            policies=targets.policies(settings.policies),
            rules=settings.rules,
            turns={**default_turns(tiers, safe_tier=settings.safe_tier), **settings.turns},
            known_models=_known_models(settings),
            unknown_models=settings.unknown_models,
            dialects={
                name: _spoken(provider.adapter, has_responses=provider.quirks.responses is not None)
                for name, provider in settings.providers.items()
                if provider.adapter in ADAPTERS
            },
            reference_cost_usd=reference,
        )

    @classmethod
    def load(
        cls, bundle: str | Path | None = None, *, config: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Router:
        """A router for one bundle and the configuration.

        bundle: the folder of a bundle, or the name of a shipped one, `default` or `fast`; the configured bundle, or
            `default`, if None. A name always means the shipped bundle: write "./fast" or Path("fast") for a folder.
        config: the TOML file; the one that TIERWISE_CONFIG names if None.
        environ: variables to read instead of the process's own.
        Raises ConfigError or BundleError.
        """
        settings = load_settings(environ, config=config)
        if bundle is None:
            folder = settings.bundle
        else:
            folder = shipped_bundle(bundle) if isinstance(bundle, str) and bundle in SHIPPED else Path(bundle)
        return cls(load_bundle(folder, trusted_encoders=settings.trusted_encoders), settings)

    @property
    def bundle(self) -> Bundle:
        """The bundle that decides."""
        return self._bundle

    @property
    def settings(self) -> Settings:
        """The configuration as it was given."""
        return self._settings

    @property
    def setup(self) -> Setup:
        """The configuration in force: tiers, models, policies with their thresholds, rules, turns."""
        return self._setup

    @property
    def pricing(self) -> Pricing | None:
        """The bundle's held-out rows at the configured prices; None for a bundle that keeps none."""
        return self._pricing

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings about the configuration, which is valid."""
        unknown = [
            f"{model.model} ({tier}): {' and '.join(lacking)} unknown, taken as no limit"
            for tier, models in self._setup.models.items()
            for model in models
            if (lacking := _unknown_facts(model))
        ]
        return (*self._targets.remarks, *_reference_words(self._setup), *unknown)

    def estimated_input_tokens(self, chat: ChatRequest) -> int:
        """Input tokens of a request, estimated from its size."""
        return estimated_tokens(chat)[0]

    def input_tokens(self, chat: ChatRequest) -> int:
        """Input tokens of a request, counted; an upper estimate."""
        return _input_tokens(chat, self._counter)

    def route(
        self, request: str | JsonObject | RouteRequest, *, headers: Mapping[str, str] | None = None
    ) -> RouteDecision:
        """The decision for a prompt, for the object that `POST /route` takes, or for a parsed request.

        headers: those of an HTTP request, with names in any case, as `POST /route` reads them: `x-router-*` limits the
            decision, `anthropic-version` names the dialect, and rules may look at the others. A parsed request holds
            its own: TypeError if it is given together with headers.
        Raises RequestError naming the field or the header.
        """
        return self._decided(request, headers)[0]

    def plan(self, request: RouteRequest, *, usable: Collection[str]) -> Plan:
        """The decision on a request to forward, with the models to try at the usable providers.

        Raises RequestError: as `route`, and for a model that is not configured.
        """
        return plan_of(*self._decided(request, None), self._setup, usable)

    def _decided(
        self, request: str | JsonObject | RouteRequest, headers: Mapping[str, str] | None
    ) -> tuple[RouteDecision, Choice]:
        start_s = self._clock_s()
        parsed = _parse(request, headers)
        reading = read(parsed.chat, envelopes=self._envelopes)
        prediction = self._bundle.brain.predict(reading)
        facts = self._facts(parsed, reading, prediction)
        choice = decide(facts, self._setup, asked_threshold=self._targets.asked(parsed.options))
        return self._render(facts, reading, choice, start_s=start_s), choice

    def _facts(self, request: RouteRequest, reading: Reading, prediction: Prediction) -> Facts:
        return Facts(
            request=request,
            turn=str(reading.turn),
            ask=reading.ask,
            prediction=prediction,
            language=cache(lambda: self._language(reading.ask)),
            size_bytes=size_bytes(request.chat),
            input_tokens=cache(lambda: _input_tokens(request.chat, self._counter)),
            cost_usd=self._cost_of(request.chat, prediction.task),
        )

    def _cost_of(self, chat: ChatRequest, task: TaskGuess | None) -> Callable[[ModelSpec], float]:
        """What a model is expected to cost for a request."""
        n_input = estimated_input_tokens(chat)
        answer = self._tokens.output_of(task, otherwise=ESTIMATED_OUTPUT_TOKENS)

        def cost_usd(model: ModelSpec) -> float:
            n_output = estimated_output_tokens(chat, effort=model.effort, answer_tokens=answer)
            return model.cost_usd(input_tokens=n_input, output_tokens=n_output)

        return cost_usd

    def _render(self, facts: Facts, reading: Reading, choice: Choice, *, start_s: float) -> RouteDecision:
        request, prediction, tiers = facts.request, facts.prediction, self._setup.tiers
        return RouteDecision(
            decision_id=self._new_id(),
            tier=choice.tier,
            model=choice.candidates[0].model,
            effort=choice.candidates[0].effort,
            candidates=choice.candidates,
            p_adequate=dict(zip(tiers, prediction.p_adequate, strict=True)),
            expected_quality_loss=dict(zip(tiers, prediction.expected_quality_loss, strict=True)),
            threshold=choice.loss_allowed,
            value_of_an_answer_usd=choice.value_usd,
            promise=choice.threshold.promise,
            reason=choice.reason,
            estimated_cost_usd=_costs(facts, choice, self._setup),
            turn=facts.turn,
            bundle=self._ref,
            dialect=request.chat.dialect,
            policy=choice.policy,
            task=prediction.task,
            requested=_requested(request),
            steps=choice.steps,
            explanation=explain(self._bundle.brain, reading) if request.options.explain else None,
            latency_ms=(self._clock_s() - start_s) * 1e3,
        )


def _costs(facts: Facts, choice: Choice, setup: Setup) -> dict[str, float]:
    """USD of each tier's first model that can serve the request; of its first one where none can."""
    if setup.reference_cost_usd is None:
        return dict(choice.cost_usd)
    return {tier: facts.cost_usd((choice.able[tier] or models)[0]) for tier, models in setup.models.items()}


VENDOR_ROOM = 1.1
"""Tokens are counted with one vendor's vocabulary; the others need up to about this much more for the same text."""


def _input_tokens(chat: ChatRequest, counter: TokenCounter) -> int:
    """Input tokens of a request, an upper estimate: its texts, and the rest of the body, such as tool definitions."""
    tokens = count_tokens(chat.messages, counter=counter)
    if not (chat.needs.images or chat.needs.audio or chat.needs.documents):  # base64 is not text for a model
        tokens += max(0, len(chat.raw) - text_bytes(chat)) // BYTES_PER_TOKEN
    return int(tokens * VENDOR_ROOM)


def _parse(request: str | JsonObject | RouteRequest, headers: Mapping[str, str] | None) -> RouteRequest:
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    if isinstance(request, RouteRequest):
        if lower:
            raise TypeError("a RouteRequest holds its own headers; give `headers` with a text or a body only")
        return request
    if isinstance(request, str):
        return route_request_of({}, request_from_text(request).chat, headers=lower)
    return parse_route_request(request, headers=lower)


def _requested(request: RouteRequest) -> dict[str, Any]:
    """What the caller asked for, by name; only what was given."""
    asked, options = request.overrides, request.options
    model = request.chat.model
    given: dict[str, Any] = {
        "model": None if model is None else replace_surrogates(model),
        "tier": asked.tier,
        "floor": asked.floor,
        "ceiling": asked.ceiling,
        "policy": asked.policy,
        "off": asked.off or None,
        "tiers": None if options.tiers is None else list(options.tiers),
        "max_quality_loss": options.max_quality_loss,
        "max_cost_usd_per_1k": options.max_cost_usd_per_1k,
    }
    return {name: value for name, value in given.items() if value is not None}


def _reference_words(setup: Setup) -> Iterator[str]:
    """That costs are not the configured models', where prices choose at all."""
    if setup.reference_cost_usd is None or not any(isinstance(one.threshold, Price) for one in setup.policies.values()):
        return
    costs = ", ".join(f"{tier} {dollars(usd)}" for tier, usd in setup.reference_cost_usd.items())
    yield (
        "the configured models have no price, or all tiers the same one: tiers are chosen at the bundle's reference "
        f"costs of a request ({costs})"
    )


def _unknown_facts(model: ModelSpec) -> list[str]:
    """The facts that are unknown of a model."""
    facts = {
        "context window": model.context_window,
        "output limit": model.max_output_tokens,
        "capabilities": model.capabilities,
    }
    return [name for name, value in facts.items() if value is None]


def _known_models(settings: Settings) -> dict[str, ModelSpec]:
    """The catalog's models by name, and the configured ones in their place."""
    configured = {model.model: replace(model, effort=None) for tier in settings.tiers for model in tier.models}
    return {name: row.spec for name, row in catalog().items()} | configured


def _spoken(adapter: str, *, has_responses: bool) -> frozenset[Dialect]:
    """The dialects of a provider's endpoints."""
    return frozenset((ADAPTERS[adapter], Dialect.OPENAI_RESPONSES) if has_responses else (ADAPTERS[adapter],))


def _no_language(_: str) -> None:
    """No rule has a language condition."""


def _random_id() -> str:
    return "dec_" + os.urandom(12).hex()


def _matching_tiers(bundle: Bundle, settings: Settings) -> tuple[str, ...]:
    names = settings.tier_names
    if names != bundle.manifest.tiers:
        raise ConfigError(
            f"tiers: the configuration has {', '.join(names)}; bundle {bundle.manifest.id} was fitted for "
            f"{', '.join(bundle.manifest.tiers)}. Name the same tiers in the same order, or fit a bundle for yours."
        )
    return names
