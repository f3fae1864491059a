"""What the commands print for people: rich tables, one screen each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from router.brain.price_curve import RATES
from router.brain.promise import COST
from router.commands.findings import Finding
from router.core import Router
from router.decision import HeadExplanation, RouteDecision, dollars
from router.jsontext import harmless
from router.policy import NO_LIMITS, Limits, Policy, Threshold
from router.reading.crop import crop_middle
from router.settings import Settings
from router.types import Capability, JsonObject, StatedPromise, TaskGuess, label

SCREEN_CHARS = 240
"""Texts are cropped to this much on the screen, head and tail; --json has all of them."""


def print_explanation(decision: RouteDecision, *, top: int) -> None:
    """One decision in one screen: the request, the scored text, each step, the tiers, what moved the probabilities."""
    console = Console()
    explanation = decision.explanation
    assert explanation is not None, "the decision was asked for without an explanation"
    say_line(console, str(decision))
    say_line(console, _request_line(decision))
    say_line(console, f"ask scored: {_cropped(explanation.ask)!r}")
    if explanation.peeled:
        parts = ", ".join(f"{one.form} ({one.n_chars:,} characters)" for one in explanation.peeled)
        say_line(console, f"taken off the ask before: {parts}")
    if explanation.window:
        say_line(console, f"window scored: {_cropped(explanation.window)!r}")
    console.print(_step_table(decision))
    console.print(_tier_table(decision))
    say_line(console, _decision_promise(decision))
    console.print(_push_table(explanation.heads, top=top))


def print_settings(router: Router, found: Sequence[Finding]) -> None:
    """Print the configuration in force, and what was found wrong with it."""
    console, setup, settings = Console(), router.setup, router.settings
    say_line(console, f"bundle {router.bundle.manifest.id}; safe tier {setup.safe_tier}")
    policies = Table("policy", "the classifier chooses", "promise", "on unseen requests", "limits", "turns of its own")
    for policy in setup.policies.values():
        add_row(
            policies,
            policy.name,
            criterion_words(policy, router),
            _promised(policy, router),
            outlook_words(policy, router),
            str(policy.limits),
            _turn_words(policy.turns),
        )
    console.print(policies)
    for number, rule in enumerate(setup.rules, start=1):
        say_line(console, f"rule {number}, {rule}")
    say_line(console, f"turns: {_turn_words(setup.turns)}; the others go to the classifier")
    console.print(_model_table(router))
    for name, state in provider_states(settings).items():
        say_line(console, f"provider {name}: {state}")
    key = "clients must send a key" if settings.api_key is not None else "without a key for clients"
    say_line(
        console, f"listens on {settings.host} port {settings.port}, {key}; call log: {settings.call_log or 'none'}"
    )
    for finding in found:
        say_line(console, f"note: {finding.what}: {finding.says}" if finding.good is None else str(finding))


def provider_states(settings: Settings) -> dict[str, str]:
    """The providers of the tiers, in their order: whether each can be called, and by which variable; never a key."""
    names = dict.fromkeys(model.provider for tier in settings.tiers for model in tier.models)
    return {name: _provider_state(name, settings) for name in names}


def _provider_state(name: str, settings: Settings) -> str:
    provider = settings.providers.get(name)
    if provider is None:
        return f"{settings.unset[name]} is not set" if name in settings.unset else "unknown"
    if provider.key is not None:
        return f"{settings.key_variables.get(name, 'its key')} is set"
    return "AWS keys are set" if provider.aws_keys is not None else "needs no key"


def settings_json(router: Router, found: Sequence[Finding]) -> JsonObject:
    """The configuration in force as a JSON object."""
    settings, setup = router.settings, router.setup
    return {
        "bundle": router.bundle.manifest.id,
        "tiers": {tier: [label(one.model, one.effort) for one in models] for tier, models in setup.models.items()},
        "safe_tier": setup.safe_tier,
        "policies": {name: _policy_json(policy, router) for name, policy in setup.policies.items()},
        "rules": [
            {"where": rule.where, "name": rule.name, "when": str(rule.conditions), "then": rule.action}
            for rule in setup.rules
        ],
        "turns": {turn: str(limits) for turn, limits in (setup.turns or {}).items()},
        "remarks": list(router.remarks),
        "findings": [{"what": one.what, "says": one.says, "problem": one.good is False} for one in found],
        "providers": provider_states(settings),
        "host": settings.host,
        "port": settings.port,
        "call_log": None if settings.call_log is None else str(settings.call_log),
    }


def say_line(console: Console, line: str) -> None:
    """Print a line as it is: rich must not find markup in texts of callers and operators."""
    console.print(harmless(line), highlight=False, markup=False, soft_wrap=True)


def add_row(table: Table, *cells: str) -> None:
    """Add a row of texts as they are."""
    table.add_row(*(Text(harmless(cell)) for cell in cells))


def _cropped(text: str) -> str:
    return crop_middle(text, limit_chars=SCREEN_CHARS)


def _request_line(decision: RouteDecision) -> str:
    """Dialect, turn, task, policy, and the caller's own limits."""
    task = "unknown to this bundle" if decision.task is None else _task_words(decision.task)
    asked = ", ".join(f"{name} {value}" for name, value in decision.requested.items()) or "nothing"
    return (
        f"{decision.dialect.value}; turn {decision.turn}; task {task}; policy {decision.policy}; "
        f"asked for {_cropped(asked)}"
    )


