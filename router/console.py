"""What the commands print for people: rich tables, one screen each."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from router.brain.bundle import Manifest
from router.brain.promise import Promise, SlicePromise
from router.core import Router
from router.types import HeadExplanation, JsonObject, RouteDecision


def decision_line(decision: RouteDecision) -> str:
    """A decision in one line."""
    losses = ", ".join(f"{tier} {loss:.1%}" for tier, loss in decision.expected_quality_loss.items())
    return (
        f"{decision.tier} ({decision.model}): {decision.reason.value}; "
        f"expected quality loss {losses}; allowed {decision.threshold:.1%}; {decision.latency_ms:.2f} ms"
    )


def print_explanation(decision: RouteDecision, promise: Promise, *, top: int) -> None:
    """The whole story of one decision."""
    console = Console()
    explanation = decision.explanation
    assert explanation is not None, "the decision was asked for without an explanation"
    console.print(decision_line(decision), highlight=False, markup=False, soft_wrap=True)
    console.print(f"ask scored: {explanation.ask!r}", highlight=False, markup=False, soft_wrap=True)
    if explanation.window:
        console.print(f"window scored: {explanation.window!r}", highlight=False, markup=False, soft_wrap=True)
    console.print(_tier_table(decision))
    console.print(_promise_line(promise), highlight=False, markup=False, soft_wrap=True)
    for head in explanation.heads:
        if any(item.logit for item in head.contributions):
            console.print(_head_table(head, top=top))


def print_settings(router: Router) -> None:
    """The configuration in force."""
    settings = router.settings
    console = Console()
    console.print(
        f"bundle {router.bundle.manifest.id}; safe tier {settings.safe_tier}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    console.print(_promise_line(router.bundle.manifest.promise), highlight=False, markup=False, soft_wrap=True)
    table = Table("tier", "model", "USD/M in", "USD/M out")
    for tier in settings.tiers:
        for model in tier.models:
            table.add_row(
                tier.name, model.model, f"{model.input_usd_per_million:g}", f"{model.output_usd_per_million:g}"
            )
    console.print(table)


def settings_json(router: Router) -> JsonObject:
    """The configuration in force as a JSON object."""
    settings = router.settings
    return {
        "bundle": router.bundle.manifest.id,
        "tiers": {tier.name: [model.model for model in tier.models] for tier in settings.tiers},
        "safe_tier": settings.safe_tier,
        "max_quality_loss": settings.max_quality_loss,
        "host": settings.host,
        "port": settings.port,
    }


def print_manifest(manifest: Manifest) -> None:
    """What a bundle is."""
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


def _tier_table(decision: RouteDecision) -> Table:
    table = Table("tier", "P(adequate)", "expected quality loss", "USD, estimated", "")
    for tier, loss in decision.expected_quality_loss.items():
        table.add_row(
            tier,
            f"{decision.p_adequate[tier]:.3f}",
            f"{loss:.3f} {'<=' if loss <= decision.threshold else '> '} {decision.threshold:.3f}",
            f"{decision.estimated_cost_usd[tier]:.6f}",
            "chosen" if tier == decision.tier else "",
        )
    return table


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


def _head_table(head: HeadExplanation, *, top: int) -> Table:
    title = "no tier is adequate" if head.tier == "unsolved" else f"{head.tier} is not adequate, a stronger tier is"
    table = Table("what", "value", "logit", title=f"{title}: p={head.probability:.3f}", title_justify="left")
    ranked = sorted(head.contributions, key=lambda c: -abs(c.logit))
    for item in ranked[:top]:
        table.add_row(f"{item.kind} {item.name}".replace("[", "\\["), f"{item.value:g}", f"{item.logit:+.3f}")
    rest = sum(item.logit for item in ranked[top:])
    table.add_row(f"{max(0, len(ranked) - top)} more", "", f"{rest:+.3f}")
    table.add_row("intercept", "", f"{head.intercept:+.3f}")
    table.add_row("sum: the logit", "", f"{head.logit:+.3f}")
    return table
