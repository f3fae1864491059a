"""`tierwise audit`: the tier-ladder audit for people and, with --json, for programs. Needs no extra but for Parquet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from router.types import JsonObject
from training import audit as audit_rows
from training.commands import options


def audit(
    rows: Annotated[list[Path], typer.Argument(help="Outcome rows: .jsonl, .jsonl.gz, .parquet, folders.")],
    tiers: Annotated[Path, typer.Option(help="Tier map, JSON or TOML: the models of each tier.")],
    tier_cost: Annotated[
        list[str] | None,
        typer.Option(help="TIER=USD a request, where rows know neither cost nor tokens; also MODEL=USD for a ladder."),
    ] = None,
    tier_price: Annotated[
        list[str] | None,
        typer.Option(
            help="TIER=IN/OUT, USD per million tokens, where rows know tokens but no cost; also MODEL=IN/OUT."
        ),
    ] = None,
    skip_bad: Annotated[int, typer.Option(help="Wrong rows to skip and count before giving up.", min=0)] = 0,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples.", min=100, max=100_000)] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the audit as JSON.")] = False,
) -> None:
    """Find tiers that are not worth their price. Prints cost, quality and win rates of each tier."""
    from router.jsontext import encode_json, harmless

    request_usd = _named_numbers(tier_cost or (), 1, hint="--tier-cost", form="TIER=USD")
    token_usd = _named_numbers(tier_price or (), 2, hint="--tier-price", form="TIER=IN/OUT")
    report = audit_rows(
        rows,
        tiers,
        request_usd={name: usd for name, (usd,) in request_usd.items()},
        token_usd={name: (usd_in, usd_out) for name, (usd_in, usd_out) in token_usd.items()},
        n_resamples=resamples,
        skip_bad=skip_bad,
        seed=seed,
        progress=options.say,
    )
    typer.echo(encode_json(report).decode() if as_json else harmless("\n".join(_lines(report))))


def _named_numbers(texts: Sequence[str], n: int, *, hint: str, form: str) -> dict[str, list[float]]:
    found = {}
    for text in texts:
        name, _, right = text.rpartition("=")
        try:
            numbers = [float(part) for part in right.split("/")]
        except ValueError:
            numbers = []
        if not name or len(numbers) != n or not all(0.0 <= number < math.inf for number in numbers):
            raise typer.BadParameter(f"{text!r}: expected {form}", param_hint=hint)
        found[name] = numbers
    return found


# --- The plain table -------------------------------------------------------------------------------------------------

_BASIS = {
    "cost_usd": "cost as recorded in {n:,} rows",
    "tokens": "cost from the tokens of {n:,} rows at the stated prices",
    "output_tokens": "cost of output tokens alone, of {n:,} rows at the stated prices",
    "assumed": "cost assumed (--tier-cost): the rows know none",
    "unknown": "cost unknown: give --tier-cost NAME=USD for each step",
}


ALL_BETTER = "each step is better than all cheaper ones, beyond the noise."


def _lines(report: JsonObject) -> Iterator[str]:
    for source, audited in report["sources"].items():
        if not audited["ladders"]:
            yield f"{source}: one tier only, nothing to compare ({audited['n']:,} rows)"
            yield ""
        for name, ladder in audited["ladders"].items():
            title = source if name == "tiers" else f"{source}, ladder {name}"
            basis = _BASIS[ladder["cost_basis"]].format(n=ladder["n_cost"])
            yield f"{title}: {audited['n']:,} rows; {basis}"
            yield from _step_lines(ladder["steps"])
            yield from _pair_lines(ladder["pairs"])
            yield from (f"  -> {sentence}" for sentence in ladder["sentences"] or [ALL_BETTER])
            yield ""


def _step_lines(steps: JsonObject) -> Iterator[str]:
    width = max(len(name) for name in steps)
    yield f"  {'tier':<{width}}  {'USD/1k':>9}  {'quality':>7}  {'95%':>16}  {'adequate':>8}  {'out tok':>7}  {'n':>6}"
    for name, step in steps.items():
        cost = _cell(None if step["cost_usd"] is None else 1000 * step["cost_usd"], ".4g")
        yield (
            f"  {name:<{width}}  {cost:>9}  {_cell(step['quality'], '.3f'):>7}  {_range(step['interval']):>16}  "
            f"{_cell(step['adequate'], '.1%'):>8}  {_cell(step['output_tokens'], '.0f'):>7}  {step['n']:>6,}"
        )


def _pair_lines(pairs: Sequence[JsonObject]) -> Iterator[str]:
    for pair in pairs:
        if pair["n"] == 0:
            yield f"  {pair['step']} against {pair['against']}: no row knows both"
            continue
        yield (
            f"  {pair['step']} against {pair['against']}: better {pair['better']:.1%}, same {pair['tie']:.1%}, "
            f"worse {pair['worse']:.1%}; difference {pair['difference']:+.3f} {_range(pair['interval'], '+.3f')}"
        )


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _range(interval: Sequence[float | None], form: str = ".3f") -> str:
    low, high = interval
    return "-" if low is None or high is None else f"[{low:{form}}, {high:{form}}]"