def _task_words(task: TaskGuess) -> str:
    return f"{task.name} ({task.probability:.2f})"


def _step_table(decision: RouteDecision) -> Table:
    table = Table("step", "tier", "what it saw and did")
    for step in decision.steps:
        add_row(table, step.name, step.tier or "", step.note)
    return table


def _tier_table(decision: RouteDecision) -> Table:
    value_usd = decision.value_of_an_answer_usd
    worth = () if value_usd is None else (f"worth at {dollars(value_usd)} an answer",)
    table = Table("tier", "adequate", "expected quality loss", *worth, "cost, estimated", "")
    for tier, loss in decision.expected_quality_loss.items():
        add_row(
            table,
            tier,
            f"{decision.p_adequate[tier]:.1%}",
            f"{loss:.1%}",
            *(() if value_usd is None else (dollars(loss * value_usd),)),
            dollars(decision.estimated_cost_usd[tier]),
            f"chosen: {label(decision.model, decision.effort)}" if tier == decision.tier else "",
        )
    return table


def _decision_promise(decision: RouteDecision) -> str:
    """The promise behind the choice, or why there is none."""
    if decision.promise is None:
        return "promise: none covers this decision (the classifier did not decide, or not among every tier)"
    promise = decision.promise
    return (
        f"promise: over many requests like the held-out ones, {_goal_words(promise)}; {promise.confidence:.0%} sure, "
        f"from {promise.n:,} groups of requests"
    )


def _goal_words(promise: StatedPromise) -> str:
    """The promise with its bound."""
    if isinstance(promise.target, Mapping) or isinstance(promise.bound, Mapping):
        assert isinstance(promise.target, Mapping) and isinstance(promise.bound, Mapping), "both are of a mix"
        parts = [f"{tier} for {most:.0%} (bound {promise.bound[tier]:.1%})" for tier, most in promise.target.items()]
        return f"at most {', '.join(parts)} of requests"
    if promise.goal == COST:
        return f"at most ${promise.target:g} for 1,000 requests (bound ${promise.bound:.2f})"
    return f"at most {promise.target:.1%} of requests lose quality (bound {promise.bound:.1%})"


def _turn_words(turns: Mapping[str, Limits] | None) -> str:
    said = [f"{turn}: {limits if limits != NO_LIMITS else 'classifier'}" for turn, limits in (turns or {}).items()]
    return ", ".join(said) or "none"


NOTHING = "none"


def _promised(policy: Policy, router: Router) -> str:
    """The promise of a policy. A cascade has none: its threshold allows every tier, and its answers are checked."""
    cascade = router.settings.policies[policy.name].cascade
    if cascade is not None:
        return f"{NOTHING}: answers are checked, at most {cascade.escalations} escalations"
    promise = policy.threshold.promise
    return NOTHING if promise is None else f"{_goal_words(promise)}, {promise.confidence:.0%} sure"


