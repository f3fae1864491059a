"""What `bundle inspect` prints: what a bundle is, its promise, and where that does not hold."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from router.brain.bundle import Manifest
from router.brain.held_out import HOW_MADE
from router.brain.promise import Promise, SlicePromise
from router.commands.console import add_row
from router.jsontext import harmless


def print_manifest(manifest: Manifest) -> None:
    """Print what a bundle is."""
    console = Console()
    encoder = manifest.encoder
    facts = Table("bundle", harmless(manifest.id))
    add_row(facts, "tiers", ", ".join(manifest.tiers))
    add_row(facts, "encoder", f"{encoder.kind}, {encoder.dim} dimensions, from {encoder.model_id}")
    add_row(facts, "encoder sha256", encoder.sha256)
    add_row(facts, "calibration", manifest.calibration)
    add_row(facts, "promise", _promise_line(manifest.promise))
    if manifest.held_out is not None:
        add_row(facts, "how it was made", HOW_MADE[manifest.held_out.mode])
    if broken := manifest.promise.broken_slices:
        add_row(facts, "not kept by itself in", "; ".join(map(_broken, broken)))
    console.print(facts)
    if manifest.promise.slices:
        console.print(_slice_table(manifest.promise.slices, confidence=manifest.promise.confidence))
    sources = Table("source", "rows", "licence")
    for name, row in manifest.training.get("sources", {}).items():
        add_row(sources, str(name), str(row.get("rows")), str(row.get("licence")))
    console.print(sources)


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


def _broken(part: SlicePromise) -> str:
    return f"{part.by} {part.value} ({part.loss:.1%} lost, bound {part.bound:.1%}, n = {part.n:,})"


def _slice_table(slices: tuple[SlicePromise, ...], *, confidence: float) -> Table:
    title = f"quality loss by slice; all bounds hold together, {confidence:.0%} sure"
    table = Table("slice", "n", "loss", "bound", "least that could be promised", title=title, title_justify="left")
    for part in slices:
        name = f"{part.by} {part.value}"
        add_row(table, name, str(part.n), f"{part.loss:.1%}", f"{part.bound:.1%}", f"{part.smallest_target:.1%}")
    return table
