"""The configuration file as models: every key with its kind, range, default and meaning. The reference is made from it.

What needs the rest of the file too (a rule against its policy's limits, prices of unlisted models) is checked where the
settings are built from these tables.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from router.checked.document import Table
from router.checked.kinds import Flag, Name, Share, Text, fault, known, names_of, number, one_or_more, some, whole
from router.checked.words import not_one_of
from router.dialects.overrides import visible_headers
from router.policy import TURNS, Limits
from router.policy.rules import AUDIENCES, MIN_PROBABILITY, AnyOf
from router.providers.connection_settings import ConnectionSettings
from router.providers.retry import DispatchSettings
from router.reading.language import LANGUAGES
from router.settings.cascade import CascadeTable, TierName
from router.settings.door import DoorTable
from router.settings.regex import Expression
from router.types import CLIENT_DIALECTS, Capability, Effort

TO_CLASSIFIER = "classifier"
"""The value of a turn that leaves it to the classifier; no tier may have this name there."""

TARGETS = ("value_of_an_answer_usd", "max_quality_loss", "max_cost_usd_per_1k", "tier_mix")

AnyText: TypeAlias = Annotated[tuple[Text, ...], one_or_more()]
Fields: TypeAlias = Annotated[dict[str, AnyText], some("a table of at least one name with its value")]
Dollars: TypeAlias = Annotated[float, number(0)]
Tokens: TypeAlias = Annotated[int, whole(1)]
TurnName: TypeAlias = Annotated[str, known("a kind of turn", TURNS)]


class TargetTable(Table):
    """At most one target.

    value_of_an_answer_usd: what an answer is worth, in USD; a stronger tier is chosen where it avoids more loss than it
        costs.
    max_quality_loss: at most this share of requests may lose quality.
    max_cost_usd_per_1k: a thousand requests cost at most this, in USD.
    tier_mix: each tier that is named gets at most this share of the requests.
    """

    value_of_an_answer_usd: Annotated[float, number(above=0, high=1e6)] | None = None
    max_quality_loss: Share | None = None
    max_cost_usd_per_1k: Dollars | None = None
    tier_mix: Annotated[dict[TierName, Share], some("a table of at least one tier with its share")] | None = None

    @property
    def targets(self) -> list[str]:
        """Names of the targets that are given."""
        return [name for name in TARGETS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if len(given := self.targets) > 1:
            raise fault(f"choose one target, found {' and '.join(given)}", given[1])
        return self


class LimitsTable(Table):
    """A tier, or a floor and a ceiling.

    tier: exactly this tier.
    floor: the cheapest tier that may be chosen.
    ceiling: the strongest tier that may be chosen.
    """

    tier: TierName | None = None
    floor: TierName | None = None
    ceiling: TierName | None = None

    @property
    def limits(self) -> Limits:
        """The limits as the policy knows them."""
        return Limits(self.tier, self.floor, self.ceiling)

    @model_validator(mode="after")
    def _possible(self, info: ValidationInfo) -> Self:
        if self.tier is not None and (self.floor is not None or self.ceiling is not None):
            raise fault("a tier cannot have a floor or a ceiling as well; choose one of the two", "tier")
        if not self.limits.allowed(names_of(info, "a tier")):
            raise fault(f"floor {self.floor} is above ceiling {self.ceiling}: no tier is left", "floor")
        return self


class TurnTable(LimitsTable):
    """What a kind of turn gets: the name of a tier, "classifier", or a table of limits."""

    WORDS = 'the name of a tier, "classifier" or a table'

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        names = (*names_of(info, "a tier"), TO_CLASSIFIER)
        if value not in names:
            raise fault(not_one_of(value, names, "a tier"))
        return {} if value == TO_CLASSIFIER else {"tier": value}


class PolicyTable(TargetTable):
    """A policy. A table with the name of a shipped policy changes that one.

    floor: the cheapest tier that may be chosen.
    ceiling: the strongest tier that may be chosen.
    tiers: only these tiers may be chosen.
    turns: what kinds of turn get under this policy, in place of [turns].
    cascade: check what a cheap tier answered, and ask a stronger one where the answer is poor.
    """

    floor: TierName | None = None
    ceiling: TierName | None = None
    tiers: tuple[TierName, ...] | None = None
    turns: dict[TurnName, TurnTable] = Field(default_factory=dict)
    cascade: CascadeTable | None = None

    @property
    def start(self) -> str | None:
        """The tier that the policy's cascade begins with; None where the policy chooses it."""
        return None if self.cascade is None else self.cascade.start

    @property
    def limits(self) -> Limits:
        """The limits in force: a cascade's start is their floor."""
        return Limits(floor=self.start or self.floor, ceiling=self.ceiling, tiers=self.tiers)

    @model_validator(mode="after")
    def _possible(self, info: ValidationInfo) -> Self:
        own = Limits(floor=self.floor, ceiling=self.ceiling, tiers=self.tiers)
        if not own.allowed(names_of(info, "a tier")):
            raise fault(f"its limits leave no tier ({own})")
        if self.start is None:
            return self
        at = ("cascade", "start")
        for key in ("floor", *TARGETS):
            if getattr(self, key) is not None:
                raise fault(f"both it and {key} say where the policy begins; choose one of the two", *at)
        if not self.limits.allowed(names_of(info, "a tier")):
            raise fault(f"{self.start!r} is not one of the tiers that the policy leaves ({own})", *at)
        return self


