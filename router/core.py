"""The request path, top to bottom: read, predict, choose, name the models.

from router import Router
Router.load().route("Translate good morning into French.").tier
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from router.brain import Bundle, load_bundle
from router.brain.explain import explain
from router.brain.promise import QUALITY, Goal, TargetTooSmall
from router.catalog import estimated_tokens
from router.errors import ConfigError, RequestError
from router.policy import choose
from router.reading import Reading, read
from router.settings import Settings, load_settings
from router.types import (
    BundleRef,
    Candidate,
    ChatRequest,
    Explanation,
    JsonObject,
    RouteDecision,
    RouteOptions,
    RouteRequest,
    StatedPromise,
)
from router.wire.route_body import parse_route_request, request_from_text


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
        Raises ConfigError when the configured tiers are not the bundle's.
        """
        self._bundle = bundle
        self._settings = settings
        self._new_id = new_id if new_id is not None else _random_id
        self._clock_s = clock_s
        self._ref = BundleRef(id=bundle.manifest.id, sha256=bundle.sha256)
        self._tiers = _matching_tiers(bundle, settings)
        self._models = {tier.name: tier.models for tier in settings.tiers}
        self._all_candidates = {tier: self._candidates(tier, self._tiers) for tier in self._tiers}
        own = settings.max_quality_loss
        try:
            self._default = self._chosen(bundle.manifest.promise.goal if own is None else Goal(max_quality_loss=own))
        except TargetTooSmall as exc:
            raise ConfigError(f"max_quality_loss: {exc}") from exc

    @classmethod
    def load(
        cls, path: str | Path | None = None, *, config: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Router:
        """A router for the bundle in a folder; for the configured or the shipped one if None.

        environ: variables to read instead of the process's own.
        Raises ConfigError or BundleError.
        """
        settings = load_settings(environ, config=config)
        folder = settings.bundle if path is None else Path(path)
        return cls(load_bundle(folder, trusted_encoders=settings.trusted_encoders), settings)

    @property
    def bundle(self) -> Bundle:
        """The bundle that decides."""
        return self._bundle

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self._settings

    def route(self, request: str | JsonObject | RouteRequest) -> RouteDecision:
        """The decision for a prompt, for the object that `POST /route` takes, or for a parsed one.

        Raises RequestError naming the field.
        """
        start_s = self._clock_s()
        parsed = _parse(request)
        reading = read(parsed.chat)
        prediction = self._bundle.brain.predict(reading)
        threshold, promise = self._threshold(parsed.options)
        allowed = self._allowed(parsed.options)
        choice = choose(prediction, threshold=threshold, allowed=allowed, safe_tier=self._settings.safe_tier)
        return RouteDecision(
            decision_id=self._new_id(),
            tier=choice.tier,
            model=self._models[choice.tier][0].model,
            candidates=(
                self._all_candidates[choice.tier] if allowed is self._tiers else self._candidates(choice.tier, allowed)
            ),
            p_adequate=dict(zip(self._tiers, prediction.p_adequate, strict=True)),
            expected_quality_loss=dict(zip(self._tiers, prediction.expected_quality_loss, strict=True)),
            threshold=threshold,
            promise=promise if allowed is self._tiers else None,
            reason=choice.reason,
            estimated_cost_usd=self._costs(parsed.chat),
            turn=reading.turn,
            bundle=self._ref,
            latency_ms=(self._clock_s() - start_s) * 1e3,
            explanation=self._explain(reading) if parsed.options.explain else None,
        )

    def _threshold(self, options: RouteOptions) -> tuple[float, StatedPromise | None]:
        goal = _goal_of(options)
        if goal is None:
            return self._default
        try:
            return self._chosen(goal)
        except TargetTooSmall as exc:
            field = f"router.{goal.kind}"
            raise RequestError(f"{field}: {exc}", field=field, code="target_too_small") from exc

    def _chosen(self, goal: Goal) -> tuple[float, StatedPromise | None]:
        """The threshold for a goal, and what is promised there, if that covers this configuration."""
        promise = self._bundle.manifest.promise
        threshold = promise.threshold_for(goal)
        measured, configured = (self._tiers.index(tier) for tier in (promise.safe_tier, self._settings.safe_tier))
        # A stronger safe tier than the one measured with loses no more quality, though it costs more.
        covered = configured == measured or (configured > measured and goal.kind == QUALITY)
        return threshold, promise.stated(goal) if covered else None

    def _allowed(self, options: RouteOptions) -> Sequence[str]:
        if options.tiers is None:
            return self._tiers
        for index, tier in enumerate(options.tiers):
            if tier not in self._models:
                field = f"router.tiers[{index}]"
                known = ", ".join(self._tiers)
                raise RequestError(
                    f"{field}: {tier!r} is no tier; tiers are {known}.", field=field, code="unknown_tier"
                )
        return [tier for tier in self._tiers if tier in options.tiers]

    def _candidates(self, chosen: str, allowed: Sequence[str]) -> tuple[Candidate, ...]:
        """Models in the order to try: those of the chosen tier, then of each stronger allowed one."""
        stronger = allowed[list(allowed).index(chosen) :]
        return tuple([Candidate(tier, model.model) for tier in stronger for model in self._models[tier]])

    def _costs(self, chat: ChatRequest) -> dict[str, float]:
        n_input, n_output = estimated_tokens(chat)
        return {
            tier: self._models[tier][0].cost_usd(input_tokens=n_input, output_tokens=n_output) for tier in self._tiers
        }

    def _explain(self, reading: Reading) -> Explanation:
        return explain(self._bundle.brain, reading)


def _parse(request: str | JsonObject | RouteRequest) -> RouteRequest:
    if isinstance(request, RouteRequest):
        return request
    return request_from_text(request) if isinstance(request, str) else parse_route_request(request)


def _goal_of(options: RouteOptions) -> Goal | None:
    if options.max_quality_loss is not None and options.max_cost_usd_per_1k is not None:
        field = "router.max_cost_usd_per_1k"
        message = f"{field}: choose one of max_quality_loss and max_cost_usd_per_1k."
        raise RequestError(message, field=field, code="ambiguous")
    if options.max_quality_loss is not None:
        return Goal(max_quality_loss=options.max_quality_loss)
    return None if options.max_cost_usd_per_1k is None else Goal(max_cost_usd_per_1k=options.max_cost_usd_per_1k)


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
