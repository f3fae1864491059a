"""What can be configured, as checked values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from router.dialects.shared.provider import Provider
from router.dialects.shared.secret import Secret
from router.policy import NO_LIMITS, Cascade, Limits, Rule
from router.providers.connection_settings import ConnectionSettings
from router.providers.registry import no_provider_message
from router.providers.retry import DispatchSettings
from router.settings.door import Door
from router.types import ModelSpec

DEFAULT_SAFE_TIER = "production"
ECHO = "echo"
"""The provider inside this process, which calls no model."""

STDERR: Final = "stderr"
"""The value of `call_log` that names the process's standard error."""


@dataclass(frozen=True, slots=True)
class TierSettings:
    """A tier and the models behind it, the first preferred."""

    name: str
    models: tuple[ModelSpec, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What a policy has to keep.

    kind: `value_of_an_answer_usd`, `max_quality_loss`, `max_cost_usd_per_1k` or `tier_mix`.
    value: in its unit; shares by tier for a mix.
    at_least: whether the smallest target that the bundle supports may be used where the value is too small.
    where: file and line; "" for a shipped one.
    """

    kind: str
    value: float | Mapping[str, float]
    at_least: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """A named policy.

    target: None for the bundle's own.  turns: for the kinds that it treats in its own way.
    cascade: whether forwarded answers are checked, and what follows; None for not.
    """

    target: Target | None = None
    limits: Limits = NO_LIMITS
    turns: Mapping[str, Limits] = field(default_factory=dict)
    cascade: Cascade | None = None


CHEAPEST = Target("max_quality_loss", 1.0)
"""The target that every tier keeps, so that the cheapest one is chosen."""

SHIPPED_POLICIES: Mapping[str, PolicySettings] = {
    "auto": PolicySettings(),
    "careful": PolicySettings(Target("max_quality_loss", 0.02, at_least=True)),
    "cheap": PolicySettings(Target("max_quality_loss", 0.10, at_least=True)),
    "cascade": PolicySettings(CHEAPEST, cascade=Cascade()),
}
"""The policies of an empty configuration. Where the bundle supports no target as small as that of `careful` or `cheap`,
they take the smallest that it supports, so that every bundle can be served. `cascade` begins at the cheapest tier (at
the safe one for requests unlike the training data) and goes up where the answer is poor."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be configured, checked; `load_settings` makes it.

    bundle: folder of the bundle to serve.  tiers: cheap to strong.
    safe_tier: the lowest tier for a request that is unlike the training data.
    policies: by name, `auto` among them.  rules: in their order.
    turns: for the kinds of turn that are configured; the others get `default_turns`.
    envelopes: (start, end) markers of harness text, in addition to the known ones.
    trusted_encoders: sentence-transformers models that a bundle may name; see `load_bundle`.
    host, port: where the service listens; port in 0..65535, 0 lets the system choose.
    max_body_bytes: larger bodies get 413.  call_log: where each forwarded call is a line; None: not logged.
    providers: those that can be called, joined with the environment, by name.
    unset: the variables that are missing for each other provider, by name.
    key_variables: the variable with each provider's key, by the provider's name.
    dispatch: timeouts and retries of forwarded calls.  connections: to providers.
    api_key: what clients must send to every endpoint but the health checks; None: no key is needed.
    unknown_models: what a forwarded request gets that names a model that is not configured: `refuse` or `auto`.
    grace_s: seconds from a signal to stop until the process has ended.
    door: what is asked of a connection and a request before its body is read.
    """

    bundle: Path
    tiers: tuple[TierSettings, ...]
    safe_tier: str
    policies: Mapping[str, PolicySettings]
    rules: tuple[Rule, ...]
    turns: Mapping[str, Limits]
    envelopes: tuple[tuple[str, str], ...]
    trusted_encoders: tuple[str, ...]
    host: str
    port: int
    max_body_bytes: int
    call_log: Path | Literal["stderr"] | None
    providers: Mapping[str, Provider]
    unset: Mapping[str, str]
    key_variables: Mapping[str, str]
    dispatch: DispatchSettings
    connections: ConnectionSettings
    api_key: Secret | None
    unknown_models: str
    grace_s: int
    door: Door

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The tiers' names, cheap to strong."""
        return tuple(tier.name for tier in self.tiers)

    @property
    def serving(self) -> tuple[str, ...]:
        """The providers of the tiers' models that can be called, in the order of the tiers."""
        names = dict.fromkeys(model.provider for tier in self.tiers for model in tier.models)
        return tuple(name for name in names if name in self.providers)

    @property
    def has_provider(self) -> bool:
        """Whether a model can be called at all; the echo calls none."""
        return any(name != ECHO for name in self.serving)


def override(
    settings: Settings, *, bundle: Path | None, host: str | None, port: int | None, insecure: bool = False
) -> Settings:
    """The settings with what the command line names put over them."""
    door = replace(settings.door, insecure=True) if insecure else None
    changes: dict[str, Any] = {"bundle": bundle, "host": host, "port": port, "door": door}
    return replace(settings, **{key: value for key, value in changes.items() if value is not None})


def why_not_ready(settings: Settings) -> str:
    """Why no request reaches a model, with the cures; for settings without a provider that can be called."""
    if settings.serving:
        return "Only the echo answers: it calls no model. Start without --echo, with models of a provider in [[tiers]]."
    names = [model.provider for tier in settings.tiers for model in tier.models]
    return no_provider_message(names, settings.unset)


def with_echo(settings: Settings) -> Settings:
    """The settings with the echo in place of every model: no provider is called, and nothing costs anything."""
    tiers = tuple(replace(tier, models=tuple(map(_echo, tier.models))) for tier in settings.tiers)
    return replace(settings, tiers=tiers, providers={ECHO: settings.providers[ECHO]})


def _echo(model: ModelSpec) -> ModelSpec:
    return replace(
        model,
        model=model.model if model.provider == ECHO else f"{ECHO}/{model.model}",
        input_usd_per_million=0.0,
        output_usd_per_million=0.0,
        cache_read_usd_per_million=None,
        cache_write_usd_per_million=None,
    )