def _visible(header: dict[str, AnyOf]) -> dict[str, AnyOf]:
    lower = {name.lower(): values for name, values in header.items()}
    if hidden := lower.keys() - visible_headers(dict.fromkeys(lower, "")).keys():
        raise fault(f"{', '.join(sorted(hidden))} may carry a key; rules never see such headers, so this cannot match")
    return lower


class RuleTable(LimitsTable):
    """Conditions, of which all must hold, and what follows; an array in a condition is any of its values.

    name: your name for the rule, shown by `tierwise explain`.
    task: the bundle's guess of the task.
    min_probability: how sure the bundle must be of the task, for a rule with `task`; 0.5 if it is left out.
    turn: the kind of turn.
    dialect: the API format of the request.
    agent: the agent, from x-router-agent and similar headers, or from the body's metadata.
    audience: the audience, from x-router-audience or from the body's metadata.
    language: the language of the user's text, as an ISO 639-1 code.
    model: the model that the body names.
    regex: a regular expression (RE2) that is found in the user's text.
    has_images: whether the request has images.
    has_tools: whether the request offers tools.
    header: headers with their values, "*" for any value; headers that may carry a key cannot be used.
    metadata: fields of the body's metadata with their values, "*" for any value.
    policy: the policy in force.
    """

    name: Text = ""
    task: AnyText = ()
    min_probability: Share | None = None
    turn: Annotated[tuple[TurnName, ...], one_or_more()] = ()
    dialect: Annotated[tuple[Annotated[str, known("a dialect", CLIENT_DIALECTS)], ...], one_or_more()] = ()
    agent: AnyText = ()
    audience: Annotated[tuple[Annotated[str, known("an audience", AUDIENCES)], ...], one_or_more()] = ()
    language: Annotated[
        tuple[Annotated[str, known("a language that is recognised", sorted(LANGUAGES))], ...], one_or_more()
    ] = ()
    model: AnyText = ()
    regex: Annotated[tuple[Expression, ...], one_or_more()] = ()
    has_images: Flag | None = None
    has_tools: Flag | None = None
    header: Annotated[Fields, AfterValidator(_visible)] = Field(default_factory=dict)
    metadata: Fields = Field(default_factory=dict)
    policy: Annotated[str, known("a policy")] | None = None

    @property
    def probability(self) -> float:
        """How sure the bundle must be of the task."""
        return MIN_PROBABILITY if self.min_probability is None else self.min_probability

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.policy is not None and self.tier is not None:
            raise fault("a tier cannot have a policy as well; choose one of the two", "policy")
        if self.policy is None and self.limits == Limits():
            raise fault("the rule does not say which tier; add tier, floor, ceiling or policy")
        if self.min_probability is not None and not self.task:
            raise fault("belongs to a task, and the rule names none", "min_probability")
        return self


