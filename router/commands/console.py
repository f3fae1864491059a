"""What the commands print for people: rich tables, one screen each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from router.brain.bundle import Manifest
from router.brain.promise import COST, Promise, SlicePromise
from router.core import Router
from router.decision import HeadExplanation, RouteDecision
from router.policy import NO_LIMITS, Limits, Policy
from router.reading.crop import crop_middle
from router.types import Capability, JsonObject, StatedPromise, TaskGuess

SCREEN_CHARS = 240
"""Texts are cropped to this much on the screen, head and tail; --json has all of them."""


def print_explanation(decision: RouteDecision, *, top: int) -> None:
    """One decision in one screen: the request, the scored text, each step, the tiers, what moved the probabilities."""
    console = Console()
    explanation = decision.explanation
    assert explanation is not None, "the decision was asked for without an explanation"
    _say(console, str(decision))
    _say(console, _request_line(decision))
    _say(console, f"ask scored: {_cropped(explanation.ask)!r}")
    if explanation.window:
        _say(console, f"window scored: {_cropped(explanation.window)!r}")
    console.print(_step_table(decision))
    console.print(_tier_table(decision))
    _say(console, _decision_promise(decision))
    console.print(_push_table(explanation.heads, top=top))


def print_settings(router: Router) -> None:
    """Print the configuration in force."""
    console, setup = Console(), router.setup
    _say(console, f"bundle {router.bundle.manifest.id}; safe tier {setup.safe_tier}")
    _say(console, _promise_line(router.bundle.manifest.promise))
    policies = Table("policy", "loss allowed", "promise", "limits", "turns of its own")
    for policy in setup.policies.values():
        policies.add_row(
            policy.name,
            f"{policy.threshold.value:.1%}",
            _promised(policy, router),
            str(policy.limits),
            _turn_words(policy.turns),
        )
    console.print(policies)
    for number, rule in enumerate(setup.rules, start=1):
        _say(console, f"rule {number}, {rule}")
    _say(console, f"turns: {_turn_words(setup.turns)}; the others go to the classifier")
    console.print(_model_table(router))
    for remark in router.remarks:
        _say(console, f"note: {remark}")


def settings_json(router: Router) -> JsonObject:
    """The configuration in force as a JSON object."""
    settings, setup = router.settings, router.setup
    return {
        "bundle": router.bundle.manifest.id,
        "tiers": {tier: [model.model for model in models] for tier, models in setup.models.items()},
        "safe_tier": setup.safe_tier,
        "policies": {name: _policy_json(policy, router) for name, policy in setup.policies.items()},
        "rules": [
            {"where": rule.where, "name": rule.name, "when": str(rule.conditions), "then": rule.action}
            for rule in setup.rules
        ],
        "turns": {turn: str(limits) for turn, limits in (setup.turns or {}).items()},
        "remarks": list(router.remarks),
        "host": settings.host,
        "port": settings.port,
    }


def print_manifest(manifest: Manifest) -> None:
    """Print what a bundle is."""
    console = Console()
    encoder = manifest.encoder
    facts = Table("bundle", manifest.id)
    facts.add_row("tiers", ", ".join(manifest.tiers))
    facts.add_row("encoder", f"{encoder.kind}, {encoder.dim} dimensions, from {encoder.model_id}")
    facts.add_row("encoder sha256", encoder.sha256)
    facts.add_row("calibration", manifest.calibration)
    facts.add_row("promise", _promise_line(manifest.promise))
    console.print(facts)
    if manifest.promise.slices:
        console.print(_slice_table(manifest.promise.slices, confidence=manifest.promise.confidence))
    sources = Table("source", "rows", "licence")
    for name, row in manifest.training.get("sources", {}).items():
        sources.add_row(str(name), str(row.get("rows")), str(row.get("licence")))
    console.print(sources)


def _say(console: Console, line: str) -> None:
    """Print a line as it is: rich must not find markup in texts of callers and operators."""
    console.print(line, highlight=False, markup=False, soft_wrap=True)


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
        table.add_row(step.name, step.tier or "", Text(step.note))
    return table


def _tier_table(decision: RouteDecision) -> Table:
    table = Table("tier", "P(adequate)", "expected quality loss", "USD, estimated", "")
    for tier, loss in decision.expected_quality_loss.items():
        table.add_row(
            tier,
            f"{decision.p_adequate[tier]:.3f}",
            f"{loss:.3f} {'<=' if loss <= decision.threshold else '> '} {decision.threshold:.3f}",
            f"{decision.estimated_cost_usd[tier]:.6f}",
            f"chosen: {decision.model}" if tier == decision.tier else "",
        )
    return table


def _decision_promise(decision: RouteDecision) -> str:
    """The promise behind the threshold, or why there is none."""
    if decision.promise is None:
        return "promise: none covers this decision (the classifier did not decide, or not among every tier)"
    promise = decision.promise
    return f"promise: {_goal_words(promise)}, {promise.confidence:.0%} sure (n={promise.n:,})"


def _goal_words(promise: StatedPromise) -> str:
    """The promise with its bound."""
    if isinstance(promise.target, Mapping) or isinstance(promise.bound, Mapping):
        assert isinstance(promise.target, Mapping) and isinstance(promise.bound, Mapping), "both are of a mix"
        parts = [f"{tier} for {most:.0%} (bound {promise.bound[tier]:.1%})" for tier, most in promise.target.items()]
        return f"at most {', '.join(parts)} of requests"
    if promise.goal == COST:
        return f"at most ${promise.target:g} for 1,000 requests (bound ${promise.bound:.2f})"
    return f"at most {promise.target:.1%} of requests lose quality (bound {promise.bound:.2%})"


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
    return NOTHING if promise is None else _goal_words(promise)


def _policy_json(policy: Policy, router: Router) -> JsonObject:
    promised = _promised(policy, router)
    return {
        "threshold": policy.threshold.value,
        "promise": None if promised == NOTHING else promised,
        "cascade": router.settings.policies[policy.name].cascade is not None,
        "limits": str(policy.limits),
        "turns": {turn: str(limits) for turn, limits in (policy.turns or {}).items()},
    }


def _model_table(router: Router) -> Table:
    table = Table(title="models, the preferred one of a tier first", title_justify="left")
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
            table.add_row(
                tier,
                Text(model.model),
                f"{model.input_usd_per_million:g}, {model.output_usd_per_million:g}",
                f"{_thousands(window)}, {_thousands(output)}",
                "?" if model.capabilities is None else ", ".join(lacks),
            )
    return table


def _thousands(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens // 1_000:,}k"


def _promise_line(promise: Promise) -> str:
    position = promise.position_for()
    n, bound, saved = promise.n_groups, promise.bounds[position], promise.savings[position]
    cost = promise.costs_usd_per_1k[position]
    tail = f"{promise.confidence:.0%} sure (n={n:,}, "
    if promise.goal.tier_mix is not None:
        shares = ", ".join(f"{tier} for {share:.0%}" for tier, share in promise.goal.tier_mix.items())
        found = ", ".join(f"{tier} {promise.tier_share_bounds[tier][position]:.1%}" for tier in promise.goal.tier_mix)
        said = f"at most {shares} of requests, {tail}bound {found})"
    elif promise.goal.max_cost_usd_per_1k is not None:
        limit, at_most = promise.goal.max_cost_usd_per_1k, promise.cost_bounds_usd_per_1k[position]
        said = f"at most ${limit:g} for 1,000 requests, {tail}bound ${at_most:.2f})"
    else:
        return (
            f"promise: at most {promise.target:.1%} of requests lose quality, {tail}bound {bound:.2%}); "
            f"saved {saved:.1%} there"
        )
    return f"promise: {said}; saved {saved:.1%} there (${cost:.2f}), quality lost on at most {bound:.1%}"


def _slice_table(slices: tuple[SlicePromise, ...], *, confidence: float) -> Table:
    title = f"quality loss by slice; all bounds hold together, {confidence:.0%} sure"
    table = Table("slice", "n", "loss", "bound", "least that could be promised", title=title, title_justify="left")
    for part in slices:
        name = f"{part.by} {part.value}".replace("[", "\\[")
        table.add_row(name, str(part.n), f"{part.loss:.1%}", f"{part.bound:.1%}", f"{part.smallest_target:.1%}")
    return table


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
        table.add_row(*(Text(cell) for cell in row))
    return table


def _short(name: str) -> str:
    return crop_middle(name, limit_chars=24)