def criterion_words(policy: Policy, router: Router) -> str:
    """What the classifier's tier is chosen by under a policy."""
    criterion = policy.threshold
    if isinstance(criterion, Threshold):
        return f"the cheapest tier that a request loses by with a probability of at most {criterion.value:.1%}"
    if not criterion.is_relative:
        return f"the least loss and cost, at {dollars(criterion.usd)} an answer"
    if router.pricing is None or criterion.usd <= 1.0 / RATES[-1]:
        return "the cheapest tier"
    value_usd = router.pricing.typical_value_usd(criterion, policy.limits)
    return f"the least loss and cost, at {dollars(value_usd)} an answer of a typical request"


def outlook_words(policy: Policy, router: Router) -> str:
    """What a policy does on the bundle's held-out rows; "unknown" where it keeps none or answers are checked."""
    criterion, pricing = policy.threshold, router.pricing
    if isinstance(criterion, Threshold) or pricing is None or policy.cascade is not None:
        return "unknown" if policy.cascade is None else "unknown: answers are checked"
    found = pricing.outlook(criterion, policy.limits)
    shares = ", ".join(f"{tier} {share:.0%}" for tier, share in found.shares.items() if share >= 0.005)
    return (
        f"{found.loss:.1%} lose quality, {found.saving:.0%} of the cost saved "
        f"({dollars(found.cost_usd_per_1k)} for 1,000); {shares}"
    )


def _policy_json(policy: Policy, router: Router) -> JsonObject:
    promised = _promised(policy, router)
    return {
        **_criterion_json(policy, router),
        "promise": None if promised == NOTHING else promised,
        "cascade": router.settings.policies[policy.name].cascade is not None,
        "limits": str(policy.limits),
        "turns": {turn: str(limits) for turn, limits in (policy.turns or {}).items()},
    }


def _criterion_json(policy: Policy, router: Router) -> JsonObject:
    """What chooses under a policy, and what that does on held-out rows."""
    criterion, pricing = policy.threshold, router.pricing
    if isinstance(criterion, Threshold) or pricing is None:
        given = (criterion.value, None) if isinstance(criterion, Threshold) else (None, criterion.usd)
        return {"threshold": given[0], "value_of_an_answer_usd": given[1], "outlook": None}
    return {
        "threshold": None,
        "value_of_an_answer_usd": pricing.typical_value_usd(criterion, policy.limits),
        "outlook": asdict(pricing.outlook(criterion, policy.limits)),
    }


def _model_table(router: Router) -> Table:
    table = Table(title="models, in the order in which they are asked", title_justify="left")
    for name in ("tier", "model"):
        table.add_column(name, no_wrap=True)
    for name in ("USD/M in, out", "tokens in, out", "cannot"):
        table.add_column(name, overflow="fold")
    for tier, models in router.setup.models.items():
        for model in models:
            lacks = (
                () if model.capabilities is None else [name for name in Capability if name not in model.capabilities]
            )
            window, output = model.context_window, model.max_output_tokens
            add_row(
                table,
                tier,
                label(model.model, model.effort),
                f"{model.input_usd_per_million:g}, {model.output_usd_per_million:g}",
                f"{_thousands(window)}, {_thousands(output)}",
                "?" if model.capabilities is None else ", ".join(lacks),
            )
    return table


def _thousands(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens // 1_000:,}k"


def _push_table(heads: Sequence[HeadExplanation], *, top: int) -> Table:
    """A column per head with what moved it most; each column adds up to the head's logit."""
    table = Table(title="what moved each probability, in logits", title_justify="left")
    columns = []
    for head in heads:
        name = "no tier adequate" if head.tier == "unsolved" else f"{head.tier} loses"
        table.add_column(f"{name}: p={head.probability:.3f}")
        ranked = head.by_size()
        rest = sum(item.logit for item in ranked[top:])
        columns.append(
            [
                *(f"{item.logit:+.2f} {item.kind} {_short(item.name)}" for item in ranked[:top]),
                *[""] * (top - len(ranked)),
                f"{rest:+.2f} {max(0, len(ranked) - top)} more",
                f"{head.intercept:+.2f} intercept",
                f"{head.logit:+.2f} the logit",
            ]
        )
    for row in zip(*columns, strict=True):
        add_row(table, *row)
    return table


def _short(name: str) -> str:
    return crop_middle(name, limit_chars=24)