class FactsTable(Table):
    """Your own facts of a model. What is left out keeps the shipped fact; an unknown limit does not apply.

    input_usd_per_million: price of a million input tokens, in USD.
    output_usd_per_million: price of a million output tokens, in USD.
    cache_read_usd_per_million: price of a million input tokens read from a cache; without it that of other input.
    cache_write_usd_per_million: price of a million input tokens written to a cache; without it that of other input.
    context_window: most tokens of prompt and answer together.
    max_output_tokens: most tokens of an answer.
    capabilities: what the model can do beyond text.
    """

    input_usd_per_million: Dollars | None = None
    output_usd_per_million: Dollars | None = None
    cache_read_usd_per_million: Dollars | None = None
    cache_write_usd_per_million: Dollars | None = None
    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: frozenset[Annotated[Capability, known("a capability", Capability)]] | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that are given, by their names in a ModelSpec."""
        given = {name: getattr(self, name) for name in FactsTable.model_fields}
        return {name: value for name, value in given.items() if value is not None}


class ModelTable(FactsTable):
    """A model of a tier: its name, or a table with your own facts.

    model: the model, as provider/model.
    effort: how much the model may think in this tier, whatever the client asks for; without it the client's own.
    """

    WORDS = "a string or a table"

    model: Text
    effort: Effort | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str) else value


class TierTable(Table):
    """A tier with its models.

    name: the tier's name.
    models: the preferred one first: names of the catalog or of genai-prices, or tables with prices.
    """

    name: Text
    models: Annotated[tuple[ModelTable, ...], some("an array of strings or tables, at least one")]


class EnvelopeTable(Table):
    """Text that your harness puts around the user's words.

    start: the marker before it.
    end: the marker after it.
    """

    start: Name
    end: Name


class ServerTable(Table):
    """The service.

    host: the address to listen on.
    port: the port to listen on; 0 lets the system choose.
    max_body_bytes: larger bodies get 413.
    api_key_variable: the environment variable with the key that clients must send; without it all may call.
    unknown_models: what a model name that is not configured gets: a 404, or the router's choice.
    call_log: a file for one line of JSON per call (ids, sizes, times, no text), or "stderr".
    grace_s: how long answers may still take after a signal to stop; then they end in an error.
    """

    host: Text = "127.0.0.1"
    port: Annotated[int, whole(0, 65_535)] = 8080
    max_body_bytes: Annotated[int, whole(1_024, 1 << 30)] = 20_000_000
    api_key_variable: Text | None = None
    unknown_models: Literal["refuse", "auto"] = "refuse"
    call_log: Text | None = None
    grace_s: Annotated[int, whole(0, 600)] = 8


class WholeServerTable(DoorTable, ServerTable):
    """Both, those of ServerTable first."""


def _different(tiers: tuple[TierTable, ...]) -> tuple[TierTable, ...]:
    names = [tier.name for tier in tiers]
    if len(names) < 2 or len(set(names)) != len(names):
        raise fault(f"expected two or more [[tiers]] with different names, cheap to strong; found {names}")
    return tiers


def _breaker_possible(dispatch: DispatchSettings) -> DispatchSettings:
    cooldown_s, longest_s = dispatch.breaker.cooldown_s, dispatch.breaker.longest_cooldown_s
    if longest_s < cooldown_s:  # it would quietly be the shorter of the two
        key = "cooldown_s" if longest_s == DispatchSettings().breaker.longest_cooldown_s else "longest_cooldown_s"
        message = f"longest_cooldown_s is {longest_s:g}, cooldown_s {cooldown_s:g}; expected the first to be at least "
        raise fault(f"{message}the second: set both", "breaker", key)
    return dispatch


class ConfigFile(TargetTable):
    """The whole file.

    bundle: folder of the bundle, relative to this file; without it the shipped bundle is used.
    safe_tier: the lowest tier for a request that is unlike the training data.
    trusted_encoders: models of sentence-transformers that a bundle may name.
    tiers: the tiers, cheap to strong.
    catalog: your own facts of models, by provider/model, for every tier.
    rules: the rules; the first that matches decides.
    policies: policies by name; a caller selects one with the model name auto:NAME or the header x-router-policy.
    turns: what kinds of turn get.
    envelopes: text that your harness puts around the user's words, in addition to the known ones.
    server: the service.
    providers: rows of providers; a new name adds one, a known name changes the keys that are given.
    dispatch: how long and how often to try providers.
    connections: connections to providers.
    """

    bundle: Text | None = None
    safe_tier: TierName | None = None
    trusted_encoders: tuple[Text, ...] = ()
    tiers: Annotated[tuple[TierTable, ...], AfterValidator(_different)] | None = None
    catalog: dict[str, FactsTable] = Field(default_factory=dict)
    rules: tuple[RuleTable, ...] = ()
    policies: dict[str, PolicyTable] = Field(default_factory=dict)
    turns: dict[TurnName, TurnTable] = Field(default_factory=dict)
    envelopes: tuple[EnvelopeTable, ...] = ()
    server: WholeServerTable = WholeServerTable()
    providers: tuple[dict[str, Any], ...] = ()
    dispatch: Annotated[DispatchSettings, AfterValidator(_breaker_possible)] = DispatchSettings()
    connections: ConnectionSettings = ConnectionSettings()
